"""Compiled kernels that form the products of the columns once, level by level."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled
from rpcstats.mixed.structure.model_frame import FloatArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


@compiled(fastmath=True)
def border_products(
    order: Int32Array,
    starts: Int64Array,
    Z: FloatArray,
    X: FloatArray,
    y: FloatArray,
    front: FloatArray,
) -> None:
    """Sum the products of the effects of a level with those of its ancestors, X and y.

    Parameters
    ----------
    order : ndarray of shape (n,), int32
        Rows in the order of the levels.
    starts : ndarray of shape (L + 1,), int
        Where the rows of each level begin.
    Z : ndarray of shape (n, h)
        Covariates of the level itself, then of its ancestors.
    X : ndarray of shape (n, p)
        Fixed columns.
    y : ndarray of shape (n,)
        Response.
    front : ndarray of shape (L, q, h + p + 1)
        Filled with the sums.
    """
    q, h, p = front.shape[1], Z.shape[1], X.shape[1]
    for level in range(len(front)):
        for at in range(starts[level], starts[level + 1]):
            row = order[at]
            for a in range(q):
                z = Z[row, a]
                for c in range(h):
                    front[level, a, c] += z * Z[row, c]
                for c in range(p):
                    front[level, a, h + c] += z * X[row, c]
                front[level, a, h + p] += z * y[row]


@compiled(fastmath=True)
def column_products(
    order: Int32Array,
    starts: Int64Array,
    Z: FloatArray,
    first: Int32Array,
    size: Int64Array,
    dense: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    n_column: int,
    values: FloatArray,
) -> None:
    """Sum the products of the effects of a level with the dense columns it meets.

    Parameters
    ----------
    order : ndarray of shape (n,), int32
        Rows in the order of the levels.
    starts : ndarray of shape (L + 1,), int
        Where the rows of each level begin.
    Z : ndarray of shape (n, q or more)
        Covariates of the level itself first.
    first : ndarray of shape (n, r), int32
        First dense column of each row in each block left dense.
    size : ndarray of shape (r,), int
        Effects of each of these blocks.
    dense : ndarray of shape (n, sum of size)
        Their covariates.
    ends, columns : ndarray of int
        Columns of the levels.
    n_column : int
        Dense columns.
    values : ndarray of shape (number of entries, q)
        Filled with the sums.
    """
    place = np.zeros(n_column, dtype=np.int64)
    for level in range(len(starts) - 1):
        for x in range(ends[level], ends[level + 1]):
            place[columns[x]] = x
        for at in range(starts[level], starts[level + 1]):
            row, d = order[at], 0
            for f in range(len(size)):
                x = place[first[row, f]]
                for c in range(size[f]):
                    for a in range(values.shape[1]):
                        values[x + c, a] += Z[row, a] * dense[row, d]
                    d += 1


@compiled(fastmath=True)
def dense_products(
    first: Int32Array, size: Int64Array, dense: FloatArray, corner: Int64Array, S: FloatArray
) -> None:
    """Sum the products of the dense columns with each other, lower triangles only.

    Parameters
    ----------
    first : ndarray of shape (n, r), int32
        First dense column of each row in each block left dense.
    size : ndarray of shape (r,), int
        Effects of each of these blocks.
    dense : ndarray of shape (n, sum of size)
        Their covariates.
    corner : ndarray of shape (n_column,), int
        Where the entry of each column with column 0 would stand in `S`.
    S : ndarray
        Filled with the sums, one component after the other.
    """
    column = np.empty(dense.shape[1], dtype=np.int64)
    for row in range(len(first)):
        d = 0
        for f in range(len(size)):
            for c in range(size[f]):
                column[d] = first[row, f] + c
                d += 1
        for d in range(len(column)):
            for e in range(len(column)):
                if column[e] <= column[d]:
                    S[corner[column[d]] + column[e]] += dense[row, d] * dense[row, e]


@compiled(fastmath=True)
def dense_border(
    first: Int32Array,
    size: Int64Array,
    dense: FloatArray,
    X: FloatArray,
    y: FloatArray,
    border: FloatArray,
) -> None:
    """Sum the products of the dense columns with X and y.

    Parameters
    ----------
    first : ndarray of shape (n, r), int32
        First dense column of each row in each block left dense.
    size : ndarray of shape (r,), int
        Effects of each of these blocks.
    dense : ndarray of shape (n, sum of size)
        Their covariates.
    X : ndarray of shape (n, p)
        Fixed columns.
    y : ndarray of shape (n,)
        Response.
    border : ndarray of shape (n_column, p + 1)
        Filled with the sums.
    """
    p = X.shape[1]
    for row in range(len(first)):
        d = 0
        for f in range(len(size)):
            for c in range(size[f]):
                column = first[row, f] + c
                for k in range(p):
                    border[column, k] += dense[row, d] * X[row, k]
                border[column, p] += dense[row, d] * y[row]
                d += 1
