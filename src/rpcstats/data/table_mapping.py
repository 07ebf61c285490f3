"""How a council names its tables, columns and codes: the `tables` entry of council.yml."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from rpcstats.data.records import Field, check_record, did_you_mean
from rpcstats.data.schema import Column, TableSchema
from rpcstats.data.tables import TABLES

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_FIELDS: Final[Mapping[str, Field]] = MappingProxyType(
    {
        "file": Field((str, type(None)), default=None),
        "sheet": Field((str, type(None)), default=None),
        "columns": Field((dict, type(None)), default=None),
        "codes": Field((dict, type(None)), default=None),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class TableMapping:
    """How a council names one of its tables.

    Attributes
    ----------
    file, sheet : str or None
        File in the folder, and sheet of a workbook; None for our own names.
    columns : mapping of str to str
        Our column names to theirs.
    codes : mapping of str to mapping
        For each of our columns, their codes to ours; None stands for an empty cell.
    """

    file: str | None = None
    sheet: str | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    codes: Mapping[str, Mapping[str, str | None]] = field(default_factory=lambda: _NOTHING)


def read_table_mappings(given: object) -> tuple[dict[str, TableMapping], list[str]]:
    """Check the `tables` entry of a council file.

    Parameters
    ----------
    given : object
        What the YAML holds.

    Returns
    -------
    mappings : dict of str to TableMapping
        One for each of our tables that is named.
    faults : list of str
        One sentence a fault.
    """
    if not isinstance(given, dict):
        return {}, ["write a mapping of our table names"]
    mappings: dict[str, TableMapping] = {}
    faults: list[str] = []
    for name, entry in given.items():
        if name not in TABLES:
            faults.append(f"unknown table `{name}`{did_you_mean(str(name), TABLES)}")
            continue
        record, wrong = check_record({} if entry is None else entry, _FIELDS)
        if not wrong:
            mappings[name], wrong = _make_mapping(TABLES[name], record)
        faults += [f"{name}: {text}" for text in wrong]
    return mappings, faults


def is_inside(name: str) -> bool:
    """Tell whether a file name stays inside the council's folder.

    Parameters
    ----------
    name : str
        File name as written in council.yml.

    Returns
    -------
    bool
        False for an absolute name, or one that climbs out.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    return not path.is_absolute() and ".." not in path.parts and ":" not in name


def _make_mapping(table: TableSchema, record: dict[str, Any]) -> tuple[TableMapping, list[str]]:
    columns, faults = _read_columns(table, record["columns"] or {})
    codes: dict[str, Mapping[str, str | None]] = {}
    for name, entry in (record["codes"] or {}).items():
        if not table.has(str(name)):
            known = did_you_mean(str(name), table.names())
            faults.append(f"codes: unknown column `{name}`{known}")
            continue
        codes[name], wrong = _read_codes(table.column(name), entry)
        faults += [f"codes.{name}: {text}" for text in wrong]
    if record["file"] is not None and not is_inside(record["file"]):
        faults.append("`file` must lie in the council's folder")
    mapping = TableMapping(
        record["file"], record["sheet"], MappingProxyType(columns), MappingProxyType(codes)
    )
    return mapping, faults


def _read_columns(table: TableSchema, given: dict[Any, Any]) -> tuple[dict[str, str], list[str]]:
    columns: dict[str, str] = {}
    faults: list[str] = []
    for ours, theirs in given.items():
        if not table.has(str(ours)):
            known = did_you_mean(str(ours), table.names())
            faults.append(f"columns: unknown column `{ours}`{known}")
        elif isinstance(theirs, dict | list) or theirs is None:
            faults.append(f"columns.{ours}: write the name of the council's column")
        elif str(theirs) in columns.values():
            faults.append(f"columns.{ours}: the same column is named twice")
        else:
            columns[ours] = str(theirs)
    return columns, faults


def _read_codes(column: Column, given: object) -> tuple[Mapping[str, str | None], list[str]]:
    if column.kind != "code":
        return _NOTHING, ["the column holds no codes: delete the entry"]
    if not isinstance(given, dict):
        return _NOTHING, ["write a mapping of the council's codes to ours"]
    codes = {_their_code(theirs): _our_code(ours) for theirs, ours in given.items()}
    unknown = sum(code not in column.codes for code in codes.values() if code and column.codes)
    if unknown:
        known = ", ".join(column.codes)
        return _NOTHING, [f"{unknown} of the right-hand sides is none of {known}: theirs: ours"]
    return MappingProxyType(codes), []


def _their_code(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _our_code(value: object) -> str | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if value is None else str(value)
