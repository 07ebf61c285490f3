"""The rows a model of rating trajectories is fitted to, and the parents its means are about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import GROUP, STAGE, STATE
from rpcstats.errors import DataError
from rpcstats.goals.adjusters import Adjusters, centred_columns
from rpcstats.goals.goal_ratings import FloatArray, GoalRatings, IntArray, read_goals
from rpcstats.tables.summary import counted

EPISODE: Final = "episode"
GOAL: Final = "goal"
GROUPED, SINGLE, ARM = "grouped", "single", "arm"
ALONE: Final = "alone"
"""A parent in no group gets a level of its own, whose covariate is 0, so that clusters nest."""
_FURTHER: Final = ("group_id", "reached")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TrajectoryRows:
    """Ratings of the course as rows of a model, and the starters whose mean is wanted.

    Attributes
    ----------
    rows : DataFrame
        A row a rating: score, stage, episode, goal, group, cluster, the covariates of the random
        effects, the arm, and the columns of `columns`.
    starters : DataFrame
        A row a starter whose course is over: parent (position in `ratings.people`), cluster,
        n_goals, grouped (1 for a parent in a group, else 0), and the columns of `columns`.
    ratings : GoalRatings
        The frame checked; `owner` and `goal` say whose each row of the frame is.
    columns : tuple of str
        Columns of what is adjusted for, each with mean 0 over the starters.
    adjusted : tuple of str
        The same in words.
    terms : tuple of str
        Random effects that the data can tell.
    span : float
        Length of the scale in points.
    grain : float
        Step between printed ratings, 0 if they are not whole numbers.
    remarks : tuple of str
        What was left out, and why.
    """

    rows: pd.DataFrame
    starters: pd.DataFrame
    ratings: GoalRatings
    columns: tuple[str, ...]
    adjusted: tuple[str, ...]
    terms: tuple[str, ...]
    span: float
    grain: float
    remarks: tuple[str, ...]

    @property
    def formula(self) -> str:
        """Formula of the model, the slope by each adjuster included."""
        shifts = [term for name in self.columns for term in (name, f"{STAGE}:{name}")]
        return " + ".join([f"score ~ {STAGE}", *shifts, *self.terms])

    @property
    def n_groups(self) -> int:
        """Groups that have a rating; parents alone are none."""
        return int(self.rows.loc[self.rows[GROUPED] == 1.0, GROUP].nunique())

    @property
    def n_clusters(self) -> int:
        """Clusters of the starters: groups, and parents in none."""
        return int(self.starters["cluster"].nunique())

    @property
    def has_both_arms(self) -> bool:
        """Whether some parents are in groups and others in none."""
        return {GROUPED, SINGLE} <= set(self.rows[ARM])

    def patterns(self) -> tuple[pd.DataFrame, FloatArray]:
        """Give the distinct starters as the model sees them.

        Returns
        -------
        tuple of DataFrame and ndarray
            Columns grouped and `columns`, a row a pattern; the share of starters of each.
        """
        counts = self.starters.groupby([GROUPED, *self.columns], sort=True).size()
        frame = counts.index.to_frame(index=False)
        return frame, counts.to_numpy(dtype=np.float64) / len(self.starters)

    def goal_shares(self) -> dict[int, float]:
        """Give the share of starters who have set each number of goals.

        Returns
        -------
        dict of int to float
            Shares that add up to 1.
        """
        n_goals, counts = np.unique(self.starters["n_goals"].to_numpy(), return_counts=True)
        shares = counts / counts.sum()
        return {int(n): float(share) for n, share in zip(n_goals, shares, strict=True)}


def trajectory_rows(
    goals: Any,
    *,
    caller: str,
    adjust: Sequence[str],
    heteroscedastic: bool = False,
    after_leaving: bool = False,
) -> TrajectoryRows:
    """Arrange a frame of goal ratings for a model of their course.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as from `goal_scores`.
    caller : str
        Name of the public function, for messages.
    adjust : sequence of str
        Columns known at the start that the mean and its slope may depend on.
    heteroscedastic : bool
        Whether the effects of parents vary by arm, in groups and alone.
    after_leaving : bool
        Whether ratings made after leaving count too, at the stage at which the parent left.

    Returns
    -------
    TrajectoryRows
        Rows, starters, and the random effects the data can tell.

    Raises
    ------
    DataError
        If the frame can't be used, no course is over, or no parent was rated at two stages.
    """
    ratings = read_goals(goals, caller=caller, further=(*_FURTHER, *adjust))
    kept, stage = _rated_stages(goals, ratings, after_leaving)
    owner = ratings.owner[ratings.goal]
    _refuse_flat(owner[kept], stage[kept], ratings, caller)
    rows = _rows(ratings, owner, kept, stage)
    due = ratings.people["is_due"].to_numpy(dtype=np.bool_)
    again = np.unique(owner[kept & (stage > 0.0)])
    adjusters = centred_columns(ratings.people, adjust, due=due, rated=again)
    for name, values in zip(adjusters.columns, adjusters.values.T, strict=True):
        rows[name] = values[owner[kept]]
    terms, dropped = _random_terms(rows, heteroscedastic)
    score = rows["score"].to_numpy()
    low, high = (float(goals.attrs.get(name, np.nan)) for name in ("minimum", "maximum"))
    return TrajectoryRows(
        rows=rows,
        starters=_starters(ratings, due, adjusters),
        ratings=ratings,
        columns=adjusters.columns,
        adjusted=adjusters.words,
        terms=terms,
        span=high - low if np.isfinite(high - low) else max(float(np.ptp(score)), 1.0),
        grain=1.0 if (score == np.round(score)).all() else 0.0,
        remarks=(*adjusters.remarks, *dropped),
    )


def _rated_stages(
    goals: pd.DataFrame, ratings: GoalRatings, after_leaving: bool
) -> tuple[np.ndarray, FloatArray]:
    """Say which rows are fitted, and at which stage each was rated."""
    stage = np.array(pd.to_numeric(goals[STAGE], errors="coerce"), dtype=np.float64)
    state = goals[STATE].to_numpy(dtype=object)
    kept = (state == "rated") & np.isfinite(stage)
    if after_leaving:
        reached = ratings.people["reached"].to_numpy(dtype=np.float64, na_value=np.nan)
        late = (state == "rated_after_leaving") & np.isfinite(stage)
        stage = np.where(late, reached[ratings.owner[ratings.goal]], stage)
        kept = kept | (late & np.isfinite(stage))
    return kept, stage


def _refuse_flat(owner: IntArray, stage: FloatArray, ratings: GoalRatings, caller: str) -> None:
    faults = []
    if not ratings.people["is_due"].any():
        faults.append("no parent's course is over: there is no starter to give the mean of")
    seen = pd.DataFrame({"owner": owner, STAGE: stage}).drop_duplicates()
    n_twice = int((seen.groupby("owner").size() > 1).sum())
    if n_twice < 2:
        faults.append(
            f"{counted(n_twice, 'parent')} rated a goal at two stages of the course or more: a"
            " trajectory needs two such parents at least"
        )
    if faults:
        raise DataError(
            "\n".join([f"{caller} can't fit a trajectory", *(f"  - {f}" for f in faults)])
        )


def _rows(
    ratings: GoalRatings, owner: IntArray, kept: np.ndarray, stage: FloatArray
) -> pd.DataFrame:
    of_row = owner[kept]
    people = ratings.people
    in_group = people["group_id"].notna().to_numpy()
    grouped = in_group.astype(np.float64)[of_row]
    at = stage[kept]
    alone = pd.Series([f"{ALONE} {i}" for i in range(len(people))], index=people.index)
    group = people["group_id"].astype(object).where(in_group, alone).astype(str)
    return pd.DataFrame(
        {
            "score": ratings.score[kept],
            STAGE: at,
            EPISODE: of_row,
            GOAL: ratings.goal[kept],
            GROUP: group.to_numpy()[of_row],
            "cluster": pd.factorize(people["cluster_id"])[0][of_row],
            GROUPED: grouped,
            SINGLE: 1.0 - grouped,
            f"{GROUPED}_stage": grouped * at,
            f"{SINGLE}_stage": (1.0 - grouped) * at,
            ARM: np.where(grouped == 1.0, GROUPED, SINGLE),
        }
    )


def _starters(ratings: GoalRatings, due: np.ndarray, adjusters: Adjusters) -> pd.DataFrame:
    people = ratings.people
    n_goals = np.bincount(ratings.owner, minlength=len(people))
    frame = pd.DataFrame(
        {
            "parent": np.flatnonzero(due),
            "cluster": pd.factorize(people["cluster_id"])[0][due],
            "n_goals": n_goals[due],
            GROUPED: people["group_id"].notna().to_numpy(dtype=np.float64)[due],
        }
    )
    for name, values in zip(adjusters.columns, adjusters.values.T, strict=True):
        frame[name] = values[due]
    return frame


def _random_terms(
    rows: pd.DataFrame, heteroscedastic: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose the random effects that the rows can tell, and say which they can't."""
    terms, remarks = [], []
    per_goal = rows.groupby([EPISODE, GOAL])[STAGE].nunique()
    goals_of = per_goal.groupby(level=0).size()
    stages_of = rows.groupby(EPISODE)[STAGE].nunique()
    rated_twice = (per_goal > 1).groupby(level=0).sum()
    has_slope = bool((stages_of > 2).any() or (rated_twice > 1).any())
    for arm in (GROUPED, SINGLE) if heteroscedastic else ("",):
        start, slope = (arm or "1"), (f"{arm}_stage" if arm else STAGE)
        inner = f"{start} + {slope}" if has_slope else start
        terms.append(f"({inner} | {EPISODE})" if not arm else f"(0 + {inner} | {EPISODE})")
    if not has_slope:
        remarks.append(
            "Slopes do not vary between parents in this model: no parent has three stages, or"
            " two goals rated twice, by which their spread could be told from noise."
        )
    if bool((goals_of > 1).any()):
        terms.append(f"(1 | {GOAL})")
    else:
        remarks.append("No parent rated two goals, so goals have no effect of their own.")
    grouped = rows[rows[GROUPED] == 1.0].groupby(GROUP)[EPISODE].nunique()
    sizes = grouped.to_numpy(dtype=np.int64)
    if len(sizes) > 1 and sizes.max() > 1:
        terms.append(f"(0 + {GROUPED}_stage | {GROUP})")
    else:
        why = "there are not two groups with several parents" if len(sizes) else "nobody was in one"
        remarks.append(f"Groups have no effect in this model: {why}.")
    return tuple(terms), tuple(remarks)
