"""Calibration of predicted risk: groups of similar predictions, a smooth, slope and ratio."""

from numbers import Integral
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.cox_checks._natural_spline import natural_basis
from rpcstats.survival.cox_checks._refitted import refitted
from rpcstats.survival.cox_checks.calibration_result import Calibration
from rpcstats.survival.cox_checks.evaluation_sample import EvaluationSample
from rpcstats.survival.cox_checks.predictions import (
    ScoredRows,
    predicted_survival,
    scored_rows,
)
from rpcstats.survival.cox_checks.scoring_weights import checked_times, refuse_late_entry
from rpcstats.survival.structure.remarks import FEW_AT_RISK, missing_remark

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit
    from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_KNOTS: Final = {
    3: (0.1, 0.5, 0.9),
    4: (0.05, 0.35, 0.65, 0.95),
    5: (0.05, 0.275, 0.5, 0.725, 0.95),
}
"""Quantiles at which knots stand (Harrell 2015)."""


class _Seen(NamedTuple):
    risk: FloatArray
    std_error: FloatArray
    n_obs: IntArray
    n_event: IntArray
    n_risk: FloatArray


def calibration(
    fit: "CoxFit",
    time: float,
    *,
    newdata: Any | None = None,
    weights: str | None = None,
    n_groups: int = 10,
    n_knots: int = 3,
    conf_level: float | None = None,
) -> Calibration:
    """Compare the risk a Cox model predicts by a time with the risk seen.

    Parameters
    ----------
    fit : CoxFit
        The model.
    time : float
        Time by which events count, above 0 and not after the last time seen.
    newdata : frame, optional
        New rows with every column of the formula, times and events included; by default the
        rows of the fit, on which a model looks better than it is: its slope is 1.
    weights : str, optional
        Column of case weights of new rows.
    n_groups : int
        Groups of equal size by predicted risk, 2 or more; rows of equal risk stay together.
    n_knots : {3, 4, 5}
        Knots of the natural spline in the smooth.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    Calibration
        Groups, smooth, integrated calibration index, slope and ratio.

    Raises
    ------
    DataError
        If rows enter late, new rows break their conditions, or there is no event.
    ParameterError
        If an option is out of range, or the fit has exact ties.

    Notes
    -----
    The smooth is a Cox model of a natural spline in the complementary log-log of predicted risk,
    read at the time; the integrated calibration index is the mean distance of its risks from
    those predicted (Austin, Harrell and van Klaveren 2020). The slope is the coefficient of the
    linear predictor in a Cox model of its own (van Houwelingen 2000).
    """
    level = fit.conf_level if conf_level is None else conf_level
    check_conf_level(level)
    _check(n_groups, n_knots)
    rows = scored_rows(fit, newdata, weights=weights)
    sample = rows.sample
    refuse_late_entry(sample, "Calibration curves")
    at = checked_times(sample, [time])
    S = predicted_survival(fit, rows, at).at(0)
    w = np.ones(len(S)) if sample.weights is None else sample.weights
    group = _groups(1.0 - S, n_groups)
    seen = _seen(sample, group, float(at[0]))
    everybody = _seen(sample, np.zeros(len(S), dtype=np.int64), float(at[0]))
    smoothed, bent = _smoothed(fit.frame, sample, S, n_knots, at)
    slope, slope_error = _slope(fit, rows)
    mean = float(np.average(1.0 - S, weights=w))
    size = np.bincount(group, weights=w)
    predicted = np.asarray(np.bincount(group, weights=w * (1.0 - S)) / size)
    risk, weight = 1.0 - S, w.copy()
    for values in (*seen, predicted, risk, smoothed, weight):
        values.setflags(write=False)
    return Calibration(
        time=float(at[0]),
        group_size=seen.n_obs,
        group_events=seen.n_event,
        predicted=predicted,
        observed=seen.risk,
        observed_error=seen.std_error,
        risk=risk,
        smoothed=smoothed,
        weights=weight,
        slope=slope,
        slope_error=slope_error,
        ratio=float(everybody.risk[0]) / mean if mean > 0 else np.nan,
        ratio_error=float(everybody.std_error[0]) / mean if mean > 0 else np.nan,
        n_obs=len(S),
        n_event=int(sample.event.sum()),
        n_missing=sample.n_missing,
        conf_level=level,
        remarks=(*missing_remark(sample.n_missing), *bent, *_remarks(seen)),
    )


