"""Reading of dates and months from text, and hints where they can't be read."""

import re
from collections.abc import Sequence
from datetime import date
from types import MappingProxyType
from typing import Final

from rpcstats.data.council_file import DateFormat

_TIME: Final = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_ISO: Final = re.compile(rf"(?P<y>\d{{4}})-(?P<m>\d{{1,2}})-(?P<d>\d{{1,2}}){_TIME}")
_DAY_FIRST: Final = re.compile(
    rf"(?P<d>\d{{1,2}})[/.\-](?P<m>\d{{1,2}})[/.\-](?P<y>\d{{4}}){_TIME}"
)
_MONTH_FIRST: Final = re.compile(
    rf"(?P<m>\d{{1,2}})[/.\-](?P<d>\d{{1,2}})[/.\-](?P<y>\d{{4}}){_TIME}"
)
_MONTH: Final = re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})")
_SHORT_YEAR: Final = re.compile(r"\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2}")
_DAY_NUMBER: Final = re.compile(r"[34]\d{4}(?:\.\d+)?")
_PATTERNS: Final = MappingProxyType[str, re.Pattern[str]](
    {"iso": _ISO, "day/month/year": _DAY_FIRST, "month/day/year": _MONTH_FIRST}
)
_EARLIEST: Final = date(1900, 1, 1)
_LATEST: Final = date(2200, 12, 31)


def parse_date(text: str, date_format: DateFormat) -> date | None:
    """Read a date.

    Parameters
    ----------
    text : str
        A date in the format given, or as ISO; a time of day is dropped.
    date_format : {"iso", "day/month/year", "month/day/year"}
        How the council writes dates.

    Returns
    -------
    date or None
        None where it is no date between 1900 and 2200.
    """
    return _match(_ISO, text) or _match(_PATTERNS[date_format], text)


def parse_any_date(text: str) -> date | None:
    """Read a date in whichever format it is written, the day before the month in doubt.

    Parameters
    ----------
    text : str
        A date as ISO, day/month/year or month/day/year; a time of day is dropped.

    Returns
    -------
    date or None
        None where it is no date between 1900 and 2200.
    """
    return next((day for form in _PATTERNS.values() if (day := _match(form, text))), None)


def parse_month(text: str, date_format: DateFormat) -> str | None:
    """Read a month as YYYY-MM.

    Parameters
    ----------
    text : str
        A month as YYYY-MM, or the date of its first day.
    date_format : {"iso", "day/month/year", "month/day/year"}
        How the council writes dates.

    Returns
    -------
    str or None
        None where it is no month.
    """
    found = _MONTH.fullmatch(text)
    day = parse_date(text, date_format) if found is None else _make_date(found, day=1)
    return f"{day:%Y-%m}" if day is not None and day.day == 1 else None


def date_hint(texts: Sequence[str], date_format: DateFormat) -> str:
    """Say how to mend dates that can't be read.

    Parameters
    ----------
    texts : sequence of str
        The texts that are no dates.
    date_format : {"iso", "day/month/year", "month/day/year"}
        How the council says it writes dates.

    Returns
    -------
    str
        A sentence without any of the texts.
    """
    if all(_DAY_NUMBER.fullmatch(text) for text in texts):
        return "these are a spreadsheet's day numbers: format the column as a date"
    if all(_SHORT_YEAR.fullmatch(text) for text in texts):
        return "write years with four digits"
    fitting = [
        name
        for name in ("day/month/year", "month/day/year")
        if name != date_format and all(_match(_PATTERNS[name], text) for text in texts)
    ]
    if fitting:
        told = " or ".join(f"`date_format: {name}`" for name in fitting)
        return f"dates look like {' or '.join(fitting)}: set {told} in council.yml"
    return f"write dates as {'YYYY-MM-DD' if date_format == 'iso' else date_format}"


def _match(form: re.Pattern[str], text: str) -> date | None:
    found = form.fullmatch(text)
    return None if found is None else _make_date(found)


def _make_date(found: re.Match[str], day: int | None = None) -> date | None:
    try:
        made = date(int(found["y"]), int(found["m"]), day or int(found["d"]))
    except ValueError:
        return None
    return made if _EARLIEST <= made <= _LATEST else None
