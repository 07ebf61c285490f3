"""Whether printed counts tell what a handful of people did."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rpcstats.disclosure import DisclosurePolicy
from rpcstats.published.checks.finding import Finding, Severity
from rpcstats.published.statements import Statement, stage_pairs

CHECK: Final = "disclosure"
SENSITIVE: Final = ("domestic_abuse", "ethnic", "health", "send", "safeguarding", "offending")
"""Words of measures that make a small count beside them point at something sensitive."""

_SENSITIVE: Final = re.compile(rf"(?:^|[_ ])(?:{'|'.join(SENSITIVE)})")
PEOPLE: Final = ("people", "families", "children")


def disclosure(
    table: Sequence[Statement], telling: Sequence[Statement], policy: DisclosurePolicy
) -> Iterator[Finding]:
    """Find counts, and differences of counts, that are too small to be printed.

    Parameters
    ----------
    table : sequence of Statement
        Figures of one document, council, programme and period.
    telling : sequence of Statement
        Figures of the same document and council that are about something sensitive.
    policy : DisclosurePolicy
        Rules; its `threshold` is the smallest count that may be shown.

    Yields
    ------
    Finding
        Of a small printed count; of a small difference between two stages; of none or all at a
        stage; and of a small count beside a sensitive reason.
    """
    if not policy.protects:
        return
    counts = [s for s in table if s.is_count and s.is_exact and s.kind in PEOPLE]
    for statement in counts:
        if 0 < statement.count < policy.threshold:
            message = (
                f"{statement.told} is fewer than {policy.threshold}: it may point at a person."
            )
            yield _finding(statement, message, f"Print fewer than {policy.threshold}.", "error")
    for before, after in stage_pairs(counts):
        yield from _difference(before, after, policy)
    for statement in counts if telling else ():
        if statement.count < 2 * policy.threshold:
            yield from _beside(statement, telling)


def sensitive(statements: Iterable[Statement]) -> list[Statement]:
    """Give the figures that are about something sensitive, such as domestic abuse.

    Parameters
    ----------
    statements : iterable of Statement
        Any.

    Returns
    -------
    list of Statement
        By the words of their measure.
    """
    return [s for s in statements if _SENSITIVE.search(s.measure.casefold())]


def _difference(before: Statement, after: Statement, policy: DisclosurePolicy) -> Iterator[Finding]:
    gone = before.count - after.count
    if 0 < gone < policy.threshold:
        people = "one person" if gone == 1 else f"{gone} people"
        message = (
            f"{before.told} less {after.told} shows that {people} did not get so far: fewer than"
            f" {policy.threshold}."
        )
        repair = f"Round both counts to {policy.rounded_how}, or print one of them only."
        yield _finding(after, message, repair, "error" if gone == 1 else "warning")
    elif gone == 0 and before.count:
        message = (
            f"{after.told} are all of {before.told}: whoever is known to be among the second is"
            " known to be among the first too."
        )
        severity: Severity = "warning" if policy.zeros_disclosive else "note"
        yield _finding(after, message, 'Round both counts, or print "nearly all".', severity)


def _beside(statement: Statement, telling: Sequence[Statement]) -> Iterator[Finding]:
    """Find a small count whose reason another figure tells."""
    for other in telling:
        if other.measure.startswith(statement.measure.removesuffix("_referral")):
            message = (
                f"{statement.told} stands beside {other.told} in {other.fact_id}: together they say"
                " something sensitive about a few people."
            )
            yield _finding(
                statement, message, "Leave out the reason, or round the count.", "warning"
            )
            return


def _finding(statement: Statement, message: str, repair: str, severity: Severity) -> Finding:
    return Finding(
        statement.fact_id, CHECK, "", None, "", statement.printed, "possible", severity, message,
        repair,
    )  # fmt: skip
