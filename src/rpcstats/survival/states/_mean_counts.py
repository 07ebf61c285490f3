"""Counts of one group's repeated events, and the jackknife of their mean: arrays in, arrays out.

Rows are placed among the distinct times some at a time, and never put in order of time, so that
little is held beside the curve.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters, variance_or_nan
from rpcstats.survival._risk_sets import same_weight
from rpcstats.survival.states._cluster_changes import order_changes, running_sums

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_ROWS: Final = 1 << 14
"""Rows placed together, unless one cluster has more."""

_TIMES: Final = 1 << 16
"""Times whose sums are put together at once."""

_ROUNDING: Final = 1e-14
"""A sum of squares this small beside what has come and gone in it is rounding."""


class EventRows(NamedTuple):
    """Rows of one group.

    Attributes
    ----------
    time : ndarray of shape (n,)
        End of each.
    event : ndarray of shape (n,), bool
        Whether an event ends it.
    entry : ndarray of shape (n,) or None
        Beginning; None if all begin at 0.
    weights : ndarray of shape (n,) or None
        Case weights.
    clusters : tuple of ndarray of shape (n,), int
        What rows belong to, one array a dimension.
    """

    time: FloatArray
    event: BoolArray
    entry: FloatArray | None
    weights: FloatArray | None
    clusters: tuple[IntArray, ...]

    def taken(self, rows: IntArray) -> "EventRows":
        """Take some of the rows."""
        return EventRows(
            self.time[rows],
            self.event[rows],
            None if self.entry is None else self.entry[rows],
            None if self.weights is None else self.weights[rows],
            tuple(codes[rows] for codes in self.clusters),
        )


class MeanCounts(NamedTuple):
    """Counts, in narrow whole numbers, or sums of weights, at each distinct time.

    Attributes
    ----------
    time : ndarray of shape (m,)
        Distinct times.
    n_risk, n_event, n_censor : ndarray of shape (m,)
        Under observation just before, events then, and rows that end without one.
    """

    time: FloatArray
    n_risk: NDArray[Any]
    n_event: NDArray[Any]
    n_censor: NDArray[Any]


def count_events(rows: EventRows) -> MeanCounts:
    """Count who is under observation and has events at each time.

    Parameters
    ----------
    rows : EventRows
        One row or more.

    Returns
    -------
    MeanCounts
        The counts.
    """
    time = np.unique(rows.time)
    m, w, n = len(time), rows.weights, len(rows.time)
    kind: Any = np.int32 if n < np.iinfo(np.int32).max else np.int64
    kind = kind if w is None else np.float64
    total, n_event = np.zeros(m, kind), np.zeros(m, kind)
    later = None if rows.entry is None else np.zeros(m, kind)
    for at in (slice(a, a + _ROWS) for a in range(0, n, _ROWS)):
        leave = _places(time, rows.time[at], "left")
        own = np.ones(len(leave), kind) if w is None else w[at]
        np.add.at(total, leave, own)
        np.add.at(n_event, leave, own * rows.event[at])
        if rows.entry is not None and later is not None:
            np.add.at(later, _places(time, rows.entry[at], "right"), own)
    remaining = _from_the_end(total)
    n_risk = remaining
    if later is not None:
        n_risk = remaining - np.append(_from_the_end(later)[1:], np.zeros(1, kind))
    if w is not None:
        # A risk set that fails as a whole must leave nobody, whatever the rounding.
        n_risk, total = same_weight(n_risk, n_event, remaining), same_weight(total, n_event)
        return MeanCounts(time, n_risk, n_event, total - n_event)
    few = np.min_scalar_type(int(total.max()))
    total -= n_event
    return MeanCounts(time, n_risk, n_event.astype(few), total.astype(few))


def _places(time: FloatArray, values: FloatArray, side: Literal["left", "right"]) -> IntArray:
    """Search in order: among a million times each value is then found near the one before."""
    order = np.argsort(values)
    found = np.empty(len(values), dtype=np.int64)
    found[order] = np.searchsorted(time, values[order], side=side)
    return found


def _from_the_end(values: NDArray[Any]) -> NDArray[Any]:
    """Sum over each time and all later ones, so that the last is exact."""
    summed = np.empty_like(values)
    np.cumsum(values[::-1], out=summed[::-1])
    return summed


def mean_of(n_event: NDArray[Any], n_risk: NDArray[Any]) -> FloatArray:
    """Sum events by those under observation.

    Parameters
    ----------
    n_event, n_risk : ndarray of shape (m,)
        Counts, or sums of weights, of one group.

    Returns
    -------
    ndarray of shape (m,)
        The mean cumulative function (Nelson 1988).
    """
    mean: FloatArray = n_event / n_risk
    return np.cumsum(mean, out=mean)


def mean_variance(rows: EventRows, counts: MeanCounts) -> FloatArray:
    """Give the infinitesimal-jackknife variance of the mean at each time.

    Parameters
    ----------
    rows : EventRows
        The rows.
    counts : MeanCounts
        What was counted from them.

    Returns
    -------
    ndarray of shape (m,)
        Sum over clusters of squared weighted influences; NaN where a difference of variances
        (two dimensions) came out negative.

    Notes
    -----
    A row's influence grows with A, the sum of d / n², while it is at risk, and falls by 1 / n at
    its event (Lawless and Nadeau 1995). So a cluster's is R A + B with R and B step functions,
    and the sum of squares moves by the steps of R², R B and B² alone.
    """
    A = counts.n_event / counts.n_risk
    A /= counts.n_risk
    np.cumsum(A, out=A)
    found: list[tuple[float, FloatArray]] = []
    for sign, codes in signed_clusters(rows.clusters):
        if codes is None:
            raise AssertionError("a row belongs to its person at least")
        found.append((sign, _one_way(rows, counts, A, codes)))
    if len(found) == 1:
        variance = found[0][1]
        return np.maximum(variance, 0.0, out=variance)
    total = np.sum([sign * part for sign, part in found], axis=0)
    return variance_or_nan(total, np.sum([part for _, part in found], axis=0))


def _one_way(rows: EventRows, counts: MeanCounts, A: FloatArray, codes: IntArray) -> FloatArray:
    """Sum the squares over one way of clustering."""
    m = len(A)
    RR, RB, BB = np.zeros(m + 1), np.zeros(m + 1), np.zeros(m)
    for some in _portions(codes):
        cluster, position, step = _steps(rows, counts, A, some, codes)
        changes = order_changes(cluster, position, step, m)
        R, B = running_sums(changes.step, changes.first)
        R0, B0 = R - changes.step[0], B - changes.step[1]
        np.add.at(RR, changes.position, R * R - R0 * R0)
        np.add.at(RB, changes.position, R * B - R0 * B0)
        np.add.at(BB, changes.position, B * B - B0 * B0)
    for steps in (RR, RB):
        # What is still to come: from the end, where nobody is at risk and A is largest.
        np.cumsum(steps[::-1], out=steps[::-1])
    np.cumsum(BB, out=BB)
    tops = [0.0, 0.0]
    for a in range(0, m, _TIMES):
        at, later = slice(a, a + _TIMES), slice(a + 1, a + _TIMES + 1)
        square, rr = A[at] ** 2, -RR[later]
        found = square * rr - 2 * A[at] * RB[later] + BB[at]
        most = [
            np.maximum(np.maximum.accumulate(sums), top)
            for sums, top in zip((rr, BB[at]), tops, strict=True)
        ]
        tops = [float(largest[-1]) for largest in most]
        BB[at] = np.where(np.abs(found) > _ROUNDING * (square * most[0] + most[1]), found, 0.0)
    return BB


def _portions(codes: IntArray) -> Iterator[IntArray | slice]:
    """Give rows in portions that no cluster crosses."""
    order = None
    if (codes[1:] < codes[:-1]).any():
        order = np.argsort(codes, kind="stable").astype(np.int32 if len(codes) < 2**31 else int)
        codes = codes[order]
    ends = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    inner = np.searchsorted(ends, np.arange(_ROWS, len(codes), _ROWS))
    edges = [0, *np.unique(ends[inner[inner < len(ends)]]).tolist(), len(codes)]
    del ends
    for a, b in pairwise(edges):
        yield slice(a, b) if order is None else order[a:b]


def _steps(
    rows: EventRows, counts: MeanCounts, A: FloatArray, some: IntArray | slice, codes: IntArray
) -> tuple[IntArray, IntArray, FloatArray]:
    """Give the steps of R and B at the entry and exit of some rows."""
    leave = _places(counts.time, rows.time[some], "left")
    w = np.ones(len(leave)) if rows.weights is None else rows.weights[some]
    enter = np.zeros(len(leave), dtype=np.int64)
    if rows.entry is not None:
        enter = _places(counts.time, rows.entry[some], "right")
    begun = np.where(enter > 0, A[np.maximum(enter - 1, 0)], 0.0)
    ended = A[leave] - rows.event[some] / counts.n_risk[leave]
    step = np.array([[w, -w], [-w * begun, w * ended]]).reshape(2, -1)
    return np.tile(codes[some], 2), np.concatenate([enter, leave]), step
