"""Whether a printed percentage can be a share of so many people."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from rpcstats.published.checks._rounding import ROUNDINGS, Rounding, feasible_share, reachable
from rpcstats.published.checks.bases import Base, PrintedCounts
from rpcstats.published.checks.finding import Finding, Severity, Verdict, counts_in_words
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import Statement

CHECK: Final = "grim"
MOST_BASES: Final = 12
"""Of more candidates the largest are shown: a document with so many has no plain base."""

MOST_DECIMALS: Final = 2
"""More decimals are never reachable by every count below 10,000, and take long to count."""

RULES_IN_WORDS: Final[dict[Rounding, str]] = {
    "half_up": "rounded, halves up",
    "half_even": "rounded, halves to even",
    "floor": "cut off",
    "nearest5": "rounded to the nearest 5",
    "nearest10": "rounded to the nearest 10",
}


def grim(
    statements: Iterable[Statement], counts: PrintedCounts, rule: Rounding = "half_up"
) -> Iterator[Finding]:
    """Check each percentage against each base it can be a share of.

    Parameters
    ----------
    statements : iterable of Statement
        Those to check.
    counts : PrintedCounts
        Counts of their document, council and programme.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How percentages were rounded.

    Yields
    ------
    Finding
        A row a percentage and base.

    Notes
    -----
    Granularity-related inconsistency (Brown and Heathers 2017). An impossible row is an error
    where the base was printed or no candidate fits, and a warning where another base fits.
    """
    for statement in statements:
        if statement.is_percent:
            yield from _of_percentage(statement, counts.bases_of(statement), rule)


@lru_cache(maxsize=65536)
def feasible(text: str, base: int, rule: Rounding = "half_up") -> tuple[int, int]:
    """Give the counts that print as a percentage of a base.

    Parameters
    ----------
    text : str
        The percentage as printed.
    base : int
        Number of people.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    first, last : int
        `last` is below `first` where there is none.
    """
    digits, decimals = parse_figure(text)
    return feasible_share(digits, decimals, base, rule)


def power_in_words(base: int, text: str, rule: Rounding) -> str:
    """Say how many wrong percentages the check could have caught.

    Parameters
    ----------
    base : int
        Number of people.
    text : str
        The percentage as printed, for its decimals.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How it was rounded.

    Returns
    -------
    str
        One sentence.
    """
    caught = power(base, parse_figure(text)[1], rule)
    if caught == 0.0:
        return f"With {base:,} every percentage can be printed, so the check could not have failed."
    return f"With {base:,} the check finds {caught:.0%} of wrong percentages."


@lru_cache(maxsize=65536)
def power(base: int, decimals: int, rule: Rounding = "half_up") -> float:
    """Give the share of printable percentages that no count of a base prints as.

    Parameters
    ----------
    base : int
        Number of people.
    decimals : int
        Decimals printed, counted up to two.
    rule : {"half_up", "half_even", "floor", "nearest5", "nearest10"}
        How they are rounded.

    Returns
    -------
    float
        Between 0 and 1: 64/101 for 36 people and whole percentages.
    """
    decimals = min(decimals, MOST_DECIMALS)
    steps = int({"nearest5": 20, "nearest10": 10}.get(rule, 100 * 10**decimals))
    if base >= 2 * steps:
        return 0.0
    return 1.0 - reachable(base, decimals, rule) / (steps + 1)


def _of_percentage(
    statement: Statement, bases: Sequence[Base], rule: Rounding
) -> Iterator[Finding]:
    if not bases:
        message = (
            f"{statement.printed} stands without a number of people, and the document prints no"
            " count it could be a share of."
        )
        repair = f"Print the count and its base beside {statement.printed}."
        yield Finding(
            statement.fact_id, CHECK, "", None, "", statement.printed, "unverifiable", "warning",
            message, repair,
        )  # fmt: skip
        return
    fits = [_fits(statement, base, rule) for base in bases]
    for base, fit in list(zip(bases, fits, strict=True))[:MOST_BASES]:
        yield _row(statement, base, fit, any(fits), rule)


def _says_nothing(statement: Statement) -> bool:
    """Tell whether it can be printed of any base: none or all, without a count."""
    return float(statement.text) in (0.0, 100.0) and statement.numerator is None


def _fits(statement: Statement, base: Base, rule: Rounding) -> bool:
    if not base.is_exact:
        return True
    first, last = feasible(statement.text, base.n, rule)
    if statement.numerator is not None:
        return first <= statement.numerator <= last
    return first <= last


def _row(statement: Statement, base: Base, fit: bool, any_fits: bool, rule: Rounding) -> Finding:
    first, last = feasible(statement.text, base.n, rule)
    verdict: Verdict = "possible" if fit else "impossible"
    if _says_nothing(statement):
        verdict = "unverifiable"
    severity: Severity = "note"
    if not fit:
        severity = "error" if base.is_stated or not any_fits else "warning"
    message = _possible(statement, base, rule) if fit else _impossible(statement, base, rule)
    repair = "" if fit else _repair(statement, base, any_fits)
    return Finding(
        statement.fact_id, CHECK, base.label, base.n, counts_in_words(first, last),
        statement.printed, verdict, severity, message, repair,
    )  # fmt: skip


def _possible(statement: Statement, base: Base, rule: Rounding) -> str:
    first, last = feasible(statement.text, base.n, rule)
    of = f"{base.n:,} ({base.label})"
    if not base.is_exact:
        return f"The base is about {of}: nothing can be excluded."
    if statement.numerator is not None:
        return f"{statement.numerator:,} of {of} prints as {statement.printed}."
    counts = counts_in_words(first, last)
    return (
        f"{statement.printed} is {counts} of {of}. {power_in_words(base.n, statement.text, rule)}"
    )


def _impossible(statement: Statement, base: Base, rule: Rounding) -> str:
    of = f"{base.n:,} ({base.label})"
    decimals = parse_figure(statement.text)[1]
    if statement.numerator is not None:
        share = f"{100.0 * statement.numerator / base.n:.{decimals + 1}f}%"
        return f"{statement.numerator:,} of {of} is {share}, not {statement.printed}."
    below = int(float(statement.text) * base.n / 100.0)
    near = [k for k in (below, below + 1) if 0 <= k <= base.n]
    shown = " and ".join(
        f"{k:,} of {base.n:,} is {100.0 * k / base.n:.{decimals + 1}f}%" for k in near
    )
    return (
        f"No count of {of} gives {statement.printed}: {shown}.{_other_rules(statement, base, rule)}"
    )


def _other_rules(statement: Statement, base: Base, rule: Rounding) -> str:
    """Name the ways of rounding under which the figure would be possible."""
    found = []
    for other in ROUNDINGS:
        first, last = feasible(statement.text, base.n, other)
        if other != rule and first <= last:
            found.append(f"{RULES_IN_WORDS[other]} ({counts_in_words(first, last)})")
    return f" It would be possible if it were {' or '.join(found)}." if found else ""


def _repair(statement: Statement, base: Base, any_fits: bool) -> str:
    if statement.numerator is not None:
        shown = 100.0 * statement.numerator / base.n
        return f"{statement.numerator:,} of {base.n:,} ({shown:.0f}%), if that is the base."
    advice = "Another printed base fits: say which was meant. " if any_fits else ""
    n = _next_smaller(statement.text, base.n)
    if not n:
        return f"{advice}Print the count and its base."
    return (
        f"{advice}The largest base below {base.n:,} that gives {statement.printed} is {n:,}"
        f" ({counts_in_words(*feasible(statement.text, n))} of {n:,}): print the count and its"
        " base."
    )


@lru_cache(maxsize=65536)
def _next_smaller(text: str, base: int) -> int:
    """Give the largest smaller base that gives a percentage; 0 if there is none."""
    for n in range(base - 1, 0, -1):
        first, last = feasible(text, n)
        if first <= last:
            return n
    return 0
