"""Reading of distinct texts as ids, dates, codes and numbers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from rpcstats.data.council_file import DateFormat
from rpcstats.data.mapping import resolve_codes
from rpcstats.data.parse_dates import date_hint, parse_date, parse_month
from rpcstats.data.schema import Column, Kind

_WHOLE: Final = re.compile(r"[+-]?\d+(?:\.0+)?")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d+,\d+")
_NUMBERED_ID: Final = re.compile(r"(\d+)\.0+")
_SCIENTIFIC: Final = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
_SHEET_ERROR: Final = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)")

_PLAUSIBLE_DIGITS: Final = 15


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """What the distinct texts of a column were read as.

    Attributes
    ----------
    values : list
        A value for each text; None for an empty cell, or one that can't be read.
    wrong : dict of str to (list of int, str)
        For each broken rule the places of the texts that break it, and how to mend them.
    """

    values: list[Any]
    wrong: dict[str, tuple[list[int], str]]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What is known of a column beyond the schema.

    Attributes
    ----------
    table : str
        Our name of the table.
    column : Column
        What the cells should be.
    date_format : {"iso", "day/month/year", "month/day/year"}
        How the council writes dates.
    codes : tuple of str
        Allowed codes.
    own : mapping of str to str or None
        The council's codes to ours.
    names : mapping of str to str
        Other names of our codes, in plain form.
    """

    table: str
    column: Column
    date_format: DateFormat
    codes: tuple[str, ...]
    own: Mapping[str, str | None]
    names: Mapping[str, str]


def read_cells(rules: Rules, texts: Sequence[str]) -> Cells:
    """Read the distinct texts of a column.

    Parameters
    ----------
    rules : Rules
        What the texts should be.
    texts : sequence of str
        The texts.

    Returns
    -------
    Cells
        Values, and which texts break which rule.
    """
    return _READERS[rules.column.kind](rules, texts)


def _wrong(
    texts: Sequence[str], values: Sequence[Any], rule: str, hint: Callable[[list[str]], str]
) -> dict[str, tuple[list[int], str]]:
    places = [place for place, value in enumerate(values) if value is None]
    return {rule: (places, hint([texts[place] for place in places]))} if places else {}


def _read_id(rules: Rules, texts: Sequence[str]) -> Cells:
    values: list[str | None] = []
    for text in texts:
        numbered = _NUMBERED_ID.fullmatch(text)
        values.append(None if _SCIENTIFIC.fullmatch(text) else numbered[1] if numbered else text)
    hint = "a spreadsheet has rounded the ids: format the column as text and export again"
    wrong = _wrong(texts, values, "id in scientific notation", lambda _: hint)
    if rules.column.pattern is not None:
        form = re.compile(rules.column.pattern)
        odd = [place for place, text in enumerate(values) if text and not form.fullmatch(text)]
        if odd:
            hint = "write a letter and eight digits, as in the register of area codes"
            wrong["not a code of the Government Statistical Service"] = (odd, hint)
    return Cells(values, wrong | _sheet_errors(texts, values))


def _read_text(_rules: Rules, texts: Sequence[str]) -> Cells:
    values: list[str | None] = list(texts)
    return Cells(values, _sheet_errors(texts, values))


def _sheet_errors(
    texts: Sequence[str], values: list[str | None]
) -> dict[str, tuple[list[int], str]]:
    places = [place for place, text in enumerate(texts) if _SHEET_ERROR.fullmatch(text)]
    for place in places:
        values[place] = None
    hint = "mend the formula in the spreadsheet and export again"
    return {"error value of a spreadsheet": (places, hint)} if places else {}


def _read_date(rules: Rules, texts: Sequence[str]) -> Cells:
    date_format = rules.date_format
    values = [parse_date(text, date_format) for text in texts]
    wrong = _wrong(texts, values, "not a date", lambda bad: date_hint(bad, date_format))
    return Cells(values, wrong)


def _read_month(rules: Rules, texts: Sequence[str]) -> Cells:
    values = [parse_month(text, rules.date_format) for text in texts]
    return Cells(values, _wrong(texts, values, "not a month", lambda _: "write months as YYYY-MM"))


def _read_code(rules: Rules, texts: Sequence[str]) -> Cells:
    resolved = resolve_codes(texts, rules.codes, rules.own, rules.names)
    path = f"tables.{rules.table}.codes.{rules.column.name}"
    registry = rules.column.registry
    if registry == "programmes":
        hint = f"name the programme under `programmes`, or map it under {path}, in council.yml"
    elif registry == "instruments":
        hint = f"map them under {path} in council.yml to a key of the instruments registry"
    else:
        hint = f"map them under {path} in council.yml (ours: {', '.join(rules.codes)})"
    resolved = [code if code in {"", *rules.codes} else None for code in resolved]
    wrong = _wrong(texts, resolved, "unknown code", lambda _: hint)
    return Cells([code or None for code in resolved], wrong)


def _read_integer(rules: Rules, texts: Sequence[str]) -> Cells:
    values = [int(float(text)) if _is_whole(text) else None for text in texts]
    wrong = _wrong(texts, values, "not a whole number", _number_hint)
    return Cells(values, wrong | _out_of_bounds(rules.column, values))


def _read_number(rules: Rules, texts: Sequence[str]) -> Cells:
    values = [float(text) if _NUMBER.fullmatch(text) else None for text in texts]
    wrong = _wrong(texts, values, "not a number", _number_hint)
    return Cells(values, wrong | _out_of_bounds(rules.column, values))


def _is_whole(text: str) -> bool:
    return _WHOLE.fullmatch(text) is not None and len(text) <= _PLAUSIBLE_DIGITS


def _number_hint(texts: list[str]) -> str:
    if all(_GROUPED.fullmatch(text) for text in texts):
        return "write numbers without commas between the thousands"
    if all(_DECIMAL_COMMA.fullmatch(text) for text in texts):
        return "write decimals with a point"
    return "write digits only, and leave a cell empty where the number is not known"


def _out_of_bounds(
    column: Column, values: Sequence[float | None]
) -> dict[str, tuple[list[int], str]]:
    low = -np.inf if column.minimum is None else column.minimum
    high = np.inf if column.maximum is None else column.maximum
    places = [
        place
        for place, value in enumerate(values)
        if value is not None and not low <= value <= high
    ]
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("at least", column.minimum), ("at most", column.maximum))
        if bound is not None
    ]
    hint = f"must be {' and '.join(bounds)}"
    return {"out of range": (places, hint)} if places else {}


_READERS: Final = MappingProxyType[Kind, Callable[[Rules, Sequence[str]], Cells]](
    {
        "id": _read_id,
        "text": _read_text,
        "date": _read_date,
        "month": _read_month,
        "code": _read_code,
        "integer": _read_integer,
        "number": _read_number,
    }
)
