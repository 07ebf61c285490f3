"""Read the columns a chart needs, and say which are missing."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from rpcstats._vocabulary import STATUS
from rpcstats._wording import WITHHELD
from rpcstats.errors import DataError
from rpcstats.figures.placement import FloatArray


def require(frame: pd.DataFrame, columns: Sequence[str], *, chart: str) -> None:
    """Refuse a frame without the columns a chart needs.

    Parameters
    ----------
    frame : pandas.DataFrame
        The frame to draw.
    columns : sequence of str
        What the chart reads.
    chart : str
        Name of the function, for the message.

    Raises
    ------
    DataError
        If columns are missing, or there is no row.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise DataError(
            f"{chart} needs the columns {', '.join(columns)}; the frame has no "
            f"{', '.join(missing)}. Hand it the tidy() frame of a result, or what disclose() gave."
        )
    if frame.empty:
        raise DataError(f"{chart} was given a frame without rows; there is nothing to draw.")


def floats(frame: pd.DataFrame, column: str) -> FloatArray:
    """Read a column as floats.

    Parameters
    ----------
    frame : pandas.DataFrame
        The frame.
    column : str
        A numeric column, nullable or not, or one that is not there.

    Returns
    -------
    ndarray of shape (n,)
        NaN where a value is missing.
    """
    if column not in frame.columns:
        return np.full(len(frame), np.nan)
    values = pd.to_numeric(frame[column])
    return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def texts(frame: pd.DataFrame, column: str) -> list[str]:
    """Read a column as text.

    Parameters
    ----------
    frame : pandas.DataFrame
        The frame.
    column : str
        Any column, or one that is not there.

    Returns
    -------
    list of str
        Empty where a value is missing.
    """
    if column not in frame.columns:
        return [""] * len(frame)
    return ["" if pd.isna(value) else str(value) for value in frame[column]]


def withheld_rows(frame: pd.DataFrame) -> list[bool]:
    """Tell which rows hold something that disclosure control took out.

    Parameters
    ----------
    frame : pandas.DataFrame
        The frame.

    Returns
    -------
    list of bool
        False everywhere if the frame has no `status` column.
    """
    return [status == WITHHELD for status in texts(frame, STATUS)]
