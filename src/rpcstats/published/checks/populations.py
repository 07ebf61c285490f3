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
    families = [s for s in topic if s.is_count and s.is_exact and s.kind == "families" and s.count]
    stages = _people(topic) if families else {}
    pairs = {period: _most_in_pairs(topic, whole) for period, whole in stages.items()}
    for statement in families:
        whole = stages.get(statement.period)
        if whole is not None:
            yield _bounds(statement, whole, pairs[statement.period])


def _people(topic: Sequence[Statement]) -> dict[tuple[str, str], Statement]:
    """Give, by period, the first stage at which people were counted."""
    found: dict[tuple[str, str], Statement] = {}
    for s in sorted(topic, key=_stage):
        is_whole = s.is_count and s.is_exact and not s.breakdown and s.measure in STAGES
        if is_whole and s.kind == "people" and s.count:
            found.setdefault(s.period, s)
    return found


def _stage(statement: Statement) -> int:
    return STAGES.index(statement.measure) if statement.measure in STAGES else len(STAGES)


def _most_in_pairs(topic: Sequence[Statement], whole: Statement) -> int:
    """Give the most families that can have sent both parents."""
    sexes = [
        s.count
        for s in topic
        if s.is_count and s.measure == whole.measure and s.part[0] == "sex" and s.is_exact
        and s.period == whole.period
    ]  # fmt: skip
    is_told = len(sexes) == 2 and sum(sexes) == whole.count
    return min(sexes) if is_told else whole.count // 2


def _bounds(statement: Statement, whole: Statement, pairs: int) -> Finding:
    fewest, most = whole.count - pairs, whole.count
    low, high = statement.count / most, min(statement.count / max(fewest, 1), 1.0)
    span = f"{100 * low:.1f}% to {100 * high:.1f}%"
    if statement.count > most:
        return Finding(
            statement.fact_id, CHECK, whole.words, most, f"up to {most:,}", statement.printed,
            "ambiguous", "warning",
            f"{statement.count:,} families can't come from {whole.told}, even with one family for"
            " each person: other families must be meant.",
            "Say which families are meant, or check both counts.",
        )  # fmt: skip
    pair = "1 family" if pairs == 1 else f"{pairs:,} families"
    message = (
        f"{statement.count:,} counts families and {whole.told} counts people, so no percentage"
        f" follows. As a share of families it lies between {100 * low:.1f}% (if no two people were"
        f" of one family) and {100 * high:.1f}% (if {pair} sent two people each)."
    )
    return Finding(
        statement.fact_id, CHECK, whole.words, most, span, statement.printed, "ambiguous",
        "warning", message, "Print how many families there were in all.",
    )  # fmt: skip
