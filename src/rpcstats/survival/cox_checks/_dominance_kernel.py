"""Compiled sums over smaller and equal ranks, by a binary indexed tree (Fenwick 1994)."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@compiled()
def _add(tree: FloatArray, node: int, weight: float) -> None:
    while node < len(tree):
        tree[node] += weight
        node += node & -node


@compiled()
def _lower(tree: FloatArray, node: int) -> float:
    total = 0.0
    while node > 0:
        total += tree[node]
        node -= node & -node
    return total


@compiled()
def sweep(
    rank: IntArray,
    n_rank: int,
    after: IntArray,
    before: IntArray,
    a: FloatArray,
    b: FloatArray,
) -> FloatArray:
    """Sum weights over items of a smaller or the same rank, after and before given places.

    Parameters
    ----------
    rank : ndarray of shape (m,), int
        Ranks 0 to n_rank - 1, items in their order.
    n_rank : int
        Number of ranks.
    after, before : ndarray of shape (m,), int
        Places in that order, neither ever falling.
    a, b : ndarray of shape (m,)
        Weights of the items in sums after and before a place.

    Returns
    -------
    ndarray of shape (4, m)
        Lower after, equal after, lower before, equal before.
    """
    m = len(rank)
    found = np.zeros((4, m))
    tree = np.zeros(n_rank + 1)
    single = np.zeros(n_rank)
    filled = m
    for i in range(m - 1, -1, -1):
        while filled > after[i]:
            filled -= 1
            if a[filled] != 0.0:
                single[rank[filled]] += a[filled]
                _add(tree, rank[filled] + 1, a[filled])
        found[1, i] = single[rank[i]]
        found[0, i] = _lower(tree, rank[i])
    tree[:] = 0.0
    single[:] = 0.0
    filled = 0
    for i in range(m):
        while filled < before[i]:
            if b[filled] != 0.0:
                single[rank[filled]] += b[filled]
                _add(tree, rank[filled] + 1, b[filled])
            filled += 1
        found[3, i] = single[rank[i]]
        found[2, i] = _lower(tree, rank[i])
    return found
