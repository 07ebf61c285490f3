"""What a printed percentage can be a share of."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from rpcstats.published.statements import STAGES, Statement

MOST_LABELS: Final = 3
"""Counts of one size that are named."""


class Base(NamedTuple):
    """A number of people that a percentage can be a share of.

    Attributes
    ----------
    label : str
        In words: "completed" or "stated base".
    n : int
        How many.
    is_stated : bool
        Whether the document prints it beside the percentage.
    is_exact : bool
        Whether it is more than "about so many".
    """

    label: str
    n: int
    is_stated: bool = False
    is_exact: bool = True


class PrintedCounts:
    """Counts of one document, council and programme, of which a percentage can be a share.

    Parameters
    ----------
    topic : sequence of Statement
        All figures of the document, council and programme.
    """

    def __init__(self, topic: Sequence[Statement]) -> None:
        self._by_part: dict[tuple[str, str], list[Statement]] = {}
        self._by_size: dict[int, Statement] = {}
        self._measures = {statement.measure for statement in topic if statement.is_count}
        for statement in topic:
            if statement.is_count and statement.count > 0:
                key = (statement.kind, statement.breakdown)
                self._by_part.setdefault(key, []).append(statement)
                self._by_size.setdefault(statement.count, statement)
        self._known: dict[tuple[str, ...], list[Base]] = {}

    def bases_of(self, statement: Statement) -> list[Base]:
        """List what a percentage can be a share of.

        Parameters
        ----------
        statement : Statement
            A percentage.

        Returns
        -------
        list of Base
            The printed base alone if there is one; otherwise the counts of the same kind of
            people, of the whole or of the same part of them, largest first. Counts of the same
            period go before those of others; if there are any, those of others are left out.
        """
        if statement.denominator:
            same = self._by_size.get(statement.denominator)
            label = "stated base" if same is None else same.words
            is_exact = same is None or same.is_exact
            return [Base(label, statement.denominator, True, is_exact)]
        own = statement.measure if statement.measure in self._measures else ""
        key = (statement.kind, statement.breakdown, *statement.period, own)
        if key not in self._known:
            self._known[key] = _bases(self._counts(statement), statement.period, own)
        return self._known[key]

    def _counts(self, statement: Statement) -> list[Statement]:
        parts = dict.fromkeys(("", statement.breakdown))
        return [s for part in parts for s in self._by_part.get((statement.kind, part), [])]


def _bases(counts: Sequence[Statement], period: tuple[str, str], own: str) -> list[Base]:
    others = [other for other in counts if other.measure != own]
    table = [other for other in others if other.period == period]
    found: dict[int, list[Statement]] = {}
    for other in sorted(table or others, key=_stage):
        found.setdefault(other.count, []).append(other)
    return [_joined(n, found[n]) for n in sorted(found, reverse=True)]


def _joined(n: int, counts: Sequence[Statement]) -> Base:
    labels = list(dict.fromkeys(other.words for other in counts))[:MOST_LABELS]
    return Base(" or ".join(labels), n, False, all(other.is_exact for other in counts))


def _stage(statement: Statement) -> int:
    return STAGES.index(statement.measure) if statement.measure in STAGES else len(STAGES)
