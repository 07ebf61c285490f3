"""Grouping factors: numbered levels of a column, or of the combinations of several."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import FormulaError
from rpcstats.formula.column_kinds import refuse_lists

IntArray = NDArray[np.int64]

_MOST_CELLS = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """A grouping factor of a fit.

    Attributes
    ----------
    columns : tuple of str
        The columns whose combinations are the levels.
    parts : tuple of tuple of str
        Levels of each column, in order.
    cells : ndarray of shape (L,), int
        Number of each level among all combinations, the first column varying slowest.
    """

    columns: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...]
    cells: IntArray

    @property
    def name(self) -> str:
        """Name of the factor, such as "council:group_id"."""
        return ":".join(self.columns)

    def levels(self) -> tuple[str, ...]:
        """Name the levels.

        Returns
        -------
        tuple of str
            One name a level; those of a combination joined by a colon.
        """
        if len(self.parts) == 1:
            return self.parts[0]
        picks = np.unravel_index(self.cells, [len(part) for part in self.parts])
        texts = [
            np.array(part, dtype=object)[pick] for part, pick in zip(self.parts, picks, strict=True)
        ]
        return tuple(map(":".join, zip(*texts, strict=True)))

    def encode(self, frame: pd.DataFrame) -> IntArray:
        """Give new rows the numbers of the levels of the fit.

        Parameters
        ----------
        frame : pandas.DataFrame
            New rows; a grouping column that is not there counts as missing.

        Returns
        -------
        ndarray of shape (m,), int
            Codes; -1 for a level the fit has not seen and for a missing value.
        """
        cell = np.zeros(len(frame), dtype=np.int64)
        known = np.ones(len(frame), dtype=np.bool_)
        for column, part in zip(self.columns, self.parts, strict=True):
            codes = _known_codes(frame.get(column), part, len(frame))
            known &= codes >= 0
            cell = cell * len(part) + codes
        place = np.minimum(np.searchsorted(self.cells, cell), len(self.cells) - 1)
        found: IntArray = np.where(known & (self.cells[place] == cell), place, -1)
        return found


def code_column(values: pd.Series) -> tuple[IntArray, tuple[str, ...]]:
    """Give the levels of a grouping column numbers.

    Parameters
    ----------
    values : pandas.Series
        Values without gaps.

    Returns
    -------
    codes : ndarray of shape (n,), int
        Level of each row.
    levels : tuple of str
        Names of the levels that have rows; those of a categorical column keep their declared
        order, others are sorted.

    Raises
    ------
    DataError
        If a cell is a list.
    """
    refuse_lists(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        declared = np.asarray(values.cat.codes, dtype=np.int64)
        cells, codes = _renumbered(declared, len(values.cat.categories))
        return codes, _texts(values.cat.categories[cells])
    raw, uniques = pd.factorize(values)
    order = _sorted_order(pd.Index(uniques))
    if np.array_equal(order, np.arange(len(order))):
        return raw.astype(np.int64, copy=False), _texts(uniques)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[raw], _texts(uniques[order])


def make_factor(
    columns: tuple[str, ...], coded: Mapping[str, tuple[IntArray, tuple[str, ...]]]
) -> tuple[Factor, IntArray]:
    """Make a factor of one column, or of the combinations of several.

    Parameters
    ----------
    columns : tuple of str
        Its columns.
    coded : mapping
        Codes and levels of each column, as `code_column` gives them.

    Returns
    -------
    factor : Factor
        The factor; combinations without rows are no levels.
    codes : ndarray of shape (n,), int
        Level of each row; read-only.

    Raises
    ------
    FormulaError
        If there are too many combinations to number.
    """
    parts = tuple(coded[column][1] for column in columns)
    codes = coded[columns[0]][0]
    cells: IntArray = np.arange(len(parts[0]), dtype=np.int64)
    if len(columns) > 1:
        n_cell = prod(len(part) for part in parts)
        if n_cell > _MOST_CELLS:
            raise FormulaError(
                f"{':'.join(columns)} has too many combinations: join its columns into one first."
            )
        cell = codes
        for column in columns[1:]:
            cell = cell * len(coded[column][1]) + coded[column][0]
        cells, codes = _renumbered(cell, n_cell)
    codes.setflags(write=False)
    return Factor(columns, parts, cells), codes


def _renumbered(cell: IntArray, n_cell: int) -> tuple[IntArray, IntArray]:
    """Give the cells that have rows numbers, in order."""
    if n_cell > 4 * len(cell) + 1024:
        raw, uniques = pd.factorize(cell)
        order = np.argsort(uniques)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return uniques[order], rank[raw]
    used = np.bincount(cell, minlength=n_cell) > 0
    present = np.flatnonzero(used).astype(np.int64, copy=False)
    return present, cell if len(present) == n_cell else (np.cumsum(used) - 1)[cell]


def _sorted_order(uniques: pd.Index) -> IntArray:
    if uniques.dtype != object:
        return np.asarray(uniques.argsort(), dtype=np.int64)
    values = uniques.tolist()
    try:
        order = sorted(range(len(values)), key=values.__getitem__)
    except TypeError:
        order = sorted(range(len(values)), key=_texts(values).__getitem__)
    return np.array(order, dtype=np.int64)


def _texts(values: object) -> tuple[str, ...]:
    listed = values.tolist() if hasattr(values, "tolist") else list(values)  # type: ignore[call-overload]
    return tuple(
        value if type(value) is str else f"{value:.15g}" if isinstance(value, float) else str(value)
        for value in listed
    )


def _known_codes(values: pd.Series | None, levels: tuple[str, ...], n_row: int) -> IntArray:
    if values is None:
        return np.full(n_row, -1, dtype=np.int64)
    refuse_lists(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        raw, uniques = np.asarray(values.cat.codes, dtype=np.int64), values.cat.categories
    else:
        raw, uniques = pd.factorize(values)
    number = {level: i for i, level in enumerate(levels)}
    codes = [number.get(text, -1) for text in _texts(uniques)]
    return np.array([*codes, -1], dtype=np.int64)[raw]
