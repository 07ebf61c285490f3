"""Aalen-Johansen estimates with infinitesimal-jackknife variance: arrays in, arrays out.

p are occupation probabilities (row vectors), Y numbers at risk, A cumulative hazards,
M(t) = I + dA(t). The influence U of a cluster obeys U(t) = U(t-) M(t) + its own increment
p(t-) (dN - Y dA) / Y. While a cluster neither enters, moves nor leaves, that increment is
-p dA / Y, the same for all in one state; with G_h(t) = G_h(t-) M(t) + p_h(t-) dA_h(t) / Y_h(t),
V = U + R G only changes by M(t), where R_h is the cluster's weight at risk in h. So the sums
over clusters of V'V, R'V and R'R move by matrix recurrences and by steps at each cluster's own
changes.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._cluster_changes import (
    TIMES,
    Changes,
    order_changes,
    product_steps,
    running_sums,
    squares_over_time,
)
from rpcstats.survival.states._scan import products_between, scan
from rpcstats.survival.states._state_counts import Graph, StateCounts, Stays, moving_out

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_PORTION: Final = 1 << 17
"""Rows whose influences are worked out together, at the least."""


class Steps(NamedTuple):
    """The estimate at the times of transitions.

    Attributes
    ----------
    is_event : ndarray of shape (m,), bool
        Which of all times have a transition; m_e of them.
    Y : ndarray of shape (m_e, s)
        At risk.
    M : ndarray of shape (m_e, s, s)
        Matrices I + dA.
    p0 : ndarray of shape (s,)
        Occupation before the first time.
    p : ndarray of shape (m_e, s)
        Occupation after each time.
    """

    is_event: BoolArray
    Y: FloatArray
    M: FloatArray
    p0: FloatArray
    p: FloatArray

    @property
    def p_before(self) -> FloatArray:
        """Occupation just before each time."""
        return np.concatenate([self.p0[None], self.p])[:-1]

    def on_all_times(self, values: FloatArray, at_start: FloatArray) -> FloatArray:
        """Carry values at transitions to all times."""
        latest = np.cumsum(self.is_event)
        return np.concatenate([at_start[None], values])[latest]


def occupation_steps(counts: StateCounts, graph: Graph, p0: FloatArray) -> Steps:
    """Multiply the matrices of one-step transitions.

    Parameters
    ----------
    counts : StateCounts
        At all times.
    graph : Graph
        The transitions.
    p0 : ndarray of shape (s,)
        Where the probability is at the start.

    Returns
    -------
    Steps
        The product integral of Aalen and Johansen (1978).
    """
    is_event = np.asarray(counts.n_move.any(axis=1))
    Y, moved = counts.n_risk[is_event], counts.n_move[is_event]
    s = graph.n_state
    at_risk = np.where(Y > 0, Y, 1.0)
    M = np.zeros((len(Y), s, s))
    for k, (h, j) in enumerate(zip(graph.origin, graph.target, strict=True)):
        M[:, h, j] = moved[:, k] / at_risk[:, h]
    stayed = np.where(Y > 0, Y - moving_out(moved, graph), 1.0) / at_risk
    M[:, np.arange(s), np.arange(s)] = stayed
    return Steps(is_event, Y, M, p0, scan(M, p0[None])[:, 0])


def influence_paths(steps: Steps) -> tuple[FloatArray, FloatArray]:
    """Give G and what one transition out of each state weighs.

    Parameters
    ----------
    steps : Steps
        The estimate.

    Returns
    -------
    G : ndarray of shape (m_e + 1, s, s)
        The first is at the start.
    share : ndarray of shape (m_e, s)
        p(t-) / Y(t).
    """
    s = len(steps.p0)
    share = np.divide(steps.p_before, steps.Y, out=np.zeros_like(steps.Y), where=steps.Y > 0)
    G, eye = np.zeros((len(steps.M) + 1, s, s)), np.eye(s)
    for a in range(0, len(steps.M), TIMES):
        at = slice(a, a + TIMES)
        D = share[at, :, None] * (steps.M[at] - eye)
        G[1:][at] = scan(steps.M[at], G[a], D)
    return G, share


def jackknife_variance(
    stays: Stays,
    cluster: IntArray,
    counts: StateCounts,
    steps: Steps,
    graph: Graph,
    *,
    is_p0_estimated: bool,
) -> FloatArray:
    """Give the variance of each occupation probability at each time.

    Parameters
    ----------
    stays : Stays
        The rows.
    cluster : ndarray of shape (n,), int
        Rows that belong together.
    counts, steps, graph
        As they were counted and estimated.
    is_p0_estimated : bool
        Whether p0 are shares among those at risk at the first transition.

    Returns
    -------
    ndarray of shape (m + 1, s)
        Sum over clusters of squared influences, the first at the start; O(n s^2 + m s^3 log m)
        for n rows and m times.
    """
    s, m = graph.n_state, len(steps.Y)
    if m == 0:
        return np.zeros((len(counts.time) + 1, s))
    G, share = influence_paths(steps)
    sums = [np.zeros((m + 1, s, s)) for _ in range(3)]
    places = event_places(counts, steps)
    for rows in _by_cluster(cluster, m):
        changes = _changes(
            stays, cluster, graph, (G, share), steps.p0, places, rows, is_p0_estimated
        )
        if changes is not None:
            _add_squares(sums, changes, steps.M, is_p0_estimated)
    at_start = np.diagonal(sums[2][0]).copy()
    variance = squares_over_time(steps.M, G[1:], sums)
    # Where nobody can be, or all must be, whatever the weights, rounding alone remains.
    lone = (steps.p > 0).sum(axis=1) == 1
    variance[(steps.p == 0) | lone[:, None]] = 0.0
    variance = np.maximum(variance, 0.0)
    return np.concatenate([at_start[None], steps.on_all_times(variance, at_start)])


def _by_cluster(cluster: IntArray, m: int) -> Iterator[IntArray]:
    """Give the rows in portions that no cluster crosses, so that memory stays bounded."""
    order = np.arange(len(cluster))
    if (cluster[1:] < cluster[:-1]).any():
        order = np.argsort(cluster, kind="stable")
        cluster = cluster[order]
    begins = np.flatnonzero(np.concatenate([[True], cluster[1:] != cluster[:-1]]))
    portion = max(_PORTION, m)
    targets = np.arange(portion, len(order), portion)
    inner = np.searchsorted(begins, targets)
    edges = np.unique(begins[inner[inner < len(begins)]])
    yield from np.split(order, edges[edges > 0])


def _add_squares(
    sums: list[FloatArray], changes: Changes, M: FloatArray, is_p0_estimated: bool
) -> None:
    """Add the steps of R'R, R'V and V'V of some clusters."""
    m, s = len(M), M.shape[1]
    R = running_sums(changes.step[:s], changes.first)
    V_before = _carried(changes, M, s, is_p0_estimated)
    weights = (R - changes.step[:s], R)
    paths = (V_before, V_before + changes.step[s:])
    for total, left, right in zip(
        sums, (weights, weights, paths), (weights, paths, paths), strict=True
    ):
        product_steps(left, right, changes.position, m, onto=total)


