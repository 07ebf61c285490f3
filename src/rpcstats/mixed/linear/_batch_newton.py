"""Newton's method in trust regions for many small problems at once."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.linear._trust_region import NOISE
from rpcstats.mixed.structure.model_frame import FloatArray

BoolArray = NDArray[np.bool_]

# As in the search for one response.
_TARGET = 1e-8
_CONVERGED = 1e-4
_MAX_STEP = 100
_FLAT = 1e-10


class Batch(NamedTuple):
    """Objectives and their derivatives, one row a problem.

    Attributes
    ----------
    x : ndarray of shape (b, k)
        Where.
    value : ndarray of shape (b,)
        Objectives.
    gradient : ndarray of shape (b, k)
        Gradients.
    hessian : ndarray of shape (b, k, k)
        Hessians.
    """

    x: FloatArray
    value: FloatArray
    gradient: FloatArray
    hessian: FloatArray

    def take(self, which: NDArray[np.intp] | BoolArray) -> "Batch":
        """Give some of the problems.

        Parameters
        ----------
        which : ndarray
            Their places.

        Returns
        -------
        Batch
            Copies of their rows.
        """
        return Batch(*(part[which] for part in self))

    def put(self, which: NDArray[np.intp], other: "Batch", rows: BoolArray) -> None:
        """Overwrite some of the problems.

        Parameters
        ----------
        which : ndarray of shape (c,), int
            Places the rows of `other` belong to.
        other : Batch
            Rows of c problems.
        rows : ndarray of shape (c,), bool
            Which of them to take over.
        """
        for mine, theirs in zip(self, other, strict=True):
            mine[which[rows]] = theirs[rows]


Evaluate = Callable[[FloatArray, NDArray[np.intp]], Batch]


class _Steps(NamedTuple):
    move: FloatArray
    gain: FloatArray
    decrement: FloatArray

    def take(self, which: BoolArray) -> "_Steps":
        return _Steps(*(part[which] for part in self))


def _propose(batch: Batch, radius: FloatArray) -> _Steps:
    curvature, directions = np.linalg.eigh(batch.hessian)
    along = np.einsum("bij,bi->bj", directions, batch.gradient)
    scale = np.maximum(np.abs(curvature).max(axis=1), np.finfo(float).tiny)[:, None]
    size = np.maximum(np.abs(curvature), _FLAT * scale)
    decrement = np.sqrt((along**2 / size).sum(axis=1))
    convex = curvature[:, 0] >= -_FLAT * scale[:, 0]
    flat = np.abs(curvature) <= _FLAT * scale
    move = -along / np.where(flat, np.inf, size)
    beyond = ~convex | (np.linalg.norm(move, axis=1) > radius)
    if beyond.any():
        move[beyond] = _boundary_moves(along[beyond], curvature[beyond], radius[beyond])
    gain = -((along + 0.5 * curvature * move) * move).sum(axis=1)
    return _Steps(np.einsum("bij,bj->bi", directions, move), gain, decrement)


def _boundary_moves(along: FloatArray, curvature: FloatArray, radius: FloatArray) -> FloatArray:
    """Bisect for the shift of each Hessian that gives the step the length of the radius."""
    scale = np.maximum(np.abs(curvature).max(axis=1), np.finfo(float).tiny)
    low = np.maximum(0.0, -curvature[:, 0]) + _FLAT * scale
    shortest = -along / (curvature + low[:, None])
    missing = radius**2 - (shortest**2).sum(axis=1)
    high = low + np.linalg.norm(along, axis=1) / radius
    for _ in range(40):
        middle = np.sqrt(low * high)
        too_long = np.linalg.norm(along / (curvature + middle[:, None]), axis=1) > radius
        low, high = np.where(too_long, middle, low), np.where(too_long, high, middle)
    move = -along / (curvature + high[:, None])
    hard = missing >= 0.0
    move[hard] = shortest[hard]
    move[hard, 0] += np.copysign(np.sqrt(missing[hard]), -along[hard, 0])
    return np.asarray(move)


def minimise_batch(evaluate: Evaluate, x: FloatArray, members: NDArray[np.intp]) -> Batch:
    """Minimise many objectives, each by its own steps.

    Parameters
    ----------
    evaluate : callable
        Gives the Batch at the rows of x for the problems numbered.
    x : ndarray of shape (b, k)
        Starting values.
    members : ndarray of shape (b,), int
        Numbers of the problems.

    Returns
    -------
    Batch
        The ends of the searches.
    """
    batch = evaluate(x, members)
    active = np.flatnonzero(np.isfinite(batch.value))
    radius = np.ones(len(x))
    for _ in range(_MAX_STEP):
        if not len(active):
            break
        here = batch.take(active)
        steps = _propose(here, radius[active])
        busy = (steps.decrement > _TARGET) | (steps.gain > _TARGET**2)
        active, here = active[busy], here.take(busy)
        steps = steps.take(busy)
        if not len(active):
            break
        trial = evaluate(here.x + steps.move, members[active])
        better, stay = _judge(here, trial, steps, radius, active)
        batch.put(active, trial, better)
        active = active[stay]
    return batch


def _judge(
    here: Batch, trial: Batch, steps: _Steps, radius: FloatArray, active: NDArray[np.intp]
) -> tuple[BoolArray, BoolArray]:
    """Say which trials are taken and which problems go on, and set the next radius."""
    noise = NOISE * np.maximum(1.0, np.abs(here.value))
    rounding = steps.gain <= 10.0 * noise
    ratio = (here.value - trial.value) / steps.gain
    finite = np.isfinite(trial.value)
    flatter = np.zeros(len(active), dtype=bool)
    flatter[finite] = decrements(trial.take(finite)) < 0.5 * steps.decrement[finite]
    better = np.where(rounding, flatter, ratio > 1e-4)
    length = np.linalg.norm(steps.move, axis=1)
    old = radius[active]
    wider = np.where((ratio > 0.75) & (length > 0.9 * old), 3.0 * old, old)
    radius[active] = np.where(rounding, old, np.where(ratio >= 0.25, wider, 0.25 * length))
    size = np.maximum(1.0, np.linalg.norm(here.x, axis=1))
    stay = np.where(rounding, flatter, radius[active] > 1e-12 * size)
    return better, stay


def decrements(batch: Batch) -> FloatArray:
    """Give the Newton decrement of each problem.

    Parameters
    ----------
    batch : Batch
        Points, all finite.

    Returns
    -------
    ndarray of shape (b,)
        Roots of g'H⁻¹g.
    """
    return _propose(batch, np.full(len(batch.x), np.inf)).decrement if len(batch.x) else batch.value


def at_minimum(batch: Batch) -> BoolArray:
    """Check the conditions of a minimum for each problem.

    Parameters
    ----------
    batch : Batch
        Ends of searches.

    Returns
    -------
    ndarray of shape (b,), bool
        Whether the gradient is zero and no curvature negative.
    """
    finite = np.isfinite(batch.value)
    result = finite.copy()
    part = batch.take(finite)
    if len(part.x):
        curvature = np.linalg.eigvalsh(part.hessian)
        convex = curvature[:, 0] >= -1e-6 * np.maximum(curvature[:, -1], 0.01)
        result[finite] = convex & (decrements(part) <= _CONVERGED)
    return result
