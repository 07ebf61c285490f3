"""Where the search for the parameters of a distribution of times starts."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._censored_rows import INTERVAL, LEFT, CensoredRows
from rpcstats.survival.parametric._gamma_family import Gamma
from rpcstats.survival.parametric._generalised_gamma import GeneralisedGamma
from rpcstats.survival.parametric._gompertz import Gompertz
from rpcstats.survival.parametric._location_scale import LocationScale
from rpcstats.survival.parametric._newton import climb
from rpcstats.survival.parametric._predictor import LevelPredictor, Predictor
from rpcstats.survival.parametric._regression_model import RegressionModel
from rpcstats.survival.parametric._row_model import CHUNK, evaluate
from rpcstats.survival.parametric._standard import STANDARD

FloatArray = NDArray[np.float64]

_LEAST_SPREAD: Final = 1e-4


def starting_values(model: RegressionModel) -> FloatArray:
    """Find coefficients from which the search for a distribution's optimum can start.

    Parameters
    ----------
    model : RegressionModel
        Rows with a predictor of the first parameter and shared or stratified others.

    Returns
    -------
    ndarray of shape (P,)
        Coefficients of the standardised columns.
    """
    family = model.family
    if isinstance(family, LocationScale):
        return _location_start(model, family)
    if isinstance(family, Gamma):
        return _gamma_start(model)
    if isinstance(family, GeneralisedGamma):
        return _prentice_start(model)
    if isinstance(family, Gompertz):
        return _rate_start(model)
    raise AssertionError("every family has its start")


def _location_start(model: RegressionModel, family: LocationScale) -> FloatArray:
    """Regress the middle of what is known of each time, by least squares."""
    coefficients, spread = _least_squares(model)
    predictor = _first(model)
    standard = STANDARD[family.error]
    scale = spread / standard.spread if family.has_scale else 1.0
    if predictor.has_intercept:
        coefficients[0] -= scale * standard.centre
    n_scale = model.n_parameter - predictor.width
    return np.concatenate([coefficients, np.full(n_scale, np.log(scale))])


def _gamma_start(model: RegressionModel) -> FloatArray:
    """Start from the exponential, the gamma of shape 1."""
    simpler = replace(
        model, family=LocationScale("extreme", True, False), predictors=model.predictors[:1]
    )
    found = _optimum(simpler)
    return np.concatenate([found, np.zeros(model.n_parameter - len(found))])


def _prentice_start(model: RegressionModel) -> FloatArray:
    """Start from the log-normal or the Weibull, Q = 0 or 1, whichever fits better."""
    starts = []
    for error, q in (("normal", 0.0), ("extreme", 1.0)):
        simpler = replace(
            model,
            family=LocationScale("normal" if error == "normal" else "extreme"),
            predictors=model.predictors[:2],
        )
        found = np.append(_optimum(simpler), q)
        starts.append((evaluate(model, found).value, found))
    return max(starts, key=lambda start: start[0])[1]


def _rate_start(model: RegressionModel) -> FloatArray:
    """Start from a constant rate, events over time at risk."""
    rows, predictor = model.rows, _first(model)
    weights = np.ones(model.n_obs) if model.weights is None else model.weights
    time = _middle(rows)
    if rows.entry is not None:
        time = time - np.where(np.isfinite(rows.entry), rows.entry, 0.0)
    start = np.zeros(model.n_parameter)
    if predictor.has_intercept:
        if predictor.offset is not None:
            time = time * np.exp(predictor.offset)
        events = float(weights[rows.kind != 0].sum())
        start[0] = np.log(events / float(weights @ time)) - predictor.shift
    return start


def _optimum(model: RegressionModel) -> FloatArray:
    start = starting_values(model)
    return climb(model, start).theta


def _first(model: RegressionModel) -> Predictor:
    predictor = model.predictors[0]
    if isinstance(predictor, LevelPredictor):
        raise AssertionError("the first parameter has covariates")
    return predictor


def _middle(rows: CensoredRows) -> FloatArray:
    if rows.upper is None:
        return rows.y
    middle = np.where(rows.kind == LEFT, rows.upper, rows.y)
    inside = rows.kind == INTERVAL
    middle[inside] = (rows.y[inside] + rows.upper[inside]) / 2.0
    return middle


def _least_squares(model: RegressionModel) -> tuple[FloatArray, float]:
    predictor, y = _first(model), _middle(model.rows)
    p = predictor.width
    cross, pull, total, size = np.zeros((p, p)), np.zeros(p), 0.0, 0.0
    for start in range(0, model.n_obs, CHUNK):
        stop = min(start + CHUNK, model.n_obs)
        D = predictor.Z[:, start:stop]
        if predictor.has_intercept:
            D = np.concatenate([np.ones((1, stop - start)), D])
        r = y[start:stop] - predictor.value(np.zeros(p), start, stop)
        if model.weights is None:
            weighted = D
            size += stop - start
        else:
            weighted = D * model.weights[start:stop]
            size += float(model.weights[start:stop].sum())
        cross += weighted @ D.T
        pull += weighted @ r
        total += float(r @ r if model.weights is None else (model.weights[start:stop] * r) @ r)
    coefficients = np.asarray(np.linalg.lstsq(cross, pull, rcond=None)[0]) if p else pull
    left = max(total - float(coefficients @ pull), 0.0) / size
    return coefficients, max(float(np.sqrt(left)), _LEAST_SPREAD)
