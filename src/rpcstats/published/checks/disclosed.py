"""Whether printed counts tell what a handful of people did."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from rpcstats.disclosure import DisclosurePolicy
from rpcstats.published.checks.finding import Finding, Severity
from rpcstats.published.statements import STAGES, Statement

CHECK: Final = "disclosure"
SENSITIVE: Final = ("domestic_abuse", "ethnic", "health", "send", "safeguarding", "offending")
"""Words of measures that make a small count beside them point at something sensitive."""

PEOPLE: Final = ("people", "families", "children")


def disclosure(
    table: Sequence[Statement], neighbours: Sequence[Statement], policy: DisclosurePolicy
) -> Iterator[Finding]:
    """Find counts, and differences of counts, that are too small to be printed.

    Parameters
    ----------
    table : sequence of Statement
        Figures of one document, council, programme and period.
    neighbours : sequence of Statement
        All figures of the same document and council.
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
                f"{statement.count:,} {statement.words} is fewer than {policy.threshold}: it may"
                " point at a person."
            )
            yield _finding(statement, message, f"Print fewer than {policy.threshold}.", "error")
    whole = {s.measure: s for s in counts if not s.breakdown}
    stages = [whole[stage] for stage in STAGES if stage in whole]
    for before, after in pairwise(stages):
        yield from _difference(before, after, policy)
    for statement in counts:
        yield from _beside(statement, neighbours, policy)


def _difference(before: Statement, after: Statement, policy: DisclosurePolicy) -> Iterator[Finding]:
    gone = before.count - after.count
    if 0 < gone < policy.threshold:
        people = "one person" if gone == 1 else f"{gone} people"
        message = (
            f"{before.count:,} {before.words} less {after.count:,} {after.words} shows {people} who"
            f" did not get so far: fewer than {policy.threshold}."
        )
        repair = (
            f"Round both counts to {policy.round_to}, or print one of them (rule: {policy.name})."
        )
        yield _finding(after, message, repair, "error" if gone == 1 else "warning")
    elif gone == 0 and before.count:
        message = (
            f"{after.count:,} of {before.count:,} {before.words} are {after.words}: whoever is"
            " known to have been among the first is known to be among the second too."
        )
        severity: Severity = "warning" if policy.zeros_disclosive else "note"
        yield _finding(after, message, "Round both counts, or say nearly all.", severity)


def _beside(
    statement: Statement, neighbours: Sequence[Statement], policy: DisclosurePolicy
) -> Iterator[Finding]:
    """Find a small count whose reason another figure tells."""
    if statement.count >= 2 * policy.threshold:
        return
    for other in neighbours:
        tells = any(word in other.measure for word in SENSITIVE)
        if tells and other.measure.startswith(statement.measure.removesuffix("_referral")):
            message = (
                f"{statement.count:,} {statement.words} stands beside {other.printed}"
                f" {other.words} ({other.fact_id}): together they say something sensitive of a few."
            )
            yield _finding(
                statement, message, "Leave out the reason, or round the count.", "warning"
            )


def _finding(statement: Statement, message: str, repair: str, severity: Severity) -> Finding:
    return Finding(
        statement.fact_id, CHECK, "", None, "", statement.printed, "possible", severity, message,
        repair,
    )  # fmt: skip
