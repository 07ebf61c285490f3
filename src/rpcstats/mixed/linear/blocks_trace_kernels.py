"""Compiled kernels for the blocks of the inverse that traces and conditional variances need."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled
from rpcstats.mixed.structure.model_frame import FloatArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


@compiled(fastmath=True)
def add_ancestors(
    front: FloatArray,
    values: FloatArray,
    ends: Int64Array,
    place: Int32Array,
    parent: Int32Array,
    above_cov: FloatArray,
    above_values: FloatArray,
    Y: FloatArray,
) -> FloatArray:
    """Complete the product of the inverse and the coupling of each level.

    Parameters
    ----------
    front : ndarray of shape (L, q or h, h + m)
        Products after the descendants were eliminated.
    values : ndarray of shape (number of entries, q or h)
        Products with the dense columns.
    ends : ndarray of shape (L + 1,), int
        Where the dense columns of each level begin.
    place : ndarray of int32
        Where the entries stand among the parents' ones.
    parent : ndarray of shape (L,), int32
        Parent of each level.
    above_cov : ndarray of shape (L', h - q, h - q)
        Blocks of the inverse of the parents and their ancestors.
    above_values : ndarray of shape (entries of the parents, h - q)
        Blocks of the inverse between them and the dense columns.
    Y : ndarray of shape (number of entries, q)
        From `multiply_columns`; the part of the ancestors is added.

    Returns
    -------
    ndarray of shape (L, h - q, q)
        The part of the product that belongs to the ancestors.
    """
    q, above = Y.shape[1], above_cov.shape[1]
    border = np.zeros((len(front), above, q))
    for i in range(len(front)):
        for a in range(q):
            for r in range(above):
                for s in range(above):
                    border[i, r, a] += above_cov[parent[i], r, s] * front[i, a, q + s]
        for x in range(ends[i], ends[i + 1]):
            for r in range(above):
                entry = above_values[place[x], r]
                for a in range(q):
                    Y[x, a] += entry * front[i, a, q + r]
                    border[i, r, a] += entry * values[x, a]
    return border


@compiled(fastmath=True)
def explained_by_others(
    front: FloatArray, values: FloatArray, ends: Int64Array, Y: FloatArray, border: FloatArray
) -> FloatArray:
    """Give CPC' for each level, C its coupling and P the inverse of what is eliminated later.

    Parameters
    ----------
    front : ndarray of shape (L, q or h, h + m)
        Products after the descendants were eliminated.
    values : ndarray of shape (number of entries, q or h)
        Products with the dense columns.
    ends : ndarray of shape (L + 1,), int
        Where the dense columns of each level begin.
    Y : ndarray of shape (number of entries, q)
        PC', dense columns.
    border : ndarray of shape (L, h - q, q)
        PC', ancestors.

    Returns
    -------
    ndarray of shape (L, q, q)
        The products.
    """
    q = Y.shape[1]
    F = np.zeros((len(front), q, q))
    for i in range(len(front)):
        for a in range(q):
            for b in range(q):
                total = 0.0
                for x in range(ends[i], ends[i + 1]):
                    total += values[x, a] * Y[x, b]
                for r in range(border.shape[1]):
                    total += front[i, a, q + r] * border[i, r, b]
                F[i, a, b] = total
    return F


@compiled(fastmath=True)
def spread_inverse(
    M: FloatArray,
    F: FloatArray,
    ends: Int64Array,
    place: Int32Array,
    parent: Int32Array,
    above_cov: FloatArray,
    above_values: FloatArray,
    Y: FloatArray,
    border: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Give the blocks of the inverse that the children of each level need.

    Parameters
    ----------
    M : ndarray of shape (L, q, q)
        From `pivot_inverses`.
    F : ndarray of shape (L, q, q)
        From `explained_by_others`.
    ends : ndarray of shape (L + 1,), int
        Where the dense columns of each level begin.
    place : ndarray of int32
        Where the entries stand among the parents' ones.
    parent : ndarray of shape (L,), int32
        Parent of each level.
    above_cov : ndarray of shape (L', h - q, h - q)
        Blocks of the inverse of the parents and their ancestors.
    above_values : ndarray of shape (entries of the parents, h - q)
        Blocks of the inverse between them and the dense columns.
    Y : ndarray of shape (number of entries, q)
        PC', dense columns.
    border : ndarray of shape (L, h - q, q)
        PC', ancestors.

    Returns
    -------
    cov : ndarray of shape (L, h, h)
        Blocks of the inverse of the levels and their ancestors.
    columns : ndarray of shape (number of entries, h)
        Blocks of the inverse between them and the dense columns.
    """
    L, above, q = border.shape
    cov = np.empty((L, q + above, q + above))
    inner = np.empty((len(Y), q + above))
    for i in range(L):
        own = M[i]
        _sandwich(own, F[i], cov[i])
        for r in range(above):
            cov[i, q + r, q:] = above_cov[parent[i], r]
            for a in range(q):
                cov[i, a, q + r] = 0.0
                for b in range(q):
                    cov[i, a, q + r] -= own[a, b] * border[i, r, b]
                cov[i, q + r, a] = cov[i, a, q + r]
        for x in range(ends[i], ends[i + 1]):
            _spread_column(own, Y, x, inner)
            for r in range(above):
                inner[x, q + r] = above_values[place[x], r]
    return cov, inner


@compiled(fastmath=True)
def _sandwich(own: FloatArray, F: FloatArray, cov: FloatArray) -> None:
    q = len(own)
    for a in range(q):
        for b in range(q):
            cov[a, b] = own[a, b]
            for c in range(q):
                for d in range(q):
                    cov[a, b] += own[a, c] * F[c, d] * own[d, b]


@compiled(fastmath=True)
def _spread_column(own: FloatArray, Y: FloatArray, x: int, inner: FloatArray) -> None:
    for a in range(len(own)):
        value = 0.0
        for b in range(len(own)):
            value -= own[a, b] * Y[x, b]
        inner[x, a] = value


@compiled(fastmath=True)
def summed_traces(front: FloatArray, N: FloatArray, F: FloatArray) -> FloatArray:
    """Sum Z'V₀⁻¹Z over the levels of a block.

    Parameters
    ----------
    front : ndarray of shape (L, q or h, h + m)
        Products after the descendants were eliminated.
    N : ndarray of shape (L, q, q)
        From `pivot_inverses`.
    F : ndarray of shape (L, q, q)
        From `explained_by_others`.

    Returns
    -------
    ndarray of shape (q, q)
        Sum of ND - NFN'.
    """
    q = N.shape[1]
    total = np.zeros((q, q))
    left = np.empty((q, q))
    for i in range(len(N)):
        for a in range(q):
            for b in range(q):
                left[a, b] = front[i, a, b]
                for c in range(q):
                    left[a, b] -= F[i, a, c] * N[i, b, c]
        for a in range(q):
            for b in range(q):
                for c in range(q):
                    total[a, b] += N[i, a, c] * left[c, b]
    return total
