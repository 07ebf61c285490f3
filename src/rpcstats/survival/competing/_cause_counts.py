"""Events of each cause at each distinct time: arrays in, arrays out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.tied_times import same_times
from rpcstats.survival._risk_sets import RiskSets, risk_counts, risk_sets

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CauseCounts:
    """Risk sets with the events of each cause.

    Attributes
    ----------
    sets : RiskSets
        Distinct times of each group with the weight at risk, failing of any cause and leaving.
    by_cause : ndarray of shape (k, m)
        Weight failing of each cause at each time.
    """

    sets: RiskSets
    by_cause: FloatArray


def cause_counts(
    time: FloatArray,
    cause: IntArray,
    n_cause: int,
    *,
    group: IntArray | None = None,
    n_group: int = 1,
    entry: FloatArray | None = None,
    weights: FloatArray | None = None,
    tied: bool = True,
) -> CauseCounts:
    """Count who is at risk and who fails of each cause at each distinct time of each group.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit, 0 or more.
    cause : ndarray of shape (n,), int
        0 for censored, 1 to n_cause for the causes.
    n_cause : int
        Number of causes.
    group : ndarray of shape (n,), int, optional
        Codes 0 to n_group - 1, each with rows; one group if not given.
    n_group : int
        Number of groups.
    entry : ndarray of shape (n,), optional
        Times of entry, each before its exit.
    weights : ndarray of shape (n,), optional
        Case weights above 0.
    tied : bool
        Whether times that differ by rounding only are equal already; else they are made so.

    Returns
    -------
    CauseCounts
        The counts.
    """
    if entry is None and weights is None:
        kinds = np.arange(n_cause + 1) > 0
        found = risk_counts(time, cause, kinds, stratum=group, n_stratum=n_group, tied=tied)
        if found is not None:
            sets, rows = found
            by_cause = np.empty((n_cause, len(sets.time)))
            for k in range(n_cause):
                by_cause[k] = rows.of_codes(np.arange(n_cause + 1) == k + 1)
            return CauseCounts(sets, by_cause)
    if not tied:
        time = same_times(time, None)[0]
    sets = risk_sets(
        time, cause > 0, stratum=group, n_stratum=n_group, entry=entry, weights=weights
    )
    m = len(sets.time)
    codes = sets.arranged(cause)
    cell = codes * m
    cell += sets.position
    w = None if weights is None else sets.arranged(weights)
    cells = np.bincount(cell, weights=w, minlength=(n_cause + 1) * m)
    by_cause = cells[m:].reshape(n_cause, m).astype(np.float64)
    if weights is not None and n_cause == 1:
        by_cause[0] = sets.n_event
    return CauseCounts(sets, by_cause)
