"""Scores of the joint model: derivatives of the log-likelihood of every parent."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_ratings import rating_scores
from rpcstats.designs.missing.joint_likelihood import State, z_moments
from rpcstats.designs.missing.joint_parameters import Model, ModelParameters, loadings, unpack

FloatArray = NDArray[np.float64]


def scores(model: Model, theta: FloatArray, state: State) -> FloatArray:
    """Differentiate the log-likelihood of each parent.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Parameters.
    state : State
        The terms there.

    Returns
    -------
    ndarray of shape (P, n)
        The scores.
    """
    data, found = model.data, unpack(model, theta)
    z, zz = z_moments(state)
    by = rating_scores(data.sums, state.mean, found.spread, state.ratings, z, zz)
    e = state.dropout.residual
    ez = np.stack([e.sum(axis=0), (data.courses.stage * e).sum(axis=0)])[:, None]
    ez = ez * state.ratings.mode + np.einsum("adn,cdn->can", state.to_z, state.dropout.residual_t)
    mean, root, shared = _shared_scores(model, found, state, e, ez)
    mean, root = mean + by.mean, root + by.root
    parts = [data.Z.T * mean[0], data.Z.T * mean[1], root]
    if data.has_goals:
        parts.append(by.tau[None])
    return np.vstack([*parts, by.log_sigma[None], e, data.X.T * e.sum(axis=0), shared])


def _shared_scores(
    model: Model, found: ModelParameters, state: State, e: FloatArray, ez: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Differentiate dropout by the expected line, by Λ and by the association.

    `ez[0]` is the mean of the sum over sessions of derivative times z, `ez[1]` that with stages.
    """
    l1, l2, l3 = found.spread[:3]
    none = np.zeros_like(state.mean)
    if model.share == "level":
        phi = float(found.shared[0])
        sums = np.stack([e.sum(axis=0), (model.data.courses.stage * e).sum(axis=0)])
        by_phi = (sums * state.mean).sum(axis=0) + l1 * ez[0, 0] + l2 * ez[1, 0] + l3 * ez[1, 1]
        return phi * sums, phi * np.stack([ez[0, 0], ez[1, 0], ez[1, 1]]), by_phi[None]
    first, second = loadings(model, found.shared)
    root = np.stack([first * ez[0, 0], second * ez[0, 0], second * ez[0, 1]])
    by_u, by_v = l1 * ez[0, 0], l2 * ez[0, 0] + l3 * ez[0, 1]
    kinds = {"slope": [by_v], "intercept": [by_u], "both": [by_u, by_v]}
    shared = kinds.get(model.share, [])
    return none, root, np.array(shared).reshape(len(shared), model.data.n)
