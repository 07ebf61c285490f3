"""Several definitions counted on several bases: which counts lie inside which."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Corner:
    """People of one base and not of another, who meet one definition and not another.

    Attributes
    ----------
    parts, less : tuple of int
        The group counts the sum of the cells `parts`, less that of the cells `less`.
    """

    parts: Pair
    less: Pair


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of such a table.

    Attributes
    ----------
    base_label : str
        Its base.
    level : tuple of str
        What it counts.
    n, base : int
        Cells of its count and its base.
    """

    base_label: str
    level: tuple[str, ...]
    n: int
    base: int


def nested_counts(
    entries: Sequence[Entry], value: IntArray
) -> tuple[tuple[Pair, ...], tuple[Corner, ...]]:
    """Find the nestings of a table of definitions on bases.

    Parameters
    ----------
    entries : sequence of Entry
        Rows in order.
    value : ndarray of int
        True counts of the cells.

    Returns
    -------
    order : tuple of (int, int)
        Pairs (outer, inner) of cells.
    corners : tuple of Corner
        Groups of whom four cells tell the number.

    Notes
    -----
    A base none of whose counts is larger than another base's is taken to be part of it; a
    definition that counts no more than an earlier one on any base is taken to be part of that.
    """
    table: dict[str, dict[tuple[str, ...], int]] = {}
    for entry in entries:
        table.setdefault(entry.base_label, {(): entry.base})[entry.level] = entry.n
    levels = list(dict.fromkeys(level for cells in table.values() for level in cells))
    bases = [
        (table[a], table[b])
        for a, b in permutations(table, 2)
        if all(value[table[a][x]] >= value[table[b][x]] for x in table[a].keys() & table[b].keys())
    ]
    steps = [
        (x, y)
        for x, y in combinations(levels, 2)
        if all(value[c[x]] >= value[c[y]] for c in table.values() if x in c and y in c)
    ]
    order = {(a[x], b[x]) for a, b in bases for x in levels if x in a and x in b}
    order |= {(c[x], c[y]) for c in table.values() for x, y in steps if x in c and y in c}
    corners = {
        Corner((a[x], b[y]), (a[y], b[x]))
        for a, b in bases
        for x, y in steps
        if {x, y} <= a.keys() & b.keys()
    }
    order = {(outer, inner) for outer, inner in order if outer != inner}
    found = sorted((c for c in corners if _is_group(c, value)), key=lambda c: (c.parts, c.less))
    return tuple(sorted(order)), tuple(found)


def _is_group(corner: Corner, value: IntArray) -> bool:
    apart = sorted(corner.parts) != sorted(corner.less)
    return apart and bool(value[list(corner.parts)].sum() >= value[list(corner.less)].sum())
