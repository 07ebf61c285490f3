"""Whether printed shares of one whole add up, and which figure only repeats them."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from rpcstats.published.checks.finding import Finding, Severity, Verdict
from rpcstats.published.checks.spread import parse_figure
from rpcstats.published.statements import Statement

CHECK: Final = "closure"
ANSWERS: Final = ("rating", "answer", "response", "outcome", "score", "reason", "result")
"""Breakdowns by what was said or happened: their shares are of one whole."""

ONE_ANSWER: Final = ("rating", "score", "sex", "gender", "age")
"""Breakdowns of which a person is in one part only."""

MOST_LISTED: Final = 8


def shares_sum(table: Sequence[Statement]) -> Iterator[Finding]:
    """Add up shares of one whole.

    Parameters
    ----------
    table : sequence of Statement
        Figures of one document, council, programme and period.

    Yields
    ------
    Finding
        One a share. Percentages by group that have bases of their own, or none, are shares of
        their groups, and nothing is said of their sum unless it is 100%.
    """
    groups: dict[tuple[str, str, str], list[Statement]] = {}
    for statement in table:
        name, level = statement.part
        if statement.is_percent and name and level:
            key = (statement.measure, name, statement.kind)
            groups.setdefault(key, []).append(statement)
    for (_, name, _), parts in groups.items():
        if len(parts) > 1:
            yield from _added(parts, name)
            yield from _repeated(parts, table)


def _added(parts: Sequence[Statement], name: str) -> Iterator[Finding]:
    total, slack = _sum(parts)
    bases = {part.denominator for part in parts}
    is_of_one = name in ANSWERS or (len(bases) == 1 and None not in bases)
    texts = [f"{part.text}%" for part in parts]
    added = " + ".join(texts) if len(texts) <= MOST_LISTED else f"{len(texts)} shares"
    verdict: Verdict = "ambiguous"
    severity: Severity = "warning"
    repair = ""
    if 100 - slack <= total <= 100 + slack:
        verdict, severity = "possible", "note"
        message = f"{added} = {total}%: the shares leave nobody out."
    elif not is_of_one:
        return
    elif total < 100:
        message = f"{added} = {total}%, which leaves {100 - total}% out."
        repair = f"Print what the other {100 - total}% were."
    elif name in ONE_ANSWER:
        verdict, severity = "impossible", "error"
        message = f"{added} = {total}%, more than 100% however they were rounded."
        repair = "Check the shares."
    else:
        message = f"{added} = {total}%, which can only be if some are in more than one part."
        repair = "Say that the parts overlap, or check the shares."
    for part in parts:
        yield _finding(part, verdict, severity, message, repair)


def _repeated(parts: Sequence[Statement], table: Sequence[Statement]) -> Iterator[Finding]:
    """Find a percentage that is the sum of shares printed beside it."""
    if len(parts) > MOST_LISTED:
        return
    for other in table:
        if not other.is_percent or other.breakdown or other.kind != parts[0].kind:
            continue
        named = [part for part in parts if re.search(rf"\b{_words(part.part[1])}\b", other.words)]
        if len(named) < 2:
            continue
        total, slack = _sum([*named, other])
        total -= Decimal(other.text)
        added = f"{' + '.join(f'{part.text}%' for part in named)} = {total}%"
        if abs(total - Decimal(other.text)) <= slack:
            message = f"It repeats {added}, and is no further evidence."
            yield _finding(other, "unverifiable", "note", message, "")
        else:
            message = f"It should be {added}, if all are of the same people."
            repair = "Check the shares, or print the base of each."
            yield _finding(other, "ambiguous", "warning", message, repair)


def _words(level: str) -> str:
    return re.escape(level.replace("_", " "))


def _sum(parts: Sequence[Statement]) -> tuple[Decimal, Decimal]:
    """Give the sum, and how far rounding can have moved it."""
    total = sum((Decimal(part.text) for part in parts), Decimal(0))
    halves = (Decimal(1).scaleb(-parse_figure(part.text)[1]) / 2 for part in parts)
    return total, sum(halves, Decimal(0))


def _finding(
    part: Statement, verdict: Verdict, severity: Severity, message: str, repair: str
) -> Finding:
    return Finding(
        part.fact_id, CHECK, "", None, "", part.printed, verdict, severity, message, repair
    )
