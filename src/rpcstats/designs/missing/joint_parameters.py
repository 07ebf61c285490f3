"""Parameters of the joint model: how many there are, and where each stands."""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._joint_dropout import Link
from rpcstats.designs.missing._joint_ratings import Spread
from rpcstats.designs.missing.joint_data import JointData
from rpcstats.designs.missing.joint_ordered_data import OrderedRatings

FloatArray = NDArray[np.float64]
Share = Literal["slope", "intercept", "both", "level", "none"]
Outcome = Literal["linear", "ordinal"]

N_SHARED: Final[dict[str, int]] = {"slope": 1, "intercept": 1, "both": 2, "level": 1, "none": 0}
"""Coefficients of association of each way of sharing."""


class Model(NamedTuple):
    """What is fitted.

    Attributes
    ----------
    data : JointData
        The arrays.
    share : str
        What of the trajectory dropout depends on.
    link : {"logit", "cloglog"}
        Link of the hazard.
    n_node : int
        Quadrature nodes in each direction.
    ordered : OrderedRatings or None
        Ratings as categories, where the outcome is ordinal.
    """

    data: JointData
    share: Share
    link: Link
    n_node: int
    ordered: OrderedRatings | None = None

    @property
    def outcome(self) -> Outcome:
        """Law of the ratings."""
        return "linear" if self.ordered is None else "ordinal"

    @property
    def n_cut(self) -> int:
        """Number of thresholds."""
        return 0 if self.ordered is None else self.ordered.n_category - 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers of parameters: intercept, slope, spread, sessions, covariates, association."""
        p = self.data.Z.shape[1]
        n_start, n_spread = (p, 5) if self.ordered is None else (self.n_cut + p - 1, 4)
        n_spread -= 0 if self.data.has_goals else 1
        n_session, n_x = len(self.data.sessions), self.data.X.shape[1]
        return n_start, p, n_spread, n_session, n_x, N_SHARED[self.share]

    @property
    def n_parameter(self) -> int:
        """Number of parameters."""
        return sum(self.sizes)

    @property
    def n_dim(self) -> int:
        """Directions of the effects that dropout depends on."""
        return 2 if self.share == "level" else 1


class ModelParameters(NamedTuple):
    """Parameters by their part of the model.

    Attributes
    ----------
    intercept : ndarray of shape (p,) or (C - 1 + p - 1,)
        Coefficients of a parent's expected intercept; thresholds stand for the constant of an
        ordinal model.
    slope : ndarray of shape (p,)
        Coefficients of its expected slope.
    spread : Spread
        Standard deviations.
    session : ndarray of shape (S,)
        Linear predictor of the hazard at each session.
    covariate : ndarray of shape (m,)
        Coefficients of the covariates of dropout.
    shared : ndarray of shape (0,), (1,) or (2,)
        Coefficients of association.
    """

    intercept: FloatArray
    slope: FloatArray
    spread: Spread
    session: FloatArray
    covariate: FloatArray
    shared: FloatArray


def unpack(model: Model, theta: FloatArray) -> ModelParameters:
    """Take a vector of parameters apart.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Parameters; of the spread l1, l2, l3, τ (where goals can differ) and log σ, which is 0
        where the outcome is ordinal.

    Returns
    -------
    ModelParameters
        The parts.
    """
    a, b, scale, session, covariate, shared = np.split(theta, np.cumsum(model.sizes)[:-1])
    tau = float(scale[3]) if model.data.has_goals else 0.0
    l1, l2, l3 = (float(element) for element in scale[:3])
    sigma = float(np.exp(scale[-1])) if model.ordered is None else 1.0
    spread = Spread(l1, l2, l3, tau, sigma)
    return ModelParameters(a, b, spread, session, covariate, shared)


def loadings(model: Model, shared: FloatArray) -> tuple[float, float]:
    """Give what intercept and slope of a parent add to the linear predictor.

    Parameters
    ----------
    model : Model
        The model.
    shared : ndarray of shape (0,), (1,) or (2,)
        Coefficients of association.

    Returns
    -------
    tuple of float
        Coefficients of intercept and slope; 0 where the level is shared.
    """
    if model.share == "slope":
        return 0.0, float(shared[0])
    if model.share == "intercept":
        return float(shared[0]), 0.0
    if model.share == "both":
        return float(shared[0]), float(shared[1])
    return 0.0, 0.0
