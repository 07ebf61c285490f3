"""Infinitesimal-jackknife variance of occupation probabilities: arrays in, arrays out.

The influence U of a cluster obeys U(t) = U(t-) M(t) + its own increment p(t-) (dN - Y dA) / Y.
While a cluster neither enters, moves nor leaves, that increment is -p dA / Y, the same for all
in one state; with G_h(t) = G_h(t-) M(t) + p_h(t-) dA_h(t) / Y_h(t), V = U + R G only changes by
M(t), where R_h is the cluster's weight at risk in h. So the sums over clusters of V'V, R'V and
R'R move by matrix recurrences and by steps at each cluster's own changes. Times are taken some
after the others, with R and V of each cluster carried along, so that memory stays bounded.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._cluster_changes import (
    Changes,
    order_changes,
    product_steps,
    running_sums,
)
from rpcstats.survival.states._occupation import Steps, event_places, portions
from rpcstats.survival.states._scan import products_between, scan
from rpcstats.survival.states._state_counts import StateCounts, Stays
from rpcstats.survival.states._state_window import Window, squares_over, window_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_ROWS: Final = 1 << 14
"""Rows whose influences are worked out together, unless one cluster has more."""


class _Carried(NamedTuple):
    """What clusters take from one window to the next.

    Attributes
    ----------
    R : ndarray of shape (c, s)
        Weight at risk in each state.
    V : ndarray of shape (c, s)
        Just after the last time of the window; 0 where nothing follows.
    last : ndarray of shape (c,), int
        Position of each cluster's last change.
    """

    R: NDArray[Any]
    V: FloatArray
    last: IntArray


class _Rows(NamedTuple):
    """Rows among the times of transitions.

    Attributes
    ----------
    stays : Stays
        The rows.
    cluster : ndarray of shape (n,), int
        Rows that belong together.
    enter, leave : ndarray of shape (n,), int
        First and last position at which each is at risk; beyond all where it is at none.
    first_weight : float or None
        Weight at risk at the first transition, where shares of it are the start.
    """

    stays: Stays
    cluster: IntArray
    enter: IntArray
    leave: IntArray
    first_weight: float | None


def jackknife_variance(
    stays: Stays,
    cluster: IntArray,
    counts: StateCounts,
    steps: Steps,
    *,
    is_p0_estimated: bool,
) -> tuple[FloatArray, FloatArray]:
    """Give the variance of each occupation probability at each time of a transition.

    Parameters
    ----------
    stays : Stays
        The rows.
    cluster : ndarray of shape (n,), int
        Rows that belong together.
    counts, steps
        As they were counted and estimated.
    is_p0_estimated : bool
        Whether p0 are shares among those at risk at the first transition.

    Returns
    -------
    at_start : ndarray of shape (s,)
        Sum over clusters of squared influences before the first time.
    variance : ndarray of shape (m_e, s)
        The same after each time; O(n s^2 + m s^3 log m) for n rows and m times.
    """
    m, s = steps.p.shape
    variance, at_start = np.empty((m, s)), np.zeros(s)
    if m == 0:
        return at_start, variance
    rows = _placed(stays, cluster, counts, steps, is_p0_estimated)
    carried = _nothing_yet(rows, s)
    G, totals = np.zeros((s, s)), np.zeros((3, s, s))
    for at in portions(m, s):
        window = window_of(steps, at, G)
        sums = np.zeros((3, at.stop - at.start + 1, s, s))
        _follow_clusters(rows, steps, window, carried, sums, is_last=at.stop == m)
        totals += sums[:, 0]
        if at.start == 0:
            at_start = np.diagonal(totals[2]).copy()
        variance[at], totals = squares_over(window, sums[:, 1:], totals)
        G = window.G[-1]
    variance[steps.is_certain()] = 0.0  # where rounding alone remains
    np.maximum(variance, 0.0, out=variance)
    return at_start, variance


def _placed(
    stays: Stays, cluster: IntArray, counts: StateCounts, steps: Steps, is_p0_estimated: bool
) -> _Rows:
    enter, leave = event_places(counts, steps)
    first_weight = None
    if is_p0_estimated:
        there = (enter == 0) & (leave >= 0)
        first_weight = float(there.sum() if stays.weights is None else stays.weights[there].sum())
    never = enter > leave
    enter[never] = leave[never] = len(steps.p) + 1
    return _Rows(stays, cluster, enter, leave, first_weight)


def _nothing_yet(rows: _Rows, s: int) -> _Carried:
    n_row = np.bincount(rows.cluster)
    n = len(n_row)
    # No more rows of a cluster are at risk than it has; the sign is for the steps.
    kind = np.min_scalar_type(-int(n_row.max())) if rows.stays.weights is None else np.float64
    last = np.full(n, -1, dtype=rows.leave.dtype)
    np.maximum.at(last, rows.cluster, rows.leave)
    return _Carried(np.zeros((n, s), kind), np.zeros((n, s)), last)


def _follow_clusters(
    rows: _Rows,
    steps: Steps,
    window: Window,
    carried: _Carried,
    sums: FloatArray,
    *,
    is_last: bool,
) -> None:
    """Add the steps of R'R, R'V and V'V in a window, and take clusters to its end."""
    a, b, s = window.at.start, window.at.stop, len(steps.p0)
    begins = rows.enter <= b
    if a > 0:
        begins &= rows.enter > a
    ends = (rows.leave >= a) & (rows.leave < b)
    active = np.flatnonzero(begins | ends)
    if not is_last:
        waits = np.asarray(carried.last >= b) & carried.V.any(axis=1)
        waits[rows.cluster[active]] = False
        place = np.flatnonzero(waits)
        if len(place):
            carried.V[place] = carried.V[place] @ window.whole
    for chosen in _by_cluster(active, rows.cluster):
        changes = _changes(rows, steps, window, chosen, begins[chosen], ends[chosen])
        V_before = _carry(changes, window.M, carried, b, is_start_certain=rows.first_weight is None)
        first, code = changes.first, changes.cluster
        R = running_sums(changes.step[:s], first)
        R += carried.R[code].T
        weights = (R - changes.step[:s], R)
        paths = (V_before, V_before + changes.step[s:])
        for total, left, right in zip(
            sums, (weights, weights, paths), (weights, paths, paths), strict=True
        ):
            product_steps(left, right, changes.position, b - a, onto=total)
        final = np.append(first[1:], True)
        carried.R[code[final]] = np.rint(R[:, final].T) if _is_count(carried) else R[:, final].T


