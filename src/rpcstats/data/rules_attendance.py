"""Rules of sessions, and of outcomes that must agree with them."""

from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats.data.rules import Rule, Tables


def _programme_of(tables: Tables) -> "pd.Series[Any]":
    """Give each episode the programme of its group, else of its referral."""
    episodes = tables["episodes"]
    named = pd.Series(np.nan, index=episodes.index, dtype=object)
    if tables.has("groups.programme") and "group_id" in episodes:
        named = tables.look_up("groups", "group_id", episodes["group_id"], "programme")
    if tables.has("referrals.programme"):
        ids = episodes["referral_id"]
        referred = tables.look_up("referrals", "referral_id", ids, "programme")
        named = named.astype(object).where(named.notna(), referred.astype(object))
    return named


def _planned_of(tables: Tables) -> "pd.Series[Any]":
    """Give each episode the number of sessions of its group, else of its programme."""
    episodes = tables["episodes"]
    lengths = {key: entry.sessions for key, entry in tables.programmes.items()}
    planned = pd.to_numeric(_programme_of(tables).map(lengths))
    if tables.has("groups.sessions_planned") and "group_id" in episodes:
        own = tables.look_up("groups", "group_id", episodes["group_id"], "sessions_planned")
        planned = pd.to_numeric(own).where(own.notna(), planned)
    return planned


def _attended_enough(tables: Tables) -> "pd.Series[Any]":
    """Tell for each episode whether the programme's rule is met; empty where it is unknown."""
    episodes, sessions = tables["episodes"], tables["sessions"]
    there = sessions[sessions["attended"] == "yes"].drop_duplicates(["episode_id", "session_no"])
    counts = there["episode_id"].value_counts()
    attended = episodes["episode_id"].map(counts).fillna(0).astype(float)
    rules = {key: entry.minimum_attended for key, entry in tables.programmes.items()}
    least = pd.to_numeric(_programme_of(tables).map(rules)).astype(float)
    least = least.clip(upper=_planned_of(tables).astype(float))
    return (attended >= least).astype(object).where(least.notna())


def _completed_too_few(tables: Tables) -> "pd.Series[bool]":
    enough = _attended_enough(tables)
    return (tables["episodes"]["outcome"] == "completed") & enough.eq(other=False)


def _completed_after_all(tables: Tables) -> "pd.Series[bool]":
    enough = _attended_enough(tables)
    return (tables["episodes"]["outcome"] == "not_completed") & enough.eq(other=True)


def planned_sessions(tables: Tables) -> "pd.Series[float]":
    """Give the planned number of sessions of each episode.

    Parameters
    ----------
    tables : Tables
        With episodes and what their plan is read from.

    Returns
    -------
    Series
        By id of the episode, each once; empty where it is unknown.
    """
    planned = pd.Series(
        _planned_of(tables).to_numpy(dtype=float), index=pd.Index(tables["episodes"]["episode_id"])
    )
    return planned[~planned.index.duplicated() & planned.index.notna()]


def _session_beyond(tables: Tables) -> "pd.Series[bool]":
    sessions = tables["sessions"]
    return sessions["session_no"] > sessions["episode_id"].map(planned_sessions(tables))


def _attended_after_end(tables: Tables) -> "pd.Series[bool]":
    sessions = tables["sessions"]
    ended = tables.look_up("episodes", "episode_id", sessions["episode_id"], "ended_on")
    return (sessions["attended"] == "yes") & (sessions["held_on"] > ended)


def _attended_before_start(tables: Tables) -> "pd.Series[bool]":
    sessions = tables["sessions"]
    started = tables.look_up("episodes", "episode_id", sessions["episode_id"], "started_on")
    return (sessions["attended"] == "yes") & (sessions["held_on"] < started)


def _out_of_order(tables: Tables) -> "pd.Series[bool]":
    sessions = tables["sessions"].dropna(subset=["episode_id", "session_no", "held_on"])
    ordered = sessions.sort_values(["episode_id", "session_no"], kind="stable")
    back = ordered.groupby("episode_id")["held_on"].diff() < pd.Timedelta(0)
    return back.reindex(tables["sessions"].index)


def _other_programme(tables: Tables) -> "pd.Series[bool]":
    episodes = tables["episodes"]
    run = tables.look_up("groups", "group_id", episodes["group_id"], "programme")
    wanted = tables.look_up("referrals", "referral_id", episodes["referral_id"], "programme")
    return run.notna() & wanted.notna() & (run.astype(object) != wanted.astype(object))


_FOR_COUNTS: Final = (
    "episodes.episode_id",
    "episodes.referral_id",
    "sessions.episode_id",
    "sessions.session_no",
)

ATTENDANCE_RULES: Final = (
    Rule(
        "episodes.outcome",
        "`completed` though too few sessions were attended for the programme's rule",
        "mend the outcome or the sessions, or set the rule under programme_rules in council.yml",
        (*_FOR_COUNTS, "sessions.attended"),
        _completed_too_few,
    ),
    Rule(
        "episodes.outcome",
        "`not_completed` though enough sessions were attended for the programme's rule",
        "mend the outcome or the sessions, or set the rule under programme_rules in council.yml",
        (*_FOR_COUNTS, "sessions.attended"),
        _completed_after_all,
    ),
    Rule(
        "episodes.group_id",
        "the group follows another programme than the referral names",
        "check the group, or the programme of the referral",
        (
            "groups.group_id",
            "groups.programme",
            "episodes.referral_id",
            "referrals.referral_id",
            "referrals.programme",
        ),
        _other_programme,
        "warning",
    ),
    Rule(
        "sessions.session_no",
        "more than the sessions planned",
        "mend it, or sessions_planned of the group",
        _FOR_COUNTS,
        _session_beyond,
    ),
    Rule(
        "sessions.held_on",
        "attended after the episode ended",
        "mend the date, or ended_on of the episode",
        (*_FOR_COUNTS, "sessions.attended", "episodes.ended_on"),
        _attended_after_end,
    ),
    Rule(
        "sessions.held_on",
        "attended before the episode started",
        "mend the date, or started_on of the episode",
        (*_FOR_COUNTS, "sessions.attended", "episodes.started_on"),
        _attended_before_start,
    ),
    Rule(
        "sessions.held_on",
        "earlier than the session before it",
        "check the date, or the number of the session",
        ("sessions.episode_id", "sessions.session_no"),
        _out_of_order,
        "warning",
    ),
)
