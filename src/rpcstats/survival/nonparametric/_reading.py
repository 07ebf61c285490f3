"""Survival curves read at given times and at given heights."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_number, as_numbers
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STD_ERROR,
    STRATA,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.survival._product_limit import crossing, restricted_area
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.survival.structure.remarks import few_before_remark
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from rpcstats.survival.nonparametric.curves import KaplanMeier

FloatArray = NDArray[np.float64]


def wanted_times(times: ArrayLike) -> FloatArray:
    """Read the times a curve is asked for.

    Parameters
    ----------
    times : array_like
        Times, 0 or more.

    Returns
    -------
    ndarray of shape (k,)
        The times.

    Raises
    ------
    ParameterError
        If a time is negative or not a number.
    """
    wanted = np.atleast_1d(as_numbers(times))
    if not np.all(wanted >= 0):
        raise ParameterError("at() was given a time that is not one", ["use numbers from 0 up"])
    return wanted


def read_steps(
    time: FloatArray,
    wanted: FloatArray,
    curves: Sequence[tuple[FloatArray, float]],
    *,
    is_complete: bool,
) -> list[FloatArray]:
    """Read step functions at given times.

    Parameters
    ----------
    time : ndarray of shape (m,)
        Distinct times of one group.
    wanted : ndarray of shape (k,)
        Times to read at.
    curves : sequence of (ndarray of shape (m,), float)
        Values from each time on, and the value before the first.
    is_complete : bool
        Whether the last value holds for ever.

    Returns
    -------
    list of ndarray of shape (k,)
        The values; NaN after the last time of curves that are not complete.
    """
    last = np.searchsorted(time, wanted, side="right")
    unknown = (wanted > time[-1]) & (not is_complete)
    padded = (np.concatenate([[at_start], values]) for values, at_start in curves)
    return [np.where(unknown, np.nan, values[last]) for values in padded]


def read_risk(time: FloatArray, n_risk: FloatArray, wanted: FloatArray) -> FloatArray:
    """Read who is at risk at the next time seen.

    Parameters
    ----------
    time, n_risk : ndarray of shape (m,)
        Distinct times of one group, with the weight at risk.
    wanted : ndarray of shape (k,)
        Times to read at.

    Returns
    -------
    ndarray of shape (k,)
        0 after the last time.
    """
    following = np.searchsorted(time, wanted, side="left")
    found: FloatArray = np.append(n_risk, 0.0)[following]
    return found


def survival_frame(fit: "KaplanMeier") -> pd.DataFrame:
    """Give one row per group and distinct time.

    Parameters
    ----------
    fit : KaplanMeier
        The curves.

    Returns
    -------
    pandas.DataFrame
        As `KaplanMeier.tidy`.
    """
    kind = np.float64 if fit.is_weighted else np.int64
    low, high = fit.limits()
    with np.errstate(invalid="ignore"):
        std_error = fit.estimate * fit.std_error_log
    return pd.DataFrame(
        {
            STRATA: np.repeat(np.array(fit.strata, dtype=object), np.diff(fit.start)),
            TIME: fit.time.copy(),
            N_RISK: fit.n_risk.astype(kind),
            N_EVENT: fit.n_event.astype(kind),
            N_CENSOR: fit.n_censor.astype(kind),
            ESTIMATE: fit.estimate.copy(),
            STD_ERROR: std_error,
            CONF_LOW: low.copy(),
            CONF_HIGH: high.copy(),
        }
    )


def read_survival(fit: "KaplanMeier", times: ArrayLike) -> pd.DataFrame:
    """Read survival curves at given times.

    Parameters
    ----------
    fit : KaplanMeier
        The curves.
    times : array_like
        Times, 0 or more.

    Returns
    -------
    pandas.DataFrame
        As `KaplanMeier.at`.

    Raises
    ------
    ParameterError
        If a time is negative or not a number.
    """
    wanted = wanted_times(times)
    edge = 1.0 if fit.conf_type in ("log", "plain") else np.nan
    ends = (1.0, 0.0, edge, edge)
    arrays = list(zip((fit.estimate, fit.std_error_log, *fit.limits()), ends, strict=True))
    n_risk = fit.n_risk
    parts = []
    for label, (a, b) in zip(fit.strata, pairwise(fit.start), strict=True):
        curves = [(values[a:b], at_start) for values, at_start in arrays]
        is_complete = bool(fit.estimate[b - 1] == 0)
        S, spread, low, high = read_steps(fit.time[a:b], wanted, curves, is_complete=is_complete)
        with np.errstate(invalid="ignore"):
            std_error = S * spread
        columns = {
            STRATA: label,
            TIME: wanted,
            N_RISK: read_risk(fit.time[a:b], n_risk[a:b], wanted),
            ESTIMATE: S,
            STD_ERROR: std_error,
            CONF_LOW: low,
            CONF_HIGH: high,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def survival_summary(fit: "KaplanMeier") -> Summary:
    """Give a readable account of survival curves.

    Parameters
    ----------
    fit : KaplanMeier
        The curves.

    Returns
    -------
    Summary
        Prints as text, shows as HTML in a notebook.
    """
    frame = fit.median().drop(columns="quantile").rename(columns={ESTIMATE: "median"})
    frame.insert(1, "n_obs", fit.group_size)
    frame.insert(2, "n_event", fit.group_events)
    lost = f"{counted(fit.n_missing, 'row')} with missing values left out."
    scale = f"{fit.conf_level:.0%} intervals on the {fit.conf_type} scale."
    return Summary("Kaplan-Meier estimate", (frame,), " ".join([scale, lost, *fit.remarks]))


def read_quantiles(fit: "KaplanMeier", q: float | Sequence[float]) -> pd.DataFrame:
    """Read the times at which survival curves have fallen by given shares.

    Parameters
    ----------
    fit : KaplanMeier
        The curves.
    q : float or sequence of float
        Shares in (0, 1).

    Returns
    -------
    pandas.DataFrame
        As `KaplanMeier.quantile`.

    Raises
    ------
    ParameterError
        If q is not inside (0, 1).
    """
    shares = np.atleast_1d(as_numbers(q))
    if not np.all((shares > 0) & (shares < 1)):
        raise ParameterError("quantile() takes shares", ["give q between 0 and 1, such as 0.5"])
    curves = (fit.estimate, *fit.limits())
    rows = [
        (label, share, *(crossing(fit.time[a:b], curve[a:b], 1 - share) for curve in curves))
        for label, (a, b) in zip(fit.strata, pairwise(fit.start), strict=True)
        for share in shares.tolist()
    ]
    return pd.DataFrame(rows, columns=[STRATA, "quantile", ESTIMATE, CONF_LOW, CONF_HIGH])


def restricted_means(fit: "KaplanMeier", tau: float) -> RestrictedMean:
    """Give the area under each curve up to a horizon.

    Parameters
    ----------
    fit : KaplanMeier
        The curves.
    tau : float
        Horizon, above 0, in the unit of time.

    Returns
    -------
    RestrictedMean
        As `KaplanMeier.rmst`.

    Raises
    ------
    ParameterError
        If tau is not above 0.
    """
    if not 0 < as_number(tau) < np.inf:
        raise ParameterError("tau is out of range", ["give a finite horizon above 0"])
    rows = fit.rows
    areas = [
        restricted_area(fit.time[a:b], fit.estimate[a:b], fit.std_error_log[a:b] ** 2, tau)
        for a, b in pairwise(fit.start)
    ]
    return RestrictedMean.from_areas(
        areas,
        robust=None if rows is None else rows.area_covariance(fit.estimate, tau),
        remarks=(
            *few_before_remark(fit.strata, fit.start, fit.time, fit.n_risk, tau),
            *(() if rows is None else rows.error_remarks(fit.strata)),
        ),
        strata=fit.strata,
        sizes=fit.group_size,
        events=fit.group_events,
        tau=tau,
        conf_level=fit.conf_level,
        n_missing=fit.n_missing,
        curves=fit.tidy,
        design_effect=fit.design_effect,
    )
