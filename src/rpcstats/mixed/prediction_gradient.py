"""The linear predictor of a general model with its gradient, and its mean over new groups."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rpcstats.mixed.linear_predictor import (
    PredictionRows,
    fitted_rows,
    marginal_predictor,
    prediction_error,
    quadratic,
    random_part,
    random_variance,
)
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta

if TYPE_CHECKING:
    from rpcstats.mixed.general_fit import GeneralMixedFit

# Sums over equal steps of a normal density times a smooth function converge geometrically
# (Trefethen and Weideman 2014): with these the error is below 1e-10 for standard deviations of
# the linear predictor up to 8. The density is 1e-16 at the ends.
_REACH: Final = 8.5
_STEP: Final = 0.05
_CHUNK: Final = 2048


class Predictor(NamedTuple):
    """A linear predictor and what moves it.

    Attributes
    ----------
    eta : ndarray of shape (m,)
        The linear predictor.
    gradient : ndarray of shape (m, d)
        Its gradient by β, θ and φ, the modes following.
    known : ndarray of shape (m,)
        Variance that stays when the parameters are known.
    """

    eta: FloatArray
    gradient: FloatArray
    known: FloatArray

    def variance(self, parameter_cov: FloatArray) -> FloatArray:
        """Give the error variance of the linear predictor.

        Parameters
        ----------
        parameter_cov : ndarray of shape (d, d)
            Covariance of the parameters.

        Returns
        -------
        ndarray of shape (m,)
            Variances.
        """
        return self.known + quadratic(self.gradient, parameter_cov)


def population_predictor(fit: "GeneralMixedFit", rows: PredictionRows) -> Predictor:
    """Give the linear predictor where every random effect is 0.

    Parameters
    ----------
    fit : GeneralMixedFit
        The fit.
    rows : PredictionRows
        The rows.

    Returns
    -------
    Predictor
        Offset and fixed part.
    """
    gradient = np.zeros((rows.n, fit.n_parameter))
    gradient[:, : rows.X.shape[1]] = rows.X
    return Predictor(marginal_predictor(rows, fit.beta), gradient, np.zeros(rows.n))


def conditional_predictor(
    fit: "GeneralMixedFit", rows: PredictionRows, *, with_error: bool
) -> Predictor:
    """Give the linear predictor with the random effects at their modes.

    Parameters
    ----------
    fit : GeneralMixedFit
        The fit.
    rows : PredictionRows
        The rows.
    with_error : bool
        Whether gradient and variance are wanted; else those of the population are given.

    Returns
    -------
    Predictor
        Offset, fixed and random part. The gradient takes θ as known.
    """
    frame, base = fit.frame, population_predictor(fit, rows)
    modes = [part.estimate for part in fit.problem.modes(fit.evaluation.parameters)]
    eta = base.eta + random_part(rows, modes)
    if not with_error:
        return base._replace(eta=eta)
    own = fitted_rows(frame)
    own_eta = marginal_predictor(own, fit.beta) + random_part(own, modes)
    weights, moves = _curvature(fit, own_eta)
    known, carried = prediction_error(frame.blocks, fit.theta, moves, weights, rows)
    p, e = rows.X.shape[1], len(fit.extra)
    gradient = base.gradient
    gradient[:, :p] -= carried[:, :p]
    gradient[:, gradient.shape[1] - e :] -= carried[:, p:]
    return Predictor(eta, gradient, known)


def _curvature(fit: "GeneralMixedFit", eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the curvature of each row and how β and φ lower its score."""
    frame, likelihood = fit.frame, fit.response.likelihood
    weight = np.ones(fit.n_obs) if frame.weights is None else frame.weights
    rows = likelihood.rows(frame.y, weight)
    d2 = likelihood.terms(eta, rows, fit.extra, 2).d2
    assert d2 is not None
    moves = [-d2[:, None] * frame.X]
    if len(fit.extra):
        moves.append(-likelihood.extra_terms(eta, rows, fit.extra).d1.T)
    return -d2, np.hstack(moves)


def spread_gradient(
    blocks: tuple[Block, ...], theta: FloatArray, rows: PredictionRows
) -> tuple[FloatArray, FloatArray]:
    """Give the standard deviation of the linear predictor over new groups and its gradient.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Covariance parameters.
    rows : PredictionRows
        The rows.

    Returns
    -------
    spread : ndarray of shape (m,)
        Standard deviations.
    gradient : ndarray of shape (m, k)
        Derivatives by θ; 0 where the standard deviation is 0.
    """
    spread = np.sqrt(random_variance(blocks, theta, rows))
    slopes = [
        (Z @ block.factor(part))[:, block.cols] * Z[:, block.rows]
        for block, part, Z in zip(blocks, split_theta(blocks, theta), rows.Z, strict=True)
    ]
    product = np.hstack(slopes)
    gradient = np.zeros_like(product)
    np.divide(product, spread[:, None], out=gradient, where=spread[:, None] > 0.0)
    return spread, gradient


def average(
    functions: tuple[Callable[[FloatArray], FloatArray], ...],
    eta: FloatArray,
    spread: FloatArray,
) -> tuple[tuple[FloatArray, FloatArray], ...]:
    """Average functions of η + s t over a standard normal t.

    Parameters
    ----------
    functions : tuple of callable
        Functions of the linear predictor.
    eta : ndarray of shape (m,)
        Linear predictor η.
    spread : ndarray of shape (m,)
        Standard deviation s of its random part.

    Returns
    -------
    tuple of pair of ndarray of shape (m,)
        For each function f the averages of f and of t f.
    """
    t = np.arange(-_REACH, _REACH + _STEP / 2.0, _STEP)
    density = np.exp(-0.5 * t**2)
    density /= density.sum()
    tilted = density * t
    found = np.empty((len(functions), 2, len(eta)))
    for part in _pieces(len(eta)):
        moved = eta[part, None] + spread[part, None] * t
        for k, function in enumerate(functions):
            values = function(moved)
            found[k, 0, part] = values @ density
            found[k, 1, part] = values @ tilted
    return tuple((pair[0], pair[1]) for pair in found)


def _pieces(n: int) -> Iterator[slice]:
    for start in range(0, n, _CHUNK):
        yield slice(start, min(start + _CHUNK, n))
