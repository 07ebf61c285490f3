"""Cumulative incidence of every cause: a formula and a frame to Aalen-Johansen curves."""

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import ConfType, check_conf_level, check_conf_type
from rpcstats.errors import ParameterError
from rpcstats.formula.parse import Formula
from rpcstats.survival.competing.cause_sample import CauseSample, cause_sample
from rpcstats.survival.competing.incidence_counts import (
    IncidenceRows,
    VarianceKind,
    incidence_rows,
)
from rpcstats.survival.competing.incidence_curves import CumulativeIncidence
from rpcstats.survival.course_words import CourseWords, course_words
from rpcstats.survival.nonparametric._curve_rows import cluster_remarks, negative_variance_remark
from rpcstats.survival.structure.remarks import (
    few_at_risk_remark,
    lone_groups_remark,
    missing_remark,
)

FloatArray = NDArray[np.float64]
_KINDS: Final = ("delta", "aalen")


def cumulative_incidence(
    formula: str | Formula,
    data: Any,
    *,
    censored: Sequence[str] | None = None,
    conf_type: ConfType = "log-log",
    variance: Literal["delta", "aalen"] = "delta",
    weights: str | None = None,
    robust: bool = False,
    conf_level: float = 0.95,
) -> CumulativeIncidence:
    """Estimate the cumulative incidence of every cause, by group.

    Parameters
    ----------
    formula : str
        ``"Surv(time, cause) ~ mode"``, ``"Surv(entry, time, cause) ~ 1"``; several columns
        joined by ``+`` make one set of curves per combination. ``cluster(g)`` makes the
        variance robust to dependence within g.
    data : frame
        pandas, or any frame narwhals reads; what `followup` gives is understood as it is.
        Causes are a categorical, texts, or whole numbers with 0 for censored. Rows with a
        missing value are left out and counted in `glance`.
    censored : sequence of str, optional
        Causes that count as censored; if not given, those the frame declares
        (``data.attrs["censored"]``), else the first category.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale on which the limits are symmetric.
    variance : {"delta", "aalen"}
        "delta" is that of R's survfit where nobody enters late, "aalen" that of cmprsk's
        cuminc. They differ by a factor of order 1 / n; neither is wrong.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.
    robust : bool
        Take the infinitesimal-jackknife variance, as cluster() does; right for sampling
        weights, and survfit's where rows enter late or are weighted.
    conf_level : float
        Level of the pointwise intervals.

    Returns
    -------
    CumulativeIncidence
        The curves.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, causes, entries or weights break their conditions.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Aalen and Johansen (1978). The chance of leaving for a reason by time t while the others may
    come first; the incidences and the chance of no event add up to 1. One minus the
    Kaplan-Meier curve of a single cause, the others censored, is larger and answers no question
    about people for whom the other causes exist. Censoring has to be independent of all causes
    given the groups.
    """
    check_flags(robust=robust)
    _check(variance, robust, conf_type)
    check_conf_level(conf_level)
    sample = cause_sample(
        formula,
        data,
        censored=censored,
        weights=weights,
        allow=("cluster",),
        tied=weights is not None,
    )
    kind: VarianceKind = "jackknife" if robust or sample.clusters else variance
    if kind == "jackknife" and variance == "aalen":
        raise ParameterError(
            "variance='aalen' has no cluster-robust form", ["leave variance out beside cluster()"]
        )
    rows = incidence_rows(sample, kind)
    return _curves(rows, conf_type, conf_level, course_words(data))


def _check(variance: str, robust: bool, conf_type: str) -> None:
    if as_word(variance) not in _KINDS:
        raise ParameterError("variance is unknown", [f"choose one of {', '.join(_KINDS)}"])
    check_conf_type(conf_type)
    if robust and variance == "aalen":
        raise ParameterError(
            "robust=True and variance='aalen' are two different variances", ["choose one"]
        )


def _curves(
    rows: IncidenceRows, conf_type: ConfType, conf_level: float, words: CourseWords
) -> CumulativeIncidence:
    counts, curves, sample = rows.counts, rows.curves, rows.sample
    variance = rows.curve_variance()
    remarks = _remarks(rows, sample, variance)
    variance = rows.without_lone(variance)
    std_error = np.sqrt(variance, out=variance)
    return CumulativeIncidence(
        strata=sample.groups.labels,
        causes=sample.causes,
        start=counts.sets.start,
        time=counts.sets.time,
        n_risk=counts.sets.n_risk,
        n_event=counts.by_cause,
        n_censor=counts.sets.n_censor,
        estimate=curves.F,
        std_error=std_error,
        event_free=curves.S,
        group_size=rows.sizes(),
        group_events=rows.events_by_group(),
        conf_type=conf_type,
        conf_level=conf_level,
        n_missing=sample.n_missing,
        remarks=remarks,
        rows=rows,
        words=words,
    )


def _remarks(rows: IncidenceRows, sample: CauseSample, variance: FloatArray) -> tuple[str, ...]:
    sets = rows.counts.sets
    return (
        *missing_remark(sample.n_missing),
        *few_at_risk_remark(sample.groups.labels, sets.start, sets.time, rows.n_rows_at_risk()),
        *cluster_remarks(sample.clusters, sample.cluster_names),
        *(negative_variance_remark(variance) if rows.variance == "jackknife" else ()),
        *lone_groups_remark(sample.groups.labels, rows.is_lone),
    )
