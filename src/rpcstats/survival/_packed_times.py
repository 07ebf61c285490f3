"""Times sorted together with a small code, in one sort of whole numbers: arrays in, arrays out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.tied_times import tied_places
from rpcstats.survival._row_places import starts_whole

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_PACKED_FROM = 2_000
"""Fewer rows are sorted by their places, which costs nothing there."""

_MANY_TIED = 8
"""Where more than one row in so many is tied to another, rows are summed time by time."""


@dataclass(frozen=True, slots=True, eq=False)
class PackedTimes:
    """Rows by stratum, time and code, without their places in the data.

    Attributes
    ----------
    time : ndarray of shape (m,)
        Distinct times, by stratum.
    is_first : ndarray of shape (n,), bool
        Whether each row is the first of its time.
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.
    code : ndarray of shape (n,), int
        Code of each row.
    """

    time: FloatArray
    is_first: BoolArray
    start: IntArray
    code: NDArray[Any]

    @property
    def begin(self) -> IntArray:
        """Where the rows of each time begin, of shape (m,)."""
        if len(self.time) == len(self.code):
            return np.arange(len(self.code))
        return np.flatnonzero(self.is_first)

    def counted(self, marked: BoolArray) -> FloatArray:
        """Count rows at each distinct time.

        Parameters
        ----------
        marked : ndarray of shape (n,), bool
            Which rows, in the order of `code`.

        Returns
        -------
        ndarray of shape (m,)
            Counts.
        """
        if len(marked) - len(self.time) > len(marked) // _MANY_TIED:
            return np.add.reduceat(marked, self.begin, dtype=np.float64)
        return self._first_and_later(marked, np.float64)

    def counted_in_bits(self, marked: BoolArray) -> NDArray[Any]:
        """Count rows at each distinct time, in a type of few bits.

        Parameters
        ----------
        marked : ndarray of shape (n,), bool
            Which rows, in the order of `code`.

        Returns
        -------
        ndarray of shape (m,), int
            Counts.
        """
        if len(marked) - len(self.time) > len(marked) // _MANY_TIED:
            found = np.add.reduceat(marked, self.begin, dtype=np.int64)
            return found.astype(np.min_scalar_type(int(found.max())))
        later = np.flatnonzero(~self.is_first)
        ends = np.append(np.flatnonzero(np.diff(later) > 1), len(later) - 1)
        longest = int(np.diff(ends, prepend=-1).max()) + 1
        return self._first_and_later(marked, np.min_scalar_type(longest))

    def _first_and_later(self, marked: BoolArray, kind: Any) -> NDArray[Any]:
        """Count rows where few are not the first of their time."""
        if len(marked) == len(self.time):
            return marked.astype(kind)
        total = marked[self.is_first].astype(kind)
        later = np.flatnonzero(~self.is_first)
        np.add.at(total, later - np.arange(1, len(later) + 1), marked[later].astype(kind))
        return total

    def of_codes(self, which: BoolArray) -> FloatArray:
        """Count the rows with some codes at each distinct time.

        Parameters
        ----------
        which : ndarray of shape (k,), bool
            Those codes.

        Returns
        -------
        ndarray of shape (m,)
            Counts.
        """
        chosen = np.flatnonzero(which)
        if len(chosen) == 1:
            return self.counted(self.code == chosen[0])
        if chosen[-1] - chosen[0] == len(chosen) - 1 and chosen[-1] == len(which) - 1:
            return self.counted(self.code >= chosen[0])
        return self.counted(np.take(which, self.code))

    def at_risk(self) -> FloatArray:
        """Count the rows of each stratum that leave at each of its times or later."""
        n = len(self.code)
        if len(self.time) == n and len(self.start) == 2:
            return np.arange(float(n), 0.0, -1.0)
        begin = self.begin
        ends = np.append(begin, len(self.code))[self.start[1:]].astype(np.float64)
        left: FloatArray = np.repeat(ends, np.diff(self.start))
        left -= begin
        return left

    def leaving(self) -> FloatArray:
        """Count the rows that leave at each distinct time."""
        if len(self.time) == len(self.code):
            return np.ones(len(self.code))
        begin = self.begin
        gone = np.empty(len(begin))
        gone[-1] = len(self.code) - begin[-1]
        np.subtract(begin[1:], begin[:-1], out=gone[:-1])
        return gone


def packed_rows(
    time: FloatArray,
    code: NDArray[Any],
    n_code: int,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    tied: bool = True,
) -> PackedTimes | None:
    """Sort times together with a code, where that is faster than to place the rows.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit, 0 or more.
    code : ndarray of shape (n,), int or bool
        Codes 0 to n_code - 1.
    n_code : int
        Number of codes.
    stratum, n_stratum, tied
        As in `packed_times`.

    Returns
    -------
    PackedTimes or None
        None at small whole numbers, few rows, or times whose range leaves no bits for codes.
    """
    if len(time) < _PACKED_FROM or starts_whole(time):
        return None
    return packed_times(time, code, n_code, stratum=stratum, n_stratum=n_stratum, tied=tied)


def packed_times(
    time: FloatArray,
    code: NDArray[Any],
    n_code: int,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    tied: bool = True,
) -> PackedTimes | None:
    """Sort times with a code, where both fit in 64 bits.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times, 0 or more; one at least.
    code : ndarray of shape (n,), int or bool
        Codes 0 to n_code - 1.
    n_code : int
        Number of codes.
    stratum : ndarray of shape (n,), int, optional
        Strata 0 to n_stratum - 1; one if not given.
    n_stratum : int
        Number of strata.
    tied : bool
        Whether times that differ by rounding only are equal already; else they are made so.

    Returns
    -------
    PackedTimes or None
        None if the range of the times leaves too few bits, or several strata are not tied.

    Notes
    -----
    The bits of a positive number, read as a whole number, are in the order of the numbers. What
    is left above their range takes the stratum, and a shift makes room for the code below.
    """
    if n_stratum > 1 and not tied:
        return None  # times are tied across strata
    key = (time + 0.0).view(np.uint64)  # which turns -0 to 0, whose bits sort first
    base = _below(key)
    has_zero = bool(key.min() <= base)
    if has_zero:
        np.maximum(key, base, out=key)
    key -= base
    width, room = int(key.max()).bit_length(), (n_code - 1).bit_length()
    if width + room + (n_stratum - 1).bit_length() > 64:
        return None
    key <<= np.uint64(room)
    np.bitwise_or(key, code, out=key, dtype=np.uint64, casting="unsafe")
    above = np.uint64(width + room)
    if stratum is not None and n_stratum > 1:
        np.bitwise_or(key, stratum.astype(np.uint64) << above, out=key)
    key.sort()
    kind = np.min_scalar_type(n_code)
    codes = key.astype(kind)
    codes &= kind.type((1 << room) - 1)
    key >>= np.uint64(room)
    first = np.empty(len(key), dtype=np.bool_)
    first[0] = True
    np.not_equal(key[1:], key[:-1], out=first[1:])
    if n_stratum > 1:
        key = key[first]
        bounds = np.arange(n_stratum, dtype=np.uint64) << np.uint64(width)
        start = np.append(np.searchsorted(key, bounds), len(key)).astype(np.int64)
        key &= np.uint64((1 << width) - 1)
        return PackedTimes(_as_times(key, base, has_zero), first, start, codes)
    times = _as_times(key, base, has_zero)
    if not tied:
        first[tied_places(times) + 1] = False
    if not first.all():
        times = times[first]
    return PackedTimes(times, first, np.array([0, len(times)]), codes)


def _below(key: NDArray[np.uint64]) -> np.uint64:
    """Give the number just below the least that is not 0."""
    least = key.min()
    if least == 0:
        least = key.min(where=key > 0, initial=np.iinfo(np.uint64).max)
        least = np.uint64(1) if least == np.iinfo(np.uint64).max else least
    return np.uint64(least - np.uint64(1))


def _as_times(key: NDArray[np.uint64], base: np.uint64, has_zero: bool) -> FloatArray:
    is_zero = key == 0 if has_zero else None
    key += base
    time = key.view(np.float64)
    if is_zero is not None:
        time[is_zero] = 0.0
    return time
