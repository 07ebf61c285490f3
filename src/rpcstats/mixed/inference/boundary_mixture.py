"""Mixture p-values of likelihood ratios for variances tested at zero."""

import numpy as np

from rpcstats._numerics.intervals import chi_square_p
from rpcstats.errors import DataError
from rpcstats.mixed.inference.kenward_roger import expected_parameter_cov
from rpcstats.mixed.inference.nested_models import AddedEffects
from rpcstats.mixed.linear.evaluation import LinearProblem
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta

# Correlations this small come from rounding: the variances are estimated independently.
_INDEPENDENT = 1e-8

# Variances at zero for which the weights have a closed form, whatever their correlations.
_MOST_CORRELATED = 3


def mixture_p(statistic: float, df: int, weights: FloatArray) -> float:
    """Give the upper tail of a mixture of chi-squares.

    Parameters
    ----------
    statistic : float
        Likelihood-ratio statistic.
    df : int
        Its degrees of freedom, those of variances at zero included.
    weights : ndarray of shape (m + 1,)
        Weight of df - m, ..., df - 1, df degrees of freedom.

    Returns
    -------
    float
        p-value; chi-square with 0 degrees of freedom is 0 throughout.
    """
    degrees = df - len(weights) + 1 + np.arange(len(weights))
    tails = np.where(degrees == 0, float(statistic <= 0.0), 0.0)
    above = degrees > 0
    tails[above] = chi_square_p(statistic, degrees[above])
    return float(weights @ tails)


def mixture_weights(correlation: FloatArray) -> FloatArray | None:
    """Give the weights of a chi-bar-square for m variances at zero.

    Parameters
    ----------
    correlation : ndarray of shape (m, m)
        Correlation of the estimates of the variances, were they free to be negative.

    Returns
    -------
    ndarray of shape (m + 1,) or None
        Weights of 0, 1, ..., m positive variances; None where no closed form is known.

    Notes
    -----
    Self and Liang (1987); Kudô (1963) for two and three correlated ones; binomial weights for
    any number of independent ones.
    """
    m = len(correlation)
    off = correlation[~np.eye(m, dtype=bool)]
    if np.all(np.abs(off) < _INDEPENDENT):
        weights = np.ones(1)
        for _ in range(m):
            weights = np.convolve(weights, [0.5, 0.5])
        return weights
    if m > _MOST_CORRELATED:
        return None
    r = np.clip(correlation, -1.0, 1.0)
    if m == 2:
        both = 0.25 + np.arcsin(r[0, 1]) / (2.0 * np.pi)
        return np.array([0.5 - both, 0.5, both])
    pairs = ((0, 1, 2), (0, 2, 1), (1, 2, 0))
    all_three = (2.0 * np.pi - sum(np.arccos(r[i, j]) for i, j, _ in pairs)) / (4.0 * np.pi)
    two = (3.0 * np.pi - sum(np.arccos(_partial(r, *each)) for each in pairs)) / (4.0 * np.pi)
    return np.array([0.5 - two, 0.5 - all_three, two, all_three])


def correlation_at_zero(
    problem: LinearProblem,
    added: AddedEffects,
    small: tuple[Block, ...],
    theta: FloatArray,
    *,
    reml: bool,
) -> FloatArray | None:
    """Give the correlation of variance estimates where the larger model is the smaller.

    Parameters
    ----------
    problem : LinearProblem
        Engine of the larger model.
    added : AddedEffects
        What it adds.
    small : tuple of Block
        Random effects of the smaller model.
    theta : ndarray of shape (k,)
        Estimates of the smaller model.
    reml : bool
        Whether the restricted likelihoods are compared.

    Returns
    -------
    ndarray of shape (m, m) or None
        From the expected information; None if it can't be had, as where the smaller model is
        on the boundary itself or the random effects are too many.
    """
    start = _embed(problem.blocks, added, small, theta)
    if start is None:
        return None
    evaluation = problem.evaluate(start, reml=reml, order=0)
    try:
        cov = expected_parameter_cov(problem, evaluation)
    except DataError:
        return None
    at = np.flatnonzero(added.new)
    part = cov[np.ix_(at, at)]
    scale = np.sqrt(np.diag(part))
    if not np.all(scale > 0.0):
        return None
    return np.asarray(part / np.outer(scale, scale))


def _partial(r: FloatArray, i: int, j: int, given: int) -> float:
    left = (1.0 - r[i, given] ** 2) * (1.0 - r[j, given] ** 2)
    partial = (r[i, j] - r[i, given] * r[j, given]) / np.sqrt(left)
    return float(np.clip(partial, -1.0, 1.0))


def _embed(
    blocks: tuple[Block, ...], added: AddedEffects, small: tuple[Block, ...], theta: FloatArray
) -> FloatArray | None:
    """Write the smaller model's estimates as parameters of the larger; None on the boundary."""
    parts = split_theta(small, theta) if small else ()
    factors = [block.factor(part) for block, part in zip(small, parts, strict=True)]
    result = []
    for block, place in zip(blocks, added.places, strict=True):
        Lambda = np.zeros((block.n_effect, block.n_effect))
        old = np.flatnonzero(place[:, 0] >= 0)
        if len(old):
            rows = [factors[number][effect] for number, effect in place[old]]
            Sigma = np.vstack(rows) @ np.vstack(rows).T
            if np.linalg.matrix_rank(Sigma, hermitian=True) < len(old):
                return None
            Lambda[np.ix_(old, old)] = np.linalg.cholesky(Sigma)
        result.append(Lambda[block.rows, block.cols])
    return np.concatenate(result)
