"""Tables as people keep them: CSV of any spreadsheet, or a workbook as it is shown."""

import csv
import io
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

from rpcstats.data.reading import cell_text
from rpcstats.errors import SchemaError

DELIMITERS: Final = (",", ";", "\t", "|")
HEADING_ROWS: Final = 20
"""A title may stand above the heading; so many rows are searched for it."""

Lines = list[list[str]]

_PLACES: Final = re.compile(r"0(?:\.(0+))?")
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


def csv_tables(path: Path) -> Iterator[Lines]:
    """Read a CSV file, once with each delimiter.

    Parameters
    ----------
    path : Path
        The file: UTF-8, UTF-16 with a mark, or Windows' Latin alphabet.

    Yields
    ------
    list of list of str
        Rows of cells, the likeliest delimiter first.

    Raises
    ------
    SchemaError
        If it is no text.
    """
    text = _decoded(path)
    head = "\n".join(text.split("\n", HEADING_ROWS)[:HEADING_ROWS])
    for delimiter in sorted(DELIMITERS, key=head.count, reverse=True):
        yield _split(text, delimiter, path.name)


def workbook_tables(path: Path) -> Iterator[Lines]:
    """Read the sheets of a workbook, each cell as it is shown.

    Parameters
    ----------
    path : Path
        An XLSX file.

    Yields
    ------
    list of list of str
        Rows of cells of a sheet: a cell of 0.8 with the format 0.0% reads "80.0%"; all cells of a
        merged range read the same.

    Raises
    ------
    SchemaError
        If it is no workbook.
    """
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, data_only=True)
        sheets = [_sheet(sheet) for sheet in book.worksheets]
    except Exception:  # openpyxl raises whatever its parsers raise  # noqa: BLE001
        raise unreadable(path.name) from None
    yield from sheets


def unreadable(name: str) -> SchemaError:
    """Say that a file can't be read.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    SchemaError
        To be raised.
    """
    return SchemaError(f"{name} can't be read", ["save it again as CSV in UTF-8, or as XLSX"])


def shown_number(value: float, number_format: str) -> str:
    """Write a number as a spreadsheet shows it.

    Parameters
    ----------
    value : int or float
        What the cell holds.
    number_format : str
        Its format, such as "0%", "#,##0.0" or "General".

    Returns
    -------
    str
        For example "80.0%" for 0.8 and "0.0%"; without the commas of thousands.
    """
    plain = cell_text(value) or ""
    shown = _LITERAL.sub("", number_format.split(";")[0])
    places = _PLACES.search(shown)
    if isinstance(value, bool) or places is None or not re.search(r"\d", plain) or "E" in shown:
        return plain
    is_percent = "%" in shown
    number = Decimal(plain) * (100 if is_percent else 1)
    step = Decimal(1).scaleb(-len(places[1] or ""))
    if number.adjusted() > MOST_SHOWN:
        return plain
    text = f"{number.quantize(step, rounding=ROUND_HALF_UP):f}"
    pound = "\u00a3" if "\u00a3" in number_format else ""
    return f"{pound}{text}{'%' if is_percent else ''}"


MOST_SHOWN: Final = 15
"""Digits beyond which a spreadsheet shows no more than it holds."""


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(b"PK\x03\x04"):
        raise SchemaError(f"{path.name} can't be read", ["it is a workbook: name it .xlsx"])
    names = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else []
    for name in (*names, "utf-8-sig", "cp1252"):
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise unreadable(path.name)


def _split(text: str, delimiter: str, name: str) -> Lines:
    longest = csv.field_size_limit(max(len(text), 1))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise unreadable(name) from None
    finally:
        csv.field_size_limit(longest)


def _sheet(sheet: Any) -> Lines:
    lines = [[_shown(cell) for cell in row] for row in sheet.iter_rows()]
    for merged in sheet.merged_cells.ranges:
        text = lines[merged.min_row - 1][merged.min_col - 1]
        for row in range(merged.min_row - 1, merged.max_row):
            for column in range(merged.min_col - 1, merged.max_col):
                lines[row][column] = text
    return lines


def _shown(cell: Any) -> str:
    value, number_format = cell.value, str(cell.number_format)
    if isinstance(value, datetime | date):
        return _shown_date(cell_text(value) or "", number_format.casefold())
    if isinstance(value, int | float):
        return shown_number(value, number_format)
    return cell_text(value) or ""


def _shown_date(text: str, number_format: str) -> str:
    """Leave out the day, or the month too, where a spreadsheet does not show them."""
    shown = _LITERAL.sub("", number_format)
    if "d" in shown:
        return text
    return text[:7] if "m" in shown else text[:4]
