"""Rows in the order of the sub-distribution's risk sets, where competing events stay on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._row_places import RowPlaces
from rpcstats.survival.competing._censoring import Censoring, Entering
from rpcstats.survival.competing._pool_rows import first_event_after, with_extra_rows
from rpcstats.survival.partial.arrange import Arrangement, arrange
from rpcstats.survival.partial.intervals import spread_over, sums_over

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pool:
    """Rows with a competing event, in the risk sets of the event times after it.

    Attributes
    ----------
    places : ndarray of shape (c,), int
        Arranged places of the rows, by group and `join`.
    group : ndarray of shape (c,), int
        Group of the censoring distribution.
    join : ndarray of shape (c,), int
        First event time after each row's exit, in its stratum.
    inverse : ndarray of shape (c,)
        One over the chance of being under observation at the row's exit.
    level : ndarray of shape (g, m)
        That chance at each event time.
    """

    places: IntArray
    group: IntArray
    join: IntArray
    inverse: FloatArray
    level: FloatArray

    @cached_property
    def cells(self) -> tuple[IntArray, IntArray]:
        """Occupied cells of group and event time, and where each begins among the rows."""
        key = self.group * self.level.shape[1] + self.join
        begin = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        return key[begin], begin


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
    """

    pool: Pool

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
            present = super().at_risk(values)
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
        cells, begin = pool.cells
        sums = np.zeros((*values.shape[:-1], pool.level.size))
        sums[..., cells] = np.add.reduceat(values[..., pool.places] * pool.inverse, begin, axis=-1)
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
        found: FloatArray = tail[..., pool.group, pool.join] * pool.inverse
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
    time: FloatArray,
    codes: IntArray,
    cause: int,
    *,
    entry: FloatArray | None,
    stratum: IntArray,
    n_stratum: int,
    weights: FloatArray | None,
    group: IntArray,
    observed: Censoring,
    entered: Entering | None,
    places: RowPlaces | None = None,
) -> SubdistributionOrder:
    """Arrange rows by the risk sets of the sub-distribution hazard of one cause.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    codes : ndarray of shape (n,), int
        Why each row ended, 0 for censored.
    cause : int
        The code of the cause of interest; one row at least has it.
    entry : ndarray of shape (n,) or None
        Times of entry.
    stratum : ndarray of shape (n,), int
        Strata with a baseline each.
    n_stratum : int
        Number of strata.
    weights : ndarray of shape (n,) or None
        Case weights.
    group : ndarray of shape (n,), int
        Groups with a censoring distribution each.
    observed : Censoring
        Chances of not being censored, by group.
    entered : Entering or None
        Chances of having entered; None without late entry.
    places : RowPlaces, optional
        Where the rows stand among the times of their strata, if somebody else needs it too.

    Returns
    -------
    SubdistributionOrder
        The order.

    Notes
    -----
    Fine and Gray (1999); with late entry Geskus (2011).
    """
    base = arrange(
        time,
        codes == cause,
        entry=entry,
        stratum=stratum,
        n_stratum=n_stratum,
        weights=weights,
        places=places,
    )
    del places
    rows = np.flatnonzero((codes > 0) & (codes != cause))
    join = first_event_after(base, time[rows], stratum[rows])
    joins = join < base.start[stratum[rows] + 1]
    rows, join = rows[joins], join[joins]
    is_extra = np.zeros(len(time), dtype=np.bool_)
    is_extra[rows] = True
    is_extra[base.rows] = False
    merged = with_extra_rows(base, np.flatnonzero(is_extra), stratum, weights)
    by_group = np.lexsort((join, group[rows]))
    rows, join = rows[by_group], join[by_group]
    level, chance = observed.just_before(base.time), observed.at_exit(time[rows], group[rows])
    if entered is not None:
        level = level * entered.before(base.time)
        chance = chance * entered.before(time[rows])[group[rows], np.arange(len(rows))]
    place_of = np.full(len(time), -1, dtype=np.int64)
    place_of[merged.rows] = np.arange(len(merged.rows))
    with np.errstate(divide="ignore"):
        pool = Pool(place_of[rows], group[rows], join, 1.0 / chance, level)
    return SubdistributionOrder(
        n=merged.n,
        rows=merged.rows,
        first=merged.first,
        is_event=merged.is_event,
        weights=merged.weights,
        begin=merged.begin,
        n_tied=merged.n_tied,
        time=merged.time,
        start=merged.start,
        pool=pool,
    )
