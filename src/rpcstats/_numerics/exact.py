"""Exact tests of a table of counts."""

from collections import defaultdict

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rpcstats.errors import DataError

MAX_PATHS = 2_000_000
"""Partial tables held at once; beyond this an enumeration takes minutes and gigabytes."""

RELATIVE_TIE = 1e-7
"""Tables whose probability is within this of the observed one count as equally likely."""

_DIGITS = 11

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def freeman_halton(table: ArrayLike) -> float:
    """Give the exact p-value of independence in an r x c table (Freeman and Halton 1951).

    Parameters
    ----------
    table : array_like of shape (r, c)
        Counts.

    Returns
    -------
    float
        The probability, given both margins, of a table no more likely than the one seen.
        1.0 if a margin leaves only one table possible.

    Raises
    ------
    DataError
        If the table is not a 2-d array of whole numbers of 0 or more, is empty, or is too
        large to enumerate.

    Notes
    -----
    Columns are filled one at a time. Partial tables that leave the same row totals, in any
    order, have the same future, so they share a node; those of equal probability are merged.
    For a 2 x 2 table this is Fisher's exact test.
    """
    counts = _checked(table)
    observed = -float(special.gammaln(counts + 1.0).sum())
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    margins = special.gammaln(rows + 1.0).sum() + special.gammaln(columns + 1.0).sum()
    constant = float(margins - special.gammaln(counts.sum() + 1.0))
    values, paths = _all_tables(rows, columns)
    as_extreme = values <= observed + RELATIVE_TIE
    return float(min(1.0, np.sum(paths[as_extreme] * np.exp(values[as_extreme] + constant))))


def _checked(table: ArrayLike) -> IntArray:
    given = np.asarray(table, dtype=np.float64)
    if given.ndim != 2 or given.size == 0:
        raise DataError("An exact test needs a table of counts with rows and columns.")
    if not np.all(np.isfinite(given)) or np.any(given < 0) or np.any(given != np.floor(given)):
        raise DataError("An exact test needs whole counts of 0 or more in every cell.")
    counts: IntArray = given.astype(np.int64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if counts.size == 0:
        raise DataError("An exact test needs at least one observation in the table.")
    # Row totals are the state of the enumeration: the shorter side keeps it small.
    return counts if counts.shape[0] <= counts.shape[1] else counts.T


def _all_tables(rows: IntArray, columns: IntArray) -> tuple[FloatArray, FloatArray]:
    """Give log weight (less the constant of the margins) and number of every table."""
    nodes = {tuple(sorted(rows.tolist())): (np.zeros(1), np.ones(1))}
    for total in np.sort(columns)[::-1]:
        nodes = _fill_column(nodes, int(total))
    ends = list(nodes.values())
    return np.concatenate([v for v, _ in ends]), np.concatenate([n for _, n in ends])


_Nodes = dict[tuple[int, ...], tuple[FloatArray, FloatArray]]


def _fill_column(nodes: _Nodes, total: int) -> _Nodes:
    grown: dict[tuple[int, ...], list[tuple[FloatArray, FloatArray]]] = defaultdict(list)
    held = 0
    for remaining, (values, paths) in nodes.items():
        fillings = _fillings(np.array(remaining), total)
        weights = -special.gammaln(fillings + 1.0).sum(axis=1)
        held += len(weights) * len(values)
        if held > MAX_PATHS:
            raise _too_large()
        after = np.sort(np.array(remaining) - fillings, axis=1)
        for state, weight in zip(after.tolist(), weights, strict=True):
            grown[tuple(state)].append((values + weight, paths))
    return {state: _merged(parts) for state, parts in grown.items()}


def _merged(parts: list[tuple[FloatArray, FloatArray]]) -> tuple[FloatArray, FloatArray]:
    values = np.concatenate([value for value, _ in parts])
    paths = np.concatenate([path for _, path in parts])
    _, first, which = np.unique(np.round(values, _DIGITS), return_index=True, return_inverse=True)
    merged: FloatArray = np.bincount(which.ravel(), weights=paths).astype(np.float64)
    return values[first], merged


def _fillings(remaining: IntArray, total: int) -> IntArray:
    """List every way to place `total` counts in rows that still have room."""
    partial = np.zeros((1, 0), dtype=np.int64)
    left = np.array([total], dtype=np.int64)
    room = np.concatenate([np.cumsum(remaining[::-1])[::-1][1:], [0]])
    for row, room_after in zip(remaining, room, strict=True):
        low, high = np.maximum(left - room_after, 0), np.minimum(left, row)
        choices = high - low + 1
        if choices.sum() > MAX_PATHS:
            raise _too_large()
        parent = np.repeat(np.arange(len(left)), choices)
        start = np.repeat(np.cumsum(choices) - choices, choices)
        value = np.repeat(low, choices) + np.arange(len(parent)) - start
        partial = np.column_stack([partial[parent], value])
        left = left[parent] - value
    return partial


def _too_large() -> DataError:
    return DataError(
        "The table is too large to enumerate: merge rows or columns, or use a chi-square test."
    )
