"""Weighted counts of smaller and equal ranks before and after a place, in O(m log m)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Dominance(NamedTuple):
    """What each item finds after and before its places.

    Attributes
    ----------
    lower_after, equal_after : ndarray of shape (m,)
        Sums of `a` over items from place `after` on, of a smaller rank and of the same.
    lower_before, equal_before : ndarray of shape (m,)
        Sums of `b` over items up to place `before`, likewise.
    """

    lower_after: FloatArray
    equal_after: FloatArray
    lower_before: FloatArray
    equal_before: FloatArray


class _Level(NamedTuple):
    """Items in blocks of one leading part of the rank, each block in the order given."""

    rank: IntArray
    item: IntArray
    after: IntArray
    before: IntArray
    a: FloatArray
    b: FloatArray
    first: IntArray
    end: IntArray


def dominance(
    rank: IntArray, after: IntArray, before: IntArray, a: FloatArray, b: FloatArray
) -> Dominance:
    """Sum weights over items of a smaller or the same rank, after and before given places.

    Parameters
    ----------
    rank : ndarray of shape (m,), int
        Ranks from 0 up, items in their order (of time).
    after, before : ndarray of shape (m,), int
        Places in that order, 0 to m.
    a, b : ndarray of shape (m,)
        Weights of the items in sums after and before a place.

    Returns
    -------
    Dominance
        Four sums for each item.

    Notes
    -----
    Items are split by one bit of the rank after the other, from the highest; in a block those
    whose bit is 0 are the smaller of those whose bit is 1, and one running sum counts them
    (a wavelet tree, Grossi, Gupta and Vitter 2003).
    """
    m = len(rank)
    found = np.zeros((4, m))
    zeros = np.zeros(m, dtype=np.int64)
    level = _Level(rank, np.arange(m), after, before, a, b, zeros, np.full(m, m))
    for bit in range(max(int(rank.max(initial=0)).bit_length(), 1) - 1, -1, -1):
        level = _split(level, bit, found)
    running_a, running_b = _running(level.a), _running(level.b)
    found[1, level.item] = running_a[level.end] - running_a[level.after]
    found[3, level.item] = running_b[level.before] - running_b[level.first]
    return Dominance(*found)


def _running(weights: FloatArray) -> FloatArray:
    total = np.empty(len(weights) + 1)
    total[0] = 0.0
    np.cumsum(weights, out=total[1:])
    return total


def _split(level: _Level, bit: int, found: FloatArray) -> _Level:
    """Count what has bit 0 for items of the block with bit 1, then put the zeros first."""
    upper = (level.rank >> bit) & 1
    is_upper = upper.astype(np.bool_)
    running = _running(np.where(is_upper, 0.0, level.a))
    item = level.item[is_upper]
    found[0, item] += (running[level.end] - running[level.after])[is_upper]
    running = _running(np.where(is_upper, 0.0, level.b))
    found[2, item] += (running[level.before] - running[level.first])[is_upper]

    uppers = np.empty(len(upper) + 1, dtype=np.int64)
    uppers[0] = 0
    np.cumsum(upper, out=uppers[1:])
    ahead = uppers[level.first]
    split = level.end - (uppers[level.end] - ahead)

    def moved(place: IntArray) -> IntArray:
        above = uppers[place] - ahead
        return np.where(is_upper, split + above, place - above)

    target = moved(np.arange(len(upper)))
    source = np.empty_like(target)
    source[target] = np.arange(len(target))
    return _Level(
        rank=level.rank[source],
        item=level.item[source],
        after=moved(level.after)[source],
        before=moved(level.before)[source],
        a=level.a[source],
        b=level.b[source],
        first=np.where(is_upper, split, level.first)[source],
        end=np.where(is_upper, level.end, split)[source],
    )
