"""The frame of goal ratings, checked once and turned into arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import SCORE_STATES, STATE
from rpcstats.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
To = Literal["end", "last"]

FLAGS: Final = ("is_due", "completed", "answered")
NEEDED: Final = (
    "episode_id", "cluster_id", "item", "occasion", "session", "score", STATE, *FLAGS,
)  # fmt: skip
RATED: Final = ("rated", "rated_after_leaving")
_SPARSE: Final = 8
"""Keys up to this many times the rows are numbered by a table of them, others by sorting."""
SIGNS: Final = {"up": 1.0, "down": -1.0}


@dataclass(frozen=True, slots=True, eq=False)
class GoalRatings:
    """Ratings of n parents on m goals (a goal is an item of one parent).

    Attributes
    ----------
    people : DataFrame
        A row a parent, in order of appearance: episode_id, cluster_id, is_due, completed,
        answered, and the further columns asked for.
    owner : ndarray of int, shape (m,)
        Parent of each goal.
    goal : ndarray of int, shape (rows,)
        Goal of each row of the frame.
    score : ndarray of shape (rows,)
        NaN where there is no rating.
    session : ndarray of shape (rows,)
        NaN at a follow-up.
    occasion : Categorical of str, shape (rows,)
        Baseline, session, end, or a follow-up.
    after_leaving : ndarray of bool, shape (rows,)
        Rated after the last session the parent was in.
    sign : float
        1 where a higher score is better, -1 where a lower one is.
    span : float
        Length of the scale in points; NaN if the frame does not say.
    instrument : str
        Key of the instrument, empty if the frame does not say.
    """

    people: pd.DataFrame
    owner: IntArray
    goal: IntArray
    score: FloatArray
    session: FloatArray
    occasion: pd.Categorical
    after_leaving: BoolArray
    sign: float
    span: float
    instrument: str


class _Codes(NamedTuple):
    """Identifiers of the rows as numbers in order of appearance, -1 where one is missing."""

    person: IntArray
    item: IntArray
    cluster: IntArray
    occasion: pd.Categorical


def read_goals(goals: Any, *, caller: str, further: Sequence[str] = ()) -> GoalRatings:
    """Check a frame of goal ratings and turn it into arrays.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them: a row for each parent, goal and
        planned occasion, with attrs direction, minimum and maximum.
    caller : str
        Name of the public function, for messages.
    further : sequence of str
        Further columns wanted, which tell one thing of a parent.

    Returns
    -------
    GoalRatings
        The arrays.

    Raises
    ------
    DataError
        If the frame breaks a condition; all of them are listed.
    """
    faults = _shape_faults(goals, further)
    codes = None if faults else _codes(goals)
    if codes is not None:
        faults = _cell_faults(goals, codes, further)
    if codes is None or faults:
        listed = "".join(f"\n  - {fault}" for fault in faults)
        raise DataError(f"{caller} can't use this frame of goal ratings{listed}")
    n_item = int(codes.item.max()) + 1
    pairs, goal = _numbered(codes.person * n_item + codes.item)
    first = _first_rows(codes.person)
    wanted = list(dict.fromkeys(("episode_id", "cluster_id", *FLAGS, *further)))
    people = goals[wanted].iloc[first].reset_index(drop=True)
    people[list(FLAGS)] = people[list(FLAGS)].astype(bool)
    return GoalRatings(
        people=people,
        owner=pairs // n_item,
        goal=goal,
        score=_floats(goals["score"]),
        session=_floats(goals["session"]),
        occasion=codes.occasion,
        after_leaving=np.asarray(goals[STATE] == "rated_after_leaving", dtype=np.bool_),
        sign=SIGNS[goals.attrs["direction"]],
        span=_limit(goals, "maximum") - _limit(goals, "minimum"),
        instrument=str(goals.attrs.get("instrument", "")),
    )


def _codes(goals: pd.DataFrame) -> _Codes:
    found = [pd.factorize(goals[name])[0] for name in ("episode_id", "item", "cluster_id")]
    person, item, cluster = (codes.astype(np.int64) for codes in found)
    return _Codes(person, item, cluster, pd.Categorical(goals["occasion"]))


def _numbered(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Give the distinct keys, none below 0, in order, and the place of each row's among them."""
    if int(keys.max()) > _SPARSE * len(keys):
        distinct, place = np.unique(keys, return_inverse=True)
        return distinct, place.astype(np.int64)
    is_there = np.zeros(int(keys.max()) + 1, dtype=np.bool_)
    is_there[keys] = True
    return np.flatnonzero(is_there), np.cumsum(is_there, dtype=np.int64)[keys] - 1


