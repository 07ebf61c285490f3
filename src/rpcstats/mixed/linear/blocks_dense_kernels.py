"""Compiled kernels on flat arrays of dense lower triangles, one component after the other."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled
from rpcstats.mixed.structure.model_frame import FloatArray

Int32Array = NDArray[np.int32]
Int64Array = NDArray[np.int64]


@compiled(fastmath=True)
def scatter(
    rows: Int32Array, columns: Int32Array, values: FloatArray, corner: Int64Array, S: FloatArray
) -> None:
    """Spread the entries of sparse lower triangles over a flat array of zeros.

    Parameters
    ----------
    rows, columns : ndarray of int32
        Places of the entries.
    values : ndarray of the same shape
        Entries.
    corner : ndarray of shape (n_column,), int
        Where the entry of each column with column 0 would stand in `S`.
    S : ndarray
        Overwritten.
    """
    S[:] = 0.0
    for x in range(len(values)):
        S[corner[rows[x]] + columns[x]] = values[x]


@compiled(fastmath=True)
def gather(
    corner: Int64Array, column_starts: Int64Array, S: FloatArray
) -> tuple[Int32Array, Int32Array, FloatArray]:
    """List the entries of lower triangles that are not zero.

    Parameters
    ----------
    corner : ndarray of shape (n_column,), int
        Where the entry of each column with column 0 would stand in `S`.
    column_starts : ndarray of shape (n_component + 1,), int
        Where the columns of each component begin.
    S : ndarray
        Lower triangles, one component after the other.

    Returns
    -------
    rows, columns : ndarray of int32
        Places of the entries.
    values : ndarray of the same shape
        Entries.
    """
    count = 0
    for x in range(len(S)):
        if S[x] != 0.0:
            count += 1
    rows, columns = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32)
    values = np.empty(count)
    x = 0
    for component in range(len(column_starts) - 1):
        for row in range(column_starts[component], column_starts[component + 1]):
            for column in range(column_starts[component], row + 1):
                value = S[corner[row] + column]
                if value != 0.0:
                    rows[x], columns[x], values[x] = row, column, value
                    x += 1
    return rows, columns, values


@compiled(fastmath=True)
def scale_lower(S: FloatArray, scale: FloatArray, A: FloatArray) -> None:
    """Give A = ΛSΛ + I for diagonal Λ, lower triangle only.

    Parameters
    ----------
    S : ndarray of shape (m, m)
        Symmetric, lower triangle used.
    scale : ndarray of shape (m,)
        Diagonal of Λ.
    A : ndarray of shape (m, m)
        Overwritten.
    """
    for r in range(len(S)):
        for c in range(r):
            A[r, c] = scale[r] * S[r, c] * scale[c]
        A[r, r] = 1.0 + scale[r] * scale[r] * S[r, r]


@compiled(fastmath=True)
def finish_lower(S: FloatArray, scale: FloatArray, A: FloatArray) -> FloatArray:
    """Turn A⁻¹ into H = ΛA⁻¹Λ for diagonal Λ, and give the diagonal of SΛA⁻¹.

    Parameters
    ----------
    S : ndarray of shape (m, m)
        Symmetric, lower triangle used.
    scale : ndarray of shape (m,)
        Diagonal of Λ.
    A : ndarray of shape (m, m)
        Lower triangle of A⁻¹; overwritten with that of H.

    Returns
    -------
    ndarray of shape (m,)
        Diagonal of SΛA⁻¹.
    """
    diagonal = np.zeros(len(S))
    for r in range(len(S)):
        total = 0.0
        for c in range(r):
            both = S[r, c] * A[r, c]
            total += both * scale[c]
            diagonal[c] += both * scale[r]
            A[r, c] *= scale[r] * scale[c]
        diagonal[r] += total + S[r, r] * A[r, r] * scale[r]
        A[r, r] *= scale[r] * scale[r]
    return diagonal
