"""Rows with equal covariates to units, and units and sessions to cells: arrays in, arrays out."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.survival.discrete._moving import Span

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]

_SAMPLE: Final = 2048
"""Rows that show whether there is anything to merge."""

_WORTH: Final = 0.5
"""Merging pays where fewer than this share of the rows are distinct."""

_PART: Final = 1_000_000

_CELLS_PER_ROW: Final = 4
"""Cells are counted without a sort up to so many possible ones a row."""


class Units(NamedTuple):
    """Which rows share their covariates.

    Attributes
    ----------
    code : ndarray of shape (n,), int
        Unit of each row.
    first : ndarray of shape (U,), int
        A row of each unit.
    """

    code: IntArray
    first: IntArray


class CellTable(NamedTuple):
    """Counts of units and sessions.

    Attributes
    ----------
    units : tuple of slice or ndarray of int
        Units at risk at each session.
    start : ndarray of shape (K + 1,), int
        Where the cells of each session begin.
    copies : ndarray of shape (C,) or None
        Rows of each cell; None if each has one.
    events : ndarray of shape (R, C), int
        Those that end with each cause, in the narrowest whole numbers.
    """

    units: tuple[Span, ...]
    start: IntArray
    copies: FloatArray | None
    events: NDArray[Any]


def find_units(columns: Sequence[pd.Series], n_row: int) -> Units:
    """Find rows with equal values.

    Parameters
    ----------
    columns : sequence of pandas.Series
        Columns without gaps; none if all rows are alike.
    n_row : int
        Number of rows.

    Returns
    -------
    Units
        Neighbours that agree are one unit; equal rows further apart too, where a sample shows
        that many are equal.
    """
    if not columns:
        return Units(np.zeros(n_row, dtype=np.int64), np.zeros(1, dtype=np.int64))
    differs = np.zeros(n_row, dtype=np.bool_)
    differs[0] = True
    for column in columns:
        values = _comparable(column)
        differs[1:] |= np.asarray(values[1:] != values[:-1])
    run = np.cumsum(differs) - 1
    first = np.flatnonzero(differs).astype(np.int64, copy=False)
    if not _has_copies(columns, first):
        return Units(run, first)
    merged = _merged([column.iloc[first] for column in columns])
    places = np.full(int(merged.max()) + 1, len(first), dtype=np.int64)
    np.minimum.at(places, merged, np.arange(len(first)))
    return Units(merged[run], first[places])


def order_units(units: Units, last: IntArray) -> Units:
    """Give the units new numbers by their last session, latest first.

    Parameters
    ----------
    units : Units
        Any numbering.
    last : ndarray of shape (U,), int
        Last session of each unit.

    Returns
    -------
    Units
        The same units.
    """
    order = np.argsort(-last, kind="stable")
    if np.array_equal(order, np.arange(len(order))):
        return units
    rank = np.empty(len(order), dtype=units.code.dtype)
    rank[order] = np.arange(len(order))
    return Units(rank[units.code], units.first[order])


def count_cells(
    unit: IntArray,
    session: IntArray,
    cause: IntArray,
    *,
    n_unit: int,
    n_session: int,
    n_cause: int,
) -> CellTable:
    """Count rows by unit and session.

    Parameters
    ----------
    unit, session, cause : ndarray of shape (n,), int
        Unit, session from 0, and cause (0 for none) of each row.
    n_unit, n_session, n_cause : int
        How many there are.

    Returns
    -------
    CellTable
        Cells that have rows, session by session.
    """
    if n_unit * n_session <= _CELLS_PER_ROW * len(unit) + _SAMPLE:
        return _by_counting(unit, session, cause, (n_session, n_unit), n_cause)
    key = session.astype(np.int64) * n_unit + unit
    present, place, found = np.unique(key, return_inverse=True, return_counts=True)
    n = found.astype(np.float64)
    events = np.empty((n_cause, len(present)), dtype=np.min_scalar_type(int(found.max())))
    for r in range(n_cause):
        rows = np.flatnonzero(cause == r + 1)
        events[r] = np.bincount(place.reshape(-1)[rows], minlength=len(present))
    start = np.searchsorted(present, np.arange(n_session + 1) * n_unit).astype(np.int64)
    spans = tuple(
        _span(present[a:b] - k * n_unit) for k, (a, b) in enumerate(pairwise(start.tolist()))
    )
    return CellTable(spans, start, None if n.max() == 1.0 else n, events)


def _by_counting(
    unit: IntArray, session: IntArray, cause: IntArray, shape: tuple[int, int], n_cause: int
) -> CellTable:
    """Count in a table of all units and sessions, some rows at a time."""
    counts = np.zeros(shape, dtype=np.int32)
    for first in range(0, len(unit), _PART):
        part = slice(first, first + _PART)
        np.add.at(counts, (session[part], unit[part]), 1)
    spans = tuple(_span(np.flatnonzero(row)) for row in counts)
    start = np.cumsum([0, *np.count_nonzero(counts, axis=1)]).astype(np.int64)
    most = int(counts.max(initial=0))
    copies = None
    if most > 1:
        pairs = zip(counts, spans, strict=True)
        copies = np.concatenate([row[one] for row, one in pairs]).astype(np.float64)
    events = np.empty((n_cause, int(start[-1])), dtype=np.min_scalar_type(most))
    for r in range(n_cause):
        counts[:] = 0
        rows = np.flatnonzero(cause == r + 1)
        np.add.at(counts, (session[rows], unit[rows]), 1)
        for k, one in enumerate(spans):
            events[r, start[k] : start[k + 1]] = counts[k, one]
    return CellTable(spans, start, copies, events)


def _comparable(column: pd.Series) -> Any:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy()
    if isinstance(column.dtype, np.dtype) and column.dtype != np.dtype(object):
        return column.to_numpy()
    return pd.factorize(column)[0]


def _has_copies(columns: Sequence[pd.Series], first: IntArray) -> bool:
    head = first[:_SAMPLE]
    sample = _merged([column.iloc[head] for column in columns])
    return int(sample.max()) + 1 < _WORTH * len(head) or len(first) <= _SAMPLE


def _merged(columns: Sequence[pd.Series]) -> IntArray:
    """Give each distinct combination of values a number, in order of appearance."""
    code = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        values, found = pd.factorize(column)
        code, _ = pd.factorize(code * len(found) + values)
    return code.astype(np.int64, copy=False)


def _span(members: IntArray) -> Span:
    n = len(members)
    if n and int(members[-1]) - int(members[0]) == n - 1:
        return slice(int(members[0]), int(members[-1]) + 1)
    return members
