"""Second derivative of the log partial likelihood in the coefficients, in one pass over X."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.chunks import ROWS, Chunk, chunks_of
from rpcstats.survival.partial.event_terms import EventTerms, event_places, tied_times
from rpcstats.survival.partial.moments import first_moments

FloatArray = NDArray[np.float64]

_BY_PRODUCT: Final = 128
"""From so many rows an event time on, each is summed by a product with a vector."""
_FINE: Final = 12
"""Below so many rows an event time, running sums over rows are faster than sums of blocks."""


def information(
    order: Arrangement, X: FloatArray, terms: EventTerms, expected: FloatArray
) -> FloatArray:
    """Give minus the second derivative of the log partial likelihood.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (p, r)
        Covariates, arranged, one line a covariate.
    terms : EventTerms
        Terms at the linear predictor.
    expected : ndarray of shape (r,)
        `expected_events` at the same linear predictor.

    Returns
    -------
    ndarray of shape (p, p)
        The observed information.

    Notes
    -----
    X' diag(expected) X less the outer products of the sums of each risk set, which run from the
    last event time to the first and are carried from chunk to chunk, so that nothing of the
    size of X is made. With late entry sums of what enters are held, one column an event time.
    """
    if terms.is_delicate:
        return _careful(order, X, terms, expected)
    found = np.zeros((len(X), len(X)))
    entering = _entering(order, X, terms.r)
    has_ties = len(tied_times(order, terms)) > 0
    carried = np.zeros((len(X), 1))
    buffer = np.empty((len(X), ROWS))
    for chunk in chunks_of(order):
        _add_squares(found, X, expected, chunk, buffer)
        S1 = _risk_set_sums(order, X, terms.r, chunk, buffer, carried, entering)
        carried = S1[:, :1]
        found -= (S1 * terms.A[chunk.times]) @ S1.T
        if has_ties:
            _take_ties(found, order, X, terms, chunk, S1)
    return found


def _careful(
    order: Arrangement, X: FloatArray, terms: EventTerms, expected: FloatArray
) -> FloatArray:
    S1, D1 = first_moments(order, X, terms)
    mixed = (S1 * terms.B) @ D1.T
    found = (X * expected) @ X.T - (S1 * terms.A) @ S1.T
    return np.asarray(found + mixed + mixed.T - (D1 * terms.C) @ D1.T)


def _entering(order: Arrangement, X: FloatArray, r: FloatArray) -> FloatArray | None:
    if order.first is None or not len(order.late):
        return None
    sums = np.empty((len(X), order.n_time))
    for j, x in enumerate(X):
        sums[j] = order.entering(x * r)
    return sums


def _add_squares(
    found: FloatArray, X: FloatArray, expected: FloatArray, chunk: Chunk, buffer: FloatArray
) -> None:
    for a in range(chunk.rows.start, chunk.rows.stop, ROWS):
        at = slice(a, min(a + ROWS, chunk.rows.stop))
        weighted = np.multiply(X[:, at], expected[at], out=buffer[:, : at.stop - a])
        found += weighted @ X[:, at].T


def _risk_set_sums(
    order: Arrangement,
    X: FloatArray,
    r: FloatArray,
    chunk: Chunk,
    buffer: FloatArray,
    carried: FloatArray,
    entering: FloatArray | None,
) -> FloatArray:
    """Sum weighted covariates over those at risk at each event time of a chunk."""
    n_row, n_time = chunk.rows.stop - chunk.rows.start, chunk.times.stop - chunk.times.start
    begin = order.begin[chunk.times.start : chunk.times.stop + 1]
    if n_row >= _BY_PRODUCT * n_time or n_row > ROWS:
        sums = np.empty((len(X), n_time))
        for k in range(n_time):
            at = slice(begin[k], begin[k + 1])
            np.matmul(X[:, at], r[at], out=sums[:, k])
    else:
        sums = np.multiply(X[:, chunk.rows], r[chunk.rows], out=buffer[:, :n_row])
        begin = begin[:-1] - chunk.rows.start
        if n_row < _FINE * n_time and entering is None and chunk.segments is None:
            return chunk.running(sums, carried)[:, begin]
        if n_row > n_time:
            sums = np.add.reduceat(sums, begin, axis=1)
    if entering is not None:
        sums = sums - entering[:, chunk.times]
    return chunk.running(sums, carried)


def _take_ties(
    found: FloatArray,
    order: Arrangement,
    X: FloatArray,
    terms: EventTerms,
    chunk: Chunk,
    S1: FloatArray,
) -> None:
    """Take off the part of Efron's thinning."""
    local = np.flatnonzero(order.n_tied[chunk.times] > 1)
    if not len(local):
        return
    tied = local + chunk.times.start
    if int(order.n_tied[tied].sum()) > _BY_PRODUCT * len(tied):
        D1 = np.empty((len(X), len(tied)))
        for i, k in enumerate(tied.tolist()):
            at = slice(order.begin[k], order.begin[k] + order.n_tied[k])
            np.matmul(X[:, at], terms.r[at], out=D1[:, i])
    else:
        places, d = event_places(order, tied), order.n_tied[tied]
        D1 = np.add.reduceat(X[:, places] * terms.r[places], np.cumsum(d) - d, axis=1)
    mixed = (S1[:, local] * terms.B[tied]) @ D1.T
    found += mixed + mixed.T - (D1 * terms.C[tied]) @ D1.T
