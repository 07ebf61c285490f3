"""Intervals and p-values. Tails are taken from the tail's own function, never as 1 - cdf."""

from numbers import Real
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rpcstats.errors import DataError, ParameterError

ConfType = Literal["log-log", "log", "plain", "logit", "arcsine"]
CONF_TYPES: tuple[ConfType, ...] = ("log-log", "log", "plain", "logit", "arcsine")

FloatArray = NDArray[np.float64]


def check_conf_level(conf_level: float) -> None:
    """Refuse a confidence level that is not strictly between 0 and 1.

    Parameters
    ----------
    conf_level : float
        The level to check.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1).
    """
    given: object = conf_level
    if not isinstance(given, Real) or not 0 < conf_level < 1:
        raise ParameterError(
            "conf_level is out of range",
            ["give a level strictly between 0 and 1, such as conf_level=0.95"],
        )


def check_conf_type(conf_type: str) -> None:
    """Refuse a scale of limits that is none.

    Parameters
    ----------
    conf_type : str
        The scale to check.

    Raises
    ------
    ParameterError
        If it is unknown.
    """
    given: object = conf_type
    if not isinstance(given, str) or given not in CONF_TYPES:
        raise ParameterError("conf_type is unknown", [f"choose one of {', '.join(CONF_TYPES)}"])


def normal_quantile(conf_level: float) -> float:
    """Give the standard normal quantile that leaves (1 - conf_level) / 2 in each tail.

    Parameters
    ----------
    conf_level : float
        Level in (0, 1).

    Returns
    -------
    float
        The quantile, 1.96 for 0.95.
    """
    check_conf_level(conf_level)
    return float(-special.ndtri((1 - conf_level) / 2))


def two_sided_p(z: ArrayLike) -> FloatArray:
    """Give the two-sided p-value of a standard normal statistic.

    Parameters
    ----------
    z : array_like
        Statistics.

    Returns
    -------
    ndarray
        p-values, of the shape of `z`; taken through the log of the tail, so a large
        statistic keeps its digits.
    """
    size = np.abs(np.asarray(z, dtype=np.float64))
    p: FloatArray = np.exp(np.log(2.0) + special.log_ndtr(-size))
    return p


def chi_square_p(statistic: ArrayLike, df: ArrayLike) -> FloatArray:
    """Give the upper-tail p-value of a chi-square statistic.

    Parameters
    ----------
    statistic : array_like
        Statistics, 0 or more.
    df : array_like
        Degrees of freedom.

    Returns
    -------
    ndarray
        p-values.
    """
    v, x = np.asarray(df, dtype=np.float64), np.asarray(statistic, dtype=np.float64)
    p: FloatArray = special.chdtrc(v, x)
    return p


