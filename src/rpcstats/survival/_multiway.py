"""Sums over clusters, for one way of clustering or several: arrays in, arrays out."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROUNDING = 1e-10
"""A difference of variances this small beside their sum is rounding."""


def signed_clusters(clusters: Sequence[IntArray]) -> list[tuple[float, IntArray | None]]:
    """Give the clusterings whose variances add up to the multiway one.

    Parameters
    ----------
    clusters : sequence of ndarray of shape (n,), int
        Codes from 0 up, one array a dimension; none if every row stands alone.

    Returns
    -------
    list of (float, ndarray or None)
        Sign and codes; None where each row is a cluster of its own.

    Notes
    -----
    V_a + V_b - V_ab for two dimensions, by inclusion and exclusion for more (Cameron, Gelbach
    and Miller 2011). A dimension that determines another cancels against the overlap.
    """
    if not clusters:
        return [(1.0, None)]
    parts: list[tuple[float, IntArray | None]] = []
    for size in range(1, len(clusters) + 1):
        for chosen in combinations(clusters, size):
            parts.append(((-1.0) ** (size - 1), overlap(chosen)))
    return parts


def overlap(dimensions: Sequence[IntArray]) -> IntArray:
    """Give each combination of codes that occurs a number.

    Parameters
    ----------
    dimensions : sequence of ndarray of shape (n,), int
        Codes from 0 up, one array or more.

    Returns
    -------
    ndarray of shape (n,), int
        Codes of the combinations.
    """
    codes = dimensions[0]
    for other in dimensions[1:]:
        joint = codes * (int(other.max()) + 1) + other
        codes = np.unique(joint, return_inverse=True)[1].astype(np.int64)
    return codes


def clustered_covariance(influence: FloatArray, clusters: Sequence[IntArray]) -> FloatArray:
    """Give the covariance of estimates from the influence of each row.

    Parameters
    ----------
    influence : ndarray of shape (n, k)
        Weighted influence of each row on each estimate.
    clusters : sequence of ndarray of shape (n,), int
        As in `signed_clusters`.

    Returns
    -------
    ndarray of shape (k, k)
        Sum over clusters of the outer products of their sums, without a small-sample factor.
    """
    k = influence.shape[1]
    V = np.zeros((k, k))
    for sign, codes in signed_clusters(clusters):
        sums = influence if codes is None else cluster_sums(influence, codes)
        V += sign * (sums.T @ sums)
    return V


def cluster_sums(influence: FloatArray, codes: IntArray) -> FloatArray:
    """Sum rows by cluster.

    Parameters
    ----------
    influence : ndarray of shape (n, k)
        Values of the rows.
    codes : ndarray of shape (n,), int
        Cluster of each row.

    Returns
    -------
    ndarray of shape (G, k)
        One row a cluster.
    """
    columns = [np.bincount(codes, weights=column) for column in influence.T]
    return np.column_stack(columns) if columns else np.zeros((int(codes.max()) + 1, 0))


def grouped_covariance(
    influence: FloatArray, group: IntArray, n_group: int, clusters: Sequence[IntArray]
) -> FloatArray:
    """Give the covariance of one estimate a group, each row bearing on its own group only.

    Parameters
    ----------
    influence : ndarray of shape (n,)
        Weighted influence of each row on the estimate of its group.
    group : ndarray of shape (n,), int
        Group codes 0 to n_group - 1.
    n_group : int
        Number of groups.
    clusters : sequence of ndarray of shape (n,), int
        As in `signed_clusters`; clusters may reach across groups.

    Returns
    -------
    ndarray of shape (k, k)
        Covariance of the estimates.
    """
    V = np.zeros((n_group, n_group))
    for sign, codes in signed_clusters(clusters):
        if codes is None:
            V += np.diag(np.bincount(group, weights=influence**2, minlength=n_group))
            continue
        from scipy.sparse import coo_array

        shape = (int(codes.max()) + 1, n_group)
        sums = coo_array((influence, (codes, group)), shape=shape).tocsr()
        V += sign * (sums.T @ sums).toarray()
    return V


def lone_groups(group: IntArray, n_group: int, clusters: Sequence[IntArray]) -> NDArray[np.bool_]:
    """Tell groups whose rows lie in one cluster, which tells nothing of variation.

    Parameters
    ----------
    group : ndarray of shape (n,), int
        Group codes 0 to n_group - 1.
    n_group : int
        Number of groups.
    clusters : sequence of ndarray of shape (n,), int
        One array a dimension; none if every row stands alone.

    Returns
    -------
    ndarray of shape (k,), bool
        True where a dimension has one cluster; without clusters, where there is one row.
    """
    if not clusters:
        return np.asarray(np.bincount(group, minlength=n_group) < 2)
    is_lone = np.zeros(n_group, dtype=np.bool_)
    for codes in clusters:
        some = np.zeros(n_group, dtype=codes.dtype)
        some[group] = codes
        is_lone |= np.bincount(group[codes != some[group]], minlength=n_group) == 0
    return is_lone


def variance_or_nan(variance: FloatArray, scale: FloatArray) -> FloatArray:
    """Tell variances that came out negative from rounding around 0.

    Parameters
    ----------
    variance, scale : ndarray
        Differences of variances, and the sums of their parts.

    Returns
    -------
    ndarray
        0 where the difference is rounding, NaN where it is below.
    """
    rounding = np.abs(variance) <= _ROUNDING * scale
    return np.where(rounding, np.maximum(variance, 0.0), np.where(variance < 0, np.nan, variance))
