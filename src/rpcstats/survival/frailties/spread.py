"""How much groups differ, in words of hazard ratios, and how alike members of a group are."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, GROUP, MEASURE, TERM
from rpcstats.survival.frailties.mixed_estimates import FloatArray

if TYPE_CHECKING:
    from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit

_NODES: Final = 60
_UPPER_QUARTILE: Final = float(special.ndtri(0.75))
_TAIL: Final = 0.025
_LATENT: Final = float(np.pi**2 / 6.0)
"""Variance of the log of a standard exponential time."""


def heterogeneity(fit: "CoxMixedFit", conf_level: float) -> pd.DataFrame:
    """Tell how much groups differ.

    Parameters
    ----------
    fit : CoxMixedFit
        The model.
    conf_level : float
        Level of the profile intervals.

    Returns
    -------
    pandas.DataFrame
        Columns group, measure, estimate, conf_low, conf_high, for each grouping factor with an
        intercept: "variance" (of the frailty, or of the log hazard), "median_hazard_ratio" (of
        two members alike but for their groups, the one at higher risk against the other),
        "hazard_ratio_95" (between groups at the 97.5th and the 2.5th percentile),
        "kendall_tau" (of the times of two members of a group) and, for normal effects,
        "intraclass" (σ² / (σ² + π²/6), of log times under a Weibull baseline hazard). Limits are
        missing where the variance was given.

    Notes
    -----
    Median hazard ratio: Bengtsson and Dribe (2010), Austin, Wagner and Merlo (2017). Kendall's τ
    is 1 - 4∫ s L'(s)² ds with L the Laplace transform of the frailty, θ / (θ + 2) for a gamma
    (Hougaard 2000). All rise with the variance, so that their limits are those of its limits.
    """
    normal_quantile(conf_level)
    tables = []
    for block, values in zip(fit.blocks, _variances(fit, conf_level), strict=True):
        if values is None:
            continue
        measures = _gamma if fit.distribution == "gamma" else _normal
        columns = [measures(value) for value in values]
        tables.append(
            pd.DataFrame(
                {
                    GROUP: block.group,
                    MEASURE: list(columns[0]),
                    ESTIMATE: list(columns[0].values()),
                    CONF_LOW: list(columns[1].values()),
                    CONF_HIGH: list(columns[2].values()),
                }
            )
        )
    if not tables:
        return pd.DataFrame(columns=[GROUP, MEASURE, ESTIMATE, CONF_LOW, CONF_HIGH])
    return pd.concat(tables, ignore_index=True)


def _variances(fit: "CoxMixedFit", conf_level: float) -> list[tuple[float, ...] | None]:
    """Give each factor's intercept variance and its limits; None without an intercept."""
    limits: pd.DataFrame | None = None
    if not fit.is_theta_given:
        limits = fit.variance_intervals(conf_level=conf_level)
    found: list[tuple[float, ...] | None] = []
    for block, Lambda in zip(fit.blocks, fit.factors(), strict=True):
        if block.effects[0] != "Intercept":
            found.append(None)
            continue
        variance = float(Lambda[0, 0] ** 2)
        if limits is None:
            found.append((variance, np.nan, np.nan))
        elif fit.distribution == "gamma":
            low, high = _row(limits, f"variance|{block.group}")
            found.append((variance, low, high))
        else:
            low, high = _row(limits, f"sd_Intercept|{block.group}")
            found.append((variance, low**2, high**2))
    return found


def _row(limits: pd.DataFrame, term: str) -> tuple[float, float]:
    row = limits[limits[TERM] == term]
    return float(row[CONF_LOW].iloc[0]), float(row[CONF_HIGH].iloc[0])


def _normal(variance: float) -> dict[str, float]:
    sd = float(np.sqrt(variance))
    wide = 2.0 * float(special.ndtri(1.0 - _TAIL))
    return {
        "variance": variance,
        "median_hazard_ratio": float(np.exp(np.sqrt(2.0) * sd * _UPPER_QUARTILE)),
        "hazard_ratio_95": float(np.exp(wide * sd)),
        "kendall_tau": _tau_lognormal(sd),
        "intraclass": 1.0 / (1.0 + _LATENT / variance) if variance != 0.0 else 0.0,
    }


def _gamma(variance: float) -> dict[str, float]:
    if not variance > 0.0:
        one = 1.0 if variance == 0.0 else np.nan
        ratios = {"median_hazard_ratio": one, "hazard_ratio_95": one}
        return {"variance": variance, **ratios, "kendall_tau": variance / (variance + 2.0)}
    nu = 1.0 / variance
    # a ratio of independent gammas of one shape has an F distribution
    share = float(special.betaincinv(nu, nu, 0.75))
    low, high = (float(f(nu, _TAIL)) for f in (special.gammaincinv, special.gammainccinv))
    return {
        "variance": variance,
        "median_hazard_ratio": share / (1.0 - share) if share < 1.0 else np.inf,
        "hazard_ratio_95": high / low if low > 0.0 else np.inf,
        "kendall_tau": variance / (variance + 2.0),
    }


def _tau_lognormal(sd: float) -> float:
    """Integrate 1 - 4∫ s L'(s)² ds, with s = e^x, for a lognormal frailty."""
    if not sd > 0.0:
        return 0.0 if sd == 0.0 else np.nan
    if not np.isfinite(sd):
        return 1.0 if sd == np.inf else np.nan
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    frailty = np.exp(sd * nodes)
    reach = 30.0 + 12.0 * sd
    x = np.linspace(-reach, reach, 6001)
    s = np.exp(x)
    slope: FloatArray = (weights * frailty * np.exp(-np.outer(s, frailty))).sum(axis=1)
    integral = float((s * s * slope * slope).sum() * (x[1] - x[0]))
    return 1.0 - 4.0 * integral
