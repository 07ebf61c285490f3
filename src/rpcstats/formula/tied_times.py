"""Times that are equal but for rounding are made equal."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

TOLERANCE: Final = float(np.sqrt(np.finfo(np.float64).eps))
"""The tolerance of R's survival package, about 1.5e-8."""

_LOOKED_AT: Final = 64
"""Values looked at before whole numbers are counted."""

_BLOCK: Final = 1 << 13
"""Times looked at together, which stay in the cache."""

_CELLS: Final = 1 << 20
"""Cells of the table of values that change, at most"""

_CELLS_AT_LEAST: Final = 1 << 10
"""and at least;"""

_CELLS_PER_TIME: Final = 128
"""between the two, so many for each of these values."""

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
    places = tied_places(y)
    if not len(places):
        return time, entry
    before, moved = y[places], y[places + 1]
    del y
    begins = np.append(True, before[1:] != moved[:-1])
    firsts = before[begins][np.cumsum(begins) - 1]
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


def tied_places(y: FloatArray) -> IntArray:
    """Find which sorted times are tied to one before them.

    Parameters
    ----------
    y : ndarray of shape (n,)
        All times in order, 0 or more; one at least.

    Returns
    -------
    ndarray of shape (k,), int
        Places of times whose next is larger, and tied to them by the rule of `same_times`.
    """
    places = _close_places(y, TOLERANCE * float(y[-1]))  # the mean is no larger than the last
    if not len(places):
        return places
    return places[y[places + 1] - y[places] <= TOLERANCE * _mean_of_distinct(y)]


def _close_places(y: FloatArray, limit: float) -> IntArray:
    """Give the places of sorted times after which a larger one comes within a limit."""
    found = []
    for a in range(0, len(y) - 1, _BLOCK):
        gap = np.diff(y[a : a + _BLOCK + 1])
        if gap.min() <= limit:
            near = np.flatnonzero((gap <= limit) & (gap > 0.0))
            near += a
            found.append(near)
    return np.concatenate(found) if found else np.empty(0, dtype=np.int64)


def _mean_of_distinct(y: FloatArray) -> float:
    """Give the mean of the distinct of sorted times."""
    total, n = float(y.sum()), len(y)
    for a in range(0, len(y) - 1, _BLOCK):
        later = y[a + 1 : a + _BLOCK + 1]
        repeats = np.flatnonzero(later == y[a : a + len(later)])
        if len(repeats):
            total -= float(later[repeats].sum())
            n -= len(repeats)
    return total / n


def _first_of_run(firsts: FloatArray, moved: FloatArray, values: FloatArray) -> FloatArray:
    """Put the first of each run in the place of the others, which `moved` lists in order.

    Few values are looked for among many: a table of coarse cells tells where there are none.
    """
    n_cell = min(max(_CELLS_PER_TIME * len(moved), _CELLS_AT_LEAST), _CELLS)
    per_cell = n_cell / max(float(moved[-1]), _LEAST)
    has_moved = np.zeros(n_cell + 2, dtype=np.bool_)
    has_moved[(moved * per_cell).astype(np.int64)] = True
    found = values.copy()
    for a in range(0, len(values), _BLOCK):
        block = values[a : a + _BLOCK]
        cell = np.minimum(block * per_cell, n_cell + 1).astype(np.intp)
        near = np.flatnonzero(has_moved[cell])
        place = np.searchsorted(moved, block[near])
        place[place == len(moved)] = 0
        is_moved = moved[place] == block[near]
        found[a + near[is_moved]] = firsts[place[is_moved]]
    found.setflags(write=False)
    return found
