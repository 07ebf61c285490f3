"""Quasi-Newton descent in a trust region."""

import numpy as np

from rpcstats.mixed.general.evaluation import GeneralEvaluation
from rpcstats.mixed.general.scaled_problem import ScaledProblem
from rpcstats.mixed.structure.model_frame import FloatArray

MAX_ITERATIONS = 200
"""Steps; a search with an optimum needs ten to thirty."""

FIRST_RADIUS = 1.0
"""Length of the first step in scaled units, in which parameters are of order one."""

LARGEST_RADIUS = 10.0

LULL = 10
SLOW = 1e-7
"""A search that gains less than this in that many steps follows a valley without an end, or is so
near the optimum that Newton steps do better."""

_FLATTEST = 1e-10
_BISECTIONS = 60


def descend(
    scaled: ScaledProblem,
    v: FloatArray,
    at: GeneralEvaluation,
    B: FloatArray,
    log: list[float],
    tolerance: float,
) -> tuple[FloatArray, GeneralEvaluation]:
    """Go downhill until the model of the deviance sees nothing left to gain.

    Parameters
    ----------
    scaled : ScaledProblem
        The deviance.
    v : ndarray of shape (d,)
        Start.
    at : GeneralEvaluation
        Deviance and gradient there.
    B : ndarray of shape (d, d)
        First guess of the Hessian.
    log : list of float
        Takes the deviance after each step.
    tolerance : float
        Decrease of the deviance not worth another step.

    Returns
    -------
    v : ndarray of shape (d,)
        End.
    at : GeneralEvaluation
        Deviance and gradient there.

    Notes
    -----
    BFGS with Powell's damping; the step minimises the quadratic model within the radius
    (Nocedal and Wright 2006, chapters 4 and 18).
    """
    radius = FIRST_RADIUS
    first = len(log)
    log.append(at.deviance)
    for _ in range(MAX_ITERATIONS):
        g = _gradient(at)
        step, predicted = _step_within(g, B, radius)
        if predicted < tolerance / 2.0:
            break
        trial = scaled.evaluate(v + step)
        gain = at.deviance - trial.deviance
        noise = scaled.noise(at.deviance)
        length = float(np.linalg.norm(step))
        if not np.isfinite(trial.deviance):
            radius = length / 4.0
            continue
        B = _update(B, step, _gradient(trial) - g)
        ratio = (gain + noise) / (predicted + noise)
        if ratio < 0.25:
            radius = length / 4.0
        elif ratio > 0.75 and length > 0.8 * radius:
            radius = min(2.0 * radius, LARGEST_RADIUS)
        if ratio > 1e-4:
            v, at = v + step, trial
            log.append(at.deviance)
            if len(log) > first + LULL and log[-LULL] - at.deviance < SLOW:
                break
        elif radius < 1e-12:
            break
    return v, at


def _gradient(at: GeneralEvaluation) -> FloatArray:
    assert at.gradient is not None
    return at.gradient


def _step_within(g: FloatArray, B: FloatArray, radius: float) -> tuple[FloatArray, float]:
    """Minimise g's + s'Bs/2 for steps s no longer than the radius."""
    values, vectors = np.linalg.eigh(B)
    values = np.maximum(values, _FLATTEST * max(float(values.max()), 1.0))
    slope = vectors.T @ g
    shift = 0.0
    if np.linalg.norm(slope / values) > radius:
        low, high = 0.0, float(np.linalg.norm(slope)) / radius
        for _ in range(_BISECTIONS):
            shift = (low + high) / 2.0
            if np.linalg.norm(slope / (values + shift)) > radius:
                low = shift
            else:
                high = shift
        shift = high
    along = -slope / (values + shift)
    predicted = -float(slope @ along + 0.5 * (values * along) @ along)
    return vectors @ along, predicted


def _update(B: FloatArray, step: FloatArray, change: FloatArray) -> FloatArray:
    """Update by BFGS, damped so that B stays positive definite."""
    moved = B @ step
    curve = float(step @ moved)
    seen = float(step @ change)
    if curve <= 0.0:
        return B
    if seen < 0.2 * curve:
        share = 0.8 * curve / (curve - seen)
        change = share * change + (1.0 - share) * moved
        seen = float(step @ change)
    return B - np.outer(moved, moved) / curve + np.outer(change, change) / seen
