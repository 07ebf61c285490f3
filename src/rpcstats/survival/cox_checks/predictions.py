"""What a Cox model says of rows whose times are known: those of the fit, or new ones."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.design import fixed_columns
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival.cox_checks.evaluation_sample import (
    EvaluationSample,
    read_sample,
    sample_of,
)
from rpcstats.survival.prediction._hazard_steps import HazardSteps, ratio_of
from rpcstats.survival.prediction.curves import hazard_steps
from rpcstats.survival.prediction.new_rows import encode_rows

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoredRows:
    """Rows with known times and what the covariates say of them.

    Attributes
    ----------
    sample : EvaluationSample
        The times.
    X : ndarray of shape (n, p)
        Covariates.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    stratum : ndarray of shape (n,), int
        Stratum of the fit.
    score : ndarray of shape (n,)
        Linear predictor, covariates not centred.
    """

    sample: EvaluationSample
    X: FloatArray
    offset: FloatArray | None
    stratum: IntArray
    score: FloatArray

    def by_time(self) -> Self:
        """Put the rows in the order of their times.

        Returns
        -------
        ScoredRows
            The same rows.
        """
        order = np.argsort(self.sample.time, kind="stable")
        return replace(
            self,
            sample=self.sample.take(order),
            X=self.X[order],
            offset=None if self.offset is None else self.offset[order],
            stratum=self.stratum[order],
            score=self.score[order],
        )


@dataclass(frozen=True, slots=True, eq=False)
class PredictedSurvival:
    """Predicted survival of rows, one time after the other.

    Attributes
    ----------
    risk : ndarray of shape (n,)
        Relative risk of each row.
    stratum : ndarray of shape (n,), int
        Its stratum.
    hazard : ndarray of shape (s, k)
        Baseline cumulative hazard of each stratum at each time.
    """

    risk: FloatArray
    stratum: IntArray
    hazard: FloatArray

    def at(self, place: int) -> FloatArray:
        """Predict at one of the times.

        Parameters
        ----------
        place : int
            Which.

        Returns
        -------
        ndarray of shape (n,)
            Probability of no event by then.
        """
        hazard = self.hazard[:, place]
        own = hazard[0] if len(hazard) == 1 else hazard[self.stratum]
        survival: FloatArray = np.exp(-own * self.risk)
        return survival


def scored_rows(
    fit: "CoxFit", newdata: Any | None = None, *, weights: str | None = None
) -> ScoredRows:
    """Put the linear predictor beside the times it is held against.

    Parameters
    ----------
    fit : CoxFit
        The model.
    newdata : frame, optional
        New rows with every column of the formula, times and events included; those of the fit
        if not given.
    weights : str, optional
        Column of case weights of new rows.

    Returns
    -------
    ScoredRows
        Rows without missing values.

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If the new rows break their conditions, or have a category or a stratum that was not
        among those of the fit.
    """
    frame = fit.frame
    if newdata is None:
        sample, X, offset, stratum = sample_of(frame), frame.X, frame.offset, frame.strata.codes
    else:
        formula = frame.design.formula
        offsets = [name for text in formula.offset for name in columns_used(text)]
        columns = (*fixed_columns(formula), *offsets, *formula.strata)
        sample, read = read_sample(formula, newdata, columns=columns, weights=weights)
        rows = encode_rows(frame, read, every_stratum=False)
        X, offset, stratum = rows.X, rows.offset, rows.stratum
    score = X @ fit.beta
    if offset is not None:
        score = score + offset
    return ScoredRows(sample=sample, X=X, offset=offset, stratum=stratum, score=score)


def predicted_survival(fit: "CoxFit", rows: ScoredRows, times: FloatArray) -> PredictedSurvival:
    """Predict survival of rows at some times.

    Parameters
    ----------
    fit : CoxFit
        The model.
    rows : ScoredRows
        The rows.
    times : ndarray of shape (k,)
        The times.

    Returns
    -------
    PredictedSurvival
        Predictions, made when read.

    Raises
    ------
    ParameterError
        If the fit has exact ties.
    """
    steps = hazard_steps(fit)
    risk = ratio_of(rows.score - float(steps.centre @ fit.beta))
    return PredictedSurvival(risk, rows.stratum, baseline_at(steps, times))


def baseline_at(steps: HazardSteps, times: FloatArray) -> FloatArray:
    """Read the baseline cumulative hazard of each stratum.

    Parameters
    ----------
    steps : HazardSteps
        Steps of the fit.
    times : ndarray of shape (k,)
        Times.

    Returns
    -------
    ndarray of shape (s, k)
        Cumulative hazards, covariates at their means.
    """
    n_stratum = len(steps.order.start) - 1
    return np.stack([steps.hazard(steps.places(s, times)) for s in range(n_stratum)])
