"""Rows put in the order in which they are at risk, once for all evaluations."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets, risk_sets
from rpcstats.survival.partial.arrangement import Arrangement as Arrangement

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def arrange(
    time: FloatArray,
    event: BoolArray,
    *,
    entry: FloatArray | None = None,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    weights: FloatArray | None = None,
) -> Arrangement:
    """Put rows in the order in which they are at risk.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit, 0 or more.
    event : ndarray of shape (n,), bool
        Whether the exit was the event; one at least was.
    entry : ndarray of shape (n,), optional
        Times of entry, each before its exit; a row is at risk at t if entry < t <= time.
    stratum : ndarray of shape (n,), int, optional
        Codes 0 to n_stratum - 1, each with rows; one stratum if not given.
    n_stratum : int
        Number of strata.
    weights : ndarray of shape (n,), optional
        Case weights above 0.

    Returns
    -------
    Arrangement
        The order, and which event times each row is at risk at.
    """
    code = stratum if n_stratum > 1 else None
    sets = risk_sets(time, event, stratum=code, n_stratum=n_stratum, entry=entry)
    is_event_time = sets.n_event > 0
    n_before = np.concatenate([[0], np.cumsum(is_event_time)])
    start = n_before[sets.start]
    last = _last_event_time(sets, n_before, start)
    happened = sets.arranged(event)
    at_risk = last >= 0
    first = None
    if sets.entry_position is not None:
        first = n_before[sets.entry_position]
        at_risk &= first <= last
    places = _places(last, happened, at_risk, sets.order is not None)
    rows = places if sets.order is None else sets.order[places]
    n_time = int(start[-1])
    n_last = np.bincount(last[places], minlength=n_time)
    return Arrangement(
        n=len(time),
        rows=rows,
        first=None if first is None else first[places],
        is_event=happened[places],
        weights=None if weights is None else weights[rows],
        begin=np.concatenate([[0], np.cumsum(n_last)]),
        n_tied=sets.n_event[is_event_time].astype(np.int64),
        time=sets.time[is_event_time],
        start=start,
    )


def _last_event_time(sets: RiskSets, n_before: IntArray, start: IntArray) -> IntArray:
    """Find the last event time up to each row's exit in its stratum; -1 if there is none."""
    last = n_before[1:] - 1
    last[last < np.repeat(start[:-1], np.diff(sets.start))] = -1
    return last[sets.position]


def _places(last: IntArray, event: BoolArray, at_risk: BoolArray, is_sorted: bool) -> IntArray:
    """Order the rows at risk by last event time, events first."""
    places = np.flatnonzero(at_risk)
    if is_sorted:
        behind = event[places[1:]] & ~event[places[:-1]] & (last[places[1:]] == last[places[:-1]])
        if not behind.any():
            return places
    key = 2 * last[places] + ~event[places]
    if len(key) and int(key.max()) < np.iinfo(np.uint16).max:
        key = key.astype(np.uint16)  # numpy's stable sort of 16 bits is a radix sort
    return places[np.argsort(key, kind="stable")]
