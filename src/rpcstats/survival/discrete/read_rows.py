"""Person-sessions, or persons with their last session, to checked columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats.data.person_period import sessions_at_risk
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.formula import Formula, Surv, read_columns
from rpcstats.formula.censored import told_together
from rpcstats.formula.column_kinds import is_real, refuse_lists
from rpcstats.formula.columns import column_names, complete_rows
from rpcstats.formula.design import fixed_columns
from rpcstats.formula.pieces import plain_name
from rpcstats.formula.responses import read_causes, read_event, read_times
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.tables.summary import counted

IntArray = NDArray[np.integer[Any]]

MOST_ROWS: Final = 200_000_000
"""More person-sessions than this do not fit in memory; the times are then no session numbers."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PersonSessions:
    """Complete rows and the person-sessions they stand for.

    Attributes
    ----------
    frame : pandas.DataFrame
        The columns used, one row each in the data given.
    sessions : pandas.Series
        The distinct sessions, in order, named as the clock.
    row : ndarray of shape (m,), int, or None
        Row of `frame` of each person-session; None if each row is one.
    session : ndarray of shape (m,), int
        Place in `sessions`.
    cause : ndarray of shape (m,), int
        0 for none, k for ``causes[k - 1]``.
    causes : tuple of str
        Labels of the causes; "event" where only one kind is studied.
    id : pandas.Series or None
        Who each row of `frame` belongs to; None if each row is another person.
    kept : ndarray of shape (n,), int
        Positions in the data given.
    n_missing : int
        Rows left out for a gap.
    """

    frame: pd.DataFrame
    sessions: "pd.Series[Any]"
    row: IntArray | None
    session: IntArray
    cause: IntArray
    causes: tuple[str, ...]
    id: "pd.Series[Any] | None"
    kept: IntArray
    n_missing: int

    @property
    def n_obs(self) -> int:
        """Person-sessions."""
        return len(self.session)


def read_rows(
    formula: Formula,
    data: Any,
    *,
    clock: str,
    weights: str | None = None,
    id: str | None = None,
    by_cause: bool = False,
    censored: Sequence[str] | None = None,
) -> PersonSessions:
    """Read the person-sessions of a frame.

    Parameters
    ----------
    formula : Formula
        Taken apart. The left side is a column of person-sessions, or `Surv()` of persons.
    data : frame
        pandas, or any frame narwhals reads.
    clock : str
        Column that counts sessions; made here from `Surv()`.
    weights, id : str, optional
        Columns of case weights, and of persons.
    by_cause : bool
        Whether the event column tells causes.
    censored : sequence of str, optional
        Causes that count as censored.

    Returns
    -------
    PersonSessions
        Rows without gaps.

    Raises
    ------
    FormulaError
        If the left side is neither, or a column is not there.
    DataError
        If times are no whole sessions, or events and causes can't be told.
    ParameterError
        If `clock` is no name.
    """
    surv = formula.response if isinstance(formula.response, Surv) else None
    if not as_word(clock):
        raise ParameterError("clock names no column", ['give a text, as in clock="session"'])
    response = _response_columns(formula)
    covariates = [name for name in _columns(formula) if surv is None or name != clock]
    if surv is not None:
        _refuse_clock(data, clock)
    others = (weights, clock if surv is None else None)
    needed = [*response, *covariates, *(name for name in others if name is not None)]
    frame = read_columns(data, [*needed, *([] if id is None else [id])])
    complete = complete_rows(frame[list(dict.fromkeys(needed))])
    kept = np.flatnonzero(complete).astype(np.int64, copy=False)
    n_missing = len(frame) - len(kept)
    if len(kept) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    if n_missing:
        frame = frame[complete].reset_index(drop=True)
    for name in (*covariates, *(one for one in (weights, id) if one is not None)):
        refuse_lists(frame[name])
    column = frame[response[-1]]
    staying = _known_ends(censored, data, column)
    (cause, causes), _ = told_together(
        lambda: _causes(column, staying, by_cause=by_cause),
        lambda: None if surv is None else whole_sessions(frame, surv),
    )
    row, session, last, sessions = (
        _as_given(frame, clock) if surv is None else _expanded(frame, surv, cause, clock)
    )
    return PersonSessions(
        frame=frame,
        sessions=sessions,
        row=row,
        session=session,
        cause=cause if last is None else last,
        causes=causes,
        id=None if id is None else frame[id],
        kept=kept,
        n_missing=n_missing,
    )


def _response_columns(formula: Formula) -> tuple[str, ...]:
    response = formula.response
    if isinstance(response, Surv):
        if response.is_interval:
            raise FormulaError(
                "A hazard by session takes Surv(time, event) or Surv(entry, time, event)."
            )
        return response.columns
    name = None if response is None else plain_name(response)
    if name is None:
        raise FormulaError(
            "The left side must be a column of person-sessions, as in event ~ C(session), or "
            f"Surv(time, event) of persons; found: {formula.text}"
        )
    return (name,)


