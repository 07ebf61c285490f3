"""Comparison of mean functions of repeated events: arrays in, arrays out."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets, still_in, yet_to_enter
from rpcstats.survival.states._cluster_changes import (
    order_changes,
    product_steps,
    running_sums,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


class GroupRows(NamedTuple):
    """Rows of one group and its mean function.

    Attributes
    ----------
    entry, time : ndarray of shape (n,)
        Stretches (entry, time].
    event : ndarray of shape (n,), bool
        Whether an event ends them.
    weights : ndarray of shape (n,)
        Case weights.
    cluster : ndarray of shape (n,), int
        Codes shared between groups.
    grid, jump, n_risk : ndarray of shape (m,)
        Distinct times, increments of the mean function, and those at risk.
    """

    entry: FloatArray
    time: FloatArray
    event: BoolArray
    weights: FloatArray
    cluster: IntArray
    grid: FloatArray
    jump: FloatArray
    n_risk: FloatArray


def shared_covariance(first: GroupRows, second: GroupRows, at: FloatArray) -> FloatArray:
    """Give the covariance of two mean functions that share clusters.

    Parameters
    ----------
    first, second : GroupRows
        The groups.
    at : ndarray of shape (m,)
        Sorted times, those of both groups among them.

    Returns
    -------
    ndarray of shape (m,)
        Sum over clusters of the products of their influences, at each time.
    """
    m = len(at)
    parts = [_steps_on(group, at) for group in (first, second)]
    cluster = np.concatenate([part[0] for part in parts])
    position = np.concatenate([part[1] for part in parts])
    step = np.zeros((4, len(cluster)))
    n = len(parts[0][0])
    step[:2, :n], step[2:, n:] = parts[0][2], parts[1][2]
    changes = order_changes(cluster, position, step, m)
    after = running_sums(changes.step, changes.first)
    before = after - changes.step
    steps = product_steps((before[:2], after[:2]), (before[2:], after[2:]), changes.position, m)
    Q = np.cumsum(steps, axis=0)[1:]
    C, D = parts[0][3], parts[1][3]
    covariance: FloatArray = C * D * Q[:, 0, 0] - C * Q[:, 0, 1] - D * Q[:, 1, 0] + Q[:, 1, 1]
    return covariance


def _steps_on(
    group: GroupRows, at: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Give steps of R and B of each row on other times, and the growth of what R multiplies."""
    growth = np.concatenate([[0.0], np.cumsum(group.jump / group.n_risk)])
    C = growth[np.searchsorted(group.grid, at, side="right")]
    enter = np.searchsorted(at, group.entry, side="right")
    leave = np.searchsorted(at, group.time)
    own = group.event / group.n_risk[np.searchsorted(group.grid, group.time)]
    before = np.concatenate([[0.0], C])[enter]
    w = group.weights
    step = np.empty((2, len(w), 2))
    step[0, :, 0], step[0, :, 1] = w, -w
    step[1, :, 0], step[1, :, 1] = w * before, w * (own - C[leave])
    position = np.column_stack([enter - 1, leave]).ravel()
    return np.repeat(group.cluster, 2), position, step.reshape(2, -1), C


def robust_scores(
    counts: RiskSets, event: BoolArray, w: FloatArray | None, group: IntArray, n_group: int
) -> FloatArray:
    """Give each row's share in the log-rank scores of the groups.

    Parameters
    ----------
    counts : RiskSets
        Counts of all groups together, one stratum.
    event : ndarray of shape (n,), bool
        Whether an event ends the row.
    w : ndarray of shape (n,) or None
        Case weights.
    group : ndarray of shape (n,), int
        Group codes.
    n_group : int
        Number of groups.

    Returns
    -------
    ndarray of shape (n, k)
        In the order of `counts`; their column sums are observed minus expected events.

    Notes
    -----
    Integral of (1(group) - Y_g / Y) (dN_i - Y_i dN / Y), the score of a common rate of all
    groups (Lawless and Nadeau 1995; Lin, Wei, Yang and Ying 2000).
    """
    codes, failed = counts.arranged(group), counts.arranged(event)
    weight = np.ones(len(codes)) if w is None else counts.arranged(w)
    leave, m = counts.position, len(counts.time)
    enter = np.zeros(len(leave), dtype=np.int64)
    if counts.entry_position is not None:
        enter = counts.entry_position
    hazard = counts.n_event / np.maximum(counts.n_risk, np.finfo(np.float64).tiny)
    H = np.concatenate([[0.0], np.cumsum(hazard)])
    scores = np.empty((len(codes), n_group))
    for g in range(n_group):
        member = codes == g
        own = weight * member
        at_risk = still_in(np.bincount(leave, own, m), counts.start)
        at_risk -= yet_to_enter(np.bincount(enter, own, m), counts.start)
        share = np.divide(at_risk, counts.n_risk, out=np.zeros(m), where=counts.n_risk > 0)
        drift = np.concatenate([[0.0], np.cumsum(share * hazard)])
        expected = member * (H[leave + 1] - H[enter]) - (drift[leave + 1] - drift[enter])
        scores[:, g] = weight * (failed * (member - share[leave]) - expected)
    return scores
