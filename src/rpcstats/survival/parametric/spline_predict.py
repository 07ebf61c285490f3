"""Predictions of a Royston-Parmar model, with limits by the delta method."""

from typing import TYPE_CHECKING, Any, Final, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import TIME
from rpcstats.errors import ParameterError
from rpcstats.survival.parametric._areas import area_to
from rpcstats.survival.parametric._standard import STANDARD, Standard
from rpcstats.survival.parametric.new_rows import NewRows, rows_to_predict
from rpcstats.survival.parametric.prediction_limits import (
    Scaled,
    at_the_ends,
    check_horizon,
    check_probs,
    check_times,
    from_log,
    laid_out,
    last_time,
    restricted_limits,
)

if TYPE_CHECKING:
    from rpcstats.survival.parametric.spline_fit import RoystonParmarFit, SplineKind

FloatArray = NDArray[np.float64]

_BISECTIONS: Final = 200


class _At(NamedTuple):
    """The predictor of rows at one time, with its slope in log time."""

    g: FloatArray
    d: FloatArray
    B: FloatArray
    dB: FloatArray


class _Rows(NamedTuple):
    fit: "RoystonParmarFit"
    rows: NewRows
    standard: Standard
    z: float

    def at(self, y: FloatArray) -> _At:
        """Evaluate the predictor at log times, one for each row."""
        B, dB = (part.T for part in self.fit.layout.columns(y, self.rows.X))
        g = B @ self.fit.coef
        if self.rows.offset is not None:
            g = g + self.rows.offset
        return _At(g, dB @ self.fit.coef, B, dB)

    def at_time(self, t: float) -> _At:
        """Evaluate the predictor at one time."""
        return self.at(np.full(len(self.rows.X), np.log(t)))

    def at_times(self, times: FloatArray) -> _At:
        """Evaluate the predictor at several times, one after the other."""
        k, offset = len(times), self.rows.offset
        repeated = NewRows(
            np.tile(self.rows.X, (k, 1)),
            None if offset is None else np.tile(offset, k),
            np.tile(self.rows.codes, k),
        )
        y = np.repeat(np.log(times), len(self.rows.X))
        return self._replace(rows=repeated).at(y)

    def error(self, gradient: FloatArray) -> FloatArray:
        """Give standard errors from gradients of shape (m, P)."""
        variance = np.einsum("ij,ij->i", gradient @ self.fit.cov, gradient)
        root: FloatArray = np.sqrt(np.maximum(variance, 0.0))
        return root


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # far from the data
def predict_spline(
    fit: "RoystonParmarFit",
    newdata: Any,
    *,
    kind: "SplineKind",
    times: ArrayLike | None,
    reference: Any,
    probs: ArrayLike,
    tau: float | None,
    conf_level: float,
) -> pd.DataFrame:
    """Predict for rows old or new.

    Parameters
    ----------
    fit : RoystonParmarFit
        The fit.
    newdata : frame or None
        New rows; None for those of the fit.
    kind : str
        What to predict.
    times : array_like or None
        Times.
    reference : frame or None
        Rows that a hazard ratio compares them with.
    probs : array_like
        Shares of quantiles.
    tau : float or None
        Horizon of the restricted mean.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns row, time or quantile where there are several, estimate, std_error, conf_low,
        conf_high.

    Raises
    ------
    ParameterError
        If an option is unknown, missing or out of range.
    """
    from rpcstats.survival.parametric.spline_fit import ERRORS, SplineKind

    if as_word(kind) not in get_args(SplineKind):
        raise ParameterError(
            "kind is unknown", [f"choose one of {', '.join(get_args(SplineKind))}"]
        )
    standard = STANDARD[ERRORS[fit.scale]]
    asked = _Rows(fit, rows_to_predict(fit.frame, newdata), standard, normal_quantile(conf_level))
    last = last_time(fit)
    if kind == "rmst":
        return laid_out([_restricted(asked, check_horizon(tau, last))], None, None)
    if kind == "quantile":
        shares = check_probs(probs)
        return laid_out([_quantile(asked, p) for p in shares.tolist()], "quantile", shares)
    grid = check_times(times, last)
    if kind == "hazard_ratio":
        other = _reference(asked, reference)
        return laid_out([_ratio(asked, other, t) for t in grid.tolist()], TIME, grid)
    curve = {"survival": _survival, "hazard": _hazard, "cumulative_hazard": _cumulative}[kind]
    return laid_out([curve(asked, t) for t in grid.tolist()], TIME, grid)


