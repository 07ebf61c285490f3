"""Which cells of a table of proportions are the same count, nested, or add up."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import BASE, BASE_LABEL, DEFINITION, STAGE, N
from rpcstats.disclosure.lattice import Corner, Entry, nested_counts

IntArray = NDArray[np.int64]
Labels = tuple[str, ...]
Pair = tuple[int, int]
NO_BASE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """Cells that add up to another cell."""

    parts: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The different counts of a table and how they hang together.

    Attributes
    ----------
    value : ndarray of shape (v,)
        True counts.
    n_cell, base_cell : ndarray of shape (rows,)
        Cell of each row's n and base; -1 where a row has no base.
    rows : tuple of (int, int)
        Pairs (base, n) of one row, where they are different cells.
    order : tuple of (int, int)
        Further pairs (outer, inner) of which the inner is taken to be part of the outer.
    sums : tuple of Sum
        Cells that add up.
    corners : tuple of Corner
        Groups that four nested cells tell.
    """

    value: IntArray
    n_cell: IntArray
    base_cell: IntArray
    rows: tuple[Pair, ...]
    order: tuple[Pair, ...]
    sums: tuple[Sum, ...]
    corners: tuple[Corner, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    key: Labels
    stage: str | None
    base_label: str | None
    n: int
    base: int | None


class _Linker:
    """Gives every row of one group its cells."""

    def __init__(self, values: list[int], apart: bool) -> None:
        self.values = values
        self.apart = apart
        self.rows: list[tuple[_Row, int, int]] = []

    def add(self, row: _Row) -> tuple[int, int]:
        base = self._base_cell(row)
        itself = row.stage is not None and row.base_label == row.stage and row.n == row.base
        n = base if itself else self._n_cell(row)
        self.rows.append((row, n, base))
        return n, base

    def _new(self, value: int) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def _base_cell(self, row: _Row) -> int:
        if row.base is None:
            return NO_BASE
        if self.apart:
            label, count = row.base_label, row.base
            same = (b for r, _, b in self.rows if (r.base_label, r.base) == (label, count))
            found = next(same, NO_BASE)
            return self._new(row.base) if found == NO_BASE else found
        for earlier, n, _ in reversed(self.rows):
            if earlier.stage == row.base_label is not None and earlier.n == row.base:
                return n
        for earlier, n, base in reversed(self.rows):
            # That everybody is counted in one row must not show in the bases of the next.
            if earlier.base == row.base and earlier.base_label == row.base_label is not None:
                return base
            if earlier.n == row.base:
                return n
            if earlier.base == row.base:
                return base
        return self._new(row.base)

    def _n_cell(self, row: _Row) -> int:
        for earlier, n, _ in self.rows:
            alike = not self.apart or earlier.base_label == row.base_label
            if alike and earlier.key == row.key and earlier.n == row.n:
                return n
        return self._new(row.n)


def read_cells(
    frame: pd.DataFrame, labels: Labels, by: str | None, *, zeros_disclosive: bool = False
) -> Cells:
    """Find the cells of a table and their relations.

    Parameters
    ----------
    frame : DataFrame
        Columns n and base (whole; base may be missing) and the labels.
    labels : tuple of str
        Label columns.
    by : str or None
        Column of the groups that are shown side by side.
    zeros_disclosive : bool, default False
        Whether that nobody lies between two nested counts must not be told. Then definitions on
        several bases are cells of their own, even where their counts are the same.

    Returns
    -------
    Cells
        A base is taken to be an earlier n or base of its group with the same count, so
        an attacker who guesses as much has been reckoned with. A stage that is no larger
        than the one before is taken to be part of it; so are, without stages, definitions
        and bases that are no larger (`nested_counts`); rows that add up to their base, and
        groups that add up to another group, are taken to do so.
    """
    rows = _rows(frame, labels, by)
    groups = _groups(frame, by)
    values: list[int] = []
    n_cell = np.full(len(rows), NO_BASE, dtype=np.int64)
    base_cell = n_cell.copy()
    several = {DEFINITION, BASE_LABEL} <= set(labels) and STAGE not in labels
    for positions in groups:
        linker = _Linker(values, apart=several and zeros_disclosive)
        for i in positions:
            n_cell[i], base_cell[i] = linker.add(rows[i])
    value = np.array(values, dtype=np.int64)
    own = {(int(b), int(n)) for b, n in zip(base_cell, n_cell, strict=True) if b != NO_BASE}
    steps = groups if STAGE in labels else []
    order = {pair for group in steps for pair in _descent(value, n_cell, base_cell, group)}
    corners: list[Corner] = []
    if several:
        for group in groups:
            entries = [
                Entry(rows[i].base_label or "", rows[i].key, int(n_cell[i]), int(base_cell[i]))
                for i in group
                if base_cell[i] != NO_BASE
            ]
            nested, found = nested_counts(entries, value)
            order.update(nested)
            corners += found
    sums = [
        *_partitions(frame, labels, value, n_cell, base_cell),
        *_total_sums(frame, labels, by, n_cell, base_cell),
    ]
    own = {(outer, inner) for outer, inner in own if outer != inner}
    return Cells(
        value,
        n_cell,
        base_cell,
        tuple(sorted(own)),
        tuple(sorted(order - own)),
        tuple(sums),
        tuple(corners),
    )


def containment(cells: Cells) -> NDArray[np.bool_]:
    """Tell which cell holds which, through any number of steps.

    Parameters
    ----------
    cells : Cells
        The table.

    Returns
    -------
    ndarray of shape (v, v)
        True at (outer, inner).
    """
    inside = np.zeros((cells.value.size, cells.value.size), dtype=bool)
    for outer, inner in (*cells.rows, *cells.order):
        inside[outer, inner] = True
    for middle in range(cells.value.size):
        inside |= np.outer(inside[:, middle], inside[middle])
    np.fill_diagonal(inside, False)
    return inside


def _rows(frame: pd.DataFrame, labels: Labels, by: str | None) -> list[_Row]:
    keys = [c for c in labels if c not in (BASE_LABEL, DEFINITION, by)]
    rows = []
    for i, record in enumerate(frame.to_dict("records")):
        text = {c: str(record[c]) for c in labels}
        key = tuple(text[c] for c in keys) or (f"row {i}",)
        base = None if pd.isna(record[BASE]) else int(record[BASE])
        rows.append(_Row(key, text.get(STAGE), text.get(BASE_LABEL), int(record[N]), base))
    return rows


def _groups(frame: pd.DataFrame, by: str | None) -> list[list[int]]:
    if by is None:
        return [list(range(len(frame)))]
    text = frame[by].astype(str).tolist()
    return [[i for i, t in enumerate(text) if t == group] for group in dict.fromkeys(text)]


def _descent(
    value: IntArray, n_cell: IntArray, base_cell: IntArray, positions: list[int]
) -> Iterable[Pair]:
    """Nest each stage, and the base it is given on, in the stage before unless it is larger."""
    for before, after in pairwise(positions):
        outer = int(n_cell[before])
        for inner in (int(base_cell[after]), int(n_cell[after])):
            if inner not in (NO_BASE, outer) and value[inner] <= value[outer]:
                yield outer, inner


def _partitions(
    frame: pd.DataFrame, labels: Labels, value: IntArray, n_cell: IntArray, base_cell: IntArray
) -> list[Sum]:
    found: dict[tuple[tuple[int, ...], int], Sum] = {}
    for column in (None, *labels):
        text = ["" if column is None else str(v) for v in frame[column or N]]
        buckets: dict[tuple[int, str], list[int]] = {}
        for i, b in enumerate(base_cell):
            if b not in (NO_BASE, n_cell[i]):
                buckets.setdefault((int(b), text[i]), []).append(int(n_cell[i]))
        for (base, _), inner in buckets.items():
            parts = tuple(dict.fromkeys(inner))
            if len(parts) > 1 and value[list(parts)].sum() == value[base]:
                found[parts, base] = Sum(parts, base)
    return list(found.values())


def total_rows(frame: pd.DataFrame, labels: Labels, by: str | None) -> list[int]:
    """Find the group that is the total of the other groups.

    Parameters
    ----------
    frame : DataFrame
        Columns n and base, and the labels.
    labels : tuple of str
        Label columns.
    by : str or None
        Column of the groups.

    Returns
    -------
    list of int
        Positions of its rows; empty if no group is a total.
    """
    rows, groups = _rows(frame, labels, by), _groups(frame, by)
    for group in groups:
        if all(_adds_up(rows, row, _elsewhere(rows, groups, group, row)) for row in group):
            return group
    return []


def _total_sums(
    frame: pd.DataFrame, labels: Labels, by: str | None, n_cell: IntArray, base_cell: IntArray
) -> list[Sum]:
    rows, groups = _rows(frame, labels, by), _groups(frame, by)
    total = total_rows(frame, labels, by)
    sums = []
    for row in total:
        parts = _elsewhere(rows, groups, total, row)
        for cell in (n_cell, base_cell):
            if cell[row] != NO_BASE:
                sums.append(Sum(tuple(int(cell[i]) for i in parts), int(cell[row])))
    return sums


def _elsewhere(rows: list[_Row], groups: list[list[int]], group: list[int], row: int) -> list[int]:
    others = (i for other in groups if other != group for i in other)
    return [i for i in others if rows[i].key == rows[row].key]


def _adds_up(rows: list[_Row], row: int, parts: list[int]) -> bool:
    """Tell whether two rows or more add up to another, base and all."""
    bases = [rows[i].base for i in parts]
    own = rows[row].base
    if len(parts) < 2 or (own is None) != all(base is None for base in bases):
        return False
    same_base = own is None or (None not in bases and sum(b for b in bases if b) == own)
    return same_base and sum(rows[i].n for i in parts) == rows[row].n