def wilson(
    k: ArrayLike, n: ArrayLike, *, conf_level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give the score interval of a binomial proportion (Wilson 1927).

    Parameters
    ----------
    k, n : array_like
        Events and base, 0 <= k <= n.
    conf_level : float, default 0.95
        Level in (0, 1).

    Returns
    -------
    tuple of ndarray
        Lower and upper limits in [0, 1]; NaN where n is 0.

    Raises
    ------
    DataError
        If a count is negative or k exceeds n.
    """
    k, n = _counts(k, n)
    z2 = normal_quantile(conf_level) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        p = k / n
        centre = (k + z2 / 2) / (n + z2)
        half = np.sqrt(z2 * (n * p * (1 - p) + z2 / 4)) / (n + z2)
    # The limits at 0 and n are exactly 0 and 1; rounding would leave 1e-17.
    low = np.where(k == 0, 0.0, np.clip(centre - half, 0, 1))
    high = np.where(k == n, 1.0, np.clip(centre + half, 0, 1))
    return np.where(n == 0, np.nan, low), np.where(n == 0, np.nan, high)


def clopper_pearson(
    k: ArrayLike, n: ArrayLike, *, conf_level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Give the exact interval of a binomial proportion (Clopper and Pearson 1934).

    Parameters
    ----------
    k, n : array_like
        Events and base, 0 <= k <= n.
    conf_level : float, default 0.95
        Level in (0, 1).

    Returns
    -------
    tuple of ndarray
        Lower and upper limits in [0, 1]; NaN where n is 0.

    Raises
    ------
    DataError
        If a count is negative or k exceeds n.
    """
    k, n = _counts(k, n)
    check_conf_level(conf_level)
    tail = (1 - conf_level) / 2
    # betainccinv takes the upper tail, which keeps its digits where 1 - tail would not.
    low = np.where(k == 0, 0.0, special.betaincinv(np.maximum(k, 1), n - k + 1, tail))
    high = np.where(k == n, 1.0, special.betainccinv(k + 1, np.maximum(n - k, 1), tail))
    return np.where(n == 0, np.nan, low), np.where(n == 0, np.nan, high)


def survival_interval(
    estimate: ArrayLike,
    std_error_cumhaz: ArrayLike,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> tuple[FloatArray, FloatArray]:
    """Give pointwise limits of a survival probability on a transformed scale.

    Parameters
    ----------
    estimate : array_like
        Survival probabilities.
    std_error_cumhaz : array_like
        Standard error of log S, which is that of the cumulative hazard (Greenwood 1926).
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}, default "log-log"
        Scale on which the estimate is taken as normal.
    conf_level : float, default 0.95
        Level in (0, 1).

    Returns
    -------
    tuple of ndarray
        Lower and upper limits in [0, 1]. NaN where the scale has no finite standard error:
        S = 0 on every scale, and S = 1 on the log-log, logit and arcsine scales.

    Raises
    ------
    ParameterError
        If `conf_type` is unknown.

    Notes
    -----
    Kalbfleisch and Prentice (1980) for log-log; Borgan and Liestøl (1990) for arcsine.
    """
    half = normal_quantile(conf_level) * np.asarray(std_error_cumhaz, dtype=np.float64)
    return survival_limits(estimate, half, conf_type)


def survival_limits(
    estimate: ArrayLike, half_width: ArrayLike, conf_type: ConfType
) -> tuple[FloatArray, FloatArray]:
    """Give limits of a survival probability from a half-width on the scale of log S.

    Parameters
    ----------
    estimate : array_like
        Survival probabilities.
    half_width : array_like
        A critical value times the standard error of log S.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale on which the half-width, carried over by the delta method, is symmetric.

    Returns
    -------
    tuple of ndarray
        As `survival_interval`.

    Raises
    ------
    ParameterError
        If `conf_type` is unknown.
    """
    check_conf_type(conf_type)
    S = np.asarray(estimate, dtype=np.float64)
    half = np.asarray(half_width, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = _LIMITS[conf_type](S, half)
    if np.all(S > 0):
        return low, high
    return np.where(S > 0, low, np.nan), np.where(S > 0, high, np.nan)


def _log_log(S: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    log_S = np.log(S)
    factor = np.exp(-half / log_S)
    return np.exp(log_S * factor), np.exp(log_S / factor)


def _log(S: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    return S * np.exp(-half), np.minimum(S * np.exp(half), 1.0)


def _plain(S: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.maximum(S - S * half, 0.0), np.minimum(S + S * half, 1.0)


def _logit(S: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = np.where(S < 1, S, np.nan)
    centre, spread = special.logit(inside), half / (1 - inside)
    return special.expit(centre - spread), special.expit(centre + spread)


def _arcsine(S: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = np.where(S < 1, S, np.nan)
    centre, spread = np.arcsin(np.sqrt(inside)), half * np.sqrt(inside / (1 - inside)) / 2
    low = np.sin(np.maximum(centre - spread, 0.0)) ** 2
    return low, np.sin(np.minimum(centre + spread, np.pi / 2)) ** 2


_LIMITS = {
    "log-log": _log_log,
    "log": _log,
    "plain": _plain,
    "logit": _logit,
    "arcsine": _arcsine,
}


def _counts(k: ArrayLike, n: ArrayLike) -> tuple[FloatArray, FloatArray]:
    k, n = np.broadcast_arrays(np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if np.any(k < 0) or np.any(n < 0) or np.any(k > n):
        raise DataError(
            "A proportion needs counts with 0 <= k <= n: check the events and the base."
        )
    return k, n
