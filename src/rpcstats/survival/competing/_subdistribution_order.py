"""Rows in the order of the sub-distribution's risk sets, where competing events stay on."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._censoring_weights import WeightLimits
from rpcstats.survival.competing._pool_rows import first_event_after, with_extra_rows
from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.intervals import spread_over, sums_over

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Places = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows with a competing event, in the risk sets of the event times after it.

    Attributes
    ----------
    places : ndarray of shape (c,), int
        Arranged places of the rows, rising.
    group : ndarray of shape (c,), int
        Group of the censoring distribution.
    join : ndarray of shape (c,), int
        First event time after each row's exit, in its stratum; it never falls.
    inverse : ndarray of shape (c,)
        One over the chance of being under observation at the row's exit.
    level : ndarray of shape (g, m)
        That chance at each event time.
    """

    places: Places
    group: IntArray
    join: Places
    inverse: FloatArray
    level: FloatArray

    @property
    def cells(self) -> Places:
        """Where each row joins, in ``level`` laid out flat; made anew."""
        if len(self.level) == 1:
            return self.join
        return np.asarray(self.group.astype(np.int64) * self.level.shape[1] + self.join)


@dataclass(frozen=True, eq=False, kw_only=True)
class SubdistributionOrder(Arrangement):
    """Arrangement whose risk sets also hold the rows with an earlier competing event.

    Such a row has, at an event time t after its exit T, the weight K(t) / K(T): K is the chance
    of being under observation, so that the weight is what is left of the row had it, after its
    competing event, been exposed to censoring like the others.

    Attributes
    ----------
    pool : Pool
        The rows with competing events.
    extra : ndarray of int
        Arranged places of rows that are in the pool alone, because they left before their
        stratum's first event time; empty with late entry, where `first` tells.
    """

    pool: Pool
    extra: IntArray

    def at_risk(self, values: FloatArray, *, careful: bool = False) -> FloatArray:
        """Sum over the rows at risk at each event time, the pool with its weights.

        Parameters
        ----------
        values : ndarray of shape (..., r)
            Arranged.
        careful : bool
            As in `Arrangement.at_risk`.

        Returns
        -------
        ndarray of shape (..., m)
            Sums of the risk sets.
        """
        if careful and self.first is not None:
            seen = self._seen
            present = spread_over(values[..., seen], self.first[seen], self.last[seen], self.n_time)
        else:
            alone = values
            if len(self.extra):
                alone = values.copy()
                alone[..., self.extra] = 0.0
            present = super().at_risk(alone)
        if not len(self.pool.places):
            return present
        present += (self.pooled(values) * self.pool.level).sum(axis=-2)
        return present

    def pooled(self, values: FloatArray) -> FloatArray:
        """Sum over the pool, each row over the chance at its own exit, group by group.

        Parameters
        ----------
        values : ndarray of shape (..., r)
            Arranged.

        Returns
        -------
        ndarray of shape (..., g, m)
            Sums; times ``pool.level`` they are the pool's share of the risk sets.
        """
        pool = self.pool
        lines = values.reshape(-1, values.shape[-1])
        sums, cells = np.empty((len(lines), pool.level.size)), pool.cells
        for line, out in zip(lines, sums, strict=True):
            out[:] = np.bincount(cells, line[pool.places] * pool.inverse, pool.level.size)
        return self.segments.forward(sums.reshape(*values.shape[:-1], *pool.level.shape))

    def so_far(self, values: FloatArray, *, careful: bool = False) -> FloatArray:
        """Sum over the event times at which each row is at risk, with the pool's weights.

        Parameters
        ----------
        values : ndarray of shape (..., m)
            One value an event time.
        careful : bool
            As in `Arrangement.at_risk`.

        Returns
        -------
        ndarray of shape (..., r)
            Sums, arranged.
        """
        if careful and self.first is not None:
            seen = self._seen
            spread = np.zeros((*values.shape[:-1], len(self.rows)))
            spread[..., seen] = sums_over(values, self.first[seen], self.last[seen])
        else:
            spread = super().so_far(values)
            spread[..., self.extra] = 0.0
        if len(self.pool.places):
            spread[..., self.pool.places] += self.pool_so_far(values)
        return spread

    @cached_property
    def _seen(self) -> IntArray:
        """Arranged places of rows in the risk set of an event time before their exit."""
        if self.first is None:
            return np.arange(len(self.rows))
        return np.flatnonzero(self.first <= self.last)

    def pool_so_far(self, values: FloatArray) -> FloatArray:
        """Sum over the event times after each competing event, with the pool's weights.

        Parameters
        ----------
        values : ndarray of shape (..., m)
            One value an event time.

        Returns
        -------
        ndarray of shape (..., c)
            Sums of the rows of the pool.
        """
        pool = self.pool
        tail = self.segments.backward(values[..., None, :] * pool.level)
        found: FloatArray = tail.reshape(*values.shape[:-1], -1)[..., pool.cells] * pool.inverse
        return found

    @property
    def spans(self) -> tuple[IntArray, IntArray]:
        """First and last event time in whose risk set each arranged row is."""
        first, last = super().spans
        first, last = first.copy(), last.copy()
        places, join = self.pool.places, self.pool.join
        first[places] = np.minimum(first[places], join)
        last[places] = self.start[self.stratum[join] + 1] - 1
        return first, last