def mean_survival(
    fit: "RoystonParmarFit", times: FloatArray, rows: NDArray[np.int64]
) -> FloatArray:
    """Average the fitted survival of some rows.

    Parameters
    ----------
    fit : RoystonParmarFit
        The fit.
    times : ndarray of shape (k,)
        Times above 0.
    rows : ndarray of int
        Positions among the rows used.

    Returns
    -------
    ndarray of shape (k,)
        Mean survival, by the case weights.
    """
    from rpcstats.survival.parametric.spline_fit import ERRORS

    frame = fit.frame
    offset = None if frame.offset is None else frame.offset[rows]
    chosen = NewRows(frame.X[rows], offset, frame.strata.codes[rows])
    asked = _Rows(fit, chosen, STANDARD[ERRORS[fit.scale]], 0.0)
    w = None if frame.weights is None else frame.weights[rows]
    found = [
        np.average(np.exp(asked.standard.survival(asked.at_time(t).g)[0]), weights=w)
        for t in times.tolist()
    ]
    return np.array(found)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def _survival(asked: _Rows, t: float) -> tuple[FloatArray, ...]:
    m = len(asked.rows.X)
    if t <= 0.0:
        return np.ones(m), np.zeros(m), np.ones(m), np.ones(m)
    at = asked.at_time(t)
    error = asked.error(at.B)
    value, slope, _ = asked.standard.survival(at.g)
    S = np.exp(value)
    low, high = (
        np.exp(asked.standard.survival(at.g + sign * asked.z * error)[0]) for sign in (1.0, -1.0)
    )
    return at_the_ends((S, S * -slope * error, low, high), top=1.0)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def _cumulative(asked: _Rows, t: float) -> tuple[FloatArray, ...]:
    if t <= 0.0:
        return (np.zeros(len(asked.rows.X)),) * 4
    at = asked.at_time(t)
    value, slope, _ = asked.standard.survival(at.g)
    error = asked.error(at.B) * slope / value
    return from_log(Scaled(np.log(-value), error), asked.z)


def _log_hazard(asked: _Rows, t: float) -> tuple[FloatArray, FloatArray]:
    """Give the log hazard and its gradient; missing where survival rises, and at time 0."""
    m, P = len(asked.rows.X), asked.fit.layout.n_parameter
    if t <= 0.0:
        return np.full(m, np.nan), np.zeros((m, P))
    at = asked.at_time(t)
    f, f1, _ = asked.standard.density(at.g)
    S, S1, _ = asked.standard.survival(at.g)
    d = np.where(at.d > 0.0, at.d, np.nan)
    gradient = (f1 - S1)[:, None] * at.B + at.dB / d[:, None]
    return f - S + np.log(d) - np.log(t), gradient


def _hazard(asked: _Rows, t: float) -> tuple[FloatArray, ...]:
    value, gradient = _log_hazard(asked, t)
    return from_log(Scaled(value, asked.error(gradient)), asked.z)


def _ratio(asked: _Rows, other: _Rows, t: float) -> tuple[FloatArray, ...]:
    value, gradient = _log_hazard(asked, t)
    beside, slope = _log_hazard(other, t)
    return from_log(Scaled(value - beside, asked.error(gradient - slope)), asked.z)


def _reference(asked: _Rows, reference: Any) -> _Rows:
    if reference is None:
        raise ParameterError(
            "A hazard ratio compares two rows", ["give reference=, one row or as many as newdata"]
        )
    rows, m = rows_to_predict(asked.fit.frame, reference), len(asked.rows.X)
    if len(rows.X) not in (1, m):
        raise ParameterError("reference does not fit newdata", ["give one row, or as many rows"])
    repeated = np.zeros(m, dtype=np.int64) if len(rows.X) == 1 else np.arange(m)
    offset = None if rows.offset is None else rows.offset[repeated]
    return asked._replace(rows=NewRows(rows.X[repeated], offset, rows.codes[repeated]))


def _restricted(asked: _Rows, tau: float) -> tuple[FloatArray, ...]:
    m, P = len(asked.rows.X), asked.fit.layout.n_parameter

    def curve(times: FloatArray) -> FloatArray:
        at = asked.at_times(times)
        value, slope, _ = asked.standard.survival(at.g)
        S = np.exp(value)
        found = np.column_stack([S, (S * slope)[:, None] * at.B])
        return found.reshape(len(times), m, P + 1)

    found = area_to(curve, tau, m * P)
    return restricted_limits(found[:, 0], asked.error(found[:, 1:]), tau, asked.z)


def _quantile(asked: _Rows, p: float) -> tuple[FloatArray, ...]:
    """Halve towards the log time at which the predictor has its value."""
    m, knots = len(asked.rows.X), asked.fit.layout.knots
    target = float(asked.standard.quantile(np.array([np.log1p(-p)]))[0])
    width = knots[-1] - knots[0] + 1.0
    low, high = np.full(m, knots[0] - 20.0 * width), np.full(m, knots[-1] + 20.0 * width)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        below = asked.at(middle).g < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
        if np.all(high - low <= 1e-15 * (1.0 + np.abs(middle))):
            break
    at = asked.at((low + high) / 2.0)
    reached = np.abs(at.g - target) < 1e-6
    y = np.where(reached, (low + high) / 2.0, np.nan)
    return from_log(Scaled(y, asked.error(at.B) / at.d), asked.z)
