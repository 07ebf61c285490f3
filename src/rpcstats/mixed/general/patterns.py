"""Equal rows and equal groups, counted once with how often they occur.

Rows of a group with the same columns are one row where the likelihood lets them add up; groups
with the same rows are one group. Under a canonical link the response enters only through X'y and
Z'y, so groups need only agree in those. The likelihood stays exactly the same.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rpcstats.mixed.general.group_layout import SortedRows
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray

LEAST_GAIN = 1.25
"""Pooled rows are used if they are fewer by this factor; less would not pay for the sorting."""

SAMPLE_ROWS = 4096
"""Rows of whole groups that show whether there is anything to pool."""

ROUNDING = 64.0 * np.finfo(np.float64).eps
"""Sums of the same numbers in another order differ by less than this share of their size."""

_SEED = 20031
_QUANTA = 2.0**30


class PooledGroups(NamedTuple):
    """Rows of the distinct groups.

    Attributes
    ----------
    rows : SortedRows
        Rows of the distinct groups and how many levels each stands for.
    pattern : ndarray of shape (L,), int
        Distinct group of each level.
    constant : float
        What the pooled log-likelihood lacks: the response times the offset, where groups that
        differ in it were pooled.
    """

    rows: SortedRows
    pattern: IntArray
    constant: float


class _Cells(NamedTuple):
    """Distinct rows within groups: row code, sum of weights and of weighted responses."""

    codes: IntArray
    weight: FloatArray
    total: FloatArray
    starts: IntArray


def pool_groups(
    X: FloatArray,
    y: FloatArray,
    block: Block,
    likelihood: ResponseLikelihood,
    weight: FloatArray,
    offset: FloatArray | None,
    *,
    pool: bool = True,
) -> PooledGroups:
    """Sort rows by group and pool equal rows and groups where that shrinks the work.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns.
    y : ndarray of shape (n,)
        Response.
    block : Block
        Random effects.
    likelihood : ResponseLikelihood
        Tells which rows and groups may be pooled.
    weight : ndarray of shape (n,)
        Trials or prior weights.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    pool : bool
        False only sorts.

    Returns
    -------
    PooledGroups
        The rows and where each level went.
    """
    if pool and len(y):
        columns = _key_columns(X, y, block, likelihood, offset)
        if _may_pool(columns, block.codes):
            pooled = _pool(columns, X, y, block, likelihood, weight, offset)
            if pooled is not None:
                return pooled
    return _sort_only(X, y, block, weight, offset)


def _key_columns(
    X: FloatArray,
    y: FloatArray,
    block: Block,
    likelihood: ResponseLikelihood,
    offset: FloatArray | None,
) -> list[FloatArray]:
    columns = [*X.T, *block.Z.T]
    if offset is not None:
        columns.append(offset)
    if not likelihood.additive:
        columns.append(y)
    return [column for column in columns if column[0] != column[-1] or np.ptp(column) > 0.0]


def _hash_rows(columns: list[FloatArray], n: int, seed: int) -> FloatArray:
    """Give equal rows the same number; different rows nearly always different ones."""
    factors = np.random.default_rng(seed).uniform(1.0, 2.0, len(columns))
    total = np.zeros(n)
    for factor, column in zip(factors, columns, strict=True):
        largest = float(np.abs(column).max())
        total += column * (factor / largest)
    return total


def _may_pool(columns: list[FloatArray], codes: IntArray) -> bool:
    """Look at some whole groups, whether their rows are often the same."""
    n = len(codes)
    step = max(1, n // SAMPLE_ROWS)
    rows = np.flatnonzero(codes % step == 0) if step > 1 else np.arange(n)
    hashes = _hash_rows([column[rows] for column in columns], len(rows), _SEED)
    if len(np.unique(hashes)) * 2 <= len(rows):
        return True
    order = np.lexsort((hashes, codes[rows]))
    same = (np.diff(hashes[order]) == 0.0) & (np.diff(codes[rows][order]) == 0)
    return bool(len(rows) > LEAST_GAIN * (len(rows) - np.count_nonzero(same)))


def _code_rows(columns: list[FloatArray], n: int) -> tuple[IntArray, IntArray] | None:
    """Give each row the number of its kind; None if no hash keeps the kinds apart."""
    for seed in range(_SEED, _SEED + 3):
        hashes = _hash_rows(columns, n, seed)
        values = np.unique(hashes)
        codes = np.searchsorted(values, hashes)
        first = np.empty(len(values), dtype=np.int64)
        first[codes] = np.arange(n)
        if all(np.array_equal(column[first][codes], column) for column in columns):
            return codes, first
    return None


def _pool(
    columns: list[FloatArray],
    X: FloatArray,
    y: FloatArray,
    block: Block,
    likelihood: ResponseLikelihood,
    weight: FloatArray,
    offset: FloatArray | None,
) -> PooledGroups | None:
    coded = _code_rows(columns, len(y))
    if coded is None:
        return None
    codes, first = coded
    cells = _collapse(codes, len(first), y, weight, block)
    statistics = None
    if likelihood.canonical:
        statistics = np.column_stack([X[first], block.Z[first]])
    pattern = _match_groups(cells, statistics)
    kept = np.flatnonzero(pattern == np.arange(len(pattern)))
    take, starts = _rows_of(cells.starts, kept)
    if len(take) * LEAST_GAIN > len(y):
        return None
    row = first[cells.codes[take]]
    totals, weights = cells.total[take], cells.weight[take]
    used = np.where(weights > 0.0, weights, 1.0)
    number = np.empty(len(pattern), dtype=np.int64)
    number[kept] = np.arange(len(kept))
    count = np.bincount(number[pattern], minlength=len(kept)).astype(np.float64)
    known = None if offset is None else offset[row]
    constant = 0.0
    if known is not None and offset is not None and likelihood.canonical:
        per_row = np.repeat(count, np.diff(starts))
        constant = float((y * weight) @ offset - (per_row * totals) @ known)
    response = totals / used if likelihood.additive else y[row]
    sorted_rows = SortedRows(starts, X[row], block.Z[row], known, response, weights, count)
    return PooledGroups(sorted_rows, number[pattern], constant)


def _collapse(
    codes: IntArray, n_code: int, y: FloatArray, weight: FloatArray, block: Block
) -> _Cells:
    """Merge equal rows of a group."""
    keys = block.codes * n_code + codes
    total = y * weight
    if np.any(np.diff(keys) < 0):
        order = np.argsort(keys, kind="stable")
        keys, total, weight = keys[order], total[order], weight[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    if len(begins) < len(keys):
        keys = keys[begins]
        total, weight = np.add.reduceat(total, begins), np.add.reduceat(weight, begins)
    group = keys // n_code
    starts = np.searchsorted(group, np.arange(block.n_level + 1))
    return _Cells(keys - group * n_code, weight, total, starts)


def _match_groups(cells: _Cells, statistics: FloatArray | None) -> IntArray:
    """Give each group the first of those equal to it, verified cell by cell."""
    rng = np.random.default_rng(_SEED)
    n_code = int(cells.codes.max()) + 1
    heads = cells.starts[:-1]
    marks = rng.uniform(1.0, 2.0, n_code)[cells.codes] * cells.weight
    sums = None
    if statistics is None:
        marks += rng.uniform(1.0, 2.0, n_code)[cells.codes] * cells.total
    else:
        sums, size = _sum_statistics(cells, statistics)
    keys = np.add.reduceat(marks, heads).view(np.int64).copy()
    if sums is not None:
        factors = np.asarray(rng.integers(1, 2**62, sums.shape[1]), dtype=np.int64) | 1
        for j, factor in enumerate(factors):
            keys *= 3
            keys += np.rint(sums[:, j] * (_QUANTA / size[j])).astype(np.int64) * factor
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    pattern = first[inverse]
    wrong = _differ(cells, pattern, compare_total=statistics is None)
    if sums is not None:
        wrong |= np.any(np.abs(sums - sums[pattern]) > ROUNDING * size, axis=1)
    return np.where(wrong, np.arange(len(pattern)), pattern)


def _sum_statistics(cells: _Cells, statistics: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give X'y and Z'y of each group, and the size they are rounded relative to."""
    heads = cells.starts[:-1]
    sums = np.empty((len(heads), statistics.shape[1]))
    for j, column in enumerate(statistics.T):
        sums[:, j] = np.add.reduceat(cells.total * column[cells.codes], heads)
    size = np.abs(statistics).max(axis=0) * float(np.abs(cells.total).max())
    return sums, np.where(size > 0.0, size, 1.0)


