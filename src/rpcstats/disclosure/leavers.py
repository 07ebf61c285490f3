"""Whether a released curve gives away how few left between two of its rows."""

from collections.abc import Iterator

import numpy as np

from rpcstats.disclosure._feasible import FloatArray, Knowledge, feasible_range, spans
from rpcstats.disclosure._pooling import Curve, Path
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.balance import EVENTS_AT, REACH, Balance, Plan, shown_times
from rpcstats.disclosure.policy import DisclosurePolicy

Fact = tuple[FloatArray, float, float]
Seen = set[bytes]


def given_away(
    path: Path,
    plan: Plan,
    curve: Curve,
    policy: DisclosurePolicy,
    *,
    first: float,
    safe: Seen,
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
    first : float
        Time near which to look first.
    safe : set of bytes
        Neighbourhoods of this curve already found safe; written to.

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
    times = shown_times(path, plan)
    for i in (1 + np.argsort(np.abs(times[1:] - first), kind="stable")).tolist():
        rows = slice(max(i - REACH, 0), min(i + REACH + 1, times.size))
        balance = Balance(path, plan, rows)
        mark = _mark(balance, i - rows.start)
        if mark not in safe and not _is_safe(balance, i - rows.start, curve, policy):
            return float(times[i])
        safe.add(mark)
    return None


def _mark(balance: Balance, i: int) -> bytes:
    flags = (balance.at_end, balance.is_over, [balance.is_last, i])
    return b"|".join([balance.times.tobytes(), *(np.asarray(x).tobytes() for x in flags)])


def _is_safe(balance: Balance, i: int, curve: Curve, policy: DisclosurePolicy) -> bool:
    known: Knowledge | None = None
    for weights in balance.small_groups(i, policy.survival_threshold):
        known = known or what_rows_tell(balance, curve, policy)
        if not spans(*feasible_range(weights, known), policy.survival_threshold):
            return False
    return True


def what_rows_tell(balance: Balance, curve: Curve, policy: DisclosurePolicy) -> Knowledge:
    """Write down what a reader knows of neighbouring rows of a curve.

    Parameters
    ----------
    balance : Balance
        The rows.
    curve : Curve
        The protected counts of the whole curve.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    Knowledge
        Bounds of the unknowns of the balance, and of their sums.
    """
    facts = [*_at_risk_facts(balance, policy), *_step_facts(balance, curve, policy)]
    if not balance.late_entry:
        facts += _exposure_facts(balance, curve, policy)
    A, A_low, A_high = (np.array(column) for column in zip(*facts, strict=True))
    return Knowledge(np.zeros(balance.size), balance.ceilings(), A, A_low, A_high)


def _at_risk_facts(balance: Balance, policy: DisclosurePolicy) -> Iterator[Fact]:
    width, rule = policy.round_to, policy.rounding
    low, high = possible_counts(round_counts(balance.at_risk, width, rule), width, rule)
    for i, Y in enumerate(balance.Y):
        yield Y, max(float(low[i]), policy.fewest_at_risk), float(high[i])


def _step_facts(balance: Balance, curve: Curve, policy: DisclosurePolicy) -> Iterator[Fact]:
    """Tell the rounded events, and what pooling gives away: enough at an end, too few before."""
    k, most = policy.fewest_events, curve.d.size
    low, high = possible_counts(np.cumsum(curve.d), policy.round_to, policy.rounding)
    pooled, n_pooled = (np.zeros(balance.size), 0) if balance.is_first else (None, 0)
    for i in np.flatnonzero(balance.at_end).tolist():
        j = int(balance.steps_before[i])
        at = balance.one(i, EVENTS_AT)
        D = balance.E[i] + at
        yield D, max(float(low[j]), k * (j + 1.0)), min(high[j], high[-1] - k * (most - 1.0 - j))
        yield at, 1.0, np.inf
        yield balance.Y[i] - at, float(policy.fewest_at_risk), np.inf
        if pooled is not None:
            yield D - pooled, float(k), np.inf
            if balance.events[i] - n_pooled < k:
                yield balance.E[i] - pooled, 0.0, k - 1.0
        pooled, n_pooled = D, int(balance.events[i] + balance.events_at[i])


def _exposure_facts(balance: Balance, curve: Curve, policy: DisclosurePolicy) -> Iterator[Fact]:
    """Twice the number exposed is whole: those at the start, at the end, and events inside."""
    width, rule = policy.round_to, policy.rounding
    middle = 2 * (curve.n + width // 2) - width if rule == "midpoint" else 2 * curve.n
    low, high = possible_counts(middle, 2 * width, rule)
    start = balance.Y[0] if balance.is_first else None
    pooled = np.zeros(balance.size)
    for i in np.flatnonzero(balance.at_end).tolist():
        j = int(balance.steps_before[i])
        if start is not None:
            yield start + balance.Y[i] + balance.E[i] - pooled, float(low[j]), float(high[j])
        start, pooled = balance.after(i), balance.E[i] + balance.one(i, EVENTS_AT)
