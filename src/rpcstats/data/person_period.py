"""One row per course and session at risk, for discrete-time models."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError

IntArray = NDArray[np.integer[Any]]

_MOST_ROWS: Final = 200_000_000
"""More rows than this are no sessions: they would not go into memory."""

_NEEDED: Final = ("episode_id", "group_id", "entry", "time", "event", "cause")


def person_period(frame: pd.DataFrame) -> pd.DataFrame:
    """Give one row per course and session at risk.

    Parameters
    ----------
    frame : DataFrame
        What `followup` gives on the clock of sessions.

    Returns
    -------
    DataFrame
        `episode_id`, `group_id`, `session`, `event`, `cause` and the covariates. A course
        has rows for sessions `entry` + 1 to `time`; `event` is 1 in its last row only, if
        it is an event, and `cause` is ``open`` (still on the course) before the last row.

    Raises
    ------
    DataError
        If a column is missing or there twice, an id comes twice, a time is not a whole session
        after the entry, or times stand for more rows than there is room for.
    """
    missing = [name for name in _NEEDED if name not in frame]
    if missing:
        raise DataError(
            f"person_period needs the columns {', '.join(missing)}; "
            "give it the frame of followup(..., unit='session')"
        )
    _check_clock(frame)
    entry, time = (frame[name].to_numpy(dtype=np.int64) for name in ("entry", "time"))
    taken, session, is_last = sessions_at_risk(entry, time)
    rows = frame.iloc[taken].reset_index(drop=True)
    rows["session"] = session
    rows["event"] = rows["event"].where(is_last, 0)
    rows["cause"] = _told_open(rows["cause"]).where(is_last, "open")
    covariates = [name for name in frame if name not in _NEEDED]
    return rows[["episode_id", "group_id", "session", "event", "cause", *covariates]]


def sessions_at_risk(
    entry: IntArray, time: IntArray
) -> tuple[IntArray, IntArray, NDArray[np.bool_]]:
    """List the sessions at risk of each row.

    Parameters
    ----------
    entry, time : ndarray of shape (n,), int
        Sessions `entry` + 1 to `time` are at risk.

    Returns
    -------
    row, session : ndarray of shape (m,), int
        Row and session of each session at risk, row by row; in the type of `time`.
    is_last : ndarray of shape (m,), bool
        Whether it is the last of its row.
    """
    at_risk = time - entry
    ends = np.cumsum(at_risk, dtype=np.int64)
    row = np.repeat(np.arange(len(time), dtype=time.dtype), at_risk)
    session = np.arange(len(row), dtype=time.dtype)
    session += np.repeat((entry + 1 - (ends - at_risk)).astype(time.dtype), at_risk)
    is_last = np.zeros(len(row), dtype=np.bool_)
    is_last[ends - 1] = True
    return row, session, is_last


def _told_open(cause: pd.Series) -> pd.Series:
    """Give causes a type that has a place for ``open``."""
    if not isinstance(cause.dtype, pd.CategoricalDtype):
        return cause.astype(object)
    return cause if "open" in cause.cat.categories else cause.cat.add_categories("open")


def _check_clock(frame: pd.DataFrame) -> None:
    twins = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if twins:
        raise DataError(f"two columns are called {', '.join(twins)}: rename one of each")
    numbers = (pd.api.types.is_any_real_numeric_dtype(frame[name]) for name in ("entry", "time"))
    if len(frame) and not all(numbers):
        raise DataError("entry and time must be numbers of whole sessions; count sessions first")
    clock = frame[["entry", "time"]].to_numpy(dtype=np.float64, na_value=np.nan)
    is_whole = bool(np.all(np.isfinite(clock)) and np.all(clock == np.round(clock)))
    if frame.attrs.get("unit", "session") != "session" or not is_whole:
        raise DataError(
            "person_period counts whole sessions; make the frame with followup(..., unit='session')"
        )
    if np.any(clock[:, 0] < 0) or np.any(clock[:, 1] <= clock[:, 0]):
        raise DataError(
            "every time must be after its entry; leave out rows with no session at risk"
        )
    total = float((clock[:, 1] - clock[:, 0]).sum())
    if total > _MOST_ROWS:
        raise DataError(
            f"the times stand for {total:,.0f} sessions, more than {_MOST_ROWS:,}: they are no "
            "numbers of sessions; count sessions first"
        )
    if frame["episode_id"].duplicated().any():
        raise DataError("an episode_id comes more than once; give one row per course")
