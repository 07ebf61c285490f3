"""Which levels are eliminated when, and where each entry of the matrix stands."""

from dataclasses import dataclass

import numpy as np

from rpcstats.errors import DataError
from rpcstats.mixed.general.elimination_order import LevelOrder, order_levels
from rpcstats.mixed.structure.model_frame import IntArray

DENSE_NODES = 64
"""Up to this many random effects one dense factorisation beats elimination level by level."""

MAX_FILL = 20_000_000
"""With more fill than this, dense factorisation of everything costs less, if it is feasible."""

DENSE_LIMIT = 6_000
"""Most random effects factorised densely for that reason."""

MAX_ENTRIES = 400_000_000
"""Entries that may be kept: three gigabytes of them."""

FRONT_ENTRIES = 1 << 18
"""Fill entries of one front, so that its arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Front:
    """Supernodes of one shape that do not touch each other and are eliminated together.

    Attributes
    ----------
    nodes : ndarray of shape (L, s), int
        Random effects of each supernode.
    later : ndarray of shape (L, k), int
        Random effects each supernode touches that are eliminated after it, ascending.
    own, coupling : slice
        Where the blocks (L, s, s) and (L, s, k) stand among the entries.
    fill : ndarray of shape (L, k (k + 1) / 2), int
        Entries between two effects of `later`, lower triangle row by row.
    triangle : tuple of ndarray of int
        Rows and columns of such a triangle.
    square : ndarray of shape (k, k), int
        Place in the triangle of each element of the symmetric matrix.
    """

    nodes: IntArray
    later: IntArray
    own: slice
    coupling: slice
    fill: IntArray
    triangle: tuple[IntArray, IntArray]
    square: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the entry of two random effects stands.

    An entry of two effects of one supernode is in the lower triangle of its own block; any other
    is in the coupling of the one that is eliminated first.

    Attributes
    ----------
    supernode, local : ndarray of shape (Q,), int
        Supernode of each effect and its place there.
    width, n_later, own_start, coupling_start, key_start : ndarray of shape (N,), int
        Of each supernode: effects, later effects, first entries, first key.
    keys : ndarray of int
        Supernode times Q plus later effect, ascending.
    """

    supernode: IntArray
    local: IntArray
    width: IntArray
    n_later: IntArray
    own_start: IntArray
    coupling_start: IntArray
    key_start: IntArray
    keys: IntArray

    def positions(self, first: IntArray, second: IntArray) -> IntArray:
        """Give the places of entries.

        Parameters
        ----------
        first, second : ndarray of int
            Pairs of random effects that occur together.

        Returns
        -------
        ndarray of int
            Their places among the entries.
        """
        low, high = np.minimum(first, second), np.maximum(first, second)
        owner = self.supernode[low]
        width = self.width[owner]
        place = self.own_start[owner] + self.local[high] * width + self.local[low]
        apart = self.supernode[high] != owner
        if apart.any():
            owner, low, high = owner[apart], low[apart], high[apart]
            rank = np.searchsorted(self.keys, owner * len(self.supernode) + high)
            row = self.coupling_start[owner] + self.local[low] * self.n_later[owner]
            place[apart] = row + rank - self.key_start[owner]
        return place


@dataclass(frozen=True, slots=True, eq=False)
class EliminationPlan:
    """Order of elimination and place of every entry of H = I + Λ'Z'WZΛ and of its factor.

    Attributes
    ----------
    n_entry : int
        Number of entries kept.
    fronts : tuple of Front
        In order of elimination.
    layout : Layout
        Places of the entries.
    nodes : tuple of ndarray of shape (L_b, q_b), int
        Of each block of random effects, the effects' numbers in order of elimination.
    diagonal : ndarray of shape (Q,), int
        Places of the diagonal entries.
    """

    n_entry: int
    fronts: tuple[Front, ...]
    layout: Layout
    nodes: tuple[IntArray, ...]
    diagonal: IntArray

    @property
    def n_node(self) -> int:
        """Number of random effects, Q."""
        return len(self.diagonal)


def plan_elimination(
    codes: IntArray, n_level: tuple[int, ...], n_effect: tuple[int, ...], dense: bool | None = None
) -> EliminationPlan:
    """Plan the elimination of the random effects of nested and crossed factors.

    Parameters
    ----------
    codes : ndarray of shape (m, B), int
        Combinations of levels that occur together.
    n_level, n_effect : tuple of int
        Levels of each factor and effects of each level.
    dense : bool, optional
        Whether to eliminate nothing by levels; decided by size if not given.

    Returns
    -------
    EliminationPlan
        The plan.

    Raises
    ------
    DataError
        If the factors are crossed so much that the factor does not fit in memory.
    """
    if dense is None:
        dense = int(np.dot(n_level, n_effect)) <= DENSE_NODES
    order = order_levels(codes, n_level, dense=dense)
    widths = np.empty(sum(n_level), dtype=np.int64)
    for rank, q in zip(order.ranks, n_effect, strict=True):
        widths[rank] = q
    first_node = np.concatenate([[0], np.cumsum(widths)])
    if (
        not dense
        and first_node[-1] <= DENSE_LIMIT
        and _count_fill(order.touched, widths) > MAX_FILL
    ):
        return plan_elimination(codes, n_level, n_effect, dense=True)
    layout, fronts, n_entry = _lay_out(order, widths, first_node)
    nodes = [
        first_node[rank][:, None] + np.arange(q)
        for rank, q in zip(order.ranks, n_effect, strict=True)
    ]
    every = np.arange(first_node[-1])
    return EliminationPlan(n_entry, fronts, layout, tuple(nodes), layout.positions(every, every))


