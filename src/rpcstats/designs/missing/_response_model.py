"""Logistic model of who answers, and means weighted by its inverse: arrays in, arrays out."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_MOST_STEPS: Final = 50
_SMALL: Final = 1e-10
_CERTAIN: Final = 1e-8
"""A chance this near to 0 or 1 is certain."""


class ResponseFit(NamedTuple):
    """Chances of answering.

    Attributes
    ----------
    alpha : ndarray of shape (q,)
        Log odds ratios.
    covariance : ndarray of shape (q, q)
        Inverse of the information.
    chance : ndarray of shape (n,)
        Fitted probabilities.
    influence : ndarray of shape (n, q)
        Influence of each row on `alpha`.
    """

    alpha: Floats
    covariance: Floats
    chance: Floats
    influence: Floats


def fit_response(Z: Floats, answered: Booleans) -> ResponseFit | None:
    """Fit a logistic regression by Newton's method.

    Parameters
    ----------
    Z : ndarray of shape (n, q)
        Independent columns, one of them ones.
    answered : ndarray of bool, shape (n,)
        Who answered.

    Returns
    -------
    ResponseFit or None
        None if the columns tell for certain who answers, so that there is no finite maximum.
    """
    alpha: Floats = np.zeros(Z.shape[1])
    for _ in range(_MOST_STEPS):
        chance: Floats = 1.0 / (1.0 + np.exp(-np.clip(Z @ alpha, -500.0, 500.0)))
        if np.minimum(chance, 1.0 - chance).min() < _CERTAIN:
            return None
        information = (Z * (chance * (1.0 - chance))[:, None]).T @ Z
        scores = Z * (answered - chance)[:, None]
        step = np.linalg.solve(information, scores.sum(axis=0))
        alpha = alpha + step
        if np.abs(step).max() <= _SMALL * (1.0 + np.abs(alpha).max()):
            inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
            return ResponseFit(alpha, inverse, chance, scores @ inverse)
    return None


def weighted_mean(
    y: Floats, weight: Floats, answered: Booleans, Z: Floats, fit: ResponseFit, moving: Booleans
) -> tuple[float, Floats]:
    """Average those who answered by weights that were estimated.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Values; anything for those who did not answer.
    weight : ndarray of shape (n,)
        A constant over the chance of answering.
    answered : ndarray of bool, shape (n,)
        Who answered.
    Z : ndarray of shape (n, q)
        Columns of the model.
    fit : ResponseFit
        The model.
    moving : ndarray of bool, shape (n,)
        Whose weight moves with the model: all but those whose weight was cut.

    Returns
    -------
    mean : float
        Weighted mean.
    influence : ndarray of shape (n,)
        Influence of each row on it, through its value and through the model.
    """
    taken = np.where(answered, weight, 0.0)
    total = taken.sum()
    mean = float(taken @ np.where(answered, y, 0.0) / total)
    rest = taken * np.where(answered, y - mean, 0.0)
    slope = -((rest * (1.0 - fit.chance) * moving) @ Z)
    return mean, np.asarray((rest + fit.influence @ slope) / total)
