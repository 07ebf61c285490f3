"""Published shares with the intervals they were printed without."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import check_conf_level, wilson
from rpcstats._vocabulary import PUBLISHED, ReleaseKind
from rpcstats.data.records import did_you_mean
from rpcstats.data.registries import councils
from rpcstats.data.registries import programmes as registered
from rpcstats.errors import ParameterError
from rpcstats.published import words
from rpcstats.published.facts import NUMBER_UNITS, Fact, Facts, as_records, read_facts

BASES: Final[Mapping[str, tuple[str, ...]]] = {
    "started": ("enrolled",),
    "retained": ("started",),
    "milestones": ("retained", "started"),
}
"""Counts of the same table that can be the base of a measure."""

_NO_BASE: Final = "No base was published, so no interval can be given."
_APPROXIMATE: Final = "The counts are approximate, and so is the interval."
_NO_FIT: Final = "The printed figure does not fit this base."
_POINT: Final = ("exact", "rounded")


@dataclass(frozen=True, slots=True, eq=False)
class PublishedFigures:
    """Published figures of one council, with intervals where a base was printed.

    Attributes
    ----------
    council : str
        Name of the council.
    conf_level : float
        Level of the intervals.
    """

    council: str
    conf_level: float
    _frame: pd.DataFrame = field(repr=False)
    _sources: pd.DataFrame = field(repr=False)
    release_kind: ReleaseKind = "published"

    def tidy(self) -> pd.DataFrame:
        """Give one row per printed figure and base.

        Returns
        -------
        DataFrame
            `fact_id`, `programme`, `measure`, `population`, `period`, `printed` (text),
            `n`, `base`, `estimate`, `conf_low`, `conf_high`, `source`, `note`.
        """
        return self._frame.copy()

    def shares(self) -> "PublishedFigures":
        """Give the same figures without those that have no base.

        Returns
        -------
        PublishedFigures
            The figures with an interval.
        """
        return self._only(self._frame["base"].notna())

    def percentages(self) -> "PublishedFigures":
        """Give the figures that are percentages, with a base or without.

        Returns
        -------
        PublishedFigures
            The figures with an estimate.
        """
        return self._only(self._frame["estimate"].notna())

    def compact(self) -> "PublishedFigures":
        """Give the figures without the counts that another row already holds.

        Returns
        -------
        PublishedFigures
            A count with no base of its own leaves when it is the numerator or the base of
            another figure of the same programme and period.
        """
        frame = self._frame
        keys = ["source", "programme", "period"]
        based = frame[frame["base"].notna()]
        held = {
            (*where, int(count))
            for name in ("n", "base")
            for *where, count in based[[*keys, name]].itertuples(index=False)
        }
        counts = frame["printed"].str.replace(",", "").where(frame["base"].isna(), "")
        repeats = [
            count.isdigit() and (*where, int(count)) in held
            for *where, count in frame[keys].assign(count=counts).itertuples(index=False)
        ]
        return self._only(~pd.Series(repeats, index=frame.index, dtype=bool))

    def _only(self, kept: pd.Series) -> "PublishedFigures":
        return replace(self, _frame=self._frame[kept].reset_index(drop=True))

    def sources(self) -> pd.DataFrame:
        """Give the documents the figures come from.

        Returns
        -------
        DataFrame
            `source`, `title`, `publisher`, `published`, `kind`.
        """
        return self._sources.copy()


def published_figures(
    council: str,
    *,
    programmes: Sequence[str] | None = None,
    conf_level: float = 0.95,
    facts: Facts | None = None,
    required: bool = True,
) -> PublishedFigures:
    """Give the published figures of a council, with intervals where a base was printed.

    Parameters
    ----------
    council : str
        Key or name of the council.
    programmes : sequence of str, optional
        Keys or names of programmes; by default all.
    conf_level : float, default 0.95
        Level of the intervals.
    facts : Facts, optional
        Published facts; by default those that come with the package.
    required : bool, default True
        Whether it is an error that nothing was published; if not, there are no rows.

    Returns
    -------
    PublishedFigures
        A row per figure; where a column of the table switches its base, a row per base.

    Raises
    ------
    ParameterError
        If it is required and nothing was published for the council, or for a programme.

    Notes
    -----
    Intervals are Wilson's (1927). Numerator and base are taken as printed, or from the
    counts of the same table (`BASES`). A count whose percentage is printed too has its
    share in the row of the percentage. Nothing is inferred from a percentage alone.
    """
    check_conf_level(conf_level)
    facts = read_facts() if facts is None else facts
    table = facts.frame
    table = table[table["council"].map(words.slug).isin(_keys(council, councils()))]
    if table.empty and required:
        known = sorted({words.slug(name) for name in facts.frame["council"]})
        raise ParameterError(
            "Nothing was published for that council", [f"council{did_you_mean(council, known)}"]
        )
    table = table[table["unit"].isin(NUMBER_UNITS)]
    if programmes is not None:
        table = table[
            table["programme"].map(words.slug).isin(_programme_keys(programmes, table, required))
        ]
    records = as_records(table)
    rows = [row for fact in records for row in _rows(fact, records)]
    frame = with_shares(pd.DataFrame(rows, columns=[*PUBLISHED]), conf_level)
    sources = facts.sources
    sources = sources[sources["source"].isin(frame["source"])].reset_index(drop=True)
    name = str(table["council"].iloc[0]) if len(table) else council
    return PublishedFigures(name, conf_level, frame, sources)


def _keys(given: str, registry: Mapping[str, object]) -> set[str]:
    entry = registry.get(given)
    names = (getattr(entry, name, "") for name in ("name", "published_as"))
    return {words.slug(given), *(words.slug(name) for name in names if name)}


def _programme_keys(programmes: Sequence[str], table: pd.DataFrame, required: bool) -> set[str]:
    known = sorted({words.slug(name) for name in table["programme"]})
    wanted = {given: _keys(given, registered()) for given in programmes}
    unknown = [given for given, keys in wanted.items() if not keys & set(known)]
    if unknown and required:
        raise ParameterError(
            "Nothing was published for a programme of that name",
            [f"{given}{did_you_mean(given, known)}" for given in unknown],
        )
    return set().union(*wanted.values())


def _rows(fact: Fact, table: Sequence[Fact]) -> Iterator[dict[str, object]]:
    common = {
        "fact_id": fact["fact_id"],
        "programme": fact["programme"],
        "population": fact["population"],
        "period": words.period(fact),
        "printed": words.printed(fact),
        "source": fact["source"],
    }
    same = [other for other in table if _is_same_table(fact, other)]
    twin = _twin(fact, same)
    bases = [] if twin else _bases(fact, same)
    n = fact["numerator"] or (fact["value"] if fact["unit"] == "count" else "")
    for base_measure, base in bases:
        fits = fact["unit"] != "percent" or words.prints_as(int(n), base, fact["value"])
        about = "" if fact["qualifier"] in _POINT else _APPROXIMATE
        yield common | {
            "measure": words.measure(fact, base_measure),
            "n": int(n),
            "base": base,
            "note": _note(fact["note"], about, "" if fits else _NO_FIT),
        }
    if not bases:
        share = f"Its share is in the row of {twin}." if twin else ""
        no_base = _NO_BASE if fact["unit"] == "percent" else ""
        exact = fact["unit"] == "percent" and fact["qualifier"] in _POINT
        yield common | {
            "measure": words.measure(fact),
            "estimate": float(fact["value"]) / 100 if exact else None,
            "note": _note(fact["note"], no_base or share),
        }


def _note(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _is_same_table(fact: Fact, other: Fact) -> bool:
    names = ("source", "programme", "period_start", "period_end", "breakdown")
    return all(fact[name] == other[name] for name in names)


def _twin(fact: Fact, same: Sequence[Fact]) -> str | None:
    """Give the fact that prints the same count as a percentage."""
    if fact["unit"] != "count":
        return None
    found = [
        other["fact_id"]
        for other in same
        if other["unit"] == "percent"
        and other["measure"] == fact["measure"]
        and other["numerator"] == fact["value"]
    ]
    return found[0] if found else None


def _bases(fact: Fact, same: Sequence[Fact]) -> list[tuple[str | None, int]]:
    if fact["unit"] not in ("count", "percent"):
        return []
    n = fact["numerator"] or (fact["value"] if fact["unit"] == "count" else "")
    counts = {
        other["measure"]: int(other["value"])
        for other in same
        if other["unit"] == "count" and other["qualifier"] == "exact"
    }
    of_table = [(name, counts[name]) for name in BASES.get(fact["measure"], ()) if name in counts]
    stated = fact["denominator"]
    if stated:
        named = [(name, base) for name, base in of_table if base == int(stated)]
        found: list[tuple[str | None, int]] = [*named[:1]] or [(None, int(stated))]
    else:
        found = [*of_table]
    return [(name, base) for name, base in found if n and 0 < base >= int(n)]


def with_shares(frame: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """Fill in the share and its Wilson interval where there is a base.

    Parameters
    ----------
    frame : DataFrame
        With `n`, `base`, `estimate`, `conf_low` and `conf_high`.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        The frame with whole `n` and `base`; an estimate without a base stays as it was.
    """
    frame = frame.astype({"n": "Int64", "base": "Int64", "estimate": "float64"})
    has_base = (frame["n"].notna() & frame["base"].notna()).to_numpy(dtype=bool)
    n, base = (frame.loc[has_base, name].to_numpy(dtype=np.float64) for name in ("n", "base"))
    low, high = wilson(n, base, conf_level=conf_level)
    for name, values in (("estimate", n / base), ("conf_low", low), ("conf_high", high)):
        column = frame[name].to_numpy(dtype=np.float64, copy=True)
        column[has_base] = values
        frame[name] = column
    return frame
