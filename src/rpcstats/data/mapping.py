"""Matching of a council's own headers and codes with ours."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from rpcstats.data.faults import Fault, file_fault
from rpcstats.data.raw import RawColumn, RawTable
from rpcstats.data.schema import TableSchema
from rpcstats.data.table_mapping import TableMapping

_DASHES: Final = re.compile(r"[\s\-\u2010-\u2015_/&,.:;'\u2019()]+")
_YES: Final = frozenset({"yes", "y", "true", "1"})
_NO: Final = frozenset({"no", "n", "false", "0"})


@dataclass(frozen=True, slots=True, eq=False)
class MatchedTable:
    """A raw table whose columns are known as ours.

    Attributes
    ----------
    columns : mapping of str to RawColumn
        Our name of each column that was found.
    ignored : tuple of RawColumn
        The others.
    """

    columns: Mapping[str, RawColumn]
    ignored: tuple[RawColumn, ...]


def plain(text: str) -> str:
    """Write a header or a code in our way: lower case, words joined by underscores.

    Parameters
    ----------
    text : str
        As the council writes it.

    Returns
    -------
    str
        The plain form.
    """
    return _DASHES.sub("_", text.casefold().replace("+", " plus")).strip("_")


def match_columns(
    table: TableSchema, raw: RawTable, mapping: TableMapping
) -> tuple[MatchedTable, list[Fault]]:
    """Find our columns among those of a file.

    Parameters
    ----------
    table : TableSchema
        The table wanted.
    raw : RawTable
        The file.
    mapping : TableMapping
        The council's own names.

    Returns
    -------
    matched : MatchedTable
        What was found, and what is left over.
    faults : list of Fault
        Columns that are missing, or there twice.
    """
    found: dict[str, RawColumn] = {}
    faults: list[Fault] = []
    taken: set[int] = set()
    for column in table.columns:
        theirs = mapping.columns.get(column.name)
        wanted = plain(theirs if theirs is not None else column.name)
        same = [entry for entry in raw.columns if plain(entry.header) == wanted]
        taken |= {entry.position for entry in same}
        if same:
            found[column.name] = same[0]
        if len(same) > 1:
            hint = "delete one of the two columns"
            faults.append(file_fault(table.name, "a column is there twice", hint, column.name))
        if theirs is not None and not same:
            hint = f"mend tables.{table.name}.columns.{column.name} in council.yml"
            rule = "the column named in council.yml is not in the file"
            faults.append(file_fault(table.name, rule, hint, column.name))
    left = tuple(entry for entry in raw.columns if entry.position not in taken)
    return MatchedTable(found, left), faults


def suggest_columns(headers: Sequence[str], table: TableSchema) -> dict[str, str]:
    """Guess which of a council's headers stand for our columns.

    Parameters
    ----------
    headers : sequence of str
        The council's headers.
    table : TableSchema
        The table wanted.

    Returns
    -------
    dict of str to str
        Our names to theirs, for headers that come near enough.
    """
    free = {plain(header): header for header in headers}
    guessed: dict[str, str] = {}
    for name in table.names():
        if name in free:
            guessed[name] = free.pop(name)
    for name in table.names():
        near = [] if name in guessed else _near(name, free)
        if near:
            guessed[name] = free.pop(near[0])
    return guessed


def _near(name: str, plains: Iterable[str]) -> list[str]:
    forms = list(plains)
    words = [word for word in name.split("_") if word not in {"on", "id", "of"}]
    shared = [form for form in forms if set(words) <= set(form.split("_"))]
    return get_close_matches(name, forms, n=1, cutoff=0.75) or shared[:1]


def resolve_codes(
    texts: Sequence[str],
    codes: Sequence[str],
    own: Mapping[str, str | None],
    names: Mapping[str, str],
) -> list[str | None]:
    """Translate a council's codes into ours.

    Parameters
    ----------
    texts : sequence of str
        The distinct codes of a column.
    codes : sequence of str
        Our codes.
    own : mapping of str to str or None
        The council's codes to ours; None stands for an empty cell.
    names : mapping of str to str
        Other names of our codes, in plain form.

    Returns
    -------
    list of str or None
        Our code for each text; ``""`` for an empty cell, None where there is none.
    """
    known = {plain(code): code for code in codes}
    mapped = {" ".join(theirs.split()).casefold(): ours for theirs, ours in own.items()}
    resolved: list[str | None] = []
    for text in texts:
        key = " ".join(text.split()).casefold()
        if key in mapped:
            resolved.append(mapped[key] or "")
        else:
            resolved.append(known.get(plain(text)) or names.get(plain(text)))
    if {"yes", "no"} <= set(codes):
        resolved = _resolve_truth(texts, resolved)
    return resolved


def _resolve_truth(texts: Sequence[str], resolved: Sequence[str | None]) -> list[str | None]:
    """Read truth values; 1 and 0 only where no other number stands beside them."""
    words = [text.casefold() for text in texts]
    open_words = {word for word, code in zip(words, resolved, strict=True) if code is None}
    usable = _YES | _NO if open_words <= _YES | _NO else (_YES | _NO) - {"0", "1"}
    return [
        ("yes" if word in _YES else "no") if code is None and word in usable else code
        for word, code in zip(words, resolved, strict=True)
    ]
