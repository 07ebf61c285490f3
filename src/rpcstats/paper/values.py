"""Numbers that prose may quote: picked from a disclosed frame, formatted, filled into text."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STATUS, TOLD_HIGH, TOLD_LOW
from rpcstats._wording import NOT_ESTIMABLE, WITHHELD, told_share
from rpcstats.errors import ParameterError
from rpcstats.paper.prose import did_you_mean

if TYPE_CHECKING:
    from rpcstats.disclosure import Disclosed

ValueFormat = Literal["percent", "points", "count", "number", "p_value", "interval", "text"]


@dataclass(frozen=True, slots=True)
class Value:
    """One number and the words that print it.

    Attributes
    ----------
    number : float or None
        The number; None where it is withheld, not a number, or a text.
    text : str
        What the paper prints.
    """

    number: float | None
    text: str


def rows_of(safe: "Disclosed", frame: Literal["tidy", "glance"], *, name: str) -> pd.DataFrame:
    """Return the rows of a disclosed result, or its one-row summary.

    Parameters
    ----------
    safe : Disclosed
        The result.
    frame : {"tidy", "glance"}
        Which of the two.
    name : str
        Id of the value, for the message.

    Returns
    -------
    DataFrame
        The disclosed frame.

    Raises
    ------
    ParameterError
        If the result has no summary.
    """
    if frame == "tidy":
        return safe.frame
    glance = safe.glance
    if glance is None:
        faults = ["this result has no one-row summary; leave frame= out"]
        raise ParameterError(f"value '{name}'", faults)
    return glance


def select_row(frame: pd.DataFrame, where: Mapping[str, object], *, name: str) -> "pd.Series[Any]":
    """Return the one row of a frame that a condition names.

    Parameters
    ----------
    frame : DataFrame
        A disclosed frame.
    where : mapping of str to object
        Column to the value it must equal.
    name : str
        Id of the value, for the message.

    Returns
    -------
    Series
        The row.

    Raises
    ------
    ParameterError
        If a column is not there, or not exactly one row matches.
    """
    columns = [str(column) for column in frame.columns]
    unknown = [column for column in where if column not in columns]
    if unknown:
        faults = [f"no column '{column}'; {did_you_mean(column, columns)}" for column in unknown]
        raise ParameterError(f"value '{name}': where= does not fit the frame", faults)
    keep = pd.Series(True, index=frame.index)
    for column, wanted in where.items():
        keep &= (frame[column] == wanted).fillna(False).astype(bool)
    rows = frame[keep.to_numpy()]
    if len(rows) != 1:
        raise ParameterError(
            f"value '{name}': where= must pick exactly one row, it picks {len(rows)}",
            [f"columns to choose by: {', '.join(columns)}"],
        )
    return rows.iloc[0]


def read_value(
    row: "pd.Series[Any]",
    column: str,
    form: ValueFormat,
    *,
    name: str,
    partly: bool,
    scale: Literal["percent", "number"],
    conf_level: float,
) -> Value:
    """Read one cell of a row and print it.

    Parameters
    ----------
    row : Series
        A row of a disclosed frame.
    column : str
        The column to read; for ``interval``, the estimate.
    form : str
        How to print it. A percentage of rounded counts is printed as the range they leave open.
    name : str
        Id of the value, for messages.
    partly : bool
        Whether something of the frame was withheld, for frames without a status column.
    scale : {"percent", "number"}
        Scale of an interval.
    conf_level : float
        Level named in an interval.

    Returns
    -------
    Value
        The number and its text.

    Raises
    ------
    ParameterError
        If the frame has no such column.
    """
    needed = [column, CONF_LOW, CONF_HIGH] if form == "interval" else [column]
    index = [str(label) for label in row.index]
    absent = [label for label in needed if label not in index]
    if absent:
        faults = [f"no column '{label}'; {did_you_mean(label, index)}" for label in absent]
        raise ParameterError(f"value '{name}': the frame lacks what it needs", faults)
    status = row.get(STATUS)
    hidden = status == WITHHELD if isinstance(status, str) else partly
    missing = WITHHELD if hidden else NOT_ESTIMABLE
    cell = row[column]
    if bool(pd.isna(cell)):
        return Value(None, missing)
    if form == "text":
        return Value(None, str(cell))
    number = float(cell)
    kept = number if math.isfinite(number) else None
    if form == "interval":
        return Value(kept, _interval(row, column, scale, conf_level, missing))
    if form == "percent" and column == ESTIMATE:
        return Value(kept, _share(row))
    return Value(kept, formatter(form, [number])(number))


def _share(row: "pd.Series[Any]") -> str:
    """Print a share, or the range that its rounded counts leave open."""
    least, most = (float(row.get(label, math.nan)) for label in (TOLD_LOW, TOLD_HIGH))
    return told_share(float(row[ESTIMATE]), least, most)


def _stepped(row: "pd.Series[Any]", text: str) -> str:
    """Print the range of an estimate that was rounded to a step; its text if it was not."""
    ends = [float(row.get(label, math.nan)) for label in (TOLD_LOW, TOLD_HIGH)]
    if not ends[0] < ends[1]:
        return text
    form = formatter("number", ends)
    return f"{form(ends[0])} to {form(ends[1])}"


def _interval(
    row: "pd.Series[Any]",
    column: str,
    scale: Literal["percent", "number"],
    conf_level: float,
    missing: str,
) -> str:
    estimate, low, high = (float(row[label]) for label in (column, CONF_LOW, CONF_HIGH))
    form = formatter(scale, (estimate, low, high))
    text = form(estimate)
    if column == ESTIMATE:
        text = _share(row) if scale == "percent" else _stepped(row, text)
    if math.isnan(low) or math.isnan(high):
        return f"{text} (interval {missing})"
    return f"{text} ({100 * conf_level:g}% interval {form(low)} to {form(high)})"


def formatter(
    form: Literal["percent", "points", "count", "number", "p_value"], values: Iterable[float]
) -> Callable[[float], str]:
    """Return the function of the tables room that prints a number.

    Parameters
    ----------
    form : {"percent", "points", "count", "number", "p_value"}
        How to print.
    values : iterable of float
        What is printed together; plain numbers get the decimals that these need.

    Returns
    -------
    callable
        Number to text.
    """
    from rpcstats import tables

    if form == "number":
        return partial(tables.number, decimals=tables.decimals_for(values))
    chosen: Callable[[float], str] = getattr(tables, form)
    return chosen
