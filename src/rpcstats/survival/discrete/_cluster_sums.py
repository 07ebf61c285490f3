"""Scores summed cluster by cluster."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.discrete._cells import Cells

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]


def sums_by_cluster(cells: Cells, e: FloatArray, code: IntArray, n: int) -> FloatArray:
    """Sum the columns times a value of each cell, cluster by cluster.

    Parameters
    ----------
    cells : Cells
        The cells.
    e : ndarray of shape (C,)
        What multiplies the columns.
    code : ndarray of shape (U,), int
        Cluster of each unit.
    n : int
        Number of clusters.

    Returns
    -------
    ndarray of shape (n, p)
        X'e of each cluster.
    """
    varying = set(cells.varying.tolist())
    found = np.zeros((n, cells.n_column))
    total = cells.gathered(e)
    for j in range(cells.n_column):
        if j not in varying:
            found[:, j] = np.bincount(code, cells.Z[:, cells.part[j]] * total, n)
    for k, at, units in cells.blocks():
        codes = code[units]
        for j in varying:
            if cells.S[k, j] != 0.0:
                value = cells.S[k, j] * cells.Z[units, cells.part[j]]
                found[:, j] += np.bincount(codes, value * e[at], n)
    return found
