"""Figures of a draft: completed, and each fault named in one line."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from rpcstats.published.facts import FACT_COLUMNS, Fact, fact_faults
from rpcstats.published.figure_text import plain, read_figure, whole_number
from rpcstats.published.headings import OPTIONAL
from rpcstats.published.reading import Draft

DRAFT: Final = "draft"

_NO_UNIT: Final = (
    "it has no unit: write percent, count, mean, sd or test, or put % behind the value"
)
_BRITISH_DATE: Final = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)
_SHORT_ID: Final = re.compile(r"[\w.-]{1,16}")
_UNITS: Final = {
    "%": "percent", "per cent": "percent", "percentage": "percent", "\u00a3": "gbp",
    "number": "count", "people": "count", "n": "count",
}  # fmt: skip
_COUNTS: Final = ("numerator", "denominator", *OPTIONAL)


def sound_facts(draft: Draft) -> tuple[list[Fact], tuple[str, ...]]:
    """Complete the figures of a draft and leave out those with a fault.

    Parameters
    ----------
    draft : Draft
        Figures as given, of which `measure` and `value` have to be there.

    Returns
    -------
    facts : list of dict
        Sound figures, every field text.
    faults : tuple of str
        A line a figure at fault: where it stands, what is wrong, and how to mend it.
    """
    faults = [*draft.faults]
    facts: list[Fact] = []
    seen: set[str] = set()
    for given, place in zip(draft.rows, draft.places, strict=True):
        fact = dict.fromkeys(FACT_COLUMNS, "") | {k: plain(text) for k, text in given.items()}
        fault = _complete(fact, place)
        wrong = [fault] if fault else [*_faults(fact, seen)]
        seen.add(fact["fact_id"])
        if wrong:
            faults.append(f"{_name(given, fact)} ({place}): {'; '.join(wrong)}")
        else:
            facts.append(fact)
    return facts, tuple(faults)


def _name(given: Fact, fact: Fact) -> str:
    if not given.get("fact_id", "").strip():
        return "no fact_id"
    return fact["fact_id"] if _SHORT_ID.fullmatch(fact["fact_id"]) else "a figure"


def _complete(fact: Fact, place: str) -> str:
    """Fill in what a draft need not say; tell what is wrong with the value."""
    unit = fact["unit"].casefold()
    fact["unit"] = _UNITS.get(unit, unit)
    fault = read_figure(fact)
    for name in _COUNTS:
        if fact.get(name):
            fact[name] = whole_number(fact[name])
    for name in ("period_start", "period_end"):
        fact[name] = _iso(fact[name])
    fact["unit"] = fact["unit"] or ("count" if fact["value"].isdigit() else "")
    exactness = "rounded" if fact["unit"] == "percent" else "exact"
    fact["qualifier"] = fact["qualifier"].casefold() or exactness
    fact["fact_id"] = fact["fact_id"] or place
    fact["source"] = fact["source"] or DRAFT
    fact["council"] = fact["council"] or DRAFT
    return fault


def _iso(text: str) -> str:
    """Write a British date as YYYY-MM-DD; any other text stays."""
    found = _BRITISH_DATE.fullmatch(text)
    if found is None:
        return text
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return text


def _faults(fact: Fact, seen: set[str]) -> Iterator[str]:
    if fact["fact_id"] in seen:
        yield "its fact_id comes more than once: give each figure its own"
    if not fact["unit"]:
        is_number = re.fullmatch(r"-?\d+(\.\d+)?", fact["value"], re.ASCII)
        is_empty = not fact["value"]
        text = "value is empty" if is_empty else "value is text where a number belongs"
        yield _NO_UNIT if is_number else text
        return
    yield from fact_faults(fact)
    yield from _optional_faults(fact)


def _optional_faults(fact: Fact) -> Iterator[str]:
    numbers = {name: fact[name] for name in OPTIONAL if fact.get(name)}
    if not all(re.fullmatch(r"-?\d{1,6}", text, re.ASCII) for text in numbers.values()):
        yield f"{', '.join(OPTIONAL)} must be whole numbers"
    elif int(numbers.get("items", "1")) < 1:
        yield "items must be 1 or more"
    elif int(numbers.get("scale_min", "0")) >= int(numbers.get("scale_max", "9999999")):
        yield "scale_min must be below scale_max"
