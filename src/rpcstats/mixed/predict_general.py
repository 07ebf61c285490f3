"""Predictions of generalised and cumulative link mixed models."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import ESTIMATE
from rpcstats.errors import ParameterError
from rpcstats.mixed.general.links import Link
from rpcstats.mixed.linear_predictor import PredictionRows, quadratic, random_variance
from rpcstats.mixed.mixed_fit import Interval, Level
from rpcstats.mixed.predict import check_prediction, limits_frame, rows_of
from rpcstats.mixed.prediction_gradient import (
    Predictor,
    average,
    conditional_predictor,
    population_predictor,
    spread_gradient,
)
from rpcstats.mixed.structure.model_frame import FloatArray

if TYPE_CHECKING:
    from rpcstats.mixed.general_fit import GeneralMixedFit


def predict_general(
    fit: "GeneralMixedFit",
    newdata: Any,
    *,
    level: Level,
    interval: Interval | None,
    conf_level: float,
    scale: Literal["response", "link"],
) -> pd.DataFrame:
    """Predict means, probabilities of categories or linear predictors.

    Parameters
    ----------
    fit : GeneralMixedFit
        The fit.
    newdata : frame or None
        New rows; those of the fit if None.
    level : {"conditional", "population", "new_group"}
        Which random effects count.
    interval : {"confidence", "prediction"} or None
        What the limits are for.
    conf_level : float
        Level of the interval.
    scale : {"response", "link"}
        Scale of the estimates.

    Returns
    -------
    pandas.DataFrame
        Column estimate; with an interval also std_error, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range, or they don't go together.
    """
    check_prediction(level, interval)
    if scale not in ("response", "link"):
        raise ParameterError("type is unknown", ["choose response or link"])
    if interval == "prediction" and level != "new_group":
        raise ParameterError(
            "A prediction interval needs new groups here",
            ['give level="new_group", or draw single values with simulate()'],
        )
    z = normal_quantile(conf_level)
    rows = rows_of(fit.frame, newdata)
    predictor = (
        conditional_predictor(fit, rows, with_error=interval is not None)
        if level == "conditional"
        else population_predictor(fit, rows)
    )
    if scale == "link":
        return _on_link(fit, rows, predictor, interval, z)
    if fit.response.ordered is not None:
        from rpcstats.mixed.predict_categories import predict_categories

        return predict_categories(fit, rows, predictor, level, interval, z)
    assert fit.response.family is not None
    link = fit.response.family.link
    if level == "new_group" and interval != "prediction":
        return _new_group_mean(fit, rows, predictor, link, interval, z)
    return _transformed(fit, rows, predictor, link, interval, z)


def _on_link(
    fit: "GeneralMixedFit",
    rows: PredictionRows,
    predictor: Predictor,
    interval: Interval | None,
    z: float,
) -> pd.DataFrame:
    if interval is None:
        return pd.DataFrame({ESTIMATE: predictor.eta})
    se = _error(fit, rows, predictor, interval)
    return limits_frame(predictor.eta, se, predictor.eta - z * se, predictor.eta + z * se)


def _error(
    fit: "GeneralMixedFit", rows: PredictionRows, predictor: Predictor, interval: Interval
) -> FloatArray:
    """Give the standard error on the scale of the link, with new groups' spread if asked."""
    variance = predictor.variance(fit.delta_cov)
    if interval == "prediction":
        variance = variance + random_variance(fit.frame.blocks, fit.theta, rows)
    return np.sqrt(variance)


def _transformed(
    fit: "GeneralMixedFit",
    rows: PredictionRows,
    predictor: Predictor,
    link: Link,
    interval: Interval | None,
    z: float,
) -> pd.DataFrame:
    """Carry estimate and limits over from the scale of the link."""
    mean = link.inverse(predictor.eta)
    if interval is None:
        return pd.DataFrame({ESTIMATE: mean})
    se = _error(fit, rows, predictor, interval)
    ends = (link.inverse(predictor.eta - z * se), link.inverse(predictor.eta + z * se))
    std_error = np.abs(link.derivative(predictor.eta)) * se
    return limits_frame(mean, std_error, np.minimum(*ends), np.maximum(*ends))


def _new_group_mean(
    fit: "GeneralMixedFit",
    rows: PredictionRows,
    predictor: Predictor,
    link: Link,
    interval: Interval | None,
    z: float,
) -> pd.DataFrame:
    """Average the mean over new groups; limits symmetric where the link puts that average."""
    spread, d_spread = spread_gradient(fit.frame.blocks, fit.theta, rows)
    mean, slope, tilt = _average_mean(link, predictor.eta, spread)
    if interval is None:
        return pd.DataFrame({ESTIMATE: mean})
    gradient = predictor.gradient * slope[:, None]
    first = len(fit.beta)
    gradient[:, first : first + d_spread.shape[1]] += tilt[:, None] * d_spread
    std_error = np.sqrt(quadratic(gradient, fit.delta_cov))
    eta = link.forward(mean)
    inside = np.isfinite(eta)  # a mean at an end of its range has no place on the link
    place = np.where(inside, eta, np.nan)
    half = z * std_error / np.abs(link.derivative(place))
    ends = (link.inverse(place - half), link.inverse(place + half))
    return limits_frame(mean, std_error, np.minimum(*ends), np.maximum(*ends))


def _average_mean(
    link: Link, eta: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give E μ(η + s t), its derivative by η and that by s."""
    if link.name == "log":
        mean = link.inverse(eta + spread**2 / 2.0)
        return mean, mean, spread * mean
    (mean, _), (slope, tilt) = average((link.inverse, link.derivative), eta, spread)
    return mean, slope, tilt
