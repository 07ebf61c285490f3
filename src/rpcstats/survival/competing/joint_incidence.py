"""Cumulative incidence of every cause, predicted from the hazards of all."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.intervals import survival_interval
from rpcstats.survival.competing._joint_course import (
    course_of,
    row_spread,
    spread,
)
from rpcstats.survival.competing.predicted_incidence import PredictedIncidence, prediction_times
from rpcstats.survival.prediction._hazard_steps import HazardSteps, ratio_of
from rpcstats.survival.prediction.curves import hazard_steps
from rpcstats.survival.prediction.new_rows import NewRows, encode_rows

if TYPE_CHECKING:
    from rpcstats.survival.competing.cause_specific_fit import CauseSpecificFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class _Curve(NamedTuple):
    estimate: FloatArray
    std_error: FloatArray


def joint_incidence(
    fit: "CauseSpecificFit",
    newdata: Any,
    times: Sequence[float] | None = None,
    *,
    conf_level: float | None = None,
) -> PredictedIncidence:
    """Predict the cumulative incidence of every cause from cause-specific Cox models.

    Parameters
    ----------
    fit : CauseSpecificFit
        The models.
    newdata : frame
        Covariates, a row a set of curves.
    times : sequence of float, optional
        Times, 0 or more; the event times if not given, at most 100 of them.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    PredictedIncidence
        The curves, all causes of a row after one another.

    Raises
    ------
    DataError
        If a value is missing, or a category was not among those of the fit.
    ParameterError
        If a time is negative, or the fit has exact ties.

    Notes
    -----
    Between two event times nobody leaves; at one with hazards dA_k the chance of being there
    falls by the factor exp(-Σ dA_k), and what falls is shared between the causes as their
    hazards are, so that the incidences and the chance of no event add up to 1 (survfit of R's
    multi-state coxph does the same; Benichou and Gail 1990). Standard errors by the delta
    method, from the variance of every cause's hazards and coefficients; under cluster() or
    robust=True from the influence of every cluster or row on them. Limits are normal for
    log(-log(1 - F)).
    """
    steps = [hazard_steps(part) for part in fit.fits]
    rows = [encode_rows(part.frame, newdata) for part in fit.fits]
    pooled = np.concatenate([step.order.time for step in steps])
    counts = np.concatenate([step.order.n_tied for step in steps])
    at = prediction_times(times, pooled, counts)
    pulls = _pulls(fit, steps) if fit.is_robust else None
    curves = [
        curve
        for place in range(len(rows[0].row))
        for curve in _curves_of(fit, steps, rows, place, at, pulls)
    ]
    estimate = np.stack([curve.estimate for curve in curves])
    std_error = np.stack([curve.std_error for curve in curves])
    level = fit.conf_level if conf_level is None else conf_level
    with np.errstate(divide="ignore", invalid="ignore"):
        left = 1.0 - estimate
        high, low = survival_interval(left, std_error / left, "log-log", level)
    n_cause = len(fit.causes)
    arrays = {
        "row": np.repeat(rows[0].row, n_cause),
        "times": at,
        "estimate": estimate,
        "std_error": std_error,
        "conf_low": np.where(estimate == 0, 0.0, 1.0 - low),
        "conf_high": np.where(estimate == 0, 0.0, 1.0 - high),
    }
    for values in arrays.values():
        values.setflags(write=False)
    labels = fit.frame.strata.labels
    strata = [labels[s] for s in rows[0].stratum]
    return PredictedIncidence(
        **arrays,
        strata=tuple(label for label in strata for _ in range(n_cause)),
        causes=tuple(fit.causes) * len(rows[0].row),
        conf_level=level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def _curves_of(
    fit: "CauseSpecificFit",
    steps: Sequence[HazardSteps],
    rows: Sequence[NewRows],
    place: int,
    times: FloatArray,
    pulls: Sequence[FloatArray] | None,
) -> list[_Curve]:
    stratum = int(rows[0].stratum[place])
    x = [own.X[place] - step.centre for own, step in zip(rows, steps, strict=True)]
    risk = [
        float(ratio_of(own @ part.beta + row.offset[place]))
        for own, part, row in zip(x, fit.fits, rows, strict=True)
    ]
    course = course_of(steps, stratum, risk)
    before = np.searchsorted(course.time, times, side="right")
    gone = times > fit.frame.time[fit.frame.strata.codes == stratum].max(initial=0.0)
    clusters = [groups.codes for groups in fit.frame.clusters]
    curves = []
    for k in range(len(steps)):
        if pulls is not None:
            variance = row_spread(course, k, steps, x, pulls, times, clusters)
        else:
            parts = [
                spread(course, k, cause, steps[cause], x[cause], part.cov)
                for cause, part in enumerate(fit.fits)
            ]
            variance = np.append(0.0, np.sum(parts, axis=0))[before]
        found = np.append(0.0, course.F[k])[before]
        error = np.sqrt(np.maximum(variance, 0.0))
        curves.append(_Curve(np.where(gone, np.nan, found), np.where(gone, np.nan, error)))
    return curves


def _pulls(fit: "CauseSpecificFit", steps: Sequence[HazardSteps]) -> list[FloatArray]:
    return [
        step.coefficient_influence(part.frame.X, part.cov_model)
        for step, part in zip(steps, fit.fits, strict=True)
    ]
