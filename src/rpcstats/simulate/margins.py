"""Draws whose totals are fixed: conditional Bernoulli sampling and permuted margins."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logsumexp

from rpcstats.errors import ParameterError
from rpcstats.simulate._draws import permutation

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


def conditional_bernoulli(log_odds: ArrayLike, total: int, *, rng: np.random.Generator) -> Booleans:
    """Draw independent Bernoulli variables given their sum.

    Parameters
    ----------
    log_odds : array_like of shape (n,)
        Log odds of each variable. Minus infinity is never drawn, infinity always.
    total : int
        The sum.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray of bool, shape (n,)
        A draw with P(x) proportional to the product of the odds of those drawn.

    Raises
    ------
    ParameterError
        If no draw has that sum.

    Notes
    -----
    The sequential algorithm of Chen and Liu (1997), with the elementary symmetric functions
    held as logarithms, so that thousands of variables neither overflow nor underflow. Only
    the intercept of a logistic model is fixed by the sum: its slopes keep their meaning.
    """
    w, forced, free, left = _split(log_odds, total)
    drawn = forced.copy()
    if left and left < len(w):
        drawn[free] = _draw(w, left, rng)
    elif left:
        drawn[free] = True
    return drawn


def conditional_means(log_odds: ArrayLike, total: int) -> Floats:
    """Give the chance of each of independent Bernoulli variables given their sum.

    Parameters
    ----------
    log_odds : array_like of shape (n,)
        Log odds of each variable.
    total : int
        The sum.

    Returns
    -------
    ndarray of shape (n,)
        First moments; they add up to `total`.

    Raises
    ------
    ParameterError
        If no draw has that sum.
    """
    w, forced, free, left = _split(log_odds, total)
    means = forced.astype(np.float64)
    if left:
        after = _log_symmetric(w, left)
        before = _log_symmetric(w[::-1], left)[::-1]
        without = logsumexp(before[:-1, :left] + after[1:, left - 1 :: -1], axis=1)
        means[free] = np.exp(w + without - after[0, left])
    return means


def log_symmetric(log_odds: ArrayLike, total: int) -> float:
    """Give the logarithm of the elementary symmetric function of the odds.

    Parameters
    ----------
    log_odds : array_like of shape (n,)
        Log odds, finite.
    total : int
        Number of factors in each product.

    Returns
    -------
    float
        The normalising constant of the conditional likelihood.
    """
    return float(_log_symmetric(np.asarray(log_odds, dtype=np.float64), total)[0, total])


def binary(log_odds: ArrayLike, total: int | None, *, rng: np.random.Generator) -> Booleans:
    """Draw Bernoulli variables, given their sum if there is one.

    Parameters
    ----------
    log_odds : array_like of shape (n,)
        Log odds of each variable.
    total : int or None
        The sum; None for a plain draw.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray of bool, shape (n,)
        The draw.

    Raises
    ------
    ParameterError
        If no draw has that sum.
    """
    if total is not None:
        return conditional_bernoulli(log_odds, total, rng=rng)
    w = np.asarray(log_odds, dtype=np.float64)
    return np.asarray(rng.random(len(w)) < expit(w))


def permuted_margin(count: int, n: int, *, rng: np.random.Generator) -> Booleans:
    """Mark a fixed number of things at random, each with the same chance.

    Parameters
    ----------
    count : int
        How many are marked.
    n : int
        How many there are.
    rng : Generator
        Source of randomness.

    Returns
    -------
    ndarray of bool, shape (n,)
        True for those marked.

    Raises
    ------
    ParameterError
        If the count is below zero or above `n`.
    """
    return conditional_bernoulli(np.zeros(n), count, rng=rng)


def _split(log_odds: ArrayLike, total: int) -> tuple[Floats, Booleans, Booleans, int]:
    """Part the variables into those always drawn and those left to chance."""
    w = np.asarray(log_odds, dtype=np.float64)
    if w.ndim != 1 or np.isnan(w).any():
        raise ParameterError("log odds can't be used", ["give one number each, none missing"])
    forced = np.isposinf(w)
    free = np.isfinite(w)
    left = total - int(forced.sum())
    if not 0 <= left <= int(free.sum()):
        least, most = int(forced.sum()), int(forced.sum() + free.sum())
        raise ParameterError(
            f"a total of {total} can't be drawn",
            [f"between {least} and {most} of the {len(w)} can occur: choose a total within"],
        )
    return w[free], forced, free, left


def _log_symmetric(w: Floats, total: int) -> Floats:
    """Give row i, column j: log of the symmetric function of degree j of items i to the end."""
    table = np.full((len(w) + 1, total + 1), -np.inf)
    table[:, 0] = 0.0
    for i in range(len(w) - 1, -1, -1):
        top = min(total, len(w) - i)
        table[i, 1 : top + 1] = np.logaddexp(table[i + 1, 1 : top + 1], w[i] + table[i + 1, :top])
    return table


def _draw(w: Floats, total: int, rng: np.random.Generator) -> Booleans:
    n = len(w)
    drawn = np.zeros(n, dtype=np.bool_)
    if np.ptp(w) == 0.0:
        drawn[permutation(rng, n)[:total]] = True
        return drawn
    if 2 * total > n:
        return ~_draw(-w, n - total, rng)
    table = _log_symmetric(w, total)
    uniforms = rng.random(n)
    left = total
    for i in range(n):
        if left == 0:
            break
        log_p = w[i] + table[i + 1, left - 1] - table[i, left]
        if uniforms[i] < math.exp(min(log_p, 0.0)):
            drawn[i] = True
            left -= 1
    return drawn
