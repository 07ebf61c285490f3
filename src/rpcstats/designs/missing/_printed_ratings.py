"""Ratings as people give them, in whole points, and the continuous values behind: arrays only."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

HALF: Final = 0.5
_AT_ONCE: Final = 8192
"""Values drawn at once, so that they stay in the processor's cache."""


class PrintedRatings(NamedTuple):
    """Which ratings lie between two cuts, and which beyond the last.

    Attributes
    ----------
    value : ndarray of shape (M,)
        Printed ratings.
    inside, lowest, highest : ndarray of int
        Places of those between two cuts, at the lower end and at the upper end.
    """

    value: Floats
    inside: Integers
    lowest: Integers
    highest: Integers


def printed_ratings(value: Floats, minimum: float, maximum: float) -> PrintedRatings:
    """Sort printed ratings.

    Parameters
    ----------
    value : ndarray of shape (M,)
        Whole numbers.
    minimum, maximum : float
        Ends of the scale; ratings there stand for everything beyond.

    Returns
    -------
    PrintedRatings
        For `draw_latent`.
    """
    low, high = value <= minimum, value >= maximum
    inside, lowest, highest = (np.flatnonzero(which) for which in (~(low | high), low, high))
    return PrintedRatings(value, inside, lowest, highest)


def draw_latent(
    rng: np.random.Generator, printed: PrintedRatings, mean: Floats, sd: float
) -> Floats:
    """Draw the continuous values behind printed ratings, normal about their means.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    printed : PrintedRatings
        What was printed: a value is within half a point of it, or beyond the last cut.
    mean : ndarray of shape (M,)
        Means.
    sd : float
        Standard deviation.

    Returns
    -------
    ndarray of shape (M,)
        Truncated normal values: by rejection from uniform ones between two cuts, by the inverse
        of the distribution beyond the last.
    """
    z = (printed.value - mean) / sd
    half = HALF / sd
    for part in np.array_split(printed.inside, -(-len(printed.inside) // _AT_ONCE) or 1):
        z[part] = _between(rng, z[part] - half, 2.0 * half)
    for place, side in ((printed.lowest, 1.0), (printed.highest, -1.0)):
        if len(place):
            chance = ndtr(side * z[place] + half) * (1.0 - rng.random(len(place)))
            z[place] = side * ndtri(chance)
    return np.asarray(mean + sd * z)


def print_ratings(latent: Floats, minimum: float, maximum: float) -> Floats:
    """Round to whole points on the scale.

    Parameters
    ----------
    latent : ndarray
        Continuous values.
    minimum, maximum : float
        Ends of the scale.

    Returns
    -------
    ndarray
        Rounded half up, no further than the ends.
    """
    return np.asarray(np.clip(np.floor(latent + HALF), minimum, maximum))


def _between(rng: np.random.Generator, low: Floats, width: float) -> Floats:
    """Draw standard normal values between `low` and `low + width`."""
    drawn = np.empty_like(low)
    nearest = np.maximum(low, 0.0) + np.minimum(low + width, 0.0)
    height = 0.5 * nearest * nearest
    todo = np.arange(len(low))
    while len(todo):
        z = low[todo] + width * rng.random(len(todo))
        kept = rng.standard_exponential(len(todo)) > 0.5 * z * z - height[todo]
        drawn[todo[kept]] = z[kept]
        todo = todo[~kept]
    return drawn
