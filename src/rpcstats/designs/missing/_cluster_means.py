"""Means of values of parents and their variance over clusters: arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def cluster_means(values: Floats, cluster: Integers) -> tuple[Floats, Floats]:
    """Average values and estimate the variance of each average.

    Parameters
    ----------
    values : ndarray of shape (m, n)
        m data sets of n parents.
    cluster : ndarray of int, shape (n,)
        Cluster of each parent.

    Returns
    -------
    mean, variance : ndarray of shape (m,)
        Means; sums over clusters of their squared influence, times C / (C - 1) for C clusters
        (the correction CR1 of Liang and Zeger's (1986) estimator).
    """
    mean = values.mean(axis=1)
    codes = np.unique(cluster, return_inverse=True)[1]
    C = int(codes.max()) + 1
    rests = values - mean[:, None]
    sums = np.stack([np.bincount(codes, rest).astype(np.float64) for rest in rests])
    return mean, variance_of_sums(sums, len(cluster), C)


def variance_of_sums(sums: Floats, n: int, C: int) -> Floats:
    """Turn centred sums over clusters into the variance of a mean.

    Parameters
    ----------
    sums : ndarray of shape (..., C)
        Sum over each cluster of values less their overall mean.
    n : int
        Number of values.
    C : int
        Number of clusters, at least 2.

    Returns
    -------
    ndarray of shape (...)
        Variances.
    """
    return np.asarray((sums * sums).sum(axis=-1) / n**2 * (C / (C - 1.0)))
