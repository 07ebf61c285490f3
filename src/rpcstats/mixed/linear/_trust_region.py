"""Newton steps within a trust region, for few parameters and any curvature."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rpcstats.mixed.structure.model_frame import FloatArray

# Differences of the objective below this part of it are rounding.
NOISE = 1e-13

# A quadratic model is trusted in a wider region after steps that gain this part of what it
# promised, in a narrower one after steps that gain less than the second.
_GOOD, _POOR = 0.75, 0.25

# An eigenvalue of the Hessian below this part of the largest is taken as no curvature at all.
_FLAT = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The objective and its derivatives at one place.

    Attributes
    ----------
    x : ndarray of shape (k,)
        The place.
    value : float
        Objective; infinite where it cannot be evaluated.
    gradient : ndarray of shape (k,)
        Gradient.
    hessian : ndarray of shape (k, k)
        Hessian, or a positive definite model of it.
    """

    x: FloatArray
    value: float
    gradient: FloatArray
    hessian: FloatArray


class Step(NamedTuple):
    """A step and what the quadratic model promises of it.

    Attributes
    ----------
    move : ndarray of shape (k,)
        The step.
    gain : float
        Promised fall of the objective.
    decrement : float
        Root of g'H⁻¹g: half its square is what the objective could still fall by. Directions
        without curvature count with that of the flattest but one, curvature the wrong way
        with its size.
    """

    move: FloatArray
    gain: float
    decrement: float


class Path(NamedTuple):
    """Where a search went.

    Attributes
    ----------
    end : Point
        The best point found.
    log : tuple of float
        Objective at each point accepted.
    reason : str
        Why the search stopped, in words.
    """

    end: Point
    log: tuple[float, ...]
    reason: str


def trust_region_step(gradient: FloatArray, hessian: FloatArray, radius: float) -> Step:
    """Minimise a quadratic within a ball.

    Parameters
    ----------
    gradient : ndarray of shape (k,)
        Gradient.
    hessian : ndarray of shape (k, k)
        Hessian, not necessarily positive definite.
    radius : float
        Largest length of the step.

    Returns
    -------
    Step
        The minimiser; from a saddle point it leaves along the most negative curvature. None,
        with an infinite gain, where that goes down for ever and the radius is infinite.

    Notes
    -----
    Moré and Sorensen (1983), by the eigenvalues of the Hessian.
    """
    curvature, directions = np.linalg.eigh(hessian)
    along = directions.T @ gradient
    size = np.abs(curvature)
    floor = max(_FLAT * float(size.max()), np.finfo(float).tiny)
    decrement = float(np.sqrt((along**2 / np.maximum(size, floor)).sum()))
    if curvature[0] >= -floor:
        move = -along / np.where(size <= floor, np.inf, curvature)
        if move @ move <= radius**2:
            return _describe(move, along, curvature, directions, decrement)
    if not np.isfinite(radius):
        return Step(np.zeros_like(gradient), np.inf, decrement)
    move = _boundary_move(along, curvature, radius, floor)
    return _describe(move, along, curvature, directions, decrement)


def _boundary_move(
    along: FloatArray, curvature: FloatArray, radius: float, floor: float
) -> FloatArray:
    """Find the shift of the Hessian at which the step has the length of the radius."""
    low = max(0.0, -float(curvature[0])) + floor
    move = -along / (curvature + low)
    missing = radius**2 - float(move @ move)
    if missing >= 0.0:
        move[0] += np.copysign(np.sqrt(missing), -along[0])
        return move
    high = low + float(np.linalg.norm(along)) / radius
    for _ in range(100):
        middle = np.sqrt(low * high)
        move = -along / (curvature + middle)
        length = float(np.linalg.norm(move))
        if abs(length - radius) < 1e-3 * radius:
            break
        low, high = (middle, high) if length > radius else (low, middle)
    return move


def _describe(
    move: FloatArray,
    along: FloatArray,
    curvature: FloatArray,
    directions: FloatArray,
    decrement: float,
) -> Step:
    gain = -float(along @ move + 0.5 * (curvature * move) @ move)
    return Step(directions @ move, gain, decrement)


def descend(
    evaluate: Callable[[FloatArray], Point],
    start: Point,
    *,
    target: float,
    max_step: int,
    abandon: Callable[[FloatArray], bool] | None = None,
) -> Path:
    """Search for a minimum.

    Parameters
    ----------
    evaluate : callable
        Gives the Point at x.
    start : Point
        Where to start; its value is finite.
    target : float
        Newton decrement at which the search ends.
    max_step : int
        Largest number of steps tried.
    abandon : callable, optional
        Tells of an x whether to give up there.

    Returns
    -------
    Path
        The best point, the objective along the way, and the reason of the end.
    """
    point, radius, log = start, 1.0, [start.value]
    step = trust_region_step(point.gradient, point.hessian, radius)
    for _ in range(max_step):
        if step.decrement <= target and step.gain <= target**2:
            return Path(point, tuple(log), "the gradient is zero to working precision")
        trial = evaluate(point.x + step.move)
        noise = NOISE * max(1.0, abs(point.value))
        if step.gain <= 10.0 * noise:
            next_step = trust_region_step(trial.gradient, trial.hessian, radius)
            if not (np.isfinite(trial.value) and next_step.decrement < 0.5 * step.decrement):
                return Path(point, tuple(log), "a further step changes the deviance by rounding")
            point, step = trial, next_step
            log.append(point.value)
            continue
        ratio = (point.value - trial.value) / step.gain
        length = float(np.linalg.norm(step.move))
        radius = _next_radius(radius, length, ratio)
        if ratio > 1e-4:
            point = trial
            log.append(point.value)
        if abandon is not None and abandon(point.x):
            return Path(point, tuple(log), "given up")
        if radius < 1e-12 * max(1.0, float(np.linalg.norm(point.x))):
            return Path(point, tuple(log), "no shorter step lowers the deviance")
        step = trust_region_step(point.gradient, point.hessian, radius)
    return Path(point, tuple(log), f"the limit of {max_step} steps was reached")


def _next_radius(radius: float, length: float, ratio: float) -> float:
    if not ratio >= _POOR:
        return 0.25 * length
    if ratio > _GOOD and length > 0.9 * radius:
        return 3.0 * radius
    return radius
