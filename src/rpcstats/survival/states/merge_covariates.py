"""Covariates that change over time, merged into rows of follow-up."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_names, as_word
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula.column_kinds import is_real
from rpcstats.survival.states._places import latest
from rpcstats.survival.states.change_table import ChangeTable, change_table
from rpcstats.survival.states.spells import Spells, censored_value, in_pieces

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def merge_covariates(
    spells: Any,
    changes: Any,
    *,
    id: str,
    changed_at: str,
    covariates: Sequence[str] = (),
    cumulative: Sequence[str] = (),
    events: Sequence[str] = (),
    entry: str | None = None,
    time: str = "time",
    event: str = "event",
    initial: Mapping[str, Any] | None = None,
    delay: float = 0.0,
    censored: object | None = None,
) -> pd.DataFrame:
    """Cut follow-up where measurements change, and give each piece the value that held in it.

    Parameters
    ----------
    spells : frame
        Follow-up, one row or more a person; pandas, or any frame narwhals reads. Not changed.
    changes : frame
        A row a measurement: the person, its time from 0 up, and values.
    id : str
        Column of both that tells the persons.
    changed_at : str
        Column of `changes` with the times.
    covariates : sequence of str
        Columns of `changes` that hold until the next value. A value at t counts after t: what
        is measured at the time of an event does not explain it. Gaps are passed over.
    cumulative : sequence of str
        Columns of `changes` that add up.
    events : sequence of str
        Columns of `changes` that happen at their time: the piece that ends there gets the
        value, all others 0, False, or the first category: texts have to declare one.
    entry : str, optional
        Column of `spells` with the beginnings; if not given everybody enters at 0 and a column
        "entry" is added.
    time, event : str
        Columns of `spells` with the ends and what happened there.
    initial : mapping of str to object, optional
        Values before the first change; a column of that name in `spells` is used if there is
        one, else the value is missing.
    delay : float
        Time until a change after entry takes hold; not together with events.
    censored : object, optional
        What the event column holds where nothing happened; 0, False or the first category if
        not given.

    Returns
    -------
    pandas.DataFrame
        Start-stop rows by person and time; rows with a missing time are left out. Changes of
        persons without follow-up, in gaps and after the end, add no row (`count_changes`
        tells how many there are).

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If a time is negative or no number, rows of one id overlap, an id is missing, or a column
        of `events` holds texts.
    ParameterError
        If no column is named, one is named twice, or a new one is in the way.
    """
    covariates = as_names("covariates", covariates)
    cumulative, events = as_names("cumulative", cumulative), as_names("events", events)
    start = _starting(initial)
    if not as_word(event):
        raise ParameterError("event is no name", ['give a text, as in event="event"'])
    columns = (*covariates, *cumulative, *events)
    table = change_table(
        spells,
        changes,
        id=id,
        changed_at=changed_at,
        columns=columns,
        entry=entry,
        time=time,
        event=event,
        delay=delay,
    )
    _refuse_columns(table.spells, entry, events, delay)
    nothing = censored_value(table.spells.frame[event], censored)
    row, begin, end = _pieces(table, table.values[list(columns)].notna().any(axis=1).to_numpy())
    frame = in_pieces(
        table.spells, row, begin, end, names=(entry or "entry", time, event), nothing=nothing
    )
    person = table.person[row]
    for name in covariates:
        frame[name] = _held(table, name, person, begin, frame, start)
    for name in cumulative:
        frame[name] = _summed(table, name, person, begin, frame, start)
    for name in events:
        frame[name] = _happening(table, name, person, end)
    return frame


def _starting(initial: object) -> dict[str, Any]:
    if initial is not None and not isinstance(initial, Mapping):
        raise ParameterError("initial is no mapping", ['give one, as in initial={"dose": 0}'])
    return dict(initial or {})


def _refuse_columns(spells: Spells, entry: str | None, events: Sequence[str], delay: float) -> None:
    faults = [
        f'there is a column "{name}" already: rename one' for name in events if name in spells.frame
    ]
    if events and delay:
        faults.append("events happen at their own time: merge them in a call without delay")
    if entry is None and "entry" in spells.frame.columns:
        faults.append('there is a column "entry": say entry="entry", or rename it')
    if faults:
        raise ParameterError("The changes can't be merged", faults)


def _pieces(
    table: ChangeTable, has_value: NDArray[np.bool_]
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Cut rows at the changes inside them."""
    spells, person = table.spells, table.person
    inside = has_value & (table.of >= 0) & ~np.isnan(table.when)
    of, at = table.of[inside], table.when[inside]
    prior = latest(table.keys.of(person, spells.entry), person, table.keys.of(of, at), of)
    cuts = (prior >= 0) & (at > spells.entry[prior]) & (at < spells.time[prior])
    row, at = prior[cuts], at[cuts]
    fresh = np.ones(len(row), dtype=np.bool_)
    fresh[1:] = (row[1:] != row[:-1]) | (at[1:] != at[:-1])
    row = np.concatenate([np.arange(len(spells.time)), row[fresh]])
    begin = np.concatenate([spells.entry, at[fresh]])
    order = np.lexsort((begin, row))
    row, begin = row[order], begin[order]
    goes_on = np.append(row[1:] == row[:-1], False)
    end = np.where(goes_on, np.append(begin[1:], np.nan), spells.time[row])
    return row, begin, end


