"""How much a printed share can tell, given the people it rests on."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from rpcstats._numerics.intervals import clopper_pearson, wilson
from rpcstats.published.checks._rounding import Rounding
from rpcstats.published.checks.bases import PrintedCounts
from rpcstats.published.checks.finding import Finding, joined
from rpcstats.published.checks.fitting import fitting
from rpcstats.published.checks.shares import feasible
from rpcstats.published.statements import Statement

CHECK: Final = "interval"
FEWEST: Final = 10
"""A share of fewer people is better told as a count."""

EXAMPLES: Final = (10, 30)


def interval(
    statements: Sequence[Statement],
    counts: PrintedCounts,
    conf_level: float = 0.95,
    rule: Rounding = "half_up",
) -> Iterator[Finding]:
    """Give each share its interval, or say why it has none.

    Parameters
    ----------
    statements : sequence of Statement
        Those to check.
    counts : PrintedCounts
        Counts of their document, council and programme.
    conf_level : float
        Level of the intervals.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How percentages were rounded.

    Yields
    ------
    Finding
        One a percentage, and one a count with a printed base.

    Notes
    -----
    Wilson (1927); at none and all the one-sided exact bound of Clopper and Pearson (1934), which
    is the rule of three (Hanley and Lippman-Hand 1983) without its approximation.
    """
    for statement in statements:
        if not (statement.is_percent or (statement.is_count and statement.denominator)):
            continue
        known = _counts(statement, counts, rule)
        if known is not None:
            yield _told(statement, *known, conf_level)
        elif statement.is_percent and not statement.denominator:
            yield _untold(statement, counts, conf_level)


def one_sided_bound(n: int, conf_level: float = 0.95) -> float:
    """Give the lower bound of a share where all of n had it.

    Parameters
    ----------
    n : int
        Number of people, all with it.
    conf_level : float
        One-sided level.

    Returns
    -------
    float
        ``(1 - conf_level) ** (1 / n)``: about ``1 - 3 / n`` at 0.95.
    """
    return float((1.0 - conf_level) ** (1.0 / n))


def _counts(statement: Statement, printed: PrintedCounts, rule: Rounding) -> tuple[int, int] | None:
    """Give numerator and base if both are known for certain."""
    if statement.is_count:
        return statement.count, int(statement.denominator or 0)
    if not statement.denominator and statement.numerator is None:
        return None
    candidates = printed.bases_of(statement)
    places = np.flatnonzero((fitting(statement, candidates, (rule,)) == 0) & candidates.is_exact)
    if len(places) != 1:
        return None
    base = candidates.bases[places[0]]
    if statement.numerator is not None:
        return statement.numerator, base.n
    first, last = feasible(statement.text, base.n, rule)
    return (first, base.n) if first == last else None


def _told(statement: Statement, k: int, n: int, conf_level: float) -> Finding:
    x, size = np.array([k], dtype=np.float64), np.array([n], dtype=np.float64)
    low, high = (float(end[0]) for end in wilson(x, size, conf_level=conf_level))
    span = f"{low:.0%} to {high:.0%}"
    message = f"{k:,} of {n:,} is {k / n:.0%}, with a {conf_level:.0%} interval of {span} (Wilson)."
    if k in (0, n):
        exact = one_sided_bound(n, conf_level)
        side = f"at least {exact:.0%}" if k == n else f"at most {1 - exact:.0%}"
        message += f" The one-sided exact bound is {side}."
    is_small = n < FEWEST
    if is_small:
        message += f" With fewer than {FEWEST} people, print counts and no percentage."
    repair = f"Print {k:,} of {n:,} ({k / n:.0%}; {span})."
    return Finding(
        statement.fact_id, CHECK, "", n, span, statement.printed, "possible",
        "warning" if is_small else "note", message, repair,
    )  # fmt: skip


def _untold(statement: Statement, printed: PrintedCounts, conf_level: float) -> Finding:
    smallest = printed.bases_of(statement).smallest_exact()
    share = float(statement.text) / 100.0
    sizes = sorted({*EXAMPLES, *([smallest.n] if smallest else [])}, reverse=True)
    if share in (0.0, 1.0):
        told = joined([f"{_bound(share, n, conf_level)} if it was {n:,}" for n in sizes])
        message = (
            f"{statement.printed} has no interval without the number of people. At a one-sided"
            f" level of {conf_level:.0%} the true share is {told}."
        )
    else:
        told = joined([f"{_exact(share, n, conf_level)} if it was {n:,}" for n in sizes])
        message = (
            f"{statement.printed} has no interval without the number of people. At {conf_level:.0%}"
            f" it would be {told}."
        )
    return Finding(
        statement.fact_id, CHECK, "", None, "", statement.printed, "unverifiable", "warning",
        message, f"Print the number of people beside {statement.printed}.",
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _bound(share: float, n: int, conf_level: float) -> str:
    bound = one_sided_bound(n, conf_level)
    return f"at least {bound:.0%}" if share == 1.0 else f"at most {1 - bound:.0%}"


@lru_cache(maxsize=4096)
def _exact(share: float, n: int, conf_level: float) -> str:
    k = np.array([round(share * n)], dtype=np.float64)
    low, high = clopper_pearson(k, np.array([n], dtype=np.float64), conf_level=conf_level)
    return f"{float(low[0]):.0%} to {float(high[0]):.0%}"
