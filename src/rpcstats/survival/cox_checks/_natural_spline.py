"""Natural cubic splines: a basis for given knots, and a smooth with its standard error."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Smooth(NamedTuple):
    """A fitted spline at some places.

    Attributes
    ----------
    fitted : ndarray of shape (k,)
        The spline.
    unscaled : ndarray of shape (k,)
        Its variance where observations have variance 1.
    """

    fitted: FloatArray
    unscaled: FloatArray


def natural_basis(x: FloatArray, knots: FloatArray) -> FloatArray:
    """Give the basis of splines that are straight outside the outer knots.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Places.
    knots : ndarray of shape (k,)
        Two knots or more, rising.

    Returns
    -------
    ndarray of shape (n, k - 1)
        x and k - 2 curved columns, without the constant (Harrell 2015).
    """
    t = (x - knots[0]) / (knots[-1] - knots[0])
    place = (knots - knots[0]) / (knots[-1] - knots[0])
    cubes = np.maximum(t[:, None] - place, 0.0) ** 3
    gap = place[-1] - place[-2]
    columns = [t]
    for j in range(len(knots) - 2):
        before = cubes[:, -2] * (place[-1] - place[j]) / gap
        after = cubes[:, -1] * (place[-2] - place[j]) / gap
        columns.append(cubes[:, j] - before + after)
    return np.column_stack(columns)


def smooth(x: FloatArray, y: FloatArray, at: FloatArray, knots: FloatArray) -> Smooth | None:
    """Fit a natural spline by least squares.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Observations.
    at : ndarray of shape (k,)
        Where to read the spline.
    knots : ndarray of shape (q,)
        Knots, rising, the outer ones included.

    Returns
    -------
    Smooth or None
        The spline; None if the observations don't determine it.
    """
    if not (np.diff(knots) > 0).all():
        return None
    X = np.column_stack([np.ones(len(x)), natural_basis(x, knots)])
    Q, R = np.linalg.qr(X)
    size = np.abs(np.diag(R))
    if len(x) < X.shape[1] or size.min() <= 1e-9 * size.max():
        return None
    places = np.column_stack([np.ones(len(at)), natural_basis(at, knots)])
    spread = np.linalg.solve(R.T, places.T)
    fitted: FloatArray = spread.T @ (Q.T @ y)
    return Smooth(fitted, np.sum(spread**2, axis=0))