def _check(n_groups: int, n_knots: int) -> None:
    faults = []
    given: object = n_groups
    if not isinstance(given, Integral) or n_groups < 2:
        faults.append("give n_groups of 2 or more")
    if as_number(n_knots) not in _KNOTS:
        faults.append(f"choose n_knots {', '.join(map(str, _KNOTS))}")
    if faults:
        raise ParameterError("An option of the calibration can't be used", faults)


def _groups(risk: FloatArray, n_groups: int) -> IntArray:
    # Predictions of equal rows differ by rounding.
    risk = np.round(risk, 12)
    edges = np.quantile(risk, np.linspace(0.0, 1.0, n_groups + 1)[1:-1])
    places = np.searchsorted(edges, risk, side="left")
    return np.unique(places, return_inverse=True)[1].astype(np.int64)


def _seen(sample: EvaluationSample, group: IntArray, t: float) -> _Seen:
    """Read the Kaplan-Meier curve of each group; NaN where the group is not followed so long."""
    n_group = int(group.max()) + 1
    counts = risk_sets(
        sample.time, sample.event, stratum=group, n_stratum=n_group, weights=sample.weights
    )
    S, variance = product_limit(counts)
    risk, error = np.zeros(n_group), np.zeros(n_group)
    n_risk = np.zeros(n_group)
    for g, (a, b) in enumerate(zip(counts.start[:-1], counts.start[1:], strict=True)):
        place = int(np.searchsorted(counts.time[a:b], t, side="right")) - 1
        if place >= 0:
            risk[g] = 1.0 - S[a + place]
            # Greenwood's variance says nothing of a curve that is down at 0.
            known = S[a + place] > 0
            error[g] = S[a + place] * np.sqrt(variance[a + place]) if known else np.nan
        following = int(np.searchsorted(counts.time[a:b], t, side="left"))
        if following < b - a:
            n_risk[g] = counts.n_risk[a + following]
        elif S[b - 1] > 0:
            risk[g], error[g] = np.nan, np.nan
    return _Seen(
        risk,
        error,
        np.bincount(group),
        np.bincount(group, weights=sample.event & (sample.time <= t)).astype(np.int64),
        n_risk,
    )


def _smoothed(
    frame: "HazardFrame", sample: EvaluationSample, S: FloatArray, n_knots: int, at: FloatArray
) -> tuple[FloatArray, tuple[str, ...]]:
    """Model the times by a spline in log(-log S) and predict the risk of each row."""
    with np.errstate(divide="ignore"):
        cloglog = np.log(-np.log(S))
    cloglog = np.clip(cloglog, *_finite_range(cloglog))
    knots = np.quantile(cloglog, _KNOTS[n_knots])
    remarks: tuple[str, ...] = ()
    n_distinct = len(np.unique(np.round(cloglog, 9)))
    if n_distinct > n_knots and (np.diff(knots) > 0).all():
        X = natural_basis(cloglog, knots)
    else:
        X = cloglog[:, None].copy()
        remarks = ("Too few distinct predictions for a spline: the smooth is a straight line.",)
    model = refitted(frame, sample, X)
    rows = scored_rows(model)
    return 1.0 - predicted_survival(model, rows, at).at(0), remarks


def _finite_range(values: FloatArray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)


def _slope(fit: "CoxFit", rows: ScoredRows) -> tuple[float, float]:
    score = (rows.score - rows.score.mean())[:, None]
    if not np.ptp(score):
        return np.nan, np.nan
    model = refitted(fit.frame, rows.sample, score, is_comparable=True)
    return float(model.beta[0]), float(np.sqrt(model.cov[0, 0]))


def _remarks(seen: _Seen) -> tuple[str, ...]:
    few = int(np.sum(seen.n_risk < FEW_AT_RISK))
    if not few:
        return ()
    return (f"{few} of {len(seen.risk)} groups have fewer than {FEW_AT_RISK} at risk by then.",)
