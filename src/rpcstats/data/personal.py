"""Refusal of personal data: names, dates of birth, addresses, numbers and free text."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from rpcstats.data import personal_patterns as patterns
from rpcstats.data.faults import Fault, fault_in_rows
from rpcstats.data.mapping import MatchedTable, plain
from rpcstats.data.parse_dates import parse_any_date
from rpcstats.data.personal_headers import label_of, personal_word
from rpcstats.data.raw import RawColumn
from rpcstats.data.schema import Column, TableSchema
from rpcstats.data.table_mapping import TableMapping

PERSONAL_DATA: Final = "personal data"
DELETE: Final = "delete the column from the file"
BIRTH_DATES: Final = "dates of birth"
_PERSON_IDS: Final = frozenset(
    {"person_id", "family_id", "couple_id", "subject_id", "practitioner_id", "lead_id", "co_id"}
)
_PLACES: Final = frozenset({"area_name", "agency"})
_YEARS_BEFORE: Final[Mapping[str, int]] = {"trained_on": 30, "first_delivered_on": 30}
_YEARS_BEFORE_USUAL: Final = 10
_YEARS_BEFORE_UNMAPPED: Final = 5
_DATE_SHARE: Final = 0.5


def refuse_personal(
    table: TableSchema,
    matched: MatchedTable,
    rows: npt.NDArray[np.intp],
    mapping: TableMapping,
    period_start: date,
) -> list[Fault]:
    """Find what looks like personal data in every column of a file, mapped or not.

    Parameters
    ----------
    table : TableSchema
        The table.
    matched : MatchedTable
        Its columns.
    rows : array of int, shape (n_rows,)
        Row numbers of the spreadsheet.
    mapping : TableMapping
        The council's own names and codes.
    period_start : date
        First day of the period; a date long before it may be a date of birth.

    Returns
    -------
    list of Fault
        One for each column and kind of personal data.
    """
    faults: list[Fault] = []
    for name, raw in matched.columns.items():
        column = table.column(name)
        doubtful = _texts_in_doubt(column, raw, mapping)
        found = _found(_detectors(column), doubtful)
        if column.kind == "date":
            years = _YEARS_BEFORE.get(name, _YEARS_BEFORE_USUAL)
            found |= _births(doubtful, _years_before(period_start, years))
        word = personal_word(raw.header)
        faults += _faults((table.name, name), raw, rows, found, word)
    for raw in matched.ignored:
        texts = dict(enumerate(raw.texts))
        found = _found(patterns.IN_UNMAPPED, texts)
        if _are_dates(raw.texts):
            found |= _births(texts, _years_before(period_start, _YEARS_BEFORE_UNMAPPED))
        word = personal_word(raw.header)
        label = raw.letter if found or word else label_of(raw)
        faults += _faults((table.name, label), raw, rows, found, word)
    return faults


def _faults(
    where: tuple[str, str],
    raw: RawColumn,
    rows: npt.NDArray[np.intp],
    found: Mapping[str, list[int]],
    word: str | None,
) -> list[Fault]:
    faults = []
    if word is not None:
        hint = f"the header says `{word}`: {DELETE}"
        faults.append(Fault(where[0], where[1], PERSONAL_DATA, 1, (), hint))
    for kind, places in found.items():
        chosen = np.zeros(len(raw.texts), dtype=bool)
        chosen[places] = True
        hint = f"cells look like {kind}: {DELETE}"
        broken = rows[raw.rows_where(chosen)]
        faults.append(fault_in_rows(where, PERSONAL_DATA, broken, hint))
    return faults


def _detectors(column: Column) -> Mapping[str, patterns.Detector]:
    if column.kind == "id":
        return patterns.IN_PERSON_IDS if column.name in _PERSON_IDS else patterns.IN_IDS
    if column.kind == "code":
        return patterns.IN_CODES
    if column.name in _PLACES:
        return patterns.IN_PLACES
    return patterns.IN_TEXTS if column.kind == "text" else patterns.IN_NUMBERS


def _texts_in_doubt(column: Column, raw: RawColumn, mapping: TableMapping) -> dict[int, str]:
    """Leave out the codes a council has mapped: it vouches for them in council.yml."""
    vouched = {plain(text) for text in mapping.codes.get(column.name, ())}
    texts = enumerate(raw.texts)
    return {place: text for place, text in texts if plain(text) not in vouched}


def _found(
    detectors: Mapping[str, patterns.Detector], texts: Mapping[int, str]
) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    cells = list(texts.values())
    for kind, detector in detectors.items():
        hits = [place for place, hit in zip(texts, detector(cells), strict=True) if hit]
        if hits:
            found[kind] = hits
    return found


def _years_before(day: date, years: int) -> date:
    return date(day.year - years, day.month, 1)


def _births(texts: Mapping[int, str], earliest: date) -> dict[str, list[int]]:
    days = {place: parse_any_date(text) for place, text in texts.items()}
    early = [place for place, day in days.items() if day is not None and day < earliest]
    return {BIRTH_DATES: early} if early else {}


def _are_dates(texts: Sequence[str]) -> bool:
    return sum(parse_any_date(text) is not None for text in texts) > _DATE_SHARE * len(texts)
