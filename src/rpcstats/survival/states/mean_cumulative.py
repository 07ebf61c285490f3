"""The mean number of events of a person over time: a formula and a frame to curves."""

from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.formula import Formula
from rpcstats.survival._multiway import lone_groups
from rpcstats.survival.states._mean_counts import (
    EventRows,
    MeanCounts,
    count_events,
    mean_variance,
)
from rpcstats.survival.states.mean_function import MeanConfType, MeanCumulative
from rpcstats.survival.states.recurrent_sample import RecurrentSample, recurrent_sample
from rpcstats.survival.structure.remarks import (
    few_at_risk_remark,
    few_clusters_remark,
    lone_groups_remark,
    missing_remark,
    silent_groups_remark,
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
    n_group = len(sample.groups.labels)
    is_lone = lone_groups(sample.groups.codes, n_group, sample.clusters)
    found = [_one_curve(rows, lone) for rows, lone in zip(_by_group(sample), is_lone, strict=True)]
    return _result(sample, found, is_lone, conf_type, conf_level)


def _by_group(sample: RecurrentSample) -> Iterator[EventRows]:
    """Give the rows of each group."""
    rows = EventRows(
        sample.time, sample.event, sample.entry, sample.weights, tuple(sample.clusters)
    )
    if len(sample.groups.labels) == 1:
        yield rows
        return
    order = np.argsort(sample.groups.codes, kind="stable")
    sizes = np.bincount(sample.groups.codes)
    for own in np.split(order, np.cumsum(sizes)[:-1]):
        yield rows.taken(own)


def _one_curve(rows: EventRows, is_lone: bool) -> tuple[MeanCounts, FloatArray]:
    """Count the events of one group, with the standard error of their mean."""
    counts = count_events(rows)
    if is_lone:
        return counts, np.full(len(counts.time), np.nan)
    variance = mean_variance(rows, counts)
    return counts, np.sqrt(variance, out=variance)


def _result(
    sample: RecurrentSample,
    found: list[tuple[MeanCounts, FloatArray]],
    is_lone: NDArray[np.bool_],
    conf_type: MeanConfType,
    conf_level: float,
) -> MeanCumulative:
    n_group = len(sample.groups.labels)
    group_events = np.bincount(sample.groups.codes[sample.event], minlength=n_group)
    n_person = np.array([sample.n_person])
    if n_group > 1:
        persons = np.unique(sample.groups.codes * sample.n_person + sample.person)
        n_person = np.bincount(persons // sample.n_person, minlength=n_group)
    start = np.cumsum([0, *(len(counts.time) for counts, _ in found)])
    time, n_risk, n_event, n_censor = (
        column[0] if n_group == 1 else np.concatenate(column)
        for column in zip(*(counts for counts, _ in found), strict=True)
    )
    errors = [error for _, error in found]
    remarks = [*missing_remark(sample.n_missing)]
    remarks += few_at_risk_remark(sample.groups.labels, start, time, n_risk)
    for name, codes in zip(sample.cluster_names, sample.clusters, strict=False):
        remarks += few_clusters_remark(len(np.unique(codes)), name)
    remarks += lone_groups_remark(sample.groups.labels, is_lone)
    remarks += silent_groups_remark(sample.groups.labels, group_events)
    return MeanCumulative(
        strata=sample.groups.labels,
        start=start,
        time=time,
        at_risk=n_risk,
        happened=n_event,
        left=n_censor,
        std_error=errors[0] if n_group == 1 else np.concatenate(errors),
        group_persons=n_person,
        group_events=group_events,
        sample=sample,
        conf_type=conf_type,
        conf_level=conf_level,
        n_missing=sample.n_missing,
        remarks=tuple(remarks),
    )
