"""Weighted log-rank scores and their covariance: arrays in, arrays out."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._counted_times import CountedTimes
from rpcstats.survival._packed_times import PackedTimes
from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import RiskSets, risk_counts, risk_sets, still_in, yet_to_enter
from rpcstats.survival.nonparametric._jackknife import first_at_risk, in_given_order
from rpcstats.survival.nonparametric._scores import Scores, group_ends, with_zero_sums

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TIMES: Final = 1 << 15
"""Times whose shares are worked out together."""

TimeWeight = Literal["fleming-harrington", "gehan", "tarone-ware", "peto-peto"]


@dataclass(frozen=True, eq=False)
class GroupRisk:
    """Rows counted by stratum, time and group.

    Attributes
    ----------
    counts : RiskSets
        Counts (or weights) at each distinct time of each stratum.
    at_risk : ndarray of shape (k, m)
        Count or weight of each group at risk.
    group : ndarray of shape (n,), int
        Group of each row, in the order of the data.
    has_event : ndarray of shape (n,), bool
        Whether each exit was the event, in the order of the data.
    weights : ndarray of shape (n,) or None
        Case weights, in the order of the data.
    """

    counts: RiskSets
    at_risk: NDArray[Any]
    group: IntArray
    has_event: NDArray[np.bool_]
    weights: FloatArray | None

    @cached_property
    def codes(self) -> IntArray:
        """Group of each row, in the order of `counts`."""
        return self.counts.arranged(self.group)

    @cached_property
    def event(self) -> NDArray[np.bool_]:
        """Whether each exit was the event, in the order of `counts`."""
        return self.counts.arranged(self.has_event)

    @cached_property
    def w(self) -> FloatArray | None:
        """Case weights in the order of `counts`."""
        return None if self.weights is None else self.counts.arranged(self.weights)

    def scores(self, weight: FloatArray | None) -> Scores:
        """Compare observed with expected events.

        Parameters
        ----------
        weight : ndarray of shape (m,) or None
            Weight of each time; 1 if not given.

        Returns
        -------
        Scores
            Observed, expected and hypergeometric covariance, summed over strata.
        """
        n_group = len(self.at_risk)
        if weight is None and self.weights is None:
            observed = np.bincount(self.group, weights=self.has_event, minlength=n_group)
        else:
            failed = self.event
            each = None if weight is None else weight[self.counts.position[failed]]
            if self.w is not None:
                each = self.w[failed] if each is None else each * self.w[failed]
            observed = np.bincount(self.codes[failed], weights=each, minlength=n_group)
        expected, V = np.zeros(n_group), np.zeros((n_group, n_group))
        for a in range(0, len(self.counts.time), _TIMES):
            at = slice(a, a + _TIMES)
            n, at_risk = self.counts.n_risk[at], self.at_risk[:, at].astype(np.float64, copy=False)
            share, spread = self.counts.n_event[at] / n, self.spread(at)
            if weight is not None:
                share, spread = share * weight[at], spread * weight[at] ** 2
            expected += at_risk @ share
            V -= (at_risk * (spread / n)) @ at_risk.T
        return Scores(observed.astype(np.float64), expected, with_zero_sums(V))

    def spread(self, at: slice = slice(None)) -> FloatArray:
        """Give what times add to the covariance: d (n - d) / (n (n - 1))."""
        n, d = self.counts.n_risk[at], self.counts.n_event[at]
        spread: FloatArray = d / n * (n - d) / np.maximum(n - 1, 1)
        return spread

    def residuals(self, weight: FloatArray | None, groups: IntArray) -> FloatArray:
        """Give what each row adds to observed - expected of some groups.

        Parameters
        ----------
        weight : ndarray of shape (m,) or None
            Weight of each time; 1 if not given.
        groups : ndarray of shape (q,), int
            Those groups.

        Returns
        -------
        ndarray of shape (n, q)
            In the order of the rows given, case weights included. Columns sum to the scores.

        Notes
        -----
        The score residuals of Cox's model without effects: Lin and Wei (1989).
        """
        counts, m = self.counts, len(self.counts.time)
        jump = np.ones(m) if weight is None else weight
        hazard = jump * counts.n_event / counts.n_risk
        leave, enter = counts.position, first_at_risk(counts)
        columns = []
        own = self.event * jump[leave] - _between(hazard, enter, leave)
        for g in groups:
            mean = self.at_risk[g] / counts.n_risk
            column = (self.codes == g) * own - self.event * (jump * mean)[leave]
            column += _between(hazard * mean, enter, leave)
            if self.w is not None:
                column *= self.w
            columns.append(in_given_order(counts, column))
        return np.column_stack(columns)


def group_risk(
    time: FloatArray,
    event: NDArray[np.bool_],
    group: IntArray,
    n_group: int,
    *,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    entry: FloatArray | None = None,
    weights: FloatArray | None = None,
) -> GroupRisk:
    """Count rows by stratum, time and group.

    Parameters
    ----------
    time, event, entry, weights
        As in `risk_sets`.
    group : ndarray of shape (n,), int
        Group codes 0 to n_group - 1.
    n_group : int
        Number of groups.
    stratum, n_stratum
        As in `risk_sets`.

    Returns
    -------
    GroupRisk
        The counts.
    """
    if entry is None and weights is None:
        kinds, ends = np.arange(2 * n_group) % 2 == 1, group_ends(group, event, n_group)
        found = risk_counts(time, ends, kinds, stratum=stratum, n_stratum=n_stratum)
        if found is not None:
            return GroupRisk(found[0], _counts_by_code(*found, n_group), group, event, None)
    counts = risk_sets(
        time, event, stratum=stratum, n_stratum=n_stratum, entry=entry, weights=weights
    )
    codes = counts.arranged(group)
    w = None if weights is None else counts.arranged(weights)
    return GroupRisk(counts, _group_counts(counts, codes, n_group, w), group, event, weights)


def time_weight(
    counts: RiskSets, kind: TimeWeight, rho: float = 0.0, gamma: float = 0.0
) -> FloatArray | None:
    """Give the weight of each distinct time.

    Parameters
    ----------
    counts : RiskSets
        Counts by stratum and time.
    kind : {"fleming-harrington", "gehan", "tarone-ware", "peto-peto"}
        Which weight.
    rho, gamma : float
        Exponents of S(t-) and 1 - S(t-), S being the pooled curve of the stratum; for the
        first kind.

    Returns
    -------
    ndarray of shape (m,) or None
        None where every weight is 1.

    Notes
    -----
    Fleming and Harrington (1991); Gehan (1965), n; Tarone and Ware (1977), the root of n; Peto
    and Peto (1972), the product of 1 - d / (n + 1).
    """
    n, d = counts.n_risk, counts.n_event
    if kind == "gehan":
        return n.copy()
    if kind == "tarone-ware":
        return np.sqrt(n)
    if kind == "peto-peto":
        weight = np.empty(len(n))
        for a, b in zip(counts.start[:-1], counts.start[1:], strict=True):
            weight[a:b] = np.cumprod(1 - d[a:b] / (n[a:b] + 1))
        return weight
    if rho == 0 and gamma == 0:
        return None
    S, _ = product_limit(counts)
    before = np.concatenate([[1.0], S[:-1]])
    before[counts.start[:-1]] = 1.0
    result: FloatArray = before**rho * (1 - before) ** gamma
    return result


def _between(steps: FloatArray, enter: IntArray, leave: IntArray) -> FloatArray:
    """Sum steps over the times at which each row is at risk."""
    total = np.append(0.0, np.cumsum(steps))
    return np.asarray(total[leave + 1] - total[enter])


def _counts_by_code(
    counts: RiskSets, rows: PackedTimes | CountedTimes, n_group: int
) -> NDArray[Any]:
    """Count each group at risk at each distinct time, where rows have codes; shape (k, m)."""
    at_risk = np.empty((n_group, len(counts.time)), np.min_scalar_type(int(counts.n_risk.max())))
    at_risk[-1] = counts.n_risk
    group = np.arange(2 * n_group) // 2
    for g in range(n_group - 1):
        leaving = rows.of_codes(group == g)
        at_risk[g] = still_in(leaving, counts.start, out=leaving)
        at_risk[-1] -= at_risk[g]
    return at_risk


def _group_counts(
    counts: RiskSets, codes: IntArray, n_group: int, w: FloatArray | None
) -> FloatArray:
    """Count each group at risk at each distinct time; shape (k, m)."""
    rows = np.stack([_at_risk(counts, codes == g) for g in range(n_group)])
    if w is None:
        return rows
    is_there = rows > 0
    at_risk = np.stack([_at_risk(counts, (codes == g) * w) for g in range(n_group)])
    # Whoever is not there has no weight, and who is there alone all of it, whatever the rounding.
    at_risk[~is_there] = 0.0
    return np.where(is_there & (is_there.sum(axis=0) == 1), counts.n_risk, at_risk)


def _at_risk(counts: RiskSets, member: NDArray[Any]) -> FloatArray:
    """Sum a value of each row over those at risk at each distinct time."""
    m = len(counts.time)
    at_risk = still_in(np.bincount(counts.position, member, m), counts.start)
    if counts.entry_position is not None:
        at_risk -= yet_to_enter(np.bincount(counts.entry_position, member, m), counts.start)
    return at_risk
