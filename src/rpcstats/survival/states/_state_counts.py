"""Who is at risk of which transition, and when: arrays in, arrays out."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_SAME_WEIGHT = 1e-12
"""Weighted sums of the same rows in another order differ by less than this, relatively."""


class Stays(NamedTuple):
    """Stretches of time in one state, a row each.

    Attributes
    ----------
    entry, time : ndarray of shape (n,)
        The stretch is (entry, time].
    origin : ndarray of shape (n,), int
        The state.
    move : ndarray of shape (n,), int
        Transition that ends it, -1 for none.
    leaves : ndarray of shape (n,), bool
        Whether observation ends with it, without a transition.
    person : ndarray of shape (n,), int
        Whose row it is.
    clusters : tuple of ndarray of shape (n,), int
        What rows belong to, the person or one array a dimension; rows of one code are not
        independent.
    weights : ndarray of shape (n,) or None
        Case weights.
    """

    entry: FloatArray
    time: FloatArray
    origin: IntArray
    move: IntArray
    leaves: BoolArray
    person: IntArray
    clusters: tuple[IntArray, ...]
    weights: FloatArray | None

    def taken(self, rows: NDArray[np.bool_] | IntArray) -> "Stays":
        """Take some of the rows."""
        return Stays(
            self.entry[rows],
            self.time[rows],
            self.origin[rows],
            self.move[rows],
            self.leaves[rows],
            self.person[rows],
            tuple(codes[rows] for codes in self.clusters),
            None if self.weights is None else self.weights[rows],
        )


class Graph(NamedTuple):
    """The transitions seen.

    Attributes
    ----------
    n_state : int
        Number of states.
    origin, target : ndarray of shape (k,), int
        Where each transition leads from and to.
    """

    n_state: int
    origin: IntArray
    target: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class StateCounts:
    """Counts, or sums of weights, at each distinct time; counts are narrow whole numbers.

    Attributes
    ----------
    time : ndarray of shape (m,)
        Distinct times of exit.
    n_risk : ndarray of shape (m, s)
        In each state just before.
    n_move : ndarray of shape (m, k)
        Transitions.
    n_censor : ndarray of shape (m, s)
        Last seen in each state.
    entry_index, exit_index : ndarray of shape (n,), int
        First time after each row's entry, and the time of its exit.
    """

    time: FloatArray
    n_risk: NDArray[Any]
    n_move: NDArray[Any]
    n_censor: NDArray[Any]
    entry_index: IntArray
    exit_index: IntArray


def count_states(stays: Stays, graph: Graph) -> StateCounts:
    """Count who is at risk in each state, moves and leaves, at each time.

    Parameters
    ----------
    stays : Stays
        One row or more.
    graph : Graph
        The transitions.

    Returns
    -------
    StateCounts
        The counts.
    """
    time, enter, leave = _places(stays)
    m, w, s = len(time), stays.weights, graph.n_state
    kind: Any = np.int32 if w is None else np.float64
    few = kind if w is not None else np.min_scalar_type(int(np.bincount(leave).max()))

    def sums(code: IntArray, n: int, at: IntArray, rows: BoolArray, kind: Any) -> NDArray[Any]:
        """Sum the weights of some rows by time and code, one code after the other."""
        found = np.empty((m, n), dtype=kind)
        for place in range(n):
            own = rows & (code == place)
            found[:, place] = np.bincount(at[own], None if w is None else w[own], m)
        return found

    everybody = np.broadcast_to(np.True_, len(leave))
    n_risk = sums(stays.origin, s, leave, everybody, kind)
    _sum_from_the_end(n_risk)
    late = enter > 0
    if late.any():
        entering = sums(stays.origin, s, enter, late, kind)
        n_risk[:-1] -= _sum_from_the_end(entering)[1:]
        del entering
    del late
    n_move = sums(stays.move, len(graph.origin), leave, everybody, few)
    if w is not None:
        n_risk = _settled(n_risk, moving_out(n_move, graph))
    n_censor = sums(stays.origin, s, leave, stays.leaves, few)
    return StateCounts(time, n_risk, n_move, n_censor, enter, leave)


def _places(stays: Stays) -> tuple[FloatArray, NDArray[Any], NDArray[Any]]:
    """Give distinct times of exit, the first after each row's entry, and each row's exit."""
    n = len(stays.time)
    kind = np.int32 if n < np.iinfo(np.int32).max else np.int64
    order = np.argsort(stays.time)
    ordered = stays.time[order]
    first = np.append(True, ordered[1:] != ordered[:-1])
    leave: NDArray[Any] = np.empty(n, dtype=kind)
    leave[order] = np.cumsum(first, dtype=kind) - 1
    time = ordered[first]
    del order, ordered, first
    enter: NDArray[Any] = np.searchsorted(time, stays.entry, side="right").astype(kind)
    return time, enter, leave


def _sum_from_the_end(counts: NDArray[Any]) -> NDArray[Any]:
    """Sum over each time and all later ones, in place, so that the last is exact."""
    np.cumsum(counts[::-1], axis=0, dtype=counts.dtype, out=counts[::-1])
    return counts


def moving_out(n_move: NDArray[Any], graph: Graph) -> NDArray[Any]:
    """Sum the transitions out of each state.

    Parameters
    ----------
    n_move : ndarray of shape (m, k)
        By transition.
    graph : Graph
        The transitions.

    Returns
    -------
    ndarray of shape (m, s)
        By state left.
    """
    return _by_state(n_move, graph.origin, graph.n_state)


def moving_in(n_move: NDArray[Any], graph: Graph) -> NDArray[Any]:
    """Sum the transitions into each state.

    Parameters
    ----------
    n_move : ndarray of shape (m, k)
        By transition.
    graph : Graph
        The transitions.

    Returns
    -------
    ndarray of shape (m, s)
        By state entered.
    """
    return _by_state(n_move, graph.target, graph.n_state)


def _by_state(n_move: NDArray[Any], state: IntArray, n_state: int) -> NDArray[Any]:
    # Of a kind that holds all who leave at one time, and so those of one state.
    total = np.zeros((len(n_move), n_state), dtype=n_move.dtype)
    for k, place in enumerate(state):
        total[:, place] += n_move[:, k]
    return total


def _settled(n_risk: FloatArray, left: FloatArray) -> FloatArray:
    """Take rounding out of sums of weights: a risk set that moves as a whole leaves nobody."""
    whole = np.abs(n_risk - left) <= _SAME_WEIGHT * left
    settled: FloatArray = np.where(whole, left, n_risk)
    settled[np.abs(settled) <= _SAME_WEIGHT * n_risk.max()] = 0.0
    return settled
