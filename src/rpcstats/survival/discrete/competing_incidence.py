"""Chances to have left for each cause by session, with limits."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import INCIDENCE_PREDICTION
from rpcstats.errors import DataError
from rpcstats.formula import read_columns
from rpcstats.survival.discrete._limits import survival_limits
from rpcstats.survival.discrete._multinomial import chances
from rpcstats.survival.discrete.prediction_paths import (
    covariate_columns,
    given_sessions,
    new_rows,
)
from rpcstats.survival.structure.hazard_frame import total_offset

if TYPE_CHECKING:
    from rpcstats.survival.discrete.competing_fit import DiscreteCompetingFit

FloatArray = NDArray[np.float64]

STAYING: Final = "staying"
"""State of those who have not left."""


class Incidence(NamedTuple):
    """Cumulative incidences with gradients.

    Attributes
    ----------
    F : ndarray of shape (m, R + 1, K)
        Chance to have left for each cause; last, chance to be there.
    gradient : ndarray of shape (m, R + 1, K, R p)
        Gradient by the coefficients, cause after cause.
    """

    F: FloatArray
    gradient: FloatArray


def incidence_paths(eta: FloatArray, X: FloatArray) -> Incidence:
    """Add the chances to leave at each session.

    Parameters
    ----------
    eta : ndarray of shape (R, m, K)
        Linear predictors.
    X : ndarray of shape (m, K, p)
        Their gradient by the coefficients of the cause.

    Returns
    -------
    Incidence
        Incidences and gradients.
    """
    (R, m, K), p = eta.shape, X.shape[2]
    P, log_none = chances(eta)
    none = np.exp(log_none)
    F, gradient = np.zeros((m, R + 1, K)), np.zeros((m, R + 1, K, R * p))
    S, dS = np.ones(m), np.zeros((m, R * p))
    total, d_total = np.zeros((m, R)), np.zeros((m, R, R * p))
    for k in range(K):
        for r in range(R):
            slopes = [P[r, :, k] * ((r == s) - P[s, :, k]) for s in range(R)]
            dP = np.concatenate([slope[:, None] * X[:, k] for slope in slopes], axis=1)
            total[:, r] += S * P[r, :, k]
            d_total[:, r] += dS * P[r, :, k, None] + S[:, None] * dP
        d_none = np.concatenate(
            [-none[:, k, None] * P[s, :, k, None] * X[:, k] for s in range(R)], axis=1
        )
        dS = dS * none[:, k, None] + S[:, None] * d_none
        S = S * none[:, k]
        F[:, :R, k], F[:, R, k] = total, S
        gradient[:, :R, k], gradient[:, R, k] = d_total, dS
    return Incidence(F, gradient)


def predict_incidence(
    fit: "DiscreteCompetingFit",
    newdata: Any,
    *,
    sessions: Sequence[float] | None,
    conf_level: float,
) -> pd.DataFrame:
    """Predict cumulative incidences.

    Parameters
    ----------
    fit : DiscreteCompetingFit
        The fit.
    newdata : frame or None
        One row a person.
    sessions : sequence of float or None
        Sessions; those of the fit if None.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns row, state, session, estimate, std_error, conf_low, conf_high.

    Raises
    ------
    DataError
        If covariates are not given.
    """
    z = normal_quantile(conf_level)
    columns, wanted = covariate_columns(fit), given_sessions(fit, sessions)
    if newdata is None and columns:
        raise DataError(f"Give newdata with the covariates of the fit: {', '.join(columns)}.")
    n = 1 if newdata is None else len(newdata)
    persons = read_columns(newdata, columns) if columns else pd.DataFrame(index=range(n))
    rows = new_rows(columns, fit.sample.encoding.clock, persons, wanted)
    X = fit.sample.encoding.encode(rows)
    offset = fit.sample.formula.offset
    known = total_offset(offset, rows) if offset else 0.0
    eta = np.stack([X @ row + known for row in fit.beta])
    shape = (n, len(wanted))
    found = incidence_paths(eta.reshape(-1, *shape), X.reshape(*shape, X.shape[1]))
    se = np.sqrt(
        np.einsum("mrkp,pq,mrkq->mrk", found.gradient, fit.cov, found.gradient, optimize=True)
    )
    R = len(fit.causes)
    stay = survival_limits(found.F[:, R], se[:, R], z)
    left = survival_limits(1.0 - found.F[:, :R], se[:, :R], z)
    low = np.concatenate([1.0 - left[3], stay[2][:, None]], axis=1)
    high = np.concatenate([1.0 - left[2], stay[3][:, None]], axis=1)
    states = np.tile(np.repeat([*fit.causes, STAYING], len(wanted)), n)
    row = np.repeat(np.arange(n), (R + 1) * len(wanted))
    values = (row, states, np.tile(wanted, n * (R + 1)), found.F, se, low, high)
    table = [np.asarray(value).ravel() for value in values]
    return pd.DataFrame(dict(zip(INCIDENCE_PREDICTION, table, strict=True)))
