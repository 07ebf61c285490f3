"""Chances of still being uncensored and of having entered: arrays in, arrays out."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import RiskSets, risk_sets
from rpcstats.survival.nonparametric._jackknife import in_given_order

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Censoring:
    """Product-limit estimates of the chance of not yet being censored, by group.

    Attributes
    ----------
    sets : RiskSets
        Risk sets of being censored, group by group.
    G : ndarray of shape (m,)
        Chance of not being censored up to and including each distinct time.
    at_exit : ndarray of shape (n,)
        G just before each row's exit, in the order of the data.
    """

    sets: RiskSets
    G: FloatArray
    at_exit: FloatArray

    def just_before(self, times: FloatArray) -> FloatArray:
        """Give G just before some times.

        Parameters
        ----------
        times : ndarray of shape (q,)
            Times.

        Returns
        -------
        ndarray of shape (g, q)
            One line a group; 0 after the last time of a group.
        """
        start = self.sets.start
        lines = []
        for a, b in pairwise(start):
            own = self.sets.time[a:b]
            padded = np.concatenate([[1.0], self.G[a:b]])
            found = padded[np.searchsorted(own, times, side="left")]
            lines.append(np.where(times > own[-1], 0.0, found))
        return np.array(lines)


@dataclass(frozen=True, slots=True, eq=False)
class Entering:
    """Product-limit estimates of the chance of having entered, by group.

    Attributes
    ----------
    sets : RiskSets
        Risk sets of entering, in reversed time: rows under observation at an entry, those who
        enter then included.
    entry : ndarray of shape (m,)
        The entry of each distinct reversed time.
    at_exit : ndarray of shape (n,)
        Chance of having entered before each row's exit, in the order of the data.
    H : ndarray of shape (m,)
        Chance of having entered before each `entry`.
    """

    sets: RiskSets
    entry: FloatArray
    at_exit: FloatArray
    H: FloatArray

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
        start = self.sets.start
        lines = []
        for a, b in pairwise(start):
            # Later entries come first in reversed time.
            passed = np.searchsorted(-self.entry[a:b], -times, side="right")
            lines.append(np.concatenate([[1.0], self.H[a:b]])[passed])
        return np.array(lines)


def censoring(
    time: FloatArray,
    is_censored: BoolArray,
    group: IntArray,
    n_group: int,
    entry: FloatArray | None,
    weights: FloatArray | None,
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

    Returns
    -------
    Censoring
        The estimates.

    Notes
    -----
    Kaplan and Meier (1958) with the roles of censoring and events exchanged.
    """
    codes = group if n_group > 1 else None
    sets = risk_sets(
        time, is_censored, stratum=codes, n_stratum=n_group, entry=entry, weights=weights
    )
    G, _ = product_limit(sets)
    before = np.empty(len(G))
    before[1:] = G[:-1]
    before[sets.start[:-1]] = 1.0
    return Censoring(sets, G, in_given_order(sets, before[sets.position]))


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
    H, _ = product_limit(sets)
    known = Entering(sets, found[last - sets.time.astype(np.int64)], np.empty(0), H)
    by_group = known.before(time)
    return Entering(sets, known.entry, by_group[group, np.arange(len(time))], H)
