"""Trajectories of goal ratings: a frame to a fitted mixed model and its mean course."""

from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

import numpy as np

from rpcstats._numerics.intervals import check_conf_level
from rpcstats._wording import count
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.goal_trajectory import GoalTrajectory
from rpcstats.goals.population_means import Fit
from rpcstats.goals.trajectory_rows import ARM, TrajectoryRows, trajectory_rows
from rpcstats.mixed.cumulative_link import clmm
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.mixed.linear_mixed import lmm

Model = Literal["ordinal", "linear"]

MOST_CATEGORIES: Final = 25
"""Printed ratings an ordered model may have: each is a threshold to estimate."""


def goal_trajectory(
    goals: Any,
    *,
    model: Model = "ordinal",
    adjust: Sequence[str] = ("mode", "resident", "send_child"),
    heteroscedastic: bool = False,
    conf_level: float = 0.95,
) -> GoalTrajectory:
    """Estimate how ratings of goals change over the course, from every rating there is.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them. Ratings made while the parent was in
        are used, those of courses still open too; follow-ups and ratings made after leaving
        are not.
    model : {"ordinal", "linear"}
        Cumulative probit mixed model, which knows that a scale has ends; or linear mixed model.
    adjust : sequence of str
        Columns known at the start on which the mean and its slope may depend.
    heteroscedastic : bool
        Whether parents in groups and parents alone have spreads of their own; of a linear
        model the residuals too.
    conf_level : float
        Level of the limits.

    Returns
    -------
    GoalTrajectory
        Mean rating of the starters at every stage, their change, their progress, the spreads.

    Raises
    ------
    DataError
        If the frame can't be used, no course is over, fewer than two parents were rated at two
        stages, or an ordered model is asked for ratings that it doesn't fit.
    ParameterError
        If an option is unknown or out of range, or there are no two arms to differ.

    Warns
    -----
    ConvergenceWarning
        If the search ended before the conditions of an optimum held; the result says so too.

    Notes
    -----
    Rating of goal j of parent i in group g at stage s: fixed part with a slope in s by each
    adjuster, a start and slope of the parent, a start of the goal, and a slope of the group,
    which a parent in no group has not (partial nesting: Roberts and Roberts 2005). Effects that
    the rows can't tell are left out, and the remarks say which: the slope of parents where none
    has three stages or two goals rated twice; the goal's where no parent has two; the group's
    where no two groups, or no group of two parents, have ratings. A spread estimated as 0 stays
    in and is reported as 0. Likelihood estimates hold if ratings are missing at random: given
    the ratings seen and the adjusters, missing ones tell nothing new (Laird 1988).
    """
    check_conf_level(conf_level)
    if model not in get_args(Model):
        raise ParameterError("model is unknown", ['choose model="ordinal" or model="linear"'])
    rows = trajectory_rows(
        goals, caller="goal_trajectory", adjust=adjust, heteroscedastic=heteroscedastic
    )
    if heteroscedastic and not rows.has_both_arms:
        raise ParameterError(
            "heteroscedastic has nothing to tell apart",
            ["all parents are in groups, or none is: leave it out"],
        )
    fit = fit_rows(rows, model, heteroscedastic=heteroscedastic)
    is_plain = model == "linear" and not heteroscedastic
    return GoalTrajectory(
        model=model,
        fit=fit,
        linear=fit if is_plain and isinstance(fit, LinearMixedFit) else plain_fit(rows),
        rows=rows,
        conf_level=conf_level,
    )


def plain_fit(rows: TrajectoryRows) -> LinearMixedFit:
    """Fit the linear model with one residual variance.

    Parameters
    ----------
    rows : TrajectoryRows
        Ratings of the course.

    Returns
    -------
    LinearMixedFit
        By REML.
    """
    return lmm(rows.formula, rows.rows)


def fit_rows(rows: TrajectoryRows, model: Model, *, heteroscedastic: bool = False) -> Fit:
    """Fit the model of a trajectory.

    Parameters
    ----------
    rows : TrajectoryRows
        Ratings of the course.
    model : {"ordinal", "linear"}
        The model.
    heteroscedastic : bool
        Whether residuals of a linear model vary by arm.

    Returns
    -------
    LinearMixedFit or GeneralMixedFit
        By REML, or by the Laplace approximation.

    Raises
    ------
    DataError
        If ratings are no whole numbers, or take too many values for an ordered model.
    """
    if model == "linear":
        return lmm(rows.formula, rows.rows, residual_variance=ARM if heteroscedastic else None)
    score = rows.rows["score"]
    n_values = score.nunique()
    if rows.grain != 1.0 or n_values > MOST_CATEGORIES:
        raise DataError(
            f"The ratings take {count(n_values)} values"
            f"{'' if rows.grain else ', not all whole numbers'}: an ordered model takes whole"
            f' numbers of {MOST_CATEGORIES} values at most; use model="linear".'
        )
    return clmm(rows.formula, rows.rows.assign(score=score.astype(np.int64)), link="probit")
