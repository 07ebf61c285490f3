"""Infinitesimal-jackknife variance of log S, by row or by cluster: arrays in, arrays out."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def robust_variance(
    counts: RiskSets, event: NDArray[np.bool_], w: FloatArray, cluster: IntArray
) -> FloatArray:
    """Give the robust variance of log S(t) at each distinct time.

    Parameters
    ----------
    counts : RiskSets
        Weighted counts.
    event : ndarray of shape (n,), bool
        Whether each row's exit was the event.
    w : ndarray of shape (n,)
        Case weights.
    cluster : ndarray of shape (n,), int
        Rows that belong together; one code a row if none do.

    Returns
    -------
    ndarray of shape (m,)
        Sum over clusters of squared weighted influences; infinite once S is 0.

    Notes
    -----
    The influence of a row on log S(t) is A(t) - A(entry) while it is at risk and stays at
    A(exit) - A(entry) - event / (n - d) after it, A being the Greenwood sum. So a cluster's
    sum is R(t) A(t) + B(t) with R and B step functions, and the sum over clusters of its
    square needs only the steps: one sort, no influence matrix (Lin and Wei 1989 for the idea).
    """
    A, jump, dead = _greenwood(counts)
    w, event, cluster = (counts.arranged(values) for values in (w, event, cluster))
    leave = counts.position
    stratum = np.repeat(np.arange(len(counts.start) - 1), np.diff(counts.start))[leave]
    enter = counts.entry_position if counts.entry_position is not None else counts.start[stratum]
    A_entry = np.where(enter > counts.start[stratum], A[np.maximum(enter - 1, 0)], 0.0)
    position = np.concatenate([enter, leave])
    dR = np.concatenate([w, -w])
    # On leaving, a row's own A(entry) is already in B.
    dB = np.concatenate([-w * A_entry, w * (A[leave] - event * jump[leave])])
    key = np.tile(cluster * (len(counts.start) - 1) + stratum, 2)
    variance = np.empty(len(A))
    RR, RB, BB = _squared_steps(position, key, dR, dB, len(A))
    for a, b in pairwise(counts.start):
        sums = (np.cumsum(part[a:b]) for part in (RR, RB, BB))
        rr, rb, bb = sums
        variance[a:b] = A[a:b] ** 2 * rr + 2 * A[a:b] * rb + bb
    return np.where(dead, np.inf, np.maximum(variance, 0.0))


def _greenwood(counts: RiskSets) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
    n, d = counts.n_risk, counts.n_event
    alive = n > d
    jump = np.divide(1.0, n - d, out=np.zeros(len(n)), where=alive)
    A, dead = np.empty(len(n)), np.empty(len(n), dtype=np.bool_)
    for a, b in pairwise(counts.start):
        np.cumsum((d / n * jump)[a:b], out=A[a:b])
        np.logical_or.accumulate(~alive[a:b] & (d[a:b] > 0), out=dead[a:b])
    return A, jump, dead


def _squared_steps(
    position: IntArray, key: IntArray, dR: FloatArray, dB: FloatArray, m: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum, at each time, the steps of R^2, R B and B^2 over clusters."""
    order = np.lexsort((position, key))
    position, key = position[order], key[order]
    first = np.concatenate([[True], key[1:] != key[:-1]])
    block = np.cumsum(first) - 1
    R, B = _running(dR[order], first, block), _running(dB[order], first, block)
    R0, B0 = R - dR[order], B - dB[order]
    steps = (R**2 - R0**2, R * B - R0 * B0, B**2 - B0**2)
    RR, RB, BB = (np.bincount(position, step, m).astype(np.float64) for step in steps)
    return RR, RB, BB


def _running(change: FloatArray, first: NDArray[np.bool_], block: IntArray) -> FloatArray:
    total = np.cumsum(change)
    before = (total - change)[first]
    running: FloatArray = total - before[block]
    return running
