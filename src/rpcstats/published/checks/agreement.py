"""Whether two printed values for one quantity can both be right."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy.special import bdtr, bdtrc

from rpcstats._numerics.intervals import clopper_pearson
from rpcstats.published import words
from rpcstats.published.checks.finding import Finding
from rpcstats.published.checks.grim import feasible
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
    counts = np.arange(n + 1)
    chances = np.diff(np.concatenate([[0.0], bdtr(counts, n, share)]))
    # Past the middle, differences of lower tails lose all digits: take those of upper tails.
    upper = bdtrc(counts - 1, n, share)
    tail = np.append(upper[1:], 0.0)
    chances = np.where(counts > n * share, upper - tail, chances)
    # Outcomes as likely as k but for rounding count as no likelier (as R's binom.test does).
    return float(min(chances[chances <= chances[k] * (1 + 1e-7)].sum(), 1.0))


def _same_table(found: Sequence[Statement]) -> Iterator[Finding]:
    first: dict[tuple[object, ...], Statement] = {}
    for other in found:
        if not other.is_count:
            continue
        where = (other.table, other.breakdown, other.population, other.is_exact)
        one = first.setdefault(where, other)
        if one.count != other.count:
            message = (
                f"{one.printed} and {other.printed} are printed for the same count,"
                f" {one.words} ({one.fact_id} and {other.fact_id})."
            )
            yield Finding(
                other.fact_id, CHECK, "", None, one.printed, other.printed, "impossible",
                "error", message, "Print one of them, or say how they differ.",
            )  # fmt: skip


def _shares(found: Sequence[Statement]) -> Iterator[Finding]:
    shares = [_share(statement) for statement in found]
    known = [share for share in shares if share.n]
    printed = [share for share in shares if share.statement.is_percent and not share.n]
    if len(known) > MOST_PLACES or len(printed) > MOST_PLACES:
        return
    for with_base in known:
        for alone in printed:
            if with_base.statement.table != alone.statement.table:
                yield _compared(with_base, alone)


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
    message = (
        f"{statement.printed} is printed here, and {k:,} of {n:,} ({k / n:.1%}; exact interval"
        f" {100 * float(low[0]):.1f} to {100 * float(high[0]):.1f}%) in"
        f" {with_base.statement.fact_id}."
    )
    if first <= k <= last:
        return _finding(statement, n, "possible", f"{message} They agree.")
    if last < first:
        message += f" No count of {n:,} gives {statement.printed}, so periods or bases differ."
    p_words = f"p = {p:.2f}" if p >= 0.01 else "p < 0.01"
    if p >= UNLIKELY:
        return _finding(
            statement, n, "ambiguous", f"{message} By chance they may differ ({p_words})."
        )
    return _finding(
        statement, n, "ambiguous", f"{message} Chance alone hardly explains it ({p_words})."
    )


def _finding(statement: Statement, n: int, verdict: str, message: str) -> Finding:
    if verdict == "possible":
        return Finding(
            statement.fact_id, CHECK, "", n, "", statement.printed, "possible", "note", message
        )
    return Finding(
        statement.fact_id, CHECK, "", n, "", statement.printed, "ambiguous", "warning", message,
        "Print the period and the base of each.",
    )  # fmt: skip
