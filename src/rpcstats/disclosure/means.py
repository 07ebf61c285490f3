"""Restricted means read off a protected curve: nothing is told that the curve does not tell."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, N_EVENT, STD_ERROR, STRATA, TIME
from rpcstats.disclosure._feasible import FloatArray

ESTIMATE_DIGITS: Final = 1


def means_of_protected(frame: pd.DataFrame, *, tau: float, conf_level: float) -> pd.DataFrame:
    """Estimate the restricted mean of each protected curve.

    Parameters
    ----------
    frame : DataFrame
        Protected curves: strata, time, n_event, estimate, std_error.
    tau : float
        Horizon.
    conf_level : float
        Level of the interval.

    Returns
    -------
    DataFrame
        A row per stratum, in order: strata, estimate, conf_low, conf_high, to one decimal;
        NaN where no curve was released or it ends before `tau`.

    Notes
    -----
    Those who leave within a pooled step are taken to leave evenly over it: at each of its
    whole times if all times are whole, else all along. The variance is that of a weighted
    sum of survival at the ends of the steps (Greenwood 1926).
    """
    z = normal_quantile(conf_level)
    rows = []
    for name, part in frame.groupby(STRATA, sort=False, observed=True):
        mean, error = _area(part, tau)
        limits = (max(mean - z * error, 0.0), min(mean + z * error, tau))
        if error == 0.0:
            limits = (np.nan, np.nan)
        values = [float(np.round(x, ESTIMATE_DIGITS)) for x in (mean, *limits)]
        rows.append((name, *values))
    return pd.DataFrame(rows, columns=[STRATA, ESTIMATE, CONF_LOW, CONF_HIGH])


def _area(part: pd.DataFrame, tau: float) -> tuple[float, float]:
    corners = part[part[N_EVENT].notna() & part[ESTIMATE].notna()]
    time, S, se = (corners[c].to_numpy(dtype=np.float64) for c in (TIME, ESTIMATE, STD_ERROR))
    reaches = part.loc[part[ESTIMATE].notna(), TIME].max() if len(corners) else -np.inf
    if len(time) < 2 or reaches < tau:
        return np.nan, np.nan
    weight = _weights(time, tau)
    with np.errstate(invalid="ignore", divide="ignore"):
        step = np.diff((se / S) ** 2, prepend=0.0)
    later = np.cumsum((weight * S)[::-1])[::-1]
    variance = float(np.sum(step[1:] * later[1:] ** 2))
    return float(weight @ S), float(np.sqrt(max(variance, 0.0)))


def _weights(time: FloatArray, tau: float) -> FloatArray:
    """Give what survival at each corner counts for in the area up to tau."""
    unit = 1.0 if (time == np.floor(time)).all() else 0.0
    weight = np.zeros(len(time))
    for j in range(1, len(time)):
        start, end = time[j - 1], time[j]
        if start >= tau:
            break
        leaving = (start + unit + end) / 2.0
        weight[j - 1] += min(leaving, tau) - start
        weight[j] += max(min(end, tau) - leaving, 0.0)
    last = time[-1]
    if last < tau:
        weight[-1] += tau - last
    return weight
