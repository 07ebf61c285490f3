"""Order and censoring steps from one sort, where there is one of each: arrays in, arrays out."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._row_places import starts_whole
from rpcstats.survival.competing._censoring_weights import CensoringSteps
from rpcstats.survival.competing._subdistribution_order import Places, Pool, SubdistributionOrder

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def plain_order(
    time: FloatArray, codes: IntArray, cause: int
) -> tuple[SubdistributionOrder, CensoringSteps] | None:
    """Arrange rows without strata, late entry, weights or censoring groups.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    codes : ndarray of shape (n,), int
        Why each row ended, 0 for censored.
    cause : int
        The code of the cause of interest; one row at least has it.

    Returns
    -------
    tuple or None
        What `subdistribution_order` and `censoring` give; None for times that are counted, not
        sorted, or too many rows to be numbered by 32 bits.

    Notes
    -----
    Each step lets go what the next does not need, for all are as long as the data.
    """
    if starts_whole(time) or len(time) > np.iinfo(np.int32).max:
        return None
    rows, t, why = _by_time(time, codes, cause)
    times, n_tied = _distinct(t[why == cause])
    begin = np.searchsorted(t, times)
    steps, before = _steps(t, why)
    level = before[np.searchsorted(steps.time, times)]
    at = np.flatnonzero((why > 0) & (why != cause)).astype(np.int32)
    join = np.searchsorted(begin, at, side="right").astype(np.int32)
    at = at[: int(np.searchsorted(join, len(times)))]
    inverse = 1.0 / before[np.searchsorted(steps.time, t[at])]
    del t, times, before
    return _put_together(time, rows, why == cause, begin, n_tied, at, join, inverse, level), steps


def _by_time(time: FloatArray, codes: IntArray, cause: int) -> tuple[Places, FloatArray, IntArray]:
    """Give rows, times and codes by time, the events of the cause first among those that tie."""
    order = np.argsort(time)
    t, why = time[order], codes[order]
    rows: Places = order.astype(np.int32)
    del order
    is_tied, event = t[1:] == t[:-1], why == cause
    if (is_tied & event[1:] & ~event[:-1]).any():
        within = np.flatnonzero(np.append(is_tied, False) | np.append(False, is_tied))
        turned = within[np.lexsort((~event[within], t[within]))]
        rows[within], why[within] = rows[turned], why[turned]
    return rows, t, why


def _distinct(ordered: FloatArray) -> tuple[FloatArray, Places]:
    """Give distinct numbers and how often each is there."""
    is_first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    begin = np.append(np.flatnonzero(is_first), len(ordered))
    return ordered[is_first], np.diff(begin).astype(np.int32)


def _steps(t: FloatArray, why: IntArray) -> tuple[CensoringSteps, FloatArray]:
    """Give the steps of the censoring distribution, and its level before each and after all."""
    at, n_event = _distinct(t[why == 0])
    n_risk = (len(t) - np.searchsorted(t, at)).astype(np.int32)
    level = np.empty(len(at) + 1)
    level[0] = 1.0
    np.divide(n_event, n_risk, out=level[1:])
    np.subtract(1.0, level[1:], out=level[1:])
    np.cumprod(level, out=level)
    return CensoringSteps(at, n_risk, n_event), level


def _put_together(
    time: FloatArray,
    rows: Places,
    event: NDArray[np.bool_],
    begin: IntArray,
    n_tied: Places,
    at: Places,
    join: Places,
    inverse: FloatArray,
    level: FloatArray,
) -> SubdistributionOrder:
    """Leave out rows before the first event, but for those in the pool, which follow its events."""
    out, first = int(begin[0]), int(n_tied[0])
    n_extra = int(np.searchsorted(at, np.int32(out)))
    extra = np.arange(first, first + n_extra)
    places = at - np.int32(out - n_extra)
    places[:n_extra] = extra
    begin -= out - n_extra
    begin[0] = 0
    arranged = np.concatenate([rows[out : out + first], rows[at[:n_extra]], rows[out + first :]])
    happened = np.concatenate(
        [event[out : out + first], np.zeros(n_extra, np.bool_), event[out + first :]]
    )
    group = np.broadcast_to(np.int64(0), len(at))
    return SubdistributionOrder(
        n=len(time),
        rows=arranged,
        first=None,
        is_event=happened,
        weights=None,
        begin=np.append(begin, len(arranged)).astype(np.int32),
        n_tied=np.asarray(n_tied),
        exit=time,
        start=np.array([0, len(n_tied)]),
        pool=Pool(places, group, join[: len(at)], inverse, level[None]),
        extra=extra,
    )
