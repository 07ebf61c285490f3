"""Reading of CSV, Parquet and workbook files into raw tables; every way ends in the same text."""

import csv
import io
import warnings
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats.data.raw import HEADER_ROW, RawTable, raw_table

CSV_UTF8: Final = "save it as CSV UTF-8 (comma delimited)"
_DELIMITERS: Final = (",", ";", "\t")
_LONGEST_CELL: Final = 1_000_000


class UnreadableFileError(Exception):
    """A file can't be read.

    Parameters
    ----------
    rule : str
        What is wrong with the file.
    hint : str
        How to mend it.
    """

    def __init__(self, rule: str, hint: str) -> None:
        self.rule = rule
        self.hint = hint
        super().__init__(rule)


def read_file(path: Path, sheet: str | None = None) -> RawTable:
    """Read one table of a file.

    Parameters
    ----------
    path : Path
        File ending in .csv, .txt, .parquet or .xlsx.
    sheet : str or None
        Sheet of a workbook; None for its only sheet.

    Returns
    -------
    RawTable
        Headers and text cells.

    Raises
    ------
    UnreadableFileError
        With what is wrong and how to mend it.
    """
    reader = _READERS.get(path.suffix.casefold())
    if reader is None:
        known = ", ".join(_READERS)
        raise UnreadableFileError("unknown kind of file", f"save it as one of {known}")
    return reader(path, sheet)


def sheet_names(path: Path) -> list[str]:
    """List the sheets of a workbook.

    Parameters
    ----------
    path : Path
        The workbook.

    Returns
    -------
    list of str
        In the order of the workbook.

    Raises
    ------
    UnreadableFileError
        If the file is no workbook.
    """
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True)
        names = [str(name) for name in book.sheetnames]
        book.close()
    except Exception:  # openpyxl raises whatever its parsers raise  # noqa: BLE001
        raise _not_a_workbook() from None
    return names


def _not_a_workbook() -> UnreadableFileError:
    return UnreadableFileError(
        "not a readable workbook", "open it in a spreadsheet and save it again as .xlsx"
    )


def _read_csv(path: Path, _sheet: str | None) -> RawTable:
    text = _decode(path.read_bytes())
    return _from_lines(_split(text))


def _decode(content: bytes) -> str:
    if content.startswith(b"PK\x03\x04"):
        raise UnreadableFileError(
            "a workbook with the name of a CSV file", "rename it to .xlsx, or " + CSV_UTF8
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content[:4096]:
        raise UnreadableFileError("not UTF-8", CSV_UTF8)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableFileError("not UTF-8", CSV_UTF8) from None


def _split(text: str) -> list[list[str]]:
    head = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=head.count)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise UnreadableFileError(
            "a quotation mark is not closed or stands in the wrong place",
            "export the table again, or " + CSV_UTF8,
        ) from None


def _from_lines(lines: Sequence[Sequence[str | None]]) -> RawTable:
    start = next((place for place, line in enumerate(lines) if _is_filled(line)), None)
    if start is None:
        raise UnreadableFileError("empty file", "fill it, or delete it if there is no such table")
    headers = [cell or "" for cell in lines[start]]
    while headers and not headers[-1].strip():
        headers.pop()
    body = lines[start + 1 :]
    width = max((len(line) for line in body), default=0)
    headers += [""] * (width - len(headers))
    columns: list[Sequence[str | None]] = list(zip_longest(*body)) if body else []
    columns += [()] * (len(headers) - len(columns)) if not body else []
    columns += [(None,) * len(body)] * (len(headers) - len(columns))
    rows = np.arange(len(body), dtype=np.intp) + start + HEADER_ROW + 1
    return raw_table(headers, columns, rows)


def _is_filled(line: Iterable[str | None]) -> bool:
    return any(cell and cell.strip() for cell in line)


def _read_workbook(path: Path, sheet: str | None) -> RawTable:
    names = sheet_names(path)
    if sheet is None and len(names) > 1:
        raise UnreadableFileError(
            "a workbook of several sheets", "name one under `sheet` in council.yml"
        )
    if sheet is not None and sheet not in names:
        raise UnreadableFileError(
            "missing sheet", "name the sheet of the workbook under `sheet` in council.yml"
        )
    return _from_lines(_sheet_lines(path, sheet or names[0]))


def _sheet_lines(path: Path, sheet: str) -> list[list[str | None]]:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
            page = book[sheet]
            page.reset_dimensions()
            lines = [[cell_text(cell) for cell in row] for row in page.iter_rows(values_only=True)]
            book.close()
    except Exception:  # openpyxl raises whatever its parsers raise  # noqa: BLE001
        raise _not_a_workbook() from None
    return lines


def cell_text(value: object) -> str | None:
    """Write a typed cell as the text a CSV file would hold.

    Parameters
    ----------
    value : object
        A cell of a workbook or of a Parquet file.

    Returns
    -------
    str or None
        Dates as ISO, whole numbers without a point, truth values as words.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, datetime):
        return value.date().isoformat() if _is_midnight(value) else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | np.floating):
        return _number_text(float(value))
    return str(value)


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)


def _number_text(value: float) -> str | None:
    if np.isnan(value):
        return None
    return str(int(value)) if value.is_integer() else repr(value)


def _read_parquet(path: Path, _sheet: str | None) -> RawTable:
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except Exception:  # pyarrow raises whatever its readers raise  # noqa: BLE001
        raise UnreadableFileError(
            "not a readable Parquet file", "write the file again, or " + CSV_UTF8
        ) from None
    if frame.shape[1] == 0:
        raise UnreadableFileError("empty file", "fill it, or delete it if there is no such table")
    columns = [_series_text(frame.iloc[:, place]) for place in range(frame.shape[1])]
    rows = np.arange(len(frame), dtype=np.intp) + HEADER_ROW + 1
    return raw_table([str(name) for name in frame.columns], columns, rows)


def _series_text(series: "pd.Series[Any]") -> Sequence[str | None]:
    if series.dtype == object:
        return [cell_text(cell) for cell in series]
    codes, values = pd.factorize(series)
    texts = np.array([*(cell_text(value) for value in values), None], dtype=object)
    spread: list[str | None] = texts[codes].tolist()
    return spread


_READERS: Final = MappingProxyType[str, Callable[[Path, str | None], RawTable]](
    {".csv": _read_csv, ".txt": _read_csv, ".parquet": _read_parquet, ".xlsx": _read_workbook}
)
