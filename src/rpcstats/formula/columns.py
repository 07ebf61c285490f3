"""The door for frames: pandas, or anything narwhals can read, to the columns a formula names."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError

# Absent columns an error names; it counts the others.
_NAMED = 4


def read_columns(data: Any, columns: Iterable[str], *, copy: bool = True) -> pd.DataFrame:
    """Take the named columns of a frame.

    Parameters
    ----------
    data : pandas.DataFrame or any frame narwhals reads
        Polars, Arrow and others included; a lazy frame has to be collected first.
    columns : iterable of str
        Columns wanted; repeats are dropped.
    copy : bool
        Whether the columns are the caller's own; else they are only to be read, before control
        goes back to whoever gave the data.

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
    wanted = _names(columns)
    if isinstance(data, pd.DataFrame):
        _refuse_absent(data, wanted)
        frame = data[wanted].reset_index(drop=True) if copy else _viewed(data, wanted)
    else:
        frame = _through_narwhals(data, wanted)
    _refuse_no_rows(frame)
    return frame


def named_columns(data: Any, columns: Iterable[str]) -> dict[str, pd.Series]:
    """Take the named columns of a frame one by one, which is faster than to make a frame of them.

    Parameters
    ----------
    data : pandas.DataFrame or any frame narwhals reads
        As in `read_columns`.
    columns : iterable of str
        Columns wanted; repeats are dropped.

    Returns
    -------
    dict
        Those columns by name, with the index they had; only to be read, before control goes back
        to whoever gave the data.

    Raises
    ------
    FormulaError
        If a column is not there; with the nearest name.
    DataError
        If `data` is no frame, or has no rows.
    """
    wanted = _names(columns)
    if isinstance(data, pd.DataFrame):
        _refuse_absent(data, wanted)
        _refuse_no_rows(data)
        return {name: data[name] for name in wanted}
    frame = _through_narwhals(data, wanted)
    _refuse_no_rows(frame)
    return {name: frame[name] for name in wanted}


def _viewed(data: pd.DataFrame, wanted: list[str]) -> pd.DataFrame:
    """Take columns as they stand; pandas copies them once or twice when it takes several."""
    frame = pd.DataFrame({name: data[name] for name in wanted}, data.index, copy=False)
    frame.index = pd.RangeIndex(len(data))
    frame.attrs = dict(data.attrs)
    return frame


def column_names(data: Any) -> list[str]:
    """List the columns of a frame.

    Parameters
    ----------
    data : pandas.DataFrame or any frame narwhals reads
        The frame.

    Returns
    -------
    list of str
        Their names.

    Raises
    ------
    DataError
        If `data` is no frame.
    """
    if isinstance(data, pd.DataFrame):
        return [str(column) for column in data.columns]
    return list(_reader(data).columns)


def _names(columns: Iterable[object]) -> list[str]:
    given = list(columns)
    names = [name for name in given if isinstance(name, str)]
    if len(names) < len(given):
        raise FormulaError('A column is named by a text: give one name, as in weights="w".')
    return list(dict.fromkeys(names))


def whole_frame(data: Any, needed: Iterable[str]) -> pd.DataFrame:
    """Read every column of a frame.

    Parameters
    ----------
    data : frame
        pandas, or any frame narwhals reads; it is not changed.
    needed : iterable of str
        Columns that have to be there.

    Returns
    -------
    pandas.DataFrame
        All columns with a fresh index.

    Raises
    ------
    FormulaError
        If a needed column is not there.
    DataError
        If `data` is no frame, or has no rows.
    """
    if isinstance(data, pd.DataFrame):
        twins = data.columns[data.columns.duplicated()]
        read_columns(data, [*needed, *twins])
        return data.reset_index(drop=True)
    names = column_names(data)
    return read_columns(data, [*needed, *names])[names]


def complete_rows(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell the rows without a missing value.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any columns.

    Returns
    -------
    ndarray of shape (n,), bool
        True where every column has a value.
    """
    complete = np.ones(len(frame), dtype=np.bool_)
    for _, column in frame.items():
        missing = missing_cells(column)
        if missing is not None:
            complete &= ~missing
    return complete


def missing_cells(column: pd.Series) -> NDArray[np.bool_] | None:
    """Tell the rows in which a column has no value.

    Parameters
    ----------
    column : pandas.Series
        Any column.

    Returns
    -------
    ndarray of shape (n,), bool, or None
        True where a value is missing; None if none is.
    """
    missing: NDArray[np.bool_]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iubf":
        values = column.to_numpy()
        # The least of numbers is NaN if one is.
        if values.dtype.kind != "f" or not len(values) or not np.isnan(values.min()):
            return None
        missing = np.isnan(values)
        return missing
    missing = column.isna().to_numpy()
    return missing if missing.any() else None


def _reader(data: Any) -> Any:
    import narwhals.stable.v1 as nw

    try:
        return nw.from_native(data, eager_or_interchange_only=True)
    except TypeError:
        raise DataError(
            "The data must be a pandas, polars or Arrow frame; collect a lazy frame first."
        ) from None


def _through_narwhals(data: Any, wanted: list[str]) -> pd.DataFrame:
    reader = _reader(data)
    _require(wanted, list(reader.columns))
    frame: pd.DataFrame = reader.select(wanted).to_pandas().reset_index(drop=True)
    return frame


def _refuse_no_rows(frame: pd.DataFrame) -> None:
    if len(frame) == 0:
        raise DataError(
            "The data have no rows: a filter took all away, or nothing was recorded by the data"
            " cut."
        )


def _refuse_absent(data: pd.DataFrame, wanted: list[str]) -> None:
    """Refuse names that no column has, or two; the index of the columns knows at once."""
    columns = data.columns
    is_text = columns.dtype == object or isinstance(columns.dtype, pd.StringDtype)
    is_plain = columns.nlevels == 1 and is_text and columns.is_unique
    if is_plain and all(name in columns for name in wanted):
        return
    _require(wanted, list(columns))
    _refuse_twins(wanted, list(columns))


def _require(wanted: list[str], present: list[Any]) -> None:
    known = set(present)
    absent = [name for name in wanted if name not in known]
    if not absent:
        return
    near = get_close_matches(absent[0], [str(column) for column in present], n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else "check the columns of the frame."
    named = ", ".join(f'"{name}"' for name in absent[1:_NAMED])
    more = f" and {len(absent) - _NAMED:,} more" if len(absent) > _NAMED else ""
    others = f" (nor {named}{more})" if named else ""
    raise FormulaError(f'There is no column "{absent[0]}"{others} in the data; {hint}')


def _refuse_twins(wanted: list[str], present: list[Any]) -> None:
    if len(set(present)) == len(present):
        return
    for name in wanted:
        if present.count(name) > 1:
            raise FormulaError(f'Two columns of the data are called "{name}": rename one.')
