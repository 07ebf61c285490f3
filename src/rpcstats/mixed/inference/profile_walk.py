"""One parameter's profile, followed from constrained minimum to constrained minimum."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rpcstats.mixed.inference.profile_constraints import Constraint, HeldCorrelation
from rpcstats.mixed.inference.profile_deviance import Deviance
from rpcstats.mixed.inference.profile_limits import Curve, Height
from rpcstats.mixed.inference.profile_parameters import Parameter
from rpcstats.mixed.inference.profile_search import Lowest, search_lowest
from rpcstats.mixed.structure.model_frame import FloatArray

SPREAD: Final = 0.3
"""First guess of the distance in which the root of a standard deviation's profile grows by one,
as a part of it, or of its natural unit where it is small; of a correlation, in radians."""

_RIGHT_ANGLE: Final = np.pi / 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A deviance, its optimum and the curvature there.

    Attributes
    ----------
    deviance : Deviance
        The deviance as a function of ψ.
    psi : ndarray of shape (d,)
        The optimum.
    lowest : float
        The deviance there.
    hessian : ndarray of shape (d, d) or None
        Curvature there, where the deviance does not give it.
    """

    deviance: Deviance
    psi: FloatArray
    lowest: float
    hessian: FloatArray | None = None


@dataclass(slots=True, eq=False)
class Walk:
    """Constrained minima met so far, from which the next search starts.

    Attributes
    ----------
    model : Model
        The deviance.
    constraint : Constraint
        What is held.
    lost : list of float
        Takes the coordinates at which a search did not end well.
    """

    model: Model
    constraint: Constraint
    lost: list[float]
    _seen: list[tuple[float, Lowest]] = field(default_factory=list)

    def begin(self, u: float) -> None:
        """Start from the optimum.

        Parameters
        ----------
        u : float
            The coordinate there.
        """
        x = self.constraint.start(self.model.psi)
        hessian = self.model.hessian
        if hessian is not None:
            J = self.constraint.jacobian(x, u)
            hessian = J.T @ hessian @ J
        first = Lowest(x, self.model.lowest, 0.0, hessian, True)  # type: ignore[arg-type]
        self._seen = [(u, first)]

    def at(self, u: float) -> Height:
        """Give the profile, searching from the nearest minima met.

        Parameters
        ----------
        u : float
            Value of the coordinate held.

        Returns
        -------
        Height
            Lowest deviance and its derivative.
        """
        near = sorted(self._seen, key=lambda seen: abs(seen[0] - u))[:2]
        (u0, nearest), x = near[0], near[0][1].x
        if len(near) == 2 and abs(u - u0) <= 3.0 * abs(near[1][0] - u0):
            share = (u - u0) / (near[1][0] - u0)
            x = x + share * (near[1][1].x - x)
        held = (self.model.deviance, self.constraint, u)
        found = search_lowest(*held, x, nearest.model)
        if not (np.isfinite(found.deviance) and found.is_minimum):
            again = search_lowest(*held, nearest.x, None)
            found = again if not found.deviance <= again.deviance else found
        if not found.is_minimum:
            self.lost.append(u)
        if np.isfinite(found.deviance):
            self._seen.append((u, found))
        return Height(found.deviance, found.slope)


@dataclass(frozen=True, slots=True, eq=False)
class Profiled:
    """A parameter with its profile.

    Attributes
    ----------
    parameter : Parameter
        Which.
    curve : Curve
        Deviance by the coordinate u.
    value : callable
        The parameter as a function of u.
    lost : list of float
        Coordinates at which a search did not end well.
    """

    parameter: Parameter
    curve: Curve
    value: Callable[[float], float]
    lost: list[float]


def same(u: float) -> float:
    """Take the coordinate as it is.

    Parameters
    ----------
    u : float
        The coordinate.

    Returns
    -------
    float
        The parameter.
    """
    return u


def exponential(u: float) -> float:
    """Read a coordinate in logs.

    Parameters
    ----------
    u : float
        The coordinate.

    Returns
    -------
    float
        The parameter.
    """
    return float(np.exp(u))


def _sine(u: float) -> float:
    return float(np.sin(u))


def walk_correlation(parameter: Parameter, model: Model, places: list[int]) -> Profiled:
    """Give the profile of a correlation.

    Parameters
    ----------
    parameter : Parameter
        Which.
    model : Model
        The deviance, both effects first among those they may correlate with.
    places : list of int
        Positions in ψ of the elements (0, 0), (1, 0) and (1, 1) of Λ.

    Returns
    -------
    Profiled
        The profile, by the angle whose sine the correlation is.
    """
    a, slope, second = places
    held = HeldCorrelation(a, slope, second, len(model.psi))
    estimate = float(np.arctan2(model.psi[slope], model.psi[second]))
    bounds = (-_RIGHT_ANGLE, _RIGHT_ANGLE)
    return walk_along(parameter, model, held, estimate, SPREAD, _sine, bounds)


def walk_along(
    parameter: Parameter,
    model: Model,
    constraint: Constraint,
    estimate: float,
    step: float,
    value: Callable[[float], float],
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Profiled:
    """Give the profile of a parameter.

    Parameters
    ----------
    parameter : Parameter
        Which.
    model : Model
        The deviance.
    constraint : Constraint
        The model with the parameter held.
    estimate : float
        Coordinate of the parameter at the optimum.
    step : float
        About the distance in which the signed root grows by one.
    value : callable
        The parameter as a function of the coordinate.
    bounds : tuple of float
        Range of the coordinate.

    Returns
    -------
    Profiled
        The profile.
    """
    lost: list[float] = []
    walk = Walk(model, constraint, lost)
    walk.begin(estimate)
    curve = Curve(walk.at, estimate, model.lowest, step, bounds)
    return Profiled(parameter, curve, value, lost)
