"""What an extract had recorded by a data cut: everything later is unseen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError, SchemaError

if TYPE_CHECKING:
    from datetime import date

    from rpcstats.data.extract import Extract

DUPLICATE_DAYS: Final = 28
"""Referrals of one person to one programme this close to each other count once."""

STANDINGS: Final = (
    "duplicate",
    "inappropriate",
    "pending",
    "not_enrolled",
    "not_started",
    "started_after_cut",
    "open",
    "started",
)
"""How far a referral had come, in order; the last but one waits, the last is on a course."""

_EPISODE_DATES: Final = ["enrolled_on", "started_on", "ended_on"]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An extract as it stood at a data cut.

    Attributes
    ----------
    data_cut : Timestamp
        The last day seen.
    referrals : DataFrame
        Referrals made by then, with the decision known then and `duplicate`.
    courses : DataFrame
        One row per referral and course (one row for a referral with no course): the columns
        of the referral, the dates, outcome and reason known then, `sessions_planned`,
        `due_on` (planned last session), `mode` and `standing` (one of `STANDINGS`).
    sessions : DataFrame or None
        Sessions held by then (cancelled ones are not held); None without a register.
    recorded : frozenset of str
        Which of decision, enrolled, started and milestone the extract records at all.
    """

    data_cut: pd.Timestamp
    referrals: pd.DataFrame
    courses: pd.DataFrame
    sessions: pd.DataFrame | None
    recorded: frozenset[str]


def as_day(value: date | str, name: str) -> pd.Timestamp:
    """Read a day given as a date or as ISO text.

    Parameters
    ----------
    value : date or str
        The day.
    name : str
        Name of the parameter, for the message.

    Returns
    -------
    Timestamp
        Midnight of the day.

    Raises
    ------
    ParameterError
        If the text is no date.
    """
    try:
        day = pd.to_datetime(value, format=None if not isinstance(value, str) else "ISO8601")
    except (TypeError, ValueError):
        day = None
    if not isinstance(day, pd.Timestamp):
        raise ParameterError(f"{name} is not a date", ["write it as YYYY-MM-DD"])
    return day.normalize()


def filled(values: pd.Series, fill: str | pd.Series) -> pd.Series:
    """Give a column as objects, with something in place of what is missing.

    Parameters
    ----------
    values : Series
        A column of any type.
    fill : str or Series
        What stands in, one for all or one a row.

    Returns
    -------
    Series
        Of dtype object.
    """
    other = fill if isinstance(fill, str) else fill.to_numpy(dtype="object")
    # Series.fillna would guess a narrower dtype under pandas 2 and warn of it.
    objects = np.where(values.isna(), other, values.to_numpy(dtype="object"))
    return pd.Series(objects, index=values.index, dtype="object")


def seen_by(extract: Extract, data_cut: date | str | None = None) -> Seen:
    """Give an extract as it stood at a data cut.

    Parameters
    ----------
    extract : Extract
        A council's extract.
    data_cut : date or str, optional
        Last day seen; by default, or if empty, the extract's own data cut.

    Returns
    -------
    Seen
        The referrals, courses and sessions known by then.

    Raises
    ------
    ParameterError
        If the day is after the extract's own data cut, or before its period.
    SchemaError
        If an earlier cut is asked for and a closed episode has no closing date.
    """
    own = as_day(extract.council.data_cut, "data_cut")
    cut = own if data_cut in (None, "") else as_day(data_cut, "data_cut")
    if cut > own:
        raise ParameterError(
            "data_cut is later than the extract's own",
            ["the extract knows nothing after its data cut; give that day or an earlier one"],
        )
    if cut < as_day(extract.council.period_start, "period"):
        raise ParameterError("data_cut is earlier than the period", ["give a later day"])
    whole = extract.table("referrals")
    episodes = extract.table("episodes") if extract.has("episodes") else _no_episodes()
    sessions = extract.table("sessions") if extract.has("sessions") else None
    recorded = _recorded(whole, episodes, has_episodes=extract.has("episodes"))
    known = _known_episodes(episodes, cut, is_own_cut=cut == own)
    known["enrolled"] |= "enrolled" not in recorded
    referrals = _known_referrals(whole, known, cut, is_decided="decision" in recorded)
    held = None if sessions is None else _held(sessions, cut)
    return Seen(cut, referrals, _courses(extract, referrals, known, held), held, recorded)


def _recorded(
    referrals: pd.DataFrame, episodes: pd.DataFrame, *, has_episodes: bool
) -> frozenset[str]:
    places = {
        "decision": (referrals, "decision"),
        "enrolled": (episodes, "enrolled_on"),
        "milestone": (episodes, "milestone"),
    }
    found = {
        name
        for name, (table, column) in places.items()
        if column in table and table[column].notna().any()
    }
    return frozenset(found | {"started"} if has_episodes else found)


def _no_episodes() -> pd.DataFrame:
    columns: dict[str, pd.Series] = {
        name: pd.Series(dtype="str") for name in ("episode_id", "referral_id", "outcome")
    }
    columns |= {name: pd.Series(dtype="datetime64[ns]") for name in _EPISODE_DATES}
    return pd.DataFrame(columns)


