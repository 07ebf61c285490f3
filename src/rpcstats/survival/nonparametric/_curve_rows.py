"""The rows behind curves, and what is worked out from them one by one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.censored import CensoredSample
from rpcstats.survival._multiway import grouped_covariance, lone_groups
from rpcstats.survival._product_limit import areas_ahead
from rpcstats.survival._risk_sets import RiskSets, risk_counts, risk_sets, still_in, yet_to_enter
from rpcstats.survival.nonparametric._jackknife import Steps, log_survival_steps, row_influence
from rpcstats.survival.structure.remarks import (
    few_at_risk_remark,
    few_clusters_remark,
    lone_groups_remark,
    silent_groups_remark,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CurveRows:
    """Rows counted by group and time, kept for errors that need each row.

    Attributes
    ----------
    counts : RiskSets
        Counts by group and distinct time.
    event : ndarray of shape (n,), bool
        Whether each row's exit was the event.
    weights : ndarray of shape (n,) or None
        Case weights.
    group : ndarray of shape (n,), int
        Group codes.
    clusters : tuple of ndarray of shape (n,), int
        Cluster codes, one array a dimension.
    cluster_names : tuple of str
        Columns of the clusters.
    """

    counts: RiskSets
    event: NDArray[np.bool_]
    weights: FloatArray | None
    group: IntArray
    clusters: tuple[IntArray, ...]
    cluster_names: tuple[str, ...] = ()

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return len(self.counts.start) - 1

    @property
    def is_lone(self) -> NDArray[np.bool_]:
        """Whether all rows of a group are in one cluster; of shape (k,)."""
        return lone_groups(self.group, self.n_group, self.clusters)

    def without_lone(self, variance: FloatArray) -> FloatArray:
        """Put NaN in the place of a robust variance that one cluster can't tell of.

        Parameters
        ----------
        variance : ndarray of shape (m,)
            Variance at the distinct times of each group.

        Returns
        -------
        ndarray of shape (m,)
            NaN for groups in one cluster.
        """
        is_lone = self.is_lone
        if not is_lone.any():
            return variance
        return np.where(np.repeat(is_lone, np.diff(self.counts.start)), np.nan, variance)

    def error_remarks(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Say what a reader should know of robust errors.

        Parameters
        ----------
        labels : sequence of str
            One label a group.

        Returns
        -------
        tuple of str
            Few clusters, groups in one cluster.
        """
        few = cluster_remarks(self.clusters, self.cluster_names)
        return (*few, *lone_groups_remark(labels, self.is_lone))

    def n_rows_at_risk(self) -> FloatArray:
        """Count rows at risk at each distinct time, whatever their weights."""
        counts = self.counts
        if self.weights is None:
            return counts.n_risk
        m = len(counts.time)
        at_risk = still_in(np.bincount(counts.position, minlength=m), counts.start)
        if counts.entry_position is not None:
            entering = np.bincount(counts.entry_position, minlength=m)
            at_risk -= yet_to_enter(entering, counts.start)
        return at_risk

    def n_tied(self) -> IntArray:
        """Count events at each distinct time, whatever their weights."""
        counts = self.counts
        if self.weights is None:
            return counts.n_event.astype(np.int64)
        failed = counts.position[counts.arranged(self.event)]
        return np.bincount(failed, minlength=len(counts.time)).astype(np.int64)

    def sizes(self) -> tuple[IntArray, IntArray]:
        """Count rows and events of each group, whatever their weights."""
        if self.n_group == 1:
            return np.array([len(self.group)]), np.array([np.count_nonzero(self.event)])
        n = np.bincount(self.group, minlength=self.n_group)
        d = np.bincount(self.group, weights=self.event, minlength=self.n_group)
        return n, d.astype(np.int64)

    def area_influence(self, S: FloatArray, tau: float) -> FloatArray:
        """Give how one more unit of weight on each row moves the area under its curve.

        Parameters
        ----------
        S : ndarray of shape (m,)
            The curves.
        tau : float
            Horizon.

        Returns
        -------
        ndarray of shape (n,)
            Influence, in the order of the rows given.
        """
        ahead = areas_ahead(self.counts, S, tau)
        growth, own = log_survival_steps(self.counts)
        return row_influence(self.counts, Steps(growth * ahead, own * ahead), self.event)

    def area_covariance(self, S: FloatArray, tau: float) -> FloatArray:
        """Give the robust covariance of the areas under the curves.

        Parameters
        ----------
        S : ndarray of shape (m,)
            The curves.
        tau : float
            Horizon.

        Returns
        -------
        ndarray of shape (k, k)
            Covariance; off the diagonal 0 unless clusters reach across groups. NaN for groups
            in one cluster.
        """
        influence = self.area_influence(S, tau)
        if self.weights is not None:
            influence = influence * self.weights
        V = grouped_covariance(influence, self.group, self.n_group, self.clusters)
        is_lone = self.is_lone
        V[is_lone | is_lone[:, None]] = np.nan
        return V


