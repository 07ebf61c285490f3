"""Every starter, goal and planned occasion, with the rating or the reason there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import GOAL_SCORES, SCORE_STATES
from rpcstats.data.course_ends import DROPPED_OUT
from rpcstats.data.data_cut import Seen, seen_by
from rpcstats.data.followup import Unit, followup
from rpcstats.data.ratings import (
    FOLLOW_UP_MONTHS,
    Ratings,
    check_respondent,
    chosen_instrument,
    read_ratings,
)
from rpcstats.data.tables import TABLES
from rpcstats.errors import ParameterError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import date

    from rpcstats.data.extract import Extract
    from rpcstats.data.registries import Instrument

Courses = Literal["all", "first"]

FIRST_GOAL: Final = "goal_1"
"""Item in the rows of a starter without any rating, where nobody's rating names another."""

STATUSES: Final = ("completed", "not_completed", "dropped_out", "transferred", "open")

_OCCASIONS: Final = TABLES["scores"].column("occasion").codes
_NUMBERS: Final = ("stage", "score", "reached", "weight")
_FLAGS: Final = ("is_due", "completed", "answered")


def goal_scores(
    extract: Extract,
    *,
    instrument: str | None = None,
    respondent: str = "self",
    data_cut: date | str | None = None,
    courses: Courses = "all",
) -> pd.DataFrame:
    """Lay out the ratings of every starter on every occasion the course planned.

    Parameters
    ----------
    extract : Extract
        A council's extract.
    instrument : str, optional
        Key of the registry; by default the only instrument of goals that was used.
    respondent : {"self", "partner", "practitioner", "child"}, default "self"
        Whose ratings; those of others are left out and counted.
    data_cut : date or str, optional
        Last day seen; by default the extract's own.
    courses : {"all", "first"}, default "all"
        Every course started, or each person's first alone: where families come again, the
        first visit speaks for the family.

    Returns
    -------
    DataFrame
        Columns `GOAL_SCORES`: a row for each starter, goal rated at least once, and planned
        occasion (baseline, sessions 2 to K - 1, end), then a row for each follow-up rated.
        `score` is missing where there is no rating, and `state` says why. `attrs` holds
        instrument, minimum, maximum, direction, sessions (K; the most, where courses
        differ), synthetic, starters, ratings (rows read), excluded (pairs of words and a
        number of ratings) and followups (pairs of an occasion and the completers it was due
        for). Without any rating of a goal in the extract it has no rows and its instrument
        is None.

    Raises
    ------
    ParameterError
        If an option is unknown, or several instruments of goals were used and none is named.
    SchemaError
        If there are ratings, and no register or plan of sessions to place them by.
    DataError
        If a goal was rated twice on one occasion, or outside the range of the instrument.

    Notes
    -----
    Who started, who left, and after which session, is what `followup` says with
    ``event="dropout"``. A rating of a later occasion is `rated_after_leaving`. A parent who
    was in and gave no rating `missed` it; what lies after leaving is `left`; what the open
    course had not held by the data cut is `not_due`.

    A parent `is_due` if the course was due to end by the data cut and its outcome is known,
    the base `funnel` takes: others inform trajectories and belong to no base.

    The baseline counts as session 1 and the end form as session K whenever they were given.
    A rating of session 1 or K stands for them where there is no such form. A starter
    without any rating has the rows of one goal.
    """
    check_respondent(respondent)
    if courses not in ("all", "first"):
        raise ParameterError("unknown courses", ["use courses='all' or courses='first'"])
    entry = chosen_instrument(extract, instrument)
    seen = seen_by(extract, data_cut)
    rows = extract.table("scores") if extract.has("scores") else None
    if entry is None or rows is None or not (rows["instrument"] == entry.key).any():
        return _no_scores(extract, entry, seen)
    people, later = _people(extract, seen, courses)
    planned = people.set_index("episode_id")["planned"]
    ratings = read_ratings(
        rows, entry, planned, later=later, respondent=respondent, cut=seen.data_cut
    )
    frame = _with_endings(_with_states(_grid(people, ratings)))
    frame = _ordered(frame.merge(_weights(ratings), on=["episode_id", "item"], how="left"))
    frame.attrs = {
        **_about(extract, entry),
        "sessions": int(planned.max()) if len(planned) else None,
        "starters": len(people),
        "ratings": ratings.n,
        "excluded": ratings.excluded,
        "followups": _followups_due(people, ratings, seen),
    }
    return frame