def _columns(formula: Formula) -> list[str]:
    return [
        *fixed_columns(formula),
        *formula.cluster,
        *(name for text in formula.offset for name in columns_used(text)),
        *(name for term in formula.random for name in _random_columns(term.expression, term.group)),
    ]


def _random_columns(expression: str, group: str) -> list[str]:
    """List the columns of a random term."""
    from rpcstats.formula import parse_formula

    factors = [part.strip() for text in group.split("/") for part in text.split(":")]
    inside = fixed_columns(parse_formula(f"~ {expression}"))
    return [*inside, *(name.strip("`") for name in factors)]


def _refuse_clock(data: Any, clock: str) -> None:
    if clock in column_names(data):
        raise FormulaError(
            f'The data have a column "{clock}" already, but with Surv() sessions are counted from '
            "the times: name another clock by clock=, or give person-sessions, event ~ ..."
        )


def _causes(
    column: "pd.Series[Any]", ends: Sequence[str] | None, *, by_cause: bool
) -> tuple[IntArray, tuple[str, ...]]:
    if by_cause:
        return read_causes(column, ends)
    return read_event(column).astype(np.int64), ("event",)


def _known_ends(
    censored: Sequence[str] | None, data: Any, column: "pd.Series[Any]"
) -> Sequence[str] | None:
    """Take the ends the frame declares as censored, those that occur."""
    declared = getattr(data, "attrs", {}).get("censored")
    if censored is not None or declared is None:
        return censored
    known = {str(value) for value in column.unique()}
    return [name for name in declared if name in known] or None


def _as_given(frame: pd.DataFrame, clock: str) -> tuple[None, IntArray, None, "pd.Series[Any]"]:
    values = frame[clock]
    is_number = is_real(values)
    if not is_number or pd.api.types.is_bool_dtype(values.dtype):
        raise DataError(f'The clock "{clock}" must hold the number of each session.')
    if not np.isfinite(values.to_numpy(dtype=np.float64)).all():
        raise DataError(f'The clock "{clock}" holds infinite values.')
    codes, found = pd.factorize(values, sort=True)
    sessions = pd.Series(found, name=clock)
    return None, codes.astype(np.int64, copy=False), None, sessions


def _expanded(
    frame: pd.DataFrame, surv: Surv, cause: IntArray, clock: str
) -> tuple[IntArray, IntArray, IntArray, "pd.Series[Any]"]:
    entry, time = whole_sessions(frame, surv)
    row, session, is_last = sessions_at_risk(entry.astype(np.int32), time.astype(np.int32))
    ends = np.zeros(len(row), dtype=np.min_scalar_type(-int(cause.max(initial=0)) - 1))
    ends[is_last] = cause
    present = np.bincount(time, minlength=2)
    present[: len(present)] = np.cumsum(present[::-1])[::-1]
    late = np.bincount(entry + 1, minlength=len(present))
    present -= late.sum() - np.cumsum(late)
    places = np.cumsum(present[1:] > 0) - 1
    sessions = pd.Series(np.flatnonzero(present[1:] > 0) + 1, name=clock)
    session -= 1
    narrow = places.astype(np.min_scalar_type(-len(sessions)))
    return row, narrow[session], ends, sessions


def whole_sessions(frame: pd.DataFrame, surv: Surv) -> tuple[IntArray, IntArray]:
    """Read entry and time as numbers of sessions.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows without gaps.
    surv : Surv
        Names of the columns.

    Returns
    -------
    entry, time : ndarray of shape (n,), int
        Sessions entry + 1 to time are at risk.

    Raises
    ------
    DataError
        If they are not whole, or nothing lies between them, or there are too many sessions.
    """
    time, entry = read_times(frame, surv)
    start = np.zeros(len(time)) if entry is None else entry
    if (time != np.round(time)).any() or (start != np.round(start)).any():
        raise DataError(
            "A hazard by session counts whole sessions; the times are not whole: count sessions "
            "first, or use cox."
        )
    n_none = int((time <= start).sum())
    if n_none:
        raise DataError(
            f"{counted(n_none, 'row')} {'has' if n_none == 1 else 'have'} a time of 0, at risk at "
            "no session: leave such rows out."
        )
    total = float((time - start).sum())
    if total > MOST_ROWS:
        raise DataError(
            f"The times stand for {total:,.0f} person-sessions, more than {MOST_ROWS:,}: they are "
            "no numbers of sessions; count sessions first, or use cox."
        )
    return start.astype(np.int64), time.astype(np.int64)
