"""Rows in the order in which they are at risk, and sums over risk sets."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.intervals import spread_over, sums_over
from rpcstats.survival.partial.segments import Segments

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Places = NDArray[np.integer[Any]]
BoolArray = NDArray[np.bool_]

_TIMES_AT_ONCE: Final = 1 << 15
"""Event times whose values are handed to rows at once."""

_COARSE: Final = 8
"""From so many rows an event time on, rows are summed by event time before running sums."""


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Rows at risk at one event time at least, by stratum and last event time.

    An event time is a distinct time of an event in one stratum; there are m, by stratum and time.
    Rows that are at risk at none are left out. "Arranged" arrays have the order of `rows`.

    Attributes
    ----------
    n : int
        Rows given.
    rows : ndarray of shape (r,), int
        Place of each arranged row in the data; 32 bits, like `begin`, where they do.
    first : ndarray of shape (r,), int, or None
        First such event time; None if everybody is at risk from the stratum's first.
    is_event : ndarray of shape (r,), bool
        Whether the row is an event at its last event time.
    weights : ndarray of shape (r,) or None
        Case weights.
    begin : ndarray of shape (m + 1,), int
        Rows ``begin[k]:begin[k + 1]`` have event time k as their last, events first.
    n_tied : ndarray of shape (m,), int
        Events at each event time.
    exit : ndarray of shape (n,)
        Times of exit, in the order of the data.
    start : ndarray of shape (s + 1,), int
        Where each stratum's event times begin.
    """

    n: int
    rows: Places
    first: IntArray | None
    is_event: BoolArray
    weights: FloatArray | None
    begin: Places
    n_tied: IntArray
    exit: FloatArray
    start: IntArray

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What others have worked out of the arrangement and keep with it."""
        return {}

    @property
    def n_time(self) -> int:
        """Number of event times, m."""
        return len(self.n_tied)

    @cached_property
    def time(self) -> FloatArray:
        """The event times, of shape (m,)."""
        return self.exit[self.rows[self.begin[:-1]]]

    @cached_property
    def stratum(self) -> IntArray:
        """Stratum of each event time."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))

    @cached_property
    def last(self) -> IntArray:
        """Last event time at which each arranged row is at risk; never falls."""
        return np.repeat(np.arange(self.n_time), np.diff(self.begin))

    @cached_property
    def segments(self) -> Segments:
        """Event times by stratum."""
        return Segments(self.start)

    @cached_property
    def row_segments(self) -> Segments:
        """Arranged rows by stratum."""
        return Segments(self.begin[self.start].astype(np.int64))

    @cached_property
    def events(self) -> IntArray:
        """Arranged places of the events."""
        return np.flatnonzero(self.is_event)

    @cached_property
    def events_start(self) -> IntArray:
        """Where each event time begins among `events`, of shape (m + 1,)."""
        return np.concatenate([[0], np.cumsum(self.n_tied)])

    @property
    def event_weights(self) -> FloatArray:
        """Case weight of each arranged row that is an event, 0 for the others; made anew."""
        if self.weights is None:
            return self.is_event.astype(np.float64)
        return self.weights * self.is_event

    @cached_property
    def weight_tied(self) -> NDArray[Any]:
        """Sum of the weights of the events at each event time, of shape (m,); else their number."""
        if self.weights is None:
            return self.n_tied
        return np.add.reduceat(self.weights[self.events], self.events_start[:-1])

    @property
    def spans(self) -> tuple[IntArray, IntArray]:
        """First and last event time in whose risk set each arranged row is."""
        first = self.start[self.stratum[self.last]] if self.first is None else self.first
        return first, self.last

    @cached_property
    def tied(self) -> IntArray:
        """Event times with several events."""
        return np.flatnonzero(self.n_tied > 1)

    @cached_property
    def late(self) -> IntArray:
        """Arranged places of rows not yet at risk at their stratum's first event time."""
        if self.first is None:
            return np.empty(0, dtype=np.int64)
        if len(self.start) == 2:
            return np.flatnonzero(self.first > 0)
        return np.flatnonzero(self.first > self.start[self.stratum[self.last]])

    def take(self, values: NDArray[Any]) -> NDArray[Any]:
        """Arrange values of the rows.

        Parameters
        ----------
        values : ndarray of shape (n, ...)
            In the order of the data.

        Returns
        -------
        ndarray of shape (r, ...)
            Arranged.
        """
        return values[self.rows]

    def put(self, values: FloatArray) -> FloatArray:
        """Give arranged values the order of the data.

        Parameters
        ----------
        values : ndarray of shape (r, ...)
            Arranged.

        Returns
        -------
        ndarray of shape (n, ...)
            In the order of the data; 0 in rows that are never at risk.
        """
        placed = np.zeros((self.n, *values.shape[1:]))
        placed[self.rows] = values
        return placed

    def at_risk(self, values: FloatArray, *, careful: bool = False) -> FloatArray:
        """Sum over the rows at risk at each event time.

        Parameters
        ----------
        values : ndarray of shape (..., r)
            Arranged.
        careful : bool
            Whether to add those who enter late without taking anything off again, which is
            slower but keeps the digits of risk sets that are small beside others.

        Returns
        -------
        ndarray of shape (..., m)
            Sums of the risk sets.
        """
        if careful and self.first is not None:
            return spread_over(values, self.first, self.last, self.n_time)
        if self.first is None and len(self.rows) < _COARSE * self.n_time:
            return self.row_segments.backward(values)[..., self.begin[:-1]]
        joining = np.add.reduceat(values, self.begin[:-1], axis=-1)
        return self.segments.backward(joining - self.entering(values))

    def entering(self, values: FloatArray) -> FloatArray | float:
        """Sum over the rows at risk from an event time on but not at the one before.

        Parameters
        ----------
        values : ndarray of shape (..., r)
            Arranged.

        Returns
        -------
        ndarray of shape (..., m) or 0.0
            Sums, at the last event time before the entry; 0.0 without late entry.
        """
        if self.first is None or not len(self.late):
            return 0.0
        before = self.first[self.late] - 1
        lines = values[..., self.late].reshape(-1, len(self.late))
        sums = np.empty((len(lines), self.n_time))
        for out, line in zip(sums, lines, strict=True):
            out[:] = np.bincount(before, weights=line, minlength=self.n_time)
        return sums.reshape(*values.shape[:-1], self.n_time)

    def at_last(self, values: FloatArray) -> FloatArray:
        """Give each row the value of its last event time.

        Parameters
        ----------
        values : ndarray of shape (..., m)
            One value an event time.

        Returns
        -------
        ndarray of shape (..., r)
            Arranged.
        """
        if self.n_time <= _TIMES_AT_ONCE:
            return np.repeat(values, np.diff(self.begin), axis=-1)
        spread = np.empty((*values.shape[:-1], len(self.rows)))
        for a in range(0, self.n_time, _TIMES_AT_ONCE):
            begin = self.begin[a : a + _TIMES_AT_ONCE + 1]
            part = values[..., a : a + _TIMES_AT_ONCE]
            spread[..., begin[0] : begin[-1]] = np.repeat(part, np.diff(begin), axis=-1)
        return spread

    def so_far(self, values: FloatArray, *, careful: bool = False) -> FloatArray:
        """Sum over the event times at which each row is at risk.

        Parameters
        ----------
        values : ndarray of shape (..., m)
            One value an event time.
        careful : bool
            As in `at_risk`.

        Returns
        -------
        ndarray of shape (..., r)
            Sums, arranged.
        """
        if careful and self.first is not None:
            return sums_over(values, self.first, self.last)
        sums = self.segments.forward(values)
        spread = self.at_last(sums)
        if len(self.late) and self.first is not None:
            spread[..., self.late] -= sums[..., self.first[self.late] - 1]
        return spread
