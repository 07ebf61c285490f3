"""Jackknife variance of occupation with each cluster followed on its own: arrays in, arrays out.

The recurrences of `_state_jackknife` take what a cluster would move by chance off what it moved,
as sums of squares. Where one cluster is nearly all of a risk set the two are equal but for its
share in the rest, and the difference of their squares keeps no digit of it. Here the influence of
each cluster is carried itself, and a cluster that moves is set against the others alone: with N
moved of its own R at risk, and D' of Y' others, N - R (N + D') / (R + Y') is (N Y' - R D') / Y.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._occupation import Steps, event_places
from rpcstats.survival.states._state_counts import StateCounts, Stays

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FAR_APART: Final = 1e4
"""Weights that differ by more are worth following: sums of squares lose its square in digits."""

_MOST_SQUARED: Final = 1e6
"""Weights that differ by more leave sums of squares fewer than four digits."""

_MOST_FOLLOWED: Final = 1e10
"""Weights that differ by more leave sums of weights fewer than six digits of the lightest."""

_MOST_WORK: Final = 50_000_000
"""Clusters times transition times that are followed, at most."""


def are_far_apart(stays: Stays) -> bool:
    """Tell whether the weights differ so much that sums of squares lose digits.

    Parameters
    ----------
    stays : Stays
        The rows.

    Returns
    -------
    bool
        False without weights.
    """
    w = stays.weights
    return w is not None and float(w.max()) > FAR_APART * float(w.min())


def digits_left(stays: Stays, n_time: int) -> bool:
    """Tell whether weights are near enough to each other for errors to be right.

    Parameters
    ----------
    stays : Stays
        The rows.
    n_time : int
        Times of transitions.

    Returns
    -------
    bool
        False where even the lightest of them may be lost beside the heaviest.
    """
    if stays.weights is None:
        return True
    follows = all(can_follow(int(codes.max()) + 1, n_time) for codes in stays.clusters)
    ratio = float(stays.weights.max()) / float(stays.weights.min())
    return ratio <= (_MOST_FOLLOWED if follows else _MOST_SQUARED)


def can_follow(n_cluster: int, n_time: int) -> bool:
    """Tell whether clusters can be followed one by one in a few seconds.

    Parameters
    ----------
    n_cluster, n_time : int
        Clusters, and times of transitions.

    Returns
    -------
    bool
        True if they can.
    """
    return n_cluster * n_time <= _MOST_WORK


def followed_variance(
    stays: Stays,
    cluster: IntArray,
    counts: StateCounts,
    steps: Steps,
    *,
    is_p0_estimated: bool,
) -> tuple[FloatArray, FloatArray]:
    """Give the variance of each occupation probability at each time of a transition.

    Parameters
    ----------
    stays : Stays
        The rows, with weights.
    cluster : ndarray of shape (n,), int
        Rows that belong together.
    counts, steps
        As they were counted and estimated.
    is_p0_estimated : bool
        Whether p0 are shares among those at risk at the first transition.

    Returns
    -------
    at_start : ndarray of shape (s,)
        Sum over clusters of squared influences before the first time.
    variance : ndarray of shape (m_e, s)
        The same after each time; O(m c s^2) for c clusters and m times.
    """
    m, s = steps.p.shape
    variance, at_start = np.empty((m, s)), np.zeros(s)
    if m == 0 or stays.weights is None:
        return at_start, variance
    enter, leave = event_places(counts, steps)
    R = _AtRisk(stays, cluster, enter, leave, steps.p.shape)
    U = np.zeros((R.n_cluster, s))
    for t in range(m):
        R.begin(t)
        if t == 0 and is_p0_estimated:
            U = _of_shares(R.weight)
            at_start = (U**2).sum(axis=0)
        at = slice(t, t + 1)
        M, share = steps.matrices(at)[0], steps.share(at)[0]
        stayed, gained = _moved(R, R.movers(t), share, steps)
        U = U @ M - (stayed * share) @ (M - np.eye(s)) + gained
        variance[t] = (U**2).sum(axis=0)
        R.end(t)
    variance[steps.is_certain()] = 0.0  # where rounding alone remains
    return at_start, variance


class _AtRisk:
    """Weight of each cluster at risk in each state, from one transition to the next."""

    def __init__(
        self,
        stays: Stays,
        cluster: IntArray,
        enter: IntArray,
        leave: IntArray,
        shape: tuple[int, int],
    ) -> None:
        self.stays, self.cluster, (m, s) = stays, cluster, shape
        self.n_cluster = int(cluster.max()) + 1
        kept = enter <= leave
        self._by_enter = _Places(np.where(kept, enter, m), m)
        self._by_leave = _Places(np.where(kept, leave, m), m)
        # Extended precision, for members of a cluster may differ as much as clusters.
        self._sum = np.zeros((self.n_cluster, s), dtype=np.longdouble)
        self.weight = np.zeros((self.n_cluster, s))

    def begin(self, t: int) -> None:
        """Let rows in."""
        self._add(self._by_enter.at(t), 1.0)

    def end(self, t: int) -> None:
        """Let rows out."""
        self._add(self._by_leave.at(t), -1.0)

    def movers(self, t: int) -> IntArray:
        """Give the rows that end in a transition."""
        rows = self._by_leave.at(t)
        return rows[self.stays.move[rows] >= 0]

    def _add(self, rows: IntArray, sign: float) -> None:
        if len(rows) == 0 or self.stays.weights is None:
            return
        at = self.cluster[rows], self.stays.origin[rows]
        np.add.at(self._sum, at, sign * self.stays.weights[rows])
        self.weight[at] = self._sum[at]


class _Places:
    """Rows by position."""

    def __init__(self, position: IntArray, m: int) -> None:
        self._order = np.argsort(position, kind="stable")
        self._start = np.searchsorted(position[self._order], np.arange(m + 1))

    def at(self, t: int) -> IntArray:
        """Give those at one position."""
        rows: IntArray = self._order[self._start[t] : self._start[t + 1]]
        return rows


def _others(values: FloatArray) -> FloatArray:
    """Sum over all clusters but each, without taking any off a sum."""
    found = np.zeros_like(values)
    found[1:] += np.cumsum(values[:-1], axis=0)
    found[:-1] += np.cumsum(values[:0:-1], axis=0)[::-1]
    return found


def _of_shares(R: FloatArray) -> FloatArray:
    """Give the influence on the shares of the states at the first transition."""
    own, total = R.sum(axis=1, keepdims=True), R.sum()
    found: FloatArray = (R * _others(own) - own * _others(R)) / total**2
    return found


def _moved(
    R: _AtRisk, rows: IntArray, share: FloatArray, steps: Steps
) -> tuple[FloatArray, FloatArray]:
    """Give the weight at risk of clusters that do not move, and the increments of those that do."""
    stays, stayed, gained = R.stays, R.weight.copy(), np.zeros_like(R.weight)
    if stays.weights is None:
        raise AssertionError("clusters are followed for their weights")
    for h in np.unique(stays.origin[rows]):
        leaving = rows[stays.origin[rows] == h]
        who = np.unique(R.cluster[leaving])
        at_risk, others = R.weight[who, h], _others(R.weight[:, h])[who]
        stayed[who, h] = 0.0
        for k in np.unique(stays.move[leaving]):
            moving = leaving[stays.move[leaving] == k]
            own = np.zeros(R.n_cluster)
            np.add.at(own, R.cluster[moving], stays.weights[moving])
            flow = own[who] * others - at_risk * _others(own)[who]
            flow *= share[h] / R.weight[:, h].sum()
            gained[who, h] -= flow
            gained[who, steps.graph.target[k]] += flow
    return stayed, gained
