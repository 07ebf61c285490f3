"""Persons to person-sessions, for frames other than those of `followup`."""

from typing import Any

import pandas as pd

from rpcstats._numerics.arguments import as_word
from rpcstats.data.person_period import sessions_at_risk
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.formula import Surv
from rpcstats.formula.column_kinds import refuse_lists
from rpcstats.formula.columns import column_names, complete_rows, whole_frame
from rpcstats.survival.discrete.read_rows import whole_sessions
from rpcstats.tables.summary import counted


def expand_sessions(
    frame: Any,
    *,
    time: str = "time",
    event: str = "event",
    entry: str | None = None,
    id: str | None = None,
    staying: Any = 0,
    clock: str = "session",
) -> pd.DataFrame:
    """Give one row per person and session at risk.

    Parameters
    ----------
    frame : frame
        One row a person; pandas, or any frame narwhals reads.
    time, event : str
        Columns of the last session seen, and of how it ended: 0 and 1, or a cause.
    entry : str, optional
        Column of the sessions already over when the person was first seen; 0 if not given.
    id : str, optional
        Column of persons, each of whom may come once only; if not given, a column ``id`` that
        numbers the rows is added.
    staying : object
        What `event` is at all sessions but the last: 0, or the cause that means staying.
    clock : str
        Column to hold the session.

    Returns
    -------
    pandas.DataFrame
        The columns of `frame` but `time` and `entry`, and the clock, sessions `entry` + 1 to
        `time` of each person.

    Raises
    ------
    FormulaError
        If a column is not there, or the clock is there already.
    DataError
        If times are missing or no whole sessions after their entry, or a person comes twice.
    ParameterError
        If a column is not named by a text, one is named twice, or `staying` is no single value.
    """
    _check(time, event, staying, clock)
    names = column_names(frame)
    taken = [name for name in (clock, *(("id",) if id is None else ())) if name in names]
    if taken:
        raise FormulaError(
            f'The data have a column "{taken[0]}" already: name another, or drop it.'
        )
    surv = Surv(time, event, entry)
    needed = [*surv.columns, *(() if id is None else (id,))]
    rows = whole_frame(frame, needed)
    n_missing = int((~complete_rows(rows[list(surv.columns)])).sum())
    if n_missing:
        raise DataError(
            f"A time, an entry or an event is missing in {counted(n_missing, 'row')}: leave such "
            "rows out first."
        )
    if id is not None:
        refuse_lists(rows[id])
    if id is not None and rows[id].duplicated().any():
        raise DataError(f'A person of "{id}" comes more than once: give one row a person.')
    starts, ends = whole_sessions(rows, surv)
    row, session, is_last = sessions_at_risk(starts, ends)
    if id is None:
        rows.insert(0, "id", range(1, len(rows) + 1))
    long = rows.drop(columns=[time, *(() if entry is None else (entry,))])
    long = long.iloc[row].reset_index(drop=True)
    long[clock] = session
    if (
        isinstance(long[event].dtype, pd.CategoricalDtype)
        and staying not in long[event].cat.categories
    ):
        raise DataError(
            f'staying= must be one of the categories of "{event}": name the cause that means it.'
        )
    long[event] = long[event].where(is_last, staying)
    return long


def _check(time: object, event: object, staying: object, clock: object) -> None:
    given = {"time": time, "event": event, "clock": clock}
    faults = [
        f'{name} is no name: give a text, as in {name}="{name}"'
        for name, value in given.items()
        if not as_word(value)
    ]
    if not faults and time == event:
        faults.append("time and event are one column: name two")
    if not pd.api.types.is_scalar(staying):
        faults.append("staying is no single value: give one, such as 0")
    if faults:
        raise ParameterError("Sessions can't be laid out", faults)
