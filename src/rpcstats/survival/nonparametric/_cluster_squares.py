"""Sums over clusters of squared step functions of one curve: arrays in, arrays out."""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_PORTION: Final = 1 << 16
"""Rows whose clusters are summed together, at the least."""


class RowSteps(NamedTuple):
    """Steps of R and B at the entry and exit of each row, a cluster's sum being R A + B.

    Attributes
    ----------
    enter : ndarray of shape (n,), int
        First time at which each row is at risk.
    stratum : ndarray of shape (n,), int
        Its stratum.
    w : ndarray of shape (n,)
        Its weight, by which R rises at the entry and falls at the exit.
    at_entry, at_exit : ndarray of shape (n,)
        What it adds to B after its entry, and after its exit.
    """

    enter: IntArray
    stratum: IntArray
    w: FloatArray
    at_entry: FloatArray
    at_exit: FloatArray


def squared_exits(
    counts: RiskSets, rows: RowSteps, codes: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the steps of R^2, R B and B^2 where everybody is in from the start of a stratum.

    Parameters
    ----------
    counts : RiskSets
        Distinct times of each stratum.
    rows : RowSteps
        The rows, in the order of `counts`.
    codes : ndarray of shape (n,), int
        Cluster of each.

    Returns
    -------
    tuple of ndarray of shape (m,)
        Steps, at each time, of the sums over clusters.
    """
    n_stratum, m = len(counts.start) - 1, len(counts.time)
    order = _sorted_by(codes * n_stratum + rows.stratum, counts)
    key = (codes * n_stratum + rows.stratum)[order]
    first = np.concatenate([[True], key[1:] != key[:-1]])
    block = np.cumsum(first) - 1
    dR, dB, position = -rows.w[order], rows.at_exit[order], counts.position[order]
    whole = at_positions(block, -dR, int(block[-1]) + 1)
    R, B = _running(dR, first, block) + whole[block], _running(dB, first, block)
    steps = _differences(R, B, dR, dB)
    RR, RB, BB = (at_positions(position, step, m) for step in steps)
    begin = counts.start[rows.stratum[order][first]]
    return RR + at_positions(begin, whole**2, m), RB, BB


def _sorted_by(key: IntArray, counts: RiskSets) -> IntArray:
    """Order rows by key, then time; numpy's stable sort of short integers is a radix sort."""
    small = key.astype(np.min_scalar_type(int(key.max())))
    if counts.order is not None:
        return np.argsort(small, kind="stable")
    times = counts.position.astype(np.min_scalar_type(len(counts.time)))
    by_time = np.argsort(times, kind="stable")
    ordered: IntArray = by_time[np.argsort(small[by_time], kind="stable")]
    return ordered


def squared_stays(
    leave: IntArray, rows: RowSteps, key: IntArray, m: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give the steps of R^2, R B and B^2 where rows enter late, some clusters at a time.

    Parameters
    ----------
    leave : ndarray of shape (n,), int
        Time of each row's exit.
    rows : RowSteps
        The rows.
    key : ndarray of shape (n,), int
        Cluster and stratum of each, as one number.
    m : int
        Number of times.

    Returns
    -------
    tuple of ndarray of shape (m,)
        Steps, at each time, of the sums over clusters.
    """
    key = key.astype(np.min_scalar_type(int(key.max())))
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    ends = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1
    del ordered
    wanted = np.arange(_PORTION, len(order), _PORTION)
    inner = np.searchsorted(ends, wanted)
    sums = np.zeros((3, m))
    for some in np.split(order, np.unique(ends[inner[inner < len(ends)]])):
        position = np.concatenate([rows.enter[some], leave[some]])
        dR, begun = np.concatenate([rows.w[some], -rows.w[some]]), rows.at_entry[some]
        dB = np.concatenate([begun, rows.at_exit[some] - begun])
        _add_squared_steps(sums, position, np.tile(key[some], 2), dR, dB)
    return sums[0], sums[1], sums[2]


def _add_squared_steps(
    sums: FloatArray, position: IntArray, key: NDArray[Any], dR: FloatArray, dB: FloatArray
) -> None:
    """Add, at each time, the steps of R^2, R B and B^2 over clusters."""
    order = np.lexsort((position, key))
    position, key, dR, dB = position[order], key[order], dR[order], dB[order]
    first = np.append(True, key[1:] != key[:-1])
    block = np.cumsum(first) - 1
    R, B = _running(dR, first, block), _running(dB, first, block)
    for total, step in zip(sums, _differences(R, B, dR, dB), strict=True):
        np.add.at(total, position, step)


def at_positions(position: IntArray, values: FloatArray, m: int) -> FloatArray:
    """Sum values by position.

    Parameters
    ----------
    position : ndarray of shape (n,), int
        Positions 0 to m - 1.
    values : ndarray of shape (n,)
        Values.
    m : int
        Number of positions.

    Returns
    -------
    ndarray of shape (m,)
        Sums.
    """
    return np.bincount(position, values, m).astype(np.float64, copy=False)


def _differences(
    R: FloatArray, B: FloatArray, dR: FloatArray, dB: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    R0, B0 = R - dR, B - dB
    return R**2 - R0**2, R * B - R0 * B0, B**2 - B0**2


def _running(change: FloatArray, first: BoolArray, block: IntArray) -> FloatArray:
    total = np.cumsum(change)
    before = (total - change)[first]
    return np.asarray(total - before[block])
