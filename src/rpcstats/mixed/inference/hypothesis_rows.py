"""The rows of a linear hypothesis: their shape and their rank."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

# Rounding of the products behind a covariance reaches about the root of the machine's precision.
_RANK_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


def as_rows(L: ArrayLike, p: int) -> FloatArray:
    """Take one row or several as a matrix of rows.

    Parameters
    ----------
    L : array_like of shape (p,) or (r, p)
        Coefficients of the hypothesis.
    p : int
        Fixed effects.

    Returns
    -------
    ndarray of shape (r, p)
        The rows.

    Raises
    ------
    ValueError
        If a row does not have one number a fixed effect.
    """
    rows = np.atleast_2d(np.asarray(L, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != p:
        raise ValueError(f"a hypothesis needs rows of {p} numbers")
    return rows


def rank_of(covariance: FloatArray) -> int:
    """Count the rows that the others do not determine.

    Parameters
    ----------
    covariance : ndarray of shape (r, r)
        Covariance of the estimates of the rows.

    Returns
    -------
    int
        Its rank, each row taken in its own units.
    """
    scale = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    used = scale > 0.0
    if not used.any():
        return 0
    unit = covariance[np.ix_(used, used)] / np.outer(scale[used], scale[used])
    values = np.linalg.eigvalsh(unit)
    return int(np.sum(values > _RANK_TOLERANCE * values[-1]))


def independent_rows(rows: FloatArray) -> FloatArray:
    """Give orthonormal rows that span the same space.

    Parameters
    ----------
    rows : ndarray of shape (r, p)
        Rows, in coordinates in which their lengths are standard errors.

    Returns
    -------
    ndarray of shape (s, p)
        An orthonormal basis, s the rank.
    """
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows[length[:, 0] > 0.0] / length[length[:, 0] > 0.0]
    if not len(unit):
        return np.zeros((0, rows.shape[1]))
    values, basis = np.linalg.svd(unit, full_matrices=False)[1:]
    result: FloatArray = basis[values**2 > _RANK_TOLERANCE * values[0] ** 2]
    return result
