"""Whether a count and its base count the same kind of thing."""

from collections.abc import Iterator, Sequence
from typing import Final

from rpcstats.published.checks.finding import Finding
from rpcstats.published.statements import STAGES, Statement

CHECK: Final = "unit"


def unit(topic: Sequence[Statement]) -> Iterator[Finding]:
    """Give the bounds of a share of families where only people were counted.

    Parameters
    ----------
    topic : sequence of Statement
        All figures of one document, council and programme.

    Yields
    ------
    Finding
        One a count of families beside a count of people of the same programme.
    """
    whole = _people(topic)
    if whole is None:
        return
    for statement in topic:
        if statement.is_count and statement.is_exact and statement.kind == "families":
            yield _bounds(statement, whole, _most_in_pairs(topic, whole))


def _people(topic: Sequence[Statement]) -> Statement | None:
    """Give the first stage at which people were counted."""
    counts = [
        s for s in topic if s.is_count and s.is_exact and s.kind == "people" and s.measure in STAGES
    ]
    whole = [s for s in counts if not s.breakdown]
    return min(whole, key=lambda s: STAGES.index(s.measure)) if whole else None


def _most_in_pairs(topic: Sequence[Statement], whole: Statement) -> int:
    """Give the most families that can have sent both parents."""
    sexes = [
        s.count
        for s in topic
        if s.is_count and s.measure == whole.measure and s.part[0] == "sex" and s.is_exact
    ]
    return min(sexes) if len(sexes) == 2 else whole.count // 2


def _bounds(statement: Statement, whole: Statement, pairs: int) -> Finding:
    fewest, most = whole.count - pairs, whole.count
    low, high = statement.count / most, min(statement.count / max(fewest, 1), 1.0)
    span = f"{100 * low:.1f}% to {100 * high:.1f}%"
    of = f"{most:,} {whole.words}"
    if statement.count > most:
        return Finding(
            statement.fact_id, CHECK, whole.words, most, f"up to {most:,}", statement.printed,
            "impossible", "error",
            f"{statement.count:,} families are more than the {of} could be of, even one each.",
            "Check both counts.",
        )  # fmt: skip
    message = (
        f"{statement.count:,} are families and the {of} are people, so no percentage follows. As a"
        f" share of families it lies between {100 * low:.1f}% (no two of them from one family) and"
        f" {100 * high:.1f}% ({pairs:,} families with two)."
    )
    return Finding(
        statement.fact_id, CHECK, whole.words, most, span, statement.printed, "ambiguous",
        "warning", message, "Print how many families were referred.",
    )  # fmt: skip
