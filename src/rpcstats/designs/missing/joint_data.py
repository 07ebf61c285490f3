"""Ratings and courses of parents, arranged for the joint model of the two."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_dropout import Courses
from rpcstats.designs.missing._joint_ratings import RatingSums
from rpcstats.designs.missing.parent_covariates import parent_covariates
from rpcstats.designs.missing.ratings import Ratings, read_ratings
from rpcstats.errors import DataError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_STATUSES: Final = ("completed", "not_completed", "dropped_out", "transferred", "open")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class JointData:
    """Arrays of the joint model; its n parents stand by sessions at risk, most first.

    Attributes
    ----------
    ratings : Ratings
        Ratings as read, parents in the order of the frame.
    order : ndarray of shape (n,), int
        Position of each parent in that order.
    Z, X : ndarray of shape (n, p) and (n, m)
        Covariates of intercept and slope, a column of ones first; covariates of dropout.
    z_names, x_names : tuple of str
        Names of their columns.
    sums : RatingSums
        Sums of the ratings, less `centre`.
    goal_sums : ndarray of shape (3, J)
        Sums over each goal, in the order of `ratings`, of 1, the stage and the rating less
        `centre`.
    courses : Courses
        Sessions at risk of leaving, counted over `sessions`.
    sessions : ndarray of shape (S,), int
        Sessions after which somebody left and somebody stayed.
    cluster : ndarray of shape (n,), int
        Cluster of each parent.
    centre : float
        Mean rating.
    has_goals : bool
        Whether a parent has several rated goals, so that goals can differ.
    remarks : tuple of str
        What a reader should know.
    trouble : tuple of str
        Why there is no finite optimum, if so.
    """

    ratings: Ratings
    order: IntArray
    Z: FloatArray
    X: FloatArray
    z_names: tuple[str, ...]
    x_names: tuple[str, ...]
    sums: RatingSums
    goal_sums: FloatArray
    courses: Courses
    sessions: IntArray
    cluster: IntArray
    centre: float
    has_goals: bool
    remarks: tuple[str, ...]
    trouble: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of parents."""
        return len(self.order)

    @property
    def n_cluster(self) -> int:
        """Number of clusters."""
        return len(np.unique(self.cluster))

    @property
    def n_event(self) -> int:
        """Number of dropouts."""
        return int((self.courses.event >= 0).sum())

    @property
    def n_rating(self) -> int:
        """Number of ratings."""
        return int(self.sums.within[0].sum())


def joint_data(
    goals: pd.DataFrame, adjust: Sequence[str], dropout_adjust: Sequence[str]
) -> JointData:
    """Arrange a frame of goal ratings for the joint model.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`.
    adjust, dropout_adjust : sequence of str
        Covariates of the ratings' intercept and slope, and of dropout.

    Returns
    -------
    JointData
        The arrays.

    Raises
    ------
    DataError
        If the frame can't be read, nobody dropped out, or no goal was rated at two stages.
    """
    named = tuple(dict.fromkeys((*adjust, *dropout_adjust)))
    ratings = read_ratings(goals, ("status", "last", *named))
    planned = 1 + np.argmax(ratings.stage[:, ratings.first] == 1.0, axis=0)
    n_risk, event, late = _risk(ratings.parents, planned)
    of_goals, of_dropout = (
        parent_covariates(ratings.parents, columns) for columns in (adjust, dropout_adjust)
    )
    sessions, left_out = _sessions(n_risk, event)
    n_used = np.searchsorted(sessions, n_risk, side="right")
    order = np.argsort(-n_used, kind="stable")
    sums, goal_sums, centre = _sums(ratings, order)
    has_goals = bool((sums.goals.sum(axis=0) > 1).any())
    used = np.where(event > 0, np.searchsorted(sessions, event), -1)
    used[(event > 0) & ~np.isin(event, sessions)] = -1
    stage = (sessions[:, None] - 1.0) / np.maximum(planned[order] - 1.0, 1.0)
    X = of_dropout.X[order, 1:]
    courses = Courses(n_used[order], used[order], np.minimum(stage, 1.0))
    dropped = (*of_goals.left_out, *of_dropout.left_out)
    return JointData(
        ratings=ratings,
        order=order,
        Z=of_goals.X[order],
        X=X,
        z_names=of_goals.names,
        x_names=of_dropout.names[1:],
        sums=sums,
        goal_sums=goal_sums,
        courses=courses,
        sessions=sessions,
        cluster=ratings.cluster[order],
        centre=centre,
        has_goals=has_goals,
        remarks=_remarks(dropped, left_out, late, has_goals),
        trouble=_without_dropout(X, of_dropout.names[1:], courses),
    )


