"""The partial likelihood of a fitted Cox model, and its tests of all coefficients."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, P_VALUE, STATISTIC
from rpcstats.survival.partial.arrange import arrange
from rpcstats.survival.partial.estimate import Columns, likelihood_from
from rpcstats.survival.partial.likelihood import PartialLikelihood
from rpcstats.survival.partial.newton import inverse_of
from rpcstats.survival.partial.robust import sandwich_middle
from rpcstats.survival.partial.scaling import scaled_columns, scaling_of

if TYPE_CHECKING:
    from rpcstats.survival.cox_estimates import CoxEstimates

FloatArray = NDArray[np.float64]


def likelihood_of(fit: "CoxEstimates") -> PartialLikelihood:
    """Give the function that a fit maximises, in units of its scaled columns.

    Parameters
    ----------
    fit : CoxEstimates
        The model.

    Returns
    -------
    PartialLikelihood
        The log partial likelihood with the fit's penalty.
    """
    frame = fit.frame
    order = arrange(
        frame.time,
        frame.event,
        entry=frame.entry,
        stratum=frame.strata.codes,
        n_stratum=len(frame.strata.labels),
        weights=frame.weights,
    )
    X, scaling = scaled_columns(order, frame.X)
    given = Columns(frame.X, frame.offset, fit.ties, fit.penalty, fit.scale_penalty, fit.is_firth)
    return likelihood_from(order, given, X, scaling)


def scale_of(fit: "CoxEstimates") -> FloatArray:
    """Give the standard deviations by which the columns are scaled.

    Parameters
    ----------
    fit : CoxEstimates
        The model.

    Returns
    -------
    ndarray of shape (p,)
        The scale of each column.
    """
    return scaling_of(fit.frame.X).scale


@np.errstate(over="ignore", invalid="ignore")
def overall_tests(fit: "CoxEstimates") -> pd.DataFrame:
    """Test all coefficients together against 0.

    Parameters
    ----------
    fit : CoxEstimates
        The model.

    Returns
    -------
    pandas.DataFrame
        Columns test, statistic, df, p_value.
    """
    df, p = fit.df, float(len(fit.beta))
    rows = [
        ("likelihood_ratio", _likelihood_ratio(fit), df),
        ("wald", _quadratic(fit.cov, fit.beta), df),
    ]
    if not fit.is_firth and fit.penalty == 0.0:
        at_zero = fit.likelihood().at(np.zeros(len(fit.beta)))
        score = at_zero.gradient
        rows.append(("score", _quadratic(at_zero.information, score), p))
        if fit.is_robust:
            middle = sandwich_middle(at_zero, [g.codes for g in fit.frame.clusters])
            rows.append(("robust_score", _quadratic(middle, score), p))
    table = pd.DataFrame(rows, columns=["test", STATISTIC, DF])
    table[P_VALUE] = chi_square_p(table[STATISTIC].to_numpy(), table[DF].to_numpy())
    return table


def _quadratic(cov: FloatArray, values: FloatArray) -> float:
    return float(values @ inverse_of(cov) @ values)


def _likelihood_ratio(fit: "CoxEstimates") -> float:
    if not fit.is_firth:
        return 2.0 * (fit.log_lik - fit.log_lik_null)
    return 2.0 * (_penalised(fit, fit.beta) - _penalised(fit, np.zeros_like(fit.beta)))


def _penalised(fit: "CoxEstimates", beta: FloatArray) -> float:
    return fit.likelihood().at(beta * scale_of(fit)).value
