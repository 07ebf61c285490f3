"""Survival along sessions and its gradient, averaged over random effects: arrays in, arrays out."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats.errors import ParameterError
from rpcstats.mixed.structure.model_frame import Block, split_theta
from rpcstats.survival.discrete._links import LinkName

FloatArray = NDArray[np.float64]

NODES: Final = {1: 40, 2: 16, 3: 10}
"""Gauss-Hermite nodes an axis by the number of random effects."""

_LARGEST_RATE: Final = 700.0


class Paths(NamedTuple):
    """Linear predictors of persons along their sessions.

    Attributes
    ----------
    eta : ndarray of shape (m, K)
        Linear predictor where random effects are 0.
    X : ndarray of shape (m, K, p)
        Its gradient by the coefficients.
    Z : tuple of ndarray of shape (m, K, q)
        Covariates of each block's random effects; none to leave them at 0.
    """

    eta: FloatArray
    X: FloatArray
    Z: tuple[FloatArray, ...] = ()


class Curves(NamedTuple):
    """Survival with its gradient by β and, where random effects are averaged over, θ.

    Attributes
    ----------
    S : ndarray of shape (m, K)
        Survival after each session.
    gradient : ndarray of shape (m, K, d)
        Gradient by the parameters.
    """

    S: FloatArray
    gradient: FloatArray


def log_stay(eta: FloatArray, link: LinkName) -> tuple[FloatArray, FloatArray]:
    """Give -log(1 - h) and its derivative by the linear predictor.

    Parameters
    ----------
    eta : ndarray
        Linear predictor.
    link : {"logit", "cloglog"}
        Link.

    Returns
    -------
    loss, slope : ndarray
        The value and the derivative.
    """
    if link == "logit":
        return np.logaddexp(0.0, eta), np.asarray(special.expit(eta))
    rate = np.exp(np.minimum(eta, np.log(_LARGEST_RATE)))
    return rate, rate


def survival_curves(
    paths: Paths, link: LinkName, blocks: tuple[Block, ...] = (), theta: FloatArray | None = None
) -> Curves:
    """Multiply the chances to stay along each path.

    Parameters
    ----------
    paths : Paths
        Linear predictors.
    link : {"logit", "cloglog"}
        Link.
    blocks : tuple of Block
        Random effects to average over; the same for all sessions of a path.
    theta : ndarray of shape (k,), optional
        Their covariance parameters.

    Returns
    -------
    Curves
        Survival and gradient.

    Raises
    ------
    ParameterError
        If there are more than three random effects to average over.
    """
    m, K, p = paths.X.shape
    n_theta = 0 if theta is None else len(theta)
    S, gradient = np.zeros((m, K)), np.zeros((m, K, p + n_theta))
    for weight, shift, tilt in _nodes(paths, blocks, theta):
        loss, slope = log_stay(paths.eta + shift, link)
        each = weight * np.exp(-np.cumsum(loss, axis=1))
        S += each
        moved = np.cumsum(slope[:, :, None] * paths.X, axis=1)
        gradient[:, :, :p] -= each[:, :, None] * moved
        if n_theta:
            gradient[:, :, p:] -= each[:, :, None] * np.cumsum(slope[:, :, None] * tilt, axis=1)
    return Curves(S, gradient)


def _nodes(
    paths: Paths, blocks: tuple[Block, ...], theta: FloatArray | None
) -> Iterator[tuple[float, FloatArray | float, FloatArray]]:
    """Go through the nodes: weight, shift of η and its gradient by θ."""
    if theta is None or not blocks:
        yield 1.0, 0.0, np.zeros(0)
        return
    if all(block.effects == ("Intercept",) for block in blocks):
        spread = float(np.sqrt((theta**2).sum()))
        share = theta / spread if spread > 0.0 else np.zeros(len(theta))
        for weight, u in _grid(1):
            yield weight, spread * u[0], np.broadcast_to(share * u[0], (1, 1, len(theta)))
        return
    sizes = [block.n_effect for block in blocks]
    starts = np.cumsum([0, *sizes])
    parts = split_theta(blocks, theta)
    for weight, u in _grid(int(starts[-1])):
        shift: FloatArray = np.zeros_like(paths.eta)
        tilts = []
        for block, part, Z, first in zip(blocks, parts, paths.Z, starts[:-1], strict=True):
            own = u[first : first + block.n_effect]
            shift = shift + Z @ (block.factor(part) @ own)
            tilts.append(Z[:, :, block.rows] * own[block.cols])
        yield weight, shift, np.concatenate(tilts, axis=2)


def _grid(n_effect: int) -> Iterator[tuple[float, FloatArray]]:
    if n_effect not in NODES:
        raise ParameterError(
            "Too many random effects to average over",
            ["give average='conditional', or keep to three effects such as (1 + session | group)"],
        )
    nodes, weights = special.roots_hermitenorm(NODES[n_effect])
    weights = weights / weights.sum()
    for places in np.ndindex(*(len(nodes),) * n_effect):
        picked = list(places)
        yield float(np.prod(weights[picked])), nodes[picked]
