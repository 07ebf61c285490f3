"""How far estimates without a group are from the optimum of all rows."""

from typing import TYPE_CHECKING

import numpy as np

from rpcstats.mixed.checks.deletion import Deleted
from rpcstats.mixed.linear.evaluation import LinearProblem
from rpcstats.mixed.linear.residual_parameters import make_map
from rpcstats.mixed.linear.residual_whitening import whitened_problem
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.structure.model_frame import FloatArray

if TYPE_CHECKING:
    from rpcstats.mixed.general_estimates import GeneralEstimates


def linear_displacement(fit: LinearEstimates, at: Deleted) -> float:
    """Give the rise of the deviance of all rows at other estimates.

    Parameters
    ----------
    fit : LinearEstimates
        The fit to all rows.
    at : Deleted
        Other estimates.

    Returns
    -------
    float
        Twice the fall of the log-likelihood; under REML of the restricted one, and what β
        adds to it.
    """
    found = _problem_at(fit, at).evaluate(at.theta, reml=fit.method == "reml", order=0)
    d = at.beta - found.beta
    sigma2 = at.sigma**2
    fall = (found.r2 + float(d @ found.XtVX @ d)) / sigma2
    deviance = found.criterion + found.df * float(np.log(2.0 * np.pi * sigma2)) + fall
    return deviance - fit.deviance


def _problem_at(fit: LinearEstimates, at: Deleted) -> LinearProblem:
    if fit.residual is None:
        return fit.problem
    frame = fit.frame
    y = frame.y if frame.offset is None else frame.y - frame.offset
    return whitened_problem(
        frame.X, y, frame.blocks, make_map(fit.residual.rows, at.extra, frame.weights)
    )


def linear_quadratic(fit: LinearEstimates, at: list[Deleted]) -> FloatArray:
    """Give the rise of the deviance by its second derivatives at the optimum.

    Parameters
    ----------
    fit : LinearEstimates
        The fit to all rows.
    at : list of Deleted
        Other estimates, with the same residual structure.

    Returns
    -------
    ndarray of shape (G,)
        Approximate rises.
    """
    curved = fit.problem.evaluate(fit.theta, reml=fit.method == "reml", order=2)
    if curved.d2_criterion is None or curved.d2_r2 is None or curved.d_r2 is None:
        raise ValueError("evaluated without second derivatives")
    k, sigma2 = len(fit.theta), curved.sigma2
    H = np.empty((k + 1, k + 1))
    H[:k, :k] = curved.d2_criterion + curved.d2_r2 / sigma2
    H[:k, k] = H[k, :k] = -curved.d_r2 / sigma2
    H[k, k] = curved.df
    d_beta = np.array([one.beta for one in at]).reshape(len(at), -1) - fit.beta
    moved = [np.append(one.theta - fit.theta, 2.0 * np.log(one.sigma / fit.sigma)) for one in at]
    d = np.array(moved).reshape(len(at), -1)
    result: FloatArray = 0.5 * np.einsum("gi,ij,gj->g", d, H, d)
    result += np.einsum("gi,ij,gj->g", d_beta, curved.XtVX / sigma2, d_beta)
    return result


def general_displacement(fit: "GeneralEstimates", at: Deleted) -> float:
    """Give the rise of the deviance of all rows at other estimates.

    Parameters
    ----------
    fit : GeneralEstimates
        The fit to all rows.
    at : Deleted
        Other estimates.

    Returns
    -------
    float
        Twice the fall of the log-likelihood.
    """
    parameters = np.concatenate([at.beta, at.theta, at.extra])
    return fit.problem.evaluate(parameters, order=0).deviance - fit.deviance


def general_quadratic(fit: "GeneralEstimates", at: list[Deleted]) -> FloatArray:
    """Give the rise of the deviance by its second derivatives at the optimum.

    Parameters
    ----------
    fit : GeneralEstimates
        The fit to all rows.
    at : list of Deleted
        Other estimates.

    Returns
    -------
    ndarray of shape (G,)
        Approximate rises.
    """
    free = fit.is_free
    precision = np.linalg.inv(fit.parameter_cov[np.ix_(free, free)])
    moved = [np.concatenate([one.beta, one.theta, one.extra]) for one in at]
    d = (np.array(moved).reshape(len(at), -1) - fit.evaluation.parameters)[:, free]
    result: FloatArray = np.einsum("gi,ij,gj->g", d, precision, d)
    return result
