"""Data drawn from a fitted mixed model."""

from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from rpcstats.errors import ParameterError
from rpcstats.mixed.linear.evaluation import Modes
from rpcstats.mixed.linear_predictor import fitted_rows, marginal_predictor, random_part
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta

if TYPE_CHECKING:
    from rpcstats.mixed.general_fit import GeneralMixedFit
    from rpcstats.mixed.linear_fit import LinearMixedFit


def check_draws(n: float, seed: int) -> None:
    """Refuse a number of data sets or a seed that is none.

    Parameters
    ----------
    n : int
        Number of data sets.
    seed : int
        Seed of the random numbers.

    Raises
    ------
    ParameterError
        If n is not a whole number of 1 or more, or the seed none of 0 or more.
    """
    given: object = n
    sown: object = seed
    if not isinstance(given, Real) or not 1 <= n < np.inf or n != int(n):
        raise ParameterError("n is out of range", ["ask for 1 data set or more"])
    if not isinstance(sown, Integral) or seed < 0:
        raise ParameterError("seed is out of range", ["give a whole number of 0 or more"])


def simulate_linear(
    fit: "LinearMixedFit", rng: np.random.Generator, n: int, *, conditional: bool
) -> FloatArray:
    """Draw responses of a linear mixed model.

    Parameters
    ----------
    fit : LinearMixedFit
        The fit.
    rng : numpy.random.Generator
        Source of random numbers.
    n : int
        Number of data sets.
    conditional : bool
        Whether the random effects stay at their modes.

    Returns
    -------
    ndarray of shape (n_obs, n)
        A data set a column.
    """
    frame, sigma = fit.frame, fit.sigma
    modes = fit.problem.modes(fit.theta) if conditional else None
    drawn = np.empty((fit.n_obs, n), order="F")
    spread = sigma if frame.weights is None else sigma / np.sqrt(frame.weights)
    structure = fit.residual
    marginal = marginal_predictor(fitted_rows(frame), fit.beta)
    for column in range(n):
        effects = draw_effects(frame.blocks, fit.theta, sigma, rng, modes)
        white = rng.standard_normal(fit.n_obs)
        noise = spread * white if structure is None else sigma * structure.whitening.colour(white)
        drawn[:, column] = marginal + random_part(fitted_rows(frame), effects) + noise
    return drawn


def simulate_general(
    fit: "GeneralMixedFit", rng: np.random.Generator, n: int, *, conditional: bool
) -> FloatArray:
    """Draw responses of a generalised or cumulative link mixed model.

    Parameters
    ----------
    fit : GeneralMixedFit
        The fit.
    rng : numpy.random.Generator
        Source of random numbers.
    n : int
        Number of data sets.
    conditional : bool
        Whether the random effects stay at their modes.

    Returns
    -------
    ndarray of shape (n_obs, n)
        A data set a column: counts, measured values, shares of the trials, or category codes.
    """
    frame, rows = fit.frame, fitted_rows(fit.frame)
    modes = fit.problem.modes(fit.evaluation.parameters) if conditional else None
    drawn = np.empty((fit.n_obs, n), order="F")
    marginal = marginal_predictor(rows, fit.beta)
    for column in range(n):
        effects = draw_effects(frame.blocks, fit.theta, 1.0, rng, modes)
        eta = marginal + random_part(rows, effects)
        drawn[:, column] = fit.response.draw(rng, eta, fit.extra, frame.weights)
    return drawn


def draw_effects(
    blocks: tuple[Block, ...],
    theta: FloatArray,
    scale: float,
    rng: np.random.Generator,
    modes: tuple[Modes, ...] | None = None,
) -> list[FloatArray]:
    """Draw the random effects of every level, unless they stay at their modes.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Covariance parameters.
    scale : float
        What Λ is multiplied by: sigma in a linear model, else 1.
    rng : numpy.random.Generator
        Source of random numbers.
    modes : tuple of Modes, optional
        Given, nothing is drawn.

    Returns
    -------
    list of ndarray of shape (L, q)
        Effects of each block.
    """
    if modes is not None:
        return [part.estimate for part in modes]
    return [
        rng.standard_normal((block.n_level, block.n_effect)) @ (scale * block.factor(part)).T
        for block, part in zip(blocks, split_theta(blocks, theta), strict=True)
    ]
