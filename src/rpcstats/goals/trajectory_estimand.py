"""Estimand E5b read off a fitted trajectory."""

from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._vocabulary import ESTIMANDS
from rpcstats.goals.estimand import EstimandResult

if TYPE_CHECKING:
    from rpcstats.goals.goal_trajectory import Errors, GoalTrajectory

ASSUMPTION: Final = (
    "Ratings are missing at random: a parent who left would have gone on as parents with the same"
    " ratings{adjusted} did"
)
METHODS: Final = {
    "ordinal": "Cumulative probit mixed model",
    "linear": "Linear mixed model",
}


def hypothetical_result(
    trajectory: "GoalTrajectory", *, threshold: float, errors: "Errors"
) -> EstimandResult:
    """Give the change of all starters, had all finished, by the model of a trajectory.

    Parameters
    ----------
    trajectory : GoalTrajectory
        The fitted trajectory.
    threshold : float
        Mean change of a parent's goals that counts as progress, in points.
    errors : {"model", "robust"}
        Standard error of the mean change.

    Returns
    -------
    EstimandResult
        Rows ``mean change`` and ``progress``.
    """
    words = ", ".join(text.lower() for text in trajectory.rows.adjusted)
    assumption = ASSUMPTION.format(adjusted=f" and the same {words}" if words else "")
    method = METHODS[trajectory.model]
    method += ", errors by cluster (CR2)" if errors == "robust" else ""
    n_obs, n_missing = len(trajectory.rows.starters), trajectory.n_without_end
    parts = [trajectory.change(errors=errors), trajectory.progress(threshold=threshold)]
    frame = pd.concat(parts, ignore_index=True).assign(
        estimand="E5b",
        method=method,
        measure=["mean change", "progress"],
        n_obs=n_obs,
        n_missing=n_missing,
        assumption=assumption,
    )
    return EstimandResult(
        estimand="E5b",
        method=method,
        assumption=assumption,
        frame=frame[list(ESTIMANDS)],
        n_obs=n_obs,
        n_missing=n_missing,
        n_group=trajectory.rows.n_clusters,
        conf_level=trajectory.conf_level,
        span=trajectory.span,
        remarks=trajectory.remarks,
    )
