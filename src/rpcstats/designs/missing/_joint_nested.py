"""Likelihood of ordered ratings and course, by nested adaptive quadrature: compiled."""

from math import exp, log

import numpy as np

from rpcstats._numerics.jit import compiled
from rpcstats.designs.missing._joint_arrays import At, Cells, FloatArray, Rule
from rpcstats.designs.missing._joint_goals import GoalWork, goal_terms, goal_work
from rpcstats.designs.missing._joint_modes import find_mode
from rpcstats.designs.missing._joint_moments import (
    Moments,
    add_course,
    add_goal,
    moments_room,
    spread_out,
)


@compiled()
def _node(
    cells: Cells, at: At, i: int, z: FloatArray, guess: FloatArray, rule: Rule, work: GoalWork,
    sums: Moments, order: int,
) -> float:  # fmt: skip
    """Give the log probability of ratings and course at one z, and its derivatives."""
    u = at.root[0] * z[0]
    v = at.root[1] * z[0] + at.root[2] * z[1]
    line = (at.mean[i, 0] + u, at.mean[i, 1] + v)
    if order > 0:
        sums.y[:] = 0.0
    if order > 1:
        sums.Y[:] = 0.0
    total = 0.0
    first = cells.goal_first[i]
    for goal in range(first, cells.goal_first[i + 1]):
        if cells.rating_first[goal] == cells.rating_first[goal + 1]:
            continue
        total += goal_terms(cells, at, goal, line, guess[goal - first], rule, work, order)
        if order > 0:
            add_goal(cells, goal, work, sums, order)
    if order > 0:
        spread_out(sums, z, len(at.alpha), order)
    return total + add_course(cells, at, i, z, line, sums, order)


@compiled()
def guess_effects(
    w: FloatArray, own: FloatArray, z: FloatArray, mode: FloatArray, guess: FloatArray
) -> None:
    """Say where the effects of goals peak at some z, from where they do at the mode.

    Parameters
    ----------
    w : ndarray of shape (G,)
        Their modes.
    own : ndarray of shape (G, 4)
        Their curvature, and cross terms with z.
    z, mode : ndarray of shape (2,)
        The place, and the mode.
    guess : ndarray of shape (G,)
        Filled.
    """
    for j in range(len(w)):
        cross = own[j, 2] * (z[0] - mode[0]) + own[j, 3] * (z[1] - mode[1])
        guess[j] = w[j] - cross / own[j, 1]


@compiled()
def _add_node(weight: float, sums: Moments, S: FloatArray, T: FloatArray, order: int) -> None:
    s, H = sums.s, sums.H
    for a in range(len(s)):
        S[a] += weight * s[a]
        if order > 1:
            for b in range(a, len(s)):
                T[a, b] += weight * (H[a, b] + s[a] * s[b])


@compiled()
def _finish(total: float, S: FloatArray, T: FloatArray, order: int) -> None:
    """Turn sums into the score and minus the second derivatives, both triangles."""
    S /= total
    if order > 1:
        for a in range(len(S)):
            for b in range(a, len(S)):
                T[a, b] = S[a] * S[b] - T[a, b] / total
                T[b, a] = T[a, b]


@compiled()
def nested_terms(
    cells: Cells, at: At, rule: Rule, first: int, log_lik: FloatArray,
    score: FloatArray, information: FloatArray, order: int,
) -> None:  # fmt: skip
    """Evaluate the log-likelihood of some parents, and its derivatives.

    Parameters
    ----------
    cells : Cells
        Ratings and courses.
    at : At
        Parameters.
    rule : Rule
        Nodes.
    first : int
        The first parent.
    log_lik : ndarray of shape (m,)
        Filled: the parents from the first on.
    score : ndarray of shape (m, D)
        Filled from order 1 on.
    information : ndarray of shape (m, D, D)
        Filled with minus the second derivatives at order 2.
    order : int
        0 to 2.

    Notes
    -----
    Nodes of z stand around the mode of its density given ratings and course, as far apart as the
    curvature there says; for each of them those of each goal's effect do the same (Pinheiro and
    Bates 1995). Derivatives are means over the nodes of those of the complete data; the
    information is their mean less the variance of the scores (Louis 1982).
    """
    n_goal, n_edge = int(np.diff(cells.goal_first).max()), len(at.alpha)
    z, mode, L = np.empty(2), np.empty(2), np.empty(3)
    w, guess, own = np.zeros(n_goal), np.zeros(n_goal), np.ones((n_goal, 4))
    work = goal_work(len(rule.inner), max(int(np.diff(cells.edge_first).max()), 1))
    sums = moments_room(n_edge, at.base.shape[1])
    for i in range(len(log_lik)):
        find_mode(cells, at, first + i, mode, w, own, L)
        total, top = 0.0, 0.0
        if order > 0:
            score[i] = 0.0
        if order > 1:
            information[i] = 0.0
        for q in range(len(rule.outer)):
            x = rule.outer[q]
            z[0] = mode[0] + L[0] * x[0]
            z[1] = mode[1] + L[1] * x[0] + L[2] * x[1]
            guess_effects(w, own, z, mode, guess)
            value = _node(cells, at, first + i, z, guess, rule, work, sums, order)
            value += rule.outer_weight[q]
            value += 0.5 * (x[0] ** 2 + x[1] ** 2 - z[0] ** 2 - z[1] ** 2)
            if q == 0:
                top = value
            weight = exp(value - top)
            total += weight
            if order > 0:
                _add_node(weight, sums, score[i], information[i], order)
        log_lik[i] = top + log(total * L[0] * L[2])
        if order > 0:
            _finish(total, score[i], information[i], order)
