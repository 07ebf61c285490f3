"""What every comparison of groups reads: a sample, counted by group, and its robust errors."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import FormulaError
from rpcstats.formula.censored import CensoredSample
from rpcstats.formula.groups import Groups
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.nonparametric._score_test import GroupRisk, Scores, group_risk
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
    n_group, n_stratum = len(sample.groups.labels), len(sample.strata.labels)
    if n_group < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )
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
