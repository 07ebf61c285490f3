"""Standard distributions of a residual z: log density and log survival with two derivatives."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
Curve = tuple[FloatArray, FloatArray, FloatArray]
StandardName = Literal["extreme", "logistic", "normal"]

_HALF_LOG_2PI: Final = 0.5 * np.log(2.0 * np.pi)
_ROOT_HALF: Final = np.sqrt(0.5)
_ROOT_2_OVER_PI: Final = np.sqrt(2.0 / np.pi)
_LARGEST: Final = 690.0
"""Residuals beyond have a density below the smallest number; exp() would overflow."""


class Standard(NamedTuple):
    """A distribution without parameters.

    Attributes
    ----------
    density, survival : callable
        z to the log density or log survival and its first and second derivative.
    quantile : callable
        Log of the survival to z.
    mode_density : float
        Largest log density.
    spread : float
        Standard deviation.
    centre : float
        Mean.
    """

    density: Callable[[FloatArray], Curve]
    survival: Callable[[FloatArray], Curve]
    quantile: Callable[[FloatArray], FloatArray]
    mode_density: float
    spread: float
    centre: float


def extreme_density(z: FloatArray) -> Curve:
    """Give the log density of the smallest extreme value.

    Parameters
    ----------
    z : ndarray of shape (m,)
        Residuals.

    Returns
    -------
    tuple of ndarray
        Value, first and second derivative, z − eᶻ and its.
    """
    e = np.exp(np.minimum(z, _LARGEST))
    return z - e, 1.0 - e, -e


def extreme_survival(z: FloatArray) -> Curve:
    """Give the log survival of the smallest extreme value.

    Parameters
    ----------
    z : ndarray of shape (m,)
        Residuals.

    Returns
    -------
    tuple of ndarray
        Value, first and second derivative, all −eᶻ.
    """
    e = -np.exp(np.minimum(z, _LARGEST))
    return e, e, e


def logistic_density(z: FloatArray) -> Curve:
    """Give the log density of the logistic.

    Parameters
    ----------
    z : ndarray of shape (m,)
        Residuals.

    Returns
    -------
    tuple of ndarray
        Value, first and second derivative.
    """
    p = special.expit(z)
    return z - 2.0 * np.logaddexp(0.0, z), 1.0 - 2.0 * p, -2.0 * p * special.expit(-z)


def logistic_survival(z: FloatArray) -> Curve:
    """Give the log survival of the logistic.

    Parameters
    ----------
    z : ndarray of shape (m,)
        Residuals.

    Returns
    -------
    tuple of ndarray
        Value, first and second derivative.
    """
    p = special.expit(z)
    return -np.logaddexp(0.0, z), -p, -p * special.expit(-z)


def normal_density(z: FloatArray) -> Curve:
    """Give the log density of the normal.

    Parameters
    ----------
    z : ndarray of shape (m,)
        Residuals.

    Returns
    -------
    tuple of ndarray
        Value, first and second derivative.
    """
    return -0.5 * z * z - _HALF_LOG_2PI, -z, np.full_like(z, -1.0)


def normal_survival(z: FloatArray) -> Curve:
    """Give the log survival of the normal.

    Parameters
    ----------
    z : ndarray of shape (m,)
        Residuals.

    Returns
    -------
    tuple of ndarray
        Value, first and second derivative.
    """
    with np.errstate(over="ignore"):  # beyond z = -37 the hazard is 0
        hazard = _ROOT_2_OVER_PI / special.erfcx(z * _ROOT_HALF)
    return special.log_ndtr(-z), -hazard, hazard * (z - hazard)


def _extreme_quantile(log_survival: FloatArray) -> FloatArray:
    z: FloatArray = np.log(-log_survival)
    return z


def _logistic_quantile(log_survival: FloatArray) -> FloatArray:
    z: FloatArray = np.log(-np.expm1(log_survival)) - log_survival
    return z


def _normal_quantile(log_survival: FloatArray) -> FloatArray:
    z: FloatArray = -special.ndtri_exp(log_survival)
    return z


STANDARD: Final[dict[StandardName, Standard]] = {
    "extreme": Standard(
        extreme_density,
        extreme_survival,
        _extreme_quantile,
        -1.0,
        float(np.pi / np.sqrt(6.0)),
        -float(np.euler_gamma),
    ),
    "logistic": Standard(
        logistic_density,
        logistic_survival,
        _logistic_quantile,
        -float(np.log(4.0)),
        float(np.pi / np.sqrt(3.0)),
        0.0,
    ),
    "normal": Standard(
        normal_density, normal_survival, _normal_quantile, -float(_HALF_LOG_2PI), 1.0, 0.0
    ),
}
