"""Restricted mean survival time and its comparison between groups."""

from typing import Any

import numpy as np

from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.survival.nonparametric.restricted_mean_difference import RestrictedMeanDifference


def rmst(
    formula: str,
    data: Any,
    *,
    tau: float,
    conf_level: float = 0.95,
    weights: str | None = None,
    robust: bool = False,
) -> RestrictedMean:
    """Estimate the mean time without the event up to tau, by group.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"`` or ``"Surv(entry, time, event) ~ 1"``; ``cluster(g)``
        makes the errors robust to dependence within g, ``cluster(g, h)`` within either.
    data : frame
        pandas, or any frame narwhals reads.
    tau : float
        Horizon, above 0, in the unit of time.
    conf_level : float
        Level of the normal intervals.
    weights : str, optional
        Column of case weights above 0.
    robust : bool
        Take errors by the infinitesimal jackknife; right for sampling weights.

    Returns
    -------
    RestrictedMean
        One row a group. NaN, if there are other groups, for one whose follow-up ends before
        tau with the curve above 0: its curve is not carried on.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events or entries break their conditions.
    ParameterError
        If tau or conf_level is out of range, or nobody was followed to tau.

    Notes
    -----
    The area under the Kaplan-Meier curve from 0 to tau; variance of Klein and Moeschberger
    (2003, section 4.5), or by the infinitesimal jackknife.
    """
    curves = kaplan_meier(formula, data, conf_level=conf_level, weights=weights, robust=robust)
    means = curves.rmst(tau)
    refuse_unreached(means)
    return means


def refuse_unreached(means: RestrictedMean) -> None:
    """Refuse a horizon that no group was followed to.

    Parameters
    ----------
    means : RestrictedMean
        Restricted means up to it.

    Raises
    ------
    ParameterError
        If none is known.
    """
    if np.isnan(means.estimate).all():
        raise ParameterError(
            f"tau = {means.tau:g} is beyond the end of follow-up",
            ["give a tau that is reached, such as the number of sessions of the shortest course"],
        )


def rmst_difference(
    formula: str,
    data: Any,
    *,
    tau: float,
    conf_level: float = 0.95,
    weights: str | None = None,
    robust: bool = False,
) -> RestrictedMeanDifference:
    """Compare the mean time without the event up to tau with that of the first group.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``; the first level is the reference.
    data : frame
        pandas, or any frame narwhals reads.
    tau : float
        Horizon, above 0, in the unit of time.
    conf_level : float
        Level of the intervals.
    weights : str, optional
        As in `rmst`.
    robust : bool
        As in `rmst`.

    Returns
    -------
    RestrictedMeanDifference
        Difference, ratio and ratio of time lost, with intervals and p-values. Groups that share
        clusters are not taken as independent.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or no groups.
    DataError
        If times, events or entries break their conditions.
    ParameterError
        If tau or conf_level is out of range.
    """
    means = rmst(formula, data, tau=tau, conf_level=conf_level, weights=weights, robust=robust)
    if len(means.strata) < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )
    return RestrictedMeanDifference(means=means)
