"""Shared curvature of many levels by one pass over the rows, compiled."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.jit import compiled

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@compiled()
def _change(
    rows: IntArray,
    values: FloatArray,
    places: IntArray,
    r: float,
    total: FloatArray,
    s: FloatArray,
    found: FloatArray,
) -> None:
    """Count a row from here on, or with a negative score no more.

    An empty total stands for one of zeros.
    """
    for e in range(len(rows)):
        weight = r * values[e]
        own = found[rows[e]]
        for c in range(len(total)):
            own[c] -= weight * total[c]
        if places[rows[e]] >= 0:
            s[places[rows[e]]] += weight


@compiled()
def _tie(
    first: int,
    last: int,
    rows: IntArray,
    values: FloatArray,
    places: IntArray,
    r: FloatArray,
    weights: tuple[float, float],
    sums: tuple[FloatArray, FloatArray, FloatArray],
    found: FloatArray,
) -> None:
    """Count what Efron's method takes off the tied events themselves."""
    B, C = weights
    s, d, total = sums
    d[:] = 0.0
    for i in range(first, last):
        for e in range(rows.shape[1]):
            if places[rows[i, e]] >= 0:
                d[places[rows[i, e]]] += r[i] * values[i, e]
    total -= B * d
    for i in range(first, last):
        for e in range(rows.shape[1]):
            found[rows[i, e]] += r[i] * values[i, e] * (C * d - B * s)


@compiled()
def shared_curvature(
    rows: IntArray,
    values: FloatArray,
    places: IntArray,
    r: FloatArray,
    begin: IntArray,
    entry_rows: IntArray,
    entry_begin: IntArray,
    start: IntArray,
    n_tied: IntArray,
    A: FloatArray,
    B: FloatArray,
    C: FloatArray,
    found: FloatArray,
) -> None:
    """Add Σ_k A s s' - B (s d' + d s') + C d d' for some columns, in O((n + m) c) operations.

    Parameters
    ----------
    rows : ndarray of shape (r, e), int
        Effects each arranged row belongs to.
    values : ndarray of shape (r, e)
        Covariates of those effects.
    places : ndarray of shape (Q,), int
        Column of each effect; -1 for those without one.
    r : ndarray of shape (r,)
        Risk scores.
    begin : ndarray of shape (m + 1,), int
        Rows that leave after each event time.
    entry_rows : ndarray of shape (r,), int
        Rows by the first event time at which they are at risk.
    entry_begin : ndarray of shape (m + 1,), int
        Where each event time begins among them.
    start : ndarray of shape (s + 1,), int
        Where each stratum's event times begin.
    n_tied : ndarray of shape (m,), int
        Events at each event time.
    A, B, C : ndarray of shape (m,)
        Sums of `EventTerms`; B and C are 0 where events are not treated as tied.
    found : ndarray of shape (Q, c)
        Changed in place.
    """
    n_column = found.shape[1]
    s = np.zeros(n_column)
    d = np.zeros(n_column)
    total = np.zeros(n_column)
    for j in range(len(start) - 1):
        total[:] = 0.0
        s[:] = 0.0
        for k in range(start[j], start[j + 1]):
            for at in range(entry_begin[k], entry_begin[k + 1]):
                i = entry_rows[at]
                # Before the first event time nothing has been summed.
                so_far = total if k > start[j] else total[:0]
                _change(rows[i], values[i], places, r[i], so_far, s, found)
            for c in range(n_column):
                total[c] += A[k] * s[c]
            if C[k] != 0.0:
                last = begin[k] + n_tied[k]
                _tie(begin[k], last, rows, values, places, r, (B[k], C[k]), (s, d, total), found)
            for i in range(begin[k], begin[k + 1]):
                _change(rows[i], values[i], places, -r[i], total, s, found)
