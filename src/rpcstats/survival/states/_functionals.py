"""Influence of clusters on linear functionals of occupation: arrays in, arrays out.

A functional is described by what a unit of probability in each state is worth at each time;
its influence is the increment of occupation p(t-) (dN - Y dA) / Y valued just after t.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._occupation import Steps, event_places
from rpcstats.survival.states._scan import scan_back
from rpcstats.survival.states._state_counts import Graph, StateCounts, Stays

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Worth(NamedTuple):
    """What a unit of probability in each state is worth.

    Attributes
    ----------
    at_start : ndarray of shape (s, r)
        Before the first transition.
    after : ndarray of shape (m_e, s, r)
        Just after each time of a transition.
    """

    at_start: FloatArray
    after: FloatArray


def worth_of_time(event_time: FloatArray, steps: Steps, tau: float) -> Worth:
    """Value occupation by the time still to be spent in each state before tau.

    Parameters
    ----------
    event_time : ndarray of shape (m_e,)
        Times of transitions.
    steps : Steps
        The estimate.
    tau : float
        Horizon.

    Returns
    -------
    Worth
        r = s: one functional a state.
    """
    s = len(steps.p0)
    edges = np.minimum(np.concatenate([[0.0], event_time, [tau]]), tau)
    spent = np.diff(edges)[:, None, None] * np.eye(s)
    M = np.concatenate([np.eye(s)[None], steps.transition_matrices])
    worth = scan_back(M, spent)
    return Worth(worth[0], worth[1:])


def row_influence(
    stays: Stays,
    counts: StateCounts,
    steps: Steps,
    graph: Graph,
    worth: Worth,
    *,
    is_p0_estimated: bool,
) -> FloatArray:
    """Give the weighted influence of each row on functionals of occupation.

    Parameters
    ----------
    stays, counts, steps, graph
        The rows and what was estimated from them.
    worth : Worth
        The functionals.
    is_p0_estimated : bool
        Whether p0 are shares among those at risk at the first transition.

    Returns
    -------
    ndarray of shape (n, r)
        Sum them by cluster.
    """
    m, s = steps.p.shape
    r = worth.at_start.shape[1]
    if m == 0:
        return np.zeros((len(stays.time), r))
    share = steps.share(slice(0, m))
    expected = np.zeros((m + 1, s, r))
    drift = share[:, :, None] * ((steps.transition_matrices - np.eye(s)) @ worth.after)
    np.cumsum(drift, axis=0, out=expected[1:])
    enter, leave = event_places(counts, steps)
    last = np.maximum(leave + 1, enter)
    h = stays.origin
    influence: FloatArray = expected[enter, h] - expected[last, h]
    moved = np.flatnonzero(stays.move >= 0)
    at, origin, target = leave[moved], h[moved], graph.target[stays.move[moved]]
    gained = worth.after[at, target] - worth.after[at, origin]
    influence[moved] += share[at, origin][:, None] * gained
    w = np.ones(len(h)) if stays.weights is None else stays.weights
    influence *= w[:, None]
    if is_p0_estimated:
        first = (enter == 0) & (leave >= 0)
        pull = w[first] / w[first].sum()
        centred = worth.at_start - steps.p0 @ worth.at_start
        influence[first] += pull[:, None] * centred[h[first]]
    return influence
