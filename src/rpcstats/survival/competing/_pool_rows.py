"""Rows that stay in risk sets after a competing event: arrays in, arrays out."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def first_event_after(base: Arrangement, time: FloatArray, stratum: IntArray) -> IntArray:
    """Find the first event time after each of some times, in its stratum.

    Parameters
    ----------
    base : Arrangement
        Where the event times are.
    time : ndarray of shape (n,)
        Times.
    stratum : ndarray of shape (n,), int
        Stratum of each.

    Returns
    -------
    ndarray of shape (n,), int
        Event times; the end of the stratum's if there is none.
    """
    if len(base.start) == 2:
        return np.searchsorted(base.time, time, side="right").astype(np.int64)
    pooled = np.unique(base.time)
    width = len(pooled) + 1
    key = base.stratum * width + np.searchsorted(pooled, base.time)
    wanted = stratum * width + np.searchsorted(pooled, time, side="right")
    return np.searchsorted(key, wanted).astype(np.int64)


def with_extra_rows(
    base: Arrangement, extra: IntArray, stratum: IntArray, weights: FloatArray | None
) -> tuple[Arrangement, IntArray]:
    """Give rows that are in no risk set but the pool's a place at their stratum's first time.

    Parameters
    ----------
    base : Arrangement
        Rows at risk at an event time before their exit.
    extra : ndarray of int
        Places, in the data, of the others.
    stratum : ndarray of shape (n,), int
        Strata.
    weights : ndarray of shape (n,) or None
        Case weights.

    Returns
    -------
    Arrangement
        Both. With late entry the first event time at risk of the extra rows is after their last,
        so that without the pool they count nowhere.
    ndarray of int
        Places of the extra rows there, between the events and the others of their event time.
    """
    if not len(extra):
        return base, extra
    first_time = base.start[stratum[extra]]
    by_time = np.argsort(first_time, kind="stable")
    extra, first_time = extra[by_time], first_time[by_time]
    where = base.begin[first_time] + base.n_tied[first_time]
    more = np.cumsum(np.bincount(first_time, minlength=base.n_time))
    merged = replace(
        base,
        rows=np.insert(base.rows, where, extra),
        first=None if base.first is None else np.insert(base.first, where, first_time + 1),
        is_event=np.insert(base.is_event, where, False),
        weights=None
        if base.weights is None or weights is None
        else np.insert(base.weights, where, weights[extra]),
        begin=(base.begin + np.append(0, more)).astype(base.begin.dtype),
    )
    return merged, where + np.arange(len(extra))
