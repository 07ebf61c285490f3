"""Natural cubic splines of log time, in Royston and Parmar's basis."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class SplineColumns(NamedTuple):
    """Columns of a spline with their slopes.

    Attributes
    ----------
    value, slope : ndarray of shape (K + 1, m)
        x and one column for each inner knot, and their derivatives to x.
    """

    value: FloatArray
    slope: FloatArray


def spline_columns(x: FloatArray, knots: FloatArray) -> SplineColumns:
    """Evaluate the columns of a natural cubic spline.

    Parameters
    ----------
    x : ndarray of shape (m,)
        Log times.
    knots : ndarray of shape (K + 2,)
        Knots in order, the first and last its boundary.

    Returns
    -------
    SplineColumns
        The columns.

    Notes
    -----
    Royston and Parmar (2002): vⱼ(x) = (x − kⱼ)³₊ − λⱼ (x − k₀)³₊ − (1 − λⱼ)(x − k₁)³₊ with
    λⱼ = (k₁ − kⱼ) / (k₁ − k₀), which is linear beyond both boundaries k₀ and k₁.
    """
    low, high = knots[0], knots[-1]
    inner = knots[1:-1]
    value, slope = np.empty((len(inner) + 1, len(x))), np.empty((len(inner) + 1, len(x)))
    value[0], slope[0] = x, 1.0
    below, above = np.maximum(x - low, 0.0), np.maximum(x - high, 0.0)
    for j, knot in enumerate(inner, start=1):
        share = (high - knot) / (high - low)
        past = np.maximum(x - knot, 0.0)
        value[j] = past**3 - share * below**3 - (1.0 - share) * above**3
        slope[j] = 3.0 * (past**2 - share * below**2 - (1.0 - share) * above**2)
    return SplineColumns(value, slope)


def spread_knots(log_times: FloatArray, n_inner: int) -> FloatArray:
    """Place knots at quantiles.

    Parameters
    ----------
    log_times : ndarray of shape (n,)
        Logarithms of times of events.
    n_inner : int
        Number of inner knots.

    Returns
    -------
    ndarray of shape (n_inner + 2,)
        Knots at even quantiles, the boundaries at the extremes.
    """
    return np.quantile(log_times, np.linspace(0.0, 1.0, n_inner + 2))
