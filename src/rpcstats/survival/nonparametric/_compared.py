"""What every comparison of groups reads: a sample, counted by group, and its robust errors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats.errors import FormulaError
from rpcstats.formula.censored import CensoredSample
from rpcstats.formula.groups import Groups
from rpcstats.survival._counted_times import counted_times
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival._packed_times import packed_rows
from rpcstats.survival.nonparametric._score_test import GroupRisk, group_risk
from rpcstats.survival.nonparametric._scores import Scores, group_ends
from rpcstats.survival.nonparametric._streamed_scores import streamed_scores, table_scores
from rpcstats.survival.structure.remarks import empty_strata_remark

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_NEGATIVE = -1e-10
"""An eigenvalue below this share of the largest is not rounding."""


def counted_groups(sample: CensoredSample) -> GroupRisk:
    """Count the rows of a sample by stratum, time and group.

    Parameters
    ----------
    sample : CensoredSample
        Groups, strata and weights included.

    Returns
    -------
    GroupRisk
        The counts.

    Raises
    ------
    FormulaError
        If fewer than two groups have rows.
    """
    refuse_one_group(sample)
    sample = sample.with_ties()
    n_group, n_stratum = len(sample.groups.labels), len(sample.strata.labels)
    return group_risk(
        sample.time,
        sample.event,
        sample.groups.codes,
        n_group,
        stratum=sample.strata.codes if n_stratum > 1 else None,
        n_stratum=n_stratum,
        entry=sample.entry,
        weights=sample.weights,
    )


def refuse_one_group(sample: CensoredSample) -> None:
    """Refuse a sample in which there is nothing to compare.

    Parameters
    ----------
    sample : CensoredSample
        Groups included.

    Raises
    ------
    FormulaError
        If fewer than two groups have rows.
    """
    if len(sample.groups.labels) < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )


def plain_scores(sample: CensoredSample) -> Scores | None:
    """Compare groups where every row and every time weighs the same.

    Parameters
    ----------
    sample : CensoredSample
        Groups and strata included; ties are found if they have not been.

    Returns
    -------
    Scores or None
        None where rows weigh or enter late, or `counted_groups` is as fast.

    Raises
    ------
    FormulaError
        If fewer than two groups have rows.
    """
    refuse_one_group(sample)
    if sample.entry is not None or sample.weights is not None:
        return None
    n_group, n_stratum = len(sample.groups.labels), len(sample.strata.labels)
    stratum = sample.strata.codes if n_stratum > 1 else None
    ends = group_ends(sample.groups.codes, sample.event, n_group)
    counted = counted_times(sample.time, ends, 2 * n_group, stratum=stratum, n_stratum=n_stratum)
    if counted is not None:
        return table_scores(counted, n_group)
    if n_stratum > 1:
        sample = sample.with_ties()
    rows = packed_rows(
        sample.time,
        ends,
        2 * n_group,
        stratum=stratum,
        n_stratum=n_stratum,
        tied=sample.is_tied,
    )
    return None if rows is None else streamed_scores(rows, n_group)


def strata_remark(sample: CensoredSample) -> tuple[str, ...]:
    """Say how many strata had no event, if any had none.

    Parameters
    ----------
    sample : CensoredSample
        Strata included.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    n_stratum = len(sample.strata.labels)
    if n_stratum < 2:
        return ()
    events = np.bincount(sample.strata.codes[sample.event], minlength=n_stratum)
    return empty_strata_remark(events, "how the groups differ")


def untested_remark(statistic: ArrayLike) -> tuple[str, ...]:
    """Say why there is no test, if there is none.

    Parameters
    ----------
    statistic : array_like
        The statistic, or one a weight.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    is_unknown = np.isnan(statistic)
    if not np.any(is_unknown):
        return ()
    if not np.all(is_unknown):
        return ("A weight that is 0 wherever two groups are compared gives no test of its own.",)
    return (
        "The test can't be made: at none of the times of events are two groups at risk together.",
    )


def robust_scores(
    risk: GroupRisk, scores: Scores, weight: FloatArray | None, clusters: Sequence[IntArray]
) -> Scores:
    """Put the robust covariance in the place of the hypergeometric one.

    Parameters
    ----------
    risk : GroupRisk
        The counts.
    scores : Scores
        Observed and expected.
    weight : ndarray of shape (m,) or None
        Weight of each time.
    clusters : sequence of ndarray of shape (n,), int
        One array a dimension; none if every row stands alone.

    Returns
    -------
    Scores
        The same scores with the sum over clusters of their squared sums.
    """
    groups = np.arange(1, len(scores.observed))
    inner = clustered_covariance(risk.residuals(weight, groups), clusters)
    # The residuals of a row sum to zero over the groups.
    to_all = np.vstack([-np.ones(len(groups)), np.eye(len(groups))])
    return scores._replace(V=to_all @ inner @ to_all.T)


def is_negative(V: FloatArray) -> bool:
    """Tell whether a difference of covariances has a direction of negative variance.

    Parameters
    ----------
    V : ndarray of shape (k, k)
        Symmetric matrix.

    Returns
    -------
    bool
        Whether an eigenvalue is below 0 by more than rounding.
    """
    values = np.linalg.eigvalsh(V)
    return bool(values[0] < _NEGATIVE * max(values[-1], -values[0]))


def only_groups(sample: CensoredSample, chosen: Sequence[int]) -> CensoredSample:
    """Keep the rows of some groups.

    Parameters
    ----------
    sample : CensoredSample
        The sample.
    chosen : sequence of int
        Codes of the groups.

    Returns
    -------
    CensoredSample
        Groups, strata and clusters numbered anew.
    """
    rows = np.flatnonzero(np.isin(sample.groups.codes, chosen))
    return replace(
        sample,
        time=sample.time[rows],
        event=sample.event[rows],
        entry=None if sample.entry is None else sample.entry[rows],
        weights=None if sample.weights is None else sample.weights[rows],
        groups=_renumbered(sample.groups, rows),
        strata=_renumbered(sample.strata, rows),
        clusters=tuple(
            np.unique(codes[rows], return_inverse=True)[1].astype(np.int64)
            for codes in sample.clusters
        ),
    )


def _renumbered(groups: Groups, rows: IntArray) -> Groups:
    present, codes = np.unique(groups.codes[rows], return_inverse=True)
    return Groups(
        codes.astype(np.int64),
        tuple(groups.labels[g] for g in present),
        tuple(groups.levels[g] for g in present),
    )
