"""The frame of goal ratings as arrays: a column a goal, a row an occasion of the course."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.goals.goal_ratings import SIGNS, read_goals

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

_HEADING: Final = "The frame of goal ratings can't be used (goal_scores gives one that can):"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Ratings:
    """Ratings of J goals of N parents at up to T sessions.

    Attributes
    ----------
    parents : DataFrame of N rows
        Ids, flags and the further columns asked for, a row a parent.
    item : ndarray of object, shape (J,)
        Name of each goal; goals of a parent stand together.
    parent : ndarray of int, shape (J,)
        Whose goal it is.
    first : ndarray of int, shape (N,)
        First goal of each parent.
    score, stage : ndarray of shape (T, J)
        Ratings made while the parent was in, NaN elsewhere; share of the course held.
    start, end, after : ndarray of shape (J,)
        Rating at the start, at the end by parents who stayed, after leaving by those who left;
        NaN where there is none.
    reached : ndarray of shape (N,)
        Share of the course a parent has had: 1 for those who stayed, NaN if the course is open.
    is_due : ndarray of bool, shape (N,)
        Whose course had ended by the data cut.
    group, cluster : ndarray of int, shape (N,)
        Group, -1 for parents in none; cluster of the variance.
    minimum, maximum : float
        Ends of the scale; infinite where it has none.
    sign : float
        1 where a higher rating is better, -1 where a lower one is.
    """

    parents: pd.DataFrame
    item: NDArray[np.object_]
    parent: Integers
    first: Integers
    score: Floats
    stage: Floats
    start: Floats
    end: Floats
    after: Floats
    reached: Floats
    is_due: Booleans
    group: Integers
    cluster: Integers
    minimum: float
    maximum: float
    sign: float

    @property
    def left(self) -> Booleans:
        """Who left before the end, shape (N,)."""
        return np.asarray(self.reached < 1.0)

    @property
    def n_group(self) -> int:
        """How many groups there are."""
        return int(self.group.max(initial=-1)) + 1

    @property
    def span(self) -> float:
        """Length of the scale in points; of the ratings seen, where the scale has no ends."""
        declared = self.maximum - self.minimum
        if np.isfinite(declared):
            return declared
        return max(float(np.nanmax(self.score) - np.nanmin(self.score)), 1.0)

    def parent_means(self, values: Floats) -> Floats:
        """Average values of goals over the goals of each parent.

        Parameters
        ----------
        values : ndarray of shape (..., J)
            A value for each goal.

        Returns
        -------
        ndarray of shape (..., N)
            Sums divided by the number of goals, so that whole numbers stay exact.
        """
        sums = np.add.reduceat(values, self.first, axis=-1)
        return np.asarray(sums / np.diff(np.append(self.first, len(self.parent))))


def read_ratings(goals: pd.DataFrame, columns: tuple[str, ...] = ()) -> Ratings:
    """Arrange a frame of goal ratings.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as from `goal_scores`; follow-ups after the course are left out.
    columns : tuple of str
        Further columns that have to be there, each telling one thing of a parent.

    Returns
    -------
    Ratings
        Parents in the order in which they first appear.

    Raises
    ------
    DataError
        If the frame breaks a condition of `goals`, stages or sessions can't be read, a parent
        whose course is over has no part of it, or nobody rated later than at the start; all
        faults at once.
    """
    further = tuple(dict.fromkeys(("group_id", "reached", *columns)))
    if isinstance(goals, pd.DataFrame) and "stage" not in goals:
        raise DataError(f"{_HEADING}\n  - column stage is missing: goal_scores(extract) makes it")
    checked = read_goals(goals, caller="Imputation", further=further)
    rows = goals[goals["session"].notna().to_numpy()]
    parents = checked.people
    arrays = _Columns(rows, parents["episode_id"])
    faults = _faults(arrays, parents)
    if faults:
        raise DataError("\n".join([_HEADING, *(f"  - {fault}" for fault in faults)]))
    return _arrange(parents, arrays, goals.attrs)


class _Columns:
    """Columns of the course as arrays, with codes for parents and goals."""

    def __init__(self, rows: pd.DataFrame, episodes: "pd.Series[Any]") -> None:
        self.parent = pd.Index(episodes).get_indexer(rows["episode_id"]).astype(np.int64)
        items, self.items = pd.factorize(rows["item"].astype(object))
        self.goal = self.parent * max(len(self.items), 1) + items
        self.session = rows["session"].to_numpy(dtype=np.int64)
        self.stage = _floats(rows["stage"])
        self.score = _floats(rows["score"])
        self.state = rows["state"].to_numpy(dtype=object)


def _floats(values: "pd.Series[Any]") -> Floats:
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _faults(rows: _Columns, parents: pd.DataFrame) -> list[str]:
    faults = []
    if len(np.unique(rows.parent)) < len(parents):
        faults.append("parents have no row of the course: goal_scores gives every starter some")
    if (rows.session < 1).any():
        faults.append("sessions are counted from 1")
    if not ((rows.stage >= 0.0) & (rows.stage <= 1.0)).all():
        faults.append("stage is the share of the course held, from 0 to 1")
    elif not (rows.stage[rows.state == "rated"] > 0.0).any():
        faults.append("nobody rated a goal later than at the start: there is no change to learn")
    twice = pd.DataFrame({"goal": rows.goal, "session": rows.session}).duplicated()
    if twice.any():
        faults.append(f"{int(twice.sum())} goals have two rows for one session")
    reached = _floats(parents["reached"])
    due = parents["is_due"].to_numpy(dtype=np.bool_)
    if not ((reached[due] >= 0.0) & (reached[due] <= 1.0)).all():
        faults.append("reached is missing or off 0 to 1 for parents whose course is over")
    return faults


def _arrange(parents: pd.DataFrame, arrays: _Columns, attrs: dict[Any, Any]) -> Ratings:
    keys, goal = np.unique(arrays.goal, return_inverse=True)
    parent = keys // len(arrays.items)
    T, J = int(arrays.session.max()), len(keys)
    score, stage = np.full((T, J), np.nan), np.zeros((T, J))
    inside = arrays.state == "rated"
    score[arrays.session[inside] - 1, goal[inside]] = arrays.score[inside]
    stage[arrays.session - 1, goal] = arrays.stage
    after, end = np.full(J, np.nan), np.full(J, np.nan)
    late = np.flatnonzero(arrays.state == "rated_after_leaving")
    late = late[np.argsort(arrays.session[late], kind="stable")]
    after[goal[late]] = arrays.score[late]
    is_end = inside & (arrays.stage == 1.0)
    end[goal[is_end]] = arrays.score[is_end]
    low, high = attrs.get("minimum"), attrs.get("maximum")
    return Ratings(
        parents=parents,
        item=np.asarray(arrays.items[keys % len(arrays.items)], dtype=object),
        parent=parent,
        first=np.flatnonzero(np.diff(parent, prepend=-1)),
        score=score,
        stage=stage,
        start=score[0].copy(),
        end=end,
        after=after,
        reached=_floats(parents["reached"]),
        is_due=parents["is_due"].to_numpy(dtype=np.bool_),
        group=pd.factorize(parents["group_id"])[0].astype(np.int64),
        cluster=pd.factorize(parents["cluster_id"])[0].astype(np.int64),
        minimum=-np.inf if low is None else float(low),
        maximum=np.inf if high is None else float(high),
        sign=SIGNS[attrs["direction"]],
    )
