"""Sums over clusters of squared step functions: arrays in, arrays out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class Changes(NamedTuple):
    """Steps of each cluster in order of position.

    Attributes
    ----------
    position : ndarray of shape (k,), int
        Where each step happens, -1 for before the first position.
    cluster : ndarray of shape (k,), int
        Code of its cluster.
    first : ndarray of shape (k,), bool
        Whether it is its cluster's first.
    step : ndarray of shape (q, k)
        By how much each of q functions changes.
    """

    position: IntArray
    cluster: IntArray
    first: BoolArray
    step: FloatArray


def order_changes(cluster: IntArray, position: IntArray, step: FloatArray, m: int) -> Changes:
    """Order steps by cluster and position.

    Parameters
    ----------
    cluster : ndarray of shape (k,), int
        Code of 0 or more of each step.
    position : ndarray of shape (k,), int
        From -1 to m - 1.
    step : ndarray of shape (q, k)
        Changes of q functions.
    m : int
        Number of positions.

    Returns
    -------
    Changes
        One a step; those of one cluster and position stay next to each other.
    """
    key = cluster.astype(np.int64) * (m + 1) + (position + 1)
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        cluster, position, step = cluster[order], position[order], step[:, order]
    first = np.concatenate([[True], cluster[1:] != cluster[:-1]])
    return Changes(position, cluster, first, step)


def running_sums(step: FloatArray, first: BoolArray) -> FloatArray:
    """Sum steps within each cluster.

    Parameters
    ----------
    step : ndarray of shape (q, k)
        Steps in order of cluster and position.
    first : ndarray of shape (k,), bool
        Whether each is its cluster's first.

    Returns
    -------
    ndarray of shape (q, k)
        Values after each step.
    """
    sums = np.cumsum(step, axis=1)
    block = np.cumsum(first) - 1
    before = (sums - step)[:, first]
    for row, base in zip(sums, before, strict=True):
        row -= base[block]
    return sums


def product_steps(
    left: tuple[FloatArray, FloatArray],
    right: tuple[FloatArray, FloatArray],
    position: IntArray,
    m: int,
    *,
    onto: FloatArray | None = None,
) -> FloatArray:
    """Give the steps of the sum over clusters of left' right.

    Parameters
    ----------
    left, right : tuple of ndarray of shape (a, k) and (b, k)
        Values before and after each cluster's step.
    position : ndarray of shape (k,), int
        Where it happens, from -1.
    m : int
        Number of positions.
    onto : ndarray of shape (m + 1, a, b), optional
        Steps of other clusters, to which these are added.

    Returns
    -------
    ndarray of shape (m + 1, a, b)
        The first is at position -1.
    """
    a, b = len(left[0]), len(right[0])
    steps = np.zeros((m + 1, a, b)) if onto is None else onto
    is_square, place = left is right, position + 1
    for i in range(a):
        for j in range(b):
            if is_square and j < i:
                steps[:, i, j] = steps[:, j, i]
                continue
            change = left[1][i] * right[1][j]
            change -= left[0][i] * right[0][j]
            if len(place) < m:
                np.add.at(steps[:, i, j], place, change)
            else:
                steps[:, i, j] += np.bincount(place, change, m + 1)
    return steps