def curve_rows(sample: CensoredSample) -> CurveRows:
    """Count the rows of a sample by group.

    Parameters
    ----------
    sample : CensoredSample
        Checked arrays.

    Returns
    -------
    CurveRows
        Counts and rows.
    """
    n_group = len(sample.groups.labels)
    group = sample.groups.codes if n_group > 1 else None
    found = None
    if sample.entry is None and sample.weights is None:
        kinds = np.array([False, True])
        found = risk_counts(sample.time, sample.event, kinds, stratum=group, n_stratum=n_group)
    counts = (
        found[0]
        if found is not None
        else risk_sets(
            sample.time,
            sample.event,
            stratum=group,
            n_stratum=n_group,
            entry=sample.entry,
            weights=sample.weights,
        )
    )
    return CurveRows(
        counts,
        sample.event,
        sample.weights,
        sample.groups.codes,
        sample.clusters,
        sample.cluster_names,
    )


def curve_remarks(
    rows: CurveRows, labels: Sequence[str], cluster_names: Sequence[str]
) -> tuple[str, ...]:
    """Say what a reader of curves should know of the rows behind them.

    Parameters
    ----------
    rows : CurveRows
        The rows.
    labels : sequence of str
        One label a curve.
    cluster_names : sequence of str
        Columns of the clusters.

    Returns
    -------
    tuple of str
        No events, few at risk, few clusters.
    """
    counts = rows.counts
    few = few_at_risk_remark(labels, counts.start, counts.time, rows.n_rows_at_risk())
    silent = silent_groups_remark(labels, np.add.reduceat(counts.n_event, counts.start[:-1]))
    return (*silent, *few, *cluster_remarks(rows.clusters, cluster_names))


def cluster_remarks(clusters: Sequence[IntArray], names: Sequence[str]) -> tuple[str, ...]:
    """Say where clusters are few.

    Parameters
    ----------
    clusters : sequence of ndarray of shape (n,), int
        Codes from 0 up, one array a dimension.
    names : sequence of str
        Their columns.

    Returns
    -------
    tuple of str
        One remark for each dimension with few.
    """
    return tuple(
        remark
        for codes, name in zip(clusters, names, strict=True)
        for remark in few_clusters_remark(int(codes.max()) + 1, name)
    )


def negative_variance_remark(variance: FloatArray) -> tuple[str, ...]:
    """Say that a variance over several dimensions of clusters came out negative, if one did.

    Parameters
    ----------
    variance : ndarray
        Variances; NaN where negative.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    n_bad = int(np.isnan(variance).sum())
    if not n_bad:
        return ()
    return (
        f"The variance over several dimensions of clusters came out negative in {n_bad:,} of "
        f"{np.size(variance):,} places, which have no error: cluster by one dimension there.",
    )
