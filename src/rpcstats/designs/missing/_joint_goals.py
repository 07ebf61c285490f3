"""Probability of a goal's ratings, averaged over the goal's own effect: compiled."""

from math import exp, log, sqrt
from typing import Final, NamedTuple

import numpy as np

from rpcstats._numerics.jit import compiled
from rpcstats.designs.missing._joint_arrays import At, Cells, FloatArray, IntArray, Rule
from rpcstats.designs.missing._joint_cells import category
from rpcstats.designs.missing._joint_modes import goal_sums

N_OWN: Final = 3
"""Derivatives by start, by slope and by τ, before those by the goal's thresholds."""

SMALL: Final = 1e-200
"""A product of probabilities below this goes into the logarithm before it underflows."""


class GoalWork(NamedTuple):
    """Room for one goal; P is three and the most thresholds a goal has.

    Attributes
    ----------
    w, weight : ndarray of shape (K,)
        Nodes of the goal's effect, and their terms of the integral.
    y, mean : ndarray of shape (P,)
        Derivatives at a node; their mean given the goal's ratings.
    H, M : ndarray of shape (P, P)
        Second derivatives at a node; mean of them and of yy'. Upper triangles.
    """

    w: FloatArray
    weight: FloatArray
    y: FloatArray
    mean: FloatArray
    H: FloatArray
    M: FloatArray


@compiled()
def goal_work(n_node: int, n_edge: int) -> GoalWork:
    """Make room for one goal.

    Parameters
    ----------
    n_node : int
        Nodes of its effect.
    n_edge : int
        Most thresholds a goal has.

    Returns
    -------
    GoalWork
        The room.
    """
    P = N_OWN + n_edge
    return GoalWork(
        np.empty(n_node), np.empty(n_node), np.empty(P), np.empty(P),
        np.empty((P, P)), np.empty((P, P)),
    )  # fmt: skip


@compiled()
def log_probability(
    alpha: FloatArray, ratings: tuple[IntArray, FloatArray], span: tuple[int, int],
    line: tuple[float, float],
) -> float:  # fmt: skip
    """Give the log probability of a goal's ratings.

    Parameters
    ----------
    alpha : ndarray of shape (C + 1,)
        Thresholds.
    ratings : tuple of ndarray
        Category and stage of each rating.
    span : tuple of int
        The goal's ratings: the first, and the one after the last.
    line : tuple of float
        Linear predictor at stage 0, and its slope.

    Returns
    -------
    float
        Sum of the log probabilities.
    """
    category_of, stage = ratings
    total, product = 0.0, 1.0
    for t in range(span[0], span[1]):
        eta, c = line[0] + stage[t] * line[1], category_of[t]
        p, _, _ = category(alpha[c + 1] - eta, alpha[c] - eta)
        product *= p
        if product < SMALL:
            total += log(product)
            product = 1.0
    return total + log(product)


@compiled()
def _differentiate(
    alpha: FloatArray, ratings: tuple[IntArray, FloatArray], places: tuple[IntArray, IntArray],
    span: tuple[int, int], line: tuple[float, float], y: FloatArray, H: FloatArray, order: int,
) -> float:  # fmt: skip
    """Give the log probability; add to y, and to H, by start, slope and thresholds."""
    category_of, stage = ratings
    total = 0.0
    for t in range(span[0], span[1]):
        s, c = stage[t], category_of[t]
        eta = line[0] + s * line[1]
        upper, lower = alpha[c + 1] - eta, alpha[c] - eta
        p, above, below = category(upper, lower)
        total += log(p)
        a, b = above / p, -below / p
        low, up = N_OWN + places[0][t], N_OWN + places[1][t]
        y[0] -= a + b
        y[1] -= s * (a + b)
        y[up] += a
        y[low] += b
        if order > 1:
            aa, bb, ab = -a * (upper + a), -b * (lower + b), -a * b
            eta2, eta_a, eta_b = aa + 2.0 * ab + bb, -aa - ab, -bb - ab
            H[0, 0] += eta2
            H[0, 1] += s * eta2
            H[1, 1] += s * s * eta2
            H[0, up] += eta_a
            H[1, up] += s * eta_a
            H[0, low] += eta_b
            H[1, low] += s * eta_b
            H[up, up] += aa
            H[low, low] += bb
            H[low, up] += ab
    return total