def subdistribution_order(
    base: Arrangement,
    codes: IntArray,
    cause: int,
    *,
    stratum: IntArray,
    weights: FloatArray | None,
    group: IntArray,
    limits: WeightLimits,
) -> SubdistributionOrder:
    """Arrange rows by the risk sets of the sub-distribution hazard of one cause.

    Parameters
    ----------
    base : Arrangement
        Rows at risk before their exit at an event time of the cause.
    codes : ndarray of shape (n,), int
        Why each row ended, 0 for censored.
    cause : int
        The code of the cause of interest; one row at least has it.
    stratum : ndarray of shape (n,), int
        Strata with a baseline each.
    weights : ndarray of shape (n,) or None
        Case weights.
    group : ndarray of shape (n,), int
        Groups with a censoring distribution each.
    limits : WeightLimits
        Chances of being under observation, by group.

    Returns
    -------
    SubdistributionOrder
        The order.

    Notes
    -----
    Fine and Gray (1999); with late entry Geskus (2011).
    """
    observed, entered, time = limits.observed, limits.entered, base.exit
    rows = np.flatnonzero((codes > 0) & (codes != cause))
    join = first_event_after(base, time[rows], stratum[rows])
    joins = join < base.start[stratum[rows] + 1]
    rows, join = rows[joins], join[joins]
    is_extra = np.zeros(base.n, dtype=np.bool_)
    is_extra[rows] = True
    is_extra[base.rows] = False
    base = replace(base, n_tied=np.asarray(base.n_tied.astype(base.rows.dtype, copy=False)))
    merged, extra = with_extra_rows(base, np.flatnonzero(is_extra), stratum, weights)
    kind = merged.rows.dtype
    place_of = np.empty(base.n, dtype=kind)
    place_of[merged.rows] = np.arange(len(merged.rows), dtype=kind)
    places = place_of[rows]
    del place_of
    by_place = np.argsort(places, kind="stable")
    places, rows, join = places[by_place], rows[by_place], join[by_place]
    own = group[rows] if len(observed.last) > 1 else np.broadcast_to(np.int64(0), len(rows))
    level, chance = observed.just_before(base.time), observed.at_exit(time[rows], own)
    if entered is not None:
        level = level * entered.before(base.time)
        chance = chance * entered.before(time[rows])[own, np.arange(len(rows))]
    with np.errstate(divide="ignore"):
        pool = Pool(places, own, join.astype(kind), 1.0 / chance, level)
    return SubdistributionOrder(
        **{field.name: getattr(merged, field.name) for field in fields(merged)},
        pool=pool,
        extra=extra if merged.first is None else extra[:0],
    )
