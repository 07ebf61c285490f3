"""Aalen-Johansen estimates of occupation: arrays in, arrays out.

p are occupation probabilities (row vectors), Y numbers at risk, A cumulative hazards,
M(t) = I + dA(t). Matrices are made some times after the other, so that they take little memory.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.states._scan import scan
from rpcstats.survival.states._state_counts import Graph, StateCounts, moving_out

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

_CELLS: Final = 1 << 18
"""Cells of the matrices that are made together."""


class Steps(NamedTuple):
    """The estimate at the times of transitions.

    Attributes
    ----------
    is_event : ndarray of shape (m,), bool
        Which of all times have a transition; m_e of them.
    place : ndarray of shape (m_e,), int, or None
        Where they stand among all times; None if every time has one.
    counts : StateCounts
        At all times.
    graph : Graph
        The transitions.
    p0 : ndarray of shape (s,)
        Occupation before the first time.
    p : ndarray of shape (m_e, s)
        Occupation after each time.
    """

    is_event: BoolArray
    place: IntArray | None
    counts: StateCounts
    graph: Graph
    p0: FloatArray
    p: FloatArray

    @property
    def transition_matrices(self) -> FloatArray:
        """Matrices I + dA of all times, of shape (m_e, s, s)."""
        return self.matrices(slice(0, len(self.p)))

    def matrices(self, at: slice) -> FloatArray:
        """Give the matrices I + dA of some times, of shape (w, s, s)."""
        return matrices(*_at_transitions(self.counts, self.place, at), self.graph)

    def share(self, at: slice) -> FloatArray:
        """Give p(t-) / Y(t), what one transition out of each state weighs, at some times."""
        Y, _ = _at_transitions(self.counts, self.place, at)
        before = self.p[max(at.start - 1, 0) : at.stop - 1]
        if at.start == 0:
            before = np.concatenate([self.p0[None], before])[: len(Y)]
        found: FloatArray = np.divide(before, Y, out=np.zeros(Y.shape), where=Y > 0)
        return found

    def is_certain(self) -> BoolArray:
        """Tell where nobody can be, or all must be, whatever the weights, of shape (m_e, s)."""
        lone = (self.p > 0).sum(axis=1) == 1
        found: BoolArray = (self.p == 0) | lone[:, None]
        return found


def _at_transitions(
    counts: StateCounts, place: IntArray | None, at: slice
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Take those at risk, and the transitions, at some of the times that have any."""
    chosen = at if place is None else place[at]
    return counts.n_risk[chosen], counts.n_move[chosen]


def portions(m: int, n_state: int) -> Iterator[slice]:
    """Give stretches of times whose matrices are made together.

    Parameters
    ----------
    m : int
        Number of times.
    n_state : int
        Number of states.

    Yields
    ------
    slice
        One after the other.
    """
    width = max(_CELLS // n_state**2, 1)
    for a in range(0, m, width):
        yield slice(a, min(a + width, m))


def matrices(Y: NDArray[Any], moved: NDArray[Any], graph: Graph) -> FloatArray:
    """Give the matrices of one-step transitions.

    Parameters
    ----------
    Y : ndarray of shape (m, s)
        At risk.
    moved : ndarray of shape (m, k)
        Transitions.
    graph : Graph
        The transitions.

    Returns
    -------
    ndarray of shape (m, s, s)
        I + dA.
    """
    s = graph.n_state
    at_risk = np.where(Y > 0, Y, 1.0)
    M = np.zeros((len(Y), s, s))
    for k, (h, j) in enumerate(zip(graph.origin, graph.target, strict=True)):
        M[:, h, j] = moved[:, k] / at_risk[:, h]
    stayed = np.where(Y > 0, Y - moving_out(moved, graph), 1.0) / at_risk
    M[:, np.arange(s), np.arange(s)] = stayed
    return M


def occupation_steps(counts: StateCounts, graph: Graph, p0: FloatArray) -> Steps:
    """Multiply the matrices of one-step transitions.

    Parameters
    ----------
    counts : StateCounts
        At all times.
    graph : Graph
        The transitions.
    p0 : ndarray of shape (s,)
        Where the probability is at the start.

    Returns
    -------
    Steps
        The product integral of Aalen and Johansen (1978).
    """
    is_event = np.asarray(counts.n_move.any(axis=1))
    place = None
    if not is_event.all():
        place = np.flatnonzero(is_event).astype(counts.exit_index.dtype)
    m = len(is_event) if place is None else len(place)
    p, latest = np.empty((m, graph.n_state)), p0[None]
    for at in portions(m, graph.n_state):
        M = matrices(*_at_transitions(counts, place, at), graph)
        p[at] = scan(M, latest)[:, 0]
        latest = p[at.stop - 1 : at.stop]
    return Steps(is_event, place, counts, graph, p0, p)


def event_places(counts: StateCounts, steps: Steps) -> tuple[IntArray, IntArray]:
    """Place rows among the times of transitions.

    Parameters
    ----------
    counts : StateCounts
        Where rows enter and leave among all times.
    steps : Steps
        Which times have a transition.

    Returns
    -------
    enter, leave : ndarray of shape (n,), int
        First and last time of a transition at which the row is at risk; `leave` is smaller
        where there is none.
    """
    kind = counts.exit_index.dtype
    before = np.append(np.zeros(1, kind), np.cumsum(steps.is_event, dtype=kind))
    return before[counts.entry_index], before[counts.exit_index + 1] - 1
