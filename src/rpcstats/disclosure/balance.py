"""The bookkeeping of a curve as whole numbers that a reader could write down."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._pooling import IntArray, Path

EVENTS_SINCE: Final = 0
EVENTS_AT: Final = 1
LEAVERS_SINCE: Final = 2
LEAVERS_AT: Final = 3
JOINERS_SINCE: Final = 4
PER_TIME: Final = 5
OFFSET: Final = 2

REACH: Final = 8
"""Rows on either side that are reckoned with. Every fact is a class of a cumulative count, so
rows further off tell next to nothing; what they tell together is added as bounds."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is to be shown of one curve.

    Attributes
    ----------
    end : ndarray of int
        Rows of the path at which steps end.
    grid : ndarray
        Further times at which the number at risk is shown.
    is_whole : bool
        Whether no event lies after the last step.
    """

    end: IntArray
    grid: FloatArray
    is_whole: bool


class Balance:
    """Unknown whole numbers of neighbouring rows and the sums that are shown of them.

    The unknowns are those at risk and the events before the first row and, for each row,
    events since the row before and at its time, other leavers since the row before and at
    its time, and joiners since the row before.

    Parameters
    ----------
    path : Path
        The true curve.
    plan : Plan
        Rows to show.
    rows : slice
        The rows looked at.
    """

    def __init__(self, path: Path, plan: Plan, rows: slice) -> None:
        every = shown_times(path, plan)
        ends = path.time[plan.end]
        self.times = every[rows]
        self.is_first, self.is_last = rows.start == 0, rows.stop >= every.size
        self.at_end = np.isin(self.times, ends)
        self.steps_before = np.searchsorted(ends, self.times, side="left")
        self.is_over = plan.is_whole & (self.times > ends[-1])
        self.at_risk = path.at_risk(self.times)
        self.events = path.events_before(self.times)
        self.events_at = path.events_before(np.nextafter(self.times, np.inf)) - self.events
        before = np.searchsorted(path.time, self.times, side="left")
        after = np.searchsorted(path.time, self.times, side="right")
        self.is_empty = before == np.append(before[0], after[:-1])
        self.late_entry = path.late_entry
        self.size = OFFSET + PER_TIME * self.times.size
        self.Y, self.E = self._sums()

    def _sums(self) -> tuple[FloatArray, FloatArray]:
        m = self.times.size
        Y, E = np.zeros((m, self.size)), np.zeros((m, self.size))
        Y[0, 0] = E[0, 1] = 1.0
        for i in range(1, m):
            since = self.one(i, EVENTS_SINCE) + self.one(i - 1, EVENTS_AT)
            E[i] = E[i - 1] + since
            Y[i] = Y[i - 1] - since - self.others(i) + self.one(i, JOINERS_SINCE)
        return Y, E

    def one(self, i: int, which: int) -> FloatArray:
        """Weights of one unknown of one row.

        Parameters
        ----------
        i : int
            The row.
        which : int
            The unknown.

        Returns
        -------
        ndarray
            A single one.
        """
        weights = np.zeros(self.size)
        weights[OFFSET + PER_TIME * i + which] = 1.0
        return weights

    def others(self, i: int) -> FloatArray:
        """Weights of those who left without the event between the row before and a row.

        Parameters
        ----------
        i : int
            The row.

        Returns
        -------
        ndarray
            Two ones.
        """
        return self.one(i, LEAVERS_SINCE) + self.one(i - 1, LEAVERS_AT)

    def after(self, i: int) -> FloatArray:
        """Weights of those who go on beyond the time of a row.

        Parameters
        ----------
        i : int
            The row.

        Returns
        -------
        ndarray
            At risk, less those who leave at that time.
        """
        weights: FloatArray = self.Y[i] - self.one(i, EVENTS_AT) - self.one(i, LEAVERS_AT)
        return weights

    def ceilings(self) -> FloatArray:
        """Give the largest value of each unknown that a reader has to reckon with.

        Returns
        -------
        ndarray
            Zero where nobody can have left; otherwise out of reach.
        """
        most = 10.0 * (float(self.at_risk.max()) + float(self.events.max()) + 100.0)
        high = np.full((self.times.size, PER_TIME), most)
        high[0, [EVENTS_SINCE, LEAVERS_SINCE, JOINERS_SINCE]] = 0.0
        # Where nobody leaves between shown times, the reader may know that no other time exists.
        high[np.ix_(self.is_empty, [EVENTS_SINCE, LEAVERS_SINCE])] = 0.0
        high[np.ix_(self.is_over, [EVENTS_SINCE, EVENTS_AT])] = 0.0
        if not self.late_entry:
            high[:, JOINERS_SINCE] = 0.0
        return np.concatenate([[most, 0.0 if self.is_first else most], high.ravel()])

    def groups(self, i: int) -> Iterator[FloatArray]:
        """Give the weights of every group that left between the row before and a row.

        Parameters
        ----------
        i : int
            The row.

        Yields
        ------
        ndarray
            Weights of events, of events at the row's time, of leavers, of other leavers.
        """
        yield from (weights for _, weights in self._counted_groups(i))

    def small_groups(self, i: int, threshold: int) -> Iterator[FloatArray]:
        """Give the weights of every small group that left between the row before and a row.

        Parameters
        ----------
        i : int
            The row.
        threshold : int
            Smallest group that may be known.

        Yields
        ------
        ndarray
            Weights as `groups` gives them.
        """
        yield from (w for count, w in self._counted_groups(i) if 1 <= count < threshold)

    def _counted_groups(self, i: int) -> list[tuple[int, FloatArray]]:
        events = self.events[i] - self.events[i - 1]
        left = self.at_risk[i - 1] - self.at_risk[i]
        groups = [
            (events, self.E[i] - self.E[i - 1]),
            (self.events_at[i], self.one(i, EVENTS_AT)),
        ]
        if not self.late_entry:
            groups += [(left, self.Y[i - 1] - self.Y[i]), (left - events, self.others(i))]
        return groups


def shown_times(path: Path, plan: Plan) -> FloatArray:
    """List the times of the rows to show.

    Parameters
    ----------
    path : Path
        The true curve.
    plan : Plan
        Rows to show.

    Returns
    -------
    ndarray
        Time 0, ends of steps and times of the grid, ascending.
    """
    return np.unique(np.concatenate([[0.0], path.time[plan.end], plan.grid]))
