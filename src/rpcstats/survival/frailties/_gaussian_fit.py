"""Cox regression with normal random effects: from arrays to estimates."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.general.search import GeneralOptimum, fit_general
from rpcstats.mixed.structure.model_frame import Block
from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._curvature import CurvaturePlan, curvature_plan, small_levels
from rpcstats.survival.frailties._estimation import Estimation
from rpcstats.survival.frailties._gamma_fit import Estimated
from rpcstats.survival.frailties._laplace import LaplaceProblem, laplace_problem

FloatArray = NDArray[np.float64]

START = 0.4
"""Standard deviation the search starts from, in units free of the covariates'."""

COSTLY = 800
"""Effects in a full border from which on the search starts where the sparse one ends."""


def fit_gaussian(
    columns: MixedColumns, blocks: tuple[Block, ...], start: FloatArray, *, full: bool
) -> Estimated:
    """Fit normal random effects.

    Parameters
    ----------
    columns : MixedColumns
        The data.
    blocks : tuple of Block
        Random effects.
    start : ndarray of shape (p,)
        Coefficients of the scaled covariates in the fit without random effects.
    full : bool
        Whether the whole curvature enters the Laplace approximation; else that which small
        levels share with each other is left out, as in coxme.

    Returns
    -------
    Estimated
        The estimates.
    """
    problem = gaussian_problem(columns, blocks, start, full=full)
    theta, information = _start(problem), None
    if full and _is_costly(problem.plan):
        easy = gaussian_problem(columns, blocks, start, full=False)
        if easy.plan.alone.any():
            near = fit_general(easy, theta)
            problem.latest = easy.latest
            moved = (near.parameters * problem.theta_scale > 0.05).all()
            theta, information = (near.parameters, near.hessian) if moved else (theta, None)
    found = fit_general(problem, theta, information=information)
    modes = problem.find(found.parameters)
    return Estimated(
        found.parameters,
        _covariance(found),
        -0.5 * found.evaluation.deviance,
        Estimation(columns, problem.plan, modes),
        found.optimum,
    )


def gaussian_problem(
    columns: MixedColumns, blocks: tuple[Block, ...], start: FloatArray, *, full: bool
) -> LaplaceProblem:
    """Set up a model with normal random effects.

    Parameters
    ----------
    columns : MixedColumns
        The data.
    blocks : tuple of Block
        Random effects.
    start : ndarray of shape (p,)
        Coefficients of the scaled covariates to start from.
    full : bool
        Whether the whole curvature enters the Laplace approximation.

    Returns
    -------
    LaplaceProblem
        The problem.
    """
    problem = laplace_problem(columns, blocks, _plan(columns, blocks, full=full))
    problem.latest[: columns.p] = start
    return problem


def _plan(columns: MixedColumns, blocks: tuple[Block, ...], *, full: bool) -> CurvaturePlan:
    """Take as sparse what coxme does: intercepts of the first term's finest factor."""
    together = [b for b, block in enumerate(blocks) if blocks[0].terms[0] in block.terms]
    which = together[-1]
    block = blocks[which]
    apart = np.zeros(block.n_level, dtype=np.bool_)
    if not full and block.effects[0] == "Intercept":
        rows = np.bincount(block.codes, minlength=block.n_level)
        apart = small_levels(rows, nested=len(together) > 1)
    return curvature_plan(columns, apart, which)


def _is_costly(plan: CurvaturePlan) -> bool:
    return not plan.low_rank and int((~plan.alone).sum()) > COSTLY


def _start(problem: LaplaceProblem) -> FloatArray:
    diagonal = np.concatenate([block.on_diagonal for block in problem.blocks])
    return np.asarray(np.linalg.solve(problem.scaling, np.where(diagonal, START, 0.0)))


def _covariance(found: GeneralOptimum) -> FloatArray:
    return np.asarray(found.cov)
