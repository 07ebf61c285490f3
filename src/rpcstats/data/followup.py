"""The only place where censoring is decided: dates become entry, time, event and cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import FOLLOWUP
from rpcstats.data.course_ends import DROPPED_OUT, course_ends, observation_start, on_register
from rpcstats.data.data_cut import Seen, seen_by
from rpcstats.data.tables import TABLES
from rpcstats.errors import DataError, ParameterError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from rpcstats.data.extract import Extract

Event = Literal["dropout", "completion", "start"]
Unit = Literal["session", "day", "week"]

CAUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "dropout": (*DROPPED_OUT, "transferred", "completed", "not_completed", "open"),
    "completion": ("completed", "dropped_out", "not_completed", "transferred", "open"),
    "start": ("started", "not_started", "transferred", "open"),
}
"""Declared order of `cause` for each event."""

EVENT_CAUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "dropout": DROPPED_OUT,
    "completion": ("completed",),
    "start": ("started",),
}
"""Causes that are the event itself."""

CENSORED_CAUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "dropout": ("completed", "not_completed", "open"),
    "completion": ("open",),
    "start": ("open",),
}
"""Causes that end the time seen and no more; what is neither these nor the event competes."""

SAME_DAY: Final = 0.5
"""Days counted for something that happens on the day the clock starts."""

_DAYS: Final = {"day": 1, "week": 7}
_COVARIATES: Final = FOLLOWUP[FOLLOWUP.index("programme") :]


def followup(
    extract: Extract,
    *,
    event: Event = "dropout",
    unit: Unit | None = None,
    data_cut: date | str | None = None,
    observed_from: date | str | None = None,
) -> pd.DataFrame:
    """Give the time each parent was followed, with the event or the reason it was not seen.

    Parameters
    ----------
    extract : Extract
        A council's extract.
    event : {"dropout", "completion", "start"}, default "dropout"
        Leaving a course before its last session; completing it; or starting it, counted
        from referral.
    unit : {"session", "day", "week"}, optional
        Clock: by default sessions, or days for `event="start"`, which has no sessions.
    data_cut : date or str, optional
        Last day seen; by default the extract's own. What is open then is censored.
    observed_from : date or str, optional
        Day observation began. Those already under way then enter late.

    Returns
    -------
    DataFrame
        One row per started course (per appropriate referral for `event="start"`), ordered
        by id: the id, `group_id`, `cluster_id` (the group, or the parent alone where there is
        none), `entry`, `time`, `event` (0 or 1), `cause` (categorical) and covariates known at
        referral. ``attrs`` says which causes count as censored.

    Raises
    ------
    ParameterError
        If an option is unknown or the days contradict each other.
    SchemaError
        If the extract lacks what the clock needs.
    DataError
        If something happened before its clock started.

    Notes
    -----
    *Started* means attended session 1; a starter without that record is left out and
    counted by `flow`. The time of a dropout is the last session attended, so that the curve
    at k is the share still attending after session k. A parent with two successive absences
    after the last session attended, on an episode that nobody has closed, has dropped out
    there (cause ``unknown``); an excused absence is contact and breaks the run. A completed
    or not completed course is censored at its planned number of sessions, an open one at
    the last session held by the data cut, a transferred parent at the last one attended.

    Days and weeks run from `started_on` (from `referred_on` for `event="start"`) to the
    date of that same session, or to the closing date if there is no register. Something on
    the first day counts as half a day.

    Late entry follows the left-truncation rule: `entry` is the time already passed when
    observation began, and those whose time is not beyond it are not seen at all.
    """
    clock = _checked_unit(event, unit)
    extract.table("episodes")
    seen = seen_by(extract, data_cut)
    observed = observation_start(observed_from, seen.data_cut)
    if event == "start":
        spells, key = _waiting(seen), "referral_id"
        spells = _in_days(spells, clock, spells["referred_on"], spells["end"], observed)
    else:
        spells, key = on_register(course_ends(seen), seen, observed), "episode_id"
        if clock == "session":
            spells = _in_sessions(spells, seen, observed)
        else:
            spells = _in_days(
                spells, clock, spells["started_on"], _last_day(spells, seen), observed
            )
    if event == "completion":
        of_dropout = spells["cause"].isin(DROPPED_OUT)
        spells["cause"] = spells["cause"].mask(of_dropout, "dropped_out")
    frame = _as_frame(spells[spells["time"] > spells["entry"]], event, key)
    names = {key: extract.programmes[key].name for key in extract.council.programmes}
    frame["programme"] = _in_words(frame["programme"], names)
    frame.attrs = {"event": event, "unit": clock, "censored": CENSORED_CAUSES[event]}
    return frame


def _in_sessions(courses: pd.DataFrame, seen: Seen, observed: pd.Timestamp | None) -> pd.DataFrame:
    if seen.sessions is None:
        raise SchemaError(
            "unit='session' needs the register of attendance",
            [
                "add a sessions table (episode_id, session_no, held_on, attended, mode), "
                "or count in days or weeks with unit='day' or unit='week'"
            ],
        )
    cause = courses["cause"]
    stayed = cause.isin(["completed", "not_completed"])
    unplanned = int((stayed & courses["sessions_planned"].isna()).sum())
    if unplanned:
        raise SchemaError(
            "A course that ran to its end needs its planned number of sessions",
            [
                f"{unplanned} episodes have neither a group nor a registered programme: "
                "fill episodes.group_id or add the programme to programme_rules in council.yml"
            ],
        )
    time = courses["last_attended"].mask(stayed, courses["sessions_planned"])
    courses["time"] = time.mask(cause == "open", courses["last_held"]).astype("int64")
    courses["entry"] = 0
    if observed is not None:
        before = seen.sessions[seen.sessions["held_on"] < observed]
        held = courses["episode_id"].map(before.groupby("episode_id")["session_no"].max())
        unrecorded = courses["first_recorded"] - 1
        both = pd.DataFrame({"held": held, "unrecorded": unrecorded}).astype("float64")
        courses["entry"] = both.max(axis=1).where(courses["is_late"], 0).astype("int64")
    return courses


def _last_day(courses: pd.DataFrame, seen: Seen) -> pd.Series:
    is_open = courses["cause"] == "open"
    if seen.sessions is None:
        return _closing_date(courses["ended_on"].where(~is_open, seen.data_cut))
    stayed = courses["cause"].isin(["completed", "not_completed", "open"])
    return courses["attended_on"].mask(stayed, courses["held_on"])


def _waiting(seen: Seen) -> pd.DataFrame:
    """Give one row per appropriate referral: started, closed before a start, or still open."""
    courses = seen.courses
    decided = courses["standing"] >= "not_enrolled"
    courses = courses[decided].copy()
    is_started = courses["started_on"].notna()
    is_closed = ~is_started & (courses["outcome"] != "open")
    courses["order"] = np.select([is_started, ~is_closed], [0, 1], default=2)
    courses = courses.sort_values(
        ["referral_id", "order", "started_on", "ended_on", "episode_id"],
        ascending=[True, True, True, False, True],
    ).drop_duplicates("referral_id")
    moved = courses["outcome"] == "transferred"
    ended = np.where(moved, "transferred", "not_started")
    courses["cause"] = np.select(
        [courses["order"] == 0, courses["order"] == 1], ["started", "open"], default=ended
    )
    day = courses["started_on"].where(courses["order"] == 0, courses["ended_on"])
    courses["end"] = _closing_date(day.mask(courses["order"] == 1, seen.data_cut))
    return courses


def _closing_date(day: pd.Series) -> pd.Series:
    missing = int(day.isna().sum())
    if missing:
        raise SchemaError(
            "A clock of days needs the day each episode closed",
            [f"episodes.ended_on is missing in {missing} closed episodes: give their dates"],
        )
    return day


def _in_days(
    spells: pd.DataFrame,
    unit: str,
    origin: pd.Series,
    end: pd.Series,
    observed: pd.Timestamp | None,
) -> pd.DataFrame:
    elapsed = (end - origin).dt.days
    backwards = int((elapsed < 0).sum())
    if backwards:
        raise DataError(
            f"{backwards} rows end before their clock starts; "
            "run `rpcstats check` and correct their dates"
        )
    spells["time"] = elapsed.clip(lower=SAME_DAY) / _DAYS[unit]
    spells["entry"] = 0.0
    if observed is not None:
        spells["entry"] = (observed - origin).dt.days.clip(lower=0) / _DAYS[unit]
    return spells


def _as_frame(spells: pd.DataFrame, event: str, key: str) -> pd.DataFrame:
    frame = spells.drop(columns="programme").rename(columns={"course_programme": "programme"})
    frame["programme"] = frame["programme"].astype("str")
    frame["event"] = frame["cause"].isin(EVENT_CAUSES[event]).astype("int64")
    frame["cause"] = pd.Categorical(frame["cause"], categories=list(CAUSES[event]))
    modes = list(TABLES["groups"].column("mode").codes)
    frame["mode"] = pd.Categorical(frame["mode"], categories=modes)
    frame = frame.reindex(
        columns=[key, "group_id", "cluster_id", "entry", "time", "event", "cause", *_COVARIATES]
    )
    frame["cluster_id"] = frame["group_id"].fillna(frame[key])
    return frame.sort_values(key, ignore_index=True)


def _in_words(programmes: pd.Series, names: Mapping[str, str]) -> pd.Categorical:
    """Name programmes as the registry prints them, in the council's order."""
    keys = programmes.astype("object")
    printed = keys.map(names).fillna(keys)
    return pd.Categorical(printed, categories=list(dict.fromkeys([*names.values(), *printed])))


def _checked_unit(event: str, unit: str | None) -> str:
    faults = []
    if event not in CAUSES:
        faults.append("event must be 'dropout', 'completion' or 'start'")
    if unit not in (None, "session", *_DAYS):
        faults.append("unit must be 'session', 'day' or 'week'")
    if event == "start" and unit == "session":
        faults.append("event='start' has no sessions; use unit='day' or unit='week'")
    if faults:
        raise ParameterError("followup can't be made", faults)
    return unit or ("day" if event == "start" else "session")
