"""Printed figures as typed statements, which the checks compare."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal

from rpcstats.published import words
from rpcstats.published.facts import NUMBER_UNITS, WITHOUT_VALUE, Fact

Kind = Literal["people", "families", "children", "staff", "centres", "runs", "other"]

STAGES: Final = (
    "referrals",
    "appropriate_referrals",
    "enrolled",
    "started",
    "retained",
    "completed",
    "answered",
    "milestones",
)
"""Counts of one table, from the widest to the narrowest."""

_BESIDE: Final = {"answered": ("retained", "completed"), "milestones": ("completed", "answered")}
"""Stages that a later one is no part of: who left can answer, and can have reached a milestone."""

_KINDS: Final[tuple[tuple[Kind, str], ...]] = (
    ("families", r"famil"),
    ("centres", r"children's centre|centre|practices|schools|sites"),
    ("runs", r"course run|project"),
    ("staff", r"staff|worker|practitioner|lead post|coordinator|ambassador|therapist|leader"),
    ("people", r"people|parent|referral|father|mother|person|wanted|respondent"),
    ("children", r"child|pupil|year-old"),
)
_EXACT: Final = ("exact", "rounded")
_CHANGE: Final = re.compile(r"^change[_ ]|[_ ]change$")
BOUNDS: Final = ("more_than", "at_least", "less_than", "at_most")
"""Qualifiers of a figure that is one end of what it can be."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One printed figure.

    Attributes
    ----------
    fact_id, source, council, programme : str
        The figure, its document, and who and what it is about.
    period : tuple of str
        First and last day, as printed.
    population, measure, breakdown : str
        Who was counted; what was measured; the part of the population, as ``name=level``.
    text, unit, qualifier, note : str
        The value as printed, its unit, how exact it is, and what a reader must know.
    numerator, denominator : int or None
        Counts behind a share, where they were printed.
    items : int
        Answers averaged into each person's score, for a mean.
    scale : tuple of int or None
        Lowest and highest answer, for a mean.
    """

    fact_id: str
    source: str
    council: str
    programme: str
    period: tuple[str, str]
    population: str
    measure: str
    breakdown: str
    text: str
    unit: str
    qualifier: str
    note: str
    numerator: int | None
    denominator: int | None
    items: int = 1
    scale: tuple[int, int] | None = None

    @property
    def topic(self) -> tuple[str, str, str]:
        """Document, council and programme."""
        return (self.source, words.slug(self.council), words.slug(self.programme))

    @property
    def table(self) -> tuple[str, ...]:
        """Topic and period: figures that stand in one table."""
        return (*self.topic, *self.period)

    @property
    def kind(self) -> Kind:
        """What was counted."""
        return kind_of(self.population) if self.population else "people"

    @property
    def is_exact(self) -> bool:
        """Whether it is a number without "about" or "more than"."""
        return bool(self.text) and self.qualifier in _EXACT

    @property
    def is_percent(self) -> bool:
        """Whether it is a printed percentage of a whole."""
        return self.is_exact and self._is_share

    @property
    def is_bound(self) -> bool:
        """Whether it is a percentage of a whole that says "more than" or the like."""
        return self.qualifier in BOUNDS and self._is_share

    @property
    def _is_share(self) -> bool:
        is_percent = self.unit == "percent" and not _CHANGE.search(self.measure)
        return is_percent and 0 <= Decimal(self.text) <= 100

    @property
    def is_count(self) -> bool:
        """Whether it is a printed count."""
        return self.unit == "count" and bool(self.text)

    @property
    def count(self) -> int:
        """The count, of a count."""
        return int(self.text)

    @property
    def part(self) -> tuple[str, str]:
        """Name and level of the breakdown; empty texts if it is about the whole."""
        name, _, level = self.breakdown.partition("=")
        return name, level

    @property
    def printed(self) -> str:
        """The figure in words, such as "80%" or "about 200"."""
        return words.printed(_as_fact(self))

    @property
    def words(self) -> str:
        """What was measured, in words."""
        return words.measure(_as_fact(self))

    @property
    def told(self) -> str:
        """The figure and what was measured, such as "36 (completed)"."""
        return f"{self.printed} ({self.words})"


@lru_cache(maxsize=4096)
def kind_of(population: str) -> Kind:
    """Tell what a population consists of.

    Parameters
    ----------
    population : str
        Who was counted, in words.

    Returns
    -------
    {"people", "families", "children", "staff", "centres", "runs", "other"}
        By the first word that tells.
    """
    text = population.casefold()
    found = [
        (match.start(), kind) for kind, pattern in _KINDS if (match := re.search(pattern, text))
    ]
    return min(found)[1] if found else "other"


def statements_of(facts: Iterable[Fact]) -> list[Statement]:
    """Type the facts that state a number.

    Parameters
    ----------
    facts : iterable of dict
        Facts without a fault, every field text.

    Returns
    -------
    list of Statement
        In the order given, dates and directions left out.
    """
    return [_statement(fact) for fact in facts if _has_number(fact)]


def by_topic(statements: Sequence[Statement]) -> dict[tuple[str, ...], list[Statement]]:
    """Group statements by document, council and programme.

    Parameters
    ----------
    statements : sequence of Statement
        Any.

    Returns
    -------
    dict
        Lists, in the order given.
    """
    groups: dict[tuple[str, ...], list[Statement]] = {}
    for statement in statements:
        groups.setdefault(statement.topic, []).append(statement)
    return groups


def by_table(statements: Sequence[Statement]) -> dict[tuple[str, ...], list[Statement]]:
    """Group statements by topic and period.

    Parameters
    ----------
    statements : sequence of Statement
        Any.

    Returns
    -------
    dict
        Lists, in the order given.
    """
    groups: dict[tuple[str, ...], list[Statement]] = {}
    for statement in statements:
        groups.setdefault(statement.table, []).append(statement)
    return groups


def stage_pairs(counts: Iterable[Statement]) -> list[tuple[Statement, Statement]]:
    """Pair each stage with the narrowest printed one that it is part of.

    Parameters
    ----------
    counts : iterable of Statement
        Counts of one table and one kind of people.

    Returns
    -------
    list of tuple of Statement
        The wider stage, then the narrower.
    """
    of_stage = {s.measure: s for s in counts if s.is_count and s.is_exact and not s.breakdown}
    pairs = []
    for i, stage in enumerate(STAGES):
        wider = [s for s in STAGES[:i] if s in of_stage and s not in _BESIDE.get(stage, ())]
        if stage in of_stage and wider:
            pairs.append((of_stage[wider[-1]], of_stage[stage]))
    return pairs


def _has_number(fact: Fact) -> bool:
    is_number = fact["unit"] in NUMBER_UNITS or fact["unit"] == "test"
    return is_number and bool(fact["value"]) and fact["qualifier"] not in WITHOUT_VALUE


def _statement(fact: Fact) -> Statement:
    low, high = fact.get("scale_min", ""), fact.get("scale_max", "")
    return Statement(
        fact_id=fact["fact_id"],
        source=fact["source"],
        council=fact["council"],
        programme=fact["programme"],
        period=(fact["period_start"], fact["period_end"]),
        population=fact["population"],
        measure=fact["measure"],
        breakdown=fact["breakdown"],
        text=fact["value"],
        unit=fact["unit"],
        qualifier=fact["qualifier"],
        note=fact["note"],
        numerator=int(fact["numerator"]) if fact["numerator"] else None,
        denominator=int(fact["denominator"]) if fact["denominator"] else None,
        items=int(fact.get("items", "") or 1),
        scale=(int(low), int(high)) if low and high else None,
    )


def _as_fact(statement: Statement) -> Fact:
    return {
        "value": statement.text,
        "unit": statement.unit,
        "qualifier": statement.qualifier,
        "measure": statement.measure,
        "breakdown": statement.breakdown,
    }
