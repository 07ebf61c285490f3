"""Cured fractions and survival of a mixture cure model, with limits by the delta method."""

from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STD_ERROR, TIME, N
from rpcstats.errors import ParameterError
from rpcstats.survival.parametric._mixture import Mixture
from rpcstats.survival.parametric.families import FAMILIES
from rpcstats.survival.parametric.new_rows import (
    RowParameters,
    combined,
    extra_designs,
    rows_to_predict,
)
from rpcstats.survival.parametric.prediction_limits import (
    check_times,
    laid_out,
    last_time,
    spread,
    survival_limits,
)

if TYPE_CHECKING:
    from rpcstats.survival.parametric.cure_fit import CureFit, CureKind

FloatArray = NDArray[np.float64]


class _Asked(NamedTuple):
    kind: str
    mixture: Mixture
    at: RowParameters
    z: float


def cured_fraction(fit: "CureFit", newdata: Any, conf_level: float) -> pd.DataFrame:
    """Estimate the share that never has the event.

    Parameters
    ----------
    fit : CureFit
        The fit.
    newdata : frame or None
        New rows; the patterns of the sample if None.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        One row for each.
    """
    z = normal_quantile(conf_level)
    if newdata is None:
        Z, counts = np.unique(fit.Z, axis=0, return_counts=True)
        shown = {name: Z[:, j] for j, name in enumerate(fit.incidence_names) if name != "Intercept"}
    else:
        Z, shown = _encoded(fit, newdata), {}
        counts = np.ones(len(Z), dtype=np.int64)
    q = Z.shape[1]
    zeta = Z @ fit.coef[:q]
    error = np.sqrt(np.einsum("ij,jk,ik->i", Z, fit.cov[:q, :q], Z))
    cured = special.expit(zeta)
    frame = pd.DataFrame({"row": np.arange(len(Z)), **shown})
    if newdata is None:
        frame[N] = counts
    frame[ESTIMATE], frame[STD_ERROR] = cured, cured * special.expit(-zeta) * error
    frame[CONF_LOW] = special.expit(zeta - z * error)
    frame[CONF_HIGH] = special.expit(zeta + z * error)
    return frame


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # far from the data
def predict_cure(
    fit: "CureFit",
    newdata: Any,
    kind: "CureKind",
    times: ArrayLike | None,
    conf_level: float,
) -> pd.DataFrame:
    """Predict survival for rows old or new.

    Parameters
    ----------
    fit : CureFit
        The fit.
    newdata : frame or None
        New rows; those of the fit if None.
    kind : {"survival", "cured", "latency"}
        What to predict.
    times : array_like or None
        Times.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns row, time, estimate, std_error, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range.
    """
    from rpcstats.survival.parametric.cure_fit import CureKind

    if as_word(kind) not in get_args(CureKind):
        raise ParameterError("kind is unknown", [f"choose one of {', '.join(get_args(CureKind))}"])
    frame = fit.frame
    rows = rows_to_predict(frame, newdata)
    Z = fit.Z if newdata is None else _encoded(fit, newdata)
    family = FAMILIES[fit.dist].family
    designs = [Z, rows.X, *extra_designs(frame, family, rows.codes)]
    at = combined(designs, fit.coef, fit.cov, {1: rows.offset})
    asked = _Asked(kind, Mixture(family), at, normal_quantile(conf_level))
    grid = check_times(times, last_time(fit))
    return laid_out([_at_time(asked, t) for t in grid.tolist()], TIME, grid)


def mean_survival(fit: "CureFit", times: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
    """Average the fitted survival of some rows.

    Parameters
    ----------
    fit : CureFit
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
    frame, family = fit.frame, FAMILIES[fit.dist].family
    w = np.ones(len(rows)) if frame.weights is None else frame.weights[rows]
    offset = None if frame.offset is None else frame.offset[rows]
    codes = frame.strata.codes[rows]
    designs = [fit.Z[rows], frame.X[rows], *extra_designs(frame, family, codes)]
    at = combined(designs, fit.coef, np.zeros_like(fit.cov), {1: offset})
    mixture = Mixture(family)
    found = [
        np.average(
            np.exp(mixture.survival(np.full(len(w), np.log(t)), at.eta, at.extra).value),
            weights=w,
        )
        for t in times.tolist()
    ]
    return np.array(found)


def _encoded(fit: "CureFit", newdata: Any) -> FloatArray:
    Z: FloatArray = fit.incidence.encode(newdata)[:, fit.incidence_columns]
    return Z


def _at_time(asked: _Asked, t: float) -> tuple[FloatArray, ...]:
    zeta, extra = asked.at.eta, asked.at.extra
    y = np.full(len(zeta), np.log(t) if t > 0.0 else -np.inf)
    if asked.kind == "cured":
        return _still_cured(asked, y, t)
    if t <= 0.0:
        one, none = np.ones_like(zeta), np.zeros_like(zeta)
        return one, none, one, one
    if asked.kind == "latency":
        part = asked.mixture.latency.survival(y, extra[0], extra[1:])
        return survival_limits(part.value, spread(asked.at.cov[1:, 1:], part.first), asked.z)
    part = asked.mixture.survival(y, zeta, extra)
    return survival_limits(part.value, spread(asked.at.cov, part.first), asked.z)


def _still_cured(asked: _Asked, y: FloatArray, t: float) -> tuple[FloatArray, ...]:
    """Give c / (c + (1 − c) S): its log odds are ζ − log S."""
    zeta, extra = asked.at.eta, asked.at.extra
    odds, first = zeta.copy(), np.zeros((len(asked.at.cov), len(zeta)))
    first[0] = 1.0
    if t > 0.0:
        part = asked.mixture.latency.survival(y, extra[0], extra[1:])
        odds -= part.value
        first[1:] = -part.first
    error = spread(asked.at.cov, first)
    share = special.expit(odds)
    return (
        share,
        share * special.expit(-odds) * error,
        special.expit(odds - asked.z * error),
        special.expit(odds + asked.z * error),
    )
