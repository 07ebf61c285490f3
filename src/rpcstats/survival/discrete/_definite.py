"""Systems with a symmetric positive definite matrix."""

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

FloatArray = NDArray[np.float64]


def solve(A: FloatArray, b: FloatArray) -> FloatArray:
    """Solve a symmetric positive definite system, columns brought to one size first.

    Parameters
    ----------
    A : ndarray of shape (p, p)
        The matrix.
    b : ndarray of shape (p,) or (p, m)
        Right sides.

    Returns
    -------
    ndarray
        The solution; NaN if the matrix is not positive definite.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1.0 / np.sqrt(np.diag(A))
    if not np.isfinite(scale).all():
        return np.full_like(b, np.nan)
    across = scale if b.ndim == 1 else scale[:, None]
    try:
        factor = linalg.cho_factor(A * np.outer(scale, scale), lower=True)
        found: FloatArray = across * linalg.cho_solve(factor, across * b)
    except (np.linalg.LinAlgError, ValueError):
        return np.full_like(b, np.nan)
    return found


def inverse(A: FloatArray) -> FloatArray:
    """Invert a symmetric positive definite matrix.

    Parameters
    ----------
    A : ndarray of shape (p, p)
        The matrix.

    Returns
    -------
    ndarray of shape (p, p)
        Its inverse, symmetric; NaN if it is not positive definite.
    """
    found = solve(A, np.eye(len(A)))
    return (found + found.T) / 2.0
