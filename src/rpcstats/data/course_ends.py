"""How each started course ended, from the recorded outcome and the register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats.data.data_cut import as_day, filled
from rpcstats.data.tables import TABLES
from rpcstats.errors import ParameterError, SchemaError

if TYPE_CHECKING:
    from datetime import date

    from rpcstats.data.data_cut import Seen

DROPPED_OUT: Final = (*TABLES["episodes"].column("reason").codes, "unknown")
"""Causes of a dropout, in order: the recorded reasons, then none recorded."""


def course_ends(seen: Seen) -> pd.DataFrame:
    """Give how each started course ended, as known at the data cut.

    Parameters
    ----------
    seen : Seen
        An extract at a data cut.

    Returns
    -------
    DataFrame
        The started courses with `cause` (as for dropout) and what the register says:
        `first_recorded`, `last_attended`, `last_held`, `attended_first`, `attended_on`,
        `held_on`. Missing where there is no register.

    Raises
    ------
    SchemaError
        If a started course is closed as not started.
    """
    courses = seen.courses[seen.courses["standing"] == "started"].copy()
    contradictions = int((courses["outcome"] == "not_started").sum())
    if contradictions:
        raise SchemaError(
            "A course can't be both started and not started",
            [
                f"episodes: {contradictions} rows have started_on and outcome not_started: "
                "clear the date or correct the outcome"
            ],
        )
    courses = courses.merge(_register(seen.sessions), on="episode_id", how="left")
    outcome = courses["outcome"].to_numpy(dtype=object)
    reason = filled(courses["reason"], "unknown").to_numpy(dtype=object)
    is_absent = courses["absent"].eq(True).to_numpy(dtype=bool) & (outcome == "open")
    cause = np.where(outcome == "dropped_out", reason, outcome)
    courses["cause"] = np.where(is_absent, "unknown", cause)
    return courses


def _register(sessions: pd.DataFrame | None) -> pd.DataFrame:
    if sessions is None:
        sessions = pd.DataFrame(
            {name: pd.Series(dtype="object") for name in ("episode_id", "attended")}
            | {"session_no": pd.Series(dtype="int64")}
            | {"held_on": pd.Series(dtype="datetime64[ns]")}
        )
    attended = sessions[sessions["attended"] == "yes"].groupby("episode_id")
    held = sessions.groupby("episode_id")
    last = attended["session_no"].max()
    is_no = sessions["attended"].astype("object") == "no"
    is_same = sessions["episode_id"] == sessions["episode_id"].shift()
    # Unlike `map`, `reindex` keeps the kind of the values where there are no sessions at all.
    last_of_each = last.reindex(sessions["episode_id"]).fillna(0).set_axis(sessions.index)
    is_after = sessions["session_no"] > last_of_each
    second = is_no & is_no.shift(fill_value=False) & is_same & is_after
    absent = second.groupby(sessions["episode_id"]).any()
    register = pd.DataFrame(
        {
            "first_recorded": held["session_no"].min(),
            "last_held": held["session_no"].max(),
            "held_on": held["held_on"].max(),
            "last_attended": last,
            "attended_on": attended["held_on"].max(),
            "attended_first": attended["session_no"].min() == 1,
            "absent": absent,
        }
    )
    return register.rename_axis("episode_id").reset_index()


def on_register(courses: pd.DataFrame, seen: Seen, observed: pd.Timestamp | None) -> pd.DataFrame:
    """Keep the starters whom the register shows.

    Parameters
    ----------
    courses : DataFrame
        What `course_ends` gives.
    seen : Seen
        The same extract at its data cut; without a register everyone is kept.
    observed : Timestamp or None
        Day observation began.

    Returns
    -------
    DataFrame
        Courses attended at session 1, or, for those begun before observation, at any
        session; with `is_late` for the latter.
    """
    is_late = pd.Series(False, index=courses.index)
    if observed is not None:
        is_late = courses["started_on"] < observed
    courses = courses.assign(is_late=is_late)
    if seen.sessions is None:
        return courses
    shown = courses["attended_first"].eq(True)
    return courses[shown | (is_late & courses["last_attended"].notna())].copy()


def observation_start(observed_from: date | str | None, cut: pd.Timestamp) -> pd.Timestamp | None:
    """Read the day observation began.

    Parameters
    ----------
    observed_from : date or str or None
        The day; None if everyone was observed from their start.
    cut : Timestamp
        The data cut.

    Returns
    -------
    Timestamp or None
        The day.

    Raises
    ------
    ParameterError
        If it is no date or is after the data cut.
    """
    if observed_from is None:
        return None
    observed = as_day(observed_from, "observed_from")
    if observed > cut:
        raise ParameterError(
            "observed_from is after the data cut", ["give a day on or before the data cut"]
        )
    return observed
