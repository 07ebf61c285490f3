"""Scores of Gray's test and their covariance: arrays in, arrays out."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._gray_counts import GroupCounts

FloatArray = NDArray[np.float64]


_TIMES: Final = 1 << 14
"""Times whose terms are worked out together."""


class Course(NamedTuple):
    """What the scores are sums of, at some times of one stratum.

    Attributes
    ----------
    h : ndarray of shape (g, m)
        n / S(t-), S being the group's probability of no event.
    S_before, S : ndarray of shape (g, m)
        S just before, and at, each time.
    F_before, F : ndarray of shape (g, m)
        The group's incidence of the cause just before, and at, each time.
    total : ndarray of shape (m,)
        Sum of h over the groups.
    """

    h: FloatArray
    S_before: FloatArray
    S: FloatArray
    F_before: FloatArray
    F: FloatArray
    total: FloatArray


class _Reached(NamedTuple):
    """What is known at the end of some times.

    Attributes
    ----------
    S, F : ndarray of shape (g,)
        Of the groups, as in `Course`.
    pooled : float
        The pooled incidence.
    c : ndarray of shape (g, g)
        For each group, by how much the scores have followed its increments.
    """

    S: FloatArray
    F: FloatArray
    pooled: float
    c: FloatArray


class _Window(NamedTuple):
    """Terms of some times.

    Attributes
    ----------
    counts : GroupCounts
        The counts.
    course : Course
        Of the groups.
    d : ndarray of shape (m,)
        Failing of the cause.
    pooled : ndarray of shape (m,)
        Pooled incidence at each time.
    scores : ndarray of shape (g,)
        What these times add to the scores.
    a, c : ndarray of shape (g, g, m)
        How the scores follow the increments of each group, and its sum by the pooled rate.
    """

    counts: GroupCounts
    course: Course
    d: FloatArray
    pooled: FloatArray
    scores: FloatArray
    a: FloatArray
    c: FloatArray


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
    n_group, m = counts.n.shape
    begin = _Reached(np.ones(n_group), np.zeros(n_group), 0.0, np.zeros((n_group, n_group)))
    pieces = [slice(a, min(a + _TIMES, m)) for a in range(0, m, _TIMES)]
    scores, reached = np.zeros(n_group), begin
    for at in pieces:
        window, reached = _window(counts.taken(at), k, rho, reached)
        scores += window.scores
    total = reached.c
    if len(pieces) == 1:
        return scores, _covariance(window, k, total)
    V, reached = np.zeros((n_group, n_group)), begin
    for at in pieces:
        window, reached = _window(counts.taken(at), k, rho, reached)
        V += _covariance(window, k, total)
    return scores, V


def _window(counts: GroupCounts, k: int, rho: float, before: _Reached) -> tuple[_Window, _Reached]:
    """Work out the terms of some times from what was reached before them."""
    own = counts.d[k]
    d = own.sum(axis=0)
    course = _course(counts, own, before)
    step = _ratio(d, course.total)
    pooled = _summed(step.copy(), before.pooled)
    pooled_before = np.append(before.pooled, pooled[:-1])
    weight = (1 - pooled_before) ** rho if rho else np.ones(len(d))
    R = course.h * (1 - course.F_before)
    expected = R * _ratio(d, R.sum(axis=0))
    scores = ((own - expected) * weight).sum(axis=1)
    rate = _ratio(step, 1 - pooled_before)
    n_group = len(own)
    a = np.empty((n_group, *course.h.shape))
    c = np.empty_like(a)
    for j in range(n_group):
        np.multiply(course.h, -(weight * course.h[j] / course.total), out=a[j])
        a[j, j] += weight * course.h[j]
        c[j] = _summed(a[j] * rate, before.c[j][:, None])
    window = _Window(counts, course, d, pooled, scores, a, c)
    return window, _Reached(course.S[:, -1], course.F[:, -1], float(pooled[-1]), c[:, :, -1])


def _covariance(window: _Window, k: int, total: FloatArray) -> FloatArray:
    """Give what some times add to the covariance, `total` being c at the end of all."""
    course, V = window.course, np.zeros(total.shape)
    for j in range(len(total)):
        ahead = total[j][:, None] - window.c[j]
        left = _ratio(1 - window.pooled, course.S[j])
        of_cause = window.a[j] + np.where(course.S[j] > 0, 1 - left, 1.0) * ahead
        V += (of_cause * _own_spread(window.counts.n[j], course, j, window.d)) @ of_cause.T
        of_others = left * ahead
        V += (of_others * _other_spread(window.counts, course, j, k)) @ of_others.T
    return V


def _summed(values: FloatArray, begin: FloatArray | float) -> FloatArray:
    """Sum along the last axis, from what was reached before; in place."""
    values[..., :1] += begin
    return np.cumsum(values, axis=-1, out=values)


def _course(counts: GroupCounts, own: FloatArray, before: _Reached) -> Course:
    n = counts.n
    S = 1 - _ratio(counts.d.sum(axis=0), n)
    S[:, 0] *= before.S
    np.cumprod(S, axis=1, out=S)
    S_before = np.concatenate([before.S[:, None], S[:, :-1]], axis=1)
    F = _summed(_ratio(S_before * own, n), before.F[:, None])
    F_before = np.concatenate([before.F[:, None], F[:, :-1]], axis=1)
    h = np.where(n > 0, _ratio(n, S_before), 0.0)
    return Course(h, S_before, S, F_before, F, h.sum(axis=0))


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
