"""Where rows stand among the distinct times of their strata: arrays in, arrays out."""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.tied_times import same_times

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CELLS_PER_ROW = 4
"""Whole-number times are counted in cells, not sorted, up to this many cells a row."""

_CELLS_AT_LEAST = 1024
"""and up to this many in any case."""

_LOOKED_AT = 64
"""Times looked at before whole numbers are counted."""


class Rows(NamedTuple):
    """Rows among the distinct times of their strata.

    Attributes
    ----------
    order : ndarray of shape (n,), int, or None
        Rows by stratum and time; None if they were counted where they stand.
    position : ndarray of shape (n,), int
        Index of each row's time, taken in `order`.
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.
    time : ndarray of shape (m,)
        Distinct times, by stratum.
    """

    order: IntArray | None
    position: IntArray
    start: IntArray
    time: FloatArray


class RowPlaces:
    """Where the rows stand among the distinct times, found when it is asked for.

    Parameters
    ----------
    time, stratum, n_stratum
        As in `risk_sets`.
    tied : bool
        Whether times that differ by rounding only are equal already.
    """

    def __init__(
        self, time: FloatArray, stratum: IntArray | None, n_stratum: int, tied: bool = True
    ) -> None:
        self._given, self._tied = (time, stratum, n_stratum), tied

    @cached_property
    def found(self) -> "Rows":
        """The rows sorted, or counted where they stand."""
        time, stratum, n_stratum = self._given
        if not self._tied:
            time = same_times(time, None)[0]
        return _by_counting(time, stratum, n_stratum) or _by_sorting(time, stratum, n_stratum)


def _by_counting(time: FloatArray, stratum: IntArray | None, n_stratum: int) -> Rows | None:
    """Find the distinct times of small whole numbers without a sort; None for other times."""
    width = int(time.max()) + 1
    few = width * n_stratum <= _CELLS_PER_ROW * len(time) + _CELLS_AT_LEAST
    if not (few and starts_whole(time)):
        return None
    cell = time.astype(np.int64)
    if not np.array_equal(cell, time):
        return None
    if stratum is not None:
        cell += stratum * width
    taken = np.bincount(cell, minlength=width * n_stratum) > 0
    start = np.concatenate([[0], np.cumsum(taken.reshape(n_stratum, width).sum(axis=1))])
    times = (np.flatnonzero(taken) % width).astype(np.float64)
    return Rows(None, (np.cumsum(taken) - 1)[cell], start, times)


def starts_whole(time: FloatArray) -> bool:
    """Tell whether the first times are whole numbers; if not, not all are.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times.

    Returns
    -------
    bool
        False for times that are surely not all whole.
    """
    return bool((time[:_LOOKED_AT] % 1.0 == 0.0).all())


def _by_sorting(time: FloatArray, stratum: IntArray | None, n_stratum: int) -> Rows:
    order = np.argsort(time)
    codes = None
    if stratum is not None:
        # Few strata fit in 8 or 16 bits, where numpy's stable sort is a radix sort.
        small = np.min_scalar_type(n_stratum)
        codes = stratum.astype(small)[order]
        by_stratum = np.argsort(codes, kind="stable")
        order, codes = order[by_stratum], codes[by_stratum]
    times = time[order]  # let go before anything else of its length is made
    first = np.empty(len(times), dtype=np.bool_)
    first[0] = True
    np.not_equal(times[1:], times[:-1], out=first[1:])
    if codes is not None:
        first[1:] |= codes[1:] != codes[:-1]
    times = times[first]
    position = np.cumsum(first, dtype=np.int64)
    position -= 1
    if codes is None:
        start = np.array([0, position[-1] + 1])
    else:
        start = np.searchsorted(codes[first].astype(np.int64), np.arange(n_stratum + 1))
    return Rows(order, position, start, times)
