"""Predictions of linear mixed models."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STD_ERROR
from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import quantile
from rpcstats.mixed.linear_predictor import (
    PredictionRows,
    fitted_rows,
    marginal_predictor,
    prediction_error,
    quadratic,
    random_part,
    random_variance,
)
from rpcstats.mixed.mixed_fit import Interval, Level
from rpcstats.mixed.structure.encode import encode_new
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame

if TYPE_CHECKING:
    from rpcstats.mixed.linear_fit import LinearMixedFit


def predict_linear(
    fit: "LinearMixedFit",
    newdata: Any,
    *,
    level: Level,
    interval: Interval | None,
    conf_level: float,
) -> pd.DataFrame:
    """Predict the response of a linear mixed model.

    Parameters
    ----------
    fit : LinearMixedFit
        The fit.
    newdata : frame or None
        New rows; those of the fit if None.
    level : {"conditional", "population", "new_group"}
        Which random effects count.
    interval : {"confidence", "prediction"} or None
        What the limits are for.
    conf_level : float
        Level of the interval.

    Returns
    -------
    pandas.DataFrame
        Column estimate; with an interval also std_error, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range.
    """
    check_prediction(level, interval)
    rows = rows_of(fit.frame, newdata)
    estimate = marginal_predictor(rows, fit.beta)
    if level == "conditional":
        estimate = estimate + random_part(rows, [m.estimate for m in fit.problem.modes(fit.theta)])
    if interval is None:
        return pd.DataFrame({ESTIMATE: estimate})
    variance, df = _mean_variance(fit, rows, level)
    if interval == "prediction":
        variance = variance + _spread(fit, rows, level, newdata)
        df = None
    std_error = np.sqrt(variance)
    half = quantile(df, conf_level) * std_error
    return limits_frame(estimate, std_error, estimate - half, estimate + half)


def check_prediction(level: str, interval: str | None) -> None:
    """Refuse an unknown kind of prediction.

    Parameters
    ----------
    level : str
        Which random effects count.
    interval : str or None
        What the limits are for.

    Raises
    ------
    ParameterError
        If one is unknown.
    """
    if level not in ("conditional", "population", "new_group"):
        raise ParameterError("level is unknown", ["choose conditional, population or new_group"])
    if interval not in (None, "confidence", "prediction"):
        raise ParameterError("interval is unknown", ["choose confidence or prediction, or none"])


def rows_of(frame: ModelFrame, newdata: Any) -> PredictionRows:
    """Encode new rows as those of the fit, or take those of the fit.

    Parameters
    ----------
    frame : ModelFrame
        The model frame.
    newdata : frame or None
        New rows.

    Returns
    -------
    PredictionRows
        The rows.
    """
    if newdata is None:
        return fitted_rows(frame)
    new = encode_new(frame, newdata)
    return PredictionRows(new.X, new.offset, new.Z, new.codes)


def limits_frame(
    estimate: FloatArray, std_error: FloatArray, low: FloatArray, high: FloatArray
) -> pd.DataFrame:
    """Lay out estimates with their limits.

    Parameters
    ----------
    estimate, std_error, low, high : ndarray of shape (m,)
        Columns.

    Returns
    -------
    pandas.DataFrame
        Columns estimate, std_error, conf_low, conf_high.
    """
    return pd.DataFrame({ESTIMATE: estimate, STD_ERROR: std_error, CONF_LOW: low, CONF_HIGH: high})


def _mean_variance(
    fit: "LinearMixedFit", rows: PredictionRows, level: Level
) -> tuple[FloatArray, FloatArray | None]:
    """Give the error variance of each row's mean, with degrees of freedom if it has them."""
    cov = fit.evaluation.cov
    if level == "conditional":
        own = fit.independent_rows()
        WX = own.X if own.weights is None else own.X * own.weights[:, None]
        known, carried = prediction_error(own.blocks, fit.theta, WX, own.weights, rows)
        return fit.evaluation.sigma2 * known + quadratic(rows.X - carried, cov), None
    from rpcstats.mixed.inference.satterthwaite import satterthwaite_df

    variance = quadratic(rows.X, cov)
    if fit.residual is not None:
        return variance, None
    df = satterthwaite_df(fit.curved_evaluation(), rows.X)
    # A row of zeros has no error, so no degrees of freedom either.
    return variance, np.where(variance > 0.0, df, np.inf)


def _spread(fit: "LinearMixedFit", rows: PredictionRows, level: Level, newdata: Any) -> FloatArray:
    """Give the variance of one value about the mean of its row."""
    weights = fit.frame.weights if newdata is None else None
    relative = np.ones(rows.n) if weights is None else 1.0 / weights
    if fit.residual is not None:
        structured = fit.residual.relative_variance(newdata)
        relative = relative if structured is None else relative * structured
    if level == "new_group":
        relative = relative + random_variance(fit.frame.blocks, fit.theta, rows)
    return fit.evaluation.sigma2 * relative
