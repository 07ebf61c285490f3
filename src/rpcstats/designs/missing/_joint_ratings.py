"""Ratings given a parent's own effects: sums, likelihood, and the law of the effects."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RatingSums:
    """What the likelihood needs to know of the ratings of n parents.

    Attributes
    ----------
    sizes : ndarray of shape (m,)
        The different numbers of ratings a goal has.
    goals : ndarray of shape (m, n)
        Goals of each size a parent has.
    within : ndarray of shape (6, n)
        Sums over all ratings of 1, s, s², y, sy and y², s being the stage.
    between : ndarray of shape (m, 6, n)
        Sums over the goals of each size of N², NS, S², NY, SY and Y²: N, S and Y are the sums
        over a goal of 1, s and y.
    """

    sizes: FloatArray
    goals: FloatArray
    within: FloatArray
    between: FloatArray


class Spread(NamedTuple):
    """Spread of effects and ratings.

    Attributes
    ----------
    l1, l2, l3 : float
        Λ = [[l1, 0], [l2, l3]]: intercept and slope of a parent are Λz, z standard normal.
    tau : float
        Standard deviation of goals within a parent.
    sigma : float
        Standard deviation of a rating.
    """

    l1: float
    l2: float
    l3: float
    tau: float
    sigma: float


class RatingTerms(NamedTuple):
    """Likelihood of ratings and the law of the effects given them.

    Attributes
    ----------
    log_lik : ndarray of shape (n,)
        Log density of each parent's ratings.
    A : ndarray of shape (3, n)
        Information of the ratings on intercept and slope: elements 11, 12, 22.
    r : ndarray of shape (2, n)
        Score of intercept and slope at no effect.
    mode : ndarray of shape (2, n)
        Mean of z given the ratings.
    V : ndarray of shape (3, n)
        Its covariance: elements 11, 12, 22.
    """

    log_lik: FloatArray
    A: FloatArray
    r: FloatArray
    mode: FloatArray
    V: FloatArray


def shrinkage(sums: RatingSums, spread: Spread) -> FloatArray:
    """Give κ = τ² / (σ² + nτ²) for each size of a goal.

    Parameters
    ----------
    sums : RatingSums
        The sums.
    spread : Spread
        Standard deviations.

    Returns
    -------
    ndarray of shape (m,)
        The part of a goal's summed residuals that is its own effect.
    """
    tau2 = spread.tau**2
    return np.asarray(tau2 / (spread.sigma**2 + sums.sizes * tau2))


def rating_terms(sums: RatingSums, mean: FloatArray, spread: Spread) -> RatingTerms:
    """Integrate effects of goals and of parents out of the density of the ratings.

    Parameters
    ----------
    sums : RatingSums
        The sums.
    mean : ndarray of shape (2, n)
        Expected intercept and slope of each parent.
    spread : Spread
        Standard deviations.

    Returns
    -------
    RatingTerms
        The terms.

    Notes
    -----
    With V = σ²I + τ²11' within a goal, whose inverse is (I − κ11') / σ², the ratings enter by
    Z'V⁻¹Z, Z'V⁻¹y and y'V⁻¹y only (Laird and Ware 1982).
    """
    variance = spread.sigma**2
    kappa = shrinkage(sums, spread)
    products = (sums.within - np.tensordot(kappa, sums.between, 1)) / variance
    A = products[:3]
    r = np.stack(
        [
            products[3] - A[0] * mean[0] - A[1] * mean[1],
            products[4] - A[1] * mean[0] - A[2] * mean[1],
        ]
    )
    quadratic = products[5] - (products[3:5] * mean).sum(axis=0) - (r * mean).sum(axis=0)
    l1, l2, l3 = spread[:3]
    W = (
        l1 * (l1 * A[0] + 2.0 * l2 * A[1]) + l2**2 * A[2] + 1.0,
        l3 * (l1 * A[1] + l2 * A[2]),
        l3**2 * A[2] + 1.0,
    )
    determinant = W[0] * W[2] - W[1] ** 2
    V = np.stack([W[2], -W[1], W[0]]) / determinant
    whitened = np.stack([l1 * r[0] + l2 * r[1], l3 * r[1]])
    mode = multiply(V, whitened)
    quadratic = quadratic - (whitened * mode).sum(axis=0)
    log_residual = (sums.sizes - 1.0) * np.log(variance) + np.log(
        variance + sums.sizes * spread.tau**2
    )
    constant = sums.within[0] * np.log(2.0 * np.pi) + log_residual @ sums.goals
    log_lik = -0.5 * (constant + np.log(determinant) + quadratic)
    return RatingTerms(log_lik, A, r, mode, V)


def multiply(S: FloatArray, x: FloatArray) -> FloatArray:
    """Multiply symmetric matrices with vectors.

    Parameters
    ----------
    S : ndarray of shape (3, n)
        Elements 11, 12, 22.
    x : ndarray of shape (2, n) or (2, 1)
        Vectors.

    Returns
    -------
    ndarray of shape (2, n)
        The products.
    """
    return np.stack([S[0] * x[0] + S[1] * x[1], S[1] * x[0] + S[2] * x[1]])


class SpreadScores(NamedTuple):
    """Derivatives of the expected log density of the ratings, one a parent.

    Attributes
    ----------
    mean : ndarray of shape (2, n)
        By expected intercept and slope.
    root : ndarray of shape (3, n)
        By l1, l2 and l3.
    tau, log_sigma : ndarray of shape (n,)
        By τ and by log σ.
    """

    mean: FloatArray
    root: FloatArray
    tau: FloatArray
    log_sigma: FloatArray


def rating_scores(
    sums: RatingSums,
    mean: FloatArray,
    spread: Spread,
    terms: RatingTerms,
    z: FloatArray,
    zz: FloatArray,
) -> SpreadScores:
    """Differentiate the log density of ratings given effects, averaged over the effects.

    Parameters
    ----------
    sums : RatingSums
        The sums.
    mean : ndarray of shape (2, n)
        Expected intercept and slope.
    spread : Spread
        Standard deviations.
    terms : RatingTerms
        The terms there.
    z : ndarray of shape (2, n)
        Mean of z given all that is known of a parent.
    zz : ndarray of shape (3, n)
        Mean of zz' given the same: elements 11, 12, 22.

    Returns
    -------
    SpreadScores
        The derivatives.

    Notes
    -----
    Fisher's identity: the score is the expected score of the complete data, in which z is
    seen (Louis 1982). Λ enters through Λz, so that a singular Λ is no exception.
    """
    l1, l2, l3 = spread[:3]
    A, r = terms.A, terms.r
    effect = np.stack([l1 * z[0], l2 * z[0] + l3 * z[1]])
    T = ((A[0] * l1 + A[1] * l2, A[1] * l3), (A[1] * l1 + A[2] * l2, A[2] * l3))
    root = np.stack(
        [
            r[0] * z[0] - T[0][0] * zz[0] - T[0][1] * zz[1],
            r[1] * z[0] - T[1][0] * zz[0] - T[1][1] * zz[1],
            r[1] * z[1] - T[1][0] * zz[1] - T[1][1] * zz[2],
        ]
    )
    C = zz - np.stack([z[0] ** 2, z[0] * z[1], z[1] ** 2])
    level = mean + effect
    second = np.stack(
        [
            level[0] ** 2 + l1**2 * C[0],
            level[0] * level[1] + l1 * (l2 * C[0] + l3 * C[1]),
            level[1] ** 2 + l2**2 * C[0] + 2.0 * l2 * l3 * C[1] + l3**2 * C[2],
        ]
    )
    tau, log_sigma = _residual_scores(sums, spread, level, second)
    return SpreadScores(r - multiply(A, effect), root, tau, log_sigma)


def _residual_scores(
    sums: RatingSums, spread: Spread, level: FloatArray, second: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Differentiate by τ and log σ, given first and second moments of intercept and slope."""
    variance, tau2 = spread.sigma**2, spread.tau**2
    weights = np.stack(
        [second[0], 2.0 * second[1], second[2], -2.0 * level[0], -2.0 * level[1]]
    )  # the coefficients of the sums of 1, s, s², y and sy in a sum of squares; that of y² is 1
    squares = (sums.within[:5] * weights).sum(axis=0) + sums.within[5]
    goal_squares = (sums.between[:, :5] * weights).sum(axis=1) + sums.between[:, 5]
    total = variance + sums.sizes * tau2
    kappa = tau2 / total
    quadratic = (squares - kappa @ goal_squares) / variance
    by_tau = (2.0 * spread.tau * variance / total**2) @ goal_squares / variance
    by_log_sigma = (2.0 * variance * tau2 / total**2) @ goal_squares / variance
    tau = 0.5 * by_tau - (sums.sizes * spread.tau / total) @ sums.goals
    log_sigma = quadratic - 0.5 * by_log_sigma
    log_sigma = log_sigma - (sums.sizes - 1.0 + variance / total) @ sums.goals
    return np.asarray(tau), np.asarray(log_sigma)
