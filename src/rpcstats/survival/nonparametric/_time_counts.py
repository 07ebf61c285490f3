"""Counts at the distinct times of curves, in as few bits as they need: arrays in, arrays out."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.censored import CensoredSample
from rpcstats.survival._counted_times import CountedTimes, counted_times
from rpcstats.survival._packed_times import PackedTimes, packed_rows
from rpcstats.survival._product_limit import BLOCK, Portion
from rpcstats.survival._risk_sets import RiskSets, still_in

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TimeCounts:
    """Who fails, leaves and is at risk at each distinct time of each curve.

    Attributes
    ----------
    start : ndarray of shape (k + 1,), int
        Where each curve's times begin.
    event, censor : ndarray of shape (m,)
        Counts in a type of few bits, or sums of weights.
    at_risk : ndarray of shape (m,) or None
        Counts or sums of weights; None where they are all who leave at a time or later.
    """

    start: IntArray
    event: NDArray[Any]
    censor: NDArray[Any]
    at_risk: FloatArray | None

    def __post_init__(self) -> None:
        for values in (self.start, self.event, self.censor, self.at_risk):
            if values is not None:
                values.setflags(write=False)

    @property
    def n_event(self) -> FloatArray:
        """Counts or weights failing at each time, of shape (m,)."""
        return _fixed(self.event.astype(np.float64, copy=False))

    @property
    def n_censor(self) -> FloatArray:
        """Counts or weights leaving at each time, of shape (m,)."""
        return _fixed(self.censor.astype(np.float64, copy=False))

    @property
    def n_risk(self) -> FloatArray:
        """Counts or weights at risk at each time, of shape (m,)."""
        if self.at_risk is not None:
            return self.at_risk
        leaving = np.add(self.event, self.censor, dtype=np.float64)
        return _fixed(still_in(leaving, self.start, out=leaving))

    def sizes(self) -> tuple[IntArray, IntArray]:
        """Sum rows and events of each curve; both of shape (k,)."""
        events = _sums(self.event, self.start)
        return events + _sums(self.censor, self.start), events

    def portions(self) -> Iterator[Portion]:
        """Give counts at risk and failing, a portion of a curve's times after the other.

        Yields
        ------
        Portion
            Of times at which those at risk are all who leave then or later.
        """
        for (a, b), left in zip(pairwise(self.start.tolist()), self.sizes()[0], strict=True):
            for begin in range(a, b, BLOCK):
                at = slice(begin, min(begin + BLOCK, b))
                d = self.event[at].astype(np.float64)
                gone = d + self.censor[at]
                if gone.max() == 1.0:  # then there is nothing to add up
                    n = np.arange(float(left), float(left) - len(gone), -1.0)
                    left -= len(gone)
                else:
                    before = np.cumsum(gone)
                    n = left - before
                    n += gone
                    left -= int(before[-1])
                yield Portion(at, begin == a, n, d)

    def last_at_risk(self, n_last: int) -> tuple[IntArray, FloatArray, IntArray]:
        """Give who is at risk at the last times of each curve.

        Parameters
        ----------
        n_last : int
            How many times.

        Returns
        -------
        start : ndarray of shape (k + 1,), int
            Where each curve's times begin in what follows.
        n_risk : ndarray of shape (q,)
            At risk.
        place : ndarray of shape (q,), int
            Place of each of these times among all.
        """
        kept = [range(max(a, b - n_last), b) for a, b in pairwise(self.start.tolist())]
        start = np.append(0, np.cumsum([len(places) for places in kept]))
        place = np.concatenate([np.arange(places.start, places.stop) for places in kept])
        if self.at_risk is not None:
            return start, self.at_risk[place], place
        leaving = np.add(self.event[place], self.censor[place], dtype=np.float64)
        return start, still_in(leaving, start), place


def counted_rows(sample: CensoredSample) -> PackedTimes | CountedTimes | None:
    """Count the rows of a sample by group and time without placing them.

    Parameters
    ----------
    sample : CensoredSample
        Checked arrays.

    Returns
    -------
    PackedTimes or CountedTimes or None
        Rows with the code 1 for an event; None if they weigh, enter late, or are placed as fast.
    """
    if sample.entry is not None or sample.weights is not None:
        return None
    n_group = len(sample.groups.labels)
    group = sample.groups.codes if n_group > 1 else None
    found: PackedTimes | CountedTimes | None = counted_times(
        sample.time, sample.event, 2, stratum=group, n_stratum=n_group
    )
    if found is not None:
        return found
    if n_group > 1:
        sample = sample.with_ties()
    return packed_rows(
        sample.time,
        sample.event,
        2,
        stratum=group,
        n_stratum=n_group,
        tied=sample.is_tied,
    )


def counts_of_rows(rows: PackedTimes | CountedTimes) -> TimeCounts:
    """Count rows sorted or counted with the code 1 for an event and 0 for none.

    Parameters
    ----------
    rows : PackedTimes or CountedTimes
        The rows.

    Returns
    -------
    TimeCounts
        The counts.
    """
    if isinstance(rows, PackedTimes):
        event, censor = (rows.counted_in_bits(rows.code == code) for code in (1, 0))
    else:
        event, censor = (_narrow(rows.of_codes(np.arange(2) == code)) for code in (1, 0))
    return TimeCounts(rows.start, event, censor, None)


def counts_of_sets(sets: RiskSets) -> TimeCounts:
    """Take the counts of risk sets.

    Parameters
    ----------
    sets : RiskSets
        Counts, or sums of weights.

    Returns
    -------
    TimeCounts
        The counts.
    """
    return TimeCounts(sets.start, sets.n_event, sets.n_censor, sets.n_risk)


def _sums(counts: NDArray[Any], start: IntArray) -> IntArray:
    """Sum counts of each curve; of one curve without making them long first."""
    if len(start) == 2:
        return np.array([counts.sum(dtype=np.int64)])
    return np.add.reduceat(counts, start[:-1], dtype=np.int64)


def _narrow(counts: FloatArray) -> NDArray[Any]:
    return counts.astype(np.min_scalar_type(int(counts.max())))


def _fixed(values: FloatArray) -> FloatArray:
    values.setflags(write=False)
    return values
