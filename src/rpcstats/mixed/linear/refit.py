"""Fits of one linear mixed model to many responses, as a parametric bootstrap asks for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.linear._batch_newton import Batch, at_minimum, minimise_batch
from rpcstats.mixed.linear._batch_objective import BatchObjective, batch_sums
from rpcstats.mixed.linear.evaluation import LinearProblem
from rpcstats.mixed.linear.group_products import equal_levels
from rpcstats.mixed.linear.one_factor import OneFactorProblem
from rpcstats.mixed.linear.search import SMALL_START, fit_linear, has_several_minima
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray

# Largest number of pooled products a response may have for all responses to be fitted at once;
# beyond it the arithmetic of a fit outweighs the overhead of numpy calls.
_MAX_PRODUCTS = 30_000

# Numbers held at once: 64 MB.
_MAX_NUMBERS = 8_000_000

# As in the search for one response.
_EDGE = 1e-3
_INSIDE = (0.3, 1.0)
_NOISE = 1e-11


@dataclass(frozen=True, slots=True, eq=False)
class Refits:
    """Fits of one model to b responses.

    Attributes
    ----------
    theta : ndarray of shape (b, k)
        Covariance parameters.
    beta : ndarray of shape (b, p)
        Fixed effects.
    sigma : ndarray of shape (b,)
        Residual standard deviations.
    deviance : ndarray of shape (b,)
        -2 log-likelihood, restricted under REML.
    converged : ndarray of shape (b,), bool
        Whether the conditions of a minimum hold.
    """

    theta: FloatArray
    beta: FloatArray
    sigma: FloatArray
    deviance: FloatArray
    converged: NDArray[np.bool_]


def refit_many(
    problem: LinearProblem, Y: FloatArray, reml: bool, start: FloatArray | None = None
) -> Refits:
    """Fit a model to many responses.

    Parameters
    ----------
    problem : LinearProblem
        The model; its own response does not matter but for the start.
    Y : ndarray of shape (n, b)
        Responses, the offset taken off.
    reml : bool
        Whether the restricted deviance is minimised.
    start : ndarray of shape (k,), optional
        θ to start from; by default the optimum for the problem's own response.

    Returns
    -------
    Refits
        One fit a response.

    Raises
    ------
    DataError
        If the fixed effects explain a response exactly.

    Notes
    -----
    With one grouping factor and few patterns of equal levels all fits advance together by
    Newton steps; otherwise one fit follows the other.
    """
    theta = fit_linear(problem, reml)[0].theta if start is None else np.asarray(start, float)
    if not isinstance(problem, OneFactorProblem):
        return _one_by_one(problem, Y, reml, theta)
    pattern, n_pattern = equal_levels(problem.products.A)
    m, q, n_level = problem.products.B.shape
    n_product = n_pattern * (q * m) ** 2
    if n_product > _MAX_PRODUCTS:
        return _one_by_one(problem, Y, reml, theta)
    width = max(1, _MAX_NUMBERS // (4 * n_product + 3 * problem.n + q * n_level))
    parts = [
        _fit_batch(problem, Y[:, first : first + width], reml, theta, (pattern, n_pattern))
        for first in range(0, Y.shape[1], width)
    ]
    return Refits(*(np.concatenate([getattr(part, name) for part in parts]) for name in _FIELDS))


_FIELDS = ("theta", "beta", "sigma", "deviance", "converged")


def _one_by_one(problem: LinearProblem, Y: FloatArray, reml: bool, theta: FloatArray) -> Refits:
    fits = [fit_linear(problem.with_response(y), reml, theta) for y in Y.T]
    return Refits(
        theta=np.array([fit.theta for fit, _ in fits]),
        beta=np.array([fit.beta for fit, _ in fits]),
        sigma=np.sqrt([fit.sigma2 for fit, _ in fits]),
        deviance=np.array([fit.deviance for fit, _ in fits]),
        converged=np.array([summary.converged for _, summary in fits]),
    )


def _fit_batch(
    problem: OneFactorProblem,
    Y: FloatArray,
    reml: bool,
    theta: FloatArray,
    patterns: tuple[IntArray, int],
) -> Refits:
    rows, block = problem.rows, problem.blocks[0]
    residuals, beta0 = rows.residualise(Y)
    sums = batch_sums(problem, residuals, *patterns)
    df = rows.n - rows.p if reml else rows.n
    objective = BatchObjective(sums, block, reml, df)
    everyone = np.arange(Y.shape[1])
    start = np.tile(rows.basis @ theta, (Y.shape[1], 1))
    batch = minimise_batch(objective.evaluate, start, everyone)
    if has_several_minima(problem):
        small = np.where(block.on_diagonal, SMALL_START, 0.0)
        again = minimise_batch(objective.evaluate, np.tile(small, (len(everyone), 1)), everyone)
        batch.put(everyone, again, _lower(again.value, batch.value))
    for edge in np.flatnonzero(block.on_diagonal):
        _search_inside(objective, batch, int(edge))
        _try_edge(objective, batch, int(edge))
        _settle(objective, batch, int(edge))
    _orient(batch.x, block)
    parts = objective.profiles(batch.x, everyone, 0)
    steps = parts.beta if not rows.p else np.linalg.solve(rows.R, parts.beta.T).T
    constant = 2.0 * rows.log_det_triangle * reml - rows.log_weights
    sigma2 = parts.r2 / df
    return Refits(
        theta=np.asarray(np.linalg.solve(rows.basis, batch.x.T).T, dtype=np.float64),
        beta=beta0.T + steps,
        sigma=np.sqrt(sigma2),
        deviance=parts.criterion + constant + df * (1.0 + np.log(2.0 * np.pi * sigma2)),
        converged=at_minimum(batch),
    )


def _search_inside(objective: BatchObjective, batch: Batch, edge: int) -> None:
    """Search again from inside wherever a standard deviation came out as zero."""
    at_edge = np.flatnonzero(np.abs(batch.x[:, edge]) < _EDGE)
    for inside in _INSIDE if len(at_edge) else ():
        x = batch.x[at_edge]
        x[:, edge] = inside
        again = minimise_batch(objective.evaluate, x, at_edge)
        here = batch.value[at_edge]
        batch.put(at_edge, again, _lower(again.value, here))


def _lower(value: FloatArray, than: FloatArray) -> NDArray[np.bool_]:
    """Say which values are lower by more than rounding."""
    return np.asarray(value < than - _NOISE * np.maximum(1.0, np.abs(than)))


def _try_edge(objective: BatchObjective, batch: Batch, edge: int) -> None:
    """Search again from the edge wherever it lies lower than the end of the search."""
    column = objective.block.cols == objective.block.cols[edge]
    x = np.where(column, 0.0, batch.x)
    value = objective.evaluate(x, np.arange(len(x))).value
    lower = np.flatnonzero(_lower(value, batch.value))
    if len(lower):
        again = minimise_batch(objective.evaluate, x[lower], lower)
        batch.put(lower, again, again.value < batch.value[lower])


def _settle(objective: BatchObjective, batch: Batch, edge: int) -> None:
    """Put standard deviations that are zero but for rounding to zero."""
    size = np.abs(batch.x[:, edge])
    near = np.flatnonzero((size < _EDGE) & (size > 0.0))
    if not len(near):
        return
    x = batch.x[near]
    x[:, edge] = 0.0
    at_zero = objective.evaluate(x, near)
    here = batch.value[near]
    batch.put(near, at_zero, at_zero.value <= here + _NOISE * np.maximum(1.0, np.abs(here)))


def _orient(x: FloatArray, block: Block) -> None:
    for element in np.flatnonzero(block.on_diagonal):
        column = np.flatnonzero(block.cols == block.cols[element])
        turned = np.flatnonzero(x[:, element] < 0.0)
        x[np.ix_(turned, column)] *= -1.0
