"""Second derivative of the log partial likelihood in the coefficients, in one pass over X."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.chunks import ROWS, Chunk, Room, chunks_of
from rpcstats.survival.partial.event_terms import EventTerms
from rpcstats.survival.partial.moments import first_moments
from rpcstats.survival.partial.tied_events import event_places

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
    carried = np.zeros((len(X), 1))
    room = Room(len(X))
    for chunk in chunks_of(order):
        _add_squares(found, X, expected, chunk, room)
        S1 = risk_set_sums(order, X, terms.r, chunk, room, carried, entering)
        carried = S1[:, :1].copy()
        weighted = np.multiply(S1, terms.A[chunk.times], out=room.table(0, S1.shape[1]))
        found -= weighted @ S1.T
        if len(terms.tied):
            _take_ties(found, order, X, terms, chunk, S1)
    return found


def _careful(
    order: Arrangement, X: FloatArray, terms: EventTerms, expected: FloatArray
) -> FloatArray:
    S1, D1 = first_moments(order, X, terms)
    mixed = (S1[:, terms.tied] * terms.B) @ D1.T
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
    found: FloatArray, X: FloatArray, expected: FloatArray, chunk: Chunk, room: Room
) -> None:
    for a in range(chunk.rows.start, chunk.rows.stop, ROWS):
        at = slice(a, min(a + ROWS, chunk.rows.stop))
        weighted = np.multiply(X[:, at], expected[at], out=room.table(0, at.stop - a))
        found += weighted @ X[:, at].T


def risk_set_sums(
    order: Arrangement,
    X: FloatArray,
    r: FloatArray,
    chunk: Chunk,
    room: Room,
    carried: FloatArray,
    entering: FloatArray | None = None,
) -> FloatArray:
    """Sum weighted covariates over those at risk at each event time of a chunk.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (p, r)
        Covariates, arranged.
    r : ndarray of shape (r,)
        Risk scores.
    chunk : Chunk
        Some event times.
    room : Room
        Tables of p lines to work in.
    carried : ndarray of shape (p, 1)
        The sums at the event time after the chunk.
    entering : ndarray of shape (p, m), optional
        What enters late, as `Arrangement.entering` sums it.

    Returns
    -------
    ndarray of shape (p, k)
        The sums; they may be the second table, the first is free again.
    """
    n_row, n_time = chunk.rows.stop - chunk.rows.start, chunk.times.stop - chunk.times.start
    begin = order.begin[chunk.times.start : chunk.times.stop + 1]
    if n_row >= _BY_PRODUCT * n_time or n_row > ROWS:
        sums = np.empty((len(X), n_time))
        for k in range(n_time):
            at = slice(begin[k], begin[k + 1])
            np.matmul(X[:, at], r[at], out=sums[:, k])
    else:
        sums = np.multiply(X[:, chunk.rows], r[chunk.rows], out=room.table(0, n_row))
        begin = begin[:-1] - chunk.rows.start
        if n_row < _FINE * n_time and entering is None and chunk.segments is None:
            sums, chosen = chunk.running(sums, carried), room.table(1, n_time)
            return np.take(sums, begin, axis=1, out=chosen, mode="clip")
        if n_row > n_time:
            sums = np.add.reduceat(sums, begin, axis=1, out=room.table(1, n_time))
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
    among = slice(*np.searchsorted(terms.tied, [chunk.times.start, chunk.times.stop]).tolist())
    tied = terms.tied[among]
    if not len(tied):
        return
    if int(order.n_tied[tied].sum()) > _BY_PRODUCT * len(tied):
        D1 = np.empty((len(X), len(tied)))
        for i, k in enumerate(tied.tolist()):
            at = slice(order.begin[k], order.begin[k] + order.n_tied[k])
            np.matmul(X[:, at], terms.r[at], out=D1[:, i])
    else:
        places, d = event_places(order, tied), order.n_tied[tied]
        D1 = np.add.reduceat(X[:, places] * terms.r[places], np.cumsum(d) - d, axis=1)
    mixed = (S1[:, tied - chunk.times.start] * terms.B[among]) @ D1.T
    found += mixed + mixed.T - (D1 * terms.C[among]) @ D1.T
