"""Loading of one table: read, match, refuse personal data, parse."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import pandas as pd

from rpcstats.data.faults import Fault, fault_in_rows, file_fault
from rpcstats.data.mapping import MatchedTable, match_columns, suggest_columns
from rpcstats.data.parsing import Reader
from rpcstats.data.personal import refuse_personal
from rpcstats.data.personal_headers import is_safe, label_of
from rpcstats.data.raw import RawTable
from rpcstats.data.schema import TableSchema

_MOST_MISSING: Final = 0.5


def load_table(
    table: TableSchema, raw: RawTable, reader: Reader
) -> tuple[pd.DataFrame, list[Fault]]:
    """Load one table of an extract.

    Parameters
    ----------
    table : TableSchema
        What the table should be.
    raw : RawTable
        What its file holds.
    reader : Reader
        Reads its columns.

    Returns
    -------
    frame : DataFrame
        Typed columns in our order; the index is the row number of the spreadsheet.
    faults : list of Fault
        Every fault of the table by itself.
    """
    mapping = reader.council.mapping(table.name)
    matched, faults = match_columns(table, raw, mapping)
    faults += _missing_columns(table, matched, mapping.columns)
    if raw.rows.size == 0:
        hint = "fill it, or delete it if there is no such table"
        faults.append(file_fault(table.name, "no row below the header", hint))
    personal = refuse_personal(table, matched, raw.rows, mapping, reader.council.period_start)
    faults += personal + _ignored_columns(table, matched, personal)
    series: dict[str, pd.Series[Any]] = {}
    for column in table.columns:
        if column.name in matched.columns:
            series[column.name], wrong = reader.read(column, matched.columns[column.name])
            faults += wrong
    frame = pd.DataFrame(series, index=pd.Index(raw.rows))
    return frame, faults + _duplicates(table, frame)


def _missing_columns(
    table: TableSchema, matched: MatchedTable, named: Collection[str]
) -> list[Fault]:
    required = [column.name for column in table.columns if column.required]
    missing = [name for name in required if name not in matched.columns]
    lost = len(missing) > _MOST_MISSING * len(required)
    doubt = " (is the first row of the file its header?)" if lost else ""
    free = [column.header for column in matched.ignored if is_safe(column.header)]
    near = suggest_columns(free, table)
    faults = []
    for name in missing:
        if name in named:
            continue
        path = f"tables.{table.name}.columns.{name}"
        guess = f"did you mean `{near[name]}`? " if name in near else ""
        hint = f"{guess}name the council's column under {path} in council.yml{doubt}"
        faults.append(file_fault(table.name, "missing column", hint, name))
    return faults


def _ignored_columns(
    table: TableSchema, matched: MatchedTable, personal: Sequence[Fault]
) -> list[Fault]:
    refused = {fault.column for fault in personal}
    optional = [column.name for column in table.columns if column.name not in matched.columns]
    faults = []
    for raw in matched.ignored:
        label = label_of(raw)
        if label in refused or raw.letter in refused:
            continue
        guess = suggest_columns([raw.header], table) if is_safe(raw.header) else {}
        near = next((name for name in guess if name in optional), None)
        hint = f"map it to {near} in council.yml, or delete it" if near else "it is not read"
        rule = "ignored column" if raw.header else "ignored column without a header"
        faults.append(Fault(table.name, label, rule, 1, (), hint, "warning"))
    return faults


def _duplicates(table: TableSchema, frame: pd.DataFrame) -> list[Fault]:
    key = [name for name in table.key if name in frame or table.column(name).required]
    if not set(key) <= set(frame.columns):
        return []
    required = [name for name in key if not table.column(name).nullable]
    whole = frame[required].notna().all(axis=1)
    twice = frame[whole].duplicated(key, keep="first")
    if not twice.any():
        return []
    rows = frame.index[whole].to_numpy()[twice.to_numpy()]
    rule = f"the same {' + '.join(key)} as an earlier row"
    hint = "leave one row for each"
    return [fault_in_rows((table.name, key[0]), rule, rows, hint)]
