"""Sums over ranges of places without subtraction, which would lose the digits of small ones.

A range is cut into blocks of lengths 1, 2, 4, ..., two of each length at most, as in a binary tree
whose node i has the children 2i and 2i + 1 and whose leaves are the places.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def spread_over(values: FloatArray, first: IntArray, last: IntArray, m: int) -> FloatArray:
    """Sum at each place the values whose range covers it.

    Parameters
    ----------
    values : ndarray of shape (..., r)
        What to sum.
    first, last : ndarray of shape (r,), int
        Range of each value, both ends in it.
    m : int
        Number of places.

    Returns
    -------
    ndarray of shape (..., m)
        The sums.
    """
    size = _leaves(m)
    blocks = list(_blocks(first, last, size))
    lines = values.reshape(-1, values.shape[-1])
    sums = np.empty((len(lines), m))
    for line, out in zip(lines, sums, strict=True):
        tree = np.zeros(2 * size)
        for rows, node in blocks:
            tree += np.bincount(node, weights=line[rows], minlength=2 * size)
        level = 1
        while level < size:
            tree[2 * level : 4 * level] += np.repeat(tree[level : 2 * level], 2)
            level *= 2
        out[:] = tree[size : size + m]
    return sums.reshape(*values.shape[:-1], m)


def sums_over(values: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    """Sum the values at the places of each range.

    Parameters
    ----------
    values : ndarray of shape (..., m)
        A value each place.
    first, last : ndarray of shape (r,), int
        The ranges, both ends in them.

    Returns
    -------
    ndarray of shape (..., r)
        The sums.
    """
    m = values.shape[-1]
    size = _leaves(m)
    tree = np.zeros((*values.shape[:-1], 2 * size))
    tree[..., size : size + m] = values
    level = size // 2
    while level:
        below = tree[..., 2 * level : 4 * level]
        tree[..., level : 2 * level] = below[..., ::2] + below[..., 1::2]
        level //= 2
    sums = np.zeros((*values.shape[:-1], len(first)))
    for rows, node in _blocks(first, last, size):
        sums[..., rows] += tree[..., node]
    return sums


def _leaves(m: int) -> int:
    return 1 << max(m - 1, 0).bit_length()


def _blocks(first: IntArray, last: IntArray, size: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Give the rows that take a block of each length, and the nodes they take."""
    low, high = first + size, last + size + 1
    while len(low) and bool((low < high).any()):
        for is_low in (True, False):
            edge = low if is_low else high
            rows = np.flatnonzero((low < high) & (edge % 2 == 1))
            if is_low:
                yield rows, low[rows]
                low[rows] += 1
            else:
                high[rows] -= 1
                yield rows, high[rows]
        low, high = low // 2, high // 2
