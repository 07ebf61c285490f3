"""Chances of still being uncensored and of having entered: arrays in, arrays out."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import RiskSets, risk_sets
from rpcstats.survival._row_places import RowPlaces
from rpcstats.survival.nonparametric._jackknife import first_at_risk, in_given_order

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LimitSteps:
    """Steps of product-limit estimates, group by group, and which of them each row has passed.

    Attributes
    ----------
    start : ndarray of shape (g + 1,), int
        Where each group's steps begin.
    time : ndarray of shape (q,)
        When they happen.
    n_risk, n_event : ndarray of shape (q,)
        Weight at risk, and leaving.
    chance : ndarray of shape (q,)
        The estimate after each step.
    stop : ndarray of shape (n,), int
        Number of steps, those of groups before included, up to each row's last time at risk; in
        the order of the data. Empty if it was not asked for.
    first : ndarray of shape (n,), int, or None
        The same number before each row's first time at risk; None if it is 0 for all.
    """

    start: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    chance: FloatArray
    stop: IntArray
    first: IntArray | None

    @property
    def group(self) -> IntArray:
        """Group of each step."""
        return np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))


@dataclass(frozen=True, slots=True, eq=False)
class Censoring:
    """Product-limit estimates of the chance of not yet being censored, by group.

    Attributes
    ----------
    steps : LimitSteps
        Steps of the estimates; `chance` is that of not being censored up to and including each.
    last : ndarray of shape (g,)
        Last time of exit of each group.
    """

    steps: LimitSteps
    last: FloatArray

    def just_before(self, times: FloatArray) -> FloatArray:
        """Give the chance of not being censored before some times.

        Parameters
        ----------
        times : ndarray of shape (q,)
            Times.

        Returns
        -------
        ndarray of shape (g, q)
            One line a group; 0 after the last time of a group.
        """
        lines = []
        for last, (a, b) in zip(self.last, pairwise(self.steps.start), strict=True):
            padded = np.append(1.0, self.steps.chance[a:b])
            found = padded[np.searchsorted(self.steps.time[a:b], times, side="left")]
            lines.append(np.where(times > last, 0.0, found))
        return np.array(lines)

    def at_exit(self, time: FloatArray, group: IntArray) -> FloatArray:
        """Give the chance of not being censored before each of some rows' exits.

        Parameters
        ----------
        time : ndarray of shape (k,)
            Times of exit.
        group : ndarray of shape (k,), int
            Group of each.

        Returns
        -------
        ndarray of shape (k,)
            The chances.
        """
        found = np.empty(len(time))
        for g, (a, b) in enumerate(pairwise(self.steps.start)):
            own = slice(None) if len(self.last) == 1 else group == g
            padded = np.append(1.0, self.steps.chance[a:b])
            found[own] = padded[np.searchsorted(self.steps.time[a:b], time[own], side="left")]
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Entering:
    """Product-limit estimates of the chance of having entered, by group.

    Attributes
    ----------
    steps : LimitSteps
        Steps of the estimates, the latest entry first: `time` is the entry, `chance` that of
        having entered before it.
    """

    steps: LimitSteps

    def before(self, times: FloatArray) -> FloatArray:
        """Give the chance of having entered before some times.

        Parameters
        ----------
        times : ndarray of shape (q,)
            Times.

        Returns
        -------
        ndarray of shape (g, q)
            One line a group.
        """
        lines = []
        for a, b in pairwise(self.steps.start):
            # Later entries come first in reversed time.
            passed = np.searchsorted(-self.steps.time[a:b], -times, side="right")
            lines.append(np.append(1.0, self.steps.chance[a:b])[passed])
        return np.array(lines)


def censoring(
    time: FloatArray,
    is_censored: BoolArray,
    group: IntArray,
    n_group: int,
    entry: FloatArray | None,
    weights: FloatArray | None,
    *,
    places: RowPlaces | None = None,
    by_row: bool = True,
) -> Censoring:
    """Estimate the chance of not yet being censored.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    is_censored : ndarray of shape (n,), bool
        Whether each row was censored; at a tie censoring comes after events.
    group : ndarray of shape (n,), int
        Groups with a censoring distribution each.
    n_group : int
        Number of groups.
    entry, weights : ndarray of shape (n,) or None
        Times of entry and case weights.
    places : RowPlaces, optional
        Where the rows stand among the times of their groups, if somebody else needs it too.
    by_row : bool
        Whether the steps that each row has passed are asked for.

    Returns
    -------
    Censoring
        The estimates.

    Notes
    -----
    Kaplan and Meier (1958) with the roles of censoring and events exchanged.
    """
    codes = group if n_group > 1 else None
    if not by_row and codes is None and entry is None and weights is None:
        return _counted(time, is_censored)
    sets = risk_sets(
        time,
        is_censored,
        stratum=codes,
        n_stratum=n_group,
        entry=entry,
        weights=weights,
        places=places,
    )
    return Censoring(_steps(sets, sets.time), sets.time[sets.start[1:] - 1])


def _counted(time: FloatArray, is_censored: BoolArray) -> Censoring:
    """Estimate it for everybody together from times in order, whose rows need not be known."""
    ordered = np.sort(time)
    at, n_event = np.unique(time[is_censored], return_counts=True)
    n_risk = (len(time) - np.searchsorted(ordered, at)).astype(np.float64)
    steps = LimitSteps(
        start=np.array([0, len(at)]),
        time=at,
        n_risk=n_risk,
        n_event=n_event.astype(np.float64),
        chance=np.asarray(np.cumprod(1.0 - n_event / n_risk), dtype=np.float64),
        stop=np.empty(0, dtype=np.int64),
        first=None,
    )
    return Censoring(steps, ordered[-1:].copy())


def _steps(sets: RiskSets, times: FloatArray) -> LimitSteps:
    """Keep what has to do with the steps."""
    is_step = sets.n_event > 0
    chance, _ = product_limit(sets)
    kind = np.int32 if len(is_step) < np.iinfo(np.int32).max else np.int64
    passed = np.append(np.zeros(1, kind), np.cumsum(is_step, dtype=kind))
    first = (
        passed[first_at_risk(sets)]
        if len(sets.start) > 2 or sets.entry_position is not None
        else None
    )
    return LimitSteps(
        start=passed[sets.start].astype(np.int64),
        time=times[is_step],
        n_risk=sets.n_risk[is_step],
        n_event=sets.n_event[is_step],
        chance=chance[is_step],
        stop=in_given_order(sets, passed[1:][sets.position]),
        first=None if first is None else in_given_order(sets, first),
    )


def entering(
    time: FloatArray,
    entry: FloatArray,
    group: IntArray,
    n_group: int,
    weights: FloatArray | None,
) -> Entering:
    """Estimate the chance of having entered.

    Parameters
    ----------
    time, entry : ndarray of shape (n,)
        Times of exit and of entry.
    group : ndarray of shape (n,), int
        Groups with a distribution of entries each.
    n_group : int
        Number of groups.
    weights : ndarray of shape (n,) or None
        Case weights.

    Returns
    -------
    Entering
        The estimates.

    Notes
    -----
    The product-limit estimate in reversed time, where rows come under observation at their exit
    and leave it at their entry (Geskus 2011).
    """
    found, rank = np.unique(np.concatenate([time, entry]), return_inverse=True)
    last = len(found) - 1
    reversed_exit = (last - rank[len(time) :]).astype(np.float64)
    reversed_entry = (last - rank[: len(time)]).astype(np.float64)
    sets = risk_sets(
        reversed_exit,
        np.ones(len(time), dtype=np.bool_),
        stratum=group if n_group > 1 else None,
        n_stratum=n_group,
        entry=reversed_entry,
        weights=weights,
    )
    return Entering(_steps(sets, found[last - sets.time.astype(np.int64)]))
