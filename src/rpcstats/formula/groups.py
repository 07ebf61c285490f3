"""Groups made by one or more columns: codes and R-like labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula.column_kinds import refuse_lists
from rpcstats.formula.parse import Formula
from rpcstats.formula.pieces import called, plain_name

ALL = "all"

_CELLS_PER_ROW: Final = 4
"""Whole numbers are counted in cells, not looked up, up to this many cells a row."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Membership of each row.

    Attributes
    ----------
    codes : ndarray of shape (n,), int
        Group of each row, numbering only the groups that have rows.
    labels : tuple of str
        One label a group, "mode=online, sex=female"; "all" where nothing splits the rows.
    levels : tuple of tuple of str
        The level of each column, group by group.
    """

    codes: NDArray[np.int64]
    labels: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]


def group_columns(formula: Formula) -> tuple[str, ...]:
    """Give the columns whose combinations are the groups.

    Parameters
    ----------
    formula : Formula
        A formula whose right side is ``1``, or columns joined by ``+``.

    Returns
    -------
    tuple of str
        Column names; empty for ``~ 1``.

    Raises
    ------
    FormulaError
        If a term is neither a column nor ``C(column)``.
    """
    columns = []
    for signed in formula.terms:
        sign, term = signed[0], signed[2:]
        if term == "1" and sign == "+":
            continue
        call = called(term)
        inside = call[1][0] if call and call[0] == "C" and len(call[1]) == 1 else term
        name = plain_name(inside)
        if name is None or sign == "-":
            raise FormulaError(
                "Groups are the combinations of columns joined with +, as in ~ mode + sex; "
                f"this term can't be read: {term}"
            )
        columns.append(name)
    return tuple(dict.fromkeys(columns))


def make_groups(frame: pd.DataFrame, columns: tuple[str, ...]) -> Groups:
    """Give each combination of columns a number and a label.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows without missing values in `columns`.
    columns : tuple of str
        What splits the rows; the first varies slowest.

    Returns
    -------
    Groups
        Categories keep their declared order, other values are sorted; empty combinations
        are left out.

    Raises
    ------
    DataError
        If a cell is a list.
    """
    return coded_groups(columns, [frame[name] for name in columns], len(frame))


def coded_groups(names: Sequence[str], columns: Sequence[pd.Series], n_rows: int) -> Groups:
    """Give each combination of columns a number and a label.

    Parameters
    ----------
    names : sequence of str
        Names of the columns.
    columns : sequence of pandas.Series
        What splits the rows, without missing values; the first varies slowest.
    n_rows : int
        Number of rows.

    Returns
    -------
    Groups
        As `make_groups`.

    Raises
    ------
    DataError
        If a cell is a list.
    """
    if not names:
        return Groups(np.broadcast_to(np.int64(0), n_rows), (ALL,), ((),))
    for column in columns:
        refuse_lists(column)
    if len(names) == 1:
        return _one_column(names[0], columns[0])
    combined = np.zeros(n_rows, dtype=np.int64)
    texts = []
    for column in columns:
        codes, levels = _coded(column)
        combined = combined * len(levels) + codes
        texts.append(levels)
    shape = tuple(len(levels) for levels in texts)
    present, codes = _renumbered(combined, int(np.prod(shape)))
    indices = np.unravel_index(present, shape)
    rows = tuple(
        tuple(levels[i] for levels, i in zip(texts, picks, strict=True))
        for picks in zip(*indices, strict=True)
    )
    labels = tuple(
        ", ".join(f"{name}={level}" for name, level in zip(names, row, strict=True)) for row in rows
    )
    return Groups(_frozen(codes), labels, rows)


def cluster_groups(frame: pd.DataFrame, columns: tuple[str, ...]) -> tuple[Groups, ...]:
    """Give the clusters of each column inside cluster().

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows without missing values in `columns`.
    columns : tuple of str
        The columns.

    Returns
    -------
    tuple of Groups
        One a column.

    Raises
    ------
    DataError
        If a column holds one cluster, whose robust errors would all be 0, or a cell is a list.
    """
    return coded_clusters(columns, [frame[name] for name in columns])


def coded_clusters(names: Sequence[str], columns: Sequence[pd.Series]) -> tuple[Groups, ...]:
    """Give the clusters of each column inside cluster().

    Parameters
    ----------
    names : sequence of str
        Names of the columns.
    columns : sequence of pandas.Series
        The columns, without missing values.

    Returns
    -------
    tuple of Groups
        One a column.

    Raises
    ------
    DataError
        If a column holds one cluster, whose robust errors would all be 0, or a cell is a list.
    """
    found = tuple(
        coded_groups((name,), (column,), len(column))
        for name, column in zip(names, columns, strict=True)
    )
    refuse_one_cluster(found, names)
    return found


def refuse_one_cluster(clusters: Sequence[Groups], columns: Sequence[str]) -> None:
    """Refuse clusters that tell nothing of variation.

    Parameters
    ----------
    clusters : sequence of Groups
        Clusters, one for each column inside cluster().
    columns : sequence of str
        Those columns.

    Raises
    ------
    DataError
        If a column holds one cluster.
    """
    for name, groups in zip(columns, clusters, strict=True):
        if len(groups.labels) < 2:
            raise DataError(
                f"Every row is in one cluster of {name}: robust errors need two clusters or more."
                " Leave cluster() out, or name another column."
            )


def _one_column(name: str, column: pd.Series) -> Groups:
    """Give the groups of one column, of which there may be as many as rows."""
    codes, texts = _coded(column)
    if isinstance(column.dtype, pd.CategoricalDtype):  # whose levels may have no rows
        present, codes = _renumbered(codes, len(texts))
        if len(present) < len(texts):
            texts = [texts[i] for i in present.tolist()]
    labels = tuple([f"{name}={level}" for level in texts])
    return Groups(_frozen(codes), labels, tuple(zip(texts, strict=True)))


def _coded(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        known = np.asarray(values.cat.codes, dtype=np.int64)
        return known, [_text(category) for category in values.cat.categories]
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "i":
        found = _close_whole(values.to_numpy())
        if found is not None:
            return found
    codes, uniques = pd.factorize(values, sort=True)
    numbers: NDArray[np.int64] = codes.astype(np.int64)
    if pd.api.types.is_integer_dtype(values.dtype):
        return numbers, list(map(str, uniques.tolist()))
    return numbers, [_text(value) for value in uniques]


def _close_whole(numbers: NDArray[Any]) -> tuple[NDArray[np.int64], list[str]] | None:
    """Code whole numbers by counting where their range is short; None where it is long."""
    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, -1)
    width = high - low + 1
    if width > _CELLS_PER_ROW * len(numbers):
        return None
    codes = np.subtract(numbers, low, dtype=np.int64)
    present = np.flatnonzero(np.bincount(codes, minlength=width)) if width else codes
    if len(present) < width:
        place = np.empty(width, dtype=np.int64)
        place[present] = np.arange(len(present))
        codes = place[codes]
    return codes, list(map(str, (present + low).tolist()))


def _text(value: object) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.15g}"
    return str(value)


def _renumbered(
    combined: NDArray[np.int64], n_cell: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if n_cell > _CELLS_PER_ROW * len(combined) + 1024:
        present, codes = np.unique(combined, return_inverse=True)
        return present, codes.astype(np.int64)
    seen = np.bincount(combined, minlength=n_cell) > 0
    present = np.flatnonzero(seen).astype(np.int64)
    if len(present) == n_cell:
        return present, combined
    return present, (np.cumsum(seen) - 1)[combined]


def _frozen(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    codes.setflags(write=False)
    return codes
