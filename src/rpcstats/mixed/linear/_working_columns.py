"""Orthonormal fixed-effects columns and scaled random-effects columns."""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from rpcstats.mixed.structure.model_frame import Block, FloatArray

# A Cholesky factor of X'X with a pivot below this has lost half its digits: Householder
# reflections are used instead.
_SMALLEST_PIVOT = 1e-4

# Products of orthonormal columns may differ from the identity by this much: as much as rounding
# moves the products themselves.
_ORTHONORMAL = 1e-13

# Raw columns with pivots above this lose no more than two digits in their products.
_WELL_APART = 0.1

# Rows worked on at once: they stay in the processor's cache, and no large temporary is made.
_PIECE = 8192

# Columns are taken as dependent where what the others leave of one is rounding.
_DEPENDENT = 1e-13


def orthonormal(
    X: FloatArray, roots: FloatArray | None, *, form: bool
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Factor the weighted columns of a tall matrix into orthonormal columns and a triangle.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        The matrix, of full column rank; it is not changed.
    roots : ndarray of shape (n,) or None
        Roots of the prior weights.
    form : bool
        Whether the orthonormal columns must be formed; else they are where digits need it.

    Returns
    -------
    columns : ndarray of shape (n, p)
        Orthonormal to 13 digits, row after row in memory; or X itself.
    R : ndarray of shape (p, p)
        Upper triangular, W^(1/2) X is the orthonormal columns times R.
    to_orthonormal : ndarray of shape (p, p) or None
        R⁻¹ if `columns` is X itself.

    Notes
    -----
    Cholesky factorisation done twice (Yamamoto et al., 2015), the first by Householder
    reflections where the columns are nearly dependent.
    """
    if X.shape[1] == 0:
        return np.empty(X.shape), np.zeros((0, 0)), None
    gram = _gram(X, roots)
    R = _triangle(X, slice(None), roots, gram)
    if not form and roots is None and _well_apart(R, gram):
        return X, R, np.asarray(np.linalg.inv(R), dtype=np.float64)
    columns = np.empty(X.shape)
    gram = _multiply_rows(X, roots, R, columns)
    if np.abs(gram - np.eye(len(R))).max() > _ORTHONORMAL:
        second = np.asarray(linalg.cholesky(gram))
        _multiply_rows(columns, None, second, columns)
        R = second @ R
    return columns, R, None


def _well_apart(R: FloatArray, gram: FloatArray) -> bool:
    """Say whether products of the raw columns lose no more than a digit or two."""
    return bool(np.all(np.abs(np.diag(R)) >= _WELL_APART * np.sqrt(np.diag(gram))))


def _multiply_rows(
    X: FloatArray, roots: FloatArray | None, R: FloatArray, out: FloatArray
) -> FloatArray:
    """Write W^(1/2) X R⁻¹ into `out`, a piece that fits the cache at a time; give its products."""
    inverse = np.ascontiguousarray(np.linalg.inv(R), dtype=np.float64)
    gram = np.zeros((len(R), len(R)))
    for rows in _pieces(len(X)):
        part = X[rows] if roots is None else X[rows] * roots[rows, None]
        np.copyto(out[rows], part @ inverse)
        gram += out[rows].T @ out[rows]
    return gram


def _pieces(n: int) -> list[slice]:
    return [slice(first, min(first + _PIECE, n)) for first in range(0, n, _PIECE)]


def _gram(X: FloatArray, roots: FloatArray | None) -> FloatArray:
    gram = np.zeros((X.shape[1], X.shape[1]))
    for rows in _pieces(len(X)):
        part = X[rows] if roots is None else X[rows] * roots[rows, None]
        gram += part.T @ part
    return gram


def _triangle(
    X: FloatArray,
    columns: slice | NDArray[np.intp],
    roots: FloatArray | None,
    gram: FloatArray,
) -> FloatArray:
    """Give upper triangular R, R'R = X'WX; by Householder reflections where X'WX lost digits."""
    size = np.sqrt(np.diag(gram))
    size[size == 0.0] = 1.0
    try:
        R = np.asarray(linalg.cholesky(gram / np.outer(size, size)), dtype=np.float64)
        smallest = np.diag(R).min()
    except linalg.LinAlgError:
        smallest = 0.0
    if smallest < _SMALLEST_PIVOT:
        scaled = X[:, columns] / size
        if roots is not None:
            scaled *= roots[:, None]
        reflected = linalg.qr(scaled, mode="r", check_finite=False, overwrite_a=True)[0]
        R = np.asarray(reflected, dtype=np.float64)[: len(size)]
    return np.multiply(R, size)


def scale_block(
    block: Block, roots: FloatArray | None, *, form: bool
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray | None]:
    """Scale the columns of a block, and make those with a full triangle of Λ orthogonal.

    Parameters
    ----------
    block : Block
        Random effects of one grouping factor.
    roots : ndarray of shape (n,) or None
        Roots of the prior weights.
    form : bool
        Whether the scaled columns must be formed; else they are where digits need it.

    Returns
    -------
    Z : ndarray of shape (n, q)
        Z̃, the columns in working coordinates; or those of the block itself.
    C : ndarray of shape (q, q)
        Lower triangular; the weighted columns are Z̃ C.
    size : ndarray of shape (q,)
        Root mean square of each weighted column.
    to_working : ndarray of shape (q, q) or None
        C⁻¹ if `Z` is that of the block itself.
    """
    gram = _gram(block.Z, roots)
    size = np.sqrt(np.diag(gram) / len(block.Z))
    size[size == 0.0] = 1.0
    C = np.diag(size)
    for effects in _full_triangles(block):
        C[np.ix_(effects, effects)] = _lower_factor(block.Z, roots, gram, effects)
    if not form and roots is None and np.all(np.diag(C) >= _WELL_APART * size):
        return block.Z, C, size, np.asarray(np.linalg.inv(C), dtype=np.float64)
    return _solve_columns(block.Z, roots, C), C, size, None


def _full_triangles(block: Block) -> list[NDArray[np.intp]]:
    """Find the sets of effects, two or more, with every element of their triangle free."""
    linked = np.eye(block.n_effect, dtype=bool)
    linked[block.rows, block.cols] = True
    linked |= linked.T
    found = []
    for members in sorted({tuple(np.flatnonzero(row)) for row in linked}):
        n_free = int(np.isin(block.rows, members).sum())
        closed = not np.delete(linked[list(members)], members, axis=1).any()
        if len(members) > 1 and closed and n_free == len(members) * (len(members) + 1) // 2:
            found.append(np.asarray(members))
    return found


def _lower_factor(
    Z: FloatArray, roots: FloatArray | None, gram: FloatArray, effects: NDArray[np.intp]
) -> FloatArray:
    """Give lower triangular C, C'C = Z'WZ / n; the scales alone where columns are dependent."""
    last_first = effects[::-1]
    gram = gram[np.ix_(last_first, last_first)]
    upper = _triangle(Z, last_first, roots, gram) / np.sqrt(len(Z))
    upper *= np.where(np.diag(upper) < 0, -1.0, 1.0)[:, None]
    size = np.sqrt(np.diag(gram) / len(Z))
    if np.any(np.diag(upper) <= _DEPENDENT * size):
        return np.diag(np.where(size > 0.0, size, 1.0)[::-1])
    return np.ascontiguousarray(upper[::-1, ::-1])


def _solve_columns(Z: FloatArray, roots: FloatArray | None, C: FloatArray) -> FloatArray:
    """Give W^(1/2) Z C⁻¹, each row by the same operations whatever its place.

    Levels with equal rows then keep equal products, and can be pooled.
    """
    result = np.empty(Z.shape)
    for rows in _pieces(len(Z)):
        done = np.empty((Z.shape[1], len(Z[rows])))
        for column in reversed(range(len(C))):
            values = Z[rows, column] * (1.0 if roots is None else roots[rows])
            for later in np.flatnonzero(C[column + 1 :, column]) + column + 1:
                values -= done[later] * C[later, column]
            done[column] = values / C[column, column]
        result[rows] = done.T
    return result


def theta_basis(blocks: tuple[Block, ...], factors: list[FloatArray]) -> FloatArray:
    """Give the matrix that turns θ into the elements of Λ̃ = C Λ.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    factors : list of ndarray of shape (q, q)
        C of each block.

    Returns
    -------
    ndarray of shape (k, k)
        Block diagonal.
    """
    basis = np.zeros((0, 0))
    for block, C in zip(blocks, factors, strict=True):
        same_column = block.cols[:, None] == block.cols[None, :]
        part = np.where(same_column, C[np.ix_(block.rows, block.rows)], 0.0)
        basis = np.asarray(linalg.block_diag(basis, part), dtype=np.float64) if len(basis) else part
    return basis
