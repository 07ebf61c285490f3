"""Log-likelihood of ratings and dropout together, and what it tells of each parent."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_dropout import DropoutTerms, dropout_terms
from rpcstats.designs.missing._joint_ratings import RatingTerms, multiply, rating_terms
from rpcstats.designs.missing.joint_parameters import Model, ModelParameters, loadings, unpack

FloatArray = NDArray[np.float64]


class State(NamedTuple):
    """Everything known of the parents at one value of the parameters.

    Attributes
    ----------
    mean : ndarray of shape (2, n)
        Expected intercept and slope, less the centre of the ratings.
    ratings : RatingTerms
        Terms of the ratings.
    dropout : DropoutTerms
        Terms of dropout.
    to_z : ndarray of shape (2, d, n)
        z is its mean given the ratings, plus this times t, plus a remainder that dropout does
        not depend on.
    """

    mean: FloatArray
    ratings: RatingTerms
    dropout: DropoutTerms
    to_z: FloatArray

    @property
    def log_lik(self) -> FloatArray:
        """Log-likelihood of each parent."""
        return self.ratings.log_lik + self.dropout.log_lik


def _direction(model: Model, shared: FloatArray) -> tuple[float, float, float]:
    """Write the loadings as a direction, which stays one at no association, and a size."""
    if model.share == "intercept":
        return 1.0, 0.0, float(shared[0])
    if model.share == "both" and np.any(shared):
        return float(shared[0]), float(shared[1]), 1.0
    return 0.0, 1.0, float(shared[0]) if model.share == "slope" else 0.0


def evaluate(model: Model, theta: FloatArray, *, keep_nodes: bool = False) -> State:
    """Evaluate the log-likelihood.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Parameters.
    keep_nodes : bool
        Whether the quadrature's nodes are kept.

    Returns
    -------
    State
        Likelihood and moments of each parent.

    Notes
    -----
    The ratings are normal, so given them a parent's intercept and slope are normal in closed
    form; dropout depends on one linear combination of the two (on a line of them for the level),
    so that what is left is an integral over one normal variable (two).
    """
    data, found = model.data, unpack(model, theta)
    mean = np.stack([data.Z @ found.intercept, data.Z @ found.slope])
    terms = rating_terms(data.sums, mean, found.spread)
    base = found.session[:, None] + data.X @ found.covariate
    slope, to_z = _directions(model, found, terms)
    base = base + _at_mode(model, found, terms, mean)
    # Two nodes give first and second moments of a normal variable exactly.
    n_node = 2 if model.share == "none" and not keep_nodes else model.n_node
    dropout = dropout_terms(data.courses, base, slope, model.link, n_node, keep_nodes=keep_nodes)
    return State(mean, terms, dropout, to_z)


def _at_mode(
    model: Model, found: ModelParameters, terms: RatingTerms, mean: FloatArray
) -> FloatArray:
    """Give what the effects add to the linear predictor at their mean given the ratings."""
    l1, l2, l3 = found.spread[:3]
    effect = np.stack([l1 * terms.mode[0], l2 * terms.mode[0] + l3 * terms.mode[1]])
    if model.share == "level":
        level = mean + effect
        return np.asarray(found.shared[0] * (level[0] + model.data.courses.stage * level[1]))
    first, second = loadings(model, found.shared)
    return np.asarray(first * effect[0] + second * effect[1])


def _directions(
    model: Model, found: ModelParameters, terms: RatingTerms
) -> tuple[FloatArray, FloatArray]:
    """Give the slope of the linear predictor by t, shape (S, d, n), and that of z by t."""
    l1, l2, l3 = found.spread[:3]
    V, n_session = terms.V, len(found.session)
    if model.share == "level":
        g11 = np.sqrt(V[0])
        g21 = V[1] / g11
        to_z = np.stack([[g11, np.zeros_like(g11)], [g21, np.sqrt(V[2] - g21**2)]])
        s = model.data.courses.stage
        weight = found.shared[0] * np.stack([l1 + l2 * s, l3 * s])  # (2, S, n)
        return np.einsum("bsn,bdn->sdn", weight, to_z), to_z
    first, second, size = _direction(model, found.shared)
    line = np.array([[first * l1 + second * l2], [second * l3]])
    along = multiply(V, line)
    length = np.sqrt((along * line).sum(axis=0))
    to_z = along / np.where(length > 0.0, length, 1.0)
    slope = np.broadcast_to(size * length, (n_session, 1, len(length)))
    return slope, to_z[:, None]


def z_moments(state: State) -> tuple[FloatArray, FloatArray]:
    """Give mean and second moments of z given ratings and course.

    Parameters
    ----------
    state : State
        The terms.

    Returns
    -------
    z : ndarray of shape (2, n)
        The mean.
    zz : ndarray of shape (3, n)
        Mean of zz': elements 11, 12, 22.
    """
    G, t = state.to_z, state.dropout.t
    z = state.ratings.mode + (G * t).sum(axis=1)
    excess = state.dropout.tt - t[:, None] * t[None]
    excess = excess - np.eye(len(t))[:, :, None]
    change = np.einsum("adn,den,ben->abn", G, excess, G)
    C = state.ratings.V + np.stack([change[0, 0], change[0, 1], change[1, 1]])
    return z, C + np.stack([z[0] ** 2, z[0] * z[1], z[1] ** 2])