def _first_rows(codes: IntArray) -> IntArray:
    """Give the first row of each code."""
    first = np.zeros(int(codes.max(initial=-1)) + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first


def _n_repeated(*columns: IntArray) -> int:
    """Count rows that come again; a missing value is like another."""
    keys = np.zeros(len(columns[0]), dtype=np.int64)
    for codes in columns:
        keys = keys * (int(codes.max(initial=-1)) + 2) + (codes + 1)
    if (keys[1:] > keys[:-1]).all():
        return 0
    return int(pd.Series(keys).duplicated().sum())


def _floats(column: pd.Series) -> FloatArray:
    numbers = pd.to_numeric(column, errors="coerce")
    return np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def _limit(goals: pd.DataFrame, name: str) -> float:
    """Read a limit of the scale; NaN where the instrument has none."""
    value = goals.attrs.get(name)
    return np.nan if value is None else float(value)


def _shape_faults(goals: Any, further: Sequence[str]) -> list[str]:
    if not isinstance(goals, pd.DataFrame):
        return ["it is no pandas DataFrame: hand over what goal_scores(extract) gives"]
    faults = [
        f"column {name} is missing: goal_scores(extract) makes it"
        for name in (*NEEDED, *further)
        if name not in goals
    ]
    if not len(goals):
        # Such a frame may know no instrument either, which follows from the same cause.
        return [*faults, "it has no rows: nobody on a course was rated by this instrument"]
    if goals.attrs.get("direction") not in SIGNS:
        faults.append(
            'attrs["direction"] does not say which way is better: set it to "up" or "down"'
        )
    return faults


def _cell_faults(goals: pd.DataFrame, codes: _Codes, further: Sequence[str]) -> list[str]:
    person, item, cluster, occasion = codes
    session = pd.factorize(goals["session"])[0].astype(np.int64)
    starts = np.asarray(occasion == "baseline")
    found = {
        "rows have no episode_id, cluster_id or item: fill them": (
            (person < 0) | (item < 0) | (cluster < 0)
        ).sum(),
        f"rows have an unknown state: use {', '.join(SCORE_STATES)}": (
            ~goals[STATE].isin(SCORE_STATES)
        ).sum(),
        "rows come twice for one parent, item, occasion and session: keep one rating": _n_repeated(
            person, item, occasion.codes.astype(np.int64), session
        ),
        **{text: rows.sum() for text, rows in _score_faults(goals).items()},
        "baselines come twice for one parent and item: keep the first": _n_repeated(
            person[starts], item[starts]
        ),
    }
    faults = [f"{int(n):,} {text}" for text, n in found.items() if n]
    if not goals["score"].notna().any():
        faults.append("no score is there at all: there is nothing to work out")
    return faults + _parent_faults(goals, codes, further)


def _score_faults(goals: pd.DataFrame) -> dict[str, Any]:
    score = _floats(goals["score"])
    low, high = _limit(goals, "minimum"), _limit(goals, "maximum")
    should = goals[STATE].isin(RATED).to_numpy()
    return {
        "scores are no numbers: correct them": np.isnan(score) & goals["score"].notna().to_numpy(),
        f"scores lie outside {low:g} to {high:g}: correct them or leave them out": (
            (score < low) | (score > high)
        ),
        "rows say that they are rated and have no score, or the other way round: make score and"
        " state agree": should != goals["score"].notna().to_numpy(),
    }


def _parent_faults(goals: pd.DataFrame, codes: _Codes, further: Sequence[str]) -> list[str]:
    faults = []
    person = codes.person
    n = int(person.max(initial=-1)) + 1
    for name in dict.fromkeys(("cluster_id", *FLAGS, *further)):
        column = goals[name]
        if name in FLAGS and not _is_flag(column):
            faults.append(f"column {name} is not True or False in every row: fill it")
            continue
        own = codes.cluster if name == "cluster_id" else pd.factorize(column)[0]
        first = np.zeros(n, dtype=np.int64)
        first[person[::-1]] = own[::-1]
        bad = int(np.unique(person[own != first[person]]).size)
        if bad:
            faults.append(f"{name} differs between the rows of {bad:,} parents: make it one value")
    return faults


def _is_flag(column: pd.Series) -> bool:
    return bool(pd.api.types.is_bool_dtype(column.dtype) and column.notna().all())
