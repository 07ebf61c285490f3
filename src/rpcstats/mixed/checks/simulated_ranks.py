"""Ranks of observed data among data drawn from a model, and tests of them."""

from typing import NamedTuple

import numpy as np

from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

# Numbers ranked at once: 32 MB.
_MAX_NUMBERS = 4_000_000


class RankSums(NamedTuple):
    """What tests need of c data sets, the first of them observed and the others drawn.

    Attributes
    ----------
    rank : ndarray of shape (n,), int
        Rank of each observed value among the c of its row, from 0, ties broken at random.
    counts : ndarray of shape (c, c), int
        Of each data set, how many of its values have each rank.
    n_outside : ndarray of shape (c,), int
        Of each data set, values below or above all others of their row.
    dispersion : ndarray of shape (c,)
        Of each data set, mean squared distance from the row's mean over the row's variance.
    n_zero : ndarray of shape (c,), int
        Of each data set, values that are 0.
    """

    rank: IntArray
    counts: IntArray
    n_outside: IntArray
    dispersion: FloatArray
    n_zero: IntArray


def rank_sums(observed: FloatArray, drawn: FloatArray, rng: np.random.Generator) -> RankSums:
    """Rank the values of every data set among those of all.

    Parameters
    ----------
    observed : ndarray of shape (n,)
        The data.
    drawn : ndarray of shape (n, b)
        Data sets drawn from the model.
    rng : numpy.random.Generator
        Breaks ties.

    Returns
    -------
    RankSums
        Of the data and of the data sets drawn.
    """
    n, c = len(observed), drawn.shape[1] + 1
    rank = np.empty(n, dtype=np.int64)
    counts = np.zeros((c, c), dtype=np.int64)
    n_outside, n_zero = np.zeros(c, dtype=np.int64), np.zeros(c, dtype=np.int64)
    squares, n_varied = np.zeros(c), 0
    step = max(1, _MAX_NUMBERS // c)
    for first in range(0, n, step):
        part = slice(first, first + step)
        values = np.column_stack([observed[part], drawn[part]])
        ranks = _random_ranks(values, rng)
        rank[part] = ranks[:, 0]
        counts += np.bincount((ranks + c * np.arange(c)).ravel(), minlength=c * c).reshape(c, c)
        n_outside += _count_outside(values)
        n_zero += (values == 0.0).sum(axis=0)
        variance = values.var(axis=1)
        varied = variance > 0.0
        centred = values[varied] - values[varied].mean(axis=1, keepdims=True)
        squares += (centred**2 / variance[varied, None]).sum(axis=0)
        n_varied += int(varied.sum())
    return RankSums(rank, counts, n_outside, squares / max(n_varied, 1), n_zero)


def _random_ranks(values: FloatArray, rng: np.random.Generator) -> IntArray:
    """Rank within rows; equal values in random order."""
    order = np.lexsort((rng.random(values.shape), values), axis=1)
    ranks = np.empty(values.shape, dtype=np.int64)
    np.put_along_axis(ranks, order, np.arange(values.shape[1])[None, :], axis=1)
    return ranks


def _count_outside(values: FloatArray) -> IntArray:
    ordered = np.sort(values, axis=1)
    below = (values == ordered[:, :1]) & (ordered[:, :1] < ordered[:, 1:2])
    above = (values == ordered[:, -1:]) & (ordered[:, -1:] > ordered[:, -2:-1])
    total: IntArray = (below | above).sum(axis=0)
    return total


def uniformity(counts: IntArray) -> FloatArray:
    """Give the largest distance of the distribution of ranks from the uniform one.

    Parameters
    ----------
    counts : ndarray of shape (c, c), int
        Of each data set, how many of its values have each rank.

    Returns
    -------
    ndarray of shape (c,)
        Kolmogorov and Smirnov's statistic of each data set.
    """
    c = counts.shape[1]
    share = np.cumsum(counts, axis=1) / counts.sum(axis=1, keepdims=True)
    distance: FloatArray = np.abs(share - np.arange(1, c + 1) / c).max(axis=1)
    return distance


def simulation_p(statistic: FloatArray, *, two_sided: bool) -> float:
    """Give the p-value of the first of values that are exchangeable under the model.

    Parameters
    ----------
    statistic : ndarray of shape (c,)
        Of the data and of the data sets drawn.
    two_sided : bool
        Whether small values speak against the model too; else large ones only.

    Returns
    -------
    float
        Share of values at least as far out, the observed one included.
    """
    # Equal counts may differ by rounding after a division.
    slack = 1e-12 * float(np.abs(statistic).max(initial=0.0))
    above = float(np.mean(statistic >= statistic[0] - slack))
    if not two_sided:
        return above
    below = float(np.mean(statistic <= statistic[0] + slack))
    return min(1.0, 2.0 * min(above, below))
