"""Whether two printed values for one quantity can both be right."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from math import log, log1p
from typing import Final, NamedTuple

import numpy as np
from scipy.special import bdtr, bdtrc, gammaln

from rpcstats._numerics.intervals import clopper_pearson
from rpcstats.published import words
from rpcstats.published.checks.finding import Finding
from rpcstats.published.checks.shares import feasible
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import Statement

CHECK: Final = "agreement"
UNLIKELY: Final = 0.05
MOST_PLACES: Final = 4
"""A measure printed in more places is a table of programmes, and no one quantity."""


class Share(NamedTuple):
    """A share as printed.

    Attributes
    ----------
    statement : Statement
        Where it stands.
    k, n : int or None
        Numerator and base, where both were printed.
    """

    statement: Statement
    k: int | None
    n: int | None


def agreement(statements: Sequence[Statement]) -> Iterator[Finding]:
    """Compare the values that are printed for one quantity in different places.

    Parameters
    ----------
    statements : sequence of Statement
        All figures of one document.

    Yields
    ------
    Finding
        One a pair of values of the same council, measure and part, in different programmes or
        periods, of which one has its numerator and base; and one a pair of counts of the same
        table that differ.

    Notes
    -----
    Two-sided exact binomial test: outcomes no likelier than the one seen are added up.
    """
    quantities: dict[tuple[str, str], list[Statement]] = {}
    for statement in statements:
        key = (words.slug(statement.council), statement.measure)
        quantities.setdefault(key, []).append(statement)
    for found in quantities.values():
        yield from _same_table(found)
        yield from _shares(found)


def exact_p(k: int, n: int, share: float) -> float:
    """Give the two-sided exact p of k of n under a share.

    Parameters
    ----------
    k, n : int
        Numerator and base.
    share : float
        The other value, between 0 and 1.

    Returns
    -------
    float
        Sum of the chances of all outcomes no likelier than k.
    """
    if share in (0.0, 1.0):
        return 1.0 if k == share * n else 0.0
    # Outcomes as likely as k but for rounding count as no likelier (as R's binom.test does).
    limit = _log_chance(k, n, share) + 1e-7
    mode = min(int((n + 1) * share), n)
    if k == mode:
        return 1.0
    if k < mode:
        far = _first(mode, n + 1, lambda i: _log_chance(i, n, share) <= limit)
        return min(float(bdtr(k, n, share) + _above(far, n, share)), 1.0)
    far = mode - _first(0, mode + 1, lambda i: _log_chance(mode - i, n, share) <= limit)
    return min(float(_above(k, n, share) + (bdtr(far, n, share) if far >= 0 else 0.0)), 1.0)


def _log_chance(k: int, n: int, share: float) -> float:
    ways = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return float(ways + k * log(share) + (n - k) * log1p(-share))


def _above(k: int, n: int, share: float) -> float:
    """Give the chance of k or more."""
    return 0.0 if k > n else float(bdtrc(k - 1, n, share)) if k > 0 else 1.0


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """Give the first whole number for which what holds from there on does; `high` if none."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _same_table(found: Sequence[Statement]) -> Iterator[Finding]:
    first: dict[tuple[object, ...], Statement] = {}
    for other in found:
        if not ((other.is_count and other.is_exact) or other.is_percent):
            continue
        share = (other.numerator, other.denominator) if other.is_percent else ()
        where = (other.table, other.unit, other.breakdown, other.population, *share)
        one = first.setdefault(where, other)
        if other.is_count and one.count != other.count:
            message = (
                f"{one.printed} and {other.printed} are both printed for {one.words}"
                f" ({one.fact_id} and {other.fact_id})."
            )
            yield Finding(
                other.fact_id, CHECK, "", None, one.printed, other.printed, "impossible",
                "error", message, "Print one of them, or say how they differ.",
            )  # fmt: skip
        elif other.is_percent and _apart(one.text, other.text):
            message = (
                f"{one.printed} and {other.printed} are both printed for {one.words}"
                f" ({one.fact_id} and {other.fact_id}), so they can't be of the same people."
            )
            yield Finding(
                other.fact_id, CHECK, "", None, one.printed, other.printed, "ambiguous",
                "warning", message, "Print the base of each.",
            )  # fmt: skip


def _apart(one: str, other: str) -> bool:
    """Tell whether no share prints as both percentages."""
    halves = [Decimal(1).scaleb(-parse_figure(text)[1]) / 2 for text in (one, other)]
    return abs(Decimal(one) - Decimal(other)) > sum(halves)


def _shares(found: Sequence[Statement]) -> Iterator[Finding]:
    shares = [_share(statement) for statement in found]
    known = [share for share in shares if share.n]
    printed = [share for share in shares if share.statement.is_percent and not share.n]
    if len(known) > MOST_PLACES or len(printed) > MOST_PLACES:
        return
    for with_base in known:
        for alone in printed:
            if _can_be_one(with_base.statement, alone.statement):
                yield _compared(with_base, alone)


def _can_be_one(one: Statement, other: Statement) -> bool:
    """Tell whether two figures in different places can be meant for one quantity."""
    later = one.topic == other.topic and all((*one.period[:1], *other.period[:1]))
    return one.table != other.table and not later


def _share(statement: Statement) -> Share:
    n = statement.denominator
    if statement.is_count and n:
        return Share(statement, statement.count, n)
    if statement.is_percent and n and statement.numerator is not None:
        return Share(statement, statement.numerator, n)
    return Share(statement, None, None)


def _compared(with_base: Share, alone: Share) -> Finding:
    k, n = int(with_base.k or 0), int(with_base.n or 1)
    statement = alone.statement
    share = float(statement.text) / 100.0
    first, last = feasible(statement.text, n)
    low, high = clopper_pearson(np.array([float(k)]), np.array([float(n)]), conf_level=0.95)
    p = exact_p(k, n, share)
    other = with_base.statement
    message = (
        f"{statement.printed} is printed here, and {k:,} of {n:,} ({k / n:.1%}; exact interval"
        f" {100 * float(low[0]):.1f} to {100 * float(high[0]):.1f}%) for {other.programme or 'it'}"
        f" ({other.fact_id})."
    )
    if first <= k <= last:
        return _finding(statement, n, "possible", f"{message} They agree.")
    if last < first:
        message += (
            f" No count of {n:,} gives {statement.printed}, so their periods or bases differ."
        )
    could = "could" if p >= UNLIKELY else "would hardly"
    p_words = f"p = {p:.2f}" if p >= 0.01 else "p < 0.01"
    message += f" Chance alone {could} explain the difference ({p_words})."
    return _finding(statement, n, "ambiguous", message)


def _finding(statement: Statement, n: int, verdict: str, message: str) -> Finding:
    if verdict == "possible":
        return Finding(
            statement.fact_id, CHECK, "", n, "", statement.printed, "possible", "note", message
        )
    return Finding(
        statement.fact_id, CHECK, "", n, "", statement.printed, "ambiguous", "warning", message,
        "Print the period and the base of each.",
    )  # fmt: skip
