"""Groups at risk and failing of each cause, for Gray's test: arrays in, arrays out."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    cause: IntArray,
    n_cause: int,
    group: IntArray,
    n_group: int,
    stratum: IntArray | None = None,
    n_stratum: int = 1,
) -> list[GroupCounts]:
    """Count each group at risk and failing, stratum by stratum.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    cause : ndarray of shape (n,), int
        0 for censored, 1 to n_cause for the causes.
    n_cause : int
        Number of causes.
    group : ndarray of shape (n,), int
        Codes 0 to n_group - 1.
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
    code = (cause * n_group + group).astype(np.min_scalar_type(n_code))
    packed = packed_rows(time, code, n_code, stratum=stratum, n_stratum=n_stratum)
    del code
    if packed is not None:
        return _from_packed(packed, n_cause, n_group)
    sets = risk_sets(time, cause > 0, stratum=stratum, n_stratum=n_stratum)
    m = len(sets.time)
    codes, of_cause = sets.arranged(group), sets.arranged(cause)
    leaving = np.bincount(codes * m + sets.position, minlength=n_group * m).reshape(n_group, m)
    at_risk = still_in(leaving, sets.start)
    cell = (of_cause * n_group + codes) * m + sets.position
    fails = np.bincount(cell, minlength=(n_cause + 1) * n_group * m)
    d = fails[n_group * m :].reshape(n_cause, n_group, m)
    kept = sets.n_event > 0
    return _by_stratum(at_risk[:, kept], d[:, :, kept], kept, sets.start)


def _from_packed(packed: PackedTimes, n_cause: int, n_group: int) -> list[GroupCounts]:
    """Count groups and causes one after the other, where times were sorted with their codes."""
    kept = packed.counted(packed.code >= n_group) > 0
    m, kind = int(kept.sum()), np.min_scalar_type(len(packed.code))
    n = np.empty((n_group, m), dtype=kind)
    d = np.empty((n_cause, n_group, m), dtype=kind)
    for g in range(n_group):
        member = packed.code % n_group == g
        leaving = packed.counted(member)
        n[g] = still_in(leaving, packed.start, out=leaving)[kept]
        del leaving
        for k in range(n_cause):
            d[k, g] = packed.counted(packed.code == (k + 1) * n_group + g)[kept]
    return _by_stratum(n, d.astype(np.min_scalar_type(d.max(initial=0))), kept, packed.start)


def _by_stratum(
    n: NDArray[Any], d: NDArray[Any], kept: NDArray[np.bool_], start: IntArray
) -> list[GroupCounts]:
    edges = np.append(0, np.cumsum(kept))[start]
    return [GroupCounts(n[:, a:b], d[:, :, a:b]) for a, b in pairwise(edges.tolist())]
