"""Compiled kernels that eliminate levels one by one and substitute back."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled
from rpcstats.mixed.structure.model_frame import FloatArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


@compiled(fastmath=True)
def _invert(A: FloatArray, B: FloatArray) -> float:
    """Overwrite A with its inverse by Gauss-Jordan steps on a copy in B; give log|det A|."""
    q, log_det = len(A), 0.0
    B[:] = 0.0
    for k in range(q):
        B[k, k] = 1.0
    for k in range(q):
        best = k
        for r in range(k + 1, q):
            if abs(A[r, k]) > abs(A[best, k]):
                best = r
        for c in range(q):
            A[k, c], A[best, c] = A[best, c], A[k, c]
            B[k, c], B[best, c] = B[best, c], B[k, c]
        pivot = A[k, k]
        log_det += np.log(abs(pivot))
        for c in range(q):
            A[k, c] /= pivot
            B[k, c] /= pivot
        for r in range(q):
            factor = A[r, k] if r != k else 0.0
            for c in range(q):
                A[r, c] -= factor * A[k, c]
                B[r, c] -= factor * B[k, c]
    A[:] = B
    return log_det


@compiled(fastmath=True)
def pivot_inverses(front: FloatArray, G: FloatArray, N: FloatArray, M: FloatArray) -> float:
    """Invert I + DG for each level, D its pivot.

    Parameters
    ----------
    front : ndarray of shape (L, q or more, q or more)
        Pivots in the leading q × q part.
    G : ndarray of shape (q, q)
        ΛΛ'.
    N : ndarray of shape (L, q, q)
        Filled with (I + DG)⁻¹.
    M : ndarray of shape (L, q, q)
        Filled with G(I + DG)⁻¹.

    Returns
    -------
    float
        Sum of log|I + DG|.
    """
    q, log_det = len(G), 0.0
    A, B = np.empty((q, q)), np.empty((q, q))
    for i in range(len(front)):
        for a in range(q):
            for b in range(q):
                A[a, b] = 1.0 if a == b else 0.0
                for c in range(q):
                    A[a, b] += front[i, a, c] * G[c, b]
        log_det += _invert(A, B)
        N[i] = A
        for a in range(q):
            for b in range(a + 1):
                value = 0.0
                for c in range(q):
                    value += 0.5 * (G[a, c] * A[c, b] + G[b, c] * A[c, a])
                M[i, a, b] = value
                M[i, b, a] = value
    return log_det


@compiled(fastmath=True)
def scalar_pivot_inverses(front: FloatArray, G: FloatArray, N: FloatArray, M: FloatArray) -> float:
    """Invert 1 + dg for each level with a single effect.

    Parameters
    ----------
    front : ndarray of shape (L, 1 or more, 1 or more)
        Pivots in the leading element.
    G : ndarray of shape (1, 1)
        λ².
    N : ndarray of shape (L, 1, 1)
        Filled with 1 / (1 + dg).
    M : ndarray of shape (L, 1, 1)
        Filled with g / (1 + dg).

    Returns
    -------
    float
        Sum of log(1 + dg).
    """
    g, log_det = G[0, 0], 0.0
    for i in range(len(front)):
        size = 1.0 + front[i, 0, 0] * g
        log_det += np.log(size)
        N[i, 0, 0] = 1.0 / size
        M[i, 0, 0] = g / size
    return log_det


@compiled(fastmath=True)
def eliminate_border(
    front: FloatArray,
    M: FloatArray,
    parent: Int32Array,
    parent_front: FloatArray,
    fixed: FloatArray,
) -> FloatArray:
    """Take what each level explains off the products of its ancestors, X and y.

    Parameters
    ----------
    front : ndarray of shape (L, q or h, h + m)
        Products of each level with itself, its ancestors and the m fixed columns; rows beyond
        the first q hold what its own descendants explain of its ancestors.
    M : ndarray of shape (L, q, q)
        From `pivot_inverses`.
    parent : ndarray of shape (L,), int32
        Parent of each level; empty at the end of the chain.
    parent_front : ndarray of shape (L', h - q, h - q + m)
        Changed in place.
    fixed : ndarray of shape (m, m)
        Changed in place.

    Returns
    -------
    ndarray of shape (L, q, h - q + m)
        M times the products with ancestors and fixed columns.
    """
    q, m = M.shape[1], len(fixed)
    width = front.shape[2] - q
    above = width - m
    scaled = np.empty((len(front), q, width))
    for i in range(len(front)):
        for a in range(q):
            for c in range(width):
                value = 0.0
                for b in range(q):
                    value += M[i, a, b] * front[i, b, q + c]
                scaled[i, a, c] = value
        _subtract(front, scaled, i, above, fixed)
        if above:
            _pass_up(front, scaled, i, parent_front, parent[i])
    return scaled


@compiled(fastmath=True)
def _subtract(front: FloatArray, scaled: FloatArray, i: int, above: int, fixed: FloatArray) -> None:
    q = scaled.shape[1]
    for a in range(q):
        for k in range(len(fixed)):
            value = front[i, a, q + above + k]
            for j in range(len(fixed)):
                fixed[k, j] -= value * scaled[i, a, above + j]


@compiled(fastmath=True)
def _pass_up(
    front: FloatArray, scaled: FloatArray, i: int, parent_front: FloatArray, up: int
) -> None:
    q, width = scaled.shape[1], scaled.shape[2]
    for r in range(parent_front.shape[1]):
        for c in range(width):
            value = front[i, q + r, q + c] if front.shape[1] > q else 0.0
            for a in range(q):
                value -= front[i, a, q + r] * scaled[i, a, c]
            parent_front[up, r, c] += value


@compiled(fastmath=True)
def eliminate_columns(
    values: FloatArray,
    scaled: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    place: Int32Array,
    parent_values: FloatArray,
    border: FloatArray,
) -> None:
    """Take what each level explains off the products of dense columns with all but themselves.

    Parameters
    ----------
    values : ndarray of shape (number of entries, q or h)
        Products of each level with the dense columns it meets.
    scaled : ndarray of shape (L, q, h - q + m)
        From `eliminate_border`.
    ends, columns : ndarray of int
        Dense columns of each level.
    place : ndarray of int32
        Where the entries stand among the parents' ones; empty at the end of the chain.
    parent_values : ndarray of shape (entries of the parents, h - q)
        Changed in place.
    border : ndarray of shape (n_column, m)
        Products of the dense columns with the fixed ones, changed in place.
    """
    q, m = scaled.shape[1], border.shape[1]
    above = scaled.shape[2] - m
    for i in range(len(scaled)):
        for x in range(ends[i], ends[i + 1]):
            for r in range(above):
                value = values[x, q + r] if values.shape[1] > q else 0.0
                for a in range(q):
                    value -= values[x, a] * scaled[i, a, r]
                parent_values[place[x], r] += value
            for a in range(q):
                for k in range(m):
                    border[columns[x], k] -= values[x, a] * scaled[i, a, above + k]


@compiled(fastmath=True)
def substitute_back(
    front: FloatArray,
    values: FloatArray,
    ends: Int64Array,
    columns: Int32Array,
    N: FloatArray,
    G: FloatArray,
    parent: Int32Array,
    above_modes: FloatArray,
    dense_modes: FloatArray,
    T: FloatArray,
    modes: FloatArray,
) -> None:
    """Give Z'V₀⁻¹ times each fixed column for each level, and G times it.

    Parameters
    ----------
    front : ndarray of shape (L, q or h, h + m)
        Products after the descendants were eliminated.
    values : ndarray of shape (number of entries, q or h)
        Products with the dense columns.
    ends, columns : ndarray of int
        Dense columns of each level.
    N : ndarray of shape (L, q, q)
        From `pivot_inverses`.
    G : ndarray of shape (q, q)
        ΛΛ'.
    parent : ndarray of shape (L,), int32
        Parent of each level; empty at the end of the chain.
    above_modes : ndarray of shape (L', h - q, m)
        `modes` of the parents.
    dense_modes : ndarray of shape (n_column, m)
        GZ'V₀⁻¹ times the fixed columns for the dense columns.
    T : ndarray of shape (L, q, m)
        Filled with Z'V₀⁻¹ times the fixed columns.
    modes : ndarray of shape (L, h, m)
        Filled with GZ'V₀⁻¹ times them, for the level and its ancestors.
    """
    q, m = len(G), T.shape[2]
    h = modes.shape[1]
    left = np.empty((q, m))
    for i in range(len(T)):
        for a in range(q):
            left[a] = front[i, a, h:]
            for r in range(h - q):
                for k in range(m):
                    left[a, k] -= front[i, a, q + r] * above_modes[parent[i], r, k]
        for x in range(ends[i], ends[i + 1]):
            for a in range(q):
                for k in range(m):
                    left[a, k] -= values[x, a] * dense_modes[columns[x], k]
        _multiply(N[i], left, T[i])
        _multiply(G, T[i], modes[i])
        for r in range(h - q):
            modes[i, q + r] = above_modes[parent[i], r]


@compiled(fastmath=True)
def _multiply(left: FloatArray, right: FloatArray, result: FloatArray) -> None:
    for a in range(len(left)):
        for k in range(right.shape[1]):
            value = 0.0
            for b in range(len(left)):
                value += left[a, b] * right[b, k]
            result[a, k] = value
