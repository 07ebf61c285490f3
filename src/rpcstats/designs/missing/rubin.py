"""Rubin's rules: one estimate and its uncertainty from several completed data sets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_number, as_numbers
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """An estimate over m completed data sets.

    Attributes
    ----------
    estimate, std_error : float
        Mean of the estimates; root of within + (1 + 1 / m) between.
    df : float
        Degrees of freedom of Barnard and Rubin (1999).
    conf_low, conf_high : float
        Limits by t with these degrees of freedom.
    within, between : float
        Mean of the variances; variance of the estimates.
    missing_information : float
        Share of information that missing values cost, with the correction of a finite m.
    monte_carlo_error : float
        Standard error of the estimate that more imputations would take away.
    m : int
        Number of data sets.
    conf_level : float
        Level of the limits.
    """

    estimate: float
    std_error: float
    df: float
    conf_low: float
    conf_high: float
    within: float
    between: float
    missing_information: float
    monte_carlo_error: float
    m: int
    conf_level: float


def pool(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    df_complete: float = np.inf,
    conf_level: float = 0.95,
) -> Pooled:
    """Pool estimates from completed data sets.

    Parameters
    ----------
    estimates, variances : array-like of shape (m,)
        Estimate from each data set and its variance.
    df_complete : float
        Degrees of freedom were nothing missing: clusters less one for a mean over clusters.
    conf_level : float
        Level of the limits.

    Returns
    -------
    Pooled
        Estimate, error, degrees of freedom, limits.

    Raises
    ------
    ParameterError
        If there are fewer than two data sets, numbers are missing, a variance is negative, or
        the degrees of freedom are not positive.

    Notes
    -----
    Rubin (1987): T = W + (1 + 1 / m) B. Barnard and Rubin (1999) keep the degrees of freedom
    below those of the complete data. The share of missing information is
    (r + 2 / (df + 3)) / (r + 1) with r = (1 + 1 / m) B / W, as there.
    """
    q, u = as_numbers(estimates), as_numbers(variances)
    _check(q, u, df_complete)
    check_conf_level(conf_level)
    m = len(q)
    within = float(u.mean())
    between = float(q.var(ddof=1)) if np.ptp(q) > 0.0 else 0.0
    added = (1.0 + 1.0 / m) * between
    total = within + added
    share = added / total if total > 0.0 else 0.0
    df = _degrees(m, share, df_complete)
    riv = added / within if within > 0.0 else np.inf
    lost = (riv + 2.0 / (df + 3.0)) / (riv + 1.0) if np.isfinite(riv) else 1.0
    error = float(np.sqrt(total))
    half = error * _t_quantile(conf_level, df)
    at = float(q.mean())
    return Pooled(
        estimate=at,
        std_error=error,
        df=df,
        conf_low=at - half,
        conf_high=at + half,
        within=within,
        between=between,
        missing_information=float(lost) if between > 0.0 else 0.0,
        monte_carlo_error=float(np.sqrt(between / m)),
        m=m,
        conf_level=conf_level,
    )


def _check(q: Floats, u: Floats, df_complete: float) -> None:
    faults = []
    if q.ndim != 1 or len(q) < 2 or q.shape != u.shape:
        faults.append("give two estimates or more, and a variance for each")
    elif not (np.isfinite(q).all() and np.isfinite(u).all()):
        faults.append("an estimate or a variance is missing or infinite")
    elif (u < 0.0).any():
        faults.append("a variance is negative")
    if not as_number(df_complete) > 0.0:
        faults.append("df_complete: give degrees of freedom above 0")
    if faults:
        raise ParameterError("These estimates can't be pooled", faults)


def _degrees(m: int, share: float, complete: float) -> float:
    """Degrees of freedom when missing values carry a share of the variance."""
    if share == 1.0:
        return m - 1.0 if np.isinf(complete) else 0.0
    inverse = share**2 / (m - 1.0)
    if np.isfinite(complete):
        inverse += (complete + 3.0) / ((complete + 1.0) * complete * (1.0 - share))
    return 1.0 / inverse if inverse > 1.0 / np.finfo(np.float64).max else np.inf


def _t_quantile(conf_level: float, df: float) -> float:
    from scipy.special import ndtri, stdtrit

    tail = 0.5 * (1.0 + conf_level)
    return float(ndtri(tail) if np.isinf(df) else stdtrit(df, tail)) if df > 0.0 else np.inf
