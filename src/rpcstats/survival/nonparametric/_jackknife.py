"""Infinitesimal-jackknife variance of sums over event times: arrays in, arrays out."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters, variance_or_nan
from rpcstats.survival._risk_sets import RiskSets
from rpcstats.survival.nonparametric._cluster_squares import (
    RowSteps,
    at_positions,
    squared_exits,
    squared_stays,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Value = TypeVar("Value", bound=np.generic)

_ROUNDING: Final = 1e-14
"""A sum of squares this small beside what has come and gone in it is rounding."""


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
    return log_steps(counts.n_risk, counts.n_event)


def log_steps(n: FloatArray, d: FloatArray) -> Steps:
    """Give the influence on the log of a product-limit estimate at each of its steps.

    Parameters
    ----------
    n, d : ndarray of shape (m,)
        Weight at risk, and failing.

    Returns
    -------
    Steps
        As `log_survival_steps`.
    """
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
    signed = [
        (sign, _one_way(counts, A, rows, None if codes is None else counts.arranged(codes)))
        for sign, codes in signed_clusters(clusters)
    ]
    found = signed[0][1]
    if len(signed) == 1:
        return np.maximum(found, 0.0, out=found)
    total = np.sum([sign * part for sign, part in signed], axis=0)
    return variance_or_nan(total, np.sum([part for _, part in signed], axis=0))


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


def in_given_order(counts: RiskSets, values: NDArray[Value]) -> NDArray[Value]:
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


def _row_steps(
    counts: RiskSets, A: FloatArray, own: FloatArray, event: BoolArray, w: FloatArray | None
) -> RowSteps:
    """Give w R, and B after entry and after exit, of each row."""
    leave, n = counts.position, len(counts.position)
    if len(counts.start) == 2:
        stratum = begin = np.broadcast_to(np.int64(0), n)
    else:
        stratum = counts.stratum[leave]
        begin = counts.start[stratum]
    weight = np.broadcast_to(1.0, n) if w is None else counts.arranged(w)
    enter, at_entry, at_exit = begin, np.broadcast_to(0.0, n), A[leave]
    if counts.entry_position is not None:
        enter = counts.entry_position
        at_entry = np.where(enter > begin, A[np.maximum(enter - 1, 0)], 0.0)
        at_exit -= at_entry
        at_entry *= -weight
    at_exit -= event * own[leave]
    at_exit *= weight
    return RowSteps(enter, stratum, weight, at_entry, at_exit)


def _one_way(counts: RiskSets, A: FloatArray, rows: RowSteps, codes: IntArray | None) -> FloatArray:
    leave, m = counts.position, len(A)
    variance = np.empty(m)
    if codes is None:
        inside = (rows.w**2, rows.w * rows.at_entry, rows.at_entry**2)
        nothing = np.zeros(len(leave))
        after = (nothing, nothing, rows.at_exit**2)
        RR, RB, BB = (
            at_positions(rows.enter, x, m) + at_positions(leave, y - x, m)
            for x, y in zip(inside, after, strict=True)
        )
    elif counts.entry_position is None:
        RR, RB, BB = squared_exits(counts, rows, codes)
    else:
        RR, RB, BB = squared_stays(leave, rows, codes * (len(counts.start) - 1) + rows.stratum, m)
    for a, b in pairwise(counts.start):
        rr, rb, bb = np.cumsum(RR[a:b]), np.cumsum(RB[a:b]), np.cumsum(BB[a:b])
        at = A[a:b]
        squares = at**2 * rr + 2 * at * rb + bb
        largest = at**2 * np.maximum.accumulate(rr) + np.maximum.accumulate(bb)
        variance[a:b] = np.where(np.abs(squares) > _ROUNDING * largest, squares, 0.0)
    return variance


def _within(growth: FloatArray, start: IntArray) -> FloatArray:
    """Sum up stratum by stratum."""
    total = np.empty(len(growth))
    for a, b in pairwise(start):
        np.cumsum(growth[a:b], out=total[a:b])
    return total
