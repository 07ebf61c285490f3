"""Limits of predictions, their checks and their layout."""

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_number, as_numbers
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STD_ERROR
from rpcstats.errors import ParameterError

FloatArray = NDArray[np.float64]

_STEPS: Final = 25

_LATEST: Final = 1e100
"""Later times leave the range of floating point when they are squared; data refuse them too."""


class Scaled(NamedTuple):
    """An estimate on the scale on which it is taken as normal.

    Attributes
    ----------
    value : ndarray of shape (m,)
        The estimate there.
    std_error : ndarray of shape (m,)
        Its standard error there.
    """

    value: FloatArray
    std_error: FloatArray


def last_time(fit: Any) -> float:
    """Give the last time seen in a sample.

    Parameters
    ----------
    fit : TimeEstimates
        The fit.

    Returns
    -------
    float
        The largest finite limit.
    """
    frame = fit.frame
    last = float(frame.time.max())
    if frame.upper is not None:
        bounded = frame.upper[np.isfinite(frame.upper)]
        last = max(last, float(bounded.max(initial=0.0)))
    return last


def check_times(times: ArrayLike | None, last: float) -> FloatArray:
    """Check the times of a prediction.

    Parameters
    ----------
    times : array_like or None
        Times; even steps up to the last time seen if None.
    last : float
        That.

    Returns
    -------
    ndarray of shape (k,)
        The times.

    Raises
    ------
    ParameterError
        If there is none, or one is negative or not finite, or too late for any computation.
    """
    if times is None:
        return np.linspace(0.0, last, _STEPS + 1)[1:]
    grid = np.atleast_1d(as_numbers(times))
    if not len(grid) or not (np.isfinite(grid) & (grid >= 0.0)).all():
        raise ParameterError("times are out of range", ["give finite times from 0 up"])
    if grid.max() > _LATEST:
        raise ParameterError(
            "times are out of range",
            [f"times past {_LATEST:g} can not be computed with: give earlier ones"],
        )
    return grid


def check_horizon(tau: float | None, last: float) -> float:
    """Check the horizon of a restricted mean.

    Parameters
    ----------
    tau : float or None
        Horizon; the last time seen if None.
    last : float
        That.

    Returns
    -------
    float
        The horizon.

    Raises
    ------
    ParameterError
        If it is not above 0 and finite.
    """
    if tau is None:
        return last
    if not (np.isfinite(as_number(tau)) and tau > 0):
        raise ParameterError("tau is out of range", ["give a finite horizon above 0"])
    return float(tau)


def check_probs(probs: ArrayLike) -> FloatArray:
    """Check the shares of quantiles.

    Parameters
    ----------
    probs : array_like
        Shares.

    Returns
    -------
    ndarray of shape (k,)
        The shares.

    Raises
    ------
    ParameterError
        If there is none, or one is not inside (0, 1).
    """
    shares = np.atleast_1d(as_numbers(probs))
    if not len(shares) or not ((shares > 0.0) & (shares < 1.0)).all():
        raise ParameterError("probs are out of range", ["give shares between 0 and 1, as 0.5"])
    return shares


def laid_out(
    found: list[tuple[FloatArray, ...]], column: str | None, values: FloatArray | None
) -> pd.DataFrame:
    """Lay out predictions row by row.

    Parameters
    ----------
    found : list of tuple of ndarray of shape (m,)
        Estimate, standard error and limits, one tuple for each time or share.
    column : str or None
        Name of the column that tells those apart.
    values : ndarray or None
        Its values.

    Returns
    -------
    pandas.DataFrame
        One row for each row and value.
    """
    m, k = len(found[0][0]), len(found)
    frame: dict[str, Any] = {"row": np.repeat(np.arange(m), k)}
    if column is not None and values is not None:
        frame[column] = np.tile(values, m)
    for place, name in enumerate((ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)):
        frame[name] = np.stack([part[place] for part in found], axis=1).ravel()
    return pd.DataFrame(frame)


def spread(cov: FloatArray, first: FloatArray) -> FloatArray:
    """Give the standard error of a function of the parameters of each row.

    Parameters
    ----------
    cov : ndarray of shape (k, k, m)
        Covariance of the parameters.
    first : ndarray of shape (k, m)
        Derivatives of the function.

    Returns
    -------
    ndarray of shape (m,)
        Standard errors.
    """
    variance = np.einsum("jm,jkm,km->m", first, cov, first)
    error: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return error


def at_the_ends(parts: tuple[FloatArray, ...], *, top: float = 0.0) -> tuple[FloatArray, ...]:
    """Settle predictions that have reached an end of their range, far from the data.

    Parameters
    ----------
    parts : tuple of ndarray of shape (m,)
        Estimate, standard error, lower and upper limit.
    top : float
        The upper end of the range that begins at 0; 0 if it has none.

    Returns
    -------
    tuple of ndarray
        The same; at an end, an error that could not be computed is 0 and such limits are the
        estimate.
    """
    estimate, error, *limits = parts
    ended = (estimate == 0.0) | (estimate == top)
    settled = [np.where(ended & np.isnan(limit), estimate, limit) for limit in limits]
    return estimate, np.where(ended & np.isnan(error), 0.0, error), *settled


def from_log(scaled: Scaled, z: float) -> tuple[FloatArray, ...]:
    """Give an estimate and its limits from the scale of its logarithm.

    Parameters
    ----------
    scaled : Scaled
        Logarithm and its standard error.
    z : float
        Normal quantile.

    Returns
    -------
    tuple of ndarray
        Estimate, standard error, lower and upper limit.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        estimate, half = np.exp(scaled.value), z * scaled.std_error
        low, high = np.exp(scaled.value - half), np.exp(scaled.value + half)
        return at_the_ends((estimate, estimate * scaled.std_error, low, high))


def survival_limits(
    log_survival: FloatArray, error: FloatArray, z: float
) -> tuple[FloatArray, ...]:
    """Give survival with limits on the scale of log(−log S).

    Parameters
    ----------
    log_survival : ndarray of shape (m,)
        Log survival.
    error : ndarray of shape (m,)
        Its standard error.
    z : float
        Normal quantile.

    Returns
    -------
    tuple of ndarray
        Survival, its standard error, lower and upper limit.
    """
    S = np.exp(log_survival)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error > 0.0, error / -log_survival, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # far beyond the times of the data
        low, high = (np.exp(log_survival * np.exp(sign * z * ratio)) for sign in (1.0, -1.0))
        return at_the_ends((S, S * error, low, high), top=1.0)


def restricted_limits(
    area: FloatArray, error: FloatArray, tau: float, z: float
) -> tuple[FloatArray, ...]:
    """Give limits of a mean between 0 and a horizon, on the scale of its logit.

    Parameters
    ----------
    area, error : ndarray of shape (m,)
        Restricted means and their standard errors.
    tau : float
        The horizon.
    z : float
        Normal quantile.

    Returns
    -------
    tuple of ndarray
        Mean, standard error, lower and upper limit.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.log(area / (tau - area))
        half = z * error * tau / (area * (tau - area))
        low, high = (tau / (1.0 + np.exp(-(logit + sign * half))) for sign in (-1.0, 1.0))
    return area, error, low, high
