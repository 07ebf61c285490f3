"""Rounding of counts, and the counts that a rounded one may stand for."""

from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Rule = Literal["nearest", "midpoint", "none"]

DIGITS_KEPT: Final = 6
"""A ratio of whole numbers may miss a class boundary by 1e-12; six digits settle it."""


def round_counts(count: ArrayLike, width: int, rule: Rule) -> FloatArray:
    """Round counts to classes of equal width.

    Parameters
    ----------
    count : array_like
        Counts, 0 or more; NaN stays.
    width : int
        Width of a class.
    rule : {"nearest", "midpoint", "none"}
        Nearest multiple (halves up), the middle of 1..width, width + 1..2 width and so on,
        or no change.

    Returns
    -------
    ndarray
        Rounded counts.
    """
    x: FloatArray = np.asarray(count, dtype=np.float64).round(DIGITS_KEPT)
    if rule == "none":
        return x
    if rule == "nearest":
        rounded: FloatArray = np.floor(x / width + 0.5) * width
        return rounded
    middle: FloatArray = np.where(x > 0, np.ceil(x / width) * width - width // 2, 0.0)
    return np.where(np.isnan(x), np.nan, middle)


def possible_counts(rounded: ArrayLike, width: int, rule: Rule) -> tuple[FloatArray, FloatArray]:
    """Give the whole counts that a rounded count may stand for.

    Parameters
    ----------
    rounded : array_like
        Rounded counts.
    width : int
        Width of a class.
    rule : {"nearest", "midpoint", "none"}
        As in `round_counts`.

    Returns
    -------
    tuple of ndarray
        Smallest and largest count.
    """
    r = np.asarray(rounded, dtype=np.float64)
    if rule == "none":
        return r, r
    if rule == "nearest":
        return np.maximum(np.ceil(r - width / 2), 0.0), np.ceil(r + width / 2) - 1
    high = np.where(r > 0, r + width // 2, 0.0)
    return np.where(r > 0, high - width + 1, 0.0), high