def _known_episodes(episodes: pd.DataFrame, cut: pd.Timestamp, *, is_own_cut: bool) -> pd.DataFrame:
    """Hide what was recorded after the cut; an episode with nothing before it is not there."""
    known = episodes.copy()
    for name in ("group_id", "reason", "milestone"):
        if name not in known:
            known[name] = pd.Series(pd.NA, index=known.index, dtype="str")
    for name in _EPISODE_DATES:
        if name not in known:
            known[name] = pd.Series(pd.NaT, index=known.index, dtype="datetime64[ns]")
    dates = known[_EPISODE_DATES]
    known = known[(dates.min(axis=1) <= cut) | dates.isna().all(axis=1)].copy()
    has_outcome = known["outcome"].notna() & (known["outcome"] != "open")
    undated = has_outcome & known["ended_on"].isna()
    if undated.any() and not is_own_cut:
        raise SchemaError(
            "An earlier data cut needs the day each episode closed",
            [
                f"episodes.ended_on is missing in {int(undated.sum())} closed episodes: "
                "give their closing dates, or leave data_cut out"
            ],
        )
    closed = has_outcome & ((known["ended_on"] <= cut) | undated)
    known["outcome"] = known["outcome"].astype("object").where(closed, "open")
    for name in ("reason", "milestone"):
        known[name] = known[name].where(closed)
    known["starts_later"] = known["started_on"] > cut
    known["enrolled"] = (known["enrolled_on"] <= cut) | (known["started_on"] <= cut)
    for name in _EPISODE_DATES:
        known[name] = known[name].where(known[name] <= cut)
    return known


def _known_referrals(
    referrals: pd.DataFrame, episodes: pd.DataFrame, cut: pd.Timestamp, *, is_decided: bool
) -> pd.DataFrame:
    known = referrals[referrals["referred_on"] <= cut].copy()
    decision = pd.Series("appropriate", index=known.index, dtype="object")
    if is_decided:
        decision = filled(known["decision"], "pending")
        if "screened_on" in known:
            decision = decision.mask(known["screened_on"] > cut, "pending")
    known["decision"] = decision
    with_course = known["referral_id"].isin(episodes["referral_id"])
    known["duplicate"] = _duplicates(known.assign(with_course=with_course))
    return known


def _duplicates(referrals: pd.DataFrame) -> pd.Series:
    """Mark repeats of a referral; the one that led to a course stays, else the first."""
    ordered = referrals.sort_values(["person_id", "programme", "referred_on", "referral_id"])
    who = ordered[["person_id", "programme"]].astype("object")
    is_same = (who == who.shift()).all(axis=1)
    gap = ordered["referred_on"].diff().dt.days
    cluster = (~is_same | (gap > DUPLICATE_DAYS)).cumsum()
    is_first = ~cluster.duplicated()
    any_course = ordered["with_course"].groupby(cluster).transform("any")
    stays = ordered["with_course"] | (is_first & ~any_course)
    is_repeat: pd.Series = ~stays
    return is_repeat.reindex(referrals.index)


def _held(sessions: pd.DataFrame, cut: pd.Timestamp) -> pd.DataFrame:
    held = sessions[(sessions["held_on"] <= cut) & (sessions["attended"] != "cancelled")]
    return held.sort_values(["episode_id", "session_no"], ignore_index=True)


def _courses(
    extract: Extract,
    referrals: pd.DataFrame,
    episodes: pd.DataFrame,
    sessions: pd.DataFrame | None,
) -> pd.DataFrame:
    courses = referrals.merge(episodes, on="referral_id", how="left")
    courses["enrolled"] = courses["enrolled"].eq(True)
    courses["starts_later"] = courses["starts_later"].eq(True)
    courses["outcome"] = filled(courses["outcome"], "open")
    courses = _with_plan(extract, courses)
    if sessions is not None:
        first = sessions.drop_duplicates("episode_id").set_index("episode_id")["mode"]
        courses["mode"] = filled(courses["mode"], courses["episode_id"].map(first))
    courses["standing"] = _standing(courses)
    return courses


def _with_plan(extract: Extract, courses: pd.DataFrame) -> pd.DataFrame:
    """Add the plan of the course: the group's own, or the programme's without a group."""
    columns = ["group_id", "programme", "mode", "starts_on", "sessions_planned"]
    if extract.has("groups"):
        groups = extract.table("groups")[columns]
    else:
        groups = pd.DataFrame({name: pd.Series(dtype="object") for name in columns})
    groups = groups.rename(columns={"programme": "course_programme"})
    kept = courses["group_id"].dtype
    courses["group_id"] = courses["group_id"].astype("object")
    courses = courses.merge(groups.astype({"group_id": "object"}), on="group_id", how="left")
    courses["group_id"] = courses["group_id"].astype(kept)
    own = filled(courses["course_programme"], courses["programme"])
    courses["course_programme"] = own
    planned = own.map({key: entry.sessions for key, entry in extract.programmes.items()})
    interval = own.map({key: entry.interval_days for key, entry in extract.programmes.items()})
    courses["sessions_planned"] = (
        courses["sessions_planned"].astype("Float64").fillna(planned.astype("Float64"))
    ).astype("float64")
    starts_on = pd.to_datetime(courses["starts_on"]).fillna(courses["started_on"])
    days = (courses["sessions_planned"] - 1) * interval.astype("float64")
    courses["due_on"] = starts_on + pd.to_timedelta(days, unit="D")
    return courses


def _standing(courses: pd.DataFrame) -> pd.Categorical:
    conditions = {
        "duplicate": courses["duplicate"],
        "inappropriate": courses["decision"] == "inappropriate",
        "pending": courses["decision"] == "pending",
        "not_enrolled": ~courses["enrolled"],
        "started": courses["started_on"].notna(),
        "not_started": courses["outcome"] != "open",
        "started_after_cut": courses["starts_later"],
    }
    met = [condition.to_numpy(dtype=bool) for condition in conditions.values()]
    standing = np.select(met, list(conditions), default="open")
    return pd.Categorical(standing, categories=list(STANDINGS), ordered=True)
