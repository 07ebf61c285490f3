"""Probabilities of the categories of an ordered response."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._vocabulary import CATEGORY, CATEGORY_PREDICTION, ESTIMATE
from rpcstats.errors import ParameterError
from rpcstats.mixed.linear_predictor import PredictionRows, quadratic
from rpcstats.mixed.mixed_fit import Interval, Level
from rpcstats.mixed.prediction_gradient import Predictor, average, spread_gradient
from rpcstats.mixed.structure.model_frame import FloatArray

if TYPE_CHECKING:
    from rpcstats.mixed.general_fit import GeneralMixedFit


class _Cumulative(NamedTuple):
    """P(Y <= j) of each row with its derivatives by η, the threshold and s.

    value, slope, tilt: of shape (m,); slope is the derivative by the threshold, minus that by
    the linear predictor; tilt is the derivative by the spread s of new groups.
    """

    value: FloatArray
    slope: FloatArray
    tilt: FloatArray


def predict_categories(
    fit: "GeneralMixedFit",
    rows: PredictionRows,
    predictor: Predictor,
    level: Level,
    interval: Interval | None,
    z: float,
) -> pd.DataFrame:
    """Give the probability of each category in each row.

    Parameters
    ----------
    fit : GeneralMixedFit
        The fit of an ordered response.
    rows : PredictionRows
        The rows.
    predictor : Predictor
        Their linear predictor.
    level : {"conditional", "population", "new_group"}
        Which random effects count.
    interval : {"confidence", "prediction"} or None
        What the limits are for.
    z : float
        Normal quantile of the limits.

    Returns
    -------
    pandas.DataFrame
        Columns row, category, estimate; with an interval also std_error, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If a prediction interval is asked for.
    """
    if interval == "prediction":
        raise ParameterError(
            "Probabilities of categories have no prediction interval",
            ['give type="link" for that of the linear predictor, or draw with simulate()'],
        )
    spread, d_spread = np.zeros(rows.n), np.zeros((rows.n, fit.frame.n_theta))
    if level == "new_group":
        spread, d_spread = spread_gradient(fit.frame.blocks, fit.theta, rows)
    levels = _cumulative(fit, predictor.eta, spread)
    edge = np.zeros(rows.n)
    values = [edge, *(part.value for part in levels), edge + 1.0]
    names = fit.frame.categories
    frame = pd.DataFrame(
        {
            "row": np.repeat(np.arange(rows.n), len(names)),
            CATEGORY: np.tile(np.array(names, dtype=object), rows.n),
            ESTIMATE: np.diff(np.column_stack(values), axis=1).ravel(),
        }
    )
    if interval is None:
        return frame
    std_error = _errors(fit, predictor, levels, d_spread).ravel()
    return _with_limits(frame, std_error, z)


def _cumulative(fit: "GeneralMixedFit", eta: FloatArray, spread: FloatArray) -> list[_Cumulative]:
    ordered = fit.response.ordered
    assert ordered is not None
    link, levels = ordered.link, []
    for alpha in ordered.alpha(fit.extra):
        if not spread.any():
            at = alpha - eta
            levels.append(_Cumulative(link.inverse(at), link.derivative(at), np.zeros_like(eta)))
            continue
        # t is symmetric about 0, so a plus sign gives the same average as a minus sign.
        (value, _), (slope, tilt) = average((link.inverse, link.derivative), alpha - eta, spread)
        levels.append(_Cumulative(value, slope, tilt))
    return levels


def _errors(
    fit: "GeneralMixedFit",
    predictor: Predictor,
    levels: list[_Cumulative],
    d_spread: FloatArray,
) -> FloatArray:
    """Give the standard error of each category's probability, of shape (m, categories)."""
    ordered = fit.response.ordered
    assert ordered is not None
    jacobian = ordered.alpha_jacobian(fit.extra)
    first, k = len(fit.beta), d_spread.shape[1]
    m, d = predictor.gradient.shape
    below, below_slope = np.zeros((m, d)), np.zeros(m)
    errors = []
    for j in range(len(levels) + 1):
        above, above_slope = np.zeros((m, d)), np.zeros(m)
        if j < len(levels):
            part = levels[j]
            above = -part.slope[:, None] * predictor.gradient
            above[:, first : first + k] += part.tilt[:, None] * d_spread
            above[:, first + k :] += part.slope[:, None] * jacobian[j]
            above_slope = part.slope
        variance = quadratic(above - below, fit.delta_cov)
        variance = variance + predictor.known * (above_slope - below_slope) ** 2
        errors.append(np.sqrt(variance))
        below, below_slope = above, above_slope
    return np.column_stack(errors)


def _with_limits(frame: pd.DataFrame, std_error: FloatArray, z: float) -> pd.DataFrame:
    """Add limits that are symmetric on the logit scale."""
    p = frame[ESTIMATE].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):  # a probability of 0 or 1 has no logit
        centre, half = special.logit(p), z * std_error / (p * (1.0 - p))
        low, high = special.expit(centre - half), special.expit(centre + half)
    columns = [*frame.columns, *CATEGORY_PREDICTION[3:]]
    limits = (std_error, low, high)
    return frame.assign(**dict(zip(CATEGORY_PREDICTION[3:], limits, strict=True)))[columns]
