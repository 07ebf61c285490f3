"""Pairs in which the one who fails first has the higher score: counts and influence."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.cox_checks._dominance import Dominance, dominance

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

KINDS = ("concordant", "discordant", "tied_score", "tied_time", "tied_both")

_COMPILED_FROM = 30_000
"""From so many rows the compiled sweep wins back the time it takes to load."""


class Pairs(NamedTuple):
    """Pairs by kind, in the order of `KINDS`.

    Attributes
    ----------
    counts : ndarray of shape (s, 5)
        Weighted pairs of each stratum.
    influence : ndarray of shape (n, 5)
        Derivative of the sums over strata by the weight of each row.
    as_first : ndarray of shape (n, 3)
        The part of the first three columns of `influence` from pairs in which the row fails
        first.
    """

    counts: FloatArray
    influence: FloatArray
    as_first: FloatArray


class _Items(NamedTuple):
    """Rows by stratum, time and, at one time, events first; places count in this order."""

    order: IntArray
    stratum: IntArray
    event: BoolArray
    w: FloatArray
    b: FloatArray
    v: FloatArray
    rank: IntArray
    first: IntArray
    past_events: IntArray
    start: IntArray


def count_pairs(
    time: FloatArray,
    event: BoolArray,
    score: IntArray,
    *,
    entry: FloatArray | None = None,
    weights: FloatArray | None = None,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
    time_weight: FloatArray | None = None,
) -> Pairs:
    """Count concordant, discordant and tied pairs in O(n log n).

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    event : ndarray of shape (n,), bool
        Whether the exit was the event.
    score : ndarray of shape (n,), int
        Ranks of the scores from 0 up, the highest expected to fail first.
    entry : ndarray of shape (n,), optional
        Times of entry.
    weights : ndarray of shape (n,), optional
        Case weights; a pair counts their product.
    stratum : ndarray of shape (n,), int, optional
        Only pairs within a stratum count.
    n_stratum : int
        Number of strata.
    time_weight : ndarray of shape (n,), optional
        Weight of the pairs in which the row fails first, the same for rows of one stratum
        and time.

    Returns
    -------
    Pairs
        Counts by stratum, and influence by row.

    Notes
    -----
    A pair can be compared if one fails while the other is at risk and does not fail at the
    same time; who is censored at that time is still at risk (Harrell 1982). The influence of a
    row is the sum, over its pairs, of the other's weight (Therneau and Watson 2017).
    """
    codes = np.zeros(len(time), dtype=np.int64) if stratum is None else stratum
    ranks = score if stratum is None else _within(codes, score)
    w = np.ones(len(time)) if weights is None else weights
    v = np.ones(len(time)) if time_weight is None else time_weight
    items = _in_order(time, event, ranks, codes, n_stratum, w, v)
    sums = _sums(items)
    if entry is not None:
        late = _not_yet_in(items, time[items.order], entry[items.order])
        sums = tuple(x - y for x, y in zip(sums, late, strict=True))
    tied = _tied_events(items)
    return _gathered(items, sums, tied)


def _within(codes: IntArray, score: IntArray) -> IntArray:
    """Rank scores within strata, those of later strata above."""
    width = int(score.max(initial=0)) + 1
    ranks: IntArray = np.unique(codes * width + score, return_inverse=True)[1].astype(np.int64)
    return ranks


def _in_order(
    time: FloatArray,
    event: BoolArray,
    ranks: IntArray,
    codes: IntArray,
    n_stratum: int,
    w: FloatArray,
    v: FloatArray,
) -> _Items:
    n = len(time)
    order = np.lexsort((~event, time, codes) if n_stratum > 1 else (~event, time))
    t, d, s = time[order], event[order], codes[order]
    new = np.ones(n, dtype=np.bool_)
    new[1:] = (t[1:] != t[:-1]) | (s[1:] != s[:-1])
    block = np.cumsum(new) - 1
    begin = np.flatnonzero(new)
    n_event = np.bincount(block, weights=d).astype(np.int64)
    return _Items(
        order=order,
        stratum=s,
        event=d,
        w=w[order],
        b=np.where(d, w[order] * v[order], 0.0),
        v=np.where(d, v[order], 0.0),
        rank=ranks[order],
        first=begin[block],
        past_events=(begin + n_event)[block],
        start=np.searchsorted(s, np.arange(n_stratum + 1)),
    )


def _sums(items: _Items) -> tuple[FloatArray, ...]:
    """Sum over those who leave later (lower, equal, all), and over those who failed before."""
    before = np.where(items.event, items.first, items.past_events)
    found = _dominance(items.rank, items.past_events, before, items.w, items.b)
    base = items.start[items.stratum]
    end = items.start[items.stratum + 1]
    a, b = _running(items.w), _running(items.b)
    return (
        found.lower_after,
        found.equal_after,
        a[end] - a[items.past_events],
        # Ranks of earlier strata are all lower.
        found.lower_before - b[base],
        found.equal_before,
        b[before] - b[base],
    )


def _not_yet_in(items: _Items, time: FloatArray, entry: FloatArray) -> tuple[FloatArray, ...]:
    """Sum likewise over those who enter at an event's time or later."""
    n = len(time)
    moment = np.concatenate([time, entry])
    is_entry = np.repeat([False, True], n)
    stratum = np.concatenate([items.stratum, items.stratum])
    order = np.lexsort((is_entry, moment, stratum))
    t, s, kind = moment[order], stratum[order], is_entry[order]
    new = np.ones(2 * n, dtype=np.bool_)
    new[1:] = (t[1:] != t[:-1]) | (s[1:] != s[:-1])
    begin = np.flatnonzero(new)
    n_exit = np.bincount(np.cumsum(new) - 1, weights=~kind).astype(np.int64)
    past_exits = (begin + n_exit)[np.cumsum(new) - 1]
    row = order % n
    a = np.where(kind, items.w[row], 0.0)
    b = np.where(kind, 0.0, items.b[row])
    found = _dominance(items.rank[row], past_exits, past_exits, a, b)
    start = 2 * items.start
    base, end = start[s], start[s + 1]
    run_a, run_b = _running(a), _running(b)
    exits = np.empty((3, n))
    entries = np.empty((3, n))
    exits[:, row[~kind]] = np.stack(
        [found.lower_after, found.equal_after, run_a[end] - run_a[past_exits]]
    )[:, ~kind]
    entries[:, row[kind]] = np.stack(
        [found.lower_before - run_b[base], found.equal_before, run_b[past_exits] - run_b[base]]
    )[:, kind]
    return (*exits, *entries)


