"""Sums over clusters of products of step functions: arrays in, arrays out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class ClusterSteps(NamedTuple):
    """Step functions of each cluster, where they change.

    Attributes
    ----------
    position : ndarray of shape (k,), int
        Where each step happens, by cluster and then position.
    before, after : ndarray of shape (q, k)
        Values of the q functions before and after it.
    """

    position: IntArray
    before: FloatArray
    after: FloatArray


def cluster_steps(
    cluster: IntArray, position: IntArray, change: FloatArray, m: int
) -> ClusterSteps:
    """Follow the step functions of each cluster from one change to the next.

    Parameters
    ----------
    cluster : ndarray of shape (k,), int
        Code of 0 or more.
    position : ndarray of shape (k,), int
        From 0 to m - 1.
    change : ndarray of shape (q, k)
        Steps of q functions.
    m : int
        Number of positions.

    Returns
    -------
    ClusterSteps
        Changes of a cluster at one position are taken together.
    """
    key = cluster * m + position
    if (key[1:] < key[:-1]).any():
        order = np.argsort(key, kind="stable")
        key, change = key[order], change[:, order]
    begins = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    key, change = key[begins], np.add.reduceat(change, begins, axis=1)
    owner = key // m
    first = np.concatenate([[True], owner[1:] != owner[:-1]])
    total = np.cumsum(change, axis=1)
    start = (total - change)[:, first]
    after = total - start[:, np.cumsum(first) - 1]
    return ClusterSteps(key % m, after - change, after)


def product_steps(steps: ClusterSteps, i: int, j: int, m: int) -> FloatArray:
    """Give the steps of the sum over clusters of the product of two functions.

    Parameters
    ----------
    steps : ClusterSteps
        The functions.
    i, j : int
        Which two.
    m : int
        Number of positions.

    Returns
    -------
    ndarray of shape (m,)
        Change of the sum at each position.
    """
    change = steps.after[i] * steps.after[j] - steps.before[i] * steps.before[j]
    return np.bincount(steps.position, weights=change, minlength=m).astype(np.float64)
