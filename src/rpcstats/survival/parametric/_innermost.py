"""Intervals on which a likelihood of interval-censored times can put mass."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_CLOSED_LEFT, _CLOSED_RIGHT, _OPEN_LEFT = 0, 1, 2


class Innermost(NamedTuple):
    """Innermost intervals, and those that each distinct observation covers.

    Attributes
    ----------
    lower, upper : ndarray of shape (m,)
        Limits, in order: (lower, upper], or the one point lower = upper.
    first, last : ndarray of shape (k,), int
        First and last innermost interval that a distinct observation covers.
    weight : ndarray of shape (k,)
        Rows, or their weights, with that observation.
    """

    lower: FloatArray
    upper: FloatArray
    first: IntArray
    last: IntArray
    weight: FloatArray


def innermost(lower: FloatArray, upper: FloatArray, weights: FloatArray | None) -> Innermost:
    """Find the innermost intervals of a sample.

    Parameters
    ----------
    lower, upper : ndarray of shape (n,)
        Each time lies in (lower, upper], or at lower if both are equal; upper may be infinite.
    weights : ndarray of shape (n,) or None
        Case weights.

    Returns
    -------
    Innermost
        The intervals.

    Notes
    -----
    Turnbull (1976): a left end that the next end in order follows as a right end.
    """
    left = np.where(lower == upper, _CLOSED_LEFT, _OPEN_LEFT)
    points = np.unique(np.concatenate([lower, upper]))
    key_left = 3 * np.searchsorted(points, lower) + left
    key_right = 3 * np.searchsorted(points, upper) + _CLOSED_RIGHT
    ends = np.unique(np.concatenate([key_left, key_right]))
    is_right = ends % 3 == _CLOSED_RIGHT
    starts = np.flatnonzero(~is_right[:-1] & is_right[1:])
    from_key, to_key = ends[starts], ends[starts + 1]
    first = np.searchsorted(from_key, key_left)
    last = np.searchsorted(to_key, key_right, side="right") - 1
    m = len(starts)
    cells, inverse = np.unique(first * m + last, return_inverse=True)
    weight = np.bincount(inverse.reshape(-1), weights=weights, minlength=len(cells))
    return Innermost(
        points[from_key // 3],
        points[to_key // 3],
        (cells // m).astype(np.int64),
        (cells % m).astype(np.int64),
        weight.astype(np.float64),
    )


def effective_at_risk(
    cells: Innermost,
    mass: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    weights: FloatArray | None,
) -> FloatArray:
    """Count the rows on which each innermost interval and the later ones rest.

    Parameters
    ----------
    cells : Innermost
        The intervals.
    mass : ndarray of shape (m,)
        Their estimated probabilities.
    lower, upper : ndarray of shape (n,)
        The sample, as in `innermost`.
    weights : ndarray of shape (n,) or None
        Case weights.

    Returns
    -------
    ndarray of shape (m,)
        Rows whose event is known to have happened count by the estimated chance that it was in
        this interval or later, given what is known of them; rows without an event while they
        are followed through the interval. Those at risk, where all times are known exactly.
    """
    m, w = len(mass), np.ones(len(lower)) if weights is None else weights
    known = np.isfinite(upper)
    followed = np.searchsorted(cells.upper, lower[~known], side="right")
    ends = np.bincount(followed, w[~known], m + 1)
    at_risk = ends[::-1].cumsum()[::-1][1:]
    low, high, w = lower[known], upper[known], w[known]
    exact = low == high
    first = np.searchsorted(cells.upper, low, side="right")
    first[exact] = np.searchsorted(cells.upper, low[exact])
    last = np.searchsorted(cells.upper, high, side="right")
    total = np.append(0.0, np.cumsum(mass))
    chance = total[last] - total[first]
    per_mass = np.divide(w, chance, out=np.zeros(len(w)), where=chance > 0.0)
    spread = np.bincount(first, per_mass, m + 1) - np.bincount(last, per_mass, m + 1)
    expected = mass * np.cumsum(spread)[:m]
    found: FloatArray = at_risk + expected[::-1].cumsum()[::-1]
    return found
