"""Sums over sub-distribution risk sets, a few thousand rows at a time: arrays in, arrays out.

Nothing of the length of the data is kept but the covariates: risk scores are worked out anew in
each pass. Sums of those present run from the last event time back, sums of the pool from the first
on, so that a pass in the order of time needs to know beforehand what is present after each chunk.
There is no late entry.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._compensator import Compensator, run
from rpcstats.survival.competing._pool_chunks import PoolChunk, pool_chunks, row_chunks
from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder

FloatArray = NDArray[np.float64]
Places = NDArray[np.integer[Any]]

_SAFE: Final = 100.0
"""Linear predictors up to this size are exponents without a shift."""


class Moments(NamedTuple):
    """Sums over the risk sets of a chunk.

    Attributes
    ----------
    chunk : PoolChunk
        The chunk.
    r : ndarray of shape (k,)
        Weighted risk scores of its rows.
    S1 : ndarray of shape (p, t)
        Sums of the lines times the risk scores at each event time.
    pooled : ndarray of shape (p, g, t)
        The pool's share, before its chances of being under observation.
    """

    chunk: PoolChunk
    r: FloatArray
    S1: FloatArray
    pooled: FloatArray


class RiskSums:
    """The risk sets of a sub-distribution hazard at given coefficients.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged, without late entry.
    X : ndarray of shape (p, r)
        Covariates, arranged.
    offset : ndarray of shape (r,) or None
        Known part of the linear predictor, arranged.
    beta : ndarray of shape (p,)
        Coefficients.
    """

    def __init__(
        self,
        order: SubdistributionOrder,
        X: FloatArray,
        offset: FloatArray | None,
        beta: FloatArray,
    ) -> None:
        self.order, self.X, self.offset, self.beta = order, X, offset, beta

    def eta(self, rows: slice) -> FloatArray:
        """Give the linear predictor of some rows."""
        eta: FloatArray = self.beta @ self.X[:, rows]
        if self.offset is not None:
            eta += self.offset[rows]
        return eta

    def scores(self, rows: slice) -> FloatArray:
        """Give weighted risk scores of some rows."""
        return self._scored(self.eta(rows), rows)

    def _scored(self, eta: FloatArray, rows: slice) -> FloatArray:
        r = np.exp(eta, out=eta)
        if self.order.weights is not None:
            r *= self.order.weights[rows]
        return r

    def totals(self) -> tuple[float, FloatArray] | None:
        """Sum risk scores over each risk set.

        Returns
        -------
        tuple of float and ndarray of shape (m,), or None
            Sum of the linear predictors of the events, and the sums; None if a linear predictor
            is too large to be an exponent.
        """
        order, pool = self.order, self.order.pool
        n_group, m = pool.level.shape
        present, pooled = np.empty(m), np.zeros((n_group, m + 1))
        observed = 0.0
        for chunk in pool_chunks(order):
            rows, times = chunk.base.rows, chunk.base.times
            eta = self.eta(rows)
            if not max(float(eta.max()), -float(eta.min())) <= _SAFE:
                return None
            observed += float(eta @ event_weights(order, rows))
            r = self._scored(eta, rows)
            joining = _joining(chunk, r[chunk.places] * pool.inverse[chunk.pool], n_group)
            pooled[:, times.start : times.stop + 1] += joining
            r[chunk.extra] = 0.0
            present[times] = _leaving(order, chunk, r)
        run(order, present, -1)
        for line, level in zip(pooled[:, :m], pool.level, strict=True):
            run(order, line, 1)
            line *= level
            present += line
        return observed, present

    def gradient(self, compensator: Compensator) -> tuple[FloatArray, FloatArray]:
        """Give the gradient, and what is present of the covariates chunk by chunk.

        Parameters
        ----------
        compensator : Compensator
            Of the baseline hazard.

        Returns
        -------
        gradient : ndarray of shape (p,)
            First derivatives of the log pseudo-likelihood.
        present : ndarray of shape (p + 1, c)
            Sums of covariates times risk scores over the rows of each chunk, and of the scores.
        """
        order, X = self.order, self.X
        gradient, present = np.zeros(len(X)), []
        for chunk in pool_chunks(order):
            rows = chunk.base.rows
            r = self.scores(rows)
            left = event_weights(order, rows)
            left -= self.expected(chunk, r, compensator)
            gradient += X[:, rows] @ left
            r[chunk.extra] = 0.0
            present.append(np.append(X[:, rows] @ r, r.sum()))
        return gradient, np.column_stack(present)

    def expected(self, chunk: PoolChunk, r: FloatArray, compensator: Compensator) -> FloatArray:
        """Give the weighted number of events expected of the rows of a chunk.

        Parameters
        ----------
        chunk : PoolChunk
            The chunk.
        r : ndarray of shape (k,)
            Risk scores of its rows.
        compensator : Compensator
            Of the baseline hazard.

        Returns
        -------
        ndarray of shape (k,)
            Case weight times the cumulative hazard of each row.
        """
        order, pool, times = self.order, self.order.pool, chunk.base.times
        begin = order.begin[times.start : times.stop + 1]
        expected = np.repeat(compensator.so_far[times], np.diff(begin))
        expected[chunk.extra] = 0.0
        own = slice(None) if len(pool.level) == 1 else pool.group[chunk.pool]
        ahead = compensator.ahead[0] if len(pool.level) == 1 else compensator.ahead
        at = pool.join[chunk.pool] if len(pool.level) == 1 else (own, pool.join[chunk.pool])
        expected[chunk.places] += ahead[at] * pool.inverse[chunk.pool]
        expected *= r
        return expected

    def moments(self, present: FloatArray, *, with_scores: bool = False) -> Iterator[Moments]:
        """Sum covariates over the risk sets, chunk by chunk in the order of time.

        Parameters
        ----------
        present : ndarray of shape (p + 1, c)
            As `gradient` gives it.
        with_scores : bool
            Whether a last line holds the sums of the risk scores themselves.

        Yields
        ------
        Moments
            Of each chunk.
        """
        order, pool = self.order, self.order.pool
        n_line, n_group = len(self.X) + with_scores, len(pool.level)
        after = _after(order, present[:n_line])
        held = np.zeros((n_line, n_group, 1))
        for i, chunk in enumerate(pool_chunks(order)):
            rows = chunk.base.rows
            r = self.scores(rows)
            lines = np.empty((n_line, len(r)))
            np.multiply(self.X[:, rows], r, out=lines[: len(self.X)])
            if with_scores:
                lines[-1] = r
            values = np.take(lines, chunk.places, axis=1) * pool.inverse[chunk.pool]
            lines[:, chunk.extra] = 0.0
            sums = chunk.base.running(_leaving(order, chunk, lines), after[:, i : i + 1])
            joining = np.empty((n_line, n_group, sums.shape[1] + 1))
            for line, out in zip(values, joining, strict=True):
                out[:] = _joining(chunk, line, n_group)
            pooled = self._running(chunk, joining[..., :-1], held)
            held = pooled[..., -1:] + joining[..., -1:]
            level = pool.level[:, chunk.base.times]
            sums = sums + (pooled[:, 0] * level[0] if n_group == 1 else (pooled * level).sum(1))
            yield Moments(chunk, r, sums, pooled)

    @staticmethod
    def _running(chunk: PoolChunk, joining: FloatArray, held: FloatArray) -> FloatArray:
        if chunk.base.segments is not None:
            return chunk.base.segments.forward(joining)
        if chunk.follows:
            joining[..., :1] += held
        return np.cumsum(joining, axis=-1)


def event_weights(order: SubdistributionOrder, rows: slice) -> FloatArray:
    """Give the case weight of each of some rows that is an event, 0 for the others.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    rows : slice
        Arranged rows.

    Returns
    -------
    ndarray of shape (k,)
        Weights.
    """
    weights = order.is_event[rows].astype(np.float64)
    if order.weights is not None:
        weights *= order.weights[rows]
    return weights


def _leaving(order: SubdistributionOrder, chunk: PoolChunk, lines: FloatArray) -> FloatArray:
    """Sum over the rows that leave at each event time."""
    begin = order.begin[chunk.base.times] - chunk.base.rows.start
    sums: FloatArray = np.add.reduceat(lines, begin, axis=-1)
    return sums


def _joining(chunk: PoolChunk, values: FloatArray, n_group: int) -> FloatArray:
    """Sum over the rows that join the pool at each event time and the one after."""
    width = chunk.base.times.stop - chunk.base.times.start + 1
    sums: FloatArray = np.bincount(chunk.cells, values, n_group * width).astype(np.float64)
    return sums.reshape(n_group, width)


def _after(order: SubdistributionOrder, present: FloatArray) -> FloatArray:
    """Sum what is present in the later chunks of the stratum that goes on after each."""
    after = np.zeros_like(present)
    goes_on = [base.goes_on for base in row_chunks(order)]
    for i in range(len(goes_on) - 2, -1, -1):
        if goes_on[i]:
            after[:, i] = present[:, i + 1] + after[:, i + 1]
    return after