def _about(extract: Extract, entry: Instrument | None) -> dict[Hashable, Any]:
    return {
        "instrument": None if entry is None else entry.key,
        "minimum": None if entry is None or entry.minimum is None else float(entry.minimum),
        "maximum": None if entry is None or entry.maximum is None else float(entry.maximum),
        "direction": None if entry is None else entry.direction,
        "synthetic": extract.council.synthetic is not None,
    }


def _no_scores(extract: Extract, entry: Instrument | None, seen: Seen) -> pd.DataFrame:
    """Give a frame without rows that still says how many started."""
    unit: Unit = "day" if seen.sessions is None else "session"
    kinds = dict.fromkeys(GOAL_SCORES, "object")
    kinds |= dict.fromkeys(_NUMBERS, "float64") | dict.fromkeys(_FLAGS, "bool")
    kinds |= {"session": "Int64", "last": "int64"}
    frame = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
    frame.attrs = {
        **_about(extract, entry),
        "sessions": None,
        "starters": len(followup(extract, unit=unit, data_cut=seen.data_cut)),
        "ratings": 0,
        "excluded": (),
        "followups": (),
    }
    return frame


def _people(extract: Extract, seen: Seen, which: Courses) -> tuple[pd.DataFrame, list[str]]:
    """Give one row per starter: how the course ended, and what is known of the person.

    The second part lists the later courses that were asked to be left out.
    """
    spells = followup(extract, event="dropout", unit="session", data_cut=seen.data_cut)
    courses = seen.courses.rename(columns={"sessions_planned": "planned"})
    if "couple_id" not in courses:
        courses["couple_id"] = None
    known = courses[courses["episode_id"].notna()].drop_duplicates("episode_id")
    columns = ["episode_id", "person_id", "couple_id", "planned", "due_on", "started_on"]
    people = spells.drop(columns=["entry", "event"]).merge(known[columns], on="episode_id")
    is_later = people["episode_id"].isin([])
    if which == "first":
        in_time = people.sort_values(["started_on", "episode_id"])
        is_later = in_time["person_id"].duplicated().reindex(people.index)
    later = people.loc[is_later, "episode_id"].tolist()
    people = people[~is_later].reset_index(drop=True)
    unplanned = int(people["planned"].isna().sum())
    if unplanned:
        raise SchemaError(
            "Ratings need the planned number of sessions of each course",
            [
                f"{unplanned} started episodes have neither a group nor a registered programme: "
                "fill episodes.group_id or add the programme to programme_rules in council.yml"
            ],
        )
    people["planned"] = people["planned"].astype(np.int64)
    cause = people.pop("cause").astype("object")
    status = cause.mask(cause.isin(DROPPED_OUT), "dropped_out")
    people["status"] = pd.Categorical(status, categories=list(STATUSES))
    people["is_due"] = (people["due_on"] <= seen.data_cut) & (status != "open")
    people["last"] = people.pop("time").astype(np.int64)
    return people, later


