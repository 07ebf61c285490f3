"""Occupation of states from Cox models of the transitions."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import ConfType
from rpcstats.errors import ParameterError
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.event_terms import Ties
from rpcstats.survival.prediction._hazard_steps import HazardSteps, ratio_of
from rpcstats.survival.prediction.new_rows import encode_rows
from rpcstats.survival.states._hazard_path import follow_hazards, path_covariance
from rpcstats.survival.states.group_frames import wanted_times
from rpcstats.survival.states.multistate import check_options
from rpcstats.survival.states.state_prediction import StatePrediction
from rpcstats.survival.states.transition_design import TRANSITION

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit
    from rpcstats.survival.states.transition_fit import TransitionCox

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class _Patterns(NamedTuple):
    """New rows encoded for one transition; `log_risk` is against the mean of the fit."""

    X: FloatArray
    log_risk: FloatArray
    stratum: IntArray

    def row(self, place: int) -> tuple[FloatArray, float, int]:
        return self.X[place], float(self.log_risk[place]), int(self.stratum[place])


class _Hazard(NamedTuple):
    """Steps of one transition's hazard for one pattern, on the common grid."""

    increment: FloatArray
    spread: FloatArray
    slope: FloatArray


def predict_states(
    fit: "TransitionCox",
    newdata: Any,
    times: ArrayLike | None,
    *,
    start: str | None,
    since: float,
    conf_type: ConfType,
    conf_level: float,
) -> StatePrediction:
    """Predict the occupation of the states for new rows.

    Parameters
    ----------
    fit : TransitionCox
        Fitted transitions.
    newdata : frame
        A row a covariate pattern.
    times : array_like, optional
        Times; every time of a transition after `since` if not given.
    start : str, optional
        State held at `since`.
    since : float
        Time from which to predict.
    conf_type, conf_level : str, float
        Scale and level of the limits.

    Returns
    -------
    StatePrediction
        The product of matrix exponentials of the predicted hazards; errors by the delta method,
        from the covariance of the coefficients and the spread of the baseline increments
        (Andersen, Hansen and Keiding 1991; de Wreede, Fiocco and Putter 2010).

    Raises
    ------
    ParameterError
        If an option is out of range.
    """
    check_options(conf_type, conf_level)
    begin = _begin(fit, start, since)
    sources = [_steps_of(one) for one in fit.fits]
    grid = np.unique(np.concatenate([steps.order.time for steps in sources]))
    grid = grid[grid > since]
    if not len(grid):
        raise ParameterError(
            f"since = {since:g} is beyond the last transition", ["give an earlier time"]
        )
    paths = _all_rows(fit, sources, newdata, grid, begin, float(since))
    wanted = grid if times is None else wanted_times(times)
    end = max(float(one.frame.time.max()) for one in fit.fits)
    known = ((wanted >= since) & (wanted <= end))[:, None]
    place = np.searchsorted(grid, wanted, side="right")
    at_start = np.eye(len(fit.states))[begin]
    estimate = np.array([np.vstack([at_start, p])[place] for p, _ in paths])
    error = np.array([np.vstack([0 * at_start, error])[place] for _, error in paths])
    estimate, error = (np.where(known, values, np.nan) for values in (estimate, error))
    for values in (estimate, error):
        values.setflags(write=False)
    return StatePrediction(
        states=fit.states,
        start=fit.states[begin],
        since=float(since),
        time=wanted.copy(),
        estimate=estimate,
        std_error=error,
        conf_type=conf_type,
        conf_level=conf_level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def _all_rows(
    fit: "TransitionCox",
    sources: list[HazardSteps],
    newdata: Any,
    grid: FloatArray,
    begin: int,
    since: float,
) -> list[tuple[FloatArray, FloatArray]]:
    """Give occupation and its errors on the grid, new row by new row."""
    cov = fit.vcov()
    coded = [
        _patterns(fit, k, newdata, sources[transition.fit].centre)
        for k, transition in enumerate(fit.transitions)
    ]
    found = []
    for row in range(len(coded[0].stratum)):
        hazards = [
            _hazard(sources[transition.fit], coded[k].row(row), grid, since)
            for k, transition in enumerate(fit.transitions)
        ]
        found.append(_one_row(fit, hazards, begin, cov))
    return found


def _begin(fit: "TransitionCox", start: str | None, since: float) -> int:
    faults = []
    if not (np.isfinite(as_number(since)) and since >= 0):
        faults.append("since must be a finite time of 0 or more")
    if start is None and fit.start is None:
        faults.append("say start=, the state held at the beginning")
    if start is not None and start not in fit.states:
        faults.append(f"start is one of {', '.join(fit.states)}")
    if faults:
        raise ParameterError("Occupation can't be predicted", faults)
    if start is not None:
        return fit.states.index(start)
    return fit.start or 0


def _steps_of(fit: "CoxFit") -> HazardSteps:
    f = fit.frame
    order = arrange(
        f.time,
        f.event,
        entry=f.entry,
        stratum=f.strata.codes,
        n_stratum=len(f.strata.labels),
        weights=f.weights,
    )
    ties: Ties = "breslow" if fit.ties == "breslow" else "efron"
    return HazardSteps.from_fit(order, f.X, fit.beta, ties, offset=f.offset, weights=f.weights)


def _patterns(fit: "TransitionCox", transition: int, newdata: Any, centre: FloatArray) -> _Patterns:
    """Encode new rows for one transition."""
    own = fit.fits[fit.transitions[transition].fit]
    table = newdata
    if fit.stacked is not None:
        encoded = fit.stacked.laid_out(fit.stacked.base.encode(newdata), transition)
        others = [name for name in newdata.columns if name not in {*encoded.columns, TRANSITION}]
        table = pd.concat([pd.DataFrame(newdata)[others].reset_index(drop=True), encoded], axis=1)
    rows = encode_rows(own.frame, table, every_stratum=False)
    log_risk = (rows.X - centre) @ own.beta + rows.offset
    return _Patterns(rows.X, log_risk, rows.stratum)


def _hazard(
    steps: HazardSteps, pattern: tuple[FloatArray, float, int], grid: FloatArray, since: float
) -> _Hazard:
    """Put one transition's increments, their spread and their derivative on the grid."""
    x, log_risk, stratum = pattern
    a, b = steps.order.start[stratum], steps.order.start[stratum + 1]
    time = steps.order.time[a:b]
    later = time > since
    inside = slice(a, b)
    place = np.searchsorted(grid, time[later])
    risk = float(ratio_of(np.asarray(log_risk)))
    terms = steps.terms
    unit = 1.0 if terms.shift is None else float(np.exp(-terms.shift[stratum]))
    increment, spread = np.zeros(len(grid)), np.zeros(len(grid))
    slope = np.zeros((len(grid), len(x)))
    hazard = terms.e0[inside][later] * unit
    increment[place] = risk * hazard
    spread[place] = risk**2 * terms.A[inside][later] * unit**2
    single = steps.single[:, inside][:, later].T * unit
    slope[place] = risk * (hazard[:, None] * (x - steps.centre) - single)
    return _Hazard(increment, spread, slope)


def _one_row(
    fit: "TransitionCox", hazards: list[_Hazard], begin: int, cov: FloatArray
) -> tuple[FloatArray, FloatArray]:
    p0 = np.eye(len(fit.states))[begin]
    increments = np.column_stack([hazard.increment for hazard in hazards])
    path = follow_hazards(increments, fit.graph, p0)
    spread = np.column_stack([hazard.spread for hazard in hazards])
    gradients = []
    for place in range(len(fit.fits)):
        own = tuple(k for k, one in enumerate(fit.transitions) if one.fit == place)
        gradients.append((own, [hazards[k].slope for k in own]))
    return path.p, np.sqrt(path_covariance(path, spread, gradients, cov))
