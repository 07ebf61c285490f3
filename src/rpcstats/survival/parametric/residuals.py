"""Residuals of a parametric regression on censored times."""

from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats.errors import ParameterError
from rpcstats.survival.parametric._censored_rows import EXACT, INTERVAL, LEFT, row_terms
from rpcstats.survival.parametric._local import log_between
from rpcstats.survival.parametric.new_rows import RowParameters, row_parameters, rows_to_predict
from rpcstats.survival.parametric.timed_rows import natural_rows

if TYPE_CHECKING:
    from rpcstats.survival.parametric.survreg_fit import SurvregFit, SurvregResidual

FloatArray = NDArray[np.float64]


def survreg_residuals(fit: "SurvregFit", kind: "SurvregResidual") -> FloatArray:
    """Give residuals of the rows of a fit.

    Parameters
    ----------
    fit : SurvregFit
        The fit.
    kind : {"response", "deviance", "cox_snell"}
        Which.

    Returns
    -------
    ndarray of shape (n,)
        The residuals.

    Raises
    ------
    ParameterError
        If `kind` is unknown, or deviance residuals are wanted with late entry.

    Notes
    -----
    Deviance residuals compare each row with the location that suits it best, scales held (R's
    survreg; for intervals of a Weibull R's formula has another width). The Cox-Snell residual of
    an interval is the mean of a unit exponential between the cumulative hazards at its ends;
    that of a row that entered late counts from its entry.
    """
    from rpcstats.survival.parametric.survreg_fit import SurvregResidual

    if as_word(kind) not in get_args(SurvregResidual):
        raise ParameterError("kind is unknown", ["choose response, deviance or cox_snell"])
    at = row_parameters(fit, rows_to_predict(fit.frame, None))
    if kind == "response":
        return _response(fit, at)
    if kind == "cox_snell":
        return _cox_snell(fit, at)
    return _deviance(fit, at)


def _response(fit: "SurvregFit", at: RowParameters) -> FloatArray:
    family = fit.described.family
    rows = natural_rows(fit.frame, family, fit.kind)
    centre = np.where(fit.kind == LEFT, 0.0 if rows.upper is None else rows.upper, rows.y)
    inside = fit.kind == INTERVAL
    if rows.upper is not None and inside.any():
        extra = _at(at, inside)[1]
        best = family.best_location(rows.y[inside], rows.upper[inside], extra)
        centre[inside] = best if "shape" not in family.extras else rows.y[inside]
    located = family.extras in (("Log(scale)",), (), ("Log(scale)", "Q"))
    half = np.full(len(at.eta), np.log(0.5))
    fitted = at.eta if located else family.quantile(half, at.eta, at.extra)
    if not fit.described.on_log:
        return centre - fitted
    return np.exp(centre) - np.exp(fitted)


def _cox_snell(fit: "SurvregFit", at: RowParameters) -> FloatArray:
    family = fit.described.family
    rows = natural_rows(fit.frame, family, fit.kind)
    seen = np.isfinite(rows.y)
    H = np.zeros(len(rows.y))
    H[seen] = -family.survival(rows.y[seen], *_at(at, seen)).value
    if rows.upper is not None:
        bounded = (fit.kind == LEFT) | (fit.kind == INTERVAL)
        top = -family.survival(rows.upper[bounded], *_at(at, bounded)).value
        low = np.where(fit.kind[bounded] == LEFT, 0.0, H[bounded])
        # Mean of a unit exponential between two of its values.
        width = top - low
        H[bounded] = low + 1.0 - width / np.expm1(width)
    if rows.entry is not None:
        late = np.isfinite(rows.entry)
        H[late] += family.survival(rows.entry[late], *_at(at, late)).value
    return H


def _deviance(fit: "SurvregFit", at: RowParameters) -> FloatArray:
    if fit.frame.entry is not None:
        raise ParameterError(
            "Deviance residuals have no meaning with late entry",
            ["take residuals(kind='cox_snell')"],
        )
    family = fit.described.family
    rows = natural_rows(fit.frame, family, fit.kind)
    terms = row_terms(family, rows, at.eta, at.extra)
    best = np.zeros(len(at.eta))
    exact, inside = fit.kind == EXACT, fit.kind == INTERVAL
    if exact.any():
        best[exact] = family.best_density(_at(at, exact)[1], rows.y[exact])
    if rows.upper is not None and inside.any():
        extra = _at(at, inside)[1]
        location = family.best_location(rows.y[inside], rows.upper[inside], extra)
        best[inside] = log_between(
            family.survival(rows.y[inside], location, extra),
            family.survival(rows.upper[inside], location, extra),
        ).value
    sign = np.sign(terms.first[0])
    if fit.described.effect == "hazard ratio":
        sign = -sign
    root: FloatArray = sign * np.sqrt(np.maximum(2.0 * (best - terms.value), 0.0))
    return root


def _at(at: RowParameters, chosen: NDArray[np.bool_]) -> tuple[FloatArray, tuple[FloatArray, ...]]:
    return at.eta[chosen], tuple(e if len(e) == 1 else e[chosen] for e in at.extra)
