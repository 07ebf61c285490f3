"""Printed ratings as ordered categories, arranged for the kernels of the ordinal joint model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_arrays import Cells
from rpcstats.errors import DataError
from rpcstats.goals.trajectories import MOST_CATEGORIES

if TYPE_CHECKING:
    from rpcstats.designs.missing.joint_data import JointData

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrderedRatings:
    """Ratings of the joint model as categories.

    Attributes
    ----------
    values : ndarray of shape (C,)
        Points of the categories: those that were given, ascending.
    cells : Cells
        Ratings and courses, parents in the order of the model.
    goal : ndarray of shape (J,), int
        Position of each goal of `cells` among those of the ratings as read.
    """

    values: FloatArray
    cells: Cells
    goal: IntArray

    @property
    def n_category(self) -> int:
        """Number of categories."""
        return len(self.values)


def ordered_ratings(data: "JointData") -> OrderedRatings:
    """Arrange ratings as categories.

    Parameters
    ----------
    data : JointData
        Arrays of the joint model.

    Returns
    -------
    OrderedRatings
        The categories are the values that were given: one that nobody gave has no probability,
        and the thresholds on both sides of it are one.

    Raises
    ------
    DataError
        If ratings are no whole numbers, or take too many values or a single one.
    """
    r = data.ratings
    late = np.where(np.isnan(r.after), np.nan, r.reached[r.parent])
    y, s = np.vstack([r.score, r.after]), np.vstack([r.stage, late])
    values = np.unique(y[np.isfinite(y)])
    _check_values(values)
    place = np.argsort(data.order)[r.parent]
    goal = np.argsort(place, kind="stable")
    y, s = y[:, goal].T, s[:, goal].T
    rated = np.isfinite(y)
    category = np.searchsorted(values, y[rated])
    n_rating = rated.sum(axis=1)
    edge_first, edge, lower, upper = _edges(
        np.repeat(np.arange(len(goal)), n_rating), category, len(values) + 1, len(goal)
    )
    courses = data.courses
    cells = Cells(
        goal_first=np.searchsorted(place[goal], np.arange(data.n + 1)),
        rating_first=np.concatenate([[0], np.cumsum(n_rating)]),
        category=category,
        stage=np.ascontiguousarray(s[rated]),
        edge_first=edge_first,
        edge=edge,
        lower=lower,
        upper=upper,
        n_risk=np.ascontiguousarray(courses.n_risk),
        event=np.ascontiguousarray(courses.event),
        session_stage=np.ascontiguousarray(courses.stage.T),
    )
    return OrderedRatings(values=values, cells=cells, goal=goal)


def _check_values(values: FloatArray) -> None:
    is_whole = bool((values == np.round(values)).all())
    if is_whole and 2 <= len(values) <= MOST_CATEGORIES:
        return
    raise DataError(
        f"The ratings take {len(values):,} values{'' if is_whole else ', not all whole numbers'}:"
        f" an ordinal outcome takes 2 to {MOST_CATEGORIES} whole numbers; use outcome='linear'."
    )


def _edges(
    goal: IntArray, category: IntArray, n_edge: int, n_goal: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """List the thresholds around the ratings of each goal, and each rating's places there."""
    keys = goal * n_edge + category
    every, place = np.unique(np.concatenate([keys, keys + 1]), return_inverse=True)
    first = np.searchsorted(every, np.arange(n_goal + 1) * n_edge)
    own = place - first[np.concatenate([goal, goal])]
    n = len(goal)
    return first, every % n_edge, np.ascontiguousarray(own[:n]), np.ascontiguousarray(own[n:])
