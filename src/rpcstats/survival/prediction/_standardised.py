"""Survival averaged over the covariates of a sample, and its influence functions: arrays only."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.prediction._hazard_steps import HazardSteps, ratio_of

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def standardised(
    steps: HazardSteps,
    X: FloatArray,
    offset: FloatArray | None,
    stratum: IntArray,
    weights: FloatArray | None,
    beta: FloatArray,
    times: FloatArray,
) -> FloatArray:
    """Average predicted survival over a sample.

    Parameters
    ----------
    steps : HazardSteps
        Baseline hazards of the fit.
    X : ndarray of shape (n, p)
        Covariates of the sample, the exposure set to one level.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    stratum : ndarray of shape (n,), int
        Stratum of each row.
    weights : ndarray of shape (n,) or None
        Case weights.
    beta : ndarray of shape (p,)
        Coefficients.
    times : ndarray of shape (t,)
        Times.

    Returns
    -------
    ndarray of shape (t,)
        Weighted mean of S(t | x).
    """
    S, _ = _survival(steps, X, offset, stratum, beta, times)
    found: FloatArray = np.average(S, axis=1, weights=weights)
    return found


def influence(
    steps: HazardSteps,
    pull: FloatArray,
    X: FloatArray,
    offset: FloatArray | None,
    stratum: IntArray,
    weights: FloatArray | None,
    beta: FloatArray,
    times: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Average predicted survival over the sample of the fit, with each row's influence.

    Parameters
    ----------
    steps : HazardSteps
        Baseline hazards of the fit.
    pull : ndarray of shape (p, r)
        Influence of each row on the coefficients, the same for every level of an exposure.
    X, offset, stratum, weights, beta, times
        As in `standardised`, for the same rows.

    Returns
    -------
    estimate : ndarray of shape (t,)
        Weighted means of S(t | x).
    influence : ndarray of shape (t, n)
        Change of the estimate if the row's weight grows, so that the sum over rows is 0 and the
        sum of squares (of sums over clusters) estimates the variance.

    Notes
    -----
    The sum of three parts: the row's own covariates, its pull on β, and its part in the steps
    of the baseline hazard (Chen and Tsiatis 2001; Lin and Wei 1989 for β).
    """
    order, terms = steps.order, steps.terms
    S, risk = _survival(steps, X, offset, stratum, beta, times)
    v = np.ones(len(X)) if weights is None else weights
    v = v / v.sum()
    estimate = S @ v
    own = (S - estimate[:, None]) * v
    falls = S * risk * v
    unit = np.ones(order.n_time) if terms.shift is None else np.exp(-terms.shift)[order.stratum]
    for k, time in enumerate(times):
        hazard = _hazard(steps, stratum, np.array([time]))[0]
        by_beta = -(falls[k] * hazard) @ (X - steps.centre)
        by_step = -np.bincount(stratum, weights=falls[k], minlength=len(order.start) - 1)
        gain = np.where(order.time <= time, by_step[order.stratum], 0.0) * unit
        by_beta -= steps.single @ gain
        arranged = by_beta @ pull + steps.step_influence(gain)
        own[k] += order.put(arranged)
    return estimate, own


def _survival(
    steps: HazardSteps,
    X: FloatArray,
    offset: FloatArray | None,
    stratum: IntArray,
    beta: FloatArray,
    times: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    eta = (X - steps.centre) @ beta
    risk = ratio_of(eta if offset is None else eta + offset)
    return np.exp(-_hazard(steps, stratum, times) * risk), risk


def _hazard(steps: HazardSteps, stratum: IntArray, times: FloatArray) -> FloatArray:
    """Read the baseline cumulative hazard of each row's stratum; shape (t, n)."""
    n_stratum = len(steps.order.start) - 1
    table = np.column_stack([steps.hazard(steps.places(s, times)) for s in range(n_stratum)])
    return table[:, stratum]
