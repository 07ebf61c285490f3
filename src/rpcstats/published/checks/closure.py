"""Whether parts add up to their whole, and counts that are parts of others are not greater."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from rpcstats.published.checks.finding import Finding, Severity, Verdict
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import STAGES, Statement

CHECK: Final = "closure"
EXCLUSIVE: Final = (
    "inappropriate_referral",
    "accessed_support",
    "declined",
    "withdrew",
    "not_started",
    "completed",
    "not_completed",
    "dropped_out",
    "transferred",
    "open",
)
"""Ends of a referral or a course of which a person has one."""


def closure(table: Sequence[Statement]) -> Iterator[Finding]:
    """Check sums and orders within one table.

    Parameters
    ----------
    table : sequence of Statement
        Figures of one document, council, programme and period.

    Yields
    ------
    Finding
        Of each whole with printed parts, of each set of shares, of stages, and of outcomes with
        one base.
    """
    yield from _parts(table)
    yield from _shares(table)
    yield from _stages(table)
    yield from _outcomes(table)


def _by_part(table: Sequence[Statement], unit: str) -> dict[tuple[str, str], list[Statement]]:
    found: dict[tuple[str, str], list[Statement]] = {}
    for statement in table:
        name, level = statement.part
        if statement.unit == unit and statement.is_exact and name and level:
            found.setdefault((statement.measure, name), []).append(statement)
    return {key: parts for key, parts in found.items() if len(parts) > 1}


def _parts(table: Sequence[Statement]) -> Iterator[Finding]:
    for (measure, name), parts in _by_part(table, "count").items():
        wholes = [s for s in table if s.is_count and s.measure == measure and not s.breakdown]
        total = sum(part.count for part in parts)
        sum_words = " + ".join(f"{part.count:,}" for part in parts)
        for whole in (s for s in wholes if s.is_exact):
            rest = whole.count - total
            label = name.replace("_", " ")
            if rest == 0:
                message = (
                    f"{sum_words} = {total:,}: the parts by {label} add up. So none is told as"
                    " other or not known."
                )
                for statement in (whole, *parts):
                    yield _finding(statement, f"{total:,}", "possible", "note", message)
            elif rest > 0:
                message = (
                    f"{sum_words} = {total:,}, which leaves {rest:,} of {whole.count:,} untold."
                )
                repair = f"Tell the {rest:,} whose {label} is other or not known."
                yield _finding(whole, f"{total:,}", "ambiguous", "warning", message, repair)
            else:
                message = f"{sum_words} = {total:,}, more than the whole of {whole.count:,}."
                yield _finding(
                    whole, f"{total:,}", "impossible", "error", message, "Check the parts."
                )


def _shares(table: Sequence[Statement]) -> Iterator[Finding]:
    for parts in _by_part(table, "percent").values():
        total = sum((Decimal(part.text) for part in parts), Decimal(0))
        half = sum((Decimal(1).scaleb(-parse_figure(p.text)[1]) / 2 for p in parts), Decimal(0))
        added = " + ".join(f"{part.text}%" for part in parts)
        for part in parts:
            if total > 100 + half:
                message = f"{added} = {total}%, more than 100% however they were rounded."
                yield _finding(part, "", "impossible", "error", message, "Check the shares.")
            elif total >= 100 - half:
                message = f"{added} = {total}%: the shares leave nobody out."
                yield _finding(part, "", "possible", "note", message)
            else:
                message = f"{added} = {total}%: {100 - total}% are not told."
                repair = f"Tell what became of the other {100 - total}%."
                yield _finding(part, "", "ambiguous", "warning", message, repair)


def _stages(table: Sequence[Statement]) -> Iterator[Finding]:
    counts = {
        s.measure: s for s in table if s.is_count and s.is_exact and not s.breakdown
    }  # fmt: skip
    nested = [counts[stage] for stage in STAGES if stage in counts]
    for before, after in pairwise(nested):
        if after.count > before.count:
            message = (
                f"{after.count:,} {after.words} are more than the {before.count:,} {before.words}"
                " they are part of."
            )
            repair = f"Check {after.words} and {before.words}, or say how the one is no part."
            yield _finding(after, f"up to {before.count:,}", "impossible", "error", message, repair)
        else:
            message = (
                f"{after.count:,} {after.words} are no more than {before.count:,} {before.words}."
            )
            yield _finding(after, f"up to {before.count:,}", "possible", "note", message)


def _outcomes(table: Sequence[Statement]) -> Iterator[Finding]:
    """Count who is in none of the outcomes told of one base."""
    told: dict[int, list[Statement]] = {}
    for s in table:
        if s.is_count and s.is_exact and s.denominator and s.measure in EXCLUSIVE:
            told.setdefault(s.denominator, []).append(s)
    for base, outcomes in told.items():
        total = sum(s.count for s in outcomes)
        if len(outcomes) < 2:
            continue
        listed = " and ".join(f"{s.count:,} {s.words}" for s in outcomes)
        last = outcomes[-1]
        if total > base:
            message = f"{listed} are {total:,}, more than the {base:,} they are part of."
            yield _finding(
                last, f"up to {base:,}", "impossible", "error", message, "Check the counts."
            )
        elif total < base:
            message = (
                f"{listed} are {total:,} of {base:,}: {base - total:,} are unaccounted for."
                " They may have declined, or been waiting still."
            )
            repair = f"Tell what became of the other {base - total:,}, or how many were still open."
            yield _finding(last, f"{total:,} of {base:,}", "ambiguous", "warning", message, repair)


def _finding(
    statement: Statement,
    feasible: str,
    verdict: Verdict,
    severity: Severity,
    message: str,
    repair: str = "",
) -> Finding:
    name, printed = statement.fact_id, statement.printed
    return Finding(name, CHECK, "", None, feasible, printed, verdict, severity, message, repair)
