"""One row per course and session at risk, for discrete-time models."""

from typing import Final

import numpy as np
import pandas as pd

from rpcstats.errors import DataError

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
    at_risk = time - entry
    last = np.cumsum(at_risk) - 1
    rows = frame.loc[frame.index.repeat(at_risk)].reset_index(drop=True)
    before = np.arange(len(rows)) - np.repeat(last + 1 - at_risk, at_risk)
    rows["session"] = np.repeat(entry, at_risk) + 1 + before
    is_last = np.zeros(len(rows), dtype=bool)
    is_last[last] = True
    rows["event"] = rows["event"].where(is_last, 0)
    rows["cause"] = rows["cause"].where(is_last, "open")
    covariates = [name for name in frame if name not in _NEEDED]
    return rows[["episode_id", "group_id", "session", "event", "cause", *covariates]]


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
