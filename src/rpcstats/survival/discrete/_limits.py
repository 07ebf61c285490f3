"""Limits of hazards and of survival on the scales where they are nearly symmetric."""

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.survival.discrete._links import LinkName, moments_of

FloatArray = NDArray[np.float64]


def survival_limits(
    S: FloatArray, std_error: FloatArray, z: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give survival with limits on the scale of log(-log S).

    Parameters
    ----------
    S, std_error : ndarray
        Survival and its standard error.
    z : float
        Quantile.

    Returns
    -------
    tuple of ndarray
        Estimate, standard error, lower and upper limit; NaN limits where S is 0 or 1.
    """
    inside = np.where((S > 0.0) & (S < 1.0), S, np.nan)
    log_S = np.log(inside)
    # An infinite factor gives the limits 0 and 1, which is what is known.
    with np.errstate(over="ignore"):
        factor = np.exp(z * std_error / (inside * np.abs(log_S)))
    return S, std_error, np.exp(log_S * factor), np.exp(log_S / factor)


def hazard_limits(
    hazard: FloatArray, std_error: FloatArray, z: float, link: LinkName
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give hazards with limits on the scale of the link.

    Parameters
    ----------
    hazard, std_error : ndarray
        Hazard and its standard error.
    z : float
        Quantile.
    link : {"logit", "cloglog"}
        The link.

    Returns
    -------
    tuple of ndarray
        Estimate, standard error, lower and upper limit; NaN limits where the hazard is 0 or 1.
    """
    inside = np.where((hazard > 0.0) & (hazard < 1.0), hazard, np.nan)
    eta = special.logit(inside) if link == "logit" else np.log(-np.log1p(-inside))
    half = z * std_error / moments_of(eta, link).slope
    return hazard, std_error, moments_of(eta - half, link).mu, moments_of(eta + half, link).mu
