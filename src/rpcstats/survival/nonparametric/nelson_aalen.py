"""The Nelson-Aalen estimator: a formula and a frame to cumulative hazards."""

from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import normal_quantile
from rpcstats.errors import ParameterError
from rpcstats.formula.censored import CensoredSample, censored_sample
from rpcstats.formula.parse import Formula
from rpcstats.survival.course_words import course_words
from rpcstats.survival.nonparametric._curve_rows import (
    CurveRows,
    curve_remarks,
    curve_rows,
    negative_variance_remark,
)
from rpcstats.survival.nonparametric._hazard_sums import HazardScale, HazardTies, cumulative_hazard
from rpcstats.survival.nonparametric._jackknife import robust_variance
from rpcstats.survival.nonparametric.cumulative_hazard import NelsonAalen
from rpcstats.survival.structure.remarks import lone_groups_remark

FloatArray = NDArray[np.float64]


def nelson_aalen(
    formula: str | Formula,
    data: Any,
    *,
    ties: HazardTies = "breslow",
    conf_type: HazardScale = "log",
    conf_level: float = 0.95,
    weights: str | None = None,
    robust: bool = False,
) -> NelsonAalen:
    """Estimate cumulative hazards by summing events over those at risk.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``, ``"Surv(entry, time, event) ~ 1"``; several columns
        joined by ``+`` make one curve per combination. ``cluster(g)`` makes the variance
        robust to dependence within g, ``cluster(g, h)`` to dependence within either.
    data : frame
        pandas, or any frame narwhals reads. Rows with a missing value are left out and counted.
    ties : {"breslow", "fleming-harrington"}
        What d events at one time add: d / n, or 1 / n + 1 / (n - 1) + … as if they had come
        one after another (R's ctype 1 and 2).
    conf_type : {"log", "plain", "arcsine"}
        Scale on which the limits are symmetric.
    conf_level : float
        Level of the pointwise intervals.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows (with ties in turn, as
        one event of weight 2).
    robust : bool
        Take the infinitesimal-jackknife variance; right for sampling weights.

    Returns
    -------
    NelsonAalen
        The cumulative hazards; `NelsonAalen.survival` gives exp(-H).

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events, entries or weights break their conditions.
    ParameterError
        If an option is unknown or out of range.

    Notes
    -----
    Nelson (1972), Aalen (1978); variance by the sum of d / n², as in R; limits by Bie, Borgan
    and Liestøl (1987), NaN on the log scale while the hazard is 0. At t the risk set holds the
    rows with entry < t <= time.
    """
    _check(ties, conf_type)
    check_flags(robust=robust)
    normal_quantile(conf_level)
    sample = censored_sample(formula, data, weights=weights, allow=("cluster",))
    rows = curve_rows(sample)
    counts = rows.counts
    is_robust = robust or bool(sample.clusters)
    H, variance, steps = cumulative_hazard(counts, rows.n_tied(), ties)
    if is_robust:
        variance = robust_variance(counts, steps, sample.event, sample.weights, sample.clusters)
    remarks = _remarks(rows, sample, variance, is_robust)
    if is_robust:
        variance = rows.without_lone(variance)
    std_error = np.sqrt(variance, out=variance)
    sizes, events = rows.sizes()
    arrays = (counts.start, counts.time, counts.n_risk, counts.n_event, counts.n_censor)
    for values in (*arrays, H, std_error, sizes, events):
        values.setflags(write=False)
    return NelsonAalen(
        strata=sample.groups.labels,
        start=counts.start,
        time=counts.time,
        n_risk=counts.n_risk,
        n_event=counts.n_event,
        n_censor=counts.n_censor,
        estimate=H,
        std_error=std_error,
        group_size=sizes,
        group_events=events,
        ties=ties,
        conf_type=conf_type,
        conf_level=conf_level,
        is_weighted=weights is not None,
        is_robust=is_robust,
        n_missing=sample.n_missing,
        remarks=remarks,
        words=course_words(data),
    )


def _remarks(
    rows: CurveRows, sample: CensoredSample, variance: FloatArray, is_robust: bool
) -> tuple[str, ...]:
    labels = sample.groups.labels
    return (
        *curve_remarks(rows, labels, sample.cluster_names),
        *negative_variance_remark(variance),
        *(lone_groups_remark(labels, rows.is_lone) if is_robust else ()),
    )


def _check(ties: str, conf_type: str) -> None:
    faults = []
    if as_word(ties) not in get_args(HazardTies):
        faults.append(f"ties is unknown: choose one of {', '.join(get_args(HazardTies))}")
    if as_word(conf_type) not in get_args(HazardScale):
        faults.append(f"conf_type is unknown: choose one of {', '.join(get_args(HazardScale))}")
    if faults:
        raise ParameterError("An option of nelson_aalen() is unknown", faults)