def _count_fill(touched: list[tuple[IntArray, IntArray]], widths: IntArray) -> float:
    total = 0.0
    for owner, later in touched:
        k = np.bincount(owner, weights=widths[later])
        total += float(np.sum(k * (k + 1.0) / 2.0))
    return total


def _lay_out(
    order: LevelOrder, widths: IntArray, first_node: IntArray
) -> tuple[Layout, tuple[Front, ...], int]:
    n_chain, n_node = sum(order.stage_sizes), int(first_node[-1])
    piece = np.unique(order.pieces, return_inverse=True)[1]
    supernode = np.repeat(np.concatenate([np.arange(n_chain), n_chain + piece]), widths)
    width = np.bincount(supernode)
    first_of_super = np.cumsum(width) - width
    local = np.arange(n_node) - first_of_super[supernode]
    owner, later = _expand_levels(order.touched, widths, first_node)
    n_later = np.bincount(owner, minlength=len(width))
    stage_of = np.arange(len(order.stage_sizes) + 1)
    stage = np.repeat(stage_of, [*order.stage_sizes, len(width) - n_chain])
    groups = _group_supernodes(stage, width, n_later)
    own, coupling, own_start, coupling_start, n_entry = _assign_entries(groups, width, n_later)
    if n_entry > MAX_ENTRIES:
        raise DataError(
            f"the grouping factors are crossed so much that {int(width.max())} random effects "
            "depend on each other at once, more than memory holds; leave out a factor, or join "
            "levels of one"
        )
    key_start = np.cumsum(n_later) - n_later
    layout = Layout(
        supernode, local, width, n_later, own_start, coupling_start, key_start,
        owner * n_node + later,
    )  # fmt: skip
    fronts = []
    for members, own_slice, coupling_slice in zip(groups, own, coupling, strict=True):
        nodes = first_of_super[members][:, None] + np.arange(width[members[0]])
        reached = later[key_start[members][:, None] + np.arange(n_later[members[0]])]
        fronts.append(_make_front(nodes, reached, own_slice, coupling_slice, layout))
    return layout, tuple(fronts), n_entry


def _make_front(
    nodes: IntArray, later: IntArray, own: slice, coupling: slice, layout: Layout
) -> Front:
    k = later.shape[1]
    row, column = np.tril_indices(k)
    square = np.empty((k, k), dtype=np.int64)
    square[row, column] = square[column, row] = np.arange(len(row))
    fill = layout.positions(later[:, row], later[:, column])
    return Front(nodes, later, own, coupling, fill, (row, column), square)


def _expand_levels(
    touched: list[tuple[IntArray, IntArray]], widths: IntArray, first_node: IntArray
) -> tuple[IntArray, IntArray]:
    """Turn pairs (supernode, later level) into pairs (supernode, later effect)."""
    empty = np.empty(0, dtype=np.int64)
    owner = np.concatenate([empty, *(pair[0] for pair in touched)])
    level = np.concatenate([empty, *(pair[1] for pair in touched)])
    count = widths[level]
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(owner, count), np.repeat(first_node[level], count) + within


def _group_supernodes(stage: IntArray, width: IntArray, n_later: IntArray) -> list[IntArray]:
    order = np.lexsort((n_later, width, stage))
    shape = np.column_stack([stage, width, n_later])[order]
    change = np.flatnonzero(np.any(shape[1:] != shape[:-1], axis=1)) + 1
    groups = []
    for members in np.split(order, change):
        k = int(n_later[members[0]])
        most = max(1, FRONT_ENTRIES // (k * (k + 1) // 2 + 1))
        groups += np.split(members, np.arange(most, len(members), most))
    return groups


def _assign_entries(
    groups: list[IntArray], width: IntArray, n_later: IntArray
) -> tuple[list[slice], list[slice], IntArray, IntArray, int]:
    own_start, coupling_start = np.empty_like(width), np.empty_like(width)
    own, coupling, end = [], [], 0
    for members in groups:
        s, k, size = int(width[members[0]]), int(n_later[members[0]]), len(members)
        own_start[members] = end + s * s * np.arange(size)
        own.append(slice(end, end + size * s * s))
        end += size * s * s
        coupling_start[members] = end + s * k * np.arange(size)
        coupling.append(slice(end, end + size * s * k))
        end += size * s * k
    return own, coupling, own_start, coupling_start, end
