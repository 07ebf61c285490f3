"""Change and progress of all who started, by multiple imputation."""

from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.special import expit

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import clopper_pearson
from rpcstats._vocabulary import ESTIMANDS
from rpcstats._wording import number, percent
from rpcstats.designs.missing._cluster_means import cluster_means
from rpcstats.designs.missing.departures import Departure
from rpcstats.designs.missing.imputations import PLAIN, Estimand, Imputations
from rpcstats.designs.missing.impute import impute_goals
from rpcstats.designs.missing.ratings import Floats
from rpcstats.designs.missing.rubin import Pooled, pool
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.change import ROUNDING
from rpcstats.goals.estimand import EstimandResult

MEAN_CHANGE: Final = "mean change"
PROGRESS: Final = "progress"
FEW_DEGREES: Final = 3.0
"""Limits on fewer degrees of freedom than this are said to mean little."""


def estimands_by_imputation(
    goals: pd.DataFrame | Imputations,
    *,
    estimand: Estimand = "E5a",
    departure: Departure | None = None,
    threshold: float = 1.0,
    conf_level: float = 0.95,
    **options: Any,
) -> EstimandResult:
    """Estimate change and progress of all who started and whose course is over.

    Parameters
    ----------
    goals : DataFrame or Imputations
        Frame of goal ratings, which is then imputed; or imputations of one.
    estimand : {"E5a", "E5b"}
        Treatment policy: those who left at the level they left with. Hypothetical: had
        everybody stayed.
    departure : Departure, optional
        What is assumed of those without a rating; by default E5a freezes those who left where
        they were, E5b lets them go on as like parents, and both take those who did not answer
        to be like those who did.
    threshold : float
        Least mean change of a parent's goals that counts as progress, in points.
    conf_level : float
        Level of the limits.
    **options
        Of `impute_goals`, where a frame is given: `seed` at least.

    Returns
    -------
    EstimandResult
        Rows mean change and progress.

    Raises
    ------
    DataError
        If the frame can't be used, or fewer than two clusters have a course that is over.
    ParameterError
        If an option is out of range, or given though `goals` are imputations already.

    Notes
    -----
    Rubin's rules with variances by cluster. The imputation model knows more about progress than
    a share of parents does, so that limits of the share cover too often rather than too rarely
    (Meng 1994).
    """
    imputations = as_imputations(goals, options)
    told = departure or PLAIN.get(estimand, Departure())
    pooled = pooled_changes(
        imputations,
        estimand=estimand,
        departure=departure,
        threshold=threshold,
        conf_level=conf_level,
    )
    ratings = imputations.ratings
    seen = ratings.end
    if estimand == "E5a":
        seen = np.where(np.isnan(seen), ratings.after, seen)
    unseen = np.minimum.reduceat(np.isnan(seen), ratings.first) & ratings.is_due
    n_obs, n_missing = int(ratings.is_due.sum()), int(unseen.sum())
    method = f"Multiple imputation, {imputations.m} data sets"
    rows = [
        (estimand, method, measure, p.estimate, p.std_error, p.df, p.conf_low, p.conf_high, n_obs,
         n_missing, told.words)
        for measure, p in pooled.items()
    ]  # fmt: skip
    return EstimandResult(
        estimand=estimand,
        method=method,
        assumption=told.words,
        frame=pd.DataFrame(rows, columns=list(ESTIMANDS)),
        n_obs=n_obs,
        n_missing=n_missing,
        n_group=len(np.unique(ratings.cluster[ratings.is_due])),
        conf_level=conf_level,
        span=ratings.span,
        remarks=(*_cost(pooled[MEAN_CHANGE], imputations.seed), *imputations.remarks),
    )


def _cost(mean: Pooled, seed: int) -> tuple[str, ...]:
    """Say what missing ratings cost, what is left to chance, and whether limits mean much."""
    told = (
        f"Missing ratings take {percent(mean.missing_information)} of the information about the"
        f" mean change; imputing anew (seed {seed} was used) would move it by about"
        f" {number(mean.monte_carlo_error, decimals=3)}."
    )
    if mean.df >= FEW_DEGREES:
        return (told,)
    few = (
        f"With so few clusters the limits rest on {number(mean.df, decimals=1)} degrees of"
        " freedom: they say next to nothing."
    )
    return told, few


