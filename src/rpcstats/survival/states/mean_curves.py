"""Mean numbers of events at each time, group by group."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._mean_counts import mean_of

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class MeanCurves:
    """Counts and means at each distinct time of each group.

    Attributes
    ----------
    start : ndarray of shape (k + 1,), int
        Where each group's times begin in the arrays below.
    time : ndarray of shape (m,)
        Distinct times by group.
    at_risk, happened, left : ndarray of shape (m,)
        The counts (or weights) under observation, of events, and leaving observation, in the
        narrowest whole numbers.
    std_error : ndarray of shape (m,)
        Of the mean number of events up to and including each time.
    group_persons, group_events : ndarray of shape (k,), int
        Persons and events of each group, whatever their weights.
    """

    start: NDArray[np.int64]
    time: FloatArray
    at_risk: NDArray[Any]
    happened: NDArray[Any]
    left: NDArray[Any]
    std_error: FloatArray
    group_persons: NDArray[np.int64]
    group_events: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for values in (self.start, self.time, self.at_risk, self.happened, self.left):
            values.setflags(write=False)
        for values in (self.std_error, self.group_persons, self.group_events):
            values.setflags(write=False)

    @property
    def n_risk(self) -> FloatArray:
        """Count, or sum of weights, under observation just before each time, of shape (m,)."""
        return _as_floats(self.at_risk)

    @property
    def n_event(self) -> FloatArray:
        """Count, or sum of weights, of events at each time, of shape (m,)."""
        return _as_floats(self.happened)

    @property
    def n_censor(self) -> FloatArray:
        """Count, or sum of weights, of rows that end without an event, of shape (m,)."""
        return _as_floats(self.left)

    @property
    def estimate(self) -> FloatArray:
        """Mean number of events up to and including each time, of shape (m,)."""
        found = np.empty(len(self.time))
        for a, b in pairwise(self.start):
            found[a:b] = mean_of(self.happened[a:b], self.at_risk[a:b])
        found.setflags(write=False)
        return found

    def read(self, group: int, wanted: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Read one curve at given times.

        Parameters
        ----------
        group : int
            Number of the group.
        wanted : ndarray of shape (k,)
            Times.

        Returns
        -------
        tuple of ndarray of shape (k,)
            Estimate and standard error; NaN after the group's last time.
        """
        a, b = int(self.start[group]), int(self.start[group + 1])
        place = np.searchsorted(self.time[a:b], wanted, side="right")
        known = wanted <= self.time[b - 1]
        mean = mean_of(self.happened[a:b], self.at_risk[a:b])
        estimate = np.concatenate([[0.0], mean])[place]
        error = np.concatenate([[0.0], self.std_error[a:b]])[place]
        return np.where(known, estimate, np.nan), np.where(known, error, np.nan)


def _as_floats(counts: NDArray[Any]) -> FloatArray:
    found = counts.astype(np.float64)
    found.setflags(write=False)
    return found
