"""Restricted mean survival time and its comparison between groups."""

from typing import Any

import numpy as np

from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean, RestrictedMeanDifference


def rmst(formula: str, data: Any, *, tau: float, conf_level: float = 0.95) -> RestrictedMean:
    """Estimate the mean time without the event up to tau, by group.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"`` or ``"Surv(entry, time, event) ~ 1"``.
    data : frame
        pandas, or any frame narwhals reads.
    tau : float
        Horizon, above 0, in the unit of time.
    conf_level : float
        Level of the normal intervals.

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
    (2003, section 4.5).
    """
    means = kaplan_meier(formula, data, conf_level=conf_level).rmst(tau)
    if np.isnan(means.estimate).all():
        raise ParameterError(
            f"tau = {tau:g} is beyond the end of follow-up",
            ["give a tau that is reached, such as the number of sessions of the shortest course"],
        )
    return means


def rmst_difference(
    formula: str, data: Any, *, tau: float, conf_level: float = 0.95
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

    Returns
    -------
    RestrictedMeanDifference
        Difference, ratio and ratio of time lost, with intervals and p-values.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or no groups.
    DataError
        If times, events or entries break their conditions.
    ParameterError
        If tau or conf_level is out of range.
    """
    means = rmst(formula, data, tau=tau, conf_level=conf_level)
    if len(means.strata) < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )
    return RestrictedMeanDifference(means=means)
