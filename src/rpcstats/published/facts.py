"""Facts as they were printed, each with its source; every fault named."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from rpcstats.data.locate import find_published
from rpcstats.errors import SchemaError

FACT_COLUMNS: Final = (
    "fact_id",
    "source",
    "council",
    "programme",
    "period_start",
    "period_end",
    "population",
    "measure",
    "value",
    "unit",
    "numerator",
    "denominator",
    "breakdown",
    "qualifier",
    "note",
)
SOURCE_COLUMNS: Final = ("source", "title", "publisher", "published", "kind")
NUMBER_UNITS: Final = (
    "count",
    "percent",
    "rate",
    "ratio",
    "rank",
    "gbp",
    "minutes",
    "hours",
    "days",
    "weeks",
    "months",
    "years",
    "sessions",
    "mean",
    "sd",
)
UNITS: Final = (*NUMBER_UNITS, "test", "date", "direction")
QUALIFIERS: Final = (
    "exact",
    "rounded",
    "approx",
    "more_than",
    "less_than",
    "at_least",
    "at_most",
    "nearly_all",
    "not_stated",
    "direction_only",
)
WITHOUT_VALUE: Final = ("nearly_all", "not_stated")
"""Qualifiers that stand in for a value."""

MOST_DIGITS: Final = 15
MOST_DECIMALS: Final = 6
"""A printed figure has no more; a number with more is a remnant of a calculation."""

LONGEST_TEST: Final = 500

_NUMBER: Final = re.compile(r"-?(\d+)(?:\.(\d+))?", re.ASCII)
_COUNT: Final = re.compile(r"\d+", re.ASCII)
_DATE: Final = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_REQUIRED: Final = ("fact_id", "source", "council", "measure", "unit", "qualifier")

Fact = dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Published facts and the documents they come from.

    Attributes
    ----------
    frame : DataFrame
        A copy of the facts, every column text, so that "80" and "80.0" differ.
    sources : DataFrame
        A copy of the documents.
    """

    _frame: pd.DataFrame = field(repr=False)
    _sources: pd.DataFrame = field(repr=False)

    @property
    def frame(self) -> pd.DataFrame:
        """Give the facts."""
        return self._frame.copy()

    @property
    def sources(self) -> pd.DataFrame:
        """Give the documents."""
        return self._sources.copy()


def read_facts(path: str | Path | None = None) -> Facts:
    """Read published facts and check them.

    Parameters
    ----------
    path : str or Path, optional
        Folder with `facts.csv` and `sources.csv`; by default the facts that come with the
        package.

    Returns
    -------
    Facts
        The facts, as text, and their sources.

    Raises
    ------
    SchemaError
        With every fault found: the fact, what is wrong, and how to mend it.
    """
    folder = find_published() if path is None else Path(path)
    facts, faults = _read(folder / "facts.csv", FACT_COLUMNS)
    sources, more = _read(folder / "sources.csv", SOURCE_COLUMNS)
    faults += more
    if not faults:
        faults += [*_twice(facts, "fact_id"), *_twice(sources, "source")]
        known = set(sources["source"])
        for row, fact in enumerate(as_records(facts), start=2):
            faults += [
                f"{fact['fact_id'] or 'no fact_id'} (row {row}): {fault}"
                for fault in fact_faults(fact, known)
            ]
    if faults:
        raise SchemaError("The published facts have faults", faults)
    return Facts(facts, sources)


def as_records(frame: pd.DataFrame) -> list[Fact]:
    """Give the facts of a frame one by one.

    Parameters
    ----------
    frame : DataFrame
        Facts, every column text.

    Returns
    -------
    list of dict
        One dictionary of texts a fact.
    """
    names = [str(name) for name in frame]
    return [dict(zip(names, row, strict=True)) for row in frame.to_numpy(dtype="object")]


def _read(path: Path, columns: tuple[str, ...]) -> tuple[pd.DataFrame, list[str]]:
    if not path.is_file():
        return pd.DataFrame(columns=list(columns)), [f"{path.name} is not there: add it"]
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
    missing = [name for name in columns if name not in frame]
    unknown = [name for name in frame if name not in columns]
    faults = [f"{path.name}: column {name} is missing" for name in missing]
    if unknown:
        faults.append(
            f"{path.name}: {len(unknown)} columns are unknown; keep to {', '.join(columns)}"
        )
    return frame, faults


