"""The chi-square statistic of scores of groups: arrays in, numbers out."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.nonparametric._scores import Scores

FloatArray = NDArray[np.float64]

_RANK_TOLERANCE: Final = 1e-10
"""Eigenvalues of a correlation matrix below this share of the largest are rounding."""


def quadratic_form(scores: Scores, plain: FloatArray) -> tuple[float, int]:
    """Give the chi-square statistic of all scores being zero, and its degrees of freedom.

    Parameters
    ----------
    scores : Scores
        From `GroupRisk.scores`, its covariance perhaps replaced by a robust one.
    plain : ndarray of shape (k, k)
        The covariance it had, 0 exactly for two groups that were never compared.

    Returns
    -------
    tuple
        Statistic and degrees of freedom, the rank of the covariance; NaN and 0 if no group
        was ever compared with another.

    Notes
    -----
    The scores of groups compared with each other, be it by way of others, sum to zero, and those
    are the only such sums: one of each such set is left out.
    """
    if scores.V is plain and len(plain) == 2:
        return _of_two(scores)
    from scipy.sparse.csgraph import connected_components

    chains = connected_components(plain != 0)[1]
    is_kept = np.ones(len(chains), dtype=np.bool_)
    is_kept[np.unique(chains, return_index=True)[1]] = False
    if not is_kept.any() or not np.isfinite(scores.V).all():
        return np.nan, 0
    U, V = scores.observed - scores.expected, scores.V
    n_kept = int(is_kept.sum())
    is_compared = np.bincount(chains)[chains] > 1
    inner = V[np.ix_(is_compared, is_compared)]
    rank = n_kept if V is plain else min(_rank(inner), n_kept)
    if rank == n_kept:
        return float(U[is_kept] @ np.linalg.solve(V[np.ix_(is_kept, is_kept)], U[is_kept])), rank
    values, vectors = np.linalg.eigh(inner)
    along = vectors[:, len(inner) - rank :].T @ U[is_compared]
    return (float((along**2 / values[len(inner) - rank :]).sum()), rank) if rank else (np.nan, 0)


def _of_two(scores: Scores) -> tuple[float, int]:
    """Give the statistic of two groups, whose scores are each other's opposites."""
    U, V = scores.observed[1] - scores.expected[1], scores.V
    if V[0, 1] == 0 or not np.isfinite(V).all():
        return np.nan, 0
    return float(U * (U / V[1, 1])), 1


def _rank(V: FloatArray) -> int:
    """Count directions of a covariance in which it varies, whatever the units."""
    size = np.sqrt(np.maximum(np.diag(V), 0.0))
    size[size == 0] = 1.0
    values = np.linalg.eigvalsh(V / np.outer(size, size))
    return int((values > _RANK_TOLERANCE * values[-1]).sum()) if values[-1] > 0 else 0
