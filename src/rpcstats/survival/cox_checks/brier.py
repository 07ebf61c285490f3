"""Brier score of predicted survival, with weights that make up for censoring."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import DataError, ParameterError
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.cox_checks._brier_sums import CensoredLosses, Losses
from rpcstats.survival.cox_checks.brier_result import MEASURES, BrierScore, CensoringModel
from rpcstats.survival.cox_checks.evaluation_sample import EvaluationSample
from rpcstats.survival.cox_checks.predictions import (
    PredictedSurvival,
    predicted_survival,
    scored_rows,
)
from rpcstats.survival.cox_checks.scoring_weights import (
    ScoringWeights,
    checked_times,
    refuse_late_entry,
    scoring_weights,
)
from rpcstats.survival.structure.remarks import missing_remark

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]

_MOST_STEPS = 200
"""Times in the integral; of more distinct times of events, so many evenly by rank."""


class _Scored(NamedTuple):
    estimate: FloatArray
    std_error: FloatArray
    integrated: FloatArray
    integrated_error: FloatArray
    grid_score: FloatArray
    grid_null: FloatArray


def brier_score(
    fit: "CoxFit",
    times: Sequence[float] | None = None,
    newdata: Any | None = None,
    *,
    weights: str | None = None,
    censoring: CensoringModel = "km",
    conf_level: float | None = None,
) -> BrierScore:
    """Score predicted survival against what happened: mean squared error, 0 is perfect.

    Parameters
    ----------
    fit : CoxFit
        The model.
    times : sequence of float, optional
        Times to score, above 0 and not after the last time seen; at most 200 of the times of
        events if not given.
    newdata : frame, optional
        New rows with every column of the formula, times and events included; by default the
        rows of the fit, on which a model looks better than it is.
    weights : str, optional
        Column of case weights of new rows.
    censoring : {"km", "cox"}
        Whether the chance of not being censored is that of all rows alike, or depends on the
        covariates by a Cox model of censoring.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    BrierScore
        Scores with standard errors, beside those of the Kaplan-Meier curve of the rows scored.

    Raises
    ------
    DataError
        If rows enter late, or new rows break their conditions.
    ParameterError
        If an option is unknown, a time is out of range, or the fit has exact ties.

    Notes
    -----
    Graf and others (1999); Gerds and Schumacher (2006) for the weights, 1 / G(T-) for events and
    1 / G(t) for rows still in, where at one time events come before censoring; Kattan and Gerds
    (2018) for the index of prediction accuracy. Who is censored exactly at t is left to the
    weights. The integral holds each score until the next time, from time 0. Standard errors are
    the infinitesimal jackknife over rows, or clusters if the fit is robust to them, predictions
    taken as given; those with ``censoring="km"`` allow for the estimated curve, those with
    "cox" take it as known.
    """
    level = fit.conf_level if conf_level is None else conf_level
    check_conf_level(level)
    if as_word(censoring) not in ("km", "cox"):
        raise ParameterError("censoring is unknown", ["choose km or cox"])
    rows = scored_rows(fit, newdata, weights=weights).by_time()
    sample = rows.sample
    refuse_late_entry(sample, "Brier scores")
    grid, at, remarks = _grid(sample, times)
    chances = scoring_weights(fit, rows, grid, censoring)
    found = _scored(predicted_survival(fit, rows, grid), chances, sample, grid, at)
    for values in (grid, *found):
        values.setflags(write=False)
    return BrierScore(
        time=grid[at],
        **found._asdict(),
        grid=grid,
        censoring=censoring,
        n_obs=len(sample.time),
        n_event=int(sample.event.sum()),
        n_missing=sample.n_missing,
        conf_level=level,
        remarks=(*missing_remark(sample.n_missing), *remarks),
    )


def _grid(
    sample: EvaluationSample, times: Sequence[float] | None
) -> tuple[FloatArray, NDArray[np.int64], tuple[str, ...]]:
    """Give the times of the integral, where those to be scored stand in them, and a remark."""
    events = np.unique(sample.time[sample.event & (sample.time > 0)])
    wanted = None if times is None else checked_times(sample, times)
    if wanted is None and not len(events):
        raise DataError("None of the rows is an event: say at which times to score.")
    inside = events if wanted is None else events[events <= wanted[-1]]
    remarks: tuple[str, ...] = ()
    if len(inside) > _MOST_STEPS:
        places = np.linspace(0, len(inside) - 1, _MOST_STEPS).round().astype(np.int64)
        inside = inside[places]
        remarks = (f"The integral rests on {_MOST_STEPS} of the times of events.",)
    if wanted is None:
        return inside, np.arange(len(inside)), remarks
    grid = np.union1d(inside, wanted)
    return grid, np.searchsorted(grid, wanted), remarks


def _scored(
    predicted: PredictedSurvival,
    weights: ScoringWeights,
    sample: EvaluationSample,
    grid: FloatArray,
    at: NDArray[np.int64],
) -> _Scored:
    counts = risk_sets(sample.time, sample.event, weights=sample.weights)
    null = np.concatenate([[1.0], product_limit(counts)[0]])
    null = null[np.searchsorted(counts.time, grid, side="right")]
    width = np.diff(grid, append=grid[-1]) / grid[-1]
    scores = np.empty((2, len(grid)))
    measured = np.empty((len(at), 2, len(MEASURES)))
    sums = [weights.losses.nothing() for _ in range(2)]
    for place, t in enumerate(grid.tolist()):
        G = weights.still(place)
        pair = [weights.losses.at(t, S, G) for S in (predicted.at(place), float(null[place]))]
        scores[:, place] = [each.mean for each in pair]
        for total, step in zip(sums, pair, strict=True):
            total.add(step, float(width[place]))
        for row in np.flatnonzero(at == place):
            measured[row] = _measures(weights.losses, pair, sample)
    integrated, error = _measures(weights.losses, sums, sample)
    return _Scored(measured[:, 0], measured[:, 1], integrated, error, *scores)


def _measures(
    losses: CensoredLosses, pair: list[Losses], sample: EvaluationSample
) -> tuple[FloatArray, FloatArray]:
    """Give score, null score, difference and accuracy, with standard errors."""
    model, null = (each.mean for each in pair)
    influence = np.column_stack([losses.influence(each) for each in pair])
    clusters = [groups.codes for groups in sample.clusters]
    n_unit = min((len(groups.labels) for groups in sample.clusters), default=len(sample.time))
    V = clustered_covariance(influence, clusters) * n_unit / max(n_unit - 1, 1)
    ratio = model / null if null > 0 else np.nan
    by_null = 1.0 / null if null > 0 else np.nan
    slopes = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0], [-by_null, ratio * by_null]])
    variance = np.einsum("ki,ij,kj->k", slopes, V, slopes)
    error: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return np.array([model, null, model - null, 1.0 - ratio]), error
