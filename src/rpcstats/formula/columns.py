"""The door for frames: pandas, or anything narwhals can read, to the columns a formula names."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import pandas as pd

from rpcstats.errors import DataError, FormulaError


def read_columns(data: Any, columns: Iterable[str]) -> pd.DataFrame:
    """Take the named columns of a frame.

    Parameters
    ----------
    data : pandas.DataFrame or any frame narwhals reads
        Polars, Arrow and others included; a lazy frame has to be collected first.
    columns : iterable of str
        Columns wanted; repeats are dropped.

    Returns
    -------
    pandas.DataFrame
        Those columns with a fresh index.

    Raises
    ------
    FormulaError
        If a column is not there; with the nearest name.
    DataError
        If `data` is no frame, or has no rows.
    """
    wanted = list(dict.fromkeys(columns))
    if isinstance(data, pd.DataFrame):
        _require(wanted, list(data.columns))
        frame = data[wanted].reset_index(drop=True)
    else:
        frame = _through_narwhals(data, wanted)
    if len(frame) == 0:
        raise DataError(
            "The data have no rows: nobody was followed up by the data cut, or a filter took"
            " all away."
        )
    return frame


def _through_narwhals(data: Any, wanted: list[str]) -> pd.DataFrame:
    import narwhals.stable.v1 as nw

    try:
        reader = nw.from_native(data, eager_or_interchange_only=True)
    except TypeError:
        raise DataError(
            "The data must be a pandas, polars or Arrow frame; collect a lazy frame first."
        ) from None
    _require(wanted, list(reader.columns))
    return reader.select(wanted).to_pandas().reset_index(drop=True)


def _require(wanted: list[str], present: list[Any]) -> None:
    for name in wanted:
        if name in present:
            continue
        near = get_close_matches(name, [str(column) for column in present], n=1, cutoff=0.5)
        hint = f'did you mean "{near[0]}"?' if near else "check the columns of the frame."
        raise FormulaError(f'There is no column "{name}" in the data; {hint}')
