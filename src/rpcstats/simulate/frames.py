"""Columns as typed frames of the schema, and frames as CSV text that is always the same."""

import csv
import io
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.data.registries import instruments
from rpcstats.data.schema import Column
from rpcstats.data.tables import TABLES

ROW_ORDER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "referrals": ("referred_on", "referral_id"),
        "episodes": ("enrolled_on", "episode_id"),
        "sessions": ("episode_id", "session_no"),
        "scores": ("subject_id", "rated_on", "occasion", "item"),
        "groups": ("starts_on", "group_id"),
        "practitioners": ("practitioner_id",),
        "areas": ("area_id",),
    }
)
"""Columns each table is sorted by."""


def typed_frame(
    table: str, blocks: Sequence[Mapping[str, Any]], programmes: Sequence[str]
) -> pd.DataFrame:
    """Put blocks of columns below each other, with the types of the schema.

    Parameters
    ----------
    table : str
        Name of the table.
    blocks : sequence of mapping
        Columns, the same in each.
    programmes : sequence of str
        Programmes of the council, the codes of the column of that name.

    Returns
    -------
    DataFrame
        Sorted; an optional column without any value is left out.
    """
    columns: dict[str, Any] = {}
    for column in TABLES[table].columns:
        if column.name in blocks[0]:
            values = np.concatenate([np.asarray(block[column.name]) for block in blocks])
            if not (column.nullable and pd.isna(values).all()):
                columns[column.name] = values
    order = _row_order(table, columns)
    schema = TABLES[table]
    return pd.DataFrame(
        {
            name: _typed(schema.column(name), values[order], tuple(programmes))
            for name, values in columns.items()
        }
    )


def _row_order(table: str, columns: Mapping[str, Any]) -> NDArray[np.intp]:
    keys = []
    for name in reversed(ROW_ORDER[table]):
        values = columns[name]
        if name == "occasion":
            places = {code: place for place, code in enumerate(TABLES[table].column(name).codes)}
            values = np.array([places[code] for code in values.tolist()], dtype=np.int64)
        keys.append(values.astype("U") if values.dtype == np.object_ else values)
    return np.lexsort(keys)


def _typed(column: Column, values: Any, programmes: tuple[str, ...]) -> Any:
    if column.kind == "code":
        kind, places = _code_type(column, programmes)
        codes = np.array([places[value] for value in values.tolist()], dtype=np.int64)
        return pd.Categorical.from_codes(codes, dtype=kind)
    if column.kind == "date":
        return values.astype("datetime64[ns]")
    if column.kind == "integer":
        return pd.array(values.tolist(), dtype="Int64" if column.nullable else "int64")
    return values if column.kind == "number" else values.tolist()


@cache
def _code_type(
    column: Column, programmes: tuple[str, ...]
) -> tuple[pd.CategoricalDtype, Mapping[str | None, int]]:
    registries = {"programmes": programmes, "instruments": tuple(instruments())}
    codes = registries[column.registry] if column.registry else column.codes
    places: dict[str | None, int] = {code: place for place, code in enumerate(codes)}
    return pd.CategoricalDtype(list(codes)), MappingProxyType(places | {None: -1})


def csv_text(frame: pd.DataFrame) -> str:
    """Write a frame as CSV, without help from any library's defaults.

    Parameters
    ----------
    frame : DataFrame
        A typed table.

    Returns
    -------
    str
        ISO dates, whole numbers without a point, empty cells for what is missing, lines
        that end in a line feed.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(frame.columns)
    writer.writerows(zip(*(_cells(frame[name]) for name in frame.columns), strict=True))
    return text.getvalue()


def _cells(values: pd.Series) -> list[str]:
    missing = values.isna().tolist()
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        texts = np.datetime_as_string(values.to_numpy().astype("datetime64[D]")).tolist()
    elif pd.api.types.is_float_dtype(values.dtype):
        texts = [format(value, ".10g") for value in values.tolist()]
    else:
        texts = [str(value) for value in values.astype("object").tolist()]
    return ["" if gone else text for gone, text in zip(missing, texts, strict=True)]
