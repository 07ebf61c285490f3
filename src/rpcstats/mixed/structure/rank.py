"""Columns that others determine."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.design_columns import DesignColumns
from rpcstats.mixed.structure.sweeps import column_means

FloatArray = NDArray[np.float64]

# A column counts as determined by earlier ones when less than this share of it is left after
# they are taken off; R's lm and lme4 use the same share.
ALIAS_TOLERANCE = 1e-7
# The share is of the column's spread, but not of less than this part of its size: rounding
# leaves about 1e-15 of the size, so what is left is told from rounding with room to spare.
_SMALLEST_SPREAD = 1e-6
# Cross-products have half the digits: above this share of the variance they can be trusted.
_CLEAR = 1e-4
_CHUNK = 4096


class Rank(NamedTuple):
    """What the columns of a matrix span.

    Attributes
    ----------
    kept : ndarray of int
        Columns that earlier ones do not determine.
    spread : ndarray of shape (p,)
        Standard deviation of each column.
    """

    kept: NDArray[np.int64]
    spread: FloatArray


def find_rank(X: FloatArray | DesignColumns) -> Rank:
    """Find the columns that earlier columns do not determine.

    Columns are judged one after the other by what is left of them once the earlier ones are
    taken off, as in R, each in its own scale.

    Parameters
    ----------
    X : ndarray of shape (n, p) or DesignColumns
        Finite columns whose squares do not overflow.

    Returns
    -------
    Rank
        Columns to keep, and the spread of all.
    """
    if isinstance(X, DesignColumns) and X.is_made:
        X = X.matrix()
    n, p = X.shape
    everything = np.arange(p, dtype=np.int64)
    if n * p == 0:
        return Rank(everything, np.zeros(p))
    mean = X.means() if isinstance(X, DesignColumns) else column_means(X)
    centred = np.zeros((p, p))
    for start in range(0, n, _CHUNK):
        chunk = _rows(X, start, _CHUNK) - mean
        centred += chunk.T @ chunk
    spread = np.sqrt(np.diag(centred))
    size = np.hypot(spread, np.abs(mean) * np.sqrt(n))
    if _is_clear(centred, mean, n, spread, size):
        return Rank(everything, spread / np.sqrt(n))
    size[size == 0] = 1.0
    left = _independent(_triangle(X, size), np.maximum(spread / size, _SMALLEST_SPREAD))
    return Rank(left, spread / np.sqrt(n))


def _is_clear(
    centred: FloatArray, mean: FloatArray, n: int, spread: FloatArray, size: FloatArray
) -> bool:
    """Tell from the cross-products, where they can be trusted, that nothing is determined."""
    if not size.all():
        return False
    flat = spread < _SMALLEST_SPREAD * size
    if flat.any():
        products, scale = centred[np.ix_(~flat, ~flat)], spread[~flat]
    else:
        products, scale = centred + n * np.outer(mean, mean), size
    try:
        pivots = np.diag(np.linalg.cholesky(products / np.outer(scale, scale)))
    except np.linalg.LinAlgError:
        return False
    return bool(flat.sum() <= 1 and (pivots**2 > _CLEAR).all())


def _rows(X: FloatArray | DesignColumns, start: int, step: int) -> FloatArray:
    at = slice(start, start + step)
    return X.rows(at) if isinstance(X, DesignColumns) else X[at]


def _triangle(X: FloatArray | DesignColumns, size: FloatArray) -> FloatArray:
    """Give R of X = QR, columns scaled, in one pass over blocks of rows."""
    R = np.empty((0, X.shape[1]))
    step = max(_CHUNK, 4 * X.shape[1])
    for start in range(0, X.shape[0], step):
        R = np.asarray(np.linalg.qr(np.vstack([R, _rows(X, start, step) / size]), mode="r"))
    return R


def _independent(R: FloatArray, reference: FloatArray) -> NDArray[np.int64]:
    basis = np.empty((R.shape[0], 0))
    kept = []
    for column, share in enumerate(reference):
        rest = R[:, column].copy()
        for _ in range(2):
            rest -= basis @ (basis.T @ rest)
        length = float(np.linalg.norm(rest))
        if length > ALIAS_TOLERANCE * share and basis.shape[1] < R.shape[0]:
            kept.append(column)
            basis = np.column_stack([basis, rest / length])
    return np.array(kept, dtype=np.int64)
