"""Estimate if the data allow it; a fit in trouble counts as none."""

import warnings
from collections.abc import Callable
from typing import Final, TypeVar

import pandas as pd

from rpcstats.errors import ConvergenceWarning, DataError

Result = TypeVar("Result")

USUAL_SPAN: Final = 10.0
"""Length of the scale of goal ratings, where nothing was rated."""


def attempt(estimate: Callable[[], Result]) -> Result | None:
    """Run an estimator and give nothing where its result must not be relied on.

    Parameters
    ----------
    estimate : callable
        Takes nothing.

    Returns
    -------
    object or None
        None where the data are too few, or the search or the chains did not come to an end.
    """
    with warnings.catch_warnings():
        # A paper shows a note in place of a number: nobody reads the warnings of its kernel.
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            return estimate()
        except (DataError, ConvergenceWarning):
            return None


def due_starters(goals: pd.DataFrame) -> tuple[int, int]:
    """Count the starters whose course was due to end, and those without a rating of their end.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives.

    Returns
    -------
    n_obs, n_missing : int
        Zero where nobody was rated.
    """
    due = goals[goals["is_due"].astype("bool")]
    ended = (due["occasion"] == "end") & due["score"].notna()
    n_obs = int(due["episode_id"].nunique())
    return n_obs, n_obs - int(due.loc[ended, "episode_id"].nunique())


def span_of(goals: pd.DataFrame) -> float:
    """Give the length of the scale.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives.

    Returns
    -------
    float
        Points.
    """
    low, high = goals.attrs.get("minimum"), goals.attrs.get("maximum")
    return USUAL_SPAN if low is None or high is None else float(high) - float(low)
