"""Who was asked, who answered, and which ratings were left out: each count with its base."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import FLOW, FUNNEL, GOAL_SCORES
from rpcstats.data.proportions import with_limits
from rpcstats.data.ratings import FOLLOW_UP_MONTHS
from rpcstats.errors import DataError

_DUE: Final = "starters whose course was due to end by the data cut and whose outcome is known"
_COMPLETERS: Final = "completers"
_DEFINITIONS: Final = {
    "started": "Attended session 1 by the data cut.",
    "due": f"The {_DUE}.",
    "rated_start": "Starters due who rated a goal at the start.",
    "rated_later": "Starters due who rated a goal again, at a session or at the end.",
    "completed": "Starters due who stayed to the last session and met the attendance rule.",
    "answered": "Completers who rated a goal on the end form.",
    "couples": "Couples of whom at least one parent started.",
    "couples_both": "Couples of whom both parents started.",
    "couples_both_answered": "Couples of whom both parents rated a goal at the start and the end.",
}
_FOLLOW_UP: Final = (
    "Completers who rated a goal {months} months after the course, of those for whom that day "
    "had come by the data cut."
)


def response_flow(goals: pd.DataFrame, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Count who rated their goals, when, and of how many.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives.
    conf_level : float, default 0.95
        Level of the intervals.

    Returns
    -------
    DataFrame
        Columns `FUNNEL`, a row per stage: started, due, rated_start, rated_later, completed,
        answered, then the follow-ups somebody answered, then couples if there are any.
        Intervals are Wilson's (1927). The base of a follow-up is missing where the frame
        holds only a part of the starters.

    Raises
    ------
    DataError
        If a column is missing.
    """
    _check(goals)
    if goals.empty:
        started = int(goals.attrs.get("starters", 0))
        return with_limits([_row("started", started, None, "")], FUNNEL, conf_level)
    people = goals.groupby("episode_id", observed=True, sort=False)[
        ["is_due", "completed", "answered"]
    ].first()
    due = people[people["is_due"].astype(bool)]
    completers = due[due["completed"].astype(bool)]
    rated = goals[goals["score"].notna()]
    at_start = due.index.isin(rated.loc[rated["occasion"] == "baseline", "episode_id"])
    later = rated["occasion"].isin(["session", "end"])
    rows = [
        _row("started", len(people), None, ""),
        _row("due", len(due), len(people), "starters"),
        _row("rated_start", int(at_start.sum()), len(due), _DUE),
        _row("rated_later", _n_in(due, rated[later]), len(due), _DUE),
        _row("completed", len(completers), len(due), _DUE),
        _row("answered", int(completers["answered"].sum()), len(completers), _COMPLETERS),
        *_follow_up_rows(goals, completers, rated, n_starters=len(people)),
        *_couple_rows(goals, rated),
    ]
    return with_limits(rows, FUNNEL, conf_level)


def rating_flow(goals: pd.DataFrame) -> pd.DataFrame:
    """Count the ratings left out on the way from the extract to the frame, and why.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives, with its `attrs`.

    Returns
    -------
    DataFrame
        Columns `FLOW`: `stage`, `n` ratings left after it, `n_excluded` at it, `definition`.
        The last row is what the frame holds.

    Raises
    ------
    DataError
        If a column is missing, or the frame does not say what was left out.
    """
    _check(goals)
    if not {"ratings", "excluded"} <= goals.attrs.keys():
        raise DataError("this frame does not say which ratings were left out: use goal_scores")
    excluded = list(goals.attrs["excluded"])
    steps = [
        ("in_extract", 0, "Ratings by the instrument in the extract."),
        *(("left_out", n, f"Left out: {words}.") for words, n in excluded),
        ("used", 0, "Ratings used."),
    ]
    taken = np.array([n for _, n, _ in steps], dtype=np.int64)
    columns = {
        "stage": [stage for stage, _, _ in steps],
        "n": goals.attrs["ratings"] - np.cumsum(taken),
        "n_excluded": taken,
        "definition": [text for _, _, text in steps],
    }
    return pd.DataFrame(columns)[list(FLOW)]


def _check(goals: pd.DataFrame) -> None:
    missing = [name for name in GOAL_SCORES if name not in goals]
    if missing:
        raise DataError(
            f"a frame of goal ratings needs the columns {', '.join(missing)}; "
            "give what goal_scores gives"
        )


def _n_in(people: pd.DataFrame, rated: pd.DataFrame) -> int:
    return int(people.index.isin(rated["episode_id"]).sum())


def _follow_up_rows(
    goals: pd.DataFrame, completers: pd.DataFrame, rated: pd.DataFrame, *, n_starters: int
) -> list[dict[str, object]]:
    is_whole = goals.attrs.get("starters") == n_starters
    due = dict(goals.attrs.get("followups", ())) if is_whole else {}
    rows = []
    for occasion, months in FOLLOW_UP_MONTHS.items():
        of_it = rated[rated["occasion"] == occasion]
        if len(of_it):
            label = f"completers due at {months} months" if occasion in due else ""
            row = _row("answered", _n_in(completers, of_it), due.get(occasion), label)
            definition = _FOLLOW_UP.format(months=months)
            rows.append(row | {"stage": occasion, "definition": definition})
    return rows


def _couple_rows(goals: pd.DataFrame, rated: pd.DataFrame) -> list[dict[str, object]]:
    """Count couples; one parent alone says nothing of how the two depend on each other."""
    members = goals.dropna(subset=["couple_id"])
    if members.empty:
        return []

    def both(rows: pd.DataFrame) -> set[object]:
        persons = rows.dropna(subset=["couple_id"]).groupby("couple_id")["person_id"].nunique()
        return set(persons.index[persons > 1])

    n = int(members["couple_id"].nunique())
    at_both = [both(rated[rated["occasion"] == name]) for name in ("baseline", "end")]
    return [
        _row("couples", n, None, ""),
        _row("couples_both", len(both(members)), n, "couples"),
        _row("couples_both_answered", len(set.intersection(*at_both)), n, "couples"),
    ]


def _row(stage: str, n: int, base: int | None, base_label: str) -> dict[str, object]:
    return {
        "stage": stage,
        "n": n,
        "base": base,
        "base_label": base_label,
        "definition": _DEFINITIONS[stage],
    }
