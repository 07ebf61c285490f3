"""Estimates without a group by one Newton step from those with it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from rpcstats.mixed.checks.deletion import (
    BoolArray,
    Deleted,
    cut_parameters,
    general_without,
    problem_without,
)
from rpcstats.mixed.linear.residual_curvature import free_theta
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.structure.model_frame import Block, FloatArray

if TYPE_CHECKING:
    from rpcstats.mixed.general_estimates import GeneralEstimates


def step_general(fit: "GeneralEstimates", left: BoolArray) -> Deleted | None:
    """Take one Newton step on the deviance of the rows left, with the Hessian of all rows.

    Parameters
    ----------
    fit : GeneralEstimates
        The fit.
    left : ndarray of shape (n,), bool
        Rows that stay.

    Returns
    -------
    Deleted or None
        Estimates; None if the rows left can't bear the model.
    """
    problem = general_without(fit, left)
    if problem is None:
        return None
    at = fit.evaluation.parameters
    gradient = problem.evaluate(at).gradient
    assert gradient is not None
    return cut_parameters(fit, at - 0.5 * fit.delta_cov @ gradient)


def step_linear(fit: LinearEstimates, left: BoolArray) -> Deleted | None:
    """Take one Newton step in θ, with the Hessian of all rows, β and σ following exactly.

    Parameters
    ----------
    fit : LinearEstimates
        The fit; a residual structure stays as estimated.
    left : ndarray of shape (n,), bool
        Rows that stay; whole series.

    Returns
    -------
    Deleted or None
        Estimates; None if the rows left can't bear the model.
    """
    problem = problem_without(fit, left)
    if problem is None:
        return None
    reml = fit.method == "reml"
    gradient = problem.evaluate(fit.theta, reml=reml, order=1).gradient
    theta = fit.theta - theta_inverse(fit) @ gradient
    found = problem.evaluate(theta, reml=reml, order=0)
    extra = np.zeros(0) if fit.residual is None else fit.residual.parameters
    return Deleted(found.beta, theta, extra, float(np.sqrt(found.sigma2)))


def theta_inverse(fit: LinearEstimates) -> FloatArray:
    """Give the inverse Hessian of the profiled deviance by θ, 0 for elements that can't move.

    Parameters
    ----------
    fit : LinearEstimates
        The fit.

    Returns
    -------
    ndarray of shape (k, k)
        The inverse.
    """
    free = free_theta(fit.problem, fit.theta)
    curved = fit.problem.evaluate(fit.theta, reml=fit.method == "reml", order=2)
    result = np.zeros((len(free), len(free)))
    result[np.ix_(free, free)] = np.linalg.inv(curved.hessian[np.ix_(free, free)])
    return result


class _Products(NamedTuple):
    """Products of each level's rows, m = p + 1 columns [X y]."""

    S: FloatArray
    M: FloatArray
    K: FloatArray


def step_levels(fit: LinearEstimates) -> list[Deleted | None]:
    """Delete every level of the one grouping factor, all at once.

    Parameters
    ----------
    fit : LinearEstimates
        A fit with one grouping factor; a residual structure stays as estimated.

    Returns
    -------
    list of Deleted or None
        One a level: β and σ exact at the θ of the fit, θ by one Newton step; None where the
        fixed effects are no longer told apart.

    Notes
    -----
    The products [X y]'V⁻¹[X y] are sums over levels, so those of one level are taken off.
    """
    rows = fit.independent_rows()
    columns = np.column_stack([rows.X, rows.y])
    (block,) = rows.blocks
    products = _level_products(block, columns, rows.weights, fit.theta)
    slopes = _slopes(block, fit.theta)
    inverse, reml = theta_inverse(fit), fit.method == "reml"
    S = products.S.sum(axis=0)
    traces = np.array([np.einsum("gab,ba->g", products.K, dG) for dG in slopes])
    turned = np.array([np.einsum("gai,ab,gbj->gij", products.M, dG, products.M) for dG in slopes])
    n_row = np.bincount(block.codes, minlength=block.n_level)
    result: list[Deleted | None] = []
    extra = np.zeros(0) if fit.residual is None else fit.residual.parameters
    for level in range(block.n_level):
        result.append(
            _delete_level(
                S - products.S[level],
                traces.sum(axis=1) - traces[:, level],
                turned.sum(axis=1) - turned[:, level],
                fit.n_obs - int(n_row[level]),
                (fit.theta, inverse, extra),
                reml=reml,
            )
        )
    return result


def _delete_level(
    S: FloatArray,
    traces: FloatArray,
    turned: FloatArray,
    n: int,
    at: tuple[FloatArray, FloatArray, FloatArray],
    *,
    reml: bool,
) -> Deleted | None:
    p = len(S) - 1
    theta, inverse, extra = at
    XtVX = S[:p, :p]
    df = n - p if reml else n
    sizes = np.diag(XtVX)
    if df <= 0 or (sizes <= 0.0).any() or _near_singular(XtVX, sizes):
        return None
    beta = np.asarray(np.linalg.solve(XtVX, S[:p, p]), dtype=np.float64)
    r2 = float(S[p, p] - S[p, :p] @ beta)
    if r2 <= 0.0:
        return None
    w = np.append(-beta, 1.0)
    gradient = traces - df / r2 * (turned @ w @ w)
    if reml:
        solved = np.linalg.solve(XtVX, turned[:, :p, :p])
        gradient = gradient - np.trace(solved, axis1=1, axis2=2)
    return Deleted(beta, theta - inverse @ gradient, extra, float(np.sqrt(r2 / df)))


def _near_singular(XtVX: FloatArray, sizes: FloatArray) -> bool:
    """Whether columns are dependent to half the digits."""
    scaled = XtVX / np.sqrt(np.outer(sizes, sizes))
    return bool(np.linalg.eigvalsh(scaled).min(initial=1.0) < 1e-12)


def _level_products(
    block: Block, columns: FloatArray, weights: FloatArray | None, theta: FloatArray
) -> _Products:
    """Give [X y]'V⁻¹[X y], Z'V⁻¹[X y] and Z'V⁻¹Z of each level."""
    W = columns if weights is None else columns * weights[:, None]
    WZ = block.Z if weights is None else block.Z * weights[:, None]
    CC, ZC, ZZ = (
        _sums(block, left, right) for left, right in ((W, columns), (WZ, columns), (WZ, block.Z))
    )
    Lambda = block.factor(theta)
    # V⁻¹ = W - W Z B Z'W with B = Λ (Λ'Z'WZΛ + I)⁻¹ Λ'
    inner = np.linalg.inv(Lambda.T @ ZZ @ Lambda + np.eye(block.n_effect))
    B = Lambda @ inner @ Lambda.T
    S = CC - ZC.transpose(0, 2, 1) @ B @ ZC
    return _Products(S, ZC - ZZ @ B @ ZC, ZZ - ZZ @ B @ ZZ)


def _sums(block: Block, left: FloatArray, right: FloatArray) -> FloatArray:
    result = np.empty((block.n_level, left.shape[1], right.shape[1]))
    for i in range(left.shape[1]):
        for j in range(right.shape[1]):
            result[:, i, j] = np.bincount(block.codes, left[:, i] * right[:, j], block.n_level)
    return result


def _slopes(block: Block, theta: FloatArray) -> list[FloatArray]:
    """Give the derivative of ΛΛ' by each element of θ."""
    Lambda = block.factor(theta)
    units = (block.factor(row) for row in np.eye(block.n_theta))
    return [unit @ Lambda.T + Lambda @ unit.T for unit in units]
