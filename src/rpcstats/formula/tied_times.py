"""Times that are equal but for rounding are made equal."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError

FloatArray = NDArray[np.float64]

TOLERANCE: Final = float(np.sqrt(np.finfo(np.float64).eps))
"""The tolerance of R's survival package, about 1.5e-8."""

_LOOKED_AT: Final = 64
"""Values looked at before whole numbers are counted."""

_CELLS: Final = 1 << 20
"""Cells of the table of values that change."""

_LEAST: Final = 1e-200
"""Below this the cells are not made narrower, for their number by unit would overflow."""


def same_times(time: FloatArray, entry: FloatArray | None) -> tuple[FloatArray, FloatArray | None]:
    """Make times equal that differ by rounding only.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit, 0 or more.
    entry : ndarray of shape (n,) or None
        Times of entry, each before its exit.

    Returns
    -------
    time : ndarray of shape (n,)
        Times of exit; the array given if nothing had to be changed.
    entry : ndarray of shape (n,) or None
        Times of entry.

    Raises
    ------
    DataError
        If an entry differs from its exit by rounding only.

    Notes
    -----
    The rule is that of R's survival package (`timefix`). All distinct times, entries and exits
    together, are put in order. A time is tied to the one before it if the gap between them is
    at most √ε times the mean of the distinct times (ε the spacing of floating-point numbers
    at 1). A run of tied times becomes the first of them. So 0.1 + 0.2 and 0.3 are one time, and
    seconds since 1970 that differ by less than about 20 are one time too: count from a later
    origin. R ties gaps of up to √ε units as well, which matters where the mean is below 1; here
    the unit of time makes no difference.
    """
    columns = [time] if entry is None else [time, entry]
    if _are_small_wholes(columns):
        return time, entry
    y = np.concatenate(columns)
    y.sort()
    gap = np.diff(y)
    is_new = gap > 0.0
    if not np.any(is_new & (gap <= TOLERANCE * float(y[-1]))):
        return time, entry
    if not is_new.all():
        y, gap = np.append(y[:1], y[1:][is_new]), gap[is_new]
    is_tied = gap <= TOLERANCE * float(y.mean())
    if not is_tied.any():
        return time, entry
    firsts, moved = y[np.append(True, ~is_tied)], y[1:][is_tied]
    del y, gap
    time = _first_of_run(firsts, moved, time)
    if entry is None:
        return time, None
    entry = _first_of_run(firsts, moved, entry)
    n = int((entry >= time).sum())
    if n:
        raise DataError(
            f"Entry and exit are the same but for rounding in {n} row{'s' * (n > 1)}: leave out"
            " those never at risk, or count time from a later origin."
        )
    return time, entry


def _are_small_wholes(columns: list[FloatArray]) -> bool:
    """Tell whole numbers too small to be within the tolerance of each other; a short cut."""
    if not all((values[:_LOOKED_AT] % 1.0 == 0.0).all() for values in columns):
        return False
    return all(
        float(values.max(initial=0.0)) * TOLERANCE < 1.0 and bool((values == np.rint(values)).all())
        for values in columns
    )


def _first_of_run(firsts: FloatArray, moved: FloatArray, values: FloatArray) -> FloatArray:
    """Put the first of each run in the place of the others, which `moved` lists.

    Few values are looked for among many: a table of coarse cells tells where there are none.
    """
    per_cell = _CELLS / max(float(moved[-1]), _LEAST)
    has_moved = np.zeros(_CELLS + 2, dtype=np.bool_)
    has_moved[(moved * per_cell).astype(np.int64)] = True
    cell = np.minimum(values * per_cell, _CELLS + 1).astype(np.int32)
    near = np.flatnonzero(has_moved[cell])
    found = values.copy()
    found[near] = firsts[np.searchsorted(firsts, values[near], side="right") - 1]
    found.setflags(write=False)
    return found
