"""Score residuals a few thousand rows at a time, for sums that need not hold them all."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.chunks import ROWS, Chunk, Room, chunks_of
from rpcstats.survival.partial.event_terms import EventTerms
from rpcstats.survival.partial.information import risk_set_sums
from rpcstats.survival.partial.tied_events import event_places

FloatArray = NDArray[np.float64]


def score_parts(
    order: Arrangement, X: FloatArray, terms: EventTerms, expected: FloatArray
) -> Iterator[tuple[slice, FloatArray]]:
    """Give each row's part of the score, from the first event time to the last.

    Parameters
    ----------
    order : Arrangement
        The rows arranged; none enters late.
    X : ndarray of shape (p, r)
        Covariates, arranged, one line a covariate.
    terms : EventTerms
        Terms at the linear predictor.
    expected : ndarray of shape (r,)
        `expected_events` at the same linear predictor.

    Yields
    ------
    rows : slice
        Arranged rows.
    residual : ndarray of shape (p, k)
        What `score_residuals` gives for them.

    Notes
    -----
    The sums of risk sets run from the last event time to the first, what the rows take from them
    the other way. So a first pass finds the sum that each chunk begins with.
    """
    chunks, room = chunks_of(order), Room(len(X))
    carried = [np.zeros((len(X), 1))]
    for chunk in chunks:
        S1 = risk_set_sums(order, X, terms.r, chunk, room, carried[-1])
        carried.append(S1[:, :1].copy())
    so_far, is_inside = np.zeros((len(X), 1)), False
    for chunk, later in zip(chunks[::-1], carried[-2::-1], strict=True):
        S1 = risk_set_sums(order, X, terms.r, chunk, room, later)
        pull, means, own = _of_times(order, X, terms, chunk, S1)
        if is_inside:
            pull[:, :1] += so_far
        if chunk.segments is None:
            np.cumsum(pull, axis=1, out=pull)
        else:
            pull = chunk.segments.forward(pull)
        so_far, is_inside = pull[:, -1:].copy(), chunk.goes_on
        yield from _of_rows(order, X, terms, expected, chunk, (pull, means, own))


def _of_times(
    order: Arrangement, X: FloatArray, terms: EventTerms, chunk: Chunk, S1: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray | None]:
    """Give what each event time takes from those at risk, its mean, and what tied events add."""
    at = chunk.times
    pull, means, own = S1 * terms.A[at], S1 * terms.e0[at], None
    among = slice(*np.searchsorted(terms.tied, [at.start, at.stop]).tolist())
    tied = terms.tied[among]
    if len(tied):
        places, d, local = event_places(order, tied), order.n_tied[tied], tied - at.start
        D1 = np.add.reduceat(X[:, places] * terms.r[places], np.cumsum(d) - d, axis=1)
        pull[:, local] -= terms.B[among] * D1
        means[:, local] -= terms.e1[among] * D1
        own = np.zeros_like(S1)
        own[:, local] = terms.B[among] * S1[:, local] - terms.C[among] * D1
    means /= order.weight_tied[at]
    return pull, means, own


def _of_rows(
    order: Arrangement,
    X: FloatArray,
    terms: EventTerms,
    expected: FloatArray,
    chunk: Chunk,
    of_times: tuple[FloatArray, FloatArray, FloatArray | None],
) -> Iterator[tuple[slice, FloatArray]]:
    pull, means, own = of_times
    begin = order.begin[chunk.times.start : chunk.times.stop + 1]
    time = np.repeat(np.arange(len(begin) - 1), np.diff(begin))
    for a in range(chunk.rows.start, chunk.rows.stop, ROWS):
        rows = slice(a, min(a + ROWS, chunk.rows.stop))
        at = time[a - chunk.rows.start : rows.stop - chunk.rows.start]
        is_event, r = order.is_event[rows], terms.r[rows]
        w = is_event if order.weights is None else order.weights[rows] * is_event
        residual = np.take(pull, at, axis=1)
        if own is not None:
            residual -= np.take(own, at, axis=1) * is_event
        residual *= r
        residual += X[:, rows] * (w - expected[rows])
        residual -= np.take(means, at, axis=1) * w
        yield rows, residual
