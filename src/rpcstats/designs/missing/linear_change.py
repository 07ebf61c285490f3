"""E5a by a linear mixed model: each starter's change at the level reached, given the ratings."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import ESTIMANDS
from rpcstats.designs.missing._conditional_change import conditional
from rpcstats.designs.missing._influence import Influence, Stacked, stacked_influence
from rpcstats.designs.missing.cluster_sums import Bucket, cluster_buckets
from rpcstats.designs.missing.own_outcomes import OwnOutcomes, own_outcomes
from rpcstats.errors import DataError
from rpcstats.goals._change_chance import chance_of_normal_change
from rpcstats.goals.estimand import EstimandResult
from rpcstats.goals.trajectories import plain_fit
from rpcstats.goals.trajectory_rows import TrajectoryRows, trajectory_rows
from rpcstats.goals.trajectory_spreads import spread_words
from rpcstats.mixed.linear_fit import LinearMixedFit

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

METHOD: Final = "Linear mixed model, mean given each parent's own ratings"
ASSUMPTION: Final = (
    "Those who left keep the level they had reached; what was not rated is missing at random,"
    " given the ratings seen{adjusted}"
)
_EDGE: Final = 1e-6


def linear_policy_change(
    goals: Any,
    *,
    adjust: Sequence[str] = ("mode", "resident", "send_child"),
    threshold: float = 1.0,
    conf_level: float = 0.95,
) -> EstimandResult:
    """Estimate E5a from each starter's expected change given the starter's ratings.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`.
    adjust : sequence of str
        Columns known at the start on which the mean and its slope may depend.
    threshold : float
        Mean change of a parent's goals that counts as progress, in points.
    conf_level : float
        Level of the limits.

    Returns
    -------
    EstimandResult
        Rows ``mean change`` and ``progress``.

    Raises
    ------
    DataError
        If the frame can't be used, groups reach across clusters, or there is one cluster only.
    ParameterError
        If conf_level is out of range.

    Notes
    -----
    A rating seen counts as it is: the start, the end of those who stayed, and of those who left
    the form they sent afterwards, which also enters the model at the stage reached. What was
    not seen is replaced by its mean given all ratings of the cluster (Laird and Ware 1982), at
    the end for those who stayed and at the stage reached for those who left; the chance of
    progress uses its variance too. Standard errors add up, by cluster, the outcomes and what the
    cluster adds to the estimates behind them; t with one degree of freedom less than clusters.
    """
    check_conf_level(conf_level)
    rows = trajectory_rows(
        goals, caller="treatment_policy_change", adjust=adjust, after_leaving=True
    )
    outcomes = own_outcomes(goals, rows)
    fit = plain_fit(rows)
    buckets = cluster_buckets(rows, fit, outcomes)
    n_cluster = sum(len(bucket.sums.n) for bucket in buckets)
    if n_cluster < 2:
        raise DataError(
            "treatment_policy_change needs starters in two clusters or more to give an error."
        )
    found = _influence(fit, rows, buckets, threshold)
    return _result(found, fit, rows, outcomes, n_cluster, conf_level)


def _influence(
    fit: LinearMixedFit, rows: TrajectoryRows, buckets: list[Bucket], threshold: float
) -> Influence:
    p, q = len(fit.beta), len(fit.theta)
    diagonal = np.concatenate([block.on_diagonal for block in fit.frame.blocks])
    is_free = np.concatenate(
        [np.ones(p, dtype=bool), ~(diagonal & (np.abs(fit.theta) < _EDGE)), [True]]
    )

    def evaluate(at: FloatArray) -> Stacked:
        scores, sums = [], []
        for bucket in buckets:
            seen = conditional(bucket.sums, at[:p], at[p : p + q], float(at[-1]))
            chance = chance_of_normal_change(
                seen.mean,
                np.maximum(seen.variance, 0.0),
                n_goals=bucket.n_goals,
                threshold=threshold,
                grain=rows.grain,
            )
            outcome = np.stack([seen.mean, chance], axis=-1) * bucket.is_parent[..., None]
            scores.append(seen.score)
            sums.append(outcome.sum(axis=1))
        return Stacked(np.concatenate(scores), np.concatenate(sums))

    return stacked_influence(
        evaluate,
        np.concatenate([fit.beta, fit.theta, [np.log(fit.sigma)]]),
        n_parents=np.concatenate([bucket.is_parent.sum(axis=1) for bucket in buckets]),
        is_free=is_free,
        n_fixed=p,
    )


def _result(
    found: Influence,
    fit: LinearMixedFit,
    rows: TrajectoryRows,
    outcomes: OwnOutcomes,
    n_cluster: int,
    conf_level: float,
) -> EstimandResult:
    t = float(special.stdtrit(n_cluster - 1.0, 0.5 + conf_level / 2.0))
    (mean, share), (error, share_error) = found.mean, found.std_error
    low, high = mean - t * error, mean + t * error
    share_low = share_high = np.nan
    if 0.0 < share < 1.0:
        half = t * share_error / (share * (1.0 - share))
        share_low, share_high = special.expit(special.logit(share) + half * np.array([-1.0, 1.0]))
    words = ", ".join(text.lower() for text in rows.adjusted)
    assumption = ASSUMPTION.format(adjusted=f", {words}" if words else "")
    n_obs, df = len(rows.starters), n_cluster - 1.0
    table = [
        ("mean change", mean, error, df, low, high),
        ("progress", share, share_error, df, share_low, share_high),
    ]
    columns = ["measure", "estimate", "std_error", "df", "conf_low", "conf_high"]
    frame = pd.DataFrame(table, columns=columns).assign(
        estimand="E5a",
        method=METHOD,
        n_obs=n_obs,
        n_missing=outcomes.n_missing,
        assumption=assumption,
    )
    remarks = [*rows.remarks, *spread_words(fit), *fit.trouble]
    if not found.is_curved:
        remarks.append("Spreads were taken as known for the standard errors: the data barely tell"
                       " them.")  # fmt: skip
    return EstimandResult(
        estimand="E5a",
        method=METHOD,
        assumption=assumption,
        frame=frame[list(ESTIMANDS)],
        n_obs=n_obs,
        n_missing=outcomes.n_missing,
        n_group=rows.n_clusters,
        conf_level=conf_level,
        span=rows.span,
        remarks=tuple(remarks),
    )
