"""Rows put in the order in which they are at risk, once for all evaluations."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import first_after
from rpcstats.survival._row_places import RowPlaces, Rows
from rpcstats.survival.partial.arrangement import Arrangement as Arrangement

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Places = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]

_MANY: Final = 1 << 30
"""Fewer rows are numbered by 32 bits, twice the number and one more included."""


def arrange(
    time: FloatArray,
    event: BoolArray,
    *,
    entry: FloatArray | None = None,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    weights: FloatArray | None = None,
    places: RowPlaces | None = None,
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
    places : RowPlaces, optional
        Where the rows stand, of the same times and strata, if somebody else needs it too.

    Returns
    -------
    Arrangement
        The order, and which event times each row is at risk at.
    """
    code = stratum if n_stratum > 1 else None
    found = (RowPlaces(time, code, n_stratum) if places is None else places).found
    happened = event if found.order is None else event[found.order]
    n_tied = np.bincount(found.position[happened], minlength=len(found.time))
    is_event_time = n_tied > 0
    n_tied = n_tied[is_event_time]
    kind: type[np.int32 | np.int64] = np.int32 if len(time) < _MANY else np.int64
    n_before = _starts(is_event_time, kind)
    start = n_before[found.start].astype(np.int64)
    last = _last_event_time(found, n_before, start)
    first = None
    if entry is not None:
        arranged = entry if found.order is None else entry[found.order]
        codes = code if code is None or found.order is None else code[found.order]
        first = n_before[first_after(arranged, codes, found)]
    order: Places | None = None if found.order is None else found.order.astype(kind)
    del found, n_before, is_event_time  # each is as long as the data
    at_risk = last >= 0 if first is None else (last >= 0) & (first <= last)
    chosen = _places(last, happened, at_risk, order is not None)
    rows: Places = chosen.astype(kind) if order is None else order[chosen]
    del order, at_risk
    begin = _starts(np.bincount(last[chosen], minlength=len(n_tied)), kind)
    return Arrangement(
        n=len(time),
        rows=rows,
        first=None if first is None else first[chosen].astype(np.int64),
        is_event=happened[chosen],
        weights=None if weights is None else weights[rows],
        begin=begin,
        n_tied=n_tied,
        exit=time,
        start=start,
    )


def _starts(counts: NDArray[Any], kind: type[np.integer[Any]]) -> NDArray[Any]:
    """Sum counts, from 0 on."""
    sums = np.zeros(len(counts) + 1, dtype=kind)
    np.cumsum(counts, dtype=kind, out=sums[1:])
    return sums


def _last_event_time(rows: Rows, n_before: NDArray[Any], start: IntArray) -> NDArray[Any]:
    """Find the last event time up to each row's exit in its stratum; -1 if there is none."""
    if len(start) > 2:
        last = n_before[1:] - 1
        last[last < np.repeat(start[:-1], np.diff(rows.start))] = -1
        return last[rows.position]
    last = n_before[1:][rows.position]
    last -= 1
    return last


def _places(last: NDArray[Any], event: BoolArray, at_risk: BoolArray, is_sorted: bool) -> IntArray:
    """Order the rows at risk by last event time, events first."""
    places = np.flatnonzero(at_risk)
    if len(places) and len(places) == places[-1] - places[0] + 1:
        inside = slice(int(places[0]), int(places[-1]) + 1)
        last, event = last[inside], event[inside]
    else:
        last, event = last[places], event[places]
    if is_sorted and not (event[1:] & ~event[:-1] & (last[1:] == last[:-1])).any():
        return places
    key = 2 * last + ~event
    if len(key) and int(key.max()) < np.iinfo(np.uint16).max:
        key = key.astype(np.uint16)  # numpy's stable sort of 16 bits is a radix sort
    order = np.argsort(key, kind="stable")
    return np.take(places, order, out=order, mode="clip")
