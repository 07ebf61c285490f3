"""Counts at risk, one kernel under every estimator: arrays in, arrays out.

A row is at risk at t if entry < t <= time. Rows are put in order once, by stratum and time.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_CELLS_PER_ROW = 4
"""Whole-number times are counted in cells, not sorted, up to this many cells a row."""

_CELLS_AT_LEAST = 1024
"""and up to this many in any case."""

_SAME_WEIGHT = 1e-12
"""Weighted sums of the same rows in another order differ by less than this, relatively."""


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Distinct times of each stratum with the weight at risk, failing and leaving.

    Attributes
    ----------
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.
    time, n_risk, n_event, n_censor : ndarray of shape (m,)
        By stratum, then time. Counts, or sums of weights.
    order : ndarray of shape (n,), int, or None
        Rows by stratum and time; None if they were counted where they stand.
    position : ndarray of shape (n,), int
        Index into `time` of each row, taken in `order`.
    entry_position : ndarray of shape (n,), int, or None
        Index of the first time after entry, taken in `order`; None without late entry.
    """

    start: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    order: IntArray | None
    position: IntArray
    entry_position: IntArray | None

    def arranged(self, values: NDArray[Any]) -> NDArray[Any]:
        """Take values of the rows in `order`."""
        return values if self.order is None else values[self.order]

    @property
    def stratum(self) -> IntArray:
        """Stratum of each distinct time."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


def risk_sets(
    time: FloatArray,
    event: BoolArray,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    entry: FloatArray | None = None,
    weights: FloatArray | None = None,
) -> RiskSets:
    """Count who is at risk, fails and leaves at each distinct time of each stratum.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit, 0 or more.
    event : ndarray of shape (n,), bool
        Whether the exit was the event.
    stratum : ndarray of shape (n,), int, optional
        Codes 0 to n_stratum - 1, each with rows; one stratum if not given.
    n_stratum : int
        Number of strata.
    entry : ndarray of shape (n,), optional
        Times of entry, each before its exit.
    weights : ndarray of shape (n,), optional
        Case weights above 0.

    Returns
    -------
    RiskSets
        The counts and where each row stands in them.
    """
    rows = _by_counting(time, stratum, n_stratum) or _by_sorting(time, stratum, n_stratum)

    def arranged(values: NDArray[Any]) -> NDArray[Any]:
        return values if rows.order is None else values[rows.order]

    w = None if weights is None else arranged(weights)
    failed = arranged(event) if w is None else arranged(event) * w
    size = len(rows.time)
    total = np.bincount(rows.position, weights=w, minlength=size).astype(np.float64)
    n_event = np.bincount(rows.position, weights=failed, minlength=size).astype(np.float64)
    n_risk = still_in(total, rows.start)
    entered = None
    if entry is not None:
        codes = None if stratum is None else arranged(stratum)
        entered = _first_after(arranged(entry), codes, rows)
        n_risk -= yet_to_enter(np.bincount(entered, weights=w, minlength=size), rows.start)
    if weights is not None:
        # A risk set that fails as a whole must leave nobody, whatever the rounding.
        n_risk = np.where(np.abs(n_risk - n_event) <= _SAME_WEIGHT * n_event, n_event, n_risk)
        total = np.where(np.abs(total - n_event) <= _SAME_WEIGHT * n_event, n_event, total)
    return RiskSets(
        start=rows.start,
        time=rows.time,
        n_risk=n_risk,
        n_event=n_event,
        n_censor=total - n_event,
        order=rows.order,
        position=rows.position,
        entry_position=entered,
    )


def still_in(leaving: NDArray[Any], start: IntArray) -> FloatArray:
    """Sum what leaves at each time or later, stratum by stratum.

    Parameters
    ----------
    leaving : ndarray of shape (..., m)
        Count or weight that leaves at each time.
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.

    Returns
    -------
    ndarray of shape (..., m)
        Those still in just before each time.
    """
    remaining = np.empty(leaving.shape, dtype=np.float64)
    for a, b in pairwise(start):
        # From the far end, so that the last risk set is exact.
        remaining[..., a:b] = np.cumsum(leaving[..., a:b][..., ::-1], axis=-1)[..., ::-1]
    return remaining


def yet_to_enter(entering: NDArray[Any], start: IntArray) -> FloatArray:
    """Sum what enters only after each time, stratum by stratum.

    Parameters
    ----------
    entering : ndarray of shape (..., m)
        Count or weight first at risk at each time.
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.

    Returns
    -------
    ndarray of shape (..., m)
        Those not yet in at each time.
    """
    after: FloatArray = still_in(entering, start) - entering
    return after


class _Rows(NamedTuple):
    order: IntArray | None
    position: IntArray
    start: IntArray
    time: FloatArray


def _by_counting(time: FloatArray, stratum: IntArray | None, n_stratum: int) -> _Rows | None:
    """Find the distinct times of small whole numbers without a sort; None for other times."""
    width = int(time.max()) + 1
    if width * n_stratum > _CELLS_PER_ROW * len(time) + _CELLS_AT_LEAST:
        return None
    cell = time.astype(np.int64)
    if not np.array_equal(cell, time):
        return None
    if stratum is not None:
        cell += stratum * width
    taken = np.bincount(cell, minlength=width * n_stratum) > 0
    start = np.concatenate([[0], np.cumsum(taken.reshape(n_stratum, width).sum(axis=1))])
    times = (np.flatnonzero(taken) % width).astype(np.float64)
    return _Rows(None, (np.cumsum(taken) - 1)[cell], start, times)


def _by_sorting(time: FloatArray, stratum: IntArray | None, n_stratum: int) -> _Rows:
    order = np.argsort(time)
    codes = None
    if stratum is not None:
        # Few strata fit in 8 or 16 bits, where numpy's stable sort is a radix sort.
        small = np.min_scalar_type(n_stratum)
        codes = stratum.astype(small)[order]
        by_stratum = np.argsort(codes, kind="stable")
        order, codes = order[by_stratum], codes[by_stratum]
    times = time[order]
    first = np.empty(len(times), dtype=np.bool_)
    first[0] = True
    np.not_equal(times[1:], times[:-1], out=first[1:])
    if codes is not None:
        first[1:] |= codes[1:] != codes[:-1]
    position = np.cumsum(first) - 1
    if codes is None:
        start = np.array([0, position[-1] + 1])
    else:
        start = np.searchsorted(codes[first].astype(np.int64), np.arange(n_stratum + 1))
    return _Rows(order, position, start, times[first])


def _first_after(entry: FloatArray, codes: IntArray | None, rows: _Rows) -> IntArray:
    """Find, in each row's own stratum, the first distinct time after its entry."""
    if codes is None:
        return np.searchsorted(rows.time, entry, side="right")
    pooled = np.unique(rows.time)
    width = len(pooled) + 1
    stratum = np.repeat(np.arange(len(rows.start) - 1), np.diff(rows.start))
    key = stratum * width + np.searchsorted(pooled, rows.time)
    wanted = codes.astype(np.int64) * width + np.searchsorted(pooled, entry, side="right")
    return np.searchsorted(key, wanted)
