"""Logs of normal probabilities and their derivatives, exact in the tails."""

import numpy as np
from scipy import special

from rpcstats.mixed.structure.model_frame import FloatArray

FAR_TAIL = 30.0
"""Beyond this the closed forms cancel and the series of Mills' ratio is exact to 1e-11."""

_ROOT_TWO = float(np.sqrt(2.0))
_ROOT_TWO_OVER_PI = float(np.sqrt(2.0 / np.pi))
_SECOND = (-1.0, 1.0, -6.0, 50.0, -518.0, 6354.0)
_THIRD = (2.0, -24.0, 300.0, -4144.0, 63540.0, -1077384.0)


def log_normal_terms(x: FloatArray, order: int) -> tuple[FloatArray, ...]:
    """Give log Φ(x) and its derivatives.

    Parameters
    ----------
    x : ndarray
        Normal quantiles.
    order : int
        Highest derivative wanted, 0 to 3.

    Returns
    -------
    tuple of ndarray
        log Φ and as many of its derivatives.

    Notes
    -----
    The first derivative is φ/Φ, the inverse of Mills' ratio, through erfcx. With
    r = φ/Φ and δ = x + r the next are -rδ and r(δ² - 1 + rδ); both cancel for large negative x,
    where their asymptotic series stand (Abramowitz and Stegun 1964, 26.2.12).
    """
    value = np.asarray(special.log_ndtr(x))
    if order == 0:
        return (value,)
    bounded = np.minimum(x, FAR_TAIL)
    ratio = _ROOT_TWO_OVER_PI / special.erfcx(-bounded / _ROOT_TWO)
    if order == 1:
        return value, ratio
    shift = bounded + ratio
    product = ratio * shift
    tail = x < -FAR_TAIL
    with_tail = bool(np.any(tail))
    second = -product
    if with_tail:
        t = x[tail]
        second[tail] = _sum_series(_SECOND, t)
    if order == 2:
        return value, ratio, second
    third = ratio * (shift * shift - 1.0 + product)
    if with_tail:
        third[tail] = -_sum_series(_THIRD, t) / t**3
    return value, ratio, second, third


def _sum_series(coefficients: tuple[float, ...], t: FloatArray) -> FloatArray:
    inverse = 1.0 / (t * t)
    total = np.zeros_like(t)
    for coefficient in reversed(coefficients):
        total = total * inverse + coefficient
    return total
