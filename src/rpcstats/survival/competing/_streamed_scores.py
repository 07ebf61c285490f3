"""Covariance of the score with estimated weights, a few thousand rows at a time: arrays only.

It is what `_subdistribution_scores` gives row by row, for one baseline, one censoring distribution
and no late entry: then everything is a running sum in the order of time.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters
from rpcstats.survival.competing._censoring_weights import CensoringSteps, Weighting
from rpcstats.survival.competing._subdistribution_chunks import Moments, event_weights
from rpcstats.survival.competing._subdistribution_likelihood import ChunkedPoint
from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.nonparametric._jackknife import log_steps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
_ROWS: Final = 8192


class _Passed(NamedTuple):
    """Steps of a stretch of time, and how rows move the score through them.

    Attributes
    ----------
    time : ndarray of shape (s,)
        When the steps happen.
    growth : ndarray of shape (p, s + 1)
        What a row takes off that has passed so many of them.
    own : ndarray of shape (p, s)
        What a row brings that is censored at one.
    """

    time: FloatArray
    growth: FloatArray
    own: FloatArray

    def influence(self, exits: FloatArray, is_censored: NDArray[np.bool_]) -> FloatArray:
        """Give the influence, of shape (p, k), of rows that leave in this stretch."""
        stop = np.searchsorted(self.time, exits, side="right")
        moved: FloatArray = np.take(self.growth, stop, axis=1)
        np.negative(moved, out=moved)
        left = np.flatnonzero(is_censored)
        at = stop[left] - 1
        for line, own in zip(moved, self.own, strict=True):
            line[left] += own[at]
        return moved


class _Course:
    """Sums over the steps of the censoring distribution, from one stretch of time to the next."""

    def __init__(self, steps: CensoringSteps, n_line: int, *, is_exact: bool) -> None:
        self._steps, self._is_exact, self._at = steps, is_exact, 0
        self._ahead, self._growth = np.zeros((n_line, 1)), np.zeros((n_line, 1))

    def passed(self, until: float, times: FloatArray, amounts: FloatArray) -> _Passed:
        """Go on to a time, amounts coming at some times before it."""
        stop = int(np.searchsorted(self._steps.time, until, side="left"))
        at, self._at = slice(self._at, stop), stop
        time = self._steps.time[at]
        came = np.searchsorted(time, times, side="left" if self._is_exact else "right")
        sums = np.empty((len(amounts), len(time) + 1))
        for line, values in zip(sums, amounts, strict=True):
            line[:] = np.bincount(came, values, len(time) + 1)
        ahead = np.cumsum(sums, axis=1, out=sums)
        ahead += self._ahead
        q = ahead[:, :-1]
        n, d = (
            np.asarray(part[at], dtype=np.float64)
            for part in (self._steps.n_risk, self._steps.n_event)
        )
        if self._is_exact:
            growth, own = log_steps(n, d)
        else:
            own = 1.0 / n
            growth = d * own**2
        total = np.concatenate([self._growth, self._growth + np.cumsum(growth * q, axis=1)], axis=1)
        self._ahead, self._growth = ahead[:, -1:], total[:, -1:]
        return _Passed(time, total, own * q)


def can_be_streamed(order: SubdistributionOrder) -> bool:
    """Tell whether all sums run in the order of time.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.

    Returns
    -------
    bool
        True for one baseline, one censoring distribution and no late entry.
    """
    return order.first is None and len(order.start) == 2 and len(order.pool.level) == 1


def score_covariance(
    point: ChunkedPoint,
    steps: CensoringSteps,
    weighting: Weighting,
    clusters: Sequence[IntArray],
) -> FloatArray:
    """Estimate the covariance of the score.

    Parameters
    ----------
    point : ChunkedPoint
        The likelihood at its maximum.
    steps : CensoringSteps
        The censoring distribution.
    weighting : Weighting
        How it enters.
    clusters : sequence of ndarray of shape (n,), int
        As in `clustered_covariance`.

    Returns
    -------
    ndarray of shape (p, p)
        As `clustered_covariance` of the influence of rows.
    """
    p, signed = len(point.beta), signed_clusters(clusters)
    found = np.zeros((p, p))
    sums = [np.zeros((p, 0 if codes is None else int(codes.max()) + 1)) for _, codes in signed]
    for rows, U in _scores(point, steps, weighting):
        for (_, codes), total in zip(signed, sums, strict=True):
            if codes is None:
                found += U @ U.T
                continue
            own = codes[rows]
            for line, values in zip(total, U, strict=True):
                np.add.at(line, own, values)
    for (sign, _), total in zip(signed, sums, strict=True):
        found += sign * (total @ total.T)
    return found


def _scores(
    point: ChunkedPoint, steps: CensoringSteps, weighting: Weighting
) -> Iterator[tuple[NDArray[np.integer[Any]], FloatArray]]:
    """Give places of rows in the data, and their influence on the score, line by line."""
    order = point.sums.order
    w = weighting.weights
    is_moved = weighting.variance != "known-weights" and len(order.pool.places) > 0
    course = _Course(steps, len(point.beta), is_exact=weighting.is_exact)
    parts = _Parts(point)
    before = None
    for moments in point.sums.moments(point.present, with_scores=True):
        at = moments.chunk.base
        rows = order.rows[at.rows].astype(np.intp)  # once, not in every look-up
        U, brought, gone = parts.of(moments)
        if is_moved:
            exits = weighting.time[rows]
            events = exits[order.begin[at.times] - at.rows.start]
            times = np.concatenate([exits[moments.chunk.places], events])
            is_last = at.rows.stop == len(order.rows)
            until = np.inf if is_last else weighting.time[order.rows[at.rows.stop]]
            passed = course.passed(until, times, np.concatenate([brought, -gone], axis=1))
            moved = passed.influence(exits, weighting.is_censored(rows))
            U += moved if w is None else moved * w[rows]
            before = passed if before is None else before
        yield rows, U
    if before is not None:
        yield from _never_at_risk(order, before, weighting)


def _never_at_risk(
    order: SubdistributionOrder, passed: _Passed, weighting: Weighting
) -> Iterator[tuple[NDArray[np.integer[Any]], FloatArray]]:
    """Give the influence of rows censored before the first event."""
    is_out = np.ones(order.n, dtype=np.bool_)
    is_out[order.rows] = False
    left = np.flatnonzero(is_out)
    for a in range(0, len(left), _ROWS):
        rows = left[a : a + _ROWS]
        moved = passed.influence(weighting.time[rows], weighting.is_censored(rows))
        yield rows, moved if weighting.weights is None else moved * weighting.weights[rows]


class _Parts:
    """Splits the influence of rows that does not go through the weights."""

    def __init__(self, point: ChunkedPoint) -> None:
        self._point, self._compensator = point, point.compensator
        self._so_far = np.zeros((len(point.beta), 1))
        later = np.cumsum(point.lead[:, :0:-1], axis=1)[:, ::-1]
        self._after = np.concatenate([later, np.zeros((len(point.lead), 1))], axis=1)
        self._place = 0

    def of(self, moments: Moments) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give the influence of a chunk's rows; what its pool brings, and what event times take."""
        point, order, chunk = self._point, self._point.sums.order, moments.chunk
        rows, times = chunk.base.rows, chunk.base.times
        x, S0, W = point.sums.X[:, rows], point.S0[times], order.weight_tied[times]
        h, level = W / S0, order.pool.level[0, times]
        mean = moments.S1[:-1] / S0
        so_far = self._so_far + np.cumsum(mean * h, axis=1)
        self._so_far = so_far[:, -1:]
        U = np.repeat(so_far, np.diff(order.begin[times.start : times.stop + 1]), axis=1)
        U[:, chunk.extra] = 0.0
        U *= moments.r
        U -= x * point.sums.expected(chunk, moments.r, self._compensator)
        part = self._of_pool(moments, mean * (h * level))
        weight = event_weights(order, rows)
        at = np.flatnonzero(order.is_event[rows])
        own = np.repeat(np.arange(len(h)), order.n_tied[times])
        for j, line in enumerate(U):
            line[chunk.places] += part[j]
            line[at] += (x[j, at] - mean[j, own]) * weight[at]
        ahead = self._compensator.ahead[0]
        hazard = np.append(ahead[times], ahead[times.stop] if times.stop < order.n_time else 0.0)
        held = moments.r[chunk.places] * order.pool.inverse[chunk.pool]
        brought = np.take(x, chunk.places, axis=1) * (held * hazard[chunk.cells]) - part
        gone = (moments.pooled[:-1, 0] - mean * moments.pooled[-1, 0]) * (h * level)
        return U, brought, gone

    def _of_pool(self, moments: Moments, steps: FloatArray) -> FloatArray:
        """Give the share of the pool's rows in the means of the event times they join and later."""
        chunk, pool = moments.chunk, self._point.sums.order.pool
        after = self._after[:, [self._place]]
        back = np.cumsum(steps[:, ::-1], axis=1)[:, ::-1] + after
        self._place += 1
        share = moments.r[chunk.places] * pool.inverse[chunk.pool]
        ahead = np.concatenate([back, after], axis=1)
        found: FloatArray = np.take(ahead, chunk.cells, axis=1) * share
        return found
