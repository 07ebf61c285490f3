"""Cox regression with gamma frailties: from arrays to estimates."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._curvature import curvature_plan
from rpcstats.survival.frailties._estimation import Estimation
from rpcstats.survival.frailties._gamma import GammaPoint, gamma_problem
from rpcstats.survival.frailties._gamma_search import search_gamma
from rpcstats.survival.frailties._modes import find_modes
from rpcstats.survival.frailties._penalties import NormalPenalty

FloatArray = NDArray[np.float64]

FEW_LEVELS = 5
"""Up to so many groups R takes the whole curvature, as it costs little."""


class Estimated(NamedTuple):
    """What a search over the variances found.

    Attributes
    ----------
    theta : ndarray of shape (k,)
        Variance of a gamma frailty; or covariance parameters of normal effects.
    theta_cov : ndarray of shape (k, k)
        Covariance of these; NaN for one on its boundary or given.
    log_lik : float
        Integrated log-likelihood.
    estimation : Estimation
        The engine at the estimates.
    optimum : OptSummary
        How the maximum was searched for.
    """

    theta: FloatArray
    theta_cov: FloatArray
    log_lik: float
    estimation: Estimation
    optimum: OptSummary


def fit_gamma(
    columns: MixedColumns, start: FloatArray, *, full: bool, theta: float | None
) -> Estimated:
    """Fit a gamma frailty.

    Parameters
    ----------
    columns : MixedColumns
        The data, with one grouping factor.
    start : ndarray of shape (p,)
        Coefficients of the scaled covariates in the fit without frailties.
    full : bool
        Whether standard errors use the whole curvature of the log frailties.
    theta : float or None
        Variance of the frailties; estimated if None.

    Returns
    -------
    Estimated
        The estimates.
    """
    apart = np.full(columns.n_effect, not full and columns.n_effect > FEW_LEVELS)
    plan = curvature_plan(columns, apart)
    problem = gamma_problem(columns)
    problem.latest[: columns.p] = start
    plain = find_modes(columns, [np.zeros((1, 1))], NormalPenalty(), problem.latest)
    if theta is None:
        score = problem.score_at_zero(plain.point.expected)
        found = search_gamma(problem, plain.penalised, score)
        point, optimum = found.point, found.optimum
        spread = point.theta**2 / found.curvature if point and found.curvature > 0.0 else np.nan
    else:
        point = problem.at(theta) if theta > 0.0 else None
        optimum, spread = _given(theta, point, plain.penalised), np.nan
    if point is None:
        # an effect of variance 0 is the model without frailties, written with none of its size
        return Estimated(
            np.zeros(1),
            np.full((1, 1), np.nan),
            plain.penalised,
            Estimation(columns, plan, plain),
            optimum,
        )
    return Estimated(
        np.array([point.theta]),
        np.array([[spread]]),
        point.log_lik,
        Estimation(columns, plan, point.modes),
        optimum,
    )


def _given(theta: float, point: GammaPoint | None, plain: float) -> OptSummary:
    log_lik = plain if point is None else point.log_lik
    decrement = 0.0 if point is None else point.modes.decrement
    return OptSummary(
        method="Newton by conjugate gradients, at the variance given",
        start=np.array([theta]),
        end=np.array([theta]),
        value=-2.0 * log_lik,
        gradient_norm=float(np.sqrt(max(decrement, 0.0))),
        n_evaluation=1,
        converged=point is None or point.modes.found,
        status="the variance was given",
    )
