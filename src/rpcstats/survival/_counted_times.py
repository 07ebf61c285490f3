"""Small whole times counted in a table with a small code: arrays in, arrays out."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.tied_times import TOLERANCE
from rpcstats.survival._row_places import starts_whole

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_CELLS_PER_ROW: Final = 4
"""Rows are counted in a table of up to this many cells a row,"""

_CELLS_AT_LEAST: Final = 1024
"""and up to this many in any case."""


@dataclass(frozen=True, slots=True, eq=False)
class CountedTimes:
    """Rows by stratum, time and code, counted.

    Attributes
    ----------
    time : ndarray of shape (m,)
        Distinct times, by stratum.
    start : ndarray of shape (s + 1,), int
        Where each stratum's times begin.
    table : ndarray of shape (m, k), int
        Rows of each code at each time.
    """

    time: FloatArray
    start: IntArray
    table: IntArray

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
        found: FloatArray = np.matmul(self.table, which, dtype=np.float64)
        return found

    def leaving(self) -> FloatArray:
        """Count the rows that leave at each distinct time."""
        return self.of_codes(np.ones(self.table.shape[1], dtype=np.bool_))

    def at_risk(self) -> FloatArray:
        """Count the rows of each stratum that leave at each of its times or later."""
        gone = self.leaving()
        before: FloatArray = np.cumsum(gone) - gone
        ends = np.append(before, before[-1] + gone[-1])[self.start[1:]]
        left: FloatArray = np.repeat(ends, np.diff(self.start)) - before
        return left


def counted_times(
    time: FloatArray,
    code: NDArray[Any],
    n_code: int,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
) -> CountedTimes | None:
    """Count rows by stratum, time and code, where times are small whole numbers.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times, 0 or more; one at least.
    code : ndarray of shape (n,), int or bool
        Codes 0 to n_code - 1.
    n_code : int
        Number of codes.
    stratum : ndarray of shape (n,), int, optional
        Strata 0 to n_stratum - 1, each with rows; one if not given.
    n_stratum : int
        Number of strata.

    Returns
    -------
    CountedTimes or None
        None for other times, or so few rows that the table would be larger than they are.
    """
    if not starts_whole(time):
        return None
    largest = float(time.max())
    n_cell = (largest + 1) * n_stratum * n_code
    if n_cell > _CELLS_PER_ROW * len(time) + _CELLS_AT_LEAST or largest * TOLERANCE >= 1:
        return None
    width = int(largest) + 1
    kind = np.min_scalar_type(width * n_stratum * n_code)
    cell = time.astype(kind)
    if not np.array_equal(cell, time):
        return None
    if stratum is not None and n_stratum > 1:
        cell += stratum.astype(kind) * kind.type(width)
    cell *= kind.type(n_code)
    cell += code.astype(kind)
    table = np.bincount(cell, minlength=width * n_stratum * n_code).reshape(-1, n_code)
    is_there = table.any(axis=1)
    places = np.flatnonzero(is_there)
    start = np.searchsorted(places, np.arange(n_stratum + 1) * width)
    return CountedTimes((places % width).astype(np.float64), start, table[places])
