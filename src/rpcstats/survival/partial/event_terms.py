"""What the partial likelihood takes from each event time, at a given linear predictor."""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.tied_events import LONG, event_places, run_of, tied_sums

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Ties = Literal["efron", "breslow"]

_SAFE: Final = 100.0
"""Linear predictors up to this size need no shift: squares of their sums stay in range."""

_SMALL: Final = 1e-6
"""A risk set this small beside a later one has lost six digits or more to subtraction."""


@dataclass(frozen=True, slots=True, eq=False)
class EventTerms:
    """Sums over the tied events l = 0, ..., d - 1 of each event time.

    With S0 the weighted risk scores at risk, D0 those of the events, f = l / d (0 under Breslow),
    φ = S0 - f D0 and w the mean weight of the tied events. What holds f is 0 where there is one
    event; it is kept for the k event times alone at which events are treated as tied.

    Attributes
    ----------
    r : ndarray of shape (r,)
        Risk scores of arranged rows, weight times exp(eta - shift).
    shift : ndarray of shape (s,) or None
        What was taken off eta in each stratum; None for 0.
    log_lik : float
        Log partial likelihood.
    S0 : ndarray of shape (m,)
        Sums of `r` at risk.
    e0, A : ndarray of shape (m,)
        w Σ 1/φ, the increment of the baseline hazard, and w Σ 1/φ².
    tied : ndarray of shape (k,), int
        Event times with several events; none under Breslow's method.
    e1, B, C : ndarray of shape (k,)
        w Σ f/φ, w Σ f/φ², w Σ f²/φ² at those.
    is_delicate : bool
        Whether risk sets with late entry differ so much in size that sums must be careful.
    """

    r: FloatArray
    shift: FloatArray | None
    log_lik: float
    S0: FloatArray
    e0: FloatArray
    A: FloatArray
    tied: IntArray
    e1: FloatArray
    B: FloatArray
    C: FloatArray
    is_delicate: bool = False

    def times(self, g: FloatArray) -> "EventTerms":
        """Multiply the sums over tied events by a function of the event time.

        Parameters
        ----------
        g : ndarray of shape (m,)
            Its value at each event time.

        Returns
        -------
        EventTerms
            With e0, e1, A, B and C multiplied.
        """
        own = g[self.tied]
        return replace(
            self,
            e0=g * self.e0,
            A=g * self.A,
            e1=own * self.e1,
            B=own * self.B,
            C=own * self.C,
        )

    def at_every_time(self, values: FloatArray) -> FloatArray:
        """Spread what is kept of the tied event times over all of them.

        Parameters
        ----------
        values : ndarray of shape (k,)
            One value a tied event time.

        Returns
        -------
        ndarray of shape (m,)
            The values; 0 at the other times.
        """
        spread = np.zeros(len(self.e0))
        spread[self.tied] = values
        return spread


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
        logs = np.log(S0)
        logs *= W
        tied = order.tied if ties == "efron" else order.tied[:0]
        of_tied, w = tied_sums(order, r, S0, tied), W[tied] / order.n_tied[tied]
        logs[tied] = w * of_tied.logs
        log_lik -= float(logs.sum())
        del logs  # which is as long as those that follow
        A = 1.0 / S0
        e0 = W * A
        A *= e0
    e0[tied], A[tied] = w * of_tied.e0, w * of_tied.A
    if shift is not None:
        log_lik -= float(shift @ np.bincount(order.stratum, weights=W, minlength=len(shift)))
    e1, B, C = w * of_tied.e1, w * of_tied.B, w * of_tied.C
    return EventTerms(r, shift, log_lik, S0, e0, A, tied, e1, B, C, is_delicate)


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
    is_long = order.n_tied[terms.tied] >= LONG
    for k, e1 in zip(terms.tied[is_long].tolist(), terms.e1[is_long].tolist(), strict=True):
        run = run_of(order, k)
        expected[run] -= terms.r[run] * e1
    short = terms.tied[~is_long]
    if len(short):
        at = event_places(order, short)
        expected[at] -= terms.r[at] * np.repeat(terms.e1[~is_long], order.n_tied[short])
    return expected


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
