"""Adjusted p-values and limits of several comparisons taken together."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np

from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import quantile
from rpcstats.mixed.inference.tails import t_p
from rpcstats.mixed.means.max_t import MaxT
from rpcstats.mixed.means.studentised_range import studentised_range_p
from rpcstats.mixed.structure.model_frame import FloatArray

Adjust = Literal["tukey", "holm", "bonferroni", "sidak", "dunnett", "mvt", "fdr", "none"]
ADJUSTMENTS: Final = ("tukey", "holm", "bonferroni", "sidak", "dunnett", "mvt", "fdr", "none")

# Degrees of freedom that agree to so many digits share a critical value.
_DF_DIGITS: Final = 10


class Comparisons(NamedTuple):
    """Comparisons judged together.

    Attributes
    ----------
    statistic : ndarray of shape (m,)
        t statistics; NaN for a comparison that can't be made.
    df : ndarray of shape (m,)
        Their degrees of freedom; infinite for the normal.
    cov : ndarray of shape (m, m)
        Covariance of the estimates.
    n_mean : int
        Number of means compared.
    """

    statistic: FloatArray
    df: FloatArray
    cov: FloatArray
    n_mean: int


class Adjusted(NamedTuple):
    """What an adjustment gives.

    Attributes
    ----------
    p_value : ndarray of shape (m,)
        Adjusted p-values.
    quantile : ndarray of shape (m,)
        What standard errors are multiplied by for the limits.
    error : float
        Greatest standard error of a p-value that rests on quasi-random points; 0 for others.
    """

    p_value: FloatArray
    quantile: FloatArray
    error: float = 0.0


def adjusted(
    comparisons: Comparisons, method: Adjust, *, conf_level: float, seed: int = 0
) -> Adjusted:
    """Adjust for the number of comparisons.

    Parameters
    ----------
    comparisons : Comparisons
        What is judged together; those that can't be made don't count.
    method : str
        One of `ADJUSTMENTS`.
    conf_level : float
        Level of the limits, held by all together except with "none" and "fdr".
    seed : int
        Seed of quasi-random points, for "mvt" and "dunnett".

    Returns
    -------
    Adjusted
        p-values and critical values; NaN for comparisons that can't be made.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1).

    Notes
    -----
    Tukey (1953) with Kramer's (1956) standard errors, exact where they are equal; Dunnett
    (1955) and its extension to any correlations; Holm (1979), whose limits are Bonferroni's;
    Šidák (1967); Benjamini and Hochberg (1995), which has no limits of its own, so they are
    not adjusted.
    """
    check_conf_level(conf_level)
    good = np.isfinite(comparisons.df) | np.isposinf(comparisons.df)
    good &= ~np.isnan(comparisons.statistic)
    p, critical = np.full((2, len(good)), np.nan)
    m = int(good.sum())
    if m == 0:
        return Adjusted(p, critical)
    part = Comparisons(
        np.abs(comparisons.statistic[good]),
        comparisons.df[good],
        comparisons.cov[np.ix_(good, good)],
        comparisons.n_mean,
    )
    error = 0.0
    if m == 1 or method not in ("tukey", "mvt", "dunnett"):
        p[good], critical[good] = _from_each(part, method, conf_level)
    elif method == "tukey":
        p[good], critical[good] = _tukey(part, conf_level)
    else:
        p[good], critical[good], error = _largest(part, conf_level, seed)
    return Adjusted(p, critical, error)


def _from_each(
    part: Comparisons, method: Adjust, conf_level: float
) -> tuple[FloatArray, FloatArray]:
    """Adjust by the p-values alone."""
    p, m = t_p(part.statistic, part.df), len(part.df)
    level = conf_level
    if method in ("bonferroni", "holm"):
        level = 1.0 - (1.0 - conf_level) / m
    elif method == "sidak":
        level = conf_level ** (1.0 / m)
    return _P_VALUES.get(method, np.array)(p), quantile(part.df, level)


def _bonferroni(p: FloatArray) -> FloatArray:
    return np.minimum(1.0, len(p) * p)


def _holm(p: FloatArray) -> FloatArray:
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty(len(p))
    result[order] = np.minimum(1.0, stepped)
    return result


def _sidak(p: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):  # a p-value of 1 stays 1
        return np.asarray(-np.expm1(len(p) * np.log1p(-p)))


def _false_discovery(p: FloatArray) -> FloatArray:
    order = np.argsort(-p, kind="stable")
    m = len(p)
    stepped = np.minimum.accumulate(p[order] * m / np.arange(m, 0, -1))
    result = np.empty(m)
    result[order] = np.minimum(1.0, stepped)
    return result


_P_VALUES: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "bonferroni": _bonferroni,
    "holm": _holm,
    "sidak": _sidak,
    "fdr": _false_discovery,
}


def _tukey(part: Comparisons, conf_level: float) -> tuple[FloatArray, FloatArray]:
    def tail(size: float, df: float) -> float:
        return float(studentised_range_p(np.sqrt(2.0) * np.array([size]), part.n_mean, df)[0])

    p = np.array([tail(t, df) for t, df in zip(part.statistic, part.df, strict=True)])
    return p, _critical(tail, part.df, conf_level, part.n_mean * (part.n_mean - 1) // 2)


def _largest(
    part: Comparisons, conf_level: float, seed: int
) -> tuple[FloatArray, FloatArray, float]:
    spread = np.sqrt(np.diag(part.cov))
    largest = MaxT(part.cov / np.outer(spread, spread), seed)
    tails = [largest.tail(t, df) for t, df in zip(part.statistic, part.df, strict=True)]
    critical = _critical(
        lambda size, df: largest.tail(size, df).p, part.df, conf_level, len(part.df)
    )
    return np.array([tail.p for tail in tails]), critical, max(tail.error for tail in tails)


def _critical(
    tail: Callable[[float, float], float], df: FloatArray, conf_level: float, most: int
) -> FloatArray:
    """Find where the tail is 1 - conf_level, between one comparison's and Bonferroni's."""
    from scipy.optimize import brentq

    alpha = 1.0 - conf_level
    found: dict[str, float] = {}
    for value in df:
        key = f"{value:.{_DF_DIGITS}g}"
        if key in found:
            continue
        # A little outside, so that rounding does not put both ends on one side.
        single, all_of_them = (
            float(quantile(np.array([value]), 1.0 - alpha / n)[0]) for n in (1, most)
        )
        ends = (single * (1.0 - 1e-3), all_of_them * (1.0 + 1e-3))
        found[key] = float(
            brentq(lambda size, nu=value: tail(size, nu) - alpha, *ends, xtol=1e-12, rtol=1e-12)
        )
    return np.array([found[f"{value:.{_DF_DIGITS}g}"] for value in df])


def check_adjust(adjust: str, method: object) -> None:
    """Refuse an adjustment that is unknown or was made for other comparisons.

    Parameters
    ----------
    adjust : str
        The adjustment.
    method : object
        Which comparisons are made.

    Raises
    ------
    ParameterError
        If they don't go together.
    """
    if adjust not in ADJUSTMENTS:
        raise ParameterError("adjust is unknown", [f"choose one of {', '.join(ADJUSTMENTS)}"])
    if adjust == "tukey" and method != "pairwise":
        raise ParameterError(
            "Tukey's adjustment is for all pairs", ['give adjust="mvt", "sidak" or "holm"']
        )
    if adjust == "dunnett" and method != "reference":
        raise ParameterError(
            "Dunnett's adjustment is for comparisons with one reference",
            ['give method="reference", or adjust="mvt"'],
        )
