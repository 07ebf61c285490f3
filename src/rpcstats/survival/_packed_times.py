"""Times sorted together with a small code, in one sort of whole numbers: arrays in, arrays out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._row_places import starts_whole

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_PACKED_FROM = 2_000
"""Fewer rows are sorted by their places, which costs nothing there."""


@dataclass(frozen=True, slots=True, eq=False)
class PackedTimes:
    """Rows by stratum, time and code, without their places in the data.

    Attributes
    ----------
    time : ndarray of shape (m,)
        Distinct times, by stratum.
    begin : ndarray of shape (m + 1,), int
        Where the rows of each begin.
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.
    code : ndarray of shape (n,), int
        Code of each row.
    """

    time: FloatArray
    begin: IntArray
    start: IntArray
    code: NDArray[Any]

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
        if len(self.time) == len(marked):
            return marked.astype(np.float64)
        return np.add.reduceat(marked, self.begin[:-1], dtype=np.float64)

    def at_risk(self) -> FloatArray:
        """Count the rows of each stratum that leave at each of its times or later."""
        ends = self.begin[self.start[1:]].astype(np.float64)
        left: FloatArray = np.repeat(ends, np.diff(self.start))
        left -= self.begin[:-1]
        return left

    def leaving(self) -> FloatArray:
        """Count the rows that leave at each distinct time."""
        return np.diff(self.begin).astype(np.float64)


def packed_rows(
    time: FloatArray,
    code: NDArray[Any],
    n_code: int,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
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
    stratum, n_stratum
        As in `packed_times`.

    Returns
    -------
    PackedTimes or None
        None at small whole numbers, few rows, or times whose range leaves no bits for codes.
    """
    if len(time) < _PACKED_FROM or starts_whole(time):
        return None
    return packed_times(time, code, n_code, stratum=stratum, n_stratum=n_stratum)


def packed_times(
    time: FloatArray,
    code: NDArray[Any],
    n_code: int,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
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

    Returns
    -------
    PackedTimes or None
        None if the range of the times leaves too few bits.

    Notes
    -----
    The bits of a positive number, read as a whole number, are in the order of the numbers. What
    is left above their range takes the stratum, and a shift makes room for the code below.
    """
    key = (time + 0.0).view(np.uint64)  # which turns -0 to 0, whose bits sort first
    base = _below(key)
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
    begin = np.append(np.flatnonzero(first), len(key))
    if len(begin) <= len(key):
        key = key[first]
    start = np.array([0, len(key)])
    if n_stratum > 1:
        bounds = np.arange(n_stratum, dtype=np.uint64) << np.uint64(width)
        start = np.append(np.searchsorted(key, bounds), len(key))
        key &= np.uint64((1 << width) - 1)
    return PackedTimes(_as_times(key, base), begin, start.astype(np.int64), codes)


def _below(key: NDArray[np.uint64]) -> np.uint64:
    """Give the number just below the least that is not 0."""
    least = key.min()
    if least == 0:
        positive = key[key > 0]
        least = positive.min() if len(positive) else np.uint64(1)
    return np.uint64(least - np.uint64(1))


def _as_times(key: NDArray[np.uint64], base: np.uint64) -> FloatArray:
    is_zero = key == 0
    key += base
    time = key.view(np.float64)
    time[is_zero] = 0.0
    return time
