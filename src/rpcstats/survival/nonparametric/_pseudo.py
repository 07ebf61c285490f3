"""Pseudo-values of survival, restricted means and incidences: arrays in, arrays out."""

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._product_limit import areas_ahead, product_limit
from rpcstats.survival._risk_sets import RiskSets
from rpcstats.survival.nonparametric._jackknife import (
    Steps,
    in_given_order,
    log_survival_steps,
    row_influence,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
PseudoKind = Literal["survival", "rmst", "cumulative_incidence"]


class PseudoRows(NamedTuple):
    """Rows counted by stratum and time, unweighted.

    Attributes
    ----------
    counts : RiskSets
        Counts of any event.
    event, of_cause : ndarray of shape (n,), bool
        Whether each exit was any event, and one of the cause of interest.
    """

    counts: RiskSets
    event: BoolArray
    of_cause: BoolArray


def pseudo_values_at(rows: PseudoRows, kind: PseudoKind, t: float, *, exact: bool) -> FloatArray:
    """Give the pseudo-value of each row at one time.

    Parameters
    ----------
    rows : PseudoRows
        The rows.
    kind : {"survival", "rmst", "cumulative_incidence"}
        What is estimated.
    t : float
        Time, or horizon of the restricted mean.
    exact : bool
        Whether to leave out each row in turn, rather than differentiate; without late entry
        unless `kind` is "survival".

    Returns
    -------
    ndarray of shape (n,)
        In the order of the rows given. They average to the estimate of their stratum (up to
        a term of order 1 / n if `exact`).

    Notes
    -----
    n θ - (n - 1) θ without the row (Andersen, Klein and Rosthøj 2003); θ plus n times the
    influence of the row (Jaeckel 1972; Parner, Andersen and Overgaard 2023), as in R's
    survival. Either is one sweep over sorted rows.
    """
    counts = rows.counts
    stratum = counts.stratum
    theta, steps = _estimates(rows, kind, t)
    by_row = in_given_order(counts, stratum[counts.position].astype(np.float64)).astype(np.int64)
    n = np.bincount(by_row, minlength=len(theta))[by_row]
    if exact:
        left_out = in_given_order(counts, _left_out(rows, kind, t))
        return n * theta[by_row] - (n - 1) * left_out
    influence = row_influence(counts, steps, rows.event)
    if kind == "cumulative_incidence":
        before, _ = _incidence(rows)
        share = np.where(counts.time <= t, before / counts.n_risk, 0.0)
        own = counts.arranged(rows.of_cause) * share[counts.position]
        influence += in_given_order(counts, own)
    return theta[by_row] + n * influence


def is_known(rows: PseudoRows, t: float) -> bool:
    """Tell whether every stratum was followed up to a time, or nobody was left.

    Parameters
    ----------
    rows : PseudoRows
        The rows.
    t : float
        The time.

    Returns
    -------
    bool
        Whether the estimates are known there.
    """
    counts = rows.counts
    S, _ = product_limit(counts)
    last = counts.start[1:] - 1
    return bool(((counts.time[last] >= t) | (S[last] == 0)).all())


def _estimates(rows: PseudoRows, kind: PseudoKind, t: float) -> tuple[FloatArray, Steps]:
    """Give the estimate of each stratum, and how weight on a row moves it."""
    counts = rows.counts
    S, _ = product_limit(counts)
    inside = counts.time <= t
    growth, own = log_survival_steps(counts)
    if kind == "rmst":
        ahead = areas_ahead(counts, S, t)
        firsts = np.minimum(counts.time[counts.start[:-1]], t)
        theta = firsts + ahead[counts.start[:-1]]
        return theta, Steps(growth * ahead, own * ahead)
    if kind == "survival":
        theta = _last(S, counts, inside, 1.0)
        factor = np.where(inside, theta[counts.stratum], 0.0)
        return theta, Steps(growth * factor, own * factor)
    _, F = _incidence(rows)
    theta = _last(F, counts, inside, 0.0)
    rest = np.where(inside, theta[counts.stratum] - F, 0.0)
    jump = np.where(inside, np.diff(F, prepend=0.0), 0.0)
    jump[counts.start[:-1]] = np.where(inside, F, 0.0)[counts.start[:-1]]
    return theta, Steps(growth * rest - jump / counts.n_risk, own * rest)


def _incidence(rows: PseudoRows) -> tuple[FloatArray, FloatArray]:
    """Give S(t-) and the cumulative incidence of the cause, by stratum."""
    counts = rows.counts
    S, _ = product_limit(counts)
    before = np.concatenate([[1.0], S[:-1]])
    before[counts.start[:-1]] = 1.0
    d = _of_cause(rows)
    F = np.empty(len(S))
    for a, b in pairwise(counts.start):
        F[a:b] = np.cumsum(before[a:b] * d[a:b] / counts.n_risk[a:b])
    return before, F


def _of_cause(rows: PseudoRows) -> FloatArray:
    counts = rows.counts
    at = counts.position[counts.arranged(rows.of_cause)]
    return np.bincount(at, minlength=len(counts.time)).astype(np.float64)


def _last(values: FloatArray, counts: RiskSets, inside: BoolArray, at_start: float) -> FloatArray:
    """Give the last value of each stratum at times inside."""
    until = np.array([int(inside[a:b].sum()) for a, b in pairwise(counts.start)])
    places = counts.start[:-1] + until - 1
    return np.where(until > 0, values[np.maximum(places, 0)], at_start)


def _left_out(rows: PseudoRows, kind: PseudoKind, t: float) -> FloatArray:
    """Give the estimate without each row, in the order of the counts."""
    counts = rows.counts
    found = np.empty(len(counts.position))
    stratum = counts.stratum[counts.position]
    d_cause = _of_cause(rows)
    event, of_cause = counts.arranged(rows.event), counts.arranged(rows.of_cause)
    for s, (a, b) in enumerate(pairwise(counts.start)):
        here = np.flatnonzero(stratum == s)
        enter = np.zeros(len(here), dtype=np.int64)
        if counts.entry_position is not None:
            enter = counts.entry_position[here] - a
        one = _OneStratum(
            time=counts.time[a:b],
            n=counts.n_risk[a:b],
            d=counts.n_event[a:b],
            d_cause=d_cause[a:b],
            leave=counts.position[here] - a,
            enter=enter,
            event=event[here],
            of_cause=of_cause[here],
        )
        found[here] = _LEFT_OUT[kind](one, t)
    return found


class _OneStratum(NamedTuple):
    time: FloatArray
    n: FloatArray
    d: FloatArray
    d_cause: FloatArray
    leave: IntArray
    enter: IntArray
    event: BoolArray
    of_cause: BoolArray

    def factors(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give 1 - d / n: of all, without a row that stays, without one that fails."""
        n, d = self.n, self.d
        others = np.maximum(n - 1, 1)
        stays = np.where(n > 1, 1 - d / others, 1.0)
        fails = np.where(n > 1, 1 - (d - 1) / others, 1.0)
        return 1 - d / n, np.maximum(stays, 0.0), fails

    def at_exit(self) -> FloatArray:
        """Give the factor at each row's own last time, without the row."""
        _, stays, fails = self.factors()
        return np.where(self.event, fails[self.leave], stays[self.leave])


def _survival_without(one: _OneStratum, t: float) -> FloatArray:
    whole, stays, _ = one.factors()
    inside = one.time <= t
    own = np.where(inside[one.leave], one.at_exit(), 1.0)
    whole, stays = np.where(inside, whole, 1.0), np.where(inside, stays, 1.0)
    log_of = [_logs(factor) for factor in (whole, stays, own)]
    parts = []
    # A product with a 0 in it has no logarithm: zeros are counted beside the logarithms.
    for k in (0, 1):
        A, B = (np.concatenate([[0.0], np.cumsum(log_of[j][k])]) for j in (0, 1))
        before = A[one.enter] + A[-1] - A[one.leave + 1]
        parts.append(before + B[one.leave] - B[one.enter] + log_of[2][k])
    return np.where(parts[1] > 0, 0.0, np.exp(parts[0]))


def _logs(factor: FloatArray) -> tuple[FloatArray, FloatArray]:
    zero = factor <= 0
    return np.log(np.where(zero, 1.0, factor)), zero.astype(np.float64)


def _area_without(one: _OneStratum, t: float) -> FloatArray:
    whole, stays, _ = one.factors()
    time = np.minimum(one.time, t)
    S, S1 = np.cumprod(whole), np.concatenate([[1.0], np.cumprod(stays)])
    width = np.diff(time, prepend=0.0)
    until = np.cumsum(width * S1[:-1])[one.leave]
    ahead = np.cumsum((np.diff(time, append=t) * S)[::-1])[::-1]
    # If the last one at risk is left out, the curve stays where it is.
    share = np.where(S > 0, ahead / np.where(S > 0, S, 1.0), t - time)
    return until + S1[one.leave] * one.at_exit() * share[one.leave]


def _incidence_without(one: _OneStratum, t: float) -> FloatArray:
    whole, stays, _ = one.factors()
    inside = one.time <= t
    S, S1 = np.cumprod(whole), np.concatenate([[1.0], np.cumprod(stays)])
    others = np.maximum(one.n - 1, 1)
    d = np.where(inside, one.d_cause, 0.0)
    F1 = np.concatenate([[0.0], np.cumsum(S1[:-1] * d / others)])
    F = np.cumsum(np.concatenate([[1.0], S[:-1]]) * d / one.n)
    rest = np.where(S > 0, (F[-1] - F) / np.where(S > 0, S, 1.0), 0.0)
    leave = one.leave
    mine = np.where(inside[leave], one.of_cause, 0.0)
    at_exit = S1[leave] * (d[leave] - mine) / others[leave]
    without: FloatArray = F1[leave] + at_exit + S1[leave] * one.at_exit() * rest[leave]
    return without


_LEFT_OUT = {
    "survival": _survival_without,
    "rmst": _area_without,
    "cumulative_incidence": _incidence_without,
}
