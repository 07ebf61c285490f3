"""Long frames of stretches of time: read whole, checked, and given back in pieces."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, ParameterError
from rpcstats.formula.column_kinds import is_real
from rpcstats.formula.columns import whole_frame
from rpcstats.tables.summary import counted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Spells(NamedTuple):
    """A whole frame with its times.

    Attributes
    ----------
    frame : pandas.DataFrame
        All columns, fresh index.
    entry, time : ndarray of shape (n,)
        Beginning and end of each row, NaN where missing.
    known : ndarray of shape (n,), bool
        Whether both are there.
    """

    frame: pd.DataFrame
    entry: FloatArray
    time: FloatArray
    known: BoolArray


def read_spells(data: Any, *, entry: str | None, time: str, needed: Sequence[str]) -> Spells:
    """Read a frame of stretches of time and check their order.

    Parameters
    ----------
    data : frame
        pandas, or any frame narwhals reads.
    entry : str or None
        Column of the beginnings; None if all begin at 0.
    time : str
        Column of the ends.
    needed : sequence of str
        Other columns that have to be there.

    Returns
    -------
    Spells
        The frame and its times.

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If times are no numbers, infinite, negative, or a row ends before it begins.
    """
    named = (time,) if entry is None else (entry, time)
    frame = whole_frame(data, (*named, *needed))
    end = numbers(frame[time], time)
    begin = np.zeros(len(end)) if entry is None else numbers(frame[entry], entry)
    known = ~(np.isnan(begin) | np.isnan(end))
    backwards = int((begin[known] >= end[known]).sum())
    if backwards:
        raise DataError(
            f"{counted(backwards, 'row')} must end after the time of entry: each needs "
            f"{entry or '0'} < {time}."
        )
    return Spells(frame, begin, end, known)


def numbers(values: pd.Series, name: str) -> FloatArray:
    """Read times as floats.

    Parameters
    ----------
    values : pandas.Series
        The column.
    name : str
        Its name, for the message.

    Returns
    -------
    ndarray of shape (n,)
        0 or more, NaN where missing.

    Raises
    ------
    DataError
        If they are no numbers, infinite, or negative.
    """
    if not is_real(values) or pd.api.types.is_bool_dtype(values.dtype):
        raise DataError(f'The column "{name}" must hold numbers: count days or sessions first.')
    found = values.to_numpy(dtype=np.float64, na_value=np.nan)
    faults = []
    if np.isinf(found).any():
        faults.append(f"infinite in {counted(int(np.isinf(found).sum()), 'row')}")
    if (found < 0).any():
        faults.append(f"negative in {counted(int((found < 0).sum()), 'row')}")
    if faults:
        raise DataError(
            f'The column "{name}" is {" and ".join(faults)}: give finite times of 0 or more.'
        )
    return found


def censored_value(values: pd.Series, censored: object | None) -> object:
    """Tell what the event column holds where nothing happened.

    Parameters
    ----------
    values : pandas.Series
        The event column.
    censored : object or None
        What the user says.

    Returns
    -------
    object
        False, 0, the first category, or what the user says.

    Raises
    ------
    ParameterError
        If it can't be told.
    """
    if censored is not None:
        if pd.api.types.is_scalar(censored):
            return censored
        raise ParameterError("censored is no single value", ["give one, as in censored=0"])
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.categories[0]
    if pd.api.types.is_bool_dtype(values.dtype):
        return False
    if pd.api.types.is_numeric_dtype(values.dtype):
        return 0
    raise ParameterError(
        "The event column holds texts",
        ["say by censored= which value means that nothing happened, or declare categories"],
    )


def in_pieces(
    spells: Spells,
    row: IntArray,
    begin: FloatArray,
    end: FloatArray,
    *,
    names: tuple[str, str, str],
    nothing: object,
) -> pd.DataFrame:
    """Give a frame with rows cut into pieces.

    Parameters
    ----------
    spells : Spells
        The whole rows.
    row : ndarray of shape (k,), int
        Row of each piece, the pieces of a row next to each other.
    begin, end : ndarray of shape (k,)
        Times of each piece.
    names : tuple of str
        Columns of entry, time and event; entry is added where there was none.
    nothing : object
        What the event column holds in all but the last piece.

    Returns
    -------
    pandas.DataFrame
        Fresh index; columns keep their kind where the values allow it.
    """
    entry, time, event = names
    frame = spells.frame.take(row).reset_index(drop=True)
    if entry not in frame.columns:
        frame.insert(list(frame.columns).index(time), entry, 0.0)
    cut = np.append(row[1:] == row[:-1], False)
    for name, values in ((entry, begin), (time, end)):
        whole = pd.api.types.is_integer_dtype(frame[name].dtype)
        frame[name] = _whole_numbers(values) if whole else values
    if cut.any():
        frame[event] = frame[event].mask(cut, nothing)
    return frame


def _whole_numbers(values: FloatArray) -> NDArray[Any]:
    return values.astype(np.int64) if (values == np.round(values)).all() else values
