"""Influence of clusters on a mean that depends on estimated parameters: arrays only."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

STEP: Final = 1e-4
"""Step of central differences by parameters of order one: their error is about 1e-8."""


class Stacked(NamedTuple):
    """Sums over clusters at given parameters.

    Attributes
    ----------
    score : ndarray of shape (C, d)
        Derivatives of each cluster's log-likelihood.
    outcome : ndarray of shape (C, m)
        Sums of m outcomes over each cluster's parents.
    """

    score: FloatArray
    outcome: FloatArray


class Influence(NamedTuple):
    """Means with the influence of clusters.

    Attributes
    ----------
    mean : ndarray of shape (m,)
        Means over the parents.
    influence : ndarray of shape (C, m)
        Of each cluster, adding up to 0.
    is_curved : bool
        Whether the log-likelihood curves downward in every free direction; otherwise the
        covariance parameters were taken as known.
    """

    mean: FloatArray
    influence: FloatArray
    is_curved: bool

    @property
    def std_error(self) -> FloatArray:
        """Standard errors, clusters independent, times C / (C - 1); of shape (m,)."""
        C = len(self.influence)
        return np.asarray(np.sqrt((self.influence**2).sum(axis=0) * C / (C - 1.0)))


def stacked_influence(
    evaluate: Callable[[FloatArray], Stacked],
    at: FloatArray,
    *,
    n_parents: FloatArray,
    is_free: BoolArray,
    n_fixed: int,
) -> Influence:
    """Work out the influence of clusters on means of outcomes at estimated parameters.

    Parameters
    ----------
    evaluate : callable
        Gives the sums of clusters at parameters of shape (d,).
    at : ndarray of shape (d,)
        Estimates.
    n_parents : ndarray of shape (C,)
        Parents of each cluster whose mean is wanted.
    is_free : ndarray of bool, shape (d,)
        Which parameters were estimated off the edge of what is possible.
    n_fixed : int
        How many of the first parameters are fixed effects.

    Returns
    -------
    Influence
        Means and influences.

    Notes
    -----
    The estimating equations of the parameters and of the means are stacked (Stefanski and Boos
    2002): a cluster adds its outcomes less its parents' share of the mean, and by how much its
    score moves the parameters times the slope of the mean. The observed information is used,
    because under missing at random the expected one would not do (Kenward and Molenberghs 1998).
    """
    centre = evaluate(at)
    total = float(n_parents.sum())
    mean = centre.outcome.sum(axis=0) / total
    free = np.flatnonzero(is_free)
    curvature, slope = np.zeros((len(free), len(free))), np.zeros((len(free), len(mean)))
    for j, parameter in enumerate(free):
        unit = np.zeros(len(at))
        unit[parameter] = STEP * max(1.0, abs(at[parameter]))
        up, down = evaluate(at + unit), evaluate(at - unit)
        width = 2.0 * unit[parameter]
        curvature[j] = (down.score - up.score).sum(axis=0)[free] / width
        slope[j] = (up.outcome - down.outcome).sum(axis=0) / width / total
    information = (curvature + curvature.T) / 2.0
    is_curved = bool(np.linalg.eigvalsh(_scaled(information)).min() > 0.0)
    used = np.arange(len(free)) if is_curved else np.flatnonzero(free < n_fixed)
    score = centre.score[:, free[used]]
    moves = np.linalg.solve(information[np.ix_(used, used)], (score - score.mean(axis=0)).T).T
    own = (centre.outcome - n_parents[:, None] * mean) / total
    return Influence(mean, own + moves @ slope[used], is_curved)


def _scaled(information: FloatArray) -> FloatArray:
    size = np.sqrt(np.maximum(np.diag(information), np.finfo(np.float64).tiny))
    return information / np.multiply.outer(size, size)
