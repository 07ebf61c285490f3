"""Infinitesimal-jackknife variance of sums over event times: arrays in, arrays out."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters, variance_or_nan
from rpcstats.survival._risk_sets import RiskSets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_PORTION: Final = 1 << 17
"""Rows whose clusters are summed together, at the least."""


class Steps(NamedTuple):
    """How one more unit of weight moves a sum over event times.

    Attributes
    ----------
    growth : ndarray of shape (m,)
        What a row at risk adds at each distinct time.
    own : ndarray of shape (m,)
        What a row that has the event then takes off besides.
    """

    growth: FloatArray
    own: FloatArray


def log_survival_steps(counts: RiskSets) -> Steps:
    """Give the influence on log S: d / (n (n - d)) while at risk, less 1 / (n - d) at the event.

    Parameters
    ----------
    counts : RiskSets
        Counts, or sums of weights.

    Returns
    -------
    Steps
        0 where a whole risk set fails.
    """
    n, d = counts.n_risk, counts.n_event
    own = np.divide(1.0, n - d, out=np.zeros(len(n)), where=n > d)
    return Steps(d / n * own, own)


def robust_variance(
    counts: RiskSets,
    steps: Steps,
    event: BoolArray,
    w: FloatArray | None,
    clusters: Sequence[IntArray],
) -> FloatArray:
    """Give the robust variance, at each distinct time, of a sum over event times.

    Parameters
    ----------
    counts : RiskSets
        Weighted counts.
    steps : Steps
        Influence of a row on the sum.
    event : ndarray of shape (n,), bool
        Whether each row's exit was the event.
    w : ndarray of shape (n,) or None
        Case weights; 1 if not given.
    clusters : sequence of ndarray of shape (n,), int
        Rows that belong together, one array a dimension; none if every row stands alone.

    Returns
    -------
    ndarray of shape (m,)
        Sum over clusters of squared weighted influences. NaN where a difference of variances
        (two dimensions) came out negative.

    Notes
    -----
    The influence of a row is A(t) - A(entry) while it is at risk and stays at
    A(exit) - A(entry) - own after an event, A being the sum of growth. So a cluster's
    sum is R(t) A(t) + B(t) with R and B step functions, and the sum over clusters of its
    square needs only the steps: one sort, no influence matrix (Lin and Wei 1989 for the idea).
    """
    A = _within(steps.growth, counts.start)
    rows = _row_steps(counts, A, steps.own, counts.arranged(event), w)
    total, scale = np.zeros(len(A)), np.zeros(len(A))
    for sign, codes in signed_clusters(clusters):
        arranged = None if codes is None else counts.arranged(codes)
        part = _one_way(counts, A, rows, arranged)
        total += sign * part
        scale += part
    return np.maximum(total, 0.0) if len(clusters) < 2 else variance_or_nan(total, scale)


def row_influence(counts: RiskSets, steps: Steps, event: BoolArray) -> FloatArray:
    """Give the influence of each row on the whole sum, in the order of the rows given.

    Parameters
    ----------
    counts : RiskSets
        Counts at the distinct times of each stratum.
    steps : Steps
        Influence at each of them; 0 after the horizon.
    event : ndarray of shape (n,), bool
        Whether each row's exit was the event.

    Returns
    -------
    ndarray of shape (n,)
        Change of the sum for one more unit of weight on the row.
    """
    A = np.concatenate([[0.0], np.cumsum(steps.growth)])
    leave = counts.position
    found = A[leave + 1] - A[first_at_risk(counts)]
    found -= counts.arranged(event) * steps.own[leave]
    return in_given_order(counts, found)


def first_at_risk(counts: RiskSets) -> IntArray:
    """Give the index of the first distinct time at which each row is at risk.

    Parameters
    ----------
    counts : RiskSets
        Counts.

    Returns
    -------
    ndarray of shape (n,), int
        Taken in the order of `counts`.
    """
    if counts.entry_position is not None:
        return counts.entry_position
    begin: IntArray = counts.start[counts.stratum][counts.position]
    return begin


def in_given_order(counts: RiskSets, values: FloatArray) -> FloatArray:
    """Put values of the rows back in the order in which they were given.

    Parameters
    ----------
    counts : RiskSets
        Counts.
    values : ndarray of shape (n,)
        Values in the order of `counts`.

    Returns
    -------
    ndarray of shape (n,)
        The same values.
    """
    if counts.order is None:
        return values
    placed = np.empty_like(values)
    placed[counts.order] = values
    return placed


class _RowSteps(NamedTuple):
    enter: IntArray
    stratum: IntArray
    w: FloatArray
    at_entry: FloatArray
    at_exit: FloatArray


def _row_steps(
    counts: RiskSets, A: FloatArray, own: FloatArray, event: BoolArray, w: FloatArray | None
) -> _RowSteps:
    """Give w R, and B after entry and after exit, of each row."""
    leave, stratum = counts.position, counts.stratum[counts.position]
    begin = counts.start[stratum]
    enter = begin if counts.entry_position is None else counts.entry_position
    A_entry = np.where(enter > begin, A[np.maximum(enter - 1, 0)], 0.0)
    weight = np.ones(len(leave)) if w is None else counts.arranged(w)
    at_exit = weight * (A[leave] - A_entry - event * own[leave])
    return _RowSteps(enter, stratum, weight, -weight * A_entry, at_exit)


def _one_way(
    counts: RiskSets, A: FloatArray, rows: _RowSteps, codes: IntArray | None
) -> FloatArray:
    leave, m = counts.position, len(A)
    variance = np.empty(m)
    if codes is None:
        inside = (rows.w**2, rows.w * rows.at_entry, rows.at_entry**2)
        nothing = np.zeros(len(leave))
        after = (nothing, nothing, rows.at_exit**2)
        RR, RB, BB = (
            _at(rows.enter, x, m) + _at(leave, y - x, m) for x, y in zip(inside, after, strict=True)
        )
    elif counts.entry_position is None:
        RR, RB, BB = _squared_exits(counts, rows, codes)
    else:
        RR, RB, BB = _squared_stays(leave, rows, codes * (len(counts.start) - 1) + rows.stratum, m)
    for a, b in pairwise(counts.start):
        rr, rb, bb = (np.cumsum(part[a:b]) for part in (RR, RB, BB))
        variance[a:b] = A[a:b] ** 2 * rr + 2 * A[a:b] * rb + bb
    return variance


def _within(growth: FloatArray, start: IntArray) -> FloatArray:
    """Sum up stratum by stratum."""
    total = np.empty(len(growth))
    for a, b in pairwise(start):
        np.cumsum(growth[a:b], out=total[a:b])
    return total


def _squared_exits(
    counts: RiskSets, rows: _RowSteps, codes: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the steps of R^2, R B and B^2 where everybody is in from the start of a stratum."""
    n_stratum, m = len(counts.start) - 1, len(counts.time)
    order = _sorted_by(codes * n_stratum + rows.stratum, counts)
    key = (codes * n_stratum + rows.stratum)[order]
    first = np.concatenate([[True], key[1:] != key[:-1]])
    block = np.cumsum(first) - 1
    dR, dB, position = -rows.w[order], rows.at_exit[order], counts.position[order]
    whole = _at(block, -dR, int(block[-1]) + 1)
    R, B = _running(dR, first, block) + whole[block], _running(dB, first, block)
    steps = _differences(R, B, dR, dB)
    RR, RB, BB = (_at(position, step, m) for step in steps)
    begin = counts.start[rows.stratum[order][first]]
    return RR + _at(begin, whole**2, m), RB, BB


