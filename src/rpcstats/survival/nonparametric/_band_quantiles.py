"""Critical values of confidence bands for survival curves, computed rather than looked up.

Both bands rest on a Brownian bridge W on a stretch (a, b) of the unit interval: Hall and Wellner's
on the largest |W(x)|, the equal-precision band on the largest |W(x)| / sqrt(x (1 - x)).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats._numerics.intervals import normal_quantile

FloatArray = NDArray[np.float64]

_MOST_TERMS = 200_000
_SMALLEST = 40.0
"""Terms below e to the minus this are left out."""

_FEW_MODES, _MODES = 24, 160
"""Eigenfunctions of the equal-precision band; more of them for shorter stretches."""


def hall_wellner_quantile(low: float, high: float, conf_level: float) -> float:
    """Give the value that the bridge exceeds in size, between two points, with a probability.

    Parameters
    ----------
    low, high : float
        Ends of the stretch, 0 <= low <= high <= 1.
    conf_level : float
        Probability of staying inside.

    Returns
    -------
    float
        The critical value, 1.358 for the whole interval at 0.95.
    """
    return _solved(lambda c: hall_wellner_probability(c, low, high), conf_level, 4.0)


def equal_precision_quantile(low: float, high: float, conf_level: float) -> float:
    """Give the value that the standardised bridge exceeds in size, with a probability.

    Parameters
    ----------
    low, high : float
        Ends of the stretch, 0 < low <= high < 1.
    conf_level : float
        Probability of staying inside.

    Returns
    -------
    float
        The critical value; that of one normal variable where the stretch is a point.
    """
    length = 0.5 * float(special.logit(high) - special.logit(low))
    pointwise = normal_quantile(conf_level)
    if length <= 0:
        return pointwise
    return _solved(lambda c: equal_precision_probability(c, length), conf_level, pointwise + 5)


def hall_wellner_probability(c: float, low: float, high: float) -> float:
    """Give the probability that a Brownian bridge stays within c on a stretch.

    Parameters
    ----------
    c : float
        Bound, above 0.
    low, high : float
        Ends of the stretch, 0 <= low < high <= 1.

    Returns
    -------
    float
        The probability.

    Notes
    -----
    Hall and Wellner (1980). Between the ends the bridge is a Brownian motion killed at ±c, whose
    density is a sine series; weighing it with the normal densities up to the ends leaves one
    sum over odd m, each factor in closed form.
    """
    T = high - low
    wanted = np.sqrt(2 * _SMALLEST / max(T, 1e-300)) * 2 * c / np.pi
    m = np.arange(1, int(min(max(wanted, 9), _MOST_TERMS)) + 2, 2, dtype=np.float64)
    k: FloatArray = m * (np.pi / (2 * c))
    terms = _end_weight(k, low, c) * _end_weight(k, 1 - high, c) * np.exp(-0.5 * k**2 * T)
    return float(np.sqrt(2 * np.pi) / c * terms.sum())


def equal_precision_probability(c: float, length: float) -> float:
    """Give the probability that a stationary Ornstein-Uhlenbeck process stays within c.

    Parameters
    ----------
    c : float
        Bound, above 0.
    length : float
        How long, in the clock in which the correlation at distance u is exp(-u).

    Returns
    -------
    float
        The probability.

    Notes
    -----
    The standardised bridge is this process in the clock log(x / (1 - x)) / 2 (Doob 1942; Nair
    1984 for the band). The probability is a sum over eigenfunctions of f'' - x f' that vanish
    at ±c. With the root of the normal density taken out the operator is g'' - (x² / 4 - 1 / 2) g,
    whose eigenfunctions are found in a basis of cosines.
    """
    n_mode = int(min(_MODES, _FEW_MODES + c / np.pi * np.sqrt(_SMALLEST / length)))
    k: FloatArray = np.arange(1.0, 2 * n_mode, 2) * (np.pi / (2 * c))
    energy = 0.125 * (_square_moment(k[:, None] - k, c) + _square_moment(k[:, None] + k, c)) / c
    energy[np.diag_indices(n_mode)] += k**2 - 0.5
    start = np.sqrt(np.sqrt(8 * np.pi) / c) * _end_weight(k, 2.0, c)
    values, vectors = np.linalg.eigh(energy)
    shares = (start @ vectors) ** 2
    # What the modes left out hold at the start, taken to decay as the last of them.
    rest = special.erf(c / np.sqrt(2)) - shares.sum()
    return float(shares @ np.exp(-values * length) + rest * np.exp(-values[-1] * length))


def _square_moment(u: FloatArray, c: float) -> FloatArray:
    """Integrate x² cos(u x) over (-c, c), u a multiple of pi / c."""
    order = np.rint(u * c / np.pi)
    sign = np.where(order % 2, -1.0, 1.0)
    with np.errstate(divide="ignore"):
        return np.where(order == 0, 2 * c**3 / 3, 4 * c * sign / u**2)


def _end_weight(k: FloatArray, a: float, c: float) -> FloatArray:
    """Integrate cos(k x) against the normal density of variance a over (-c, c)."""
    whole = np.exp(-0.5 * k**2 * a)
    if a <= 0 or c**2 / (2 * a) > _SMALLEST:
        return whole
    z = (c - 1j * k * a) / np.sqrt(2 * a)
    outside = np.exp(-(c**2) / (2 * a)) * (np.exp(1j * k * c) * special.wofz(1j * z)).real
    result: FloatArray = whole - outside
    return result


def _solved(probability: Callable[[float], float], conf_level: float, most: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda c: probability(c) - conf_level, 0.05, most, xtol=1e-10))
