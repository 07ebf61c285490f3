"""Products of the columns of a nested and crossed model, in the order of elimination."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.mixed.linear import blocks_pattern_kernels as patterns
from rpcstats.mixed.linear import blocks_product_kernels as kernels
from rpcstats.mixed.linear.blocks_dense_kernels import gather
from rpcstats.mixed.linear.blocks_plan import Plan, make_plan
from rpcstats.mixed.linear.rows import Rows
from rpcstats.mixed.structure.model_frame import FloatArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

MAX_DENSE_ENTRIES = 400_000_000
"""Entries of the dense matrices of all components: 3.2 GB, twice that while they are inverted."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """One block that is eliminated level by level.

    Attributes
    ----------
    block : int
        Which block.
    front : ndarray of shape (L, q, h + p + 1)
        Products of each level with itself, its ancestors in the chain, X̃ and ỹ; h counts the
        effects of a level and of its ancestors.
    ends : ndarray of shape (L + 1,), int
        Where the dense columns of each level begin.
    columns, place : ndarray of int32
        Dense columns of the levels, and where they stand among those of the parents.
    values : ndarray of shape (number of entries, q)
        Products with the dense columns.
    parent : ndarray of shape (L,), int32
        Parent of each level; empty for the last stage.
    level_starts : ndarray of shape (n_component + 1,), int
        Where the levels of each component begin.
    """

    block: int
    front: FloatArray
    ends: Int64Array
    columns: Int32Array
    place: Int32Array
    values: FloatArray
    parent: Int32Array
    level_starts: Int64Array


@dataclass(frozen=True, slots=True, eq=False)
class DenseRest:
    """The blocks left for dense factorisation, component by component.

    Attributes
    ----------
    first : tuple of ndarray of shape (L,), int32
        First column of each level of each block left.
    starts : ndarray of shape (n_component + 1,), int
        Where the columns of each component begin.
    corner : ndarray of shape (R,), int
        Where the entry of each column with column 0 would stand in a flat array of triangles.
    n_entry : int
        Length of such an array.
    rows, columns, values : ndarray
        Entries of the products of the columns with each other, lower triangles.
    border : ndarray of shape (R, p + 1)
        Products with X̃ and ỹ.
    """

    first: tuple[Int32Array, ...]
    starts: Int64Array
    corner: Int64Array
    n_entry: int
    rows: Int32Array
    columns: Int32Array
    values: FloatArray
    border: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class System:
    """All products a pass starts from.

    Attributes
    ----------
    plan : Plan
        The order of elimination.
    stages : tuple of Stage
        Blocks eliminated level by level, finest first.
    rest : DenseRest
        Blocks left.
    fixed : ndarray of shape (p + 1, p + 1)
        [X̃ ỹ]'[X̃ ỹ].
    """

    plan: Plan
    stages: tuple[Stage, ...]
    rest: DenseRest
    fixed: FloatArray


def make_system(rows: Rows) -> System:
    """Form the products once.

    Parameters
    ----------
    rows : Rows
        Columns in working coordinates.

    Returns
    -------
    System
        Products in the order of elimination.

    Raises
    ------
    DataError
        If crossed factors leave more levels dense than a computer's memory holds.
    """
    codes = tuple(block.codes.astype(np.int32) for block in rows.blocks)
    plan = make_plan(rows.blocks, codes)
    layout = _layout(rows, plan)
    first, size, dense = _dense_columns(rows, plan, layout.first, codes)
    stages: list[Stage] = []
    for k in reversed(range(len(plan.chain))):
        above = stages[0] if stages else None
        stages.insert(0, _stage(rows, plan, k, above, layout.starts, (first, size, dense)))
    rest = _fill_rest(rows, layout, first, size, dense)
    fixed = np.eye(rows.p + 1)
    fixed[-1, -1] = rows.y @ rows.y
    return System(plan, tuple(stages), rest, fixed)


def _layout(rows: Rows, plan: Plan) -> DenseRest:
    """Place the dense columns: by component, then by block, then by level."""
    sizes = [rows.blocks[b].n_effect for b in plan.rest]
    component = np.concatenate([np.zeros(0, dtype=np.int64), *plan.rest_components])
    block_of = np.repeat(np.arange(len(sizes)), [len(c) for c in plan.rest_components])
    size = np.repeat(np.asarray(sizes, dtype=np.int64), [len(c) for c in plan.rest_components])
    order = np.lexsort((block_of, component))
    first = np.empty(len(order), dtype=np.int64)
    first[order] = np.cumsum(size[order]) - size[order]
    width = np.bincount(component, weights=size, minlength=plan.n_component).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(width)]).astype(np.int64)
    base = np.concatenate([[0], np.cumsum(width**2)]).astype(np.int64)
    if base[-1] > MAX_DENSE_ENTRIES:
        raise DataError(
            f"the crossed grouping factors leave {int(width.max())} linked levels to be factorised "
            "together, which does not fit in memory; nest a factor in another, or drop one"
        )
    columns = np.arange(starts[-1])
    own = np.repeat(np.arange(plan.n_component), width)
    corner = base[own] + (columns - starts[own]) * width[own] - starts[own]
    parts = np.split(first.astype(np.int32), np.cumsum([len(c) for c in plan.rest_components])[:-1])
    none = np.zeros(0, dtype=np.int32)
    return DenseRest(
        first=tuple(parts) if plan.rest else (),
        starts=starts,
        corner=corner.astype(np.int64),
        n_entry=int(base[-1]),
        rows=none,
        columns=none,
        values=np.zeros(0),
        border=np.zeros((len(columns), rows.p + 1)),
    )


def _dense_columns(
    rows: Rows, plan: Plan, first: tuple[Int32Array, ...], codes: tuple[Int32Array, ...]
) -> tuple[Int32Array, Int64Array, FloatArray]:
    """Give, row by row, the first dense column in each block and all covariates."""
    n = rows.n
    places = np.empty((n, len(plan.rest)), dtype=np.int32)
    for f, (b, columns) in enumerate(zip(plan.rest, first, strict=True)):
        places[:, f] = columns[codes[b]]
    size = np.asarray([rows.blocks[b].n_effect for b in plan.rest], dtype=np.int64)
    return places, size, _side_by_side(rows, plan.rest)


def _side_by_side(rows: Rows, numbers: tuple[int, ...]) -> FloatArray:
    if len(numbers) == 1:
        return np.ascontiguousarray(rows.Z[numbers[0]])
    return np.concatenate([np.zeros((rows.n, 0)), *(rows.Z[b] for b in numbers)], axis=1)


def _stage(
    rows: Rows,
    plan: Plan,
    k: int,
    above: Stage | None,
    column_starts: Int64Array,
    dense: tuple[Int32Array, Int64Array, FloatArray],
) -> Stage:
    first, size, covariates = dense
    b = plan.chain[k]
    block = rows.blocks[b]
    Z = _side_by_side(rows, plan.chain[k:])
    order, starts = patterns.row_order(plan.codes[k], block.n_level)
    front = np.zeros((block.n_level, block.n_effect, Z.shape[1] + rows.p + 1))
    kernels.border_products(order, starts, Z, rows.X, rows.y, front)
    n_column = int(column_starts[-1])
    ends = patterns.count_columns(order, starts, first, size, n_column)
    columns = patterns.list_columns(order, starts, first, size, ends, n_column)
    values = np.zeros((len(columns), block.n_effect))
    kernels.column_products(
        order, starts, Z, first, size, covariates, ends, columns, n_column, values
    )
    place = np.zeros(0, dtype=np.int32)
    level_starts = np.searchsorted(np.sort(plan.components), np.arange(plan.n_component + 1))
    if above is not None:
        place = patterns.find_in_parent(ends, columns, plan.parents[k], above.ends, above.columns)
        level_starts = np.searchsorted(plan.parents[k], above.level_starts)
    return Stage(
        b, front, ends, columns, place, values, plan.parents[k], level_starts.astype(np.int64)
    )


def _fill_rest(
    rows: Rows, layout: DenseRest, first: Int32Array, size: Int64Array, dense: FloatArray
) -> DenseRest:
    S = np.zeros(layout.n_entry)
    border = np.zeros(layout.border.shape)
    kernels.dense_products(first, size, dense, layout.corner, S)
    kernels.dense_border(first, size, dense, rows.X, rows.y, border)
    entry_rows, entry_columns, values = gather(layout.corner, layout.starts, S)
    return replace(layout, rows=entry_rows, columns=entry_columns, values=values, border=border)


def replace_response(system: System, rows: Rows) -> System:
    """Form the products with another response.

    Parameters
    ----------
    system : System
        Products with the response before.
    rows : Rows
        The same columns with the new response.

    Returns
    -------
    System
        Shares every product without the response.
    """
    stages = []
    for stage, codes in zip(system.stages, system.plan.codes, strict=True):
        front = stage.front.copy()
        for a, column in enumerate(rows.Z[stage.block].T):
            front[:, a, -1] = np.bincount(codes, column * rows.y, minlength=len(front))
        stages.append(replace(stage, front=front))
    border = system.rest.border.copy()
    for b, first in zip(system.plan.rest, system.rest.first, strict=True):
        block = rows.blocks[b]
        for a, column in enumerate(rows.Z[b].T):
            sums = np.bincount(block.codes, column * rows.y, minlength=block.n_level)
            border[first + a, -1] = sums
    fixed = system.fixed.copy()
    fixed[-1, -1] = rows.y @ rows.y
    rest = replace(system.rest, border=border)
    return replace(system, stages=tuple(stages), rest=rest, fixed=fixed)