def _risk(parents: pd.DataFrame, planned: IntArray) -> tuple[IntArray, IntArray, int]:
    """Give the sessions after which each parent could leave, and did (0 for none)."""
    status = parents["status"].astype(object).to_numpy()
    last = pd.to_numeric(parents["last"]).to_numpy(dtype=np.float64, na_value=np.nan)
    faults = []
    unknown = int((~np.isin(status.astype(str), _STATUSES)).sum())
    if unknown:
        faults.append(f"{unknown} parents have an unknown status: use {', '.join(_STATUSES)}")
    if np.isnan(last).any() or (last < 1).any():
        faults.append("last is the last session a parent was in, 1 or more")
    if not faults and not ((status == "dropped_out") & (last < planned)).any():
        faults.append("nobody dropped out before the last session: there is no dropout to model")
    if faults:
        raise DataError("\n".join(["The courses can't be used:", *(f"  - {f}" for f in faults)]))
    whole = last.astype(np.int64)
    gone, moved, still = (status == word for word in ("dropped_out", "transferred", "open"))
    late = gone & (whole >= planned)
    n_risk = np.where(gone | moved, whole, np.where(still, whole - 1, planned - 1))
    n_risk = np.minimum(n_risk, planned - 1)
    return n_risk, np.where(gone & ~late, whole, 0), int(late.sum())


def _sessions(n_risk: IntArray, event: IntArray) -> tuple[IntArray, IntArray]:
    """List the sessions that tell of the hazard, and those after which nobody left."""
    every = np.arange(1, int(n_risk.max(initial=1)) + 1)
    at_risk = np.array([(n_risk >= k).sum() for k in every])
    left = np.array([(event == k).sum() for k in every])
    tells = (left > 0) & (left < at_risk)
    if not tells.any():
        raise DataError("Everybody at risk left after the same session: no hazard can be modelled.")
    return every[tells].astype(np.int64), every[left == 0].astype(np.int64)


def _sums(ratings: Ratings, order: IntArray) -> tuple[RatingSums, FloatArray, float]:
    """Sum up the ratings of each goal, an end form after leaving at the stage reached."""
    late = np.where(np.isnan(ratings.after), np.nan, ratings.reached[ratings.parent])
    y = np.vstack([ratings.score, ratings.after])
    s = np.vstack([ratings.stage, late])
    rated = np.isfinite(y)
    centre = float(y[rated].mean())
    y, s = np.where(rated, y - centre, 0.0), np.where(rated, s, 0.0)
    moments = np.stack([part.sum(axis=0) for part in (rated, s, s * s, y, s * y, y * y)])
    size, S, Y = moments[0], moments[1], moments[3]
    if not (size * moments[2] - S**2 > 0.0).any():
        raise DataError("No goal was rated at two stages: nothing is known of change.")
    products = np.stack([size**2, size * S, S**2, size * Y, S * Y, Y**2])
    place = np.argsort(order)[ratings.parent]
    n = len(order)
    sizes = np.unique(size[size > 0])

    def by_parent(values: FloatArray, which: NDArray[np.bool_]) -> FloatArray:
        return np.asarray(np.bincount(place[which], values[which], minlength=n), dtype=np.float64)

    everything = np.ones(len(size), dtype=np.bool_)
    within = np.stack([by_parent(row, everything) for row in moments])
    goals = np.stack([by_parent(np.ones(len(size)), size == k) for k in sizes])
    between = np.stack([[by_parent(row, size == k) for row in products] for k in sizes])
    return RatingSums(sizes, goals, within, between), moments[[0, 1, 3]], centre


def _remarks(
    left_out: Sequence[str], empty: IntArray, late: int, has_goals: bool
) -> tuple[str, ...]:
    remarks = []
    if left_out:
        names = ", ".join(dict.fromkeys(left_out))
        remarks.append(f"The same for everybody, and left out: {names}.")
    if len(empty):
        remarks.append(
            f"Nobody left after session {', '.join(map(str, empty))}: the hazard there is"
            " estimated as 0."
        )
    if late:
        remarks.append(f"{late} parents left after the last session and count as having stayed.")
    if not has_goals:
        remarks.append("No parent has two rated goals: goals are not told from parents.")
    return tuple(remarks)


def _without_dropout(X: FloatArray, names: Sequence[str], courses: Courses) -> tuple[str, ...]:
    """Name the levels in which nobody, or everybody, left."""
    found = []
    seen = courses.n_risk > 0
    left = courses.event >= 0
    for column, name in zip(X.T, names, strict=True):
        is_level = bool(np.isin(column, (0.0, 1.0)).all())
        inside = seen & (column == 1.0)
        if is_level and left[inside].sum() in (0, inside.sum()):
            found.append(
                f"Nobody, or everybody, of {name} dropped out: its effect on dropout has no finite"
                " estimate. Leave the column out of dropout_adjust."
            )
    return tuple(found)
