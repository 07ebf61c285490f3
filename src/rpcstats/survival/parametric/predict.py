"""Predictions of a parametric regression, with limits by the delta method."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import TIME
from rpcstats.errors import ParameterError
from rpcstats.survival.parametric._areas import area_to
from rpcstats.survival.parametric.families import Described
from rpcstats.survival.parametric.new_rows import (
    RowParameters,
    extra_designs,
    row_parameters,
    rows_to_predict,
)
from rpcstats.survival.parametric.prediction_limits import (
    Scaled,
    check_horizon,
    check_probs,
    check_times,
    from_log,
    laid_out,
    last_time,
    restricted_limits,
    spread,
    survival_limits,
)

if TYPE_CHECKING:
    from rpcstats.survival.parametric.survreg_fit import PredictionKind, SurvregFit

FloatArray = NDArray[np.float64]


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # far from the data
def predict_survreg(
    fit: "SurvregFit",
    newdata: Any,
    *,
    kind: "PredictionKind",
    times: ArrayLike | None,
    probs: ArrayLike,
    tau: float | None,
    conf_level: float,
) -> pd.DataFrame:
    """Predict for rows old or new.

    Parameters
    ----------
    fit : SurvregFit
        The fit.
    newdata : frame or None
        New rows; those of the fit if None.
    kind : str
        What to predict.
    times, probs : array_like
        Times of survival and hazard; shares of quantiles.
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
        If an option is unknown or out of range.
    """
    from rpcstats.survival.parametric.survreg_fit import PredictionKind

    z = normal_quantile(conf_level)
    if as_word(kind) not in get_args(PredictionKind):
        raise ParameterError(
            "kind is unknown", [f"choose one of {', '.join(get_args(PredictionKind))}"]
        )
    at = row_parameters(fit, rows_to_predict(fit.frame, newdata))
    described, last = fit.described, last_time(fit)
    if kind in ("survival", "hazard", "cumulative_hazard"):
        grid = check_times(times, last)
        curve = CURVES[kind]
        found = [curve(described, at, t, z) for t in grid.tolist()]
        _refuse_unknown(found, grid)
        return laid_out(found, TIME, grid)
    if kind == "quantile":
        shares = check_probs(probs)
        return laid_out(
            [_quantile(described, at, p, z) for p in shares.tolist()], "quantile", shares
        )
    if kind == "mean":
        return laid_out([_mean(described, at, z)], None, None)
    if kind == "rmst":
        return laid_out([_restricted(described, at, check_horizon(tau, last), z)], None, None)
    error = np.sqrt(at.cov[0, 0])
    return laid_out([_plain(Scaled(at.eta, error), z)], None, None)


def _refuse_unknown(found: list[tuple[FloatArray, ...]], grid: FloatArray) -> None:
    """Refuse times and rows so far out that nothing can be computed there."""
    if any(np.isnan(part[0]).any() for part, t in zip(found, grid, strict=True) if t > 0.0):
        raise ParameterError(
            "A prediction is too far from the data to be computed",
            ["give times, and rows of newdata, nearer to those of the fit"],
        )


def mean_survival(fit: "SurvregFit", times: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
    """Average the fitted survival of some rows.

    Parameters
    ----------
    fit : SurvregFit
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
    frame, described, p = fit.frame, fit.described, fit.frame.X.shape[1]
    w = np.ones(len(rows)) if frame.weights is None else frame.weights[rows]
    eta = frame.X[rows] @ fit.theta[:p]
    if frame.offset is not None:
        eta = eta + frame.offset[rows]
    designs = extra_designs(frame, described.family, frame.strata.codes[rows])
    ends = np.cumsum([p, *(design.shape[1] for design in designs)])
    extra = tuple(
        design @ fit.theta[a:b] for design, a, b in zip(designs, ends, ends[1:], strict=False)
    )
    found = np.empty(len(times))
    for place, t in enumerate(times.tolist()):
        y = _scale_time(described, t, len(eta))
        found[place] = np.average(np.exp(described.family.survival(y, eta, extra).value), weights=w)
    return found