def _differ(cells: _Cells, pattern: IntArray, *, compare_total: bool) -> NDArray[np.bool_]:
    """Tell which groups differ in a cell from the group they are matched with."""
    sizes = np.diff(cells.starts)
    wrong = sizes != sizes[pattern]
    shift = np.where(wrong, 0, cells.starts[pattern] - cells.starts[:-1])
    if not shift.any():
        return np.asarray(wrong)
    other = np.arange(len(cells.codes)) + np.repeat(shift, sizes)
    unequal = cells.codes[other] != cells.codes
    unequal |= cells.weight[other] != cells.weight
    if compare_total:
        unequal |= cells.total[other] != cells.total
    if unequal.any():
        wrong |= np.logical_or.reduceat(unequal, cells.starts[:-1])
    return np.asarray(wrong)


def _rows_of(starts: IntArray, groups: IntArray) -> tuple[IntArray, IntArray]:
    """Give the rows of some groups and where each group starts among them."""
    sizes = starts[groups + 1] - starts[groups]
    ends = np.concatenate([[0], np.cumsum(sizes)])
    return np.arange(ends[-1]) + np.repeat(starts[groups] - ends[:-1], sizes), ends


def _sort_only(
    X: FloatArray, y: FloatArray, block: Block, weight: FloatArray, offset: FloatArray | None
) -> PooledGroups:
    L = block.n_level
    starts = np.concatenate([[0], np.cumsum(np.bincount(block.codes, minlength=L))])
    Z = block.Z
    if np.any(np.diff(block.codes) < 0):
        order = _order_by_code(block.codes, L)
        X, Z, y, weight = X[order], Z[order], y[order], weight[order]
        offset = None if offset is None else offset[order]
    rows = SortedRows(starts, X, Z, offset, y, weight, np.ones(L))
    return PooledGroups(rows, np.arange(L), 0.0)


def _order_by_code(codes: IntArray, n_level: int) -> IntArray:
    """Sort by counting: a matrix with one entry a column, turned to rows."""
    n = len(codes)
    columns = sparse.csc_array((np.ones(n, np.int8), codes, np.arange(n + 1)), shape=(n_level, n))
    return np.asarray(columns.tocsr().indices, dtype=np.int64)
