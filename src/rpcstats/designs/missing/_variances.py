"""Draws of variances under priors that say little, whatever the scale: arrays in, arrays out.

A covariance matrix has the prior of Huang and Wand (2013): a mixture of inverse-Wishart
distributions that gives every standard deviation a half-t distribution with 2 degrees of freedom
and a scale of choice, and every correlation a uniform one. A single inverse-Wishart would pull
small variances away from zero.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FREEDOM: Final = 2.0
"""Degrees of freedom of the half-t prior of a standard deviation."""


def draw_covariance(
    rng: np.random.Generator, products: Floats, n: int, mixing: Floats, scale: float
) -> tuple[Floats, Floats]:
    """Draw a covariance matrix given effects, then the mixing weights of its prior.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    products : ndarray of shape (k, k)
        Sum of the outer products of n effects.
    n : int
        Number of effects.
    mixing : ndarray of shape (k,)
        Weights drawn last time.
    scale : float
        Scale of the half-t prior of the standard deviations.

    Returns
    -------
    covariance : ndarray of shape (k, k)
        The draw.
    mixing : ndarray of shape (k,)
        New weights.
    """
    k = len(products)
    freedom = FREEDOM + k - 1 + n
    precision = _wishart(rng, freedom, products + np.diag(2.0 * FREEDOM / mixing))
    rate = FREEDOM * np.diag(precision) + scale**-2.0
    weights = rate / rng.standard_gamma((FREEDOM + k) / 2.0, size=k)
    return np.asarray(np.linalg.inv(precision)), np.asarray(weights)


def draw_variance(
    rng: np.random.Generator, square: float, n: int, mixing: float, scale: float
) -> tuple[float, float]:
    """Draw one variance given the sum of squares of n effects, then its mixing weight.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    square : float
        Sum of squares.
    n : int
        Number of effects.
    mixing : float
        Weight drawn last time.
    scale : float
        Scale of the half-t prior of the standard deviation.

    Returns
    -------
    variance, mixing : float
        The draw and the new weight.
    """
    variance = (FREEDOM / mixing + square / 2.0) / rng.standard_gamma((FREEDOM + n) / 2.0)
    rate = FREEDOM / variance + scale**-2.0
    return float(variance), float(rate / rng.standard_gamma((FREEDOM + 1.0) / 2.0))


def _wishart(rng: np.random.Generator, freedom: float, inverse_scale: Floats) -> Floats:
    """Draw a Wishart matrix by Bartlett's decomposition."""
    k = len(inverse_scale)
    root = np.linalg.cholesky(np.linalg.inv(inverse_scale))
    lower = np.tril(rng.standard_normal((k, k)), -1)
    lower[np.diag_indices(k)] = np.sqrt(rng.chisquare(freedom - np.arange(k)))
    half = root @ lower
    return np.asarray(half @ half.T)