def _scale_time(described: Described, t: float, m: int) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.full(m, np.log(t) if described.on_log else t)


def _survival(
    described: Described, at: RowParameters, t: float, z: float
) -> tuple[FloatArray, ...]:
    if t <= 0.0:
        one, none = np.ones_like(at.eta), np.zeros_like(at.eta)
        return one, none, one, one
    part = described.family.survival(_scale_time(described, t, len(at.eta)), at.eta, at.extra)
    return survival_limits(part.value, spread(at.cov, part.first), z)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def _cumulative(
    described: Described, at: RowParameters, t: float, z: float
) -> tuple[FloatArray, ...]:
    if t <= 0.0:
        return (np.zeros_like(at.eta),) * 4
    part = described.family.survival(_scale_time(described, t, len(at.eta)), at.eta, at.extra)
    error = spread(at.cov, part.first) / -part.value
    return from_log(Scaled(np.log(-part.value), error), z)


def _hazard(described: Described, at: RowParameters, t: float, z: float) -> tuple[FloatArray, ...]:
    if t <= 0.0 and described.on_log:
        return (np.full_like(at.eta, np.nan),) * 4
    y = _scale_time(described, t, len(at.eta))
    f = described.family.density(y, at.eta, at.extra)
    S = described.family.survival(y, at.eta, at.extra)
    jacobian = np.log(t) if described.on_log else 0.0
    error = spread(at.cov, f.first - S.first)
    return from_log(Scaled(f.value - S.value - jacobian, error), z)


CURVES: Final[dict[str, Callable[..., tuple[FloatArray, ...]]]] = {
    "survival": _survival,
    "hazard": _hazard,
    "cumulative_hazard": _cumulative,
}


def _quantile(
    described: Described, at: RowParameters, p: float, z: float
) -> tuple[FloatArray, ...]:
    family = described.family
    y = family.quantile(np.full(len(at.eta), np.log1p(-p)), at.eta, at.extra)
    known = np.isfinite(y)
    there = np.where(known, y, 1.0)
    S = family.survival(there, at.eta, at.extra)
    f = family.density(there, at.eta, at.extra)
    # log S(y; parameters) stays the same: dy is −(d log S) / (d log S / dy), the last −f/S.
    slope = S.first * np.exp(S.value - f.value)
    error = np.where(known, spread(at.cov, slope), np.nan)
    if described.on_log:
        return from_log(Scaled(y, error), z)
    return _plain(Scaled(y, error), z)


def _mean(described: Described, at: RowParameters, z: float) -> tuple[FloatArray, ...]:
    value, first = described.family.log_mean(at.eta, at.extra)
    scaled = Scaled(value, np.where(np.isfinite(value), spread(at.cov, first), np.nan))
    is_log = described.on_log or described.effect == "hazard ratio"
    return from_log(scaled, z) if is_log else _plain(scaled, z)


def _restricted(
    described: Described, at: RowParameters, tau: float, z: float
) -> tuple[FloatArray, ...]:
    m = len(at.eta)

    def curve(times: FloatArray) -> FloatArray:
        k = len(times)
        y = np.repeat(np.log(times) if described.on_log else times, m)
        extra = tuple(np.tile(e, k) for e in at.extra)
        part = described.family.survival(y, np.tile(at.eta, k), extra)
        S = np.exp(part.value)
        return np.concatenate([S[None, :], S * part.first]).reshape(-1, k, m).swapaxes(0, 1)

    area, *slopes = area_to(curve, tau, m)
    return restricted_limits(area, spread(at.cov, np.stack(slopes)), tau, z)


def _plain(scaled: Scaled, z: float) -> tuple[FloatArray, ...]:
    half = z * scaled.std_error
    return scaled.value, scaled.std_error, scaled.value - half, scaled.value + half
