"""Drafts of printed figures, as people keep them: each cell read as the text that is shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from rpcstats.data.plain_yaml import load_yaml_texts
from rpcstats.data.reading import cell_text
from rpcstats.errors import SchemaError
from rpcstats.published.facts import FACT_COLUMNS, Fact
from rpcstats.published.headings import NEEDED, OPTIONAL, PERCENT, columns_of, repeated
from rpcstats.published.sheets import HEADING_ROWS, Lines, csv_tables, unreadable, workbook_tables

SUFFIXES: Final = (".csv", ".tsv", ".txt", ".xlsx", ".yml", ".yaml")

_TOO_LONG: Final = "the row has more cells than the heading: put a value with a comma in quotes"


@dataclass(frozen=True, slots=True)
class Draft:
    """Figures as they were given, before anything is checked.

    Attributes
    ----------
    rows : tuple of dict
        Texts by column of facts.
    places : tuple of str
        Where each stands, such as "row 5".
    faults : tuple of str
        What was left out, a line each.
    """

    rows: tuple[Fact, ...]
    places: tuple[str, ...]
    faults: tuple[str, ...] = ()


def read_draft(path: Path) -> Draft:
    """Read a table of printed figures, every cell as the text that is shown.

    Parameters
    ----------
    path : Path
        A CSV, XLSX or YAML file (a list of mappings), or a folder with `facts.csv`.

    Returns
    -------
    Draft
        Its figures.

    Raises
    ------
    SchemaError
        If the file is not there, is of another kind, is empty, or lacks `measure` or `value`.
    """
    found = path / "facts.csv" if path.is_dir() else path
    if not found.is_file():
        raise SchemaError("The figures can't be read", [f"{found.name} is not there"])
    suffix = found.suffix.casefold()
    if suffix not in SUFFIXES:
        raise SchemaError("The figures can't be read", [f"give one of {', '.join(SUFFIXES)}"])
    if not found.stat().st_size:
        raise SchemaError(f"{found.name} can't be read", ["it is empty"])
    if suffix in (".yml", ".yaml"):
        return _from_yaml(found)
    return _from_tables(workbook_tables(found) if suffix == ".xlsx" else csv_tables(found), found)


def draft_of(frame: pd.DataFrame) -> Draft:
    """Take the figures of a frame.

    Parameters
    ----------
    frame : DataFrame
        One row a figure; numbers are written without decimals of nought.

    Returns
    -------
    Draft
        Its figures, the first in row 2, as under a heading.

    Raises
    ------
    SchemaError
        If a column is missing or there is no row.
    """
    cells = [[cell_text(cell) or "" for cell in frame.iloc[:, i]] for i in range(frame.shape[1])]
    body = [list(row) for row in zip(*cells, strict=True)]
    return _from_lines([[str(name) for name in frame], *body], 0, "The table")


def _from_tables(tables: Iterable[Lines], path: Path) -> Draft:
    """Read the first table that has the needed columns."""
    first: Lines = []
    for lines in tables:
        start = _heading(lines)
        if start is not None:
            return _from_lines(lines, start, path.name)
        first = first or lines
    filled = next((i for i, line in enumerate(first) if any(map(str.strip, line))), None)
    if filled is None:
        raise SchemaError(f"{path.name} can't be read", ["it is empty"])
    return _from_lines(first, filled, path.name)


def _heading(lines: Lines) -> int | None:
    for i, line in enumerate(lines[:HEADING_ROWS]):
        if not _missing(columns_of(line)):
            return i
    return None


def _missing(columns: Sequence[str]) -> list[str]:
    given = {"value" if name == PERCENT else name for name in columns}
    return [name for name in NEEDED if name not in given]


def _from_lines(lines: Lines, start: int, name: str) -> Draft:
    headings = lines[start]
    columns = columns_of(headings)
    missing = _missing(columns)
    if missing:
        faults = [f"column {column} is missing" for column in missing]
        raise SchemaError(f"{name} is no table of figures", faults)
    faults = _about_columns(headings, columns)
    rows, places = [], []
    for number, line in enumerate(lines[start + 1 :], start=start + 2):
        filled = [text for text in line if text and not text.isspace()]
        if any(line[len(columns) :]) and any(map(str.strip, line[len(columns) :])):
            faults.append(f"a figure (row {number}): {_TOO_LONG}")
        elif filled:
            row = {name: text for name, text in zip(columns, line, strict=False) if name}
            rows.append(_with_percent(row))
            places.append(f"row {number}")
    if not rows and not faults:
        raise SchemaError(f"{name} is no table of figures", ["it has no rows"])
    return Draft(tuple(rows), tuple(places), tuple(faults))


def _about_columns(headings: Sequence[str], columns: Sequence[str]) -> list[str]:
    again = repeated(headings)
    named = [text for text in headings if text.strip()]
    unknown = len(named) - sum(1 for name in columns if name) - again
    known = ", ".join((*FACT_COLUMNS, *OPTIONAL))
    faults = []
    if again:
        faults.append(
            f"{_columns(again, 'repeated')} left out: give each column a heading of its own"
        )
    if unknown:
        faults.append(f"{_columns(unknown, 'unknown')} left out; keep to {known}")
    return faults


def _columns(n: int, kind: str) -> str:
    return f"1 {kind} column was" if n == 1 else f"{n} {kind} columns were"


def _with_percent(row: Fact) -> Fact:
    """Put the sign behind a figure whose heading alone says that it is a percentage."""
    if PERCENT not in row:
        return row
    value = row.pop(PERCENT).strip()
    is_bare = bool(value) and "%" not in value and not row.get("unit", "").strip()
    return row | {"value": f"{value}%" if is_bare else value}


def _from_yaml(path: Path) -> Draft:
    try:
        given = load_yaml_texts(path.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise unreadable(path.name) from None
    except ValueError as error:
        raise SchemaError(f"{path.name} can't be read", [str(error)]) from None
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise SchemaError(f"{path.name} is no table of figures", ["write a list of mappings"])
    entries = [_with_known_names(entry) for entry in given]
    headings = list(dict.fromkeys(key for entry in entries for key in entry))
    body = [[entry.get(key, "") for key in headings] for entry in entries]
    draft = _from_lines([headings, *body], 0, path.name)
    places = tuple(f"entry {int(place.removeprefix('row ')) - 1}" for place in draft.places)
    return Draft(draft.rows, places, draft.faults)


def _with_known_names(entry: dict[object, object]) -> Fact:
    """Name the fields of one entry as columns of facts are named."""
    keys = [str(key) for key in entry]
    names = columns_of(keys)
    return {
        name or key: _scalar(value)
        for key, name, value in zip(keys, names, entry.values(), strict=True)
    }


def _scalar(value: object) -> str:
    """Give a text; of a list or a mapping something that is no figure and quotes nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else "a list"
