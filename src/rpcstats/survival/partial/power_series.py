"""Products of power series and their derivatives, cut at a degree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PowerSeries:
    """K series in z, each with its first and second derivatives in p parameters.

    Attributes
    ----------
    value : ndarray of shape (K, J)
        Coefficients of degree 0 to J - 1.
    slope : ndarray of shape (K, J, p)
        Their first derivatives.
    curve : ndarray of shape (K, J, p, p)
        Their second derivatives.
    """

    value: FloatArray
    slope: FloatArray
    curve: FloatArray

    def times(self, other: "PowerSeries", most: int) -> "PowerSeries":
        """Multiply with as many other series, one by one.

        Parameters
        ----------
        other : PowerSeries
            K series.
        most : int
            Coefficients kept.

        Returns
        -------
        PowerSeries
            The K products.
        """
        longest = self.value.shape[1]
        J = min(longest + other.value.shape[1] - 1, most)
        K, p = len(self.value), self.slope.shape[2]
        value, slope = np.zeros((K, J)), np.zeros((K, J, p))
        curve = np.zeros((K, J, p, p))
        for c in range(min(longest, J)):
            kept = min(other.value.shape[1], J - c)
            u, du, ddu = self.value[:, c], self.slope[:, c], self.curve[:, c]
            v, dv, ddv = other.value[:, :kept], other.slope[:, :kept], other.curve[:, :kept]
            at = slice(c, c + kept)
            value[:, at] += u[:, None] * v
            slope[:, at] += u[:, None, None] * dv + v[:, :, None] * du[:, None, :]
            crossed = du[:, None, :, None] * dv[:, :, None, :]
            curve[:, at] += crossed + crossed.swapaxes(2, 3)
            curve[:, at] += u[:, None, None, None] * ddv + v[:, :, None, None] * ddu[:, None]
        return PowerSeries(value, slope, curve)


def product_of_rows(r: FloatArray, X: FloatArray, most: int) -> PowerSeries:
    """Multiply 1 + r z over rows, where the derivatives of r are r x and r x x'.

    Parameters
    ----------
    r : ndarray of shape (K,)
        Risk scores of one row or more.
    X : ndarray of shape (p, K)
        Covariates.
    most : int
        Coefficients kept, two at least.

    Returns
    -------
    PowerSeries
        One series.
    """
    slope = (X * r).T
    series = PowerSeries(
        np.stack([np.ones_like(r), r], axis=1),
        np.stack([np.zeros_like(slope), slope], axis=1),
        np.stack([np.zeros((*slope.shape, len(X))), slope[:, :, None] * X.T[:, None, :]], axis=1),
    )
    while len(series.value) > 1:
        half = len(series.value) // 2
        paired = _taken(series, slice(0, half)).times(_taken(series, slice(half, 2 * half)), most)
        series = paired if len(series.value) == 2 * half else _with_last(paired, series)
    return series


def _taken(series: PowerSeries, which: slice) -> PowerSeries:
    return PowerSeries(series.value[which], series.slope[which], series.curve[which])


def _with_last(paired: PowerSeries, series: PowerSeries) -> PowerSeries:
    """Add the series left over when their number was odd, padded to the same length."""
    longer = paired.value.shape[1] - series.value.shape[1]

    def joined(new: FloatArray, old: FloatArray) -> FloatArray:
        last = np.pad(old[-1:], [(0, 0), (0, longer), *[(0, 0)] * (old.ndim - 2)])
        return np.concatenate([new, last])

    return PowerSeries(
        joined(paired.value, series.value),
        joined(paired.slope, series.slope),
        joined(paired.curve, series.curve),
    )
