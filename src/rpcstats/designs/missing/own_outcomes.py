"""What was seen of each starter's change at the level reached, and what was not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import STAGE, STATE
from rpcstats.goals.trajectory_rows import TrajectoryRows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OwnOutcomes:
    """Mean change of each starter's goals as the sum of what was seen and what was not.

    Attributes
    ----------
    known : ndarray of shape (n,)
        Seen part, a value a starter in the order of `TrajectoryRows.starters`.
    n_missing : int
        Starters of whom no goal was rated at the end, or after leaving.
    starter : ndarray of int, shape (m,)
        Whose each rating not seen is.
    goal : ndarray of int, shape (m,)
        On which goal.
    stage : ndarray of shape (m,)
        Share of the course at which it is wanted.
    weight : ndarray of shape (m,)
        What it counts in the mean change.
    """

    known: FloatArray
    n_missing: int
    starter: IntArray
    goal: IntArray
    stage: FloatArray
    weight: FloatArray


def own_outcomes(goals: pd.DataFrame, rows: TrajectoryRows) -> OwnOutcomes:
    """Part each starter's change into ratings seen and not seen.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`.
    rows : TrajectoryRows
        What was read of it.

    Returns
    -------
    OwnOutcomes
        The change of a goal is its end less its start, better being positive; the end is that of
        the course for those who stayed, and the form sent after leaving for those who left, or,
        where there is none, a rating wanted at the stage they had reached.
    """
    ratings, starters = rows.ratings, rows.starters
    start, end = _starts_and_ends(goals, rows)
    starter_of = np.full(len(ratings.people), -1)
    starter_of[starters["parent"].to_numpy()] = np.arange(len(starters))
    goal = np.flatnonzero(starter_of[ratings.owner] >= 0)
    starter = starter_of[ratings.owner[goal]]
    weight = ratings.sign / starters["n_goals"].to_numpy(dtype=np.float64)[starter]
    reached = ratings.people["reached"].to_numpy(dtype=np.float64, na_value=np.nan)
    reached = reached[ratings.owner[goal]]
    cells = [(start[goal], np.zeros(len(goal)), -weight), (end[goal], reached, weight)]
    known = np.zeros(len(starters))
    wanted: list[tuple[IntArray, FloatArray, FloatArray]] = []
    for value, stage, sign in cells:
        gone = np.isnan(value)
        known += np.bincount(starter, np.where(gone, 0.0, sign * value), len(starters))
        wanted.append((np.flatnonzero(gone), stage[gone], sign[gone]))
    at = np.concatenate([part[0] for part in wanted])
    has_end = np.bincount(starter, ~np.isnan(end[goal]), len(starters)) > 0
    return OwnOutcomes(
        known=known,
        n_missing=int((~has_end).sum()),
        starter=starter[at],
        goal=goal[at],
        stage=np.concatenate([part[1] for part in wanted]),
        weight=np.concatenate([part[2] for part in wanted]),
    )


def _starts_and_ends(goals: pd.DataFrame, rows: TrajectoryRows) -> tuple[FloatArray, FloatArray]:
    ratings = rows.ratings
    state = goals[STATE].to_numpy(dtype=object)
    stage = np.array(pd.to_numeric(goals[STAGE], errors="coerce"), dtype=np.float64)
    start, end = np.full((2, len(ratings.owner)), np.nan)
    first = (state == "rated") & (stage == 0.0)
    start[ratings.goal[first]] = ratings.score[first]
    for last in ((state == "rated") & (stage == 1.0), state == "rated_after_leaving"):
        at = np.flatnonzero(last & np.isfinite(stage))
        at = at[np.argsort(ratings.session[at], kind="stable")]
        end[ratings.goal[at]] = ratings.score[at]
    return start, end
