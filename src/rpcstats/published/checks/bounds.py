"""Percentages that are printed as bounds, such as "over 80%" or "at least two thirds"."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import ceil, floor
from typing import Final

from rpcstats.published.checks.bases import Base, PrintedCounts
from rpcstats.published.checks.finding import Finding
from rpcstats.published.statements import Statement

CHECK: Final = "grim"
MOST_BASES: Final = 3
PRINTED_IN_WORDS: Final = {
    "33.3": Fraction(1, 3), "33.33": Fraction(1, 3),
    "66.7": Fraction(2, 3), "66.67": Fraction(2, 3),
}  # fmt: skip


def bounds(
    statements: Iterable[Statement], counts: PrintedCounts, council: PrintedCounts
) -> Iterator[Finding]:  # fmt: skip
    """Give the counts that a bound on a percentage allows.

    Parameters
    ----------
    statements : iterable of Statement
        Those to check.
    counts : PrintedCounts
        Counts of their document, council and programme.
    council : PrintedCounts
        Counts of their document and council: looked at if the programme has none.

    Yields
    ------
    Finding
        A row a bound and base: it can be checked only if its count was printed.
    """
    for statement in statements:
        if statement.is_bound:
            bases = counts.bases_of(statement) or council.only_base(statement.kind)
            yield from (_row(statement, base) for base in bases.bases[:MOST_BASES])
            if not bases:
                yield _alone(statement)


def allowed_counts(qualifier: str, text: str, base: int) -> tuple[int, int]:
    """Give the counts that a bound on a percentage allows.

    Parameters
    ----------
    qualifier : {"more_than", "at_least", "less_than", "at_most"}
        Which bound it is.
    text : str
        The percentage; a third and two thirds are taken as fractions.
    base : int
        Number of people.

    Returns
    -------
    first, last : int
        `last` is below `first` where there is none.
    """
    end = PRINTED_IN_WORDS.get(text, Fraction(text) / 100) * base
    if qualifier == "more_than":
        return floor(end) + 1, base
    if qualifier == "at_least":
        return ceil(end), base
    return (0, floor(end)) if qualifier == "at_most" else (0, ceil(end) - 1)


def _row(statement: Statement, base: Base) -> Finding:
    first, last = allowed_counts(statement.qualifier, statement.text, base.n)
    k = statement.numerator
    about = "" if base.is_exact else "about "
    of = f"{about}{base.n:,} ({base.label})"
    if last < first:
        counts = "none"
    elif first == 0:
        counts = f"{last:,} or fewer"
    else:
        counts = f"{first:,} or more" if first < base.n else f"{first:,}"
    printed = (statement.fact_id, CHECK, base.label, base.n, counts, statement.printed)
    if (k is not None and not first <= k <= last) or last < first:
        shown = counts if k is None else f"{k:,}"
        return Finding(
            *printed, "impossible", "error" if base.is_stated and base.is_exact else "warning",
            f"{_capital(statement.printed)} of {of} is {counts}, and the count is {shown}.",
            "Check the count and the percentage.",
        )  # fmt: skip
    message = f"{_capital(statement.printed)} of {of} is {counts}"
    if base.is_stated or k is not None:
        return Finding(*printed, "possible", "note", f"{message}: a bound, which can't be exact.")
    return Finding(
        *printed, "unverifiable", "warning",
        f"{message}, if that is the base: it is not printed, and neither is how many answered.",
        f"Print the count and its base beside {statement.printed}.",
    )  # fmt: skip


def _alone(statement: Statement) -> Finding:
    return Finding(
        statement.fact_id, CHECK, "", None, "", statement.printed, "unverifiable", "warning",
        f"{_capital(statement.printed)} is a bound without a count or a base: nothing can be"
        " checked.",
        f"Print the count and its base beside {statement.printed}.",
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
