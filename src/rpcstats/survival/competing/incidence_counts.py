"""The rows behind incidence curves, and the estimates worked out from them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import grouped_covariance, lone_groups
from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import still_in, yet_to_enter
from rpcstats.survival.competing._aalen_johansen import (
    Incidence,
    Variance,
    functional_variance,
    incidence,
)
from rpcstats.survival.competing._cause_counts import CauseCounts, cause_counts
from rpcstats.survival.competing._incidence_influence import functional_influence, robust_variance
from rpcstats.survival.competing.cause_sample import CauseSample
from rpcstats.survival.nonparametric._jackknife import log_survival_steps
from rpcstats.survival.nonparametric._jackknife import robust_variance as robust_log_variance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
VarianceKind = Literal["delta", "aalen", "jackknife"]


@dataclass(frozen=True, slots=True, eq=False)
class IncidenceRows:
    """A sample counted by group, time and cause, with its curves.

    Attributes
    ----------
    sample : CauseSample
        The rows.
    counts : CauseCounts
        Counts by group and distinct time.
    curves : Incidence
        The estimates.
    variance : {"delta", "aalen", "jackknife"}
        How variances are estimated.
    """

    sample: CauseSample
    counts: CauseCounts
    curves: Incidence
    variance: VarianceKind

    @property
    def n_group(self) -> int:
        """Number of groups."""
        return len(self.sample.groups.labels)

    @property
    def is_lone(self) -> NDArray[np.bool_]:
        """Whether a robust variance of a group would rest on one cluster; of shape (g,)."""
        if self.variance != "jackknife":
            return np.zeros(self.n_group, dtype=np.bool_)
        return lone_groups(self.sample.groups.codes, self.n_group, self.sample.clusters)

    def without_lone(self, variance: FloatArray) -> FloatArray:
        """Put NaN in the place of a robust variance that one cluster can't tell of.

        Parameters
        ----------
        variance : ndarray of shape (..., m)
            Variance at the distinct times of each group.

        Returns
        -------
        ndarray of shape (..., m)
            NaN for groups in one cluster.
        """
        is_lone = self.is_lone
        if not is_lone.any():
            return variance
        return np.where(np.repeat(is_lone, np.diff(self.counts.sets.start)), np.nan, variance)

    def curve_variance(self) -> FloatArray:
        """Give the variance of each cause's incidence at each distinct time.

        Returns
        -------
        ndarray of shape (k, m)
            One row a cause, estimated as `variance` says.
        """
        if self.variance == "jackknife":
            sample = self.sample
            return robust_variance(
                self.counts, self.curves, sample.cause, sample.weights, sample.clusters
            )
        kind: Variance = self.variance
        causes = range(len(self.sample.causes))
        return functional_variance(self.counts, self.curves, causes, kind)

    def log_survival_variance(self) -> FloatArray:
        """Give the variance of the log of the probability of no event.

        Returns
        -------
        ndarray of shape (m,)
            At each distinct time; NaN for a group in one cluster, if it is to be robust.
        """
        sets, sample = self.counts.sets, self.sample
        if self.variance != "jackknife":
            return product_limit(sets)[1]
        found = robust_log_variance(
            sets, log_survival_steps(sets), sample.cause > 0, sample.weights, sample.clusters
        )
        return self.without_lone(np.where(self.curves.S > 0, found, np.inf))

    def sums(self, k: int, scale: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Sum scaled steps of a cause's incidence, by group.

        Parameters
        ----------
        k : int
            Row of the cause.
        scale : ndarray of shape (m,)
            Factor of each step.

        Returns
        -------
        estimate : ndarray of shape (g,)
            The sums.
        covariance : ndarray of shape (g, g)
            Their covariance; off the diagonal 0 unless clusters reach across groups. NaN for
            groups in one cluster.
        """
        sets, sample = self.counts.sets, self.sample
        steps = scale * self.curves.S_before * self.counts.by_cause[k] / sets.n_risk
        estimate = np.add.reduceat(steps, sets.start[:-1])
        if self.variance != "jackknife":
            running = functional_variance(self.counts, self.curves, [k], self.variance, scale)[0]
            return estimate, np.diag(running[sets.start[1:] - 1])
        influence = functional_influence(self.counts, self.curves, sample.cause, k, scale)
        if sample.weights is not None:
            influence = influence * sample.weights
        covariance = grouped_covariance(
            influence, sample.groups.codes, self.n_group, sample.clusters
        )
        covariance[self.is_lone | self.is_lone[:, None]] = np.nan
        return estimate, covariance

    def reaches(self, time: float) -> NDArray[np.bool_]:
        """Tell the groups followed up to a time, or until nobody was left free of events.

        Parameters
        ----------
        time : float
            The time.

        Returns
        -------
        ndarray of shape (g,), bool
            One for each group.
        """
        ends = self.counts.sets.start[1:] - 1
        known: NDArray[np.bool_] = (self.counts.sets.time[ends] >= time) | (
            self.curves.S[ends] <= 0
        )
        return known

    def n_rows_at_risk(self) -> FloatArray:
        """Count rows at risk at each distinct time, whatever their weights.

        Returns
        -------
        ndarray of shape (m,)
            Counts just before the time.
        """
        sets = self.counts.sets
        if self.sample.weights is None:
            return sets.n_risk
        m = len(sets.time)
        at_risk = still_in(np.bincount(sets.position, minlength=m), sets.start)
        if sets.entry_position is not None:
            entering = np.bincount(sets.entry_position, minlength=m)
            at_risk -= yet_to_enter(entering, sets.start)
        return at_risk

    def sizes(self) -> IntArray:
        """Count rows by group, whatever their weights.

        Returns
        -------
        ndarray of shape (g,), int
            Counts.
        """
        if self.n_group == 1:
            return np.array([len(self.sample.time)])
        return np.bincount(self.sample.groups.codes, minlength=self.n_group)

    def events_by_group(self) -> IntArray:
        """Count rows by group and cause, whatever their weights.

        Returns
        -------
        ndarray of shape (g, k), int
            Counts.
        """
        if self.sample.weights is None:
            counts, start = self.counts, self.counts.sets.start
            return np.add.reduceat(counts.by_cause, start[:-1], axis=1).T.astype(np.int64)
        n_cause = len(self.sample.causes)
        cell = self.sample.groups.codes * (n_cause + 1) + self.sample.cause
        table = np.bincount(cell, minlength=self.n_group * (n_cause + 1))
        return table.reshape(self.n_group, n_cause + 1)[:, 1:].astype(np.int64)


def incidence_rows(sample: CauseSample, variance: VarianceKind) -> IncidenceRows:
    """Count a sample and estimate its curves.

    Parameters
    ----------
    sample : CauseSample
        Checked arrays.
    variance : {"delta", "aalen", "jackknife"}
        How variances are estimated.

    Returns
    -------
    IncidenceRows
        Counts and curves.
    """
    n_group = len(sample.groups.labels)
    if n_group > 1 or variance == "jackknife":
        sample = sample.with_ties()
    counts = cause_counts(
        sample.time,
        sample.cause,
        len(sample.causes),
        group=sample.groups.codes if n_group > 1 else None,
        n_group=n_group,
        entry=sample.entry,
        weights=sample.weights,
        tied=sample.is_tied,
    )
    return IncidenceRows(sample, counts, incidence(counts), variance)