def _tied_events(items: _Items) -> tuple[FloatArray, FloatArray]:
    """Sum, for each event, the weights of others at its time with another and the same score."""
    at = np.flatnonzero(items.event)
    order = at[np.lexsort((items.rank[at], items.first[at]))]
    w, first, rank = items.w[order], items.first[order], items.rank[order]
    other, same = np.zeros(len(items.w)), np.zeros(len(items.w))
    if len(order):
        at_time = _block_sums(w, first[1:] != first[:-1])
        alike = _block_sums(w, (first[1:] != first[:-1]) | (rank[1:] != rank[:-1]))
        other[order] = (at_time - alike) * items.v[order]
        same[order] = (alike - w) * items.v[order]
    return other, same


def _block_sums(w: FloatArray, is_new: BoolArray) -> FloatArray:
    block = np.concatenate([[0], np.cumsum(is_new)])
    sums: FloatArray = np.bincount(block, weights=w)[block]
    return sums


def _gathered(
    items: _Items, sums: tuple[FloatArray, ...], tied: tuple[FloatArray, FloatArray]
) -> Pairs:
    lower, equal, everybody, lower_b, equal_b, everybody_b = sums
    # Weights that are not whole leave rounding where nothing should be left.
    higher = np.maximum(everybody - lower - equal, 0.0)
    higher_b = np.maximum(everybody_b - lower_b - equal_b, 0.0)
    as_first = np.stack([lower, higher, equal]) * items.v
    as_last = np.stack([higher_b, lower_b, equal_b])
    n_stratum = len(items.start) - 1
    counts = np.empty((n_stratum, 5))
    for place, column in enumerate((*as_first, *tied)):
        # Two events at one time meet twice in the sums over rows.
        share = items.w if place < 3 else items.w / 2
        counts[:, place] = np.bincount(items.stratum, share * column, minlength=n_stratum)
    influence = np.empty((len(items.w), 5))
    influence[items.order, :3] = (as_first + as_last).T
    influence[items.order, 3:] = np.stack(tied).T
    first = np.empty((len(items.w), 3))
    first[items.order] = as_first.T
    return Pairs(counts, influence, first)


def _running(weights: FloatArray) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(weights)])


def _dominance(
    rank: IntArray, after: IntArray, before: IntArray, a: FloatArray, b: FloatArray
) -> Dominance:
    if len(rank) < _COMPILED_FROM:
        return dominance(rank, after, before, a, b)
    from rpcstats.survival.cox_checks._dominance_kernel import sweep

    return Dominance(*sweep(rank, int(rank.max()) + 1, after, before, a, b))
