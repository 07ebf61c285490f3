"""Cumulative hazards with their variance and influence: arrays in, arrays out."""

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets
from rpcstats.survival.nonparametric._jackknife import Steps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

HazardTies = Literal["breslow", "fleming-harrington"]
HazardScale = Literal["log", "plain", "arcsine"]


class HazardSums(NamedTuple):
    """A cumulative hazard at each distinct time.

    Attributes
    ----------
    H : ndarray of shape (m,)
        Cumulative hazard, stratum by stratum.
    variance : ndarray of shape (m,)
        Its variance if events were Poisson.
    steps : Steps
        How one more unit of weight on a row moves it (with the sign turned).
    """

    H: FloatArray
    variance: FloatArray
    steps: Steps


def cumulative_hazard(counts: RiskSets, n_tied: IntArray, ties: HazardTies) -> HazardSums:
    """Sum the hazard over event times.

    Parameters
    ----------
    counts : RiskSets
        Counts, or sums of weights.
    n_tied : ndarray of shape (m,), int
        Rows that have the event at each time, whatever their weights.
    ties : {"breslow", "fleming-harrington"}
        d / n, or the events of a time one after another, each with the mean weight.

    Returns
    -------
    HazardSums
        Hazard, variance and influence.

    Notes
    -----
    Nelson (1972), Aalen (1978); variance by the sum of d / n². Fleming and Harrington (1984)
    for ties taken in turn.
    """
    n, d = counts.n_risk, counts.n_event
    if ties == "breslow" or n_tied.max(initial=0) <= 1:
        H = d / n
        variance = H / n
        steps = Steps(variance.copy(), 1.0 / n)
    else:
        H, variance, steps = _in_turn(n, d, n_tied)
    # In place, for these are the longest vectors of a curve.
    for a, b in pairwise(counts.start):
        np.cumsum(H[a:b], out=H[a:b])
        np.cumsum(variance[a:b], out=variance[a:b])
    return HazardSums(H, variance, steps)


def _in_turn(
    n: FloatArray, d: FloatArray, n_tied: IntArray
) -> tuple[FloatArray, FloatArray, Steps]:
    """Sum w / (n - k w) over the k-th of the tied events, w their mean weight."""
    times = np.repeat(np.arange(len(n)), n_tied)
    first = np.cumsum(n_tied) - n_tied
    k = np.arange(len(times)) - first[times]
    m = n_tied[times]
    w = d[times] / m
    part = 1.0 / (n[times] - k * w)
    size = len(n)
    jump = np.bincount(times, w * part, size).astype(np.float64)
    # Of case weights: an event of weight w counts as w events of weight 1.
    square = np.bincount(times, w * part**2, size).astype(np.float64)
    own = np.bincount(times, part / m + w * (k / m) * part**2, size).astype(np.float64)
    return jump, square, Steps(square.copy(), own)


def hazard_limits(
    H: FloatArray, half: FloatArray, conf_type: HazardScale
) -> tuple[FloatArray, FloatArray]:
    """Give limits of a cumulative hazard.

    Parameters
    ----------
    H : ndarray of shape (m,)
        The hazard.
    half : ndarray of shape (m,)
        Half the width of an interval on the scale of the hazard itself.
    conf_type : {"log", "plain", "arcsine"}
        Scale on which the interval is symmetric.

    Returns
    -------
    tuple of ndarray of shape (m,)
        Lower and upper limits.
    """
    if conf_type == "plain":
        return np.maximum(H - half, 0.0), H + half
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = half / H
        if conf_type == "log":
            return H * np.exp(-relative), H * np.exp(relative)
        # The scale is arcsin(exp(-H / 2)), on which the slope is -1 / (2 sqrt(exp(H) - 1)).
        centre, spread = np.arcsin(np.exp(-H / 2)), half / (2 * np.sqrt(np.expm1(H)))
        low = -2 * np.log(np.sin(np.minimum(centre + spread, np.pi / 2)))
        high = -2 * np.log(np.sin(np.maximum(centre - spread, 0.0)))
    return np.where(H > 0, low, 0.0), np.where(H > 0, high, 0.0)
