"""Infinitesimal-jackknife errors of cumulative incidence: arrays in, arrays out."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters, variance_or_nan
from rpcstats.survival.competing._aalen_johansen import Incidence, greenwood, summed
from rpcstats.survival.competing._cause_counts import CauseCounts
from rpcstats.survival.competing._cluster_steps import cluster_steps, product_steps
from rpcstats.survival.nonparametric._jackknife import first_at_risk, in_given_order

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def robust_variance(
    counts: CauseCounts,
    curves: Incidence,
    cause: IntArray,
    w: FloatArray | None,
    clusters: Sequence[IntArray],
) -> FloatArray:
    """Give the robust variance of each cause's incidence at each distinct time.

    Parameters
    ----------
    counts : CauseCounts
        Weighted counts.
    curves : Incidence
        The curves.
    cause : ndarray of shape (n,), int
        0 for censored, 1 to k for the causes.
    w : ndarray of shape (n,) or None
        Case weights; 1 if not given.
    clusters : sequence of ndarray of shape (n,), int
        Rows that belong together, one array a dimension; none if every row stands alone.

    Returns
    -------
    ndarray of shape (k, m)
        Sum over clusters of squared weighted influences. NaN where a difference of variances
        (two dimensions) came out negative.

    Notes
    -----
    A cluster's influence on F(t) is R(t) [F(t) G(t) - Q(t)] + F(t) A(t) - B(t), with step
    functions R (weight at risk), A and B that change only when a member enters or leaves. The
    sum over clusters of its square therefore follows from the steps of their products: one
    sort, no matrix of rows by times.
    """
    steps, position, group = _row_steps(counts, curves, cause, w)
    n_group = len(counts.sets.start) - 1
    total = np.zeros(counts.by_cause.shape)
    scale = np.zeros(counts.by_cause.shape)
    for sign, codes in signed_clusters(clusters):
        own = np.arange(len(cause)) if codes is None else counts.sets.arranged(codes)
        key = np.repeat(own * n_group + group, 2)
        part = _one_way(counts, curves, steps, position, key)
        total += sign * part
        scale += part
    return np.maximum(total, 0.0) if len(clusters) < 2 else variance_or_nan(total, scale)


def functional_influence(
    counts: CauseCounts,
    curves: Incidence,
    cause: IntArray,
    k: int,
    scale: FloatArray,
) -> FloatArray:
    """Give the influence of each row on the whole sum of scaled steps of its incidence curve.

    Parameters
    ----------
    counts : CauseCounts
        Counts at each distinct time.
    curves : Incidence
        The curves.
    cause : ndarray of shape (n,), int
        0 for censored, 1 to k for the causes.
    k : int
        Row of the cause summed.
    scale : ndarray of shape (m,)
        Factor of each step; 0 after the horizon.

    Returns
    -------
    ndarray of shape (n,)
        Change of the sum for one more unit of weight on the row, in the order given.
    """
    sets = counts.sets
    n, d = sets.n_risk, sets.n_event
    per_unit = scale * curves.S_before / n
    total = summed(per_unit * counts.by_cause[k], sets.start)
    ahead = total[sets.start[1:] - 1][sets.stratum] - total
    leaving = np.divide(ahead, n - d, out=np.zeros(len(n)), where=n > d)
    growth = ahead * greenwood(sets) - per_unit * counts.by_cause[k] / n
    A = np.concatenate([[0.0], np.cumsum(growth)])
    codes, leave = sets.arranged(cause), sets.position
    found = A[leave + 1] - A[first_at_risk(sets)]
    found -= np.where(codes > 0, leaving[leave], 0.0)
    found += np.where(codes == k + 1, per_unit[leave], 0.0)
    return in_given_order(sets, found)


def _row_steps(
    counts: CauseCounts, curves: Incidence, cause: IntArray, w: FloatArray | None
) -> tuple[FloatArray, IntArray, IntArray]:
    """Give the steps of (R, A, B_1 ... B_k) at entry and at exit, where, and each row's group."""
    sets = counts.sets
    n, d = sets.n_risk, sets.n_event
    growth = greenwood(sets)
    own = np.divide(1.0, n - d, out=np.zeros(len(n)), where=n > d)
    G = summed(growth, sets.start)
    Q = summed(curves.F * growth + curves.S_before * counts.by_cause / n**2, sets.start)
    leave, enter = sets.position, first_at_risk(sets)
    group = sets.stratum[leave]
    late = enter > sets.start[group]
    before = np.maximum(enter - 1, 0)
    codes = sets.arranged(cause)
    failed = codes > 0
    weight = np.ones(len(leave)) if w is None else sets.arranged(w)
    n_cause = len(Q)
    steps = np.empty((2 + n_cause, 2 * len(leave)))
    steps[0, 0::2], steps[0, 1::2] = weight, -weight
    steps[1, 0::2] = -weight * np.where(late, G[before], 0.0)
    steps[1, 1::2] = weight * (G[leave] - failed * own[leave])
    for k in range(n_cause):
        steps[2 + k, 0::2] = -weight * np.where(late, Q[k, before], 0.0)
        gone = failed * curves.F[k, leave] * own[leave]
        gone += (codes == k + 1) * (curves.S_before / n)[leave]
        steps[2 + k, 1::2] = weight * (Q[k, leave] - gone)
    position = np.empty(2 * len(leave), dtype=np.int64)
    position[0::2], position[1::2] = enter, leave
    return steps, position, group


def _one_way(
    counts: CauseCounts,
    curves: Incidence,
    steps: FloatArray,
    position: IntArray,
    key: IntArray,
) -> FloatArray:
    sets = counts.sets
    m = len(sets.time)
    followed = cluster_steps(key, position, steps, m)
    growth = greenwood(sets)
    G = summed(growth, sets.start)

    def products(i: int, j: int) -> FloatArray:
        return summed(product_steps(followed, i, j, m), sets.start)

    RR, RA, AA = products(0, 0), products(0, 1), products(1, 1)
    variance = np.empty(counts.by_cause.shape)
    for k, F in enumerate(curves.F):
        Q = summed(F * growth + curves.S_before * counts.by_cause[k] / sets.n_risk**2, sets.start)
        R = F * G - Q
        B = products(2 + k, 2 + k) - 2 * (R * products(0, 2 + k) + F * products(1, 2 + k))
        variance[k] = R**2 * RR + F * (2 * R * RA + F * AA) + B
    return variance