def _twice(frame: pd.DataFrame, key: str) -> list[str]:
    repeated = frame.loc[frame[key].duplicated(), key].unique()
    return [f"{key} {name} comes more than once: give each its own" for name in repeated]


def fact_faults(fact: Fact, sources: Collection[str] | None = None) -> Iterator[str]:
    """Name what is wrong with a fact.

    Parameters
    ----------
    fact : dict
        One fact, every field text.
    sources : collection of str, optional
        Documents that are known; by default any will do.

    Yields
    ------
    str
        A fault and how to mend it; never the value.
    """
    for name in _REQUIRED:
        if not fact[name]:
            yield f"{name} is empty"
    if sources is not None and fact["source"] and fact["source"] not in sources:
        yield "its source is not in sources.csv"
    if fact["unit"] and fact["unit"] not in UNITS:
        yield f"unknown unit; use one of {', '.join(UNITS)}"
    if fact["qualifier"] and fact["qualifier"] not in QUALIFIERS:
        yield f"unknown qualifier; use one of {', '.join(QUALIFIERS)}"
    yield from _value_faults(fact)
    yield from _share_faults(fact)
    yield from _period_faults(fact)


def _value_faults(fact: Fact) -> Iterator[str]:
    value, unit = fact["value"], fact["unit"]
    if not value:
        if fact["qualifier"] not in WITHOUT_VALUE:
            yield "value is empty: give it, or the qualifier nearly_all or not_stated"
    elif unit == "date" and not _is_date(value):
        yield "value is no date: write YYYY, YYYY-MM or YYYY-MM-DD"
    elif unit == "test" and len(value) > LONGEST_TEST:
        yield f"value is longer than {LONGEST_TEST} characters: give one test"
    elif unit in NUMBER_UNITS:
        yield from _number_faults(fact)


def _number_faults(fact: Fact) -> Iterator[str]:
    value, unit = fact["value"], fact["unit"]
    number = _NUMBER.fullmatch(value)
    if number is None:
        yield "value is text where a number belongs"
    elif len(number[1]) > MOST_DIGITS:
        yield f"value has more than {MOST_DIGITS} digits"
    elif len(number[2] or "") > MOST_DECIMALS:
        yield f"value has more than {MOST_DECIMALS} decimals: give it as it was printed"
    elif unit == "count" and not _COUNT.fullmatch(value):
        yield "value is no whole number of 0 or more, which a count must be"
    elif unit == "percent" and not 0 <= float(value) <= 100 and "change" not in fact["measure"]:
        yield "a percentage must lie between 0 and 100; name a measure of change as change_..."


def _share_faults(fact: Fact) -> Iterator[str]:
    counts = {name: fact[name] for name in ("numerator", "denominator") if fact[name]}
    bad = [name for name, text in counts.items() if not _COUNT.fullmatch(text)]
    for name in bad:
        yield f"{name} is text where a whole number belongs"
    long = [name for name, text in counts.items() if len(text) > MOST_DIGITS]
    for name in long:
        yield f"{name} has more than {MOST_DIGITS} digits"
    if bad or long:
        return
    if counts.get("denominator", "1").strip("0") == "":
        yield "denominator is 0"
    elif len(counts) == 2 and int(counts["numerator"]) > int(counts["denominator"]):
        yield "numerator is greater than denominator"
    elif "denominator" in counts and _is_above(fact, int(counts["denominator"])):
        yield "value is a count greater than its denominator"


def _is_above(fact: Fact, base: int) -> bool:
    is_count = fact["unit"] == "count" and _COUNT.fullmatch(fact["value"]) is not None
    return is_count and len(fact["value"]) <= MOST_DIGITS and int(fact["value"]) > base


def _period_faults(fact: Fact) -> Iterator[str]:
    ends = [fact[name] for name in ("period_start", "period_end") if fact[name]]
    if not all(map(_is_date, ends)):
        yield "a date of the period is not YYYY, YYYY-MM or YYYY-MM-DD"
    elif len(ends) == 2:
        start, end = ends
        shared = min(len(start), len(end))
        if end[:shared] < start[:shared]:
            yield "the period ends before it starts"


def _is_date(text: str) -> bool:
    """Tell whether a day, a month or a year is one of the calendar."""
    if not _DATE.fullmatch(text):
        return False
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
