"""Scores of Gray's test and their covariance: arrays in, arrays out."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import risk_sets, still_in

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class GroupCounts(NamedTuple):
    """Counts by group at the times of one stratum at which somebody fails.

    Attributes
    ----------
    n : ndarray of shape (g, m)
        At risk.
    d : ndarray of shape (k, g, m)
        Failing of each cause.
    """

    n: FloatArray
    d: FloatArray


class Course(NamedTuple):
    """What the scores are sums of, at the times of one stratum.

    Attributes
    ----------
    h : ndarray of shape (g, m)
        n / S(t-), S being the group's probability of no event.
    S_before, S : ndarray of shape (g, m)
        S just before, and at, each time.
    F_before : ndarray of shape (g, m)
        The group's incidence of the cause just before each time.
    total : ndarray of shape (m,)
        Sum of h over the groups.
    """

    h: FloatArray
    S_before: FloatArray
    S: FloatArray
    F_before: FloatArray
    total: FloatArray


def group_counts(
    time: FloatArray,
    cause: IntArray,
    n_cause: int,
    group: IntArray,
    n_group: int,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
) -> list[GroupCounts]:
    """Count each group at risk and failing, stratum by stratum.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    cause : ndarray of shape (n,), int
        0 for censored, 1 to n_cause for the causes.
    n_cause : int
        Number of causes.
    group : ndarray of shape (n,), int
        Codes 0 to n_group - 1.
    n_group : int
        Number of groups.
    stratum : ndarray of shape (n,), int, optional
        Codes 0 to n_stratum - 1, each with rows; one stratum if not given.
    n_stratum : int
        Number of strata.

    Returns
    -------
    list of GroupCounts
        One a stratum.
    """
    sets = risk_sets(time, cause > 0, stratum=stratum, n_stratum=n_stratum)
    m = len(sets.time)
    codes, of_cause = sets.arranged(group), sets.arranged(cause)
    leaving = np.bincount(codes * m + sets.position, minlength=n_group * m).reshape(n_group, m)
    at_risk = still_in(leaving, sets.start)
    cell = (of_cause * n_group + codes) * m + sets.position
    fails = np.bincount(cell, minlength=(n_cause + 1) * n_group * m)
    d = fails[n_group * m :].reshape(n_cause, n_group, m)
    kept = sets.n_event > 0
    parts = []
    for a, b in pairwise(sets.start):
        here = np.flatnonzero(kept[a:b]) + a
        parts.append(GroupCounts(at_risk[:, here], d[:, :, here].astype(np.float64)))
    return parts


def gray_scores(counts: GroupCounts, k: int, rho: float) -> tuple[FloatArray, FloatArray]:
    """Give the scores of one cause in one stratum, and their covariance.

    Parameters
    ----------
    counts : GroupCounts
        The stratum.
    k : int
        The cause.
    rho : float
        Exponent of the weight 1 - F(t-), F being the pooled incidence.

    Returns
    -------
    scores : ndarray of shape (g,)
        Weighted events less those expected under one incidence curve.
    V : ndarray of shape (g, g)
        Covariance of the scores.

    Notes
    -----
    Gray (1988): increments of the groups' subdistribution hazards compared through
    R = n (1 - F(t-)) / S(t-), S and F being those of the group. A hazard of the cause itself and
    one of the others move the scores by E below; tied failures are hypergeometric.
    """
    own = counts.d[k]
    d = own.sum(axis=0)
    course = _course(counts, own)
    step = _ratio(d, course.total)
    F = np.cumsum(step)
    F_before = np.concatenate([[0.0], F[:-1]])
    weight = (1 - F_before) ** rho if rho else np.ones(len(d))
    R = course.h * (1 - course.F_before)
    expected = R * _ratio(d, R.sum(axis=0))
    scores = ((own - expected) * weight).sum(axis=1)
    rate = _ratio(step, 1 - F_before)
    n_group = len(own)
    V = np.zeros((n_group, n_group))
    for j in range(n_group):
        # How the scores follow the increments of group j.
        a = -course.h * (weight * course.h[j] / course.total)
        a[j] += weight * course.h[j]
        c = np.cumsum(a * rate, axis=1)
        ahead = c[:, -1:] - c
        left = _ratio(1 - F, course.S[j])
        of_cause = a + np.where(course.S[j] > 0, 1 - left, 1.0) * ahead
        V += (of_cause * _own_spread(counts.n[j], course, j, d)) @ of_cause.T
        of_others = left * ahead
        V += (of_others * _other_spread(counts, course, j, k)) @ of_others.T
    return scores, V


def _course(counts: GroupCounts, own: FloatArray) -> Course:
    n = counts.n
    total_d = counts.d.sum(axis=0)
    S = np.empty_like(n)
    np.cumprod(1 - _ratio(total_d, n), axis=1, out=S)
    S_before = np.ones_like(S)
    S_before[:, 1:] = S[:, :-1]
    F = np.cumsum(_ratio(S_before * own, n), axis=1)
    F_before = np.zeros_like(F)
    F_before[:, 1:] = F[:, :-1]
    h = np.where(n > 0, _ratio(n, S_before), 0.0)
    return Course(h, S_before, S, F_before, h.sum(axis=0))


def _own_spread(n: FloatArray, course: Course, j: int, d: FloatArray) -> FloatArray:
    """Give the variance of the increments of group j for the cause, from the pooled rate."""
    size = course.total * course.S_before[j] - 1
    ties = np.where(d > 1, 1 - _ratio(d - 1, size), 1.0)
    spread: FloatArray = ties * _ratio(course.S_before[j] * _ratio(d, course.total), n)
    return spread


def _other_spread(counts: GroupCounts, course: Course, j: int, k: int) -> FloatArray:
    """Give the variance of the increments of group j for the other causes."""
    n = counts.n[j]
    d = counts.d[:, j].sum(axis=0) - counts.d[k, j]
    ties = np.where(d > 1, 1 - _ratio(d - 1, n - 1), 1.0)
    spread: FloatArray = ties * _ratio(course.S_before[j], n) ** 2 * d
    return spread


def _ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """Divide, with 0 where there is nothing to divide by."""
    result: FloatArray = np.divide(
        above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below > 0
    )
    return result
