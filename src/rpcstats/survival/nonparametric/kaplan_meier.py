"""The product-limit estimator: a formula and a frame to Kaplan-Meier curves."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.intervals import ConfType, survival_interval
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.formula.parse import Formula
from rpcstats.survival._product_limit import product_limit
from rpcstats.survival.course_words import course_words
from rpcstats.survival.nonparametric._curve_rows import (
    curve_remarks,
    curve_rows,
    negative_variance_remark,
)
from rpcstats.survival.nonparametric._jackknife import log_survival_steps, robust_variance
from rpcstats.survival.nonparametric.curves import KaplanMeier
from rpcstats.survival.structure.remarks import lone_groups_remark

FloatArray = NDArray[np.float64]


def kaplan_meier(
    formula: str | Formula,
    data: Any,
    *,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    weights: str | None = None,
    robust: bool = False,
) -> KaplanMeier:
    """Estimate survival curves by the product-limit method.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``, ``"Surv(entry, time, event) ~ 1"``; several columns
        joined by ``+`` make one curve per combination. ``cluster(g)`` makes the variance
        robust to dependence within g, ``cluster(g, h)`` to dependence within either.
    data : frame
        pandas, or any frame narwhals reads. Times are numbers of 0 or more, the event is 0/1
        or boolean. Rows with a missing value are left out and counted in `glance`.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale on which the limits are symmetric.
    conf_level : float
        Level of the pointwise intervals.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.
    robust : bool
        Take the infinitesimal-jackknife variance; right for sampling weights, where a weight
        says how many others a row stands for.

    Returns
    -------
    KaplanMeier
        The curves.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events, entries or weights break their conditions.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Kaplan and Meier (1958), variance by Greenwood (1926). At t the risk set holds the rows
    with entry < t <= time. Limits are NaN where their scale has no finite standard error:
    where S is 0, and on the log-log, logit and arcsine scales where S is 1. Censoring has to
    be independent of the event given the groups. Two columns of clusters give the variance of
    Cameron, Gelbach and Miller (2011); it is NaN where it comes out negative.
    """
    sample = censored_sample(formula, data, weights=weights, allow=("cluster",))
    fit = kaplan_meier_of(sample, conf_type=conf_type, conf_level=conf_level, robust=robust)
    return replace(fit, words=course_words(data))


def kaplan_meier_of(
    sample: CensoredSample,
    *,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    robust: bool = False,
) -> KaplanMeier:
    """Estimate the survival curves of a sample that has been read and checked.

    Parameters
    ----------
    sample : CensoredSample
        Groups, weights and clusters included.
    conf_type, conf_level, robust
        As in `kaplan_meier`.

    Returns
    -------
    KaplanMeier
        The curves.
    """
    survival_interval([], [], conf_type, conf_level)  # refuses options it does not know
    rows = curve_rows(sample)
    counts = rows.counts
    is_robust = robust or bool(sample.clusters)
    S, variance = product_limit(counts)
    if is_robust:
        steps = log_survival_steps(counts)
        found = robust_variance(counts, steps, sample.event, sample.weights, sample.clusters)
        variance = np.where(S > 0, found, np.inf)
    remarks = (
        *curve_remarks(rows, sample.groups.labels, sample.cluster_names),
        *negative_variance_remark(variance),
    )
    if is_robust:
        variance = rows.without_lone(variance)
        remarks += lone_groups_remark(sample.groups.labels, rows.is_lone)
    std_error_log = np.sqrt(variance, out=variance)
    sizes, events = rows.sizes()
    return KaplanMeier(
        strata=sample.groups.labels,
        start=_frozen(counts.start),
        time=_frozen(counts.time),
        n_risk=_frozen(counts.n_risk),
        n_event=_frozen(counts.n_event),
        n_censor=_frozen(counts.n_censor),
        estimate=_frozen(S),
        std_error_log=_frozen(std_error_log),
        group_size=_frozen(sizes),
        group_events=_frozen(events),
        conf_type=conf_type,
        conf_level=conf_level,
        is_weighted=sample.weights is not None,
        is_robust=is_robust,
        n_missing=sample.n_missing,
        remarks=remarks,
        rows=rows if is_robust else None,
    )


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
