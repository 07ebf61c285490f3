"""The mean number of events of a person over time: a formula and a frame to curves."""

from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.formula import Formula
from rpcstats.survival._multiway import lone_groups
from rpcstats.survival._risk_sets import RiskSets, risk_sets
from rpcstats.survival.nonparametric._hazard_sums import cumulative_hazard
from rpcstats.survival.nonparametric._jackknife import robust_variance
from rpcstats.survival.states.mean_function import MeanConfType, MeanCumulative
from rpcstats.survival.states.recurrent_sample import RecurrentSample, recurrent_sample
from rpcstats.survival.structure.remarks import (
    few_at_risk_remark,
    few_clusters_remark,
    lone_groups_remark,
    missing_remark,
)

FloatArray = NDArray[np.float64]


def mean_cumulative(
    formula: str | Formula,
    data: Any,
    *,
    id: str | None,
    weights: str | None = None,
    conf_type: Literal["log", "plain"] = "log",
    conf_level: float = 0.95,
) -> MeanCumulative:
    """Estimate the mean number of events of a person by each time.

    Parameters
    ----------
    formula : str
        ``"Surv(entry, time, event) ~ mode"``: a row for each stretch between events, one curve
        for each combination of columns; ``cluster(g)`` makes the variance robust to dependence
        within g, two columns to two-way dependence.
    data : frame
        pandas, or any frame narwhals reads.
    id : str or None
        Column that tells the persons; None if each row is one.
    weights : str, optional
        Column of case weights above 0.
    conf_type : {"log", "plain"}
        Scale on which the limits are symmetric.
    conf_level : float
        Level of the pointwise intervals.

    Returns
    -------
    MeanCumulative
        The curves, their differences and a test.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events or weights break their conditions, or rows of one person overlap.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Nelson (1988): the sum of events over persons under observation. Variance of Lawless and
    Nadeau (1995), the infinitesimal jackknife over persons, right however the events of a
    person depend on each other. Leaving observation has to be independent of the events. Where
    something like a dropout or a death ends all events, the curve is what would be seen
    without it; for those who left count it as one more state in `multistate`.
    """
    check_conf_level(conf_level)
    if as_word(conf_type) not in get_args(MeanConfType):
        raise ParameterError("conf_type is unknown", ["choose 'log' or 'plain'"])
    sample = recurrent_sample(formula, data, id=id, weights=weights)
    counts = group_counts(sample)
    tied = np.bincount(counts.position[counts.arranged(sample.event)], minlength=len(counts.time))
    H, _, steps = cumulative_hazard(counts, tied, "breslow")
    variance = robust_variance(counts, steps, sample.event, sample.weights, sample.clusters)
    n_group = len(sample.groups.labels)
    is_lone = lone_groups(sample.groups.codes, n_group, sample.clusters)
    variance[np.repeat(is_lone, np.diff(counts.start))] = np.nan
    return _result(sample, counts, H, np.sqrt(variance), is_lone, conf_type, conf_level)


def group_counts(sample: RecurrentSample) -> RiskSets:
    """Count who is at risk and has events, group by group.

    Parameters
    ----------
    sample : RecurrentSample
        The rows.

    Returns
    -------
    RiskSets
        A stratum a group.
    """
    n_group = len(sample.groups.labels)
    return risk_sets(
        sample.time,
        sample.event,
        stratum=sample.groups.codes if n_group > 1 else None,
        n_stratum=n_group,
        entry=sample.entry,
        weights=sample.weights,
    )


def _result(
    sample: RecurrentSample,
    counts: RiskSets,
    H: FloatArray,
    std_error: FloatArray,
    is_lone: NDArray[np.bool_],
    conf_type: MeanConfType,
    conf_level: float,
) -> MeanCumulative:
    n_group = len(sample.groups.labels)
    n_event = np.bincount(sample.groups.codes[sample.event], minlength=n_group)
    n_person = np.array([sample.n_person])
    if n_group > 1:
        persons = np.unique(sample.groups.codes * sample.n_person + sample.person)
        n_person = np.bincount(persons // sample.n_person, minlength=n_group)
    for values in (counts.start, counts.time, counts.n_risk, counts.n_event, counts.n_censor):
        values.setflags(write=False)
    for values in (H, std_error, n_event, n_person):
        values.setflags(write=False)
    remarks = [*missing_remark(sample.n_missing)]
    remarks += few_at_risk_remark(sample.groups.labels, counts.start, counts.time, counts.n_risk)
    for name, codes in zip(sample.cluster_names, sample.clusters, strict=False):
        remarks += few_clusters_remark(len(np.unique(codes)), name)
    remarks += lone_groups_remark(sample.groups.labels, is_lone)
    silent = [
        label
        for label, (a, b) in zip(sample.groups.labels, pairwise(counts.start), strict=True)
        if not counts.n_event[a:b].any()
    ]
    if silent:
        remarks.append(f"No event happened in: {', '.join(silent)}.")
    return MeanCumulative(
        strata=sample.groups.labels,
        start=counts.start,
        time=counts.time,
        n_risk=counts.n_risk,
        n_event=counts.n_event,
        n_censor=counts.n_censor,
        estimate=H,
        std_error=std_error,
        group_persons=n_person,
        group_events=n_event,
        sample=sample,
        conf_type=conf_type,
        conf_level=conf_level,
        n_missing=sample.n_missing,
        remarks=tuple(remarks),
    )
