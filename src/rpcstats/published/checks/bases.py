"""What a printed percentage can be a share of."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from rpcstats.published.statements import STAGES, Kind, Statement

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


class Candidates:
    """What a percentage can be a share of, largest first.

    Parameters
    ----------
    bases : sequence of Base
        Largest first.
    """

    def __init__(self, bases: Sequence[Base]) -> None:
        self.bases = tuple(bases)
        self.n = np.array([base.n for base in bases], dtype=np.int64)
        self.is_exact = np.array([base.is_exact for base in bases], dtype=np.bool_)

    def __len__(self) -> int:
        """Count them."""
        return len(self.bases)

    def largest_below(self, n: int) -> Base | None:
        """Give the largest base below a number.

        Parameters
        ----------
        n : int
            The number.

        Returns
        -------
        Base or None
            None if there is none.
        """
        place = len(self.n) - int(np.searchsorted(self.n[::-1], n, side="left"))
        return self.bases[place] if place < len(self.bases) else None

    def smallest_exact(self) -> Base | None:
        """Give the smallest base that is not "about so many".

        Returns
        -------
        Base or None
            None if there is none.
        """
        return next((base for base in reversed(self.bases) if base.is_exact), None)


class PrintedCounts:
    """Counts of one document, council and programme, of which a percentage can be a share.

    Parameters
    ----------
    topic : sequence of Statement
        All figures of the document, council and programme.
    """

    def __init__(self, topic: Sequence[Statement]) -> None:
        self._by_part: dict[tuple[Kind, str], list[Statement]] = {}
        self._by_period: dict[tuple[Kind, str, tuple[str, str]], list[Statement]] = {}
        self._by_kind: dict[Kind, list[Statement]] = {}
        self._by_size: dict[tuple[Kind, int], Statement] = {}
        self._measures = {statement.measure for statement in topic if statement.is_count}
        for s in topic:
            if s.is_count and s.count > 0:
                self._by_part.setdefault((s.kind, s.breakdown), []).append(s)
                self._by_period.setdefault((s.kind, s.breakdown, s.period), []).append(s)
                self._by_kind.setdefault(s.kind, []).append(s)
                self._by_size.setdefault((s.kind, s.count), s)
        self._known: dict[tuple[object, ...], Candidates] = {}

    def bases_of(self, statement: Statement) -> Candidates:
        """List what a percentage can be a share of.

        Parameters
        ----------
        statement : Statement
            A percentage.

        Returns
        -------
        Candidates
            The printed base alone if there is one; otherwise the counts of the same kind of
            people, of the whole or of the same part of them. Counts of the same period go before
            those of others; if there are any, those of others are left out.
        """
        if statement.denominator:
            same = self._by_size.get((statement.kind, statement.denominator))
            label = "stated base" if same is None else same.words
            is_exact = same is None or same.is_exact
            return Candidates([Base(label, statement.denominator, True, is_exact)])
        kind, breakdown, period = statement.kind, statement.breakdown, statement.period
        parts = dict.fromkeys(("", breakdown))
        table = [self._by_period.get((kind, part, period), []) for part in parts]
        key = (kind, breakdown, self._own(statement), period if any(table) else None)
        if key not in self._known:
            others = [self._by_part.get((kind, part), []) for part in parts]
            self._known[key] = _candidates(table, statement) or _candidates(others, statement)
        return self._known[key]

    def further_bases(self, statement: Statement) -> Candidates:
        """List what else a percentage without a base could be a share of.

        Parameters
        ----------
        statement : Statement
            A percentage without a printed base.

        Returns
        -------
        Candidates
            Counts of the same kind of people of any period and any part.
        """
        key = ("further", statement.kind, bool(statement.breakdown), self._own(statement))
        if key not in self._known:
            self._known[key] = _candidates([self._by_kind.get(statement.kind, [])], statement)
        return self._known[key]

    def only_base(self, kind: Kind) -> Candidates:
        """Give the one whole number of a kind of people, if there is but one.

        Parameters
        ----------
        kind : {"people", "families", "children", "staff", "centres", "runs", "other"}
            Who is counted.

        Returns
        -------
        Candidates
            One or none.
        """
        found = _bases(self._by_part.get((kind, ""), []))
        return Candidates(found if len(found) == 1 else [])

    def _own(self, statement: Statement) -> str:
        return statement.measure if statement.measure in self._measures else ""


def _candidates(counts: Sequence[Sequence[Statement]], statement: Statement) -> Candidates:
    kept = [other for some in counts for other in some if not _is_own(other, statement)]
    return Candidates(_bases(kept))


def _is_own(other: Statement, statement: Statement) -> bool:
    """Tell whether a count is the numerator of a percentage, or of the same column as it."""
    if other.measure != statement.measure:
        return False
    return not statement.breakdown or bool(other.breakdown)


def _bases(counts: Sequence[Statement]) -> list[Base]:
    found: dict[int, list[Statement]] = {}
    for other in sorted(counts, key=_stage):
        found.setdefault(other.count, []).append(other)
    return [_joined(n, found[n]) for n in sorted(found, reverse=True)]


def _joined(n: int, counts: Sequence[Statement]) -> Base:
    labels = list(dict.fromkeys(other.words for other in counts))[:MOST_LABELS]
    return Base(" or ".join(labels), n, False, all(other.is_exact for other in counts))


def _stage(statement: Statement) -> int:
    return STAGES.index(statement.measure) if statement.measure in STAGES else len(STAGES)