def as_imputations(goals: pd.DataFrame | Imputations, options: dict[str, Any]) -> Imputations:
    """Impute a frame; hand imputations on.

    Parameters
    ----------
    goals : DataFrame or Imputations
        Either.
    options : dict
        Of `impute_goals`.

    Returns
    -------
    Imputations
        With `goals` in them.

    Raises
    ------
    ParameterError
        If options come with imputations, or a frame without a seed.
    """
    if isinstance(goals, Imputations):
        if options:
            raise ParameterError(
                "options of impute_goals are of no use here",
                ["goals are imputed already: give the options where they are"],
            )
        return goals
    if "seed" not in options:
        raise ParameterError("seed is missing", ["give seed=, a whole number of 0 or more"])
    return impute_goals(goals, **options)


def pooled_changes(
    imputations: Imputations,
    *,
    estimand: Estimand = "E5a",
    departure: Departure | None = None,
    threshold: float = 1.0,
    conf_level: float = 0.95,
) -> dict[str, Pooled]:
    """Pool mean change and the share with progress over completed data sets.

    Parameters
    ----------
    imputations : Imputations
        Completed data.
    estimand : str
        As for `estimands_by_imputation`.
    departure : Departure, optional
        As for `estimands_by_imputation`.
    threshold, conf_level : float
        As for `estimands_by_imputation`.

    Returns
    -------
    dict
        `Pooled` by measure. Limits of the mean stay on the scale. Limits of the share come from
        its logit, and stay between 0 and 1; where it is 0 or 1 in every data set, they are exact
        ones for as many parents as there are clusters.

    Raises
    ------
    DataError
        If fewer than two clusters have a course that is over.
    ParameterError
        If an option is out of range.
    """
    if not np.isfinite(as_number(threshold)):
        raise ParameterError("threshold is no number", ["give points, such as 1.0"])
    ratings = imputations.ratings
    cluster = ratings.cluster[ratings.is_due]
    C = len(np.unique(cluster))
    if C < 2:
        raise DataError(
            "An interval needs two clusters (groups, or parents in none) or more whose course is"
            f" over; there {'is 1' if C else 'are none'}."
        )
    changes = imputations.changes(estimand, departure)[:, ratings.is_due]
    share = made_progress(changes, threshold)
    limits = {"df_complete": C - 1.0, "conf_level": conf_level}
    mean = pool(*cluster_means(changes, cluster), **limits)
    return {
        MEAN_CHANGE: within_scale(mean, ratings.maximum - ratings.minimum),
        PROGRESS: within_bounds(pool(*cluster_means(share, cluster), **limits), C),
    }


def within_bounds(share: Pooled, C: int) -> Pooled:
    """Put the limits of a share on the scale of its logit.

    Parameters
    ----------
    share : Pooled
        A pooled share.
    C : int
        Number of clusters.

    Returns
    -------
    Pooled
        With limits between 0 and 1; of a share of 0 or 1, exact ones (Clopper and Pearson 1934)
        for as many parents as there are clusters.
    """
    p = share.estimate
    if share.std_error == 0.0 or not 0.0 < p < 1.0:
        low, high = clopper_pearson(p * C, C, conf_level=share.conf_level)
        return replace(share, conf_low=float(low), conf_high=float(high))
    half = (share.conf_high - p) / (p * (1.0 - p))
    centre = np.log(p / (1.0 - p))
    low, high = expit(centre + np.array([-half, half]))
    return replace(share, conf_low=float(low), conf_high=float(high))


def within_scale(mean: Pooled, span: float) -> Pooled:
    """Keep the limits of a mean change within what the scale allows.

    Parameters
    ----------
    mean : Pooled
        A pooled mean change.
    span : float
        Length of the scale in points; infinite if it has no ends.

    Returns
    -------
    Pooled
        With limits no further than a change from one end to the other.
    """
    return replace(mean, conf_low=max(mean.conf_low, -span), conf_high=min(mean.conf_high, span))


def made_progress(changes: Floats, threshold: float) -> Floats:
    """Tell which parents made progress.

    Parameters
    ----------
    changes : ndarray
        Mean changes in points.
    threshold : float
        Least change that counts.

    Returns
    -------
    ndarray
        1 where they did, 0 elsewhere; a change that is short by rounding error counts.
    """
    return np.asarray(changes >= threshold - ROUNDING, dtype=np.float64)
