"""The product-limit estimator: a formula and a frame to Kaplan-Meier curves."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import check_flags
from rpcstats._numerics.intervals import ConfType, check_conf_level, check_conf_type
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.formula.parse import Formula
from rpcstats.survival._product_limit import curves_of, product_limit
from rpcstats.survival.course_words import PLAIN, CourseWords, course_words
from rpcstats.survival.nonparametric._curve_rows import (
    CurveRows,
    curve_remarks,
    curve_rows,
    negative_variance_remark,
)
from rpcstats.survival.nonparametric._jackknife import log_survival_steps, robust_variance
from rpcstats.survival.nonparametric._time_counts import (
    TimeCounts,
    counted_rows,
    counts_of_rows,
    counts_of_sets,
)
from rpcstats.survival.nonparametric.curves import KaplanMeier
from rpcstats.survival.structure.remarks import (
    FEW_AT_RISK,
    few_at_risk_remark,
    lone_groups_remark,
    silent_groups_remark,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


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
    # Ties are found while times are sorted, where rows are not asked for afterwards.
    tied = weights is not None or robust is not False
    sample = censored_sample(formula, data, weights=weights, allow=("cluster",), tied=tied)
    return kaplan_meier_of(
        sample,
        conf_type=conf_type,
        conf_level=conf_level,
        robust=robust,
        words=course_words(data),
    )


def kaplan_meier_of(
    sample: CensoredSample,
    *,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    robust: bool = False,
    words: CourseWords = PLAIN,
) -> KaplanMeier:
    """Estimate the survival curves of a sample that has been read and checked.

    Parameters
    ----------
    sample : CensoredSample
        Groups, weights and clusters included.
    conf_type : str
        As in `kaplan_meier`.
    conf_level : float
        As in `kaplan_meier`.
    robust : bool
        As in `kaplan_meier`.
    words : CourseWords
        Words for the axes.

    Returns
    -------
    KaplanMeier
        The curves.
    """
    check_conf_type(conf_type)
    check_conf_level(conf_level)
    check_flags(robust=robust)
    is_robust = robust or bool(sample.clusters)
    found = (None if is_robust else _counted(sample)) or _placed(sample, is_robust)
    return KaplanMeier(
        strata=sample.groups.labels,
        time=found.time,
        counts=found.counts,
        estimate=found.S,
        std_error_log=np.sqrt(found.variance, out=found.variance),
        group_size=found.sizes,
        group_events=found.events,
        conf_type=conf_type,
        conf_level=conf_level,
        is_weighted=sample.weights is not None,
        is_robust=is_robust,
        n_missing=sample.n_missing,
        remarks=found.remarks,
        rows=found.rows,
        words=words,
    )


class _Curves(NamedTuple):
    """What curves are made of, sizes and events by group."""

    time: FloatArray
    counts: TimeCounts
    S: FloatArray
    variance: FloatArray
    sizes: IntArray
    events: IntArray
    remarks: tuple[str, ...]
    rows: CurveRows | None


def _counted(sample: CensoredSample) -> _Curves | None:
    """Estimate from counts alone; None where rows weigh, enter late or have to be placed."""
    rows = counted_rows(sample)
    if rows is None:
        return None
    time, counts = rows.time, counts_of_rows(rows)
    del rows
    S, variance = curves_of(len(time), counts.portions())
    start, n_risk, place = counts.last_at_risk(FEW_AT_RISK + 1)
    sizes, events = counts.sizes()
    few = few_at_risk_remark(sample.groups.labels, start, time[place], n_risk)
    remarks = (*silent_groups_remark(sample.groups.labels, events), *few)
    return _Curves(time, counts, S, variance, sizes, events, remarks, None)


def _placed(sample: CensoredSample, is_robust: bool) -> _Curves:
    """Estimate from rows that have been placed among the distinct times."""
    rows = curve_rows(sample.with_ties())
    counts, labels = rows.counts, sample.groups.labels
    S, variance = product_limit(counts)
    remarks = curve_remarks(rows, labels, sample.cluster_names)
    if is_robust:
        steps = log_survival_steps(counts)
        found = robust_variance(counts, steps, sample.event, sample.weights, sample.clusters)
        variance = np.where(S > 0, found, np.inf)
        remarks += negative_variance_remark(variance)
        variance = rows.without_lone(variance)
        remarks += lone_groups_remark(labels, rows.is_lone)
    kept = rows if is_robust else None
    return _Curves(counts.time, counts_of_sets(counts), S, variance, *rows.sizes(), remarks, kept)
