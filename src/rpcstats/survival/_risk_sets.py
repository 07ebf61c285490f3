"""Counts at risk, one kernel under every estimator: arrays in, arrays out.

A row is at risk at t if entry < t <= time. Rows are put in order once, by stratum and time.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._counted_times import CountedTimes, counted_times
from rpcstats.survival._packed_times import PackedTimes, packed_rows
from rpcstats.survival._row_places import RowPlaces, Rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_SAME_WEIGHT = 1e-12
"""Weighted sums of the same rows in another order differ by less than this, relatively."""

_CANCELLED = 1e-14
"""And by less than this share of a sum that was taken off another."""


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Distinct times of each stratum with the weight at risk, failing and leaving.

    Attributes
    ----------
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.
    time, n_risk, n_event, n_censor : ndarray of shape (m,)
        By stratum, then time. Counts, or sums of weights.
    places : RowPlaces
        Where the rows stand.
    entry_position : ndarray of shape (n,), int, or None
        Index of the first time after entry, taken in `order`; None without late entry.
    """

    start: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    places: RowPlaces
    entry_position: IntArray | None

    @property
    def order(self) -> IntArray | None:
        """Rows by stratum and time; None if they were counted where they stand."""
        return self.places.found.order

    @property
    def position(self) -> IntArray:
        """Index into `time` of each row, taken in `order`."""
        return self.places.found.position

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
    places: RowPlaces | None = None,
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
    places : RowPlaces, optional
        Where the rows stand, of the same times and strata, if somebody else needs it too.

    Returns
    -------
    RiskSets
        The counts and where each row stands in them.
    """
    places = RowPlaces(time, stratum, n_stratum) if places is None else places
    rows = places.found

    def arranged(values: NDArray[Any]) -> NDArray[Any]:
        return values if rows.order is None else values[rows.order]

    w = None if weights is None else arranged(weights)
    failed = arranged(event) if w is None else arranged(event) * w
    size = len(rows.time)
    total = np.bincount(rows.position, weights=w, minlength=size).astype(np.float64)
    n_event = np.bincount(rows.position, weights=failed, minlength=size).astype(np.float64)
    n_risk = remaining = still_in(total, rows.start)
    entered = None
    if entry is not None:
        codes = None if stratum is None else arranged(stratum)
        entered = first_after(arranged(entry), codes, rows)
        n_risk = remaining - yet_to_enter(np.bincount(entered, w, size), rows.start)
    if weights is not None:
        # A risk set that fails as a whole must leave nobody, whatever the rounding.
        n_risk, total = same_weight(n_risk, n_event, remaining), same_weight(total, n_event)
    return RiskSets(
        start=rows.start,
        time=rows.time,
        n_risk=n_risk,
        n_event=n_event,
        n_censor=total - n_event,
        places=places,
        entry_position=entered,
    )


def risk_counts(
    time: FloatArray,
    code: NDArray[Any],
    is_event: BoolArray,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    tied: bool = True,
) -> tuple[RiskSets, PackedTimes | CountedTimes] | None:
    """Count rows at each distinct time, and put them in order only if that is asked for.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit, 0 or more.
    code : ndarray of shape (n,), int or bool
        What each row ended with, 0 to k - 1.
    is_event : ndarray of shape (k,), bool
        Whether each code is an event.
    stratum, n_stratum
        As in `risk_sets`.
    tied : bool
        Whether times that differ by rounding only are equal already; else they are made so.

    Returns
    -------
    tuple or None
        The counts, and the codes by time; None where `risk_sets` is as fast: at few rows, times
        whose range leaves no bits for the codes, or several strata that are not tied.
    """
    n_code = len(is_event)
    found: PackedTimes | CountedTimes | None = counted_times(
        time, code, n_code, stratum=stratum, n_stratum=n_stratum
    )
    if found is None:
        found = packed_rows(time, code, n_code, stratum=stratum, n_stratum=n_stratum, tied=tied)
    if found is None:
        return None
    n_event, n_censor = found.of_codes(is_event), found.leaving()
    n_censor -= n_event
    places = RowPlaces(time, stratum, n_stratum, tied)
    counts = RiskSets(found.start, found.time, found.at_risk(), n_event, n_censor, places, None)
    return counts, found


def same_weight(
    total: FloatArray, n_event: FloatArray, largest: FloatArray | float = 0.0
) -> FloatArray:
    """Make sums of weights equal that are of the same rows but for rounding.

    Parameters
    ----------
    total : ndarray of shape (m,)
        Weight at risk, or leaving.
    n_event : ndarray of shape (m,)
        Weight of those of them that fail.
    largest : ndarray of shape (m,) or float
        What `total` is a difference from, if it is one.

    Returns
    -------
    ndarray of shape (m,)
        `n_event` where the two differ by rounding.
    """
    rounding = np.where(n_event > 0, _SAME_WEIGHT * n_event + _CANCELLED * largest, 0.0)
    return np.where(np.abs(total - n_event) <= rounding, n_event, total)


def still_in(
    leaving: NDArray[Any], start: IntArray, *, out: FloatArray | None = None
) -> FloatArray:
    """Sum what leaves at each time or later, stratum by stratum.

    Parameters
    ----------
    leaving : ndarray of shape (..., m)
        Count or weight that leaves at each time.
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.
    out : ndarray of shape (..., m), optional
        Where to put them, `leaving` itself if that is not needed any more.

    Returns
    -------
    ndarray of shape (..., m)
        Those still in just before each time.
    """
    remaining = np.empty(leaving.shape, dtype=np.float64) if out is None else out
    for a, b in pairwise(start):
        # From the far end, so that the last risk set is exact.
        backwards = remaining[..., a:b][..., ::-1]
        np.cumsum(leaving[..., a:b][..., ::-1], axis=-1, out=backwards)
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


def first_after(entry: FloatArray, codes: IntArray | None, rows: Rows) -> IntArray:
    """Find, in each row's own stratum, the first distinct time after its entry.

    Parameters
    ----------
    entry : ndarray of shape (n,)
        Times of entry, in the order of `rows`.
    codes : ndarray of shape (n,), int, or None
        Strata, in the same order; None if there is one.
    rows : Rows
        The distinct times.

    Returns
    -------
    ndarray of shape (n,), int
        Indices into the distinct times.
    """
    if codes is None:
        return np.searchsorted(rows.time, entry, side="right")
    pooled = np.unique(rows.time)
    width = len(pooled) + 1
    stratum = np.repeat(np.arange(len(rows.start) - 1), np.diff(rows.start))
    key = stratum * width + np.searchsorted(pooled, rows.time)
    wanted = codes.astype(np.int64) * width + np.searchsorted(pooled, entry, side="right")
    return np.searchsorted(key, wanted)
