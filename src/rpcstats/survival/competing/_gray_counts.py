"""Groups at risk and failing of each cause, for Gray's test: arrays in, arrays out."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._counted_times import counted_times
from rpcstats.survival._packed_times import PackedTimes, packed_rows
from rpcstats.survival._risk_sets import risk_sets, still_in

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class GroupCounts(NamedTuple):
    """Counts by group at the times of one stratum at which somebody fails.

    Attributes
    ----------
    n : ndarray of shape (g, m), int
        At risk.
    d : ndarray of shape (k, g, m), int
        Failing of each cause.
    """

    n: NDArray[Any]
    d: NDArray[Any]

    def taken(self, at: slice) -> "GroupCounts":
        """Take some of the times, as numbers to reckon with."""
        return GroupCounts(self.n[:, at].astype(np.float64), self.d[:, :, at].astype(np.float64))


def group_counts(
    time: FloatArray,
    code: NDArray[Any],
    n_cause: int,
    n_group: int,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
) -> list[GroupCounts]:
    """Count each group at risk and failing, stratum by stratum.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    code : ndarray of shape (n,), int
        What each row ended with and its group, as `end_codes` gives them.
    n_cause : int
        Number of causes.
    n_group : int
        Number of groups.
    stratum : ndarray of shape (n,), int, optional
        Codes 0 to n_stratum - 1, each with rows; one stratum if not given.
    n_stratum : int
        Number of strata.

    Returns
    -------
    list of GroupCounts
        One a stratum.
    """
    n_code = (n_cause + 1) * n_group
    counted = counted_times(time, code, n_code, stratum=stratum, n_stratum=n_stratum)
    if counted is not None:
        return _from_table(counted.table.T, counted.start, n_cause, n_group)
    packed = packed_rows(time, code, n_code, stratum=stratum, n_stratum=n_stratum)
    if packed is not None:
        # The times themselves play no part, and are as long as the data.
        packed = replace(packed, time=np.broadcast_to(np.float64(0.0), len(packed.time)))
        return _from_packed(packed, n_cause, n_group)
    sets = risk_sets(time, code >= n_group, stratum=stratum, n_stratum=n_stratum)
    m = len(sets.time)
    cell = sets.arranged(code).astype(np.int64) * m + sets.position
    table = np.bincount(cell, minlength=n_code * m).reshape(n_code, m)
    return _from_table(table, sets.start, n_cause, n_group)


def end_codes(cause: IntArray, n_cause: int, group: IntArray, n_group: int) -> NDArray[Any]:
    """Join what each row ended with and its group in one small number.

    Parameters
    ----------
    cause : ndarray of shape (n,), int
        0 for censored, 1 to n_cause for the causes.
    n_cause : int
        Number of causes.
    group : ndarray of shape (n,), int
        Codes 0 to n_group - 1.
    n_group : int
        Number of groups.

    Returns
    -------
    ndarray of shape (n,), int
        ``cause * n_group + group``, in as few bits as will do.
    """
    kind = np.min_scalar_type((n_cause + 1) * n_group)
    code = cause.astype(kind)
    code *= kind.type(n_group)
    code += group.astype(kind)
    return code


def _from_table(table: IntArray, start: IntArray, n_cause: int, n_group: int) -> list[GroupCounts]:
    """Take apart the number of rows of each code at each time."""
    ends = table.reshape(n_cause + 1, n_group, -1)
    at_risk, d = still_in(ends.sum(axis=0), start), ends[1:]
    kept = np.asarray(d.any(axis=(0, 1)))
    return _by_stratum(at_risk[:, kept], d[:, :, kept], kept, start)


def _from_packed(packed: PackedTimes, n_cause: int, n_group: int) -> list[GroupCounts]:
    """Count groups and causes one after the other, where times were sorted with their codes."""
    fails = packed.counted(packed.code >= n_group)
    kept, most = fails > 0, fails.max(initial=0.0)
    del fails
    m = int(np.count_nonzero(kept))
    n = np.empty((n_group, m), dtype=np.min_scalar_type(len(packed.code)))
    d = np.empty((n_cause, n_group, m), dtype=np.min_scalar_type(int(most)))
    for g in range(n_group):
        leaving = packed.counted(packed.code % n_group == g)
        n[g] = still_in(leaving, packed.start, out=leaving)[kept]
        del leaving
        for k in range(n_cause):
            d[k, g] = packed.counted(packed.code == (k + 1) * n_group + g)[kept]
    return _by_stratum(n, d, kept, packed.start)


def _by_stratum(
    n: NDArray[Any], d: NDArray[Any], kept: NDArray[np.bool_], start: IntArray
) -> list[GroupCounts]:
    of_each = [np.count_nonzero(kept[a:b]) for a, b in pairwise(start.tolist())]
    edges = np.append(0, np.cumsum(of_each)).tolist()
    return [GroupCounts(n[:, a:b], d[:, :, a:b]) for a, b in pairwise(edges)]
