"""The mean course of the goal ratings, or none."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import pandas as pd

from rpcstats._vocabulary import TRAJECTORY, ReleaseKind
from rpcstats.designs.goal_paper.attempt import attempt, due_starters, span_of
from rpcstats.goals.trajectories import goal_trajectory


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GoalCourse:
    """Mean rating along the course, by the model and as seen.

    Attributes
    ----------
    span : float
        Length of the scale in points.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    _frame: pd.DataFrame = field(repr=False)
    _glance: pd.DataFrame = field(repr=False)
    span: float
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give the mean rating at each stage.

        Returns
        -------
        pandas.DataFrame
            Columns `TRAJECTORY`; no rows where the data did not allow it.
        """
        return self._frame.copy()

    def glance(self) -> pd.DataFrame:
        """Give the counts behind it.

        Returns
        -------
        pandas.DataFrame
            One row: n_obs (starters due), n_missing (of them, without a rating of their end).
        """
        return self._glance.copy()


def goal_course(
    goals: pd.DataFrame, *, model: Literal["ordinal", "linear"] = "ordinal",
    conf_level: float = 0.95,
) -> GoalCourse:  # fmt: skip
    """Give the mean course of the ratings, if the data allow it.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives; it may have no rows.
    model : {"ordinal", "linear"}
        Mixed model of the ratings.
    conf_level : float
        Level of the limits.

    Returns
    -------
    GoalCourse
        Rows of `goal_trajectory`, or none.
    """
    fitted = attempt(lambda: goal_trajectory(goals, model=model, conf_level=conf_level))
    n_obs, n_missing = due_starters(goals)
    frame = pd.DataFrame(columns=list(TRAJECTORY)) if fitted is None else fitted.tidy()
    counts = {"n_obs": n_obs, "n_missing": n_missing}
    glance = pd.DataFrame([counts]) if fitted is None else fitted.glance()
    return GoalCourse(_frame=frame, _glance=glance, span=span_of(goals), conf_level=conf_level)
