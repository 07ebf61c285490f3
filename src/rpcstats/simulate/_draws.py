"""Draws by inversion of uniforms, so that a seed gives the same data under any numpy.

numpy promises the stream of its bit generators and not that of its distributions.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LEAST: Final = 2.0**-54
"""Stands for a uniform of exactly zero, whose normal quantile is infinite."""


def normals(rng: np.random.Generator, shape: int | tuple[int, ...]) -> Floats:
    """Draw standard normal values.

    Parameters
    ----------
    rng : Generator
        Source of uniforms.
    shape : int or tuple of int
        Shape of the result.

    Returns
    -------
    ndarray
        Independent standard normal values.
    """
    return np.asarray(ndtri(np.maximum(rng.random(shape), _LEAST)), dtype=np.float64)


def categories(rng: np.random.Generator, probabilities: Sequence[float], n: int) -> Integers:
    """Draw categories, numbered from 0.

    Parameters
    ----------
    rng : Generator
        Source of uniforms.
    probabilities : sequence of float
        One a category; they are scaled to sum to one.
    n : int
        Number of draws.

    Returns
    -------
    ndarray of shape (n,)
        Positions in `probabilities`.
    """
    bounds = np.cumsum(np.asarray(probabilities, dtype=np.float64))
    drawn = np.searchsorted(bounds / bounds[-1], rng.random(n), side="right")
    return np.minimum(drawn, len(bounds) - 1).astype(np.int64)


def permutation(rng: np.random.Generator, n: int) -> Integers:
    """Draw an order of `n` things.

    Parameters
    ----------
    rng : Generator
        Source of uniforms.
    n : int
        Number of things.

    Returns
    -------
    ndarray of shape (n,)
        The numbers 0 to n - 1, each once.
    """
    return np.argsort(rng.random(n), kind="stable").astype(np.int64)


def integers(rng: np.random.Generator, low: int, high: int, n: int) -> Integers:
    """Draw whole numbers with equal chances.

    Parameters
    ----------
    rng : Generator
        Source of uniforms.
    low, high : int
        Bounds, both included.
    n : int
        Number of draws.

    Returns
    -------
    ndarray of shape (n,)
        Whole numbers.
    """
    return low + np.floor(rng.random(n) * (high - low + 1)).astype(np.int64)
