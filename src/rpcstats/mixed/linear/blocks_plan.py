"""Which factors are eliminated level by level, in which order, and what is left dense."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.linear.blocks_pattern_kernels import (
    count_columns,
    joined_labels,
    parent_levels,
    row_order,
)
from rpcstats.mixed.structure.model_frame import Block

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

# Seconds of a pass per cubed dense column (Cholesky factor and inverse) and per squared column a
# level touches (update and trace), measured on one core; only their ratio decides anything.
_DENSE_COST = 2e-11
_LEVEL_COST = 1.5e-9


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The order of elimination.

    Attributes
    ----------
    chain : tuple of int
        Blocks eliminated level by level, each nested in the next, finest first.
    rest : tuple of int
        Blocks left for dense factorisation.
    codes : tuple of ndarray of shape (n,), int32
        Level of each row for each block of the chain: levels of one parent stand together,
        and so do those of one component.
    labels : tuple of ndarray of shape (L,), int
        Number in the plan of each level of each block of the chain.
    parents : tuple of ndarray of shape (L,), int32
        Level of the next block of the chain; empty for the last.
    components : ndarray of shape (L,), int
        Component of each level of the last block of the chain.
    rest_components : tuple of ndarray of shape (L,), int
        Component of each level of each block left.
    n_component : int
        Number of components: sets of dense levels that no row and no eliminated level links.
    """

    chain: tuple[int, ...]
    rest: tuple[int, ...]
    codes: tuple[Int32Array, ...]
    labels: tuple[Int64Array, ...]
    parents: tuple[Int32Array, ...]
    components: Int64Array
    rest_components: tuple[Int64Array, ...]
    n_component: int


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """Components that a chain leaves, those of its last block first."""

    rest: tuple[int, ...]
    labels: tuple[Int64Array, ...]
    n_component: int
    cost: float


def make_plan(blocks: tuple[Block, ...], codes: tuple[Int32Array, ...]) -> Plan:
    """Choose the chain and number its levels.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    codes : tuple of ndarray of shape (n,), int32
        Codes of each block.

    Returns
    -------
    Plan
        The order of elimination.

    Notes
    -----
    The chain begins with the block of most columns. A factor it is nested in joins while that
    makes a pass cheaper, by counts of the dense columns each level meets.
    """
    sizes = [block.n_level * block.n_effect for block in blocks]
    chain = [int(np.argmax(sizes))]
    ups: list[Int32Array] = []
    partners = _Partners(blocks, codes)
    split = _split(blocks, codes, chain, partners)
    while True:
        nested = _next_parent(blocks, codes, chain, split.rest)
        if nested is None:
            break
        longer = _split(blocks, codes, [*chain, nested[0]], partners)
        if longer.cost > split.cost:
            break
        chain, split = [*chain, nested[0]], longer
        ups.append(nested[1])
    labels = _number_levels(ups, split.labels[0])
    new_codes = tuple(
        label.astype(np.int32)[codes[b]] for b, label in zip(chain, labels, strict=True)
    )
    parents = []
    for up, lower, upper in zip(ups, labels[:-1], labels[1:], strict=True):
        parent = np.empty(len(up), dtype=np.int32)
        parent[lower] = upper[up]
        parents.append(parent)
    components = np.empty(len(labels[-1]), dtype=np.int64)
    components[labels[-1]] = split.labels[0]
    return Plan(
        chain=tuple(chain),
        rest=split.rest,
        codes=new_codes,
        labels=tuple(labels),
        parents=(*parents, np.zeros(0, dtype=np.int32)),
        components=components,
        rest_components=split.labels[1:],
        n_component=split.n_component,
    )


def _next_parent(
    blocks: tuple[Block, ...],
    codes: tuple[Int32Array, ...],
    chain: list[int],
    rest: tuple[int, ...],
) -> tuple[int, Int32Array] | None:
    """Give the finest of the factors the last one of the chain is nested in, and the parents."""
    last = blocks[chain[-1]]
    for b in sorted(rest, key=lambda b: -blocks[b].n_level):
        if blocks[b].n_level <= last.n_level:
            up = parent_levels(codes[chain[-1]], codes[b], last.n_level)
            if len(up):
                return b, up
    return None


class _Partners:
    """Counts, made when asked for, of the levels of one factor that each level of another meets."""

    def __init__(self, blocks: tuple[Block, ...], codes: tuple[Int32Array, ...]) -> None:
        self._blocks, self._codes = blocks, codes
        self._orders: dict[int, tuple[Int32Array, Int64Array]] = {}
        self._counts: dict[tuple[int, int], Int64Array] = {}

    def count(self, b: int, other: int) -> Int64Array:
        if (b, other) not in self._counts:
            if b not in self._orders:
                self._orders[b] = row_order(self._codes[b], self._blocks[b].n_level)
            n_other = self._blocks[other].n_level
            one = np.ones(1, dtype=np.int64)
            ends = count_columns(*self._orders[b], self._codes[other][:, None], one, n_other)
            self._counts[b, other] = np.diff(ends)
        return self._counts[b, other]


def _split(
    blocks: tuple[Block, ...],
    codes: tuple[Int32Array, ...],
    chain: list[int],
    partners: _Partners,
) -> _Split:
    """Find the components a chain leaves and what a pass would cost."""
    rest = tuple(b for b in range(len(blocks)) if b not in chain)
    last = chain[-1]
    linked = [last, *rest] if rest else [last]
    counts = [blocks[b].n_level for b in linked]
    if rest:
        offsets = np.cumsum([0, *counts[:-1]]).astype(np.int64)
        joined = joined_labels(tuple(codes[b] for b in linked), offsets, sum(counts))
        unique, flat = np.unique(joined, return_inverse=True)
        n_component = len(unique)
    else:
        flat, n_component = np.zeros(counts[0], dtype=np.int64), 0
    labels = tuple(
        np.asarray(part, dtype=np.int64) for part in np.split(flat, np.cumsum(counts)[:-1])
    )
    width = np.zeros(max(n_component, 1))
    for b, label in zip(rest, labels[1:], strict=True):
        width += blocks[b].n_effect * np.bincount(label, minlength=len(width))
    cost = _DENSE_COST * float(np.sum(width**3))
    for b in chain:
        touched = np.zeros(blocks[b].n_level)
        for other in rest:
            touched += blocks[other].n_effect * partners.count(b, other)
        cost += _LEVEL_COST * blocks[b].n_effect * float(np.sum(touched**2))
    return _Split(rest, labels, n_component, cost)


def _number_levels(ups: list[Int32Array], components: Int64Array) -> list[Int64Array]:
    """Give numbers by which those of one component, then of one parent, stand together."""
    keys: Int64Array = components
    labels = [_ranks(keys)]
    for up in reversed(ups):
        labels.insert(0, _ranks(labels[0][up]))
    return labels


def _ranks(keys: Int64Array) -> Int64Array:
    order = np.argsort(keys, kind="stable")
    result = np.empty(len(keys), dtype=np.int64)
    result[order] = np.arange(len(keys))
    return result
