"""The lowest deviance with one parameter held."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from rpcstats.mixed.inference.profile_constraints import Constraint
from rpcstats.mixed.inference.profile_deviance import Deviance
from rpcstats.mixed.linear._trust_region import Path, Point, descend, trust_region_step
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

# Newton decrement at which a search ends; the deviance is then exact to half its square.
_TARGET: Final = 1e-5

# Decrement up to which the end passes for a minimum: the signed root is exact to 1e-6.
_GOOD_ENOUGH: Final = 1e-3

_MAX_STEP: Final = 150

# A scaled diagonal of Λ this near zero may be a false edge, as in the search for the fit; the
# search is repeated from these sizes.
_EDGE: Final = 1e-3
_INSIDE: Final = (0.3, 1.0)

# A search from inside has to lower the deviance by more than rounding does.
_NOISE: Final = 1e-11

# Curvature is taken as at least this part of the largest where coordinates are chosen.
_FLATTEST: Final = 1e-8

# Logarithms of scaled standard deviations are kept within this: smaller ones are zero, larger ones
# beyond all data.
_LARGEST_LOG: Final = 18.0


@dataclass(frozen=True, slots=True, eq=False)
class Lowest:
    """The lowest deviance with one parameter held.

    Attributes
    ----------
    x : ndarray of shape (m,)
        The free parameters.
    deviance : float
        The deviance.
    slope : float
        Its derivative by the coordinate held.
    model : ndarray of shape (m, m)
        Model of the Hessian by x.
    is_minimum : bool
        Whether the conditions of a minimum hold.
    """

    x: FloatArray
    deviance: float
    slope: float
    model: FloatArray
    is_minimum: bool


@dataclass(slots=True, eq=False)
class _Held:
    """The deviance by x = origin + basis w, for one value of the coordinate held."""

    deviance: Deviance
    constraint: Constraint
    u: float
    origin: FloatArray
    basis: FloatArray
    model: FloatArray
    last: tuple[FloatArray, FloatArray] | None = field(default=None)

    def point(self, w: FloatArray) -> Point:
        """Evaluate; the model of the Hessian learns from every change of the gradient."""
        x = self.origin + self.basis @ w
        value, gradient, hessian = self.by_x(x)
        if not np.isfinite(value):
            return Point(w, np.inf, np.zeros(len(w)), np.eye(len(w)))
        if hessian is None:
            self._learn(x, gradient)
            hessian = self.model
        model = self.basis.T @ hessian @ self.basis
        return Point(w, value, self.basis.T @ gradient, (model + model.T) / 2.0)

    def by_x(self, x: FloatArray) -> tuple[float, FloatArray, FloatArray | None]:
        logs = self.constraint.logs
        unit = np.log(self.deviance.scale[self.constraint.free[logs]])
        if np.abs(x[logs] + unit).max(initial=0.0) > _LARGEST_LOG:
            return np.inf, np.zeros(len(x)), None
        found = self.deviance.at(self.constraint.full(x, self.u))
        if not np.isfinite(found.value):
            return np.inf, np.zeros(len(x)), None
        J = self.constraint.jacobian(x, self.u)
        hessian = None
        if self.deviance.exact and found.hessian is not None:
            bend = self.constraint.bend(x, self.u, found.gradient)
            hessian = J.T @ found.hessian @ J + bend
        return found.value, J.T @ found.gradient, hessian

    def _learn(self, x: FloatArray, gradient: FloatArray) -> None:
        """Update the model by BFGS where the gradient has turned the right way."""
        if self.last is not None:
            move, change = x - self.last[0], gradient - self.last[1]
            pushed = self.model @ move
            if move @ change > 1e-8 * (move @ pushed) > 0.0:
                self.model = (
                    self.model
                    - np.outer(pushed, pushed) / (move @ pushed)
                    + np.outer(change, change) / (move @ change)
                )
        self.last = (x, gradient)


def search_lowest(
    deviance: Deviance,
    constraint: Constraint,
    u: float,
    start: FloatArray,
    model: FloatArray | None,
) -> Lowest:
    """Minimise the deviance over the parameters that are free.

    Parameters
    ----------
    deviance : Deviance
        The deviance as a function of all parameters.
    constraint : Constraint
        What is held.
    u : float
        Value of the coordinate held.
    start : ndarray of shape (m,)
        Free parameters to start from.
    model : ndarray of shape (m, m) or None
        Model of the Hessian by them, where the deviance has none of its own.

    Returns
    -------
    Lowest
        The minimum; a search that ends where a standard deviation is zero is repeated from
        inside, and the better end is kept.
    """
    end = _descend(deviance, constraint, u, start, model)
    diagonal = _diagonals(deviance, constraint)
    size = deviance.scale[constraint.free]
    for position in diagonal[_sizes(end.x, size, constraint.logs)[diagonal] < _EDGE]:
        for inside in _INSIDE:
            x = end.x.copy()
            wanted = inside / size[position]
            x[position] = np.log(wanted) if position in constraint.logs else wanted
            again = _descend(deviance, constraint, u, x, model)
            if again.deviance < end.deviance - _NOISE * max(1.0, abs(end.deviance)):
                end = again
                break
    return end


def _diagonals(deviance: Deviance, constraint: Constraint) -> IntArray:
    """Give the positions in x of standard deviations, or their logarithms, that may go to 0."""
    on = np.concatenate([block.on_diagonal for block in deviance.blocks])
    places = deviance.first + np.flatnonzero(on)
    at = np.flatnonzero(np.isin(constraint.free, places))
    return np.union1d(at, constraint.logs).astype(np.int64)


def _sizes(x: FloatArray, scale: FloatArray, logs: IntArray) -> FloatArray:
    size = np.abs(x)
    size[logs] = np.exp(x[logs])
    return np.asarray(size * scale)


def _descend(
    deviance: Deviance,
    constraint: Constraint,
    u: float,
    start: FloatArray,
    model: FloatArray | None,
) -> Lowest:
    m = len(start)
    held = _Held(deviance, constraint, u, start, np.eye(m), np.eye(m))
    if model is not None:
        held.model = model
    elif not deviance.exact:
        held.model = _first_model(deviance, constraint, u, start)
    value, _, hessian = held.by_x(start)
    if not np.isfinite(value):
        return Lowest(start, np.inf, np.nan, held.model, False)
    held.basis = _whitening(held.model if hessian is None else hessian)
    first = held.point(np.zeros(m))
    path = descend(held.point, first, target=_TARGET, max_step=_MAX_STEP)
    return _finish(held, path)


def _finish(held: _Held, path: Path) -> Lowest:
    end = path.end
    x = held.origin + held.basis @ end.x
    left = trust_region_step(end.gradient, end.hessian, np.inf).decrement
    found = held.deviance.at(held.constraint.full(x, held.u))
    slope = float(found.gradient @ held.constraint.along(x, held.u))
    return Lowest(x, end.value, slope, held.model, bool(left <= _GOOD_ENOUGH))


def _first_model(deviance: Deviance, constraint: Constraint, u: float, x: FloatArray) -> FloatArray:
    """Take the engine's model of the Hessian where it has one."""
    hessian = deviance.at(constraint.full(x, u)).hessian
    if hessian is None:
        scale = deviance.scale[constraint.free]
        scale[constraint.logs] = 1.0
        return np.diag(scale**2)
    J = constraint.jacobian(x, u)
    values, vectors = np.linalg.eigh(J.T @ hessian @ J)
    bounded = np.maximum(values, _FLATTEST * max(float(values[-1]), 1.0))
    result: FloatArray = (vectors * bounded) @ vectors.T
    return result


def _whitening(hessian: FloatArray) -> FloatArray:
    """Give a basis in which the curvature is about one in every direction."""
    if not len(hessian):
        return hessian
    values, vectors = np.linalg.eigh(hessian)
    size = np.maximum(np.abs(values), _FLATTEST * max(float(np.abs(values).max()), 1e-300))
    basis: FloatArray = vectors / np.sqrt(size)
    return basis
