"""Compiled kernels that carry vectors through the products and the elimination."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled
from rpcstats.mixed.structure.model_frame import FloatArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


@compiled(fastmath=True)
def dense_entries(
    rows: Int32Array, columns: Int32Array, values: FloatArray, vectors: FloatArray
) -> FloatArray:
    """Multiply sparse symmetric products by vectors.

    Parameters
    ----------
    rows, columns : ndarray of int32
        Places of the entries of the lower triangle.
    values : ndarray of the same shape
        Entries.
    vectors : ndarray of shape (R, k)
        The vectors.

    Returns
    -------
    ndarray of shape (R, k)
        The product.
    """
    result = np.zeros(vectors.shape)
    for x in range(len(values)):
        r, c = rows[x], columns[x]
        for j in range(vectors.shape[1]):
            result[r, j] += values[x] * vectors[c, j]
            if r != c:
                result[c, j] += values[x] * vectors[r, j]
    return result


@compiled(fastmath=True)
def multiply_products(
    front: FloatArray,
    values: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    parent: Int32Array,
    stacked: FloatArray,
    dense: FloatArray,
    out: FloatArray,
    above_out: FloatArray,
    dense_out: FloatArray,
) -> None:
    """Multiply the products of one block by vectors.

    Parameters
    ----------
    front : ndarray of shape (L, q, h + m)
        Products of each level with itself, its ancestors and the fixed columns.
    values : ndarray of shape (number of entries, q)
        Products with the dense columns.
    ends, columns : ndarray of int
        Dense columns of each level.
    parent : ndarray of shape (L,), int32
        Parent of each level.
    stacked : ndarray of shape (L, h, k)
        Vectors of each level and its ancestors.
    dense : ndarray of shape (R, k)
        Vectors of the dense columns.
    out : ndarray of shape (L, h, k)
        The product for each level is added to its first q rows.
    above_out : ndarray of shape (L', h - q, k)
        The product for ancestors is added.
    dense_out : ndarray of shape (R, k)
        The product for dense columns is added.
    """
    q, h, k = front.shape[1], stacked.shape[1], stacked.shape[2]
    for i in range(len(front)):
        for a in range(q):
            for r in range(h):
                for j in range(k):
                    out[i, a, j] += front[i, a, r] * stacked[i, r, j]
            for r in range(q, h):
                for j in range(k):
                    above_out[parent[i], r - q, j] += front[i, a, r] * stacked[i, a, j]
        for x in range(ends[i], ends[i + 1]):
            for a in range(q):
                for j in range(k):
                    out[i, a, j] += values[x, a] * dense[columns[x], j]
                    dense_out[columns[x], j] += values[x, a] * stacked[i, a, j]


@compiled(fastmath=True)
def eliminate_vectors(
    front: FloatArray,
    values: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    parent: Int32Array,
    M: FloatArray,
    own: FloatArray,
    above: FloatArray,
    dense: FloatArray,
    total: FloatArray,
) -> None:
    """Eliminate the levels of one block from vectors.

    Parameters
    ----------
    front : ndarray of shape (L, q or h, h + m)
        Products after the descendants were eliminated.
    values : ndarray of shape (number of entries, q or h)
        Products with the dense columns.
    ends, columns : ndarray of int
        Dense columns of each level.
    parent : ndarray of shape (L,), int32
        Parent of each level.
    M : ndarray of shape (L, q, q)
        G(I + DG)⁻¹.
    own : ndarray of shape (L, h, k)
        Products of the vectors with the level; with its ancestors, as far as descendants go.
    above : ndarray of shape (L', h - q, k)
        Those of the parents, changed in place.
    dense : ndarray of shape (R, k)
        Those of the dense columns, changed in place.
    total : ndarray of shape (k, k)
        What the levels explain of the products of the vectors is added.
    """
    q, k = M.shape[1], own.shape[2]
    scaled = np.empty((q, k))
    for i in range(len(M)):
        _scale(M, own, i, scaled)
        _add_products(own, scaled, i, total)
        for r in range(above.shape[1]):
            for j in range(k):
                value = own[i, q + r, j]
                for a in range(q):
                    value -= front[i, a, q + r] * scaled[a, j]
                above[parent[i], r, j] += value
        for x in range(ends[i], ends[i + 1]):
            for a in range(q):
                for j in range(k):
                    dense[columns[x], j] -= values[x, a] * scaled[a, j]


@compiled(fastmath=True)
def _scale(M: FloatArray, own: FloatArray, i: int, scaled: FloatArray) -> None:
    q, k = scaled.shape
    for a in range(q):
        for j in range(k):
            scaled[a, j] = 0.0
            for b in range(q):
                scaled[a, j] += M[i, a, b] * own[i, b, j]


@compiled(fastmath=True)
def _add_products(own: FloatArray, scaled: FloatArray, i: int, total: FloatArray) -> None:
    q, k = scaled.shape
    for a in range(q):
        for j in range(k):
            for c in range(k):
                total[j, c] += own[i, a, j] * scaled[a, c]
