"""Whether a released curve gives away how few left between two of its rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rpcstats.disclosure._feasible import FloatArray, Knowledge, feasible_range, spans
from rpcstats.disclosure._pooling import Curve, IntArray, Path
from rpcstats.disclosure._rounding import Rule, possible_counts, round_counts
from rpcstats.disclosure.policy import DisclosurePolicy

Fact = tuple[FloatArray, float, float]

EVENTS_SINCE: Final = 0
EVENTS_AT: Final = 1
LEAVERS_SINCE: Final = 2
LEAVERS_AT: Final = 3
JOINERS_SINCE: Final = 4
PER_TIME: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be shown of one curve.

    Attributes
    ----------
    end : ndarray of int
        Rows of the path at which steps end.
    grid : ndarray
        Further times at which the number at risk is shown.
    is_whole : bool
        Whether no event lies after the last step.
    """

    end: IntArray
    grid: FloatArray
    is_whole: bool


class _Balance:
    """The bookkeeping of a curve as whole numbers an attacker could write down.

    The unknowns are the starters and, for each shown time, events since the time before and
    at it, other leavers since the time before and at it, and joiners since the time before.
    """

    def __init__(self, path: Path, plan: Plan) -> None:
        ends = path.time[plan.end]
        self.times = np.unique(np.concatenate([[0.0], ends, plan.grid]))
        self.at_end = np.isin(self.times, ends)
        m = self.times.size
        self.size = 1 + PER_TIME * m
        self.at_risk = path.at_risk(self.times)
        self.events = path.events_before(self.times)
        self.events_at = path.events_before(np.nextafter(self.times, np.inf)) - self.events
        before = np.searchsorted(path.time, self.times, side="left")
        after = np.searchsorted(path.time, self.times, side="right")
        self.is_empty = before == np.append(0, after[:-1])
        self.late_entry = path.late_entry
        self.Y, self.E = np.zeros((m, self.size)), np.zeros((m, self.size))
        self.Y[0, 0] = 1.0
        for i in range(1, m):
            since = self.one(i, EVENTS_SINCE) + self.one(i - 1, EVENTS_AT)
            self.E[i] = self.E[i - 1] + since
            self.Y[i] = self.Y[i - 1] - since - self.others(i) + self.one(i, JOINERS_SINCE)

    def one(self, i: int, which: int) -> FloatArray:
        row = np.zeros(self.size)
        row[1 + PER_TIME * i + which] = 1.0
        return row

    def others(self, i: int) -> FloatArray:
        return self.one(i, LEAVERS_SINCE) + self.one(i - 1, LEAVERS_AT)

    def after(self, i: int) -> FloatArray:
        """Those who go on beyond a time."""
        row: FloatArray = self.Y[i] - self.one(i, EVENTS_AT) - self.one(i, LEAVERS_AT)
        return row


def given_away(
    path: Path, plan: Plan, curve: Curve, policy: DisclosurePolicy, *, first: float = 0.0
) -> float | None:
    """Find a shown time at which the rows of a plan pin a small number of leavers.

    Parameters
    ----------
    path : Path
        The true curve.
    plan : Plan
        Rows to show.
    curve : Curve
        Its protected counts.
    policy : DisclosurePolicy
        The rules.
    first : float, default 0
        Time near which to look first.

    Returns
    -------
    float or None
        A time before or at which a group of 1 to survival_threshold - 1 who left (with or
        without an event) since the row before would be known too closely; None if there
        is none.

    Notes
    -----
    The reader is taken to know the rounding, the pooling, and how the number exposed in
    a step is made.
    """
    balance = _Balance(path, plan)
    known: Knowledge | None = None
    for i in 1 + np.argsort(np.abs(balance.times[1:] - first), kind="stable"):
        for weights in _small_groups(balance, int(i), policy.survival_threshold):
            known = known or _knowledge(balance, plan, curve, policy)
            low, high = feasible_range(weights, known)
            if not spans(low, high, policy.survival_threshold):
                return float(balance.times[i])
    return None


