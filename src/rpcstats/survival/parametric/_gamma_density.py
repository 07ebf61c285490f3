"""The standardised generalised gamma: log density of w with derivatives to w and Q."""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]

_HALF_LOG_2PI: Final = 0.5 * np.log(2.0 * np.pi)
# Coefficients of 1/k, 1/k³, … of the remainder of Stirling's series for log Γ(k).
_STIRLING: Final = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156)
_SERIES_FROM: Final = 10.0
"""Shapes k from which seven terms of Stirling's series are exact to the last digit."""
_TERMS: Final = 20
_LARGEST: Final = 690.0


class ShapedCurve(NamedTuple):
    """A function of w and Q with its derivatives.

    Attributes
    ----------
    value, w, ww, q, wq, qq : ndarray of shape (m,)
        The function, and its derivatives to the parameters that name them.
    """

    value: FloatArray
    w: FloatArray
    ww: FloatArray
    q: FloatArray
    wq: FloatArray
    qq: FloatArray


def gamma_density(w: FloatArray, q: float) -> ShapedCurve:
    """Give the log density of w = (log t − μ) / σ.

    Parameters
    ----------
    w : ndarray of shape (m,)
        Residuals.
    q : float
        Shape Q; 0 is the normal, 1 the smallest extreme value.

    Returns
    -------
    ShapedCurve
        Log density.

    Notes
    -----
    With k = Q⁻², −½ log 2π − δ(k) − w² φ(Qw), where δ is the remainder of Stirling's series and
    φ(x) = (eˣ − 1 − x) / x²: Prentice's (1974) density in a form that is smooth at Q = 0.
    """
    x = np.minimum(q * w, _LARGEST)
    phi, phi1, phi2, chi, chi1 = exponential_ratios(x)
    remainder, slope, bend = stirling_remainder(q)
    w2 = w * w
    return ShapedCurve(
        value=-_HALF_LOG_2PI - remainder - w2 * phi,
        w=-w * chi,
        ww=-np.exp(x),
        q=-slope - w2 * w * phi1,
        wq=-w2 * chi1,
        qq=-bend - w2 * w2 * phi2,
    )


def exponential_ratios(x: FloatArray) -> tuple[FloatArray, ...]:
    """Give (eˣ − 1 − x) / x² with two derivatives, and (eˣ − 1) / x with one.

    Parameters
    ----------
    x : ndarray of shape (m,)
        Arguments.

    Returns
    -------
    tuple of ndarray
        φ, φ', φ'', χ, χ'.
    """
    small = np.abs(x) < 1.0
    near, far = np.where(small, x, 0.0), np.where(small, 1.0, x)
    e = np.exp(far)
    chi = np.expm1(far) / far
    chi1 = (e - chi) / far
    phi = (chi - 1.0) / far
    phi1 = (chi - 2.0 * phi) / far
    phi2 = (chi1 - 3.0 * phi1) / far
    series = _near_ratios(near)
    return tuple(
        np.where(small, s, f) for s, f in zip(series, (phi, phi1, phi2, chi, chi1), strict=True)
    )


def stirling_remainder(q: float) -> tuple[float, float, float]:
    """Give log Γ(k) − (k − ½) log k + k − ½ log 2π at k = Q⁻² with derivatives to Q.

    Parameters
    ----------
    q : float
        Shape Q.

    Returns
    -------
    tuple of float
        The remainder, its first and its second derivative.
    """
    square = q * q
    if square * _SERIES_FROM <= 1.0:
        value = slope = bend = 0.0
        for place, c in enumerate(_STIRLING):
            power = 4 * place + 2
            value += c * q**power
            slope += c * power * q ** (power - 1)
            bend += c * power * (power - 1) * q ** (power - 2)
        return value, slope, bend
    k = 1.0 / square
    value = float(special.gammaln(k)) - (k - 0.5) * np.log(k) + k - _HALF_LOG_2PI
    d = float(special.digamma(k)) - np.log(k) + 0.5 / k
    dd = float(special.polygamma(1, k)) - 1.0 / k - 0.5 / k**2
    k1, k2 = -2.0 * k / q, 6.0 * k * k
    return float(value), float(d * k1), float(dd * k1 * k1 + d * k2)


def _near_ratios(x: FloatArray) -> tuple[FloatArray, ...]:
    found = tuple(np.zeros_like(x) for _ in range(5))
    for n in range(_TERMS, -1, -1):
        for total, coefficient in zip(found, _coefficients()[n], strict=True):
            total *= x
            total += coefficient
    return found


@lru_cache(maxsize=1)
def _coefficients() -> tuple[tuple[float, ...], ...]:
    """Give the Taylor coefficients of φ, φ', φ'', χ and χ'."""
    factorial = [float(special.factorial(n)) for n in range(_TERMS + 6)]
    return tuple(
        (
            1.0 / factorial[n + 2],
            (n + 1) / factorial[n + 3],
            (n + 1) * (n + 2) / factorial[n + 4],
            1.0 / factorial[n + 1],
            (n + 1) / factorial[n + 2],
        )
        for n in range(_TERMS + 1)
    )
