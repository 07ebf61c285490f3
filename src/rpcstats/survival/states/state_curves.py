"""Occupation of the states of one group over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters, variance_or_nan
from rpcstats.survival.states._followed_clusters import (
    are_far_apart,
    can_follow,
    followed_variance,
)
from rpcstats.survival.states._occupation import Steps, occupation_steps
from rpcstats.survival.states._state_counts import (
    Graph,
    StateCounts,
    Stays,
    count_states,
    moving_in,
)
from rpcstats.survival.states._state_jackknife import jackknife_variance
from rpcstats.survival.structure.remarks import FEW_AT_RISK

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StateCurve:
    """Occupation probabilities of one group.

    Attributes
    ----------
    start : float
        Time at which the curve begins.
    time : ndarray of shape (m,)
        Distinct times.
    n_risk : ndarray of shape (m, s)
        Count, or sum of weights, in each state just before.
    entered, left : ndarray of shape (m, s)
        Entering each state then, and last seen in it, in the narrowest whole numbers.
    is_event : ndarray of shape (m,), bool
        Which of the times have a transition, m_e of them.
    occupied, error : ndarray of shape (m_e, s)
        Probability of each state after each transition, and its standard error.
    at_start, at_start_error : ndarray of shape (s,)
        The same before the first time.
    is_left : ndarray of shape (s,), bool
        Whether anybody was ever followed in the state.
    """

    start: float
    time: FloatArray
    n_risk: NDArray[Any]
    entered: NDArray[Any]
    left: NDArray[Any]
    is_event: NDArray[np.bool_]
    occupied: FloatArray
    error: FloatArray
    at_start: FloatArray
    at_start_error: FloatArray
    is_left: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for values in (self.time, self.n_risk, self.entered, self.left, self.is_event):
            values.setflags(write=False)
        for values in (self.occupied, self.error, self.at_start, self.at_start_error, self.is_left):
            values.setflags(write=False)

    @property
    def n_event(self) -> NDArray[Any]:
        """Count, or sum of weights, entering each state at each time, of shape (m, s)."""
        return _frozen(self.entered.astype(self.n_risk.dtype, copy=False))

    @property
    def n_censor(self) -> NDArray[Any]:
        """Count, or sum of weights, last seen in each state at each time, of shape (m, s)."""
        return _frozen(self.left.astype(self.n_risk.dtype, copy=False))

    @property
    def estimate(self) -> FloatArray:
        """Probability of each state at each time, of shape (m, s)."""
        if self.is_event.all():
            return self.occupied
        return _frozen(_after(self.occupied, self.at_start, np.cumsum(self.is_event)))

    @property
    def std_error(self) -> FloatArray:
        """Standard error of each probability at each time, of shape (m, s)."""
        if self.is_event.all():
            return self.error
        return _frozen(_after(self.error, self.at_start_error, np.cumsum(self.is_event)))

    def known(self, wanted: FloatArray) -> NDArray[np.bool_]:
        """Tell the times at which the curve is known.

        Parameters
        ----------
        wanted : ndarray of shape (q,)
            Times, in the unit of time.

        Returns
        -------
        ndarray of shape (q,), bool
            False before its start, and after its last time if somebody might still move.
        """
        last = self.occupied[-1] if len(self.occupied) else self.at_start
        settled = not (last[self.is_left] > 0).any()
        known: NDArray[np.bool_] = (wanted >= self.start) & ((wanted <= self.time[-1]) | settled)
        return known

    def read(self, wanted: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Read the curve at times.

        Parameters
        ----------
        wanted : ndarray of shape (q,)
            Times, in the unit of time.

        Returns
        -------
        n_risk : ndarray of shape (q, s)
            Count, or sum of weights, in each state just before; 0 after the last time.
        estimate, std_error : ndarray of shape (q, s)
            Probability of each state and its standard error; NaN where the curve is not known.
        """
        n_before = np.append(0, np.cumsum(self.is_event, dtype=np.int32))
        after = n_before[np.searchsorted(self.time, wanted, side="right")]
        following = np.searchsorted(self.time, wanted, side="left")
        n_risk = self.n_risk[np.minimum(following, len(self.time) - 1)].astype(np.float64)
        n_risk[following == len(self.time)] = 0.0
        known = self.known(wanted)[:, None]
        estimate = _after(self.occupied, self.at_start, after)
        error = _after(self.error, self.at_start_error, after)
        return n_risk, np.where(known, estimate, np.nan), np.where(known, error, np.nan)

    def is_occupied(self, state: int) -> NDArray[np.bool_]:
        """Tell the times after which there is a chance of being in one state.

        Parameters
        ----------
        state : int
            Column of the state.

        Returns
        -------
        ndarray of shape (m,), bool
            Whether its probability is above 0 after each distinct time.
        """
        chance = np.append(self.at_start[state], self.occupied[:, state]) > 0
        found: NDArray[np.bool_] = chance[np.cumsum(self.is_event, dtype=np.int32)]
        return found


