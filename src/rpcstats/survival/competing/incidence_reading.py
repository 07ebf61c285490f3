"""Incidence curves read at given times, and compared there."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_number, as_numbers
from rpcstats._numerics.intervals import ConfType, survival_interval
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STATE,
    STD_ERROR,
    STRATA,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.survival.competing.cause_contrasts import CauseContrasts
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from rpcstats.survival.competing.incidence_curves import CumulativeIncidence

FloatArray = NDArray[np.float64]


def incidence_limits(
    estimate: FloatArray, std_error: FloatArray, conf_type: ConfType, conf_level: float
) -> tuple[FloatArray, FloatArray]:
    """Give pointwise limits of incidences.

    Parameters
    ----------
    estimate, std_error : ndarray
        Incidences and their standard errors.
    conf_type : str
        As in `cumulative_incidence`.
    conf_level : float
        As in `cumulative_incidence`.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits; NaN where an incidence is 0.
    """
    relative = np.zeros(estimate.shape)
    np.divide(std_error, estimate, out=relative, where=estimate > 0)
    return survival_interval(estimate, relative, conf_type, conf_level)


def incidence_at(fit: "CumulativeIncidence", times: ArrayLike) -> pd.DataFrame:
    """Read incidence curves at given times.

    Parameters
    ----------
    fit : CumulativeIncidence
        The curves.
    times : array_like
        Times, 0 or more.

    Returns
    -------
    pandas.DataFrame
        As `CumulativeIncidence.at`.

    Raises
    ------
    ParameterError
        If a time is negative or not a number.
    """
    wanted = np.atleast_1d(as_numbers(times))
    if not np.all(wanted >= 0):
        raise ParameterError("at() was given a time that is not one", ["use numbers from 0 up"])
    parts = [_read(fit, g, wanted) for g in range(len(fit.strata))]
    n_risk, is_early, estimate, std_error = map(np.array, zip(*parts, strict=True))
    low, high = incidence_limits(estimate, std_error, fit.conf_type, fit.conf_level)
    if fit.conf_type == "plain":
        low[is_early], high[is_early] = 0.0, 0.0
    n_cause, n_time = len(fit.causes), len(wanted)
    return pd.DataFrame(
        {
            STRATA: [label for label in fit.strata for _ in range(n_cause * n_time)],
            STATE: [cause for cause in fit.causes for _ in range(n_time)] * len(fit.strata),
            TIME: np.tile(wanted, n_cause * len(fit.strata)),
            N_RISK: np.repeat(n_risk, n_cause, axis=0).ravel(),
            ESTIMATE: estimate.ravel(),
            STD_ERROR: std_error.ravel(),
            CONF_LOW: low.ravel(),
            CONF_HIGH: high.ravel(),
        }
    )


def incidence_difference(fit: "CumulativeIncidence", time: float) -> CauseContrasts:
    """Compare incidences at a time with those of the first group.

    Parameters
    ----------
    fit : CumulativeIncidence
        The curves.
    time : float
        Time, above 0.

    Returns
    -------
    CauseContrasts
        Difference and ratio for every cause and group but the first.

    Raises
    ------
    ParameterError
        If the time is out of range, there is one group, or a group was not followed so far.
    """
    if not 0 < as_number(time) < np.inf:
        raise ParameterError("time is out of range", ["give a finite time above 0"])
    reached = fit.rows.reaches(time)
    if not reached.all():
        raise ParameterError(
            f"time = {time:g} is beyond the end of follow-up of a group",
            ["give a time that every group reaches"],
        )
    scale = (fit.time <= time).astype(np.float64)
    sums = [fit.rows.sums(k, scale) for k in range(len(fit.causes))]
    return CauseContrasts.against_first(
        fit,
        np.stack([estimate for estimate, _ in sums]),
        np.stack([covariance for _, covariance in sums]),
        heading=f"Cumulative incidence at {time:g}, compared",
        horizon=float(time),
    )


def incidence_frame(fit: "CumulativeIncidence") -> pd.DataFrame:
    """Give one row per group, cause and distinct time.

    Parameters
    ----------
    fit : CumulativeIncidence
        The curves.

    Returns
    -------
    pandas.DataFrame
        As `CumulativeIncidence.tidy`.
    """
    n_cause = len(fit.causes)
    low, high = fit.limits()
    frame = pd.DataFrame(
        {
            STRATA: np.tile(fit.group_labels(), n_cause),
            STATE: np.repeat(np.array(fit.causes, dtype=object), len(fit.time)),
            TIME: np.tile(fit.time, n_cause),
            N_RISK: np.tile(fit.n_risk, n_cause).astype(fit.count_type),
            N_EVENT: fit.n_event.ravel().astype(fit.count_type),
            ESTIMATE: fit.estimate.ravel(),
            STD_ERROR: fit.std_error.ravel(),
            CONF_LOW: low.ravel(),
            CONF_HIGH: high.ravel(),
        }
    )
    if len(fit.strata) == 1:
        return frame
    group = np.repeat(np.arange(len(fit.strata)), np.diff(fit.start))
    order = np.argsort(np.tile(group, n_cause), kind="stable")
    return frame.iloc[order].reset_index(drop=True)


def event_free_curve(fit: "CumulativeIncidence") -> pd.DataFrame:
    """Give the probability of no event of any cause at each distinct time.

    Parameters
    ----------
    fit : CumulativeIncidence
        The curves.

    Returns
    -------
    pandas.DataFrame
        As `CumulativeIncidence.event_free_curve`.
    """
    error_log = np.sqrt(fit.rows.log_survival_variance())
    low, high = survival_interval(fit.event_free, error_log, fit.conf_type, fit.conf_level)
    with np.errstate(invalid="ignore"):
        std_error = fit.event_free * error_log
    return pd.DataFrame(
        {
            STRATA: fit.group_labels(),
            TIME: fit.time.copy(),
            N_RISK: fit.n_risk.astype(fit.count_type),
            N_EVENT: fit.n_event.sum(axis=0).astype(fit.count_type),
            N_CENSOR: fit.n_censor.astype(fit.count_type),
            ESTIMATE: fit.event_free.copy(),
            STD_ERROR: std_error,
            CONF_LOW: low,
            CONF_HIGH: high,
        }
    )


def incidence_summary(fit: "CumulativeIncidence") -> Summary:
    """Give a readable account: every curve at the end of follow-up.

    Parameters
    ----------
    fit : CumulativeIncidence
        The curves.

    Returns
    -------
    Summary
        Prints as text, shows as HTML in a notebook.
    """
    columns = [STRATA, STATE, "n_obs", N_EVENT, TIME, ESTIMATE, CONF_LOW, CONF_HIGH]
    arrays = (fit.estimate, *fit.limits())
    groups = zip(fit.strata, fit.group_size, fit.group_events, fit.start[1:] - 1, strict=True)
    rows = [
        (label, cause, size, events[k], fit.time[end], *(values[k, end] for values in arrays))
        for label, size, events, end in groups
        for k, cause in enumerate(fit.causes)
    ]
    scale = f"{fit.conf_level:.0%} intervals on the {fit.conf_type} scale."
    words = (scale, f"Variance: {fit.variance}.", *fit.remarks)
    frame = pd.DataFrame(rows, columns=columns)
    return Summary("Cumulative incidence at the end of follow-up", (frame,), " ".join(words))


def _read(
    fit: "CumulativeIncidence", g: int, wanted: FloatArray
) -> tuple[FloatArray, NDArray[np.bool_], FloatArray, FloatArray]:
    """Read a group's curves: at risk, whether before its first time, incidences and errors.

    The last three are of shape (k, n), for k causes and n times.
    """
    a, b = int(fit.start[g]), int(fit.start[g + 1])
    time = fit.time[a:b]
    last = np.searchsorted(time, wanted, side="right")
    following = np.searchsorted(time, wanted, side="left")
    unknown = (wanted > time[-1]) & (fit.event_free[b - 1] > 0)
    place = a + np.maximum(last - 1, 0)
    curves = fit.estimate[:, place], fit.std_error[:, place]
    for values in curves:
        values[:, last == 0], values[:, unknown] = 0.0, np.nan
    n_risk = np.where(following < b - a, fit.n_risk[a + np.minimum(following, b - a - 1)], 0.0)
    return n_risk, np.broadcast_to(last == 0, curves[0].shape), *curves
