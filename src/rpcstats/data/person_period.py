"""One row per course and session at risk, for discrete-time models."""

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError

IntArray = NDArray[np.integer[Any]]

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
        If a column is missing, an id comes twice, or a time is not a whole session after
        the entry.
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
    rows["cause"] = rows["cause"].where(is_last, "open")
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


def _check_clock(frame: pd.DataFrame) -> None:
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
    if frame["episode_id"].duplicated().any():
        raise DataError("an episode_id comes more than once; give one row per course")
