"""Compiled kernels between eliminated levels and dense matrices, in tiles that fit the cache."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled
from rpcstats.mixed.structure.model_frame import FloatArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]

# Entries of the dense rows worked on at a time: 1 MB, so that they stay in a second-level cache.
_TILE_ENTRIES = 1 << 17


@compiled(fastmath=True)
def subtract_scalar_products(
    values: FloatArray,
    M: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    level_starts: Int64Array,
    column_starts: Int64Array,
    corner: Int64Array,
    S: FloatArray,
) -> None:
    """Do the work of `subtract_products` for levels with a single effect.

    Parameters
    ----------
    values : ndarray of shape (number of entries, 1 or more)
        Products of each level with the dense columns it meets.
    M : ndarray of shape (L, 1, 1)
        From `scalar_pivot_inverses`.
    ends, columns : ndarray of int
        Dense columns of each level.
    level_starts, column_starts : ndarray of shape (n_component + 1,), int
        Where levels and dense columns of each component begin.
    corner : ndarray of shape (n_column,), int
        Where the entry of each column with column 0 would stand in `S`.
    S : ndarray
        Lower triangles, changed in place.
    """
    cursor = ends[:-1].copy()
    for component in range(len(level_starts) - 1):
        low, high = column_starts[component], column_starts[component + 1]
        step = max(8, _TILE_ENTRIES // max(high - low, 1))
        for tile in range(low, high, step):
            for i in range(level_starts[component], level_starts[component + 1]):
                x, first, end = cursor[i], ends[i], ends[i + 1]
                while x < end and columns[x] < tile + step:
                    row = np.uint64(corner[columns[x]])
                    factor = M[i, 0, 0] * values[x, 0]
                    for y in range(np.uint64(first), np.uint64(x + 1)):
                        S[row + np.uint64(columns[y])] -= factor * values[y, 0]
                    x += 1
                cursor[i] = x


@compiled(fastmath=True)
def subtract_products(
    values: FloatArray,
    M: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    level_starts: Int64Array,
    column_starts: Int64Array,
    corner: Int64Array,
    S: FloatArray,
) -> None:
    """Take what the levels explain off the products of the dense columns.

    Parameters
    ----------
    values : ndarray of shape (number of entries, q or more)
        Products of each level with the dense columns it meets.
    M : ndarray of shape (L, q, q)
        From `pivot_inverses`.
    ends, columns : ndarray of int
        Dense columns of each level.
    level_starts, column_starts : ndarray of shape (n_component + 1,), int
        Where levels and dense columns of each component begin.
    corner : ndarray of shape (n_column,), int
        Where the entry of each column with column 0 would stand in `S`.
    S : ndarray
        Lower triangles, changed in place.
    """
    q = M.shape[1]
    scaled = np.empty(q)
    cursor = ends[:-1].copy()
    for component in range(len(level_starts) - 1):
        low, high = column_starts[component], column_starts[component + 1]
        step = max(8, _TILE_ENTRIES // max(high - low, 1))
        for tile in range(low, high, step):
            for i in range(level_starts[component], level_starts[component + 1]):
                x = cursor[i]
                while x < ends[i + 1] and columns[x] < tile + step:
                    row = corner[columns[x]]
                    for b in range(q):
                        scaled[b] = 0.0
                        for a in range(q):
                            scaled[b] += M[i, a, b] * values[x, a]
                    for y in range(ends[i], x + 1):
                        for b in range(q):
                            S[row + columns[y]] -= scaled[b] * values[y, b]
                    x += 1
                cursor[i] = x


@compiled(fastmath=True)
def multiply_scalar_columns(
    values: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    level_starts: Int64Array,
    column_starts: Int64Array,
    corner: Int64Array,
    H: FloatArray,
) -> FloatArray:
    """Do the work of `multiply_columns` for levels with a single effect.

    Parameters
    ----------
    values : ndarray of shape (number of entries, 1 or more)
        Products of each level with the dense columns it meets.
    ends, columns : ndarray of int
        Dense columns of each level.
    level_starts, column_starts : ndarray of shape (n_component + 1,), int
        Where levels and dense columns of each component begin.
    corner : ndarray of shape (n_column,), int
        Where the entry of each column with column 0 would stand in `H`.
    H : ndarray
        Lower triangles.

    Returns
    -------
    ndarray of shape (number of entries, 1)
        The products.
    """
    result = np.zeros((len(columns), 1))
    cursor = ends[:-1].copy()
    for component in range(len(level_starts) - 1):
        low, high = column_starts[component], column_starts[component + 1]
        step = max(8, _TILE_ENTRIES // max(high - low, 1))
        for tile in range(low, high, step):
            for i in range(level_starts[component], level_starts[component + 1]):
                x, first, end = cursor[i], ends[i], ends[i + 1]
                while x < end and columns[x] < tile + step:
                    row = np.uint64(corner[columns[x]])
                    own, total = values[x, 0], 0.0
                    for y in range(np.uint64(first), np.uint64(x)):
                        entry = H[row + np.uint64(columns[y])]
                        total += entry * values[y, 0]
                        result[y, 0] += entry * own
                    result[x, 0] += total + H[row + np.uint64(columns[x])] * own
                    x += 1
                cursor[i] = x
    return result


@compiled(fastmath=True)
def multiply_columns(
    values: FloatArray,
    q: int,
    ends: Int64Array,
    columns: Int32Array,
    level_starts: Int64Array,
    column_starts: Int64Array,
    corner: Int64Array,
    H: FloatArray,
) -> FloatArray:
    """Multiply a dense symmetric matrix by the products of each level, on its own columns.

    Parameters
    ----------
    values : ndarray of shape (number of entries, q or more)
        Products of each level with the dense columns it meets.
    q : int
        Effects of a level.
    ends, columns : ndarray of int
        Dense columns of each level.
    level_starts, column_starts : ndarray of shape (n_component + 1,), int
        Where levels and dense columns of each component begin.
    corner : ndarray of shape (n_column,), int
        Where the entry of each column with column 0 would stand in `H`.
    H : ndarray
        Lower triangles.

    Returns
    -------
    ndarray of shape (number of entries, q)
        The products.
    """
    result = np.zeros((len(columns), q))
    cursor = ends[:-1].copy()
    for component in range(len(level_starts) - 1):
        low, high = column_starts[component], column_starts[component + 1]
        step = max(8, _TILE_ENTRIES // max(high - low, 1))
        for tile in range(low, high, step):
            for i in range(level_starts[component], level_starts[component + 1]):
                x = cursor[i]
                while x < ends[i + 1] and columns[x] < tile + step:
                    row = corner[columns[x]]
                    for y in range(ends[i], x):
                        entry = H[row + columns[y]]
                        for a in range(q):
                            result[x, a] += entry * values[y, a]
                            result[y, a] += entry * values[x, a]
                    for a in range(q):
                        result[x, a] += H[row + columns[x]] * values[x, a]
                    x += 1
                cursor[i] = x
    return result
