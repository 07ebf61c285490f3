"""How far each parent's goals moved, from the first rating to the end or to the last one seen."""

from typing import Any

import numpy as np

from rpcstats._vocabulary import PARENT_CHANGES
from rpcstats.errors import ParameterError
from rpcstats.goals.goal_ratings import FLAGS, FloatArray, GoalRatings, To, read_goals
from rpcstats.goals.parent_change import FINISH_WORDS, ROUNDING, GoalChange

__all__ = ["ROUNDING", "change_of", "check_to", "first_and_finish", "goal_change"]


def goal_change(goals: Any, *, to: To = "end") -> GoalChange:
    """Work out how far each parent's goals moved.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them.
    to : {"end", "last"}
        The end form, whenever it was rated; or, for parents who returned none, the last
        rating after the first, goal by goal.

    Returns
    -------
    GoalChange
        A row a parent.

    Raises
    ------
    DataError
        If the frame breaks a condition; all of them are listed.
    ParameterError
        If `to` is unknown.

    Notes
    -----
    Law and Jacob (2015): the change of a goal is its later less its first score, a parent's
    the mean over goals rated both times. Scores that are better when lower are turned round.
    Follow-ups after the course are not looked at.
    """
    check_to(to)
    return change_of(read_goals(goals, caller="goal_change"), to)


def check_to(to: str) -> None:
    """Refuse an unknown end of a change.

    Parameters
    ----------
    to : str
        What was given.

    Raises
    ------
    ParameterError
        If it is neither "end" nor "last".
    """
    if to not in FINISH_WORDS:
        raise ParameterError("to is unknown", ['choose to="end" or to="last"'])


def change_of(ratings: GoalRatings, to: To) -> GoalChange:
    """Work out the change of every parent.

    Parameters
    ----------
    ratings : GoalRatings
        Checked ratings.
    to : {"end", "last"}
        What the change runs to.

    Returns
    -------
    GoalChange
        A row a parent.
    """
    start, finish = first_and_finish(ratings, to)
    owner, n = ratings.owner, len(ratings.people)
    change = ratings.sign * (finish - start)
    is_set, known = ~np.isnan(start), ~np.isnan(change)
    n_goals = np.bincount(owner[is_set], minlength=n)
    n_rated = np.bincount(owner[known], minlength=n)
    # Ratings are subtracted before they are averaged: a mean of one point is exactly 1.
    best, worst = np.full(n, -np.inf), np.full(n, np.inf)
    np.maximum.at(best, owner[known], change[known])
    np.minimum.at(worst, owner[known], change[known])
    some = n_rated > 0
    shown = np.where(some[owner], known, is_set)
    columns = {
        "n_goals": n_goals,
        "n_rated": n_rated,
        "start": _mean(start, owner, shown, n),
        "finish": _mean(finish, owner, known, n),
        "mean": _mean(change, owner, known, n),
        "best": np.where(some, best, np.nan),
        "worst": np.where(some, worst, np.nan),
    }
    people = ratings.people[["episode_id", "cluster_id", *FLAGS]].assign(**columns)
    return GoalChange(frame=people[list(PARENT_CHANGES)], to=to, instrument=ratings.instrument)


def first_and_finish(ratings: GoalRatings, to: To) -> tuple[FloatArray, FloatArray]:
    """Give the first score of every goal and the one its change runs to.

    Parameters
    ----------
    ratings : GoalRatings
        Checked ratings.
    to : {"end", "last"}
        What the change runs to. A parent who rated any goal on the end form is taken from
        the end form alone.

    Returns
    -------
    tuple of ndarray of shape (m,)
        NaN where there is none.
    """
    m = len(ratings.owner)
    start, end, last = (np.full(m, np.nan) for _ in range(3))
    is_rated = ~np.isnan(ratings.score)
    first = is_rated & (ratings.occasion == "baseline")
    start[ratings.goal[first]] = ratings.score[first]
    at_end = is_rated & (ratings.occasion == "end")
    end[ratings.goal[at_end]] = ratings.score[at_end]
    if to == "end":
        return start, end
    rows = np.flatnonzero(is_rated & (ratings.occasion == "session") & ~ratings.after_leaving)
    rows = rows[np.argsort(ratings.session[rows], kind="stable")]
    last[ratings.goal[rows]] = ratings.score[rows]
    has_end = np.zeros(len(ratings.people), dtype=np.bool_)
    has_end[ratings.owner[~np.isnan(end)]] = True
    return start, np.where(has_end[ratings.owner], end, last)


def _mean(values: FloatArray, owner: Any, used: Any, n: int) -> FloatArray:
    total = np.bincount(owner[used], weights=values[used], minlength=n)
    number_of = np.bincount(owner[used], minlength=n)
    mean: FloatArray = np.divide(total, number_of, out=np.full(n, np.nan), where=number_of > 0)
    return mean