def _after(values: FloatArray, at_start: FloatArray, n_before: IntArray) -> FloatArray:
    """Take values after so many transitions; after none, those at the start."""
    found = np.empty((len(n_before), len(at_start)))
    if len(values):
        np.take(values, n_before - 1, axis=0, out=found, mode="clip")
    found[n_before == 0] = at_start
    return found


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values


def estimate_curve(
    stays: Stays, graph: Graph, start_state: int | None, *, since: float = 0.0
) -> StateCurve:
    """Estimate the occupation of states.

    Parameters
    ----------
    stays : Stays
        Rows at risk after `since`.
    graph : Graph
        The transitions.
    start_state : int or None
        Where everybody is at the start; None to take the shares among those at risk at the
        first transition.
    since : float
        Time at which the curve begins.

    Returns
    -------
    StateCurve
        Aalen-Johansen estimates with infinitesimal-jackknife errors.
    """
    counts = count_states(stays, graph)
    p0 = np.zeros(graph.n_state)
    estimated = start_state is None
    if start_state is None:
        p0 = _first_shares(stays, counts.time, counts.n_move, graph.n_state)
        estimated = p0.max() < 1
    else:
        p0[start_state] = 1.0
    steps = occupation_steps(counts, graph, p0)
    at_start_error, error = _errors(stays, counts, steps, estimated)
    return StateCurve(
        start=since,
        time=counts.time,
        n_risk=counts.n_risk,
        entered=moving_in(counts.n_move, graph),
        left=counts.n_censor,
        is_event=steps.is_event,
        occupied=steps.p,
        error=error,
        at_start=p0,
        at_start_error=at_start_error,
        is_left=np.asarray(np.bincount(stays.origin, minlength=graph.n_state) > 0),
    )


def _errors(
    stays: Stays, counts: StateCounts, steps: Steps, is_p0_estimated: bool
) -> tuple[FloatArray, FloatArray]:
    """Give standard errors before the first time and after each transition."""
    found: list[FloatArray] = []
    scale: list[FloatArray] = []
    for sign, cluster in signed_clusters(stays.clusters):
        if cluster is None:
            raise AssertionError("a row belongs to its person at least")
        follows = are_far_apart(stays) and can_follow(int(cluster.max()) + 1, len(steps.p))
        variance_of = followed_variance if follows else jackknife_variance
        parts = variance_of(stays, cluster, counts, steps, is_p0_estimated=is_p0_estimated)
        if not found:
            found, scale = list(parts), list(parts)
            continue
        found = [total + sign * part for total, part in zip(found, parts, strict=True)]
        scale = [total + part for total, part in zip(scale, parts, strict=True)]
    if found[0] is not scale[0]:
        found = [variance_or_nan(*pair) for pair in zip(found, scale, strict=True)]
    at_start, error = (np.sqrt(variance, out=variance) for variance in found)
    if is_one_cluster(stays.clusters):
        at_start[:], error[:] = np.nan, np.nan
    return at_start, error


def is_one_cluster(clusters: Sequence[IntArray]) -> bool:
    """Tell whether all rows are of one person or cluster, which tells nothing of variation.

    Parameters
    ----------
    clusters : sequence of ndarray of shape (n,), int
        Codes, one array a dimension.

    Returns
    -------
    bool
        True if a dimension has one code.
    """
    return any(bool((codes == codes[0]).all()) for codes in clusters)


def _first_shares(stays: Stays, time: FloatArray, n_move: FloatArray, n_state: int) -> FloatArray:
    moving = n_move.any(axis=1)
    first = time[np.argmax(moving)] if moving.any() else time[-1]
    there = (stays.entry < first) & (stays.time >= first)
    weights = None if stays.weights is None else stays.weights[there]
    total = np.bincount(stays.origin[there], weights, n_state)
    return np.asarray(total / total.sum(), dtype=np.float64)


def thin_states(curve: StateCurve, states: tuple[str, ...]) -> list[str]:
    """Say in which states people are but too few are followed to tell what they do.

    Parameters
    ----------
    curve : StateCurve
        The curve.
    states : tuple of str
        Names of the states.

    Returns
    -------
    list of str
        One phrase a state.
    """
    phrases = []
    for place, name in enumerate(states):
        few = (curve.n_risk[:, place] < FEW_AT_RISK) & curve.is_occupied(place)
        if not curve.is_left[place] or not few.any():
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], few, [0]])))
        begin, end = edges[-2:]
        if end < len(few):
            phrases.append(f"{name} at times up to {curve.time[end - 1]:g}")
        else:
            when = f"from {curve.time[begin]:g} on" if begin else "throughout"
            phrases.append(f"{name} {when}")
    return phrases
