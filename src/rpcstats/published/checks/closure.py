"""Whether parts add up to their whole, and counts that are parts of others are not greater."""

from collections.abc import Iterator, Sequence
from typing import Final

from rpcstats.published.checks.finding import Finding, Severity, Verdict, joined
from rpcstats.published.checks.shares_sum import shares_sum
from rpcstats.published.statements import Statement, stage_pairs

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

ONE_EACH: Final = ("sex", "gender", "age", "year", "quarter", "month", "phase", "stage", "step")
"""Breakdowns of which a person, or a session, is in one part only."""

PEOPLE: Final = ("people", "families", "children", "staff")
ADDED_UNITS: Final = ("count", "sessions")
MOST_PARTS: Final = 16
"""Parts of which subtotals are searched: 65,536 sums."""


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
    yield from shares_sum(table)
    yield from _stages(table)
    yield from _outcomes(table)


def _parts(table: Sequence[Statement]) -> Iterator[Finding]:
    wholes: dict[tuple[str, ...], list[Statement]] = {}
    parts: dict[tuple[str, ...], list[Statement]] = {}
    for statement in table:
        if statement.unit not in ADDED_UNITS or not statement.is_exact or not _is_whole(statement):
            continue
        key: tuple[str, ...] = (statement.measure, statement.unit, statement.kind)
        name, level = statement.part
        if not statement.breakdown:
            wholes.setdefault(key, []).append(statement)
        elif level:
            parts.setdefault((*key, name), []).append(statement)
    for key, of_name in parts.items():
        if len(of_name) > 1:
            for whole in wholes.get(key[:-1], ()):
                yield from _sum(whole, of_name, key[-1])


def across_programmes(council: Sequence[Statement]) -> Iterator[Finding]:
    """Add up parts of one printed base that stand under several programmes.

    Parameters
    ----------
    council : sequence of Statement
        Figures of one document and council.

    Yields
    ------
    Finding
        One a part, where the parts make up their base.
    """
    groups: dict[tuple[str, str, int, tuple[str, str]], list[Statement]] = {}
    for statement in council:
        name, level = statement.part
        base = statement.denominator
        if statement.is_count and level and base:
            groups.setdefault((statement.measure, name, base, statement.period), []).append(
                statement
            )
    for (_, name, base, _), parts in groups.items():
        added = " + ".join(f"{part.count:,}" for part in parts)
        is_apart = len({part.programme for part in parts}) > 1
        if is_apart and sum(part.count for part in parts) == base:
            label = name.replace("_", " ")
            message = f"{added} = {base:,}: the parts by {label} add up to their base."
            for part in parts:
                yield _finding(part, f"{base:,}", "possible", "note", message)


def _is_whole(statement: Statement) -> bool:
    return statement.text.isdigit()


def _sum(whole: Statement, parts: Sequence[Statement], name: str) -> Iterator[Finding]:
    total = sum(part.count for part in parts)
    rest = whole.count - total
    label = name.replace("_", " ")
    added = f"{' + '.join(f'{part.count:,}' for part in parts)} = {total:,}"
    if rest == 0:
        nobody = ", so nobody is other or not known" if whole.kind in PEOPLE else ""
        message = f"{added}: the parts by {label} add up{nobody}."
        for statement in (whole, *parts):
            yield _finding(statement, f"{total:,}", "possible", "note", message)
    elif rest > 0:
        message = f"{added}, which leaves {rest:,} of {whole.count:,} without a {label}."
        repair = f"Print how many are of another {label}, or that it is not known for {rest:,}."
        yield _finding(whole, f"{total:,}", "ambiguous", "warning", message, repair)
    elif _has_subtotals(parts, whole.count):
        message = (
            f"Parts by {label} add up to {whole.count:,}, and others are parts of those:"
            f" all together they are {total:,}."
        )
        yield _finding(whole, f"{whole.count:,}", "possible", "note", message)
    elif any(name == one or name.startswith(f"{one}_") for one in ONE_EACH):
        message = f"{added}, more than the whole of {whole.count:,}."
        repair = "Check the parts and the whole."
        yield _finding(whole, f"{total:,}", "impossible", "error", message, repair)
    else:
        message = (
            f"{added}, more than the whole of {whole.count:,}: that can only be if some are in"
            " more than one part."
        )
        repair = "Say that the parts overlap, or check them."
        yield _finding(whole, f"{total:,}", "ambiguous", "warning", message, repair)


def _has_subtotals(parts: Sequence[Statement], whole: int) -> bool:
    """Tell whether some of the parts add up to the whole, so that the others can be inside them."""
    if len(parts) > MOST_PARTS:
        return False
    sums = {0}
    for part in parts:
        sums |= {known + part.count for known in sums if known + part.count <= whole}
    return whole in sums


def _stages(table: Sequence[Statement]) -> Iterator[Finding]:
    for before, after in stage_pairs(table):
        if after.count > before.count:
            message = (
                f"{after.told} is more than {before.told}, of which it should be a part. That can"
                " only be if some came over from an earlier period."
            )
            repair = "Check both counts, or print how many came from an earlier period."
            yield _finding(
                after, f"up to {before.count:,}", "ambiguous", "warning", message, repair
            )
        else:
            message = f"{after.told} can be a part of {before.told}."
            yield _finding(after, f"up to {before.count:,}", "possible", "note", message)


def _outcomes(table: Sequence[Statement]) -> Iterator[Finding]:
    """Count who is in none of the outcomes told of one base."""
    told: dict[int, dict[str, Statement]] = {}
    for s in table:
        is_count = s.is_count and s.is_exact and not s.breakdown
        if is_count and s.denominator and s.measure in EXCLUSIVE:
            told.setdefault(s.denominator, {}).setdefault(s.measure, s)
    for base, by_measure in told.items():
        outcomes = [*by_measure.values()]
        total = sum(s.count for s in outcomes)
        last = outcomes[-1]
        listed = joined([s.told for s in outcomes])
        if len(outcomes) > 1 and total > base:
            message = (
                f"{listed} are {total:,}, more than the {base:,} they are part of: that can only"
                " be if some had more than one of these outcomes."
            )
            repair = "Check the counts, or say that the outcomes overlap."
            yield _finding(last, f"up to {base:,}", "ambiguous", "warning", message, repair)
        elif len(outcomes) > 1 and total < base:
            for other in outcomes[:-1]:
                message = f"{other.told} can be a part of {base:,}."
                yield _finding(other, f"up to {base:,}", "possible", "note", message)
            yield _open(outcomes, base, total, listed)


def _open(outcomes: Sequence[Statement], base: int, total: int, listed: str) -> Finding:
    last, rest = outcomes[-1], base - total
    message = (
        f"{listed} are {total:,} of {base:,}: {rest:,} are unaccounted for. They may have declined,"
        " or still have been waiting."
    )
    others = rest + last.count
    if others < base:
        message += (
            f" {last.told} is {last.count / base:.0%} of all {base:,}, and"
            f" {last.count / others:.0%} of the {others:,} left without"
            f" {joined([s.told for s in outcomes[:-1]])}."
        )
    repair = f"Print what became of the other {rest:,}, or how many were still open."
    return _finding(last, f"{total:,} of {base:,}", "ambiguous", "warning", message, repair)


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