def _grid(people: pd.DataFrame, ratings: Ratings) -> pd.DataFrame:
    """Give each starter, goal and planned occasion a row, then the follow-ups rated."""
    given = ratings.frame
    goals = given[["episode_id", "item"]].drop_duplicates()
    items = sorted(goals["item"].unique())
    blank = people.loc[~people["episode_id"].isin(goals["episode_id"]), ["episode_id"]]
    goals = pd.concat([goals, blank.assign(item=items[0] if items else FIRST_GOAL)])
    rows = goals.merge(people, on="episode_id", how="left")
    # A course of one session still has a form before and a form after it.
    planned = rows["planned"].to_numpy(dtype=np.int64)
    count = np.maximum(planned, 2)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    rows = rows.loc[np.repeat(np.arange(len(rows)), count)].reset_index(drop=True)
    is_end = place == np.repeat(count, count) - 1
    rows["occasion"] = np.where(place == 0, "baseline", np.where(is_end, "end", "session"))
    rows["session"] = np.minimum(place + 1, np.repeat(planned, count))
    later = given["occasion"].isin(list(FOLLOW_UP_MONTHS))
    key = ["episode_id", "item", "occasion", "session"]
    extra = given.loc[later, key].merge(people, on="episode_id", how="left")
    whole = pd.concat([rows, extra], ignore_index=True)
    return whole.merge(given[[*key, "score"]], on=key, how="left")


def _with_states(rows: pd.DataFrame) -> pd.DataFrame:
    """Say of each occasion whether it was rated, and if not, why."""
    has_left = rows["status"].isin(["dropped_out", "transferred"])
    is_followup = rows["session"] == 0
    # A follow-up comes after the last session of anybody's course.
    is_after = is_followup & (rows["last"] < rows["planned"]) | (rows["session"] > rows["last"])
    is_rated = rows["score"].notna()
    meets = {
        "rated_after_leaving": is_rated & has_left & is_after,
        "rated": is_rated,
        "left": has_left & is_after,
        "not_due": is_after,
    }
    state = np.select([met.to_numpy() for met in meets.values()], list(meets), default="missed")
    rows["state"] = pd.Categorical(state, categories=list(SCORE_STATES))
    return rows


def _with_endings(rows: pd.DataFrame) -> pd.DataFrame:
    steps = (rows["planned"] - 1).clip(lower=1)
    is_followup = rows["session"] == 0
    rows["stage"] = ((rows["session"] - 1) / steps).mask(is_followup)
    reached = ((rows["last"] - 1) / steps).where(rows["planned"] > 1, 1.0)
    stayed = rows["status"].isin(["completed", "not_completed"])
    rows["reached"] = reached.mask(stayed, 1.0).mask(rows["status"] == "open")
    rows["session"] = rows["session"].astype("Int64").mask(is_followup)
    rows["completed"] = (rows["status"] == "completed").astype(bool)
    ended = rows["score"].notna() & (rows["occasion"] == "end")
    rows["answered"] = ended.groupby(rows["episode_id"]).transform("any").astype(bool)
    return rows


def _weights(ratings: Ratings) -> pd.DataFrame:
    """Give the first weight recorded of each goal."""
    in_time = ratings.frame.sort_values("session", kind="stable")
    return in_time.groupby(["episode_id", "item"])["weight"].first().reset_index()


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    rows["weight"] = rows["weight"].astype("float64").fillna(1.0)
    rows["occasion"] = pd.Categorical(rows["occasion"], categories=list(_OCCASIONS), ordered=True)
    rows["item"] = rows["item"].astype("object")
    rows = rows.sort_values(["episode_id", "item", "occasion", "session"], kind="stable")
    return rows.reindex(columns=list(GOAL_SCORES)).reset_index(drop=True)


def _followups_due(
    people: pd.DataFrame, ratings: Ratings, seen: Seen
) -> tuple[tuple[str, int], ...]:
    """Count the completers for whom each follow-up that was used was due by the data cut."""
    counts = []
    completers = people[(people["status"] == "completed") & people["is_due"]]
    for occasion, months in FOLLOW_UP_MONTHS.items():
        of_it = ratings.frame.loc[ratings.frame["occasion"] == occasion, "episode_id"]
        due = completers["due_on"] + pd.DateOffset(months=months) <= seen.data_cut
        if len(of_it):
            counts.append((occasion, int((due | completers["episode_id"].isin(of_it)).sum())))
    return tuple(counts)
