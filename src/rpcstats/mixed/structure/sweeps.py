"""Sums and extremes of the columns of a tall row-major matrix."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Rows laid side by side until they are this wide: numpy reduces wide rows many times faster.
_WIDTH = 512


def column_extremes(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Find the smallest and the largest value of each column.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        At least one row.

    Returns
    -------
    tuple of ndarray of shape (p,)
        Smallest and largest values.
    """
    return _reduced(np.minimum, X), _reduced(np.maximum, X)


def column_means(X: FloatArray) -> FloatArray:
    """Average each column.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        At least one row.

    Returns
    -------
    ndarray of shape (p,)
        Means.
    """
    return _reduced(np.add, X) / len(X)


def _reduced(ufunc: np.ufunc, X: FloatArray) -> FloatArray:
    n, p = X.shape
    beside = max(1, _WIDTH // max(p, 1))
    whole = n - n % beside
    if whole == 0 or not X.flags.c_contiguous:
        return np.asarray(ufunc.reduce(X, axis=0), dtype=np.float64)
    wide = ufunc.reduce(X[:whole].reshape(-1, beside * p), axis=0).reshape(beside, p)
    return np.asarray(ufunc.reduce(np.vstack([wide, X[whole:]]), axis=0), dtype=np.float64)