def _is_count(carried: _Carried) -> bool:
    return carried.R.dtype.kind != "f"


def _by_cluster(active: IntArray, cluster: IntArray) -> Iterator[IntArray]:
    """Give rows in portions that no cluster crosses, so that memory stays bounded."""
    codes = cluster[active]
    if (codes[1:] < codes[:-1]).any():
        order = np.argsort(codes, kind="stable")
        active, codes = active[order], codes[order]
    if len(active) == 0:
        return
    begins = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    inner = np.searchsorted(begins, np.arange(_ROWS, len(active), _ROWS))
    edges = np.unique(begins[inner[inner < len(begins)]])
    yield from np.split(active, edges[edges > 0])


def _changes(
    rows: _Rows,
    steps: Steps,
    window: Window,
    chosen: IntArray,
    begins: BoolArray,
    ends: BoolArray,
) -> Changes:
    """Give each cluster's steps of R and V, at the places where its rows begin and end."""
    stays, graph, a = rows.stays, steps.graph, window.at.start
    s, n = graph.n_state, len(chosen)
    h, each = stays.origin[chosen], np.arange(n)
    enter = np.where(begins, rows.enter[chosen], a).astype(np.int64) - a
    leave = np.where(ends, rows.leave[chosen], a).astype(np.int64) - a
    w = np.ones(n) if stays.weights is None else stays.weights[chosen]
    step = np.zeros((2 * s, n, 2))
    step[h, each, 0], step[h, each, 1] = w, -w
    begun, ended = window.G[enter, h], window.G[leave + 1, h]
    for j in range(s):
        step[s + j, :, 0] = w * begun[:, j]
        step[s + j, :, 1] = -w * ended[:, j]
    at = np.flatnonzero(ends & (stays.move[chosen] >= 0))
    jump = w[at] * window.share[leave[at], h[at]]
    step[s + h[at], at, 1] -= jump
    step[s + graph.target[stays.move[chosen[at]]], at, 1] += jump
    if rows.first_weight is not None and a == 0:
        first = np.flatnonzero(begins & (enter == 0))
        pull = w[first] / rows.first_weight
        step[s + h[first], first, 0] += pull
        step[s:, first, 0] -= pull * steps.p0[:, None]
    here = np.column_stack([begins, ends]).ravel()
    position = np.column_stack([enter - 1, leave]).ravel()[here]
    codes = np.repeat(rows.cluster[chosen], 2)[here]
    return order_changes(codes, position, step.reshape(2 * s, 2 * n)[:, here], len(window.M))


def _carry(
    changes: Changes, M: FloatArray, carried: _Carried, stop: int, *, is_start_certain: bool
) -> FloatArray:
    """Carry each cluster's V to just before each of its changes, and to the end of the window."""
    position, first, code = changes.position, changes.first, changes.cluster
    s = M.shape[1]
    step, before = changes.step[s:], np.zeros_like(changes.step[s:])
    follows = ~first
    if is_start_certain:
        # What begins at the very start leaves V at 0.
        follows[1:] &= position[:-1] >= 0
    resumes = first & carried.V[code].any(axis=1)
    owner = np.cumsum(first) - 1
    final = np.flatnonzero(np.append(first[1:], True))
    goes_on = final[carried.last[code[final]] >= stop]
    moves_on = np.zeros(len(final), dtype=np.bool_)
    moves_on[owner[follows | resumes]] = True
    chosen = np.flatnonzero(moves_on[owner])
    linked, resumed = follows[chosen], resumes[chosen]
    since = np.append(-1, position[:-1])
    since[first] = -1
    moving = chosen[linked | resumed]
    products = products_between(
        M,
        np.concatenate([since[moving], position[goes_on]]) + 1,
        np.concatenate([position[moving], np.full(len(goes_on), len(M) - 1)]),
    )
    if len(moving):
        P = np.zeros((len(chosen), s, s))
        P[linked | resumed] = products[: len(moving)]
        own = step[:, chosen].T[:, None]
        from_before = carried.V[code[chosen[resumed]]][:, None] @ P[resumed]
        P[resumed] = 0.0
        added = own.copy()
        added[resumed] += from_before
        V = scan(P, np.zeros((1, s)), added) - own
        V[~(linked | resumed)] = 0.0
        before[:, chosen] = V[:, 0].T
    carried.V[code[final]] = 0.0
    after = (before[:, goes_on] + step[:, goes_on]).T[:, None]
    carried.V[code[goes_on]] = (after @ products[len(moving) :])[:, 0]
    return before
