"""Slice sampling of one number (Neal 2003)."""

from collections.abc import Callable
from typing import Final

import numpy as np

_WIDTH: Final = 1.0
_MOST_STEPS: Final = 50


def slice_draw(rng: np.random.Generator, x: float, log_density: Callable[[float], float]) -> float:
    """Draw a number with stepping out and shrinkage.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    x : float
        Where the chain is.
    log_density : callable
        Logarithm of the density, up to a constant.

    Returns
    -------
    float
        Where it goes.
    """
    height = log_density(x) - rng.standard_exponential()
    low = x - _WIDTH * rng.random()
    high = low + _WIDTH
    for _ in range(_MOST_STEPS):
        if log_density(low) <= height:
            break
        low -= _WIDTH
    for _ in range(_MOST_STEPS):
        if log_density(high) <= height:
            break
        high += _WIDTH
    while True:
        tried = low + (high - low) * rng.random()
        if log_density(tried) > height:
            return tried
        low, high = (tried, high) if tried < x else (low, tried)
