"""Means of the ratings seen at each stage, of those who stayed and of those who left."""

import numpy as np
import pandas as pd

from rpcstats._vocabulary import STAGE, TRAJECTORY
from rpcstats.goals.trajectory_rows import EPISODE, TrajectoryRows

STAYED, LEFT = "stayed", "left"


def observed_means(rows: TrajectoryRows) -> pd.DataFrame:
    """Average the ratings seen, a parent's goals first.

    Parameters
    ----------
    rows : TrajectoryRows
        Ratings of the course.

    Returns
    -------
    DataFrame
        Columns `TRAJECTORY` without limits: a row for each of "stayed" and "left" and each stage
        at which such a parent rated. Parents whose course is still open are in neither.
    """
    reached = rows.ratings.people["reached"].to_numpy(dtype=np.float64, na_value=np.nan)
    per_parent = rows.rows.groupby([EPISODE, STAGE], as_index=False)["score"].mean()
    at = reached[per_parent[EPISODE].to_numpy()]
    per_parent = per_parent.assign(
        series=np.where(at >= 1.0, STAYED, LEFT), stage=per_parent[STAGE].round(6)
    )[np.isfinite(at)]
    found = per_parent.groupby(["series", STAGE], as_index=False).agg(
        n_obs=("score", "size"), estimate=("score", "mean")
    )
    found["order"] = found["series"] == LEFT
    found = found.sort_values(["order", STAGE], ignore_index=True)
    for name in ("std_error", "conf_low", "conf_high"):
        found[name] = np.nan
    tidy: pd.DataFrame = found[list(TRAJECTORY)]
    return tidy
