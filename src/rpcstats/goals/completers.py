"""E5c: the change of those who completed and answered, which describes them and no one else."""

from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import check_conf_level, wilson
from rpcstats._vocabulary import ESTIMANDS
from rpcstats.errors import DataError
from rpcstats.goals.bases import design_effect, in_base
from rpcstats.goals.change import change_of
from rpcstats.goals.estimand import EstimandResult
from rpcstats.goals.goal_ratings import FloatArray, IntArray, read_goals
from rpcstats.goals.parent_change import ROUNDING
from rpcstats.mixed.inference.cluster_robust import cluster_robust

METHOD: Final = (
    "Mean over completers who returned the end form; standard errors by cluster (CR2), degrees of"
    " freedom by Satterthwaite; the limits of the share are Wilson's with the design effect"
)
ASSUMPTION: Final = (
    "Describes completers who answered and no one else: both completing and answering came after"
    " the start and may go with the change itself"
)


def completers_change(
    goals: Any, *, threshold: float = 1.0, conf_level: float = 0.95
) -> EstimandResult:
    """Give the change of completers who answered (estimand E5c).

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them.
    threshold : float
        Mean change of a parent's goals that counts as progress, in points.
    conf_level : float
        Level of the limits.

    Returns
    -------
    EstimandResult
        Rows ``mean change`` (points, better positive) and ``progress`` (share of parents).

    Raises
    ------
    DataError
        If the frame breaks a condition, or fewer than two clusters have such parents.
    ParameterError
        If conf_level is out of range.

    Notes
    -----
    CR2 with Satterthwaite degrees of freedom: Bell and McCaffrey (2002), Pustejovsky and Tipton
    (2018). Wilson (1927) with counts divided by the design effect: Korn and Graubard (1998).
    """
    check_conf_level(conf_level)
    ratings = read_goals(goals, caller="completers_change")
    parents = change_of(ratings, "end").frame
    base = parents[in_base(parents, "answered")]
    known = base[base["mean"].notna()]
    codes, names = pd.factorize(known["cluster_id"])
    if len(names) < 2:
        raise DataError(
            "completers_change needs completers with an end form in two clusters or more:"
            f" {len(known)} in {len(names)} were found, so no standard error can be worked out."
        )
    change = known["mean"].to_numpy(dtype=np.float64)
    cluster = codes.astype(np.int64)
    hit = change >= threshold - ROUNDING
    rows = [
        _mean_row("mean change", change, cluster, conf_level),
        _mean_row("progress", hit.astype(np.float64), cluster, conf_level),
    ]
    effect = design_effect(hit, known["cluster_id"])
    low, high = wilson(hit.sum() / effect, hit.size / effect, conf_level=conf_level)
    rows[1] |= {"conf_low": float(low), "conf_high": float(high)}
    frame = pd.DataFrame(rows).assign(
        estimand="E5c",
        method=METHOD,
        n_obs=len(base),
        n_missing=len(base) - len(known),
        assumption=ASSUMPTION,
    )
    return EstimandResult(
        estimand="E5c",
        method=METHOD,
        assumption=ASSUMPTION,
        frame=frame[list(ESTIMANDS)],
        n_obs=len(base),
        n_missing=len(base) - len(known),
        n_group=len(names),
        conf_level=conf_level,
        span=ratings.span,
    )


def _mean_row(
    measure: str, y: FloatArray, cluster: IntArray, conf_level: float
) -> dict[str, object]:
    from scipy.special import stdtrit

    found = cluster_robust(np.ones((y.size, 1)), y, cluster=cluster, kind="CR2")
    mean, error = float(found.beta[0]), float(found.std_error[0])
    df = float(found.df_of(np.ones(1))[0])
    half = float(stdtrit(df, (1.0 + conf_level) / 2.0)) * error
    return {
        "measure": measure,
        "estimate": mean,
        "std_error": error,
        "df": df,
        "conf_low": mean - half,
        "conf_high": mean + half,
    }
