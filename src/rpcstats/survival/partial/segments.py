"""Running sums that start afresh in each stratum."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

LONG: Final = 256
"""From this length on, a segment is summed by itself; shorter ones all at once."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Runs of consecutive places.

    Attributes
    ----------
    start : ndarray of shape (s + 1,), int
        Where each run begins; runs may be empty.
    """

    start: IntArray

    def forward(self, values: FloatArray) -> FloatArray:
        """Sum from the beginning of each run.

        Parameters
        ----------
        values : ndarray of shape (..., m)
            What to sum.

        Returns
        -------
        ndarray of shape (..., m)
            Sums up to and including each place.
        """
        if self._is_one:
            return np.cumsum(values, axis=-1)
        sums = values.copy()
        for a, b in self._long:
            np.cumsum(values[..., a:b], axis=-1, out=sums[..., a:b])
        if len(self._short):
            sums[..., self._short] = _scan(values[..., self._short], self._rank)
        return sums

    def backward(self, values: FloatArray) -> FloatArray:
        """Sum from the end of each run.

        Parameters
        ----------
        values : ndarray of shape (..., m)
            What to sum.

        Returns
        -------
        ndarray of shape (..., m)
            Sums from each place on, itself included.
        """
        if self._is_one:
            return np.cumsum(values[..., ::-1], axis=-1)[..., ::-1]
        sums = values.copy()
        for a, b in self._long:
            sums[..., a:b] = np.cumsum(values[..., a:b][..., ::-1], axis=-1)[..., ::-1]
        if len(self._short):
            reverse = self._short[::-1]
            sums[..., reverse] = _scan(values[..., reverse], self._rank_from_end)
        return sums

    @property
    def _is_one(self) -> bool:
        return len(self.start) == 2

    @cached_property
    def _long(self) -> list[tuple[int, int]]:
        at = np.flatnonzero(np.diff(self.start) >= LONG)
        return list(zip(self.start[at].tolist(), self.start[at + 1].tolist(), strict=True))

    @cached_property
    def _is_short(self) -> BoolArray:
        return np.diff(self.start) < LONG

    @cached_property
    def _short(self) -> IntArray:
        lengths = np.diff(self.start)
        return np.flatnonzero(np.repeat(self._is_short, lengths))

    @cached_property
    def _rank(self) -> IntArray:
        lengths = np.diff(self.start)[self._is_short]
        ends = np.cumsum(lengths)
        rank: IntArray = np.arange(int(lengths.sum())) - np.repeat(ends - lengths, lengths)
        return rank

    @cached_property
    def _rank_from_end(self) -> IntArray:
        lengths = np.diff(self.start)[self._is_short]
        ends = np.cumsum(lengths)
        from_end: IntArray = np.repeat(ends, lengths) - 1 - np.arange(int(lengths.sum()))
        return from_end[::-1]


def _scan(values: Any, rank: IntArray) -> Any:
    """Sum runs of places of which `rank` counts from 0, doubling the reach each time."""
    sums = values.copy()
    reach, longest = 1, int(rank.max(initial=0)) + 1
    while reach < longest:
        before = sums[..., :-reach] * (rank[reach:] >= reach)
        sums[..., reach:] += before
        reach *= 2
    return sums
