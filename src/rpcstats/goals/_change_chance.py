"""The chance that the mean change of a parent's goals reaches a threshold: arrays only."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, roots_hermitenorm

FloatArray = NDArray[np.float64]

NODES: Final = 15
"""Gauss-Hermite nodes of each of the two effects of a parent: the error is below 1e-5."""

GOAL_NODES: Final = 15
_LATTICE: Final = 1e-9


def chance_of_normal_change(
    mean: FloatArray, variance: FloatArray, *, n_goals: FloatArray, threshold: float, grain: float
) -> FloatArray:
    """Give P(mean change ≥ threshold) where the change is normal.

    Parameters
    ----------
    mean, variance : ndarray of shape (n,)
        Of the mean change of each parent's goals.
    n_goals : ndarray of shape (n,)
        Goals the mean is of.
    threshold : float
        Points.
    grain : float
        Step between printed ratings; 0 if there is none.

    Returns
    -------
    ndarray of shape (n,)
        Chances. Printed changes lie on a lattice of grain / n_goals; the normal takes its
        values half a step below the first that reaches the threshold.
    """
    least = np.full_like(mean, threshold)
    if grain > 0.0:
        step = grain / n_goals
        least = (np.ceil(threshold / step - _LATTICE) - 0.5) * step
    sd = np.sqrt(variance)
    certain = np.where(mean >= least - _LATTICE, np.inf, -np.inf)
    z = np.divide(mean - least, sd, out=certain, where=sd > 0.0)
    return np.asarray(ndtr(z))


def chance_of_ordered_change(
    eta: FloatArray,
    *,
    thresholds: FloatArray,
    points: FloatArray,
    effects: FloatArray,
    goal_variance: float,
    goal_shares: dict[int, float],
    threshold: float,
    nodes: int = NODES,
) -> FloatArray:
    """Give P(mean change ≥ threshold) where ratings follow a cumulative probit mixed model.

    Parameters
    ----------
    eta : ndarray of shape (m, 2)
        Fixed part of the latent level at the start and at the end.
    thresholds : ndarray of shape (c - 1,)
        Between the categories.
    points : ndarray of shape (c,)
        Whole points of the categories, with their sign: better is higher change.
    effects : ndarray of shape (m, 2, 2)
        Covariance of a parent's latent level at the start and at the end, groups included.
    goal_variance : float
        Of the level of a goal.
    goal_shares : dict of int to float
        Share of parents with each number of goals.
    threshold : float
        Points.
    nodes : int
        Nodes of each effect.

    Returns
    -------
    ndarray of shape (m,)
        Chances, averaged over the effects.

    Notes
    -----
    Given a parent's two levels, goals are independent: the distribution of one goal's change is
    summed over nodes of the goal's own effect, and that of the sum over goals is its
    convolution.
    """
    x, wx = _normal_nodes(nodes)
    w, ww = _normal_nodes(GOAL_NODES)
    standard = np.stack(np.meshgrid(x, x, indexing="ij"), axis=-1).reshape(-1, 2)
    weight = np.multiply.outer(wx, wx).ravel()
    shift = np.sqrt(max(goal_variance, 0.0)) * w
    lattice, steps = _change_lattice(points)
    found = np.empty(len(eta))
    for i, (level, G) in enumerate(zip(eta, effects, strict=True)):
        latent = level + standard @ _root(G).T
        before = _categories(latent[:, 0, None] + shift, thresholds)
        after = _categories(latent[:, 1, None] + shift, thresholds)
        joint = np.einsum("g,ngi,ngj->nij", ww, before, after, optimize=True)
        change = joint.reshape(len(joint), -1) @ lattice
        tails = sum(
            share * _tail(change, steps[0], n, threshold) for n, share in goal_shares.items()
        )
        found[i] = weight @ tails
    return found


def _normal_nodes(n: int) -> tuple[FloatArray, FloatArray]:
    x, w = roots_hermitenorm(n)
    return x, w / w.sum()


def _root(G: FloatArray) -> FloatArray:
    """Give a root of a covariance that may be singular."""
    values, vectors = np.linalg.eigh(G)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root


def _categories(latent: FloatArray, thresholds: FloatArray) -> FloatArray:
    below = ndtr(thresholds - latent[..., None])
    edge = np.zeros((*latent.shape, 1))
    return np.diff(np.concatenate([edge, below, edge + 1.0], axis=-1), axis=-1)


def _change_lattice(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give which pairs of categories make which change, and the changes."""
    change = np.rint(points[None, :] - points[:, None]).astype(np.int64)
    low = int(change.min())
    steps = np.arange(low, int(change.max()) + 1)
    lattice = np.zeros((change.size, len(steps)))
    lattice[np.arange(change.size), change.ravel() - low] = 1.0
    return lattice, steps.astype(np.float64)


def _tail(change: FloatArray, lowest: float, n: int, threshold: float) -> FloatArray:
    """Give the chance that the sum of n independent changes reaches n times the threshold."""
    total = change
    for _ in range(n - 1):
        longer = np.zeros((len(change), total.shape[1] + change.shape[1] - 1))
        for j in range(change.shape[1]):
            longer[:, j : j + total.shape[1]] += change[:, j, None] * total
        total = longer
    sums = n * lowest + np.arange(total.shape[1])
    return np.asarray(total[:, sums >= n * threshold - _LATTICE].sum(axis=1))
