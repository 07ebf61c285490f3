"""Occupation of the states of one group over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import signed_clusters, variance_or_nan
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
    n_risk, n_event, n_censor : ndarray of shape (m, s)
        Counts, or sums of weights: in each state just before, entering it then, last seen in it.
    estimate, std_error : ndarray of shape (m, s)
        Probability of each state at each time.
    at_start, at_start_error : ndarray of shape (s,)
        The same before the first time.
    is_left : ndarray of shape (s,), bool
        Whether anybody was ever followed in the state.
    """

    start: float
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    at_start: FloatArray
    at_start_error: FloatArray
    is_left: NDArray[np.bool_]

    def known(self, wanted: FloatArray) -> NDArray[np.bool_]:
        """Tell the times at which the curve is known: after its last, only if nobody can move."""
        settled = not (self.estimate[-1][self.is_left] > 0).any()
        known: NDArray[np.bool_] = (wanted >= self.start) & ((wanted <= self.time[-1]) | settled)
        return known

    def read(self, wanted: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give n_risk, estimate and standard error at times; NaN where they are not known."""
        after = np.searchsorted(self.time, wanted, side="right")
        following = np.searchsorted(self.time, wanted, side="left")
        n_risk = np.vstack([self.n_risk, np.zeros(self.n_risk.shape[1])])[following]
        known = self.known(wanted)[:, None]
        estimate = np.vstack([self.at_start, self.estimate])[after]
        error = np.vstack([self.at_start_error, self.std_error])[after]
        return n_risk, np.where(known, estimate, np.nan), np.where(known, error, np.nan)


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
    at_start_error, std_error = _errors(stays, counts, steps, estimated)
    curve = StateCurve(
        start=since,
        time=counts.time,
        n_risk=counts.n_risk,
        n_event=moving_in(counts.n_move, graph),
        n_censor=counts.n_censor,
        estimate=steps.on_all_times(steps.p, p0),
        std_error=std_error,
        at_start=p0,
        at_start_error=at_start_error,
        is_left=np.asarray(np.bincount(stays.origin, minlength=graph.n_state) > 0),
    )
    for values in (curve.time, curve.n_risk, curve.n_event, curve.n_censor, curve.estimate):
        values.setflags(write=False)
    for values in (curve.std_error, curve.at_start, curve.at_start_error):
        values.setflags(write=False)
    curve.is_left.setflags(write=False)
    return curve


def _errors(
    stays: Stays, counts: StateCounts, steps: Steps, is_p0_estimated: bool
) -> tuple[FloatArray, FloatArray]:
    """Give standard errors before the first time and at all times."""
    found: list[FloatArray] = []
    scale: list[FloatArray] = []
    for sign, cluster in signed_clusters(stays.clusters):
        if cluster is None:
            raise AssertionError("a row belongs to its person at least")
        parts = jackknife_variance(stays, cluster, counts, steps, is_p0_estimated=is_p0_estimated)
        if not found:
            found, scale = list(parts), list(parts)
            continue
        found = [total + sign * part for total, part in zip(found, parts, strict=True)]
        scale = [total + part for total, part in zip(scale, parts, strict=True)]
    if found[0] is not scale[0]:
        found = [variance_or_nan(*pair) for pair in zip(found, scale, strict=True)]
    at_start, std_error = (np.sqrt(variance, out=variance) for variance in found)
    if is_one_cluster(stays.clusters):
        at_start[:], std_error[:] = np.nan, np.nan
    return at_start, steps.on_all_times(std_error, at_start)


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
        few = (curve.n_risk[:, place] < FEW_AT_RISK) & (curve.estimate[:, place] > 0)
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
