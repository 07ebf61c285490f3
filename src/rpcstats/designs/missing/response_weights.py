"""Weights for those who gave a rating of their end: they stand for those who did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import (
    check_conf_level,
    clopper_pearson,
)
from rpcstats._vocabulary import ESTIMANDS
from rpcstats.designs.missing._cluster_means import variance_of_sums
from rpcstats.designs.missing._response_model import ResponseFit, fit_response, weighted_mean
from rpcstats.designs.missing.imputation_estimands import MEAN_CHANGE, PROGRESS, made_progress
from rpcstats.designs.missing.impute import ADJUST
from rpcstats.designs.missing.ratings import Booleans, Floats, Integers, read_ratings
from rpcstats.designs.missing.response_columns import known_change, response_columns
from rpcstats.designs.missing.response_report import coefficient_table, weight_remarks
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.estimand import EstimandResult
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ResponseWeights(Summarised):
    """Weights of parents whose course is over, and the change they give.

    Attributes
    ----------
    frame : DataFrame
        A row a parent whose course is over: episode_id, answered, chance (of answering),
        weight (0 for those who did not).
    coefficients : DataFrame
        Columns `TIDY`: log odds ratios of answering.
    change : ndarray of shape (n,)
        Mean change of each parent in points, NaN for those who did not answer.
    columns : ndarray of shape (n, q)
        Columns of the model.
    cluster : ndarray of int, shape (n,)
        Cluster of each parent.
    span : float
        Length of the scale in points.
    n_cut : int
        Weights cut.
    truncate : float or None
        Quantile the weights were cut at.
    remarks : tuple of str
        What a reader has to know.
    """

    never_released: ClassVar[str] = (
        "It holds chances and weights of single parents and stays in the office: disclose what its"
        " estimates() give."
    )

    frame: pd.DataFrame
    coefficients: pd.DataFrame
    change: Floats
    columns: Floats
    cluster: Integers
    span: float
    n_cut: int
    truncate: float | None
    remarks: tuple[str, ...]
    _fit: ResponseFit
    _moving: Booleans

    def tidy(self) -> pd.DataFrame:
        """Give the model of who answers.

        Returns
        -------
        DataFrame
            As `coefficients`.
        """
        return self.coefficients.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row about the weights.

        Returns
        -------
        DataFrame
            Parents, those who answered, the number of equally weighted parents that would tell
            as much (Kish 1965), the least chance of answering, the largest weight, weights cut.
        """
        taken = self.frame["weight"].to_numpy(dtype=np.float64)
        return pd.DataFrame([{
            "n_obs": len(self.frame),
            "n_answered": int(self.frame["answered"].sum()),
            "effective_size": float(taken.sum() ** 2 / (taken @ taken)),
            "least_chance": float(self.frame["chance"].min()),
            "largest_weight": float(taken.max()),
            "n_cut": self.n_cut,
        }])  # fmt: skip

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = "Weights for having a rating of the end"
        return Summary(heading, (self.coefficients, self.glance()), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the chances of answering, of those who did and those who did not.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.designs.missing.pictures import draw_chances

        return draw_chances(self.frame, ax)

    def estimates(self, *, threshold: float = 1.0, conf_level: float = 0.95) -> EstimandResult:
        """Estimate change and progress of all who started and whose course is over (E5a).

        Parameters
        ----------
        threshold : float
            Least mean change of a parent's goals that counts as progress, in points.
        conf_level : float
            Level of the limits.

        Returns
        -------
        EstimandResult
            Rows mean change and progress. Errors are by cluster and allow for the weights
            having been estimated (stacked estimating equations).

        Raises
        ------
        ParameterError
            If an option is out of range.
        """
        check_conf_level(conf_level)
        if not np.isfinite(as_number(threshold)):
            raise ParameterError("threshold is no number", ["give points, such as 1.0"])
        answered = self.frame["answered"].to_numpy(dtype=np.bool_)
        method = "Inverse-probability weights for having a rating of the end"
        if self.truncate is not None:
            method += f", {counted(self.n_cut, 'weight')} cut at quantile {self.truncate:g}"
        assumption = (
            "Parents who answered are taken to have ended as like parents who did not: like in"
            " covariates, first and last rating, and how far they came"
        )
        shared = (len(answered), int((~answered).sum()), assumption)
        values = {MEAN_CHANGE: self.change, PROGRESS: made_progress(self.change, threshold)}
        rows = [
            ("E5a", method, measure, *self._limits(y, measure == PROGRESS, conf_level), *shared)
            for measure, y in values.items()
        ]
        return EstimandResult(
            estimand="E5a",
            method=method,
            assumption=assumption,
            frame=pd.DataFrame(rows, columns=list(ESTIMANDS)),
            n_obs=shared[0],
            n_missing=shared[1],
            n_group=int(self.cluster.max()) + 1,
            conf_level=conf_level,
            span=self.span,
            remarks=self.remarks,
        )

    def _limits(self, y: Floats, is_share: bool, conf_level: float) -> tuple[float, ...]:
        """Give estimate, std_error, df, conf_low, conf_high."""
        from scipy.special import stdtrit

        answered = self.frame["answered"].to_numpy(dtype=np.bool_)
        weight = self.frame["weight"].to_numpy(dtype=np.float64)
        mean, influence = weighted_mean(y, weight, answered, self.columns, self._fit, self._moving)
        C = int(self.cluster.max()) + 1
        sums = np.bincount(self.cluster, influence, C).astype(np.float64)
        error = float(np.sqrt(variance_of_sums(sums, 1, C)))
        half = float(stdtrit(C - 1.0, 0.5 * (1.0 + conf_level))) * error
        low, high = mean - half, mean + half
        if is_share and not 0.0 < mean < 1.0:
            low, high = map(float, clopper_pearson(round(mean) * C, C, conf_level=conf_level))
        elif is_share:
            odds, wide = np.log(mean / (1.0 - mean)), half / (mean * (1.0 - mean))
            low, high = (float(1.0 / (1.0 + np.exp(-(odds + s * wide)))) for s in (-1.0, 1.0))
        return mean, error, C - 1.0, low, high


def response_weights(
    goals: pd.DataFrame, *, adjust: Sequence[str] = ADJUST, truncate: float | None = None
) -> ResponseWeights:
    """Weight parents with a rating of their end to stand for all whose course is over.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as from `goal_scores`.
    adjust : sequence of str
        Covariates of parents. The model also has the first and the last rating of the course,
        whether the parent left, and the share of the course not had.
    truncate : float, optional
        Quantile of the weights, such as 0.99, that larger ones are cut to. By default none is.

    Returns
    -------
    ResponseWeights
        Weights, the model, diagnostics; ``.estimates()`` gives E5a.

    Raises
    ------
    DataError
        If the frame can't be used, nobody or everybody answered, nobody of those who left did,
        or the columns tell for certain who answers: then some stand for nobody.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Horvitz and Thompson (1952), Robins, Rotnitzky and Zhao (1994). Weights are stabilised by the
    share who answered, so that their mean is about 1. A parent answers who has rated some goal
    both at the start and at the end, or after leaving: that rating is then the end.
    """
    if truncate is not None and not 0.5 <= as_number(truncate) < 1.0:
        raise ParameterError("truncate is no quantile", ["give a number from 0.5 to 1, or None"])
    ratings = read_ratings(goals, tuple(adjust))
    due = np.flatnonzero(ratings.is_due)
    change = known_change(ratings)[due]
    answered = ~np.isnan(change)
    left = ratings.left[due]
    _check_answers(answered, left, ratings.cluster[due])
    Z, names = response_columns(ratings, due, adjust)
    fit = fit_response(Z, answered)
    if fit is None:
        raise DataError(
            "Who answers can be told for certain, or nearly, from the columns of the model, so"
            " that some parents have nobody to stand for them: leave covariates out."
        )
    weight = np.where(answered, answered.mean() / fit.chance, 0.0)
    moving = np.ones(len(due), dtype=np.bool_)
    if truncate is not None:
        most = np.quantile(weight[answered], truncate)
        moving = weight <= most
        weight = np.minimum(weight, most)
    frame = pd.DataFrame({
        "episode_id": ratings.parents["episode_id"].to_numpy()[due],
        "answered": answered,
        "chance": fit.chance,
        "weight": weight,
    })  # fmt: skip
    return ResponseWeights(
        frame=frame,
        coefficients=coefficient_table(fit, names),
        change=change,
        columns=Z,
        cluster=np.unique(ratings.cluster[due], return_inverse=True)[1],
        span=ratings.span,
        n_cut=int((~moving).sum()),
        truncate=truncate,
        remarks=weight_remarks(answered, left, fit.chance, weight),
        _fit=fit,
        _moving=moving,
    )


def _check_answers(answered: Booleans, left: Booleans, cluster: Integers) -> None:
    if len(np.unique(cluster)) < 2:
        raise DataError("Weights need two clusters or more whose course is over.")
    if not answered.any() or answered.all():
        who = "Nobody" if not answered.any() else "Everybody"
        raise DataError(f"{who} gave a rating of the end, so there is nothing to weight.")
    if left.any() and not answered[left].any():
        raise DataError(
            f"None of the {int(left.sum())} who left gave a rating after leaving, so no weights"
            " can make those who answered stand for them: use imputation, or the joint model."
        )