def _sorted_by(key: IntArray, counts: RiskSets) -> IntArray:
    """Order rows by key, then time; numpy's stable sort of short integers is a radix sort."""
    small = key.astype(np.min_scalar_type(int(key.max())))
    if counts.order is not None:
        return np.argsort(small, kind="stable")
    times = counts.position.astype(np.min_scalar_type(len(counts.time)))
    by_time = np.argsort(times, kind="stable")
    ordered: IntArray = by_time[np.argsort(small[by_time], kind="stable")]
    return ordered


def _squared_stays(
    leave: IntArray, rows: _RowSteps, key: IntArray, m: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the steps of R^2, R B and B^2 where rows enter late, some clusters at a time."""
    order = np.argsort(key.astype(np.min_scalar_type(int(key.max()))), kind="stable")
    ends = np.flatnonzero(np.diff(key[order])) + 1
    wanted = np.arange(max(_PORTION, m // 2), len(order), max(_PORTION, m // 2))
    inner = np.searchsorted(ends, wanted)
    RR, RB, BB = np.zeros((3, m))
    for part in np.split(order, np.unique(ends[inner[inner < len(ends)]])):
        position = np.concatenate([rows.enter[part], leave[part]])
        dR, begun = np.concatenate([rows.w[part], -rows.w[part]]), rows.at_entry[part]
        dB = np.concatenate([begun, rows.at_exit[part] - begun])
        steps = _squared_steps(position, np.tile(key[part], 2), dR, dB, m)
        for total, step in zip((RR, RB, BB), steps, strict=True):
            total += step
    return RR, RB, BB


def _squared_steps(
    position: IntArray, key: IntArray, dR: FloatArray, dB: FloatArray, m: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sum, at each time, the steps of R^2, R B and B^2 over clusters."""
    order = np.lexsort((position, key))
    position, key, dR, dB = position[order], key[order], dR[order], dB[order]
    first = np.concatenate([[True], key[1:] != key[:-1]])
    block = np.cumsum(first) - 1
    R, B = _running(dR, first, block), _running(dB, first, block)
    steps = _differences(R, B, dR, dB)
    RR, RB, BB = (_at(position, step, m) for step in steps)
    return RR, RB, BB


def _at(position: IntArray, values: FloatArray, m: int) -> FloatArray:
    """Sum values by position."""
    return np.bincount(position, values, m).astype(np.float64, copy=False)


def _differences(
    R: FloatArray, B: FloatArray, dR: FloatArray, dB: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    R0, B0 = R - dR, B - dB
    return R**2 - R0**2, R * B - R0 * B0, B**2 - B0**2


def _running(change: FloatArray, first: BoolArray, block: IntArray) -> FloatArray:
    total = np.cumsum(change)
    before = (total - change)[first]
    running: FloatArray = total - before[block]
    return running