def _small_groups(balance: _Balance, i: int, threshold: int) -> Iterator[FloatArray]:
    events = balance.events[i] - balance.events[i - 1]
    left = balance.at_risk[i - 1] - balance.at_risk[i]
    groups = [
        (events, balance.E[i] - balance.E[i - 1]),
        (balance.events_at[i], balance.one(i, EVENTS_AT)),
    ]
    if not balance.late_entry:
        groups += [(left, balance.Y[i - 1] - balance.Y[i]), (left - events, balance.others(i))]
    yield from (weights for count, weights in groups if 1 <= count < threshold)


def _knowledge(balance: _Balance, plan: Plan, curve: Curve, policy: DisclosurePolicy) -> Knowledge:
    width, rule = policy.survival_round_to, policy.survival_rounding
    facts = [*_at_risk_facts(balance, policy), *_step_facts(balance, curve, policy)]
    if not balance.late_entry:
        facts += _exposure_facts(balance, curve, width, rule)
    if plan.is_whole:
        last, end = balance.times.size - 1, int(np.flatnonzero(balance.at_end)[-1])
        after = balance.E[last] + balance.one(last, EVENTS_AT) - balance.E[end]
        facts.append((after - balance.one(end, EVENTS_AT), 0.0, 0.0))
    A, A_low, A_high = (np.array(column) for column in zip(*facts, strict=True))
    return Knowledge(np.zeros(balance.size), _ceilings(balance), A, A_low, A_high)


def _at_risk_facts(balance: _Balance, policy: DisclosurePolicy) -> Iterator[Fact]:
    width, rule = policy.survival_round_to, policy.survival_rounding
    low, high = possible_counts(round_counts(balance.at_risk, width, rule), width, rule)
    for i, Y in enumerate(balance.Y):
        yield Y, max(float(low[i]), policy.fewest_at_risk), float(high[i])


def _step_facts(balance: _Balance, curve: Curve, policy: DisclosurePolicy) -> Iterator[Fact]:
    """Tell the rounded events, and what pooling gives away: enough at an end, too few before."""
    low, high = possible_counts(
        np.cumsum(curve.d), policy.survival_round_to, policy.survival_rounding
    )
    pooled, n_pooled = np.zeros(balance.size), 0
    for j, i in enumerate(np.flatnonzero(balance.at_end).tolist()):
        at = balance.one(i, EVENTS_AT)
        D = balance.E[i] + at
        yield D, float(low[j]), float(high[j])
        yield D - pooled, float(policy.survival_threshold), np.inf
        yield at, 1.0, np.inf
        yield balance.Y[i] - at, float(policy.fewest_at_risk), np.inf
        if balance.events[i] - n_pooled < policy.survival_threshold:
            yield balance.E[i] - pooled, 0.0, policy.survival_threshold - 1.0
        pooled, n_pooled = D, int(balance.events[i] + balance.events_at[i])


def _exposure_facts(balance: _Balance, curve: Curve, width: int, rule: Rule) -> Iterator[Fact]:
    """Twice the number exposed is whole: those at the start, at the end, and events inside."""
    middle = 2 * (curve.n + width // 2) - width if rule == "midpoint" else 2 * curve.n
    low, high = possible_counts(middle, 2 * width, rule)
    start, pooled = balance.Y[0], np.zeros(balance.size)
    for j, i in enumerate(np.flatnonzero(balance.at_end).tolist()):
        yield start + balance.Y[i] + balance.E[i] - pooled, float(low[j]), float(high[j])
        start, pooled = balance.after(i), balance.E[i] + balance.one(i, EVENTS_AT)


def _ceilings(balance: _Balance) -> FloatArray:
    most = 10.0 * (float(balance.at_risk.max()) + float(balance.events.max()) + 100.0)
    high = np.full((balance.times.size, PER_TIME), most)
    high[0, [EVENTS_SINCE, LEAVERS_SINCE, JOINERS_SINCE]] = 0.0
    # Where nobody leaves between shown times, the reader may know that no other time exists.
    high[np.ix_(balance.is_empty, [EVENTS_SINCE, LEAVERS_SINCE])] = 0.0
    if not balance.late_entry:
        high[:, JOINERS_SINCE] = 0.0
    return np.append(most, high.ravel())
