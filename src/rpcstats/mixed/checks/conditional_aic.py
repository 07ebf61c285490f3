"""Conditional AIC: how well a model predicts new observations of the same groups."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.linear.residual_curvature import free_theta
from rpcstats.mixed.linear.residual_search import Columns
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.linear_predictor import PredictionRows, prediction_error, quadratic
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta
from rpcstats.tables.summary import Summary


@dataclass(frozen=True, slots=True)
class ConditionalAic:
    """Conditional AIC of a linear mixed model.

    Attributes
    ----------
    log_lik : float
        Log-likelihood of the rows given the random effects at their modes.
    rho : float
        Effective degrees of freedom of the mean: the trace of the hat matrix.
    correction : float
        Degrees of freedom that estimating θ adds; NaN where they are not known.
    n_residual : int
        Parameters of the residuals: sigma, and those of their structure.
    """

    log_lik: float
    rho: float
    correction: float
    n_residual: int

    @property
    def caic_vaida_blanchard(self) -> float:
        """Conditional AIC with θ taken as known."""
        return -2.0 * self.log_lik + 2.0 * (self.rho + self.n_residual)

    @property
    def caic(self) -> float:
        """Conditional AIC corrected for estimating θ; without the correction if it is NaN."""
        correction = 0.0 if np.isnan(self.correction) else self.correction
        return self.caic_vaida_blanchard + 2.0 * correction

    def tidy(self) -> pd.DataFrame:
        """Give one row.

        Returns
        -------
        pandas.DataFrame
            Columns log_lik, rho, correction, df (all parameters), caic, caic_uncorrected.
        """
        df = self.rho + self.n_residual
        df += 0.0 if np.isnan(self.correction) else self.correction
        row = {
            "log_lik": self.log_lik,
            "rho": self.rho,
            "correction": self.correction,
            "df": df,
            "caic": self.caic,
            "caic_uncorrected": self.caic_vaida_blanchard,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = "Smaller is better for predictions of the groups at hand; aic is for new groups."
        if np.isnan(self.correction):
            remark += " Parameters of the residual structure and θ are taken as known."
        return Summary("Conditional AIC", (self.tidy(),), remark)

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def conditional_aic(fit: MixedFit) -> ConditionalAic:
    """Estimate the conditional AIC of a linear mixed model.

    Parameters
    ----------
    fit : LinearMixedFit
        What `lmm` gave.

    Returns
    -------
    ConditionalAic
        The criterion and its parts.

    Raises
    ------
    ParameterError
        If the model is not linear.

    Notes
    -----
    Vaida and Blanchard (2005), with one degree of freedom for sigma. The correction is that of
    Greven and Kneib (2010): the trace of the derivative of the fitted values by the data also
    counts how θ̂ follows the data, worked out from the exact derivatives of the profiled
    deviance. A θ on the boundary doesn't follow, and adds nothing. With a residual structure the
    correction is not known and left out.
    """
    if not isinstance(fit, LinearEstimates):
        raise ParameterError(
            "The conditional AIC is offered for linear models", ["compare fits by `aic`"]
        )
    rows = fit.independent_rows()
    weights = np.ones(fit.n_obs) if rows.weights is None else rows.weights
    known, carried = prediction_error(
        rows.blocks, fit.theta, rows.X * weights[:, None], rows.weights, _as_predicted(rows)
    )
    inverse = fit.cov / fit.evaluation.sigma2
    leverage = weights * (known + quadratic(rows.X - carried, inverse))
    residual = fit.frame.y - fit.fitted()
    log_det = -float(np.log(weights).sum())
    white = residual
    if fit.residual is not None:
        white, log_det = fit.residual.whitening.whiten(residual), fit.residual.whitening.log_det
    sigma2 = fit.evaluation.sigma2
    fall = float((weights * white**2).sum()) / sigma2
    deviance = fit.n_obs * float(np.log(2.0 * np.pi * sigma2)) + log_det + fall
    structured = fit.residual is not None
    return ConditionalAic(
        log_lik=-0.5 * deviance,
        rho=float(leverage.sum()),
        correction=float("nan") if structured else _correction(fit, rows, weights),
        n_residual=1 + (fit.residual.n_parameter if fit.residual is not None else 0),
    )


def _as_predicted(rows: Columns) -> PredictionRows:
    return PredictionRows(
        rows.X, None, tuple(b.Z for b in rows.blocks), tuple(b.codes for b in rows.blocks)
    )


class _Sides(NamedTuple):
    """P x for the response and for the derivatives of V by θ times it."""

    a: FloatArray
    C: FloatArray
    slopes: FloatArray


def _correction(fit: LinearEstimates, rows: Columns, weights: FloatArray) -> float:
    """Give Σ (∂ŷ/∂θ)'(∂θ̂/∂y), θ̂ moved by Newton's step on the profiled deviance."""
    free = free_theta(fit.problem, fit.theta)
    if not free.any():
        return 0.0
    sides = _sides(fit, rows, weights, np.flatnonzero(free))
    evaluation = fit.curved_evaluation()
    df, r2 = evaluation.df, evaluation.r2
    mixed = sides.C - np.outer(sides.slopes / r2, sides.a)
    inner = (mixed / weights) @ sides.C.T
    H = evaluation.hessian[np.ix_(free, free)]
    return float(2.0 * df / r2 * np.trace(np.linalg.solve(H, inner)))


def _sides(fit: LinearEstimates, rows: Columns, weights: FloatArray, free: np.ndarray) -> _Sides:
    a = _projected(fit, rows, weights, rows.y)
    C, slopes = np.zeros((len(free), len(a))), np.zeros(len(free))
    for place, element in enumerate(free):
        moved = _covariance_slope(rows.blocks, fit.theta, int(element), a)
        slopes[place] = a @ moved
        if np.abs(moved).max() > 0.0:
            C[place] = _projected(fit, rows, weights, moved)
    return _Sides(a, C, slopes)


def _projected(
    fit: LinearEstimates, rows: Columns, weights: FloatArray, x: FloatArray
) -> FloatArray:
    """Give P x, the weighted conditional residual of a fit to x at the θ of the fit."""
    try:
        problem = fit.problem.with_response(x)
    except DataError:  # the fixed effects explain x exactly: nothing is left
        return np.zeros_like(x)
    beta = problem.evaluate(fit.theta, reml=False, order=0).beta
    residual = x - rows.X @ beta
    for block, modes in zip(rows.blocks, problem.modes(fit.theta), strict=True):
        residual = residual - np.einsum("nq,nq->n", block.Z, modes.estimate[block.codes])
    result: FloatArray = weights * residual
    return result


def _covariance_slope(
    blocks: tuple[Block, ...], theta: FloatArray, element: int, a: FloatArray
) -> FloatArray:
    """Give (∂V/∂θ_j) a, with V the covariance over σ²."""
    start = 0
    for block, part in zip(blocks, split_theta(blocks, theta), strict=True):
        if element < start + block.n_theta:
            unit = np.zeros(block.n_theta)
            unit[element - start] = 1.0
            slope, Lambda = block.factor(unit), block.factor(part)
            sums = np.stack(
                [np.bincount(block.codes, z * a, block.n_level) for z in block.Z.T], axis=1
            )
            dG = slope @ Lambda.T + Lambda @ slope.T
            result: FloatArray = np.einsum("nq,nq->n", block.Z, (sums @ dG)[block.codes])
            return result
        start += block.n_theta
    raise AssertionError("θ has no such element")
