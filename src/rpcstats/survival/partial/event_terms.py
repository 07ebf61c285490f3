"""What the partial likelihood takes from each event time, at a given linear predictor."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement

FloatArray = NDArray[np.float64]
Ties = Literal["efron", "breslow"]

_SAFE: Final = 100.0
"""Linear predictors up to this size need no shift: squares of their sums stay in range."""

_SMALL: Final = 1e-6
"""A risk set this small beside a later one has lost six digits or more to subtraction."""


@dataclass(frozen=True, slots=True, eq=False)
class EventTerms:
    """Sums over the tied events l = 0, ..., d - 1 of each event time.

    With S0 the weighted risk scores at risk, D0 those of the events, f = l / d (0 under Breslow),
    φ = S0 - f D0 and w the mean weight of the tied events.

    Attributes
    ----------
    r : ndarray of shape (r,)
        Risk scores of arranged rows, weight times exp(eta - shift).
    shift : ndarray of shape (s,) or None
        What was taken off eta in each stratum; None for 0.
    log_lik : float
        Log partial likelihood.
    S0, D0 : ndarray of shape (m,)
        Sums of `r` at risk and of the events; D0 is 0 where it isn't needed.
    e0, e1 : ndarray of shape (m,)
        w Σ 1/φ, the increment of the baseline hazard, and w Σ f/φ.
    A, B, C : ndarray of shape (m,)
        w Σ 1/φ², w Σ f/φ², w Σ f²/φ².
    is_delicate : bool
        Whether risk sets with late entry differ so much in size that sums must be careful.
    """

    r: FloatArray
    shift: FloatArray | None
    log_lik: float
    S0: FloatArray
    D0: FloatArray
    e0: FloatArray
    e1: FloatArray
    A: FloatArray
    B: FloatArray
    C: FloatArray
    is_delicate: bool = False


def event_terms(
    order: Arrangement, eta: FloatArray, ties: Ties = "efron", *, overwrite: bool = False
) -> EventTerms:
    """Work out the terms of each event time.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    eta : ndarray of shape (r,)
        Linear predictor of the arranged rows, offsets in it.
    ties : {"efron", "breslow"}
        How tied events are treated.
    overwrite : bool
        Whether `eta` is not needed any more and may become the risk scores.

    Returns
    -------
    EventTerms
        Terms, the log partial likelihood among them.

    Notes
    -----
    Breslow (1974) and Efron (1977), the latter with the mean weight of the tied events, as in R's
    survival package.
    """
    log_lik = float(order.event_weights @ eta)
    r, shift = _risk_scores(order, eta, overwrite=overwrite)
    S0 = order.at_risk(r)
    is_delicate = _is_delicate(order, S0)
    if is_delicate:
        S0 = order.at_risk(r, careful=True)
    W = order.weight_tied
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        A = 1.0 / S0
        e0 = W * A
        A *= e0
        logs = np.log(S0)
        logs *= W
    D0 = e1 = B = C = order.zeros
    if ties == "efron":
        at = order.tied
        if len(at):
            D0, e1, B, C = (np.zeros_like(S0) for _ in range(4))
            D0[at], logs[at], e0[at], e1[at], A[at], B[at], C[at] = _tied(order, r, S0, W, at)
    log_lik -= float(logs.sum())
    if shift is not None:
        log_lik -= float(shift @ np.bincount(order.stratum, weights=W, minlength=len(shift)))
    return EventTerms(r, shift, log_lik, S0, D0, e0, e1, A, B, C, is_delicate)


def expected_events(order: Arrangement, terms: EventTerms) -> FloatArray:
    """Give the weighted number of events expected of each row.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    terms : EventTerms
        Terms at the linear predictor.

    Returns
    -------
    ndarray of shape (r,)
        Case weight times the cumulative hazard of each arranged row. The gradient of the log
        partial likelihood in eta is ``order.event_weights`` minus this; its martingale residual
        is that over the case weight.
    """
    expected = order.so_far(terms.e0, careful=terms.is_delicate)
    expected *= terms.r
    tied = tied_times(order, terms)
    if len(tied):
        at = event_places(order, tied)
        expected[at] -= terms.r[at] * np.repeat(terms.e1[tied], order.n_tied[tied])
    return expected


def tied_times(order: Arrangement, terms: EventTerms) -> NDArray[np.int64]:
    """Give the event times at which Efron's thinning plays a part.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    terms : EventTerms
        Terms at a linear predictor.

    Returns
    -------
    ndarray of int
        Event times; none under Breslow's method.
    """
    return order.tied[:0] if terms.D0 is order.zeros else order.tied


def event_places(order: Arrangement, times: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the arranged places of the events at some event times.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    times : ndarray of int
        Event times, rising.

    Returns
    -------
    ndarray of int
        Places, by event time.
    """
    if len(times) == order.n_time:
        return order.events
    counts = order.n_tied[times]
    ends = np.cumsum(counts)
    return np.arange(int(ends[-1])) + np.repeat(order.begin[times] - ends + counts, counts)


def _risk_scores(
    order: Arrangement, eta: FloatArray, *, overwrite: bool
) -> tuple[FloatArray, FloatArray | None]:
    shift, out = None, eta if overwrite else None
    if max(float(eta.max()), -float(eta.min())) <= _SAFE:
        r = np.exp(eta, out=out)
    else:
        bounds = order.begin[order.start]
        filled = np.diff(bounds) > 0
        shift = np.zeros(len(filled))
        shift[filled] = np.maximum.reduceat(eta, bounds[:-1][filled])
        r = np.subtract(eta, np.repeat(shift, np.diff(bounds)), out=out)
        np.exp(r, out=r)
    if order.weights is not None:
        r *= order.weights
    return r, shift


def _is_delicate(order: Arrangement, S0: FloatArray) -> bool:
    """Tell whether what entered late left a risk set far below later ones of its stratum."""
    if not len(order.late):
        return False
    if len(order.start) == 2:
        later = np.maximum.accumulate(S0[::-1])[::-1]
    else:
        filled = np.diff(order.start) > 0
        most = np.maximum.reduceat(S0, order.start[:-1][filled])
        later = np.repeat(most, np.diff(order.start)[filled])
    return bool((_SMALL * later >= S0).any())


def _tied(
    order: Arrangement, r: FloatArray, S0: FloatArray, W: FloatArray, at: NDArray[np.int64]
) -> tuple[FloatArray, ...]:
    d = order.n_tied[at]
    first = np.cumsum(d) - d
    D0 = np.add.reduceat(r[event_places(order, at)], first)
    fraction = (np.arange(int(d.sum())) - np.repeat(first, d)) / np.repeat(d, d)
    phi = np.repeat(S0[at], d) - fraction * np.repeat(D0, d)
    mean_weight = W[at] / d

    def summed(values: FloatArray) -> FloatArray:
        return mean_weight * np.add.reduceat(values, first)

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        logs = summed(np.log(phi))
        once = 1.0 / phi
        e0, e1 = summed(once), summed(fraction * once)
        twice = once * once
        A = summed(twice)
        twice *= fraction
        B = summed(twice)
        twice *= fraction
    return D0, logs, e0, e1, A, B, summed(twice)