@compiled()
def _by_own_effect(w: float, n: int, y: FloatArray, H: FloatArray, order: int) -> None:
    """Fill in the derivatives by τ, which moves the start by w."""
    y[2] = w * y[0]
    if order > 1:
        H[0, 2] = w * H[0, 0]
        H[1, 2] = w * H[0, 1]
        H[2, 2] = w * w * H[0, 0]
        for b in range(N_OWN, n):
            H[2, b] = w * H[0, b]


@compiled()
def _add_node(
    weight: float, n: int, work: tuple[FloatArray, FloatArray, FloatArray, FloatArray], order: int
) -> None:
    y, H, mean, M = work
    for a in range(n):
        mean[a] += weight * y[a]
        if order > 1:
            for b in range(a, n):
                M[a, b] += weight * (H[a, b] + y[a] * y[b])


@compiled()
def _centre(
    sums: tuple[float, float, float, float, float], tau: float, guess: float
) -> tuple[float, float]:
    """Take one Newton step towards the mode of the goal's effect; give its spread too."""
    curvature = 1.0 + tau * tau * sums[2]
    return guess + (tau * sums[0] - guess) / curvature, 1.0 / sqrt(curvature)


@compiled()
def goal_terms(
    cells: Cells, at: At, goal: int, line: tuple[float, float], guess: float, rule: Rule,
    work: GoalWork, order: int,
) -> float:  # fmt: skip
    """Average the probability of a goal's ratings over its own effect.

    Parameters
    ----------
    cells : Cells
        Ratings.
    at : At
        Parameters.
    goal : int
        The goal.
    line : tuple of float
        Linear predictor of the parent at stage 0, and its slope.
    guess : float
        About where the effect's density peaks.
    rule : Rule
        Nodes.
    work : GoalWork
        Filled: nodes with their terms; from order 1 on the mean of the derivatives, from order 2
        on that of second derivatives and products too.
    order : int
        0 to 2.

    Returns
    -------
    float
        Log of the average.
    """
    n = N_OWN + cells.edge_first[goal + 1] - cells.edge_first[goal]
    alpha, tau, ratings = at.alpha, at.root[3], (cells.category, cells.stage)
    places, y, H = (cells.lower, cells.upper), work.y, work.H
    span = (cells.rating_first[goal], cells.rating_first[goal + 1])
    sums = goal_sums(alpha, ratings, span, (line[0] + tau * guess, line[1]))
    centre, sd = _centre(sums, tau, guess)
    if order > 0:
        work.mean[:n] = 0.0
        work.M[:n, :n] = 0.0
    total, top = 0.0, 0.0
    for k in range(len(rule.inner)):
        x = rule.inner[k]
        w = centre + sd * x
        own_line = (line[0] + tau * w, line[1])
        if order > 0:
            y[:n] = 0.0
            H[:n, :n] = 0.0
            value = _differentiate(alpha, ratings, places, span, own_line, y, H, order)
            _by_own_effect(w, n, y, H, order)
        else:
            value = log_probability(alpha, ratings, span, own_line)
        value += rule.inner_weight[k] + 0.5 * (x * x - w * w)
        if k == 0:
            top = value
        work.w[k], work.weight[k] = w, exp(value - top)
        total += work.weight[k]
        if order > 0:
            _add_node(work.weight[k], n, (y, H, work.mean, work.M), order)
    if order > 0:
        work.mean[:n] /= total
        work.M[:n, :n] /= total
    work.weight[:] = work.weight / total
    return top + log(total * sd)
