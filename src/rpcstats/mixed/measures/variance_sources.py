"""Variance of a response by its source, on the scale of the linear predictor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import special

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.scaled_problem import ScaledProblem
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.linear_predictor import fitted_rows, marginal_predictor
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta

LATENT: Final = {"logit": np.pi**2 / 3.0, "probit": 1.0, "cloglog": np.pi**2 / 6.0}

STEP = 1e-4
"""Step of differences by parameters of order one: to about eight digits."""


@dataclass(frozen=True, slots=True, eq=False)
class VarianceSources:
    """Variances on the scale of the linear predictor.

    Attributes
    ----------
    random : ndarray of shape (B,)
        Of each grouping factor, averaged over the rows.
    residual : float
        Of the residual, or of the distribution on the scale of the link.
    fixed : float
        Of the fixed part over the rows.
    """

    random: FloatArray
    residual: float
    fixed: float

    @property
    def total(self) -> float:
        """Sum of all variances but the fixed part's."""
        return float(self.random.sum()) + self.residual


Measure = Callable[[VarianceSources], FloatArray]


def parameters_of(fit: MixedFit) -> tuple[FloatArray, FloatArray]:
    """Give the parameters that variances depend on, with their covariance.

    Parameters
    ----------
    fit : MixedFit
        The model.

    Returns
    -------
    parameters : ndarray of shape (m,)
        θ and log(sigma) of a linear model; β, θ and φ of others.
    covariance : ndarray of shape (m, m)
        Their asymptotic covariance, 0 for a parameter that could not move.
    """
    if isinstance(fit, LinearEstimates):
        from rpcstats.mixed.inference.satterthwaite import satterthwaite

        curved = fit.problem.evaluate(fit.theta, reml=fit.method == "reml", order=2)
        return np.append(fit.theta, np.log(fit.sigma)), satterthwaite(curved).parameter_cov
    if isinstance(fit, GeneralEstimates):
        return fit.evaluation.parameters, fit.delta_cov
    raise ParameterError("The fit is not a mixed model", ["hand over what lmm, glmm or clmm gave"])


def sources_at(fit: MixedFit, parameters: FloatArray) -> VarianceSources:
    """Give the variances at parameters near those of a fit.

    Parameters
    ----------
    fit : MixedFit
        The model.
    parameters : ndarray of shape (m,)
        As `parameters_of` gives them.

    Returns
    -------
    VarianceSources
        The variances.

    Raises
    ------
    ParameterError
        If the family has no variance on the scale of its link.

    Notes
    -----
    The variance of random slopes is the mean over the rows of z'Gz (Johnson 2014).
    Variances of distributions on the scale of the link: Nakagawa, Johnson and Schielzeth
    (2017), with the log-normal approximation for counts and the mean of the response that
    the model implies.
    """
    rows = fitted_rows(fit.frame)
    if isinstance(fit, LinearEstimates):
        theta, sigma = parameters[:-1], float(np.exp(parameters[-1]))
        random = row_variances(fit.frame.blocks, theta, sigma).mean(axis=1)
        weights = fit.frame.weights
        relative = None if fit.residual is None else fit.residual.relative_variance()
        spread = np.ones(fit.n_obs) if relative is None else relative
        spread = spread if weights is None else spread / weights
        residual = sigma**2 * float(np.mean(spread))
        return VarianceSources(random, residual, _spread(fit.frame.X @ fit.beta))
    assert isinstance(fit, GeneralEstimates)
    p, k = len(fit.beta), len(fit.theta)
    beta, theta, extra = parameters[:p], parameters[p : p + k], parameters[p + k :]
    per_row = row_variances(fit.frame.blocks, theta, 1.0)
    eta = marginal_predictor(rows, beta)
    log_means = eta + per_row.sum(axis=0) / 2.0
    log_mean = float(special.logsumexp(log_means)) - np.log(len(eta))
    residual = _distribution_variance(fit, log_mean, extra)
    return VarianceSources(per_row.mean(axis=1), residual, _spread(fit.frame.X @ beta))


def row_variances(blocks: tuple[Block, ...], theta: FloatArray, sigma: float) -> FloatArray:
    """Give the variance that each grouping factor adds to each row.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Covariance parameters.
    sigma : float
        What Λ is multiplied by.

    Returns
    -------
    ndarray of shape (B, n)
        z'Gz of each factor and row.
    """
    parts = zip(blocks, split_theta(blocks, theta), strict=True)
    return np.stack(
        [np.sum((block.Z @ (sigma * block.factor(part))) ** 2, axis=1) for block, part in parts]
    )


def _spread(values: FloatArray) -> float:
    return float(np.var(values, ddof=1))


def _distribution_variance(fit: GeneralEstimates, log_mean: float, extra: FloatArray) -> float:
    if fit.family in ("binomial", "ordered"):
        return float(LATENT[fit.link])
    if fit.family == "poisson":
        return float(np.logaddexp(0.0, -log_mean))
    if fit.family == "negative binomial":
        return float(special.logsumexp([0.0, -log_mean, -extra[0]]))
    if fit.family == "gamma":
        return float(np.logaddexp(0.0, -extra[0]))
    raise ParameterError(
        "A beta response has no agreed variance on the scale of its link",
        ["read the standard deviations in varcorr() instead"],
    )


def slope_of(function: Measure, fit: MixedFit, parameters: FloatArray) -> FloatArray:
    """Differentiate measures by the parameters, by central differences.

    Parameters
    ----------
    function : callable
        Takes `VarianceSources`, gives an array of shape (r,).
    fit : MixedFit
        The model.
    parameters : ndarray of shape (m,)
        Where to differentiate.

    Returns
    -------
    ndarray of shape (r, m)
        Derivatives, to about eight digits.
    """
    scaling = _order_one(fit)
    columns = []
    for step in STEP * np.linalg.inv(scaling).T:
        high = function(sources_at(fit, parameters + step))
        low = function(sources_at(fit, parameters - step))
        columns.append((high - low) / (2.0 * STEP))
    return np.asarray(np.stack(columns, axis=1) @ scaling)


def _order_one(fit: MixedFit) -> FloatArray:
    """Give the matrix that brings the parameters to order one, free of units."""
    if isinstance(fit, GeneralEstimates):
        return ScaledProblem(fit.problem).inverse_T
    return np.diag(np.append(fit.theta_scale, 1.0))
