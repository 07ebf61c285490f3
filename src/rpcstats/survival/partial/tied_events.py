"""Sums over the tied events of an event time, each with fewer of them at risk than the last."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LONG: Final = 1024
"""From so many tied events on, an event time is summed by itself; others many at once."""

_EVENTS_AT_ONCE: Final = 1 << 15
"""Events of short runs that are summed together: their numbers stay in the cache."""


class TiedSums(NamedTuple):
    """Sums over l = 0, ..., d - 1 at each of k event times.

    With S0 the risk scores at risk, D0 those of the d events, f = l / d and φ = S0 - f D0.

    Attributes
    ----------
    logs, e0, e1, A, B, C : ndarray of shape (k,)
        Σ log φ, Σ 1/φ, Σ f/φ, Σ 1/φ², Σ f/φ², Σ f²/φ².
    """

    logs: FloatArray
    e0: FloatArray
    e1: FloatArray
    A: FloatArray
    B: FloatArray
    C: FloatArray


def tied_sums(order: Arrangement, r: FloatArray, S0: FloatArray, times: IntArray) -> TiedSums:
    """Sum over the tied events of some event times.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    r : ndarray of shape (r,)
        Risk scores.
    S0 : ndarray of shape (m,)
        Their sums at risk.
    times : ndarray of shape (k,), int
        Event times, rising.

    Returns
    -------
    TiedSums
        The sums.
    """
    d, sums = order.n_tied[times], np.empty((6, len(times)))
    for i in np.flatnonzero(d >= LONG).tolist():
        sums[:, i] = _of_long_run(r[run_of(order, int(times[i]))], float(S0[times[i]]))
    short = np.flatnonzero(d < LONG)
    for some in _together(short, d[short]):
        sums[:, some] = _of_short_runs(order, r, S0, times[some])
    scale = S0[times]
    sums[0] += d * np.log(scale)
    sums[1:3] /= scale
    sums[3:] /= scale * scale
    return TiedSums(*sums)


def run_of(order: Arrangement, k: int) -> slice:
    """Give the arranged places of the events of one event time.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    k : int
        The event time.

    Returns
    -------
    slice
        They stand side by side.
    """
    first = int(order.begin[k])
    return slice(first, first + int(order.n_tied[k]))


def event_places(order: Arrangement, times: IntArray) -> IntArray:
    """Give the arranged places of the events at some event times.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    times : ndarray of int
        Event times, rising.

    Returns
    -------
    ndarray of int
        Places, by event time.
    """
    if len(times) == order.n_time:
        return order.events
    counts = order.n_tied[times]
    ends = np.cumsum(counts)
    return np.arange(int(ends[-1])) + np.repeat(order.begin[times] - ends + counts, counts)


def _together(short: IntArray, d: IntArray) -> Iterator[IntArray]:
    """Cut event times into parts with few enough events."""
    ends = np.cumsum(d)
    if len(ends) and ends[-1] <= _EVENTS_AT_ONCE:
        yield short
    elif len(ends):
        yield from np.split(short, np.flatnonzero(np.diff(ends // _EVENTS_AT_ONCE)) + 1)


def _of_long_run(r: FloatArray, S0: float) -> tuple[float, ...]:
    """Sum in units of S0 over the events of one event time."""
    f = np.arange(len(r), dtype=np.float64)
    f /= len(r)
    share = f * -(r.sum() / S0)
    share += 1.0
    log = np.log(share).sum()
    inverse = np.divide(1.0, share, out=share)
    total = inverse.sum()
    square = inverse @ inverse
    thinned = f * inverse
    return log, total, thinned.sum(), square, thinned @ inverse, thinned @ thinned


def _of_short_runs(
    order: Arrangement, r: FloatArray, S0: FloatArray, times: IntArray
) -> tuple[FloatArray, ...]:
    """Sum in units of S0 over the events of each of several event times."""
    d = order.n_tied[times]
    first = np.cumsum(d) - d
    D0 = np.add.reduceat(r[event_places(order, times)], first)
    f = _fractions(order, times, d, first)
    inverse = f * np.repeat(-D0 / S0[times], d)
    inverse += 1.0
    log = np.add.reduceat(np.log(inverse), first)
    np.divide(1.0, inverse, out=inverse)
    thinned = f * inverse
    total, own = np.add.reduceat(inverse, first), np.add.reduceat(thinned, first)
    square = np.add.reduceat(inverse * inverse, first)
    inverse *= thinned
    mixed = np.add.reduceat(inverse, first)
    thinned *= thinned
    return log, total, own, square, mixed, np.add.reduceat(thinned, first)


def _fractions(order: Arrangement, times: IntArray, d: IntArray, first: IntArray) -> FloatArray:
    """Give l / d of each event; kept for the next linear predictor where they are few."""
    found: FloatArray | None = order.worked_out.get("fractions")
    if found is not None and len(times) == len(order.tied):
        return found
    found = np.arange(int(first[-1] + d[-1]), dtype=np.float64)
    found -= np.repeat(first, d)
    found /= np.repeat(d, d)
    if len(times) == len(order.tied):
        order.worked_out["fractions"] = found
    return found