def _changes(
    stays: Stays,
    cluster: IntArray,
    graph: Graph,
    paths: tuple[FloatArray, FloatArray],
    p0: FloatArray,
    places: tuple[IntArray, IntArray],
    rows: IntArray,
    is_p0_estimated: bool,
) -> Changes | None:
    """Give each cluster's steps of R and V, at the places where its rows begin and end."""
    G, share = paths
    s, m = graph.n_state, len(share)
    rows = rows[places[0][rows] <= places[1][rows]]
    n = len(rows)
    if n == 0:
        return None
    enter, leave, h = places[0][rows], places[1][rows], stays.origin[rows]
    each = np.arange(n)
    w = np.ones(n) if stays.weights is None else stays.weights[rows]
    step = np.zeros((2 * s, n, 2))
    step[h, each, 0], step[h, each, 1] = w, -w
    begun, ended = G[enter, h], G[leave + 1, h]
    for j in range(s):
        step[s + j, :, 0] = w * begun[:, j]
        step[s + j, :, 1] = -w * ended[:, j]
    at = np.flatnonzero(stays.move[rows] >= 0)
    jump = w[at] * share[leave[at], h[at]]
    step[s + h[at], at, 1] -= jump
    step[s + graph.target[stays.move[rows[at]]], at, 1] += jump
    if is_p0_estimated:
        first = np.flatnonzero(enter == 0)
        pull = w[first] / _at_first(stays, places)
        step[s + h[first], first, 0] += pull
        step[s:, first, 0] -= pull * p0[:, None]
    position = np.column_stack([enter - 1, leave]).ravel()
    return order_changes(np.repeat(cluster[rows], 2), position, step.reshape(2 * s, 2 * n), m)


def _at_first(stays: Stays, places: tuple[IntArray, IntArray]) -> float:
    """Give the weight at risk at the first transition."""
    there = (places[0] == 0) & (places[1] >= 0)
    return float(there.sum() if stays.weights is None else stays.weights[there].sum())


def event_places(counts: StateCounts, steps: Steps) -> tuple[IntArray, IntArray]:
    """Place rows among the times of transitions.

    Parameters
    ----------
    counts : StateCounts
        Where rows enter and leave among all times.
    steps : Steps
        Which times have a transition.

    Returns
    -------
    enter, leave : ndarray of shape (n,), int
        First and last time of a transition at which the row is at risk; `leave` is smaller
        where there is none.
    """
    before = np.concatenate([[0], np.cumsum(steps.is_event)])
    return before[counts.entry_index], before[counts.exit_index + 1] - 1


def _carried(changes: Changes, M: FloatArray, s: int, is_p0_estimated: bool) -> FloatArray:
    """Carry each cluster's V from one of its changes to just before the next."""
    position, first, step = changes.position, changes.first, changes.step[s:]
    before = np.zeros_like(step)
    follows = ~first
    if not is_p0_estimated:
        # Without late entry a cluster's first change leaves V at 0.
        follows[1:] &= position[:-1] >= 0
    if not follows.any():
        return before
    owner = np.cumsum(first) - 1
    moves_on = np.zeros(owner[-1] + 1, dtype=np.bool_)
    moves_on[owner[follows]] = True
    chosen = np.flatnonzero(moves_on[owner])
    linked = follows[chosen]
    at = chosen[linked]
    P = np.zeros((len(chosen), s, s))
    P[linked] = products_between(M, position[at - 1] + 1, position[at])
    own = step[:, chosen].T[:, None]
    V = scan(P, np.zeros((1, s)), own) - own
    V[~linked] = 0.0
    before[:, chosen] = V[:, 0].T
    return before
