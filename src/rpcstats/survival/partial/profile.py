"""Limits of single coefficients from the profile of the likelihood."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.likelihood import PartialLikelihood
from rpcstats.survival.partial.newton import Maximum, maximise

FloatArray = NDArray[np.float64]

_PRECISION: Final = 1e-9
"""Signed roots may miss their target by this much."""
_MOST_STEPS: Final = 60
_FAR: Final = 60.0
"""A coefficient of a standardised covariate this far out stands for infinity."""


def profile_limit(
    likelihood: PartialLikelihood, best: Maximum, j: int, z: float, *, n_event: int
) -> float:
    """Find where the profile of one coefficient has fallen by z² / 2.

    Parameters
    ----------
    likelihood : PartialLikelihood
        The function.
    best : Maximum
        Its maximum.
    j : int
        The coefficient.
    z : float
        Normal quantile; below 0 for the lower limit.
    n_event : int
        Number of events.

    Returns
    -------
    float
        The limit; infinite if the profile never falls so far.

    Notes
    -----
    Venzon and Moolgavkar (1988): the signed root of twice the fall is nearly linear in the
    coefficient, and its slope is the derivative of the likelihood in that coefficient alone, so
    that Newton's steps on it, kept inside a bracket, take a few refits.
    """
    free = np.arange(len(best.beta)) != j
    spread = np.sqrt(np.linalg.inv(best.point.curvature)[j, j])
    inside, outside = 0.0, np.inf * np.sign(z)
    start, step = best.beta.copy(), z * spread
    for _ in range(_MOST_STEPS):
        start = start.copy()
        start[j] = best.beta[j] + step
        if abs(start[j]) > _FAR:
            return float(outside if np.isinf(outside) else start[j])
        found = maximise(likelihood, start, n_event=n_event, free=free)
        root = np.sign(z) * np.sqrt(max(2.0 * (best.value - found.value), 0.0))
        if abs(root - z) <= _PRECISION:
            break
        if abs(root) < abs(z):
            inside = step
        else:
            outside = step
        slope = -found.point.gradient[j] / root if root else 0.0
        step = _next(step, inside, outside, (z - root) / slope if slope > 0.0 else np.nan, spread)
        start = found.beta
    return float(best.beta[j] + step)


def _next(step: float, inside: float, outside: float, move: float, spread: float) -> float:
    """Take Newton's step if it stays in the bracket and is not too bold, else halve or widen."""
    low, high = min(inside, outside), max(inside, outside)
    wanted = step + move
    if np.isinf(outside):
        farthest = step + np.sign(outside) * 4.0 * max(spread, abs(step))
        if np.isfinite(wanted) and low < wanted < high:
            return float(min(wanted, farthest) if outside > 0 else max(wanted, farthest))
        return float(farthest)
    if np.isfinite(wanted) and low < wanted < high:
        return float(wanted)
    return (inside + outside) / 2.0