def _own_changes(table: ChangeTable, name: str) -> IntArray:
    there = table.values[name].notna().to_numpy() & ~np.isnan(table.when)
    return np.flatnonzero(there & (table.of >= 0))


def _latest_change(
    table: ChangeTable, places: IntArray, person: IntArray, at: FloatArray
) -> IntArray:
    of = table.of[places]
    key = table.keys.of(of, table.when[places])
    return latest(key, of, table.keys.of(person, at), person)


def _held(
    table: ChangeTable,
    name: str,
    person: IntArray,
    begin: FloatArray,
    frame: pd.DataFrame,
    initial: dict[str, Any],
) -> pd.Series:
    places = _own_changes(table, name)
    found = _latest_change(table, places, person, begin)
    values = table.values[name].iloc[places].reset_index(drop=True)
    held = values.reindex(found).reset_index(drop=True)
    return _with_initial(held, found < 0, name, frame, initial)


def _summed(
    table: ChangeTable,
    name: str,
    person: IntArray,
    begin: FloatArray,
    frame: pd.DataFrame,
    initial: dict[str, Any],
) -> pd.Series:
    if not pd.api.types.is_numeric_dtype(table.values[name].dtype):
        raise DataError(f'The column "{name}" must hold numbers to add up.')
    places = _own_changes(table, name)
    found = _latest_change(table, places, person, begin)
    values = table.values[name].iloc[places].astype(np.float64)
    total = values.groupby(table.of[places]).cumsum().reset_index(drop=True)
    sums = total.reindex(found).reset_index(drop=True)
    base = _with_initial(
        pd.Series(np.zeros(len(sums))), np.ones(len(sums), dtype=np.bool_), name, frame, initial
    ).astype(np.float64)
    return sums.where(found >= 0, base) + base.fillna(0.0).where(found >= 0, 0.0)


def _with_initial(
    held: pd.Series,
    before: NDArray[np.bool_],
    name: str,
    frame: pd.DataFrame,
    initial: dict[str, Any],
) -> pd.Series:
    if not before.any():
        return held
    if name in frame.columns:
        return held.where(~before, frame[name])
    if name not in initial:
        return held.where(~before)
    value = initial[name]
    if isinstance(held.dtype, pd.CategoricalDtype) and value not in held.cat.categories:
        held = held.cat.add_categories([value])
    return held.where(~before, value)


def _happening(
    table: ChangeTable, name: str, person: IntArray, end: FloatArray
) -> pd.Series | NDArray[Any]:
    places = _own_changes(table, name)
    found = _latest_change(table, places, person, end)
    exact = found >= 0
    exact[exact] = table.when[places][found[exact]] == end[exact]
    values = table.values[name].iloc[places].reset_index(drop=True)
    nothing = _no_event(values, name)
    result = values.reindex(np.where(exact, found, -1)).reset_index(drop=True)
    result = result.where(exact, nothing)
    return result.astype(values.dtype) if values.dtype != result.dtype else result


def _no_event(values: pd.Series, name: str) -> object:
    """Give the value of a column of events where none happens."""
    is_coded = isinstance(values.dtype, pd.CategoricalDtype)
    if is_coded or pd.api.types.is_bool_dtype(values.dtype) or is_real(values):
        return censored_value(values, None)
    raise DataError(
        f'The column "{name}" holds texts: declare categories, with the first for no event, as in '
        f'pd.Categorical(changes["{name}"], categories=["none", ...]).'
    )
