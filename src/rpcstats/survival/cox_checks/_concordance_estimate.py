"""Concordance of one ranking with censored times: the estimate and what each row does to it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.cox_checks._censoring_curve import CensoringCurve
from rpcstats.survival.cox_checks._concordant_pairs import Pairs, count_pairs
from rpcstats.survival.cox_checks.evaluation_sample import EvaluationSample

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Discrimination(NamedTuple):
    """How well a score orders the times.

    Attributes
    ----------
    estimate : float
        Concordance; NaN if no pair can be compared.
    influence : ndarray of shape (n,)
        Derivative of the estimate by the logarithm of each row's weight.
    counts : ndarray of shape (5,)
        Weighted pairs, in the order of `_concordant_pairs.KINDS`.
    """

    estimate: float
    influence: FloatArray
    counts: FloatArray


def score_ranks(score: FloatArray, *, tolerance: float = 0.0) -> IntArray:
    """Rank scores from 0 up, the same rank for ties.

    Parameters
    ----------
    score : ndarray of shape (n,)
        The scores.
    tolerance : float
        Scores no further apart, next to one another in order, are ties.

    Returns
    -------
    ndarray of shape (n,), int
        Ranks without gaps.
    """
    distinct, ranks = np.unique(score, return_inverse=True)
    if tolerance and len(distinct) > 1:
        step = np.concatenate([[0], np.cumsum(np.diff(distinct) > tolerance)])
        ranks = step[ranks]
    return ranks.astype(np.int64, copy=False)


def discrimination(
    sample: EvaluationSample,
    score: IntArray,
    *,
    curve: CensoringCurve | None = None,
    tau: float | None = None,
    is_curve_known: bool = True,
) -> Discrimination:
    """Estimate the concordance of one score.

    Parameters
    ----------
    sample : EvaluationSample
        The times.
    score : ndarray of shape (n,), int
        Ranks, the highest expected to fail first.
    curve : CensoringCurve, optional
        Pairs are weighted by 1 / G(t-)^2 at the first failure (Uno and others 2011).
    tau : float, optional
        Only pairs whose first failure is no later count.
    is_curve_known : bool
        Whether the influence passes over that the curve was estimated.

    Returns
    -------
    Discrimination
        Estimate, influence and counts.
    """
    v = None
    if curve is not None or tau is not None:
        v = np.ones(len(sample.time)) if curve is None else curve.before[curve.position] ** -2.0
        v = v if tau is None else np.where(sample.time <= tau, v, 0.0)
    pairs = count_pairs(
        sample.time,
        sample.event,
        score,
        entry=sample.entry,
        weights=sample.weights,
        stratum=sample.stratum,
        n_stratum=len(sample.strata.labels),
        time_weight=v,
    )
    counts = pairs.counts.sum(axis=0)
    comparable = counts[:3].sum()
    if comparable == 0:
        return Discrimination(np.nan, np.full(len(score), np.nan), counts)
    difference = (counts[0] - counts[1]) / comparable
    contrast = np.array([1.0, -1.0, 0.0]) - difference
    slope = pairs.influence[:, :3] @ contrast
    w = np.ones(len(score)) if sample.weights is None else sample.weights
    if curve is not None and not is_curve_known:
        slope = slope + _through_curve(curve, pairs, contrast, w)
    return Discrimination((difference + 1) / 2, w * slope / (2 * comparable), counts)


def _through_curve(
    curve: CensoringCurve, pairs: Pairs, contrast: FloatArray, w: FloatArray
) -> FloatArray:
    """Follow the weights 1 / G(t-)^2 back to the rows that G was estimated from."""
    own = -2.0 * w * (pairs.as_first @ contrast)
    at_time = np.bincount(curve.position, own, minlength=len(curve.G)).astype(np.float64)
    start = curve.counts.start
    total = np.cumsum(at_time)
    end = np.repeat(total[start[1:] - 1], np.diff(start))
    return curve.influence(end - total)
