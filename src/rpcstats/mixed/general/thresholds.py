"""Structures of the thresholds of a cumulative link model."""

import numpy as np

from rpcstats.mixed.structure.model_frame import FloatArray

THRESHOLDS = ("flexible", "equidistant", "symmetric")


def name_thresholds(n: int, thresholds: str) -> tuple[str, ...]:
    """Name the parameters φ of n thresholds.

    Parameters
    ----------
    n : int
        Number of thresholds.
    thresholds : str
        "flexible", "equidistant" or "symmetric".

    Returns
    -------
    tuple of str
        Names.
    """
    if thresholds == "flexible":
        return ("threshold_1", *(f"log_step_{j}" for j in range(1, n)))
    if thresholds == "equidistant":
        return ("threshold_1", "log_step") if n > 1 else ("threshold_1",)
    half = n // 2
    return ("centre", *(f"log_step_{j}" for j in range(1, half + 1)))


def map_thresholds(extra: FloatArray, n: int, thresholds: str) -> tuple[FloatArray, FloatArray]:
    """Give thresholds and their derivatives by φ.

    Parameters
    ----------
    extra : ndarray of shape (e,)
        φ.
    n : int
        Number of thresholds.
    thresholds : str
        "flexible", "equidistant" or "symmetric".

    Returns
    -------
    alpha : ndarray of shape (n,)
        Thresholds, increasing.
    jacobian : ndarray of shape (n, e)
        Their derivatives.
    """
    pattern = _step_pattern(n, thresholds)
    steps = np.exp(extra[1:])
    alpha = extra[0] + pattern @ steps
    return alpha, np.column_stack([np.ones(n), pattern * steps])


def _step_pattern(n: int, thresholds: str) -> FloatArray:
    """Give the (n, number of steps) matrix that adds steps to the first threshold or centre."""
    if thresholds == "flexible":
        return np.tri(n, n - 1, k=-1)
    if thresholds == "equidistant":
        return np.arange(float(n))[:, None] if n > 1 else np.zeros((1, 0))
    half = n // 2
    outward = np.tri(half)
    if n % 2 == 0:
        outward[:, 0] = 0.5
    middle = np.zeros((n % 2, half))
    return np.concatenate([-outward[::-1], middle, outward])


def fit_thresholds(alpha: FloatArray, thresholds: str) -> FloatArray:
    """Give φ of thresholds, or of near ones of the structure.

    Parameters
    ----------
    alpha : ndarray of shape (n,)
        Thresholds, increasing.
    thresholds : str
        "flexible", "equidistant" or "symmetric".

    Returns
    -------
    ndarray of shape (e,)
        φ.
    """
    steps = np.diff(alpha)
    if thresholds == "flexible":
        return np.concatenate([alpha[:1], np.log(steps)])
    if thresholds == "equidistant":
        mean = steps.mean() if len(steps) else 1.0
        first = alpha.mean() - mean * len(steps) / 2.0
        return np.array([first, np.log(mean)]) if len(steps) else alpha
    folded = (steps + steps[::-1]) / 2.0
    half = len(alpha) // 2
    return np.concatenate([[alpha.mean()], np.log(folded[len(folded) - half :])])
