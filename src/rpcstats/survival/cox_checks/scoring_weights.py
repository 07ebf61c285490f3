"""Weights that make up for censoring where predictions are scored at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_numbers
from rpcstats.errors import DataError, ParameterError
from rpcstats.survival.cox_checks._brier_sums import CensoredLosses
from rpcstats.survival.cox_checks._censoring_curve import CensoringCurve
from rpcstats.survival.cox_checks._refitted import refitted
from rpcstats.survival.cox_checks.brier_result import CensoringModel
from rpcstats.survival.cox_checks.evaluation_sample import EvaluationSample
from rpcstats.survival.cox_checks.predictions import (
    PredictedSurvival,
    ScoredRows,
    baseline_at,
)
from rpcstats.survival.prediction._hazard_steps import ratio_of
from rpcstats.survival.prediction.curves import hazard_steps

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ScoringWeights:
    """Chances of not being censored.

    Attributes
    ----------
    losses : CensoredLosses
        Rows with the chance before their exit.
    G : PredictedSurvival or ndarray of shape (k,)
        The chance by each time scored, row by row or of all alike.
    """

    losses: CensoredLosses
    G: PredictedSurvival | FloatArray

    def still(self, place: int) -> FloatArray | float:
        """Give the chance of no censoring by one of the times.

        Parameters
        ----------
        place : int
            Which.

        Returns
        -------
        ndarray of shape (n,) or float
            G(t).
        """
        if isinstance(self.G, PredictedSurvival):
            return self.G.at(place)
        return float(self.G[place])


def refuse_late_entry(sample: EvaluationSample, what: str) -> None:
    """Refuse rows not seen from the start.

    Parameters
    ----------
    sample : EvaluationSample
        The rows.
    what : str
        What needs them, in the plural.

    Raises
    ------
    DataError
        If rows have a time of entry above 0.
    """
    if sample.entry is not None and (sample.entry > 0).any():
        raise DataError(
            f"{what} are means over people all followed from one time on. With late entry those"
            " gone before they could be seen are missing, and there is no agreed weight for them;"
            " several rows a person would count as several people. Take those present at one time,"
            " one row each, with time counted from it."
        )


def checked_times(sample: EvaluationSample, times: Sequence[float]) -> FloatArray:
    """Read times at which rows are to be scored.

    Parameters
    ----------
    sample : EvaluationSample
        The rows.
    times : sequence of float
        The times.

    Returns
    -------
    ndarray of shape (k,)
        Distinct times, rising.

    Raises
    ------
    ParameterError
        If there is none, one is not above 0, or none of the rows is followed so long.
    """
    wanted = np.unique(np.atleast_1d(as_numbers(times)))
    last = float(sample.time.max())
    if not len(wanted) or not np.all((wanted > 0) & (wanted <= last)):
        raise ParameterError(
            "A time to score is out of range",
            ["give times above 0 and up to the last time seen in the rows scored"],
        )
    return wanted


def scoring_weights(
    fit: "CoxFit", rows: ScoredRows, times: FloatArray, censoring: CensoringModel
) -> ScoringWeights:
    """Estimate the chance of not being censored.

    Parameters
    ----------
    fit : CoxFit
        The model; its covariates explain censoring under "cox".
    rows : ScoredRows
        The rows scored.
    times : ndarray of shape (k,)
        The times, rising.
    censoring : {"km", "cox"}
        Kaplan-Meier curve of all rows, or a Cox model.

    Returns
    -------
    ScoringWeights
        The chances.
    """
    sample = rows.sample
    curve = CensoringCurve.of(sample.time, sample.event, weights=sample.weights)
    if censoring == "km" or sample.event.all():
        before = curve.before[curve.position]
        losses = CensoredLosses(sample.time, sample.event, sample.weights, before, curve)
        return ScoringWeights(losses, curve.at(times))
    before, G = _cox_curve(fit, rows, times)
    return ScoringWeights(
        CensoredLosses(sample.time, sample.event, sample.weights, before, None), G
    )


def _cox_curve(
    fit: "CoxFit", rows: ScoredRows, times: FloatArray
) -> tuple[FloatArray, PredictedSurvival]:
    """Model the time of censoring by the covariates of the fit, in the rows scored."""
    sample = rows.sample
    distinct, place = np.unique(sample.time, return_inverse=True)
    # At one time events come first: they are not at risk of being censored then.
    after_events = 2.0 * place.astype(np.float64) + np.where(sample.event, 0.0, 1.0)
    model = refitted(fit.frame, sample, rows.X, time=after_events, event=~sample.event)
    steps = hazard_steps(model)
    risk = ratio_of((model.frame.X - steps.centre) @ model.beta)
    own = steps.hazard(steps.places(0, after_events - 0.5))
    at = 2.0 * np.searchsorted(distinct, times, side="right").astype(np.float64) - 1.0
    stratum = np.zeros(len(risk), dtype=np.int64)
    return np.exp(-own * risk), PredictedSurvival(risk, stratum, baseline_at(steps, at))
