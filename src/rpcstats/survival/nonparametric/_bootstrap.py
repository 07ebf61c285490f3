"""Areas under resampled Kaplan-Meier curves: rows are sorted once, then counted anew."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._risk_sets import RiskSets, still_in, yet_to_enter
from rpcstats.survival.nonparametric._curve_rows import CurveRows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_TIED = 4
"""With so many rows a distinct time, whole cells are drawn rather than rows."""

_NOBODY = np.finfo(np.float64).tiny

_AT_ONCE = 2_000_000
"""Numbers held at a time where cells are drawn."""


def bootstrap_areas(
    rows: CurveRows, tau: float, n_boot: int, rng: np.random.Generator
) -> FloatArray:
    """Give the areas under curves of resampled rows.

    Parameters
    ----------
    rows : CurveRows
        The rows, counted by group and time; with clusters, one dimension of them.
    tau : float
        Horizon.
    n_boot : int
        Number of samples.
    rng : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    ndarray of shape (n_boot, k)
        Areas; NaN where a sample's follow-up ends before tau above 0, or a group is empty.

    Notes
    -----
    Efron (1981). Rows are drawn with replacement within each group; with clusters, whole
    clusters are drawn, whichever groups they hold. A sample is a vector of multinomial counts
    on the pooled times.
    """
    counts = rows.counts
    plain = not rows.clusters and rows.weights is None and counts.entry_position is None
    if plain and len(counts.position) >= _TIED * len(counts.time):
        return _by_cells(rows, tau, n_boot, rng)
    draw = _cluster_draw(rows) if rows.clusters else _row_draw(rows)
    areas = np.empty((n_boot, rows.n_group))
    tally = _tally(rows)
    for b in range(n_boot):
        n_risk, n_event = tally(draw(rng))
        for g, (first, end) in enumerate(pairwise(counts.start)):
            inside = slice(first, end)
            areas[b, g] = _areas(
                counts.time[inside], n_risk[None, inside], n_event[None, inside], tau
            )[0]
    return areas


def _by_cells(rows: CurveRows, tau: float, n_boot: int, rng: np.random.Generator) -> FloatArray:
    """Draw how many rows leave at each time, with and without the event."""
    counts = rows.counts
    areas = np.empty((n_boot, rows.n_group))
    for g, (first, end) in enumerate(pairwise(counts.start)):
        inside = slice(first, end)
        m = end - first
        cells = np.concatenate([counts.n_event[inside], counts.n_censor[inside]])
        n = int(cells.sum())
        at_once = max(1, _AT_ONCE // (2 * m))
        for begin in range(0, n_boot, at_once):
            size = min(at_once, n_boot - begin)
            drawn = rng.multinomial(n, cells / n, size=size).astype(np.float64)
            leaving = drawn[:, :m] + drawn[:, m:]
            n_risk = np.cumsum(leaving[:, ::-1], axis=1)[:, ::-1]
            areas[begin : begin + size, g] = _areas(counts.time[inside], n_risk, drawn[:, :m], tau)
    return areas


def _row_draw(rows: CurveRows) -> Callable[[np.random.Generator], NDArray[np.intp]]:
    """Draw rows within each group; counts in the order of the risk sets."""
    group = rows.counts.arranged(rows.group)
    members = [np.flatnonzero(group == g) for g in range(rows.n_group)]
    whole = all(len(m) == m[-1] - m[0] + 1 for m in members)

    def draw(rng: np.random.Generator) -> NDArray[np.intp]:
        parts = [np.bincount(rng.integers(0, len(m), len(m)), minlength=len(m)) for m in members]
        if whole:
            return np.concatenate(parts)
        times = np.empty(len(group), dtype=np.intp)
        for member, part in zip(members, parts, strict=True):
            times[member] = part
        return times

    return draw


def _cluster_draw(rows: CurveRows) -> Callable[[np.random.Generator], NDArray[np.intp]]:
    """Draw whole clusters."""
    codes = rows.counts.arranged(rows.clusters[0])
    n_cluster = int(codes.max()) + 1

    def draw(rng: np.random.Generator) -> NDArray[np.intp]:
        times = np.bincount(rng.integers(0, n_cluster, n_cluster), minlength=n_cluster)
        drawn: NDArray[np.intp] = times[codes]
        return drawn

    return draw


def _tally(rows: CurveRows) -> Callable[[NDArray[np.intp]], tuple[FloatArray, FloatArray]]:
    """Count who is at risk and fails when each row stands there so many times."""
    counts: RiskSets = rows.counts
    m, position = len(counts.time), counts.position
    event = np.flatnonzero(counts.arranged(rows.event))
    at_event = position[event]
    w = None if rows.weights is None else counts.arranged(rows.weights)
    distinct = len(position) == m and counts.order is not None

    def tally(times: NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        held = times.astype(np.float64) if w is None else times * w
        if distinct:
            leaving, n_event = held, np.zeros(m)
            n_event[at_event] = held[event]
        else:
            leaving = np.bincount(position, held, m).astype(np.float64, copy=False)
            n_event = np.bincount(at_event, held[event], m).astype(np.float64, copy=False)
        n_risk = still_in(leaving, counts.start)
        if counts.entry_position is not None:
            n_risk -= yet_to_enter(np.bincount(counts.entry_position, held, m), counts.start)
        return n_risk, n_event

    return tally


def _areas(time: FloatArray, n_risk: FloatArray, n_event: FloatArray, tau: float) -> FloatArray:
    """Give the area under each curve; one sample a row."""
    inside = int(np.searchsorted(time, tau, side="right"))
    edges = np.concatenate([[0.0], time[:inside], [tau]])
    d, n = n_event[:, :inside], n_risk[:, :inside]
    # Where nobody is at risk nobody fails: the curve stays.
    S = np.cumprod(1.0 - d / np.maximum(n, _NOBODY), axis=1)
    area: FloatArray = edges[1] + S @ np.diff(edges[1:])
    # Followed up to tau if anybody is at risk at the first time from tau on.
    reached = int(np.searchsorted(time, tau, side="left"))
    followed = n_risk[:, reached] > 0 if reached < len(time) else np.zeros(len(area), np.bool_)
    ended = S[:, -1] <= 0 if inside else np.zeros(len(area), np.bool_)
    return np.where(followed | ended, area, np.nan)
