"""Arrays that the kernels of the ordinal joint model read and write."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_cells import FAR

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

N_LINE = 6
"""Derivatives by intercept and slope, by l1, l2 and l3, and by τ, before those by thresholds."""

N_SHARED = 3
"""Coefficients of intercept, slope and level of a parent in the hazard."""


class Cells(NamedTuple):
    """Ratings and courses of n parents; the ratings of a goal, and its goals, stand together.

    Attributes
    ----------
    goal_first : ndarray of shape (n + 1,), int
        Where the goals of each parent begin.
    rating_first : ndarray of shape (J + 1,), int
        Where the ratings of each goal begin.
    category : ndarray of shape (R,), int
        Category of each rating, from 0.
    stage : ndarray of shape (R,)
        Its stage.
    edge_first : ndarray of shape (J + 1,), int
        Where the thresholds that a goal's ratings lie between begin.
    edge : ndarray of shape (E,), int
        These thresholds, from 0 (below all) to C (above all).
    lower, upper : ndarray of shape (R,), int
        Places of a rating's two thresholds among those of its goal.
    n_risk, event : ndarray of shape (n,), int
        Sessions at risk of leaving; the one after which the parent left, from 0, or -1.
    session_stage : ndarray of shape (n, S)
        Stage of each session.
    """

    goal_first: IntArray
    rating_first: IntArray
    category: IntArray
    stage: FloatArray
    edge_first: IntArray
    edge: IntArray
    lower: IntArray
    upper: IntArray
    n_risk: IntArray
    event: IntArray
    session_stage: FloatArray


class At(NamedTuple):
    """Parameters as the kernels want them.

    Attributes
    ----------
    mean : ndarray of shape (n, 2)
        Expected intercept and slope of each parent.
    root : ndarray of shape (4,)
        l1, l2, l3 and τ.
    alpha : ndarray of shape (C + 1,)
        Thresholds, the outer ones `FAR` away.
    base : ndarray of shape (n, S)
        Linear predictor of each session without effects.
    shared : ndarray of shape (3,)
        What a parent's intercept, slope and level add to it.
    link : int
        Code of its link.
    """

    mean: FloatArray
    root: FloatArray
    alpha: FloatArray
    base: FloatArray
    shared: FloatArray
    link: int


class Rule(NamedTuple):
    """Nodes and weights for means over one and over two standard normal variables.

    Attributes
    ----------
    inner, inner_weight : ndarray of shape (K,)
        Nodes, the middle first, and logs of their weights.
    outer : ndarray of shape (Q, 2)
        The same in two directions.
    outer_weight : ndarray of shape (Q,)
        Logs of their weights.
    """

    inner: FloatArray
    inner_weight: FloatArray
    outer: FloatArray
    outer_weight: FloatArray


def quadrature_rule(n_node: int, *, with_goals: bool) -> Rule:
    """Give the nodes of the nested integral.

    Parameters
    ----------
    n_node : int
        Nodes in each direction.
    with_goals : bool
        Whether goals differ; one node is enough where they don't.

    Returns
    -------
    Rule
        Nodes from the middle outwards, so that the first term of a sum is near the largest.
    """
    x, w = np.polynomial.hermite_e.hermegauss(n_node)
    order = np.argsort(np.abs(x), kind="stable")
    x, w = x[order], np.log(w / w.sum())[order]
    pairs = np.stack([a.ravel() for a in np.meshgrid(x, x, indexing="ij")], axis=1)
    weights = np.add.outer(w, w).ravel()
    order = np.argsort((pairs**2).sum(axis=1), kind="stable")
    inner, inner_weight = (x, w) if with_goals else (np.zeros(1), np.zeros(1))
    return Rule(inner, inner_weight, np.ascontiguousarray(pairs[order]), weights[order])


def padded(thresholds: FloatArray) -> FloatArray:
    """Put the infinite thresholds at both ends.

    Parameters
    ----------
    thresholds : ndarray of shape (C - 1,)
        The thresholds between categories.

    Returns
    -------
    ndarray of shape (C + 1,)
        With the outer ones.
    """
    return np.concatenate([[-FAR], thresholds, [FAR]])
