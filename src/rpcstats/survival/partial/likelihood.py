"""The log partial likelihood as a function of the coefficients, with penalties."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.event_terms import (
    EventTerms,
    event_terms,
    expected_events,
)
from rpcstats.survival.partial.exact import ExactTerms, exact_terms
from rpcstats.survival.partial.information import information

FloatArray = NDArray[np.float64]
TieMethod = Literal["efron", "breslow", "exact"]

_ROWS_AT_ONCE: Final = 8192


@dataclass(frozen=True, eq=False)
class PartialLikelihood:
    """Log partial likelihood less a penalty.

    Attributes
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (p, r)
        Covariates, arranged, one line a covariate; centred and of standard deviation about one.
    offset : ndarray of shape (r,) or None
        Known part of the linear predictor, arranged.
    ties : {"efron", "breslow", "exact"}
        How tied events are treated.
    ridge : ndarray of shape (p,) or None
        Penalty of each squared coefficient, halved.
    is_firth : bool
        Whether half the log determinant of the information is added.
    """

    order: Arrangement
    X: FloatArray
    offset: FloatArray | None = None
    ties: TieMethod = "efron"
    ridge: FloatArray | None = None
    is_firth: bool = False

    @cached_property
    def event_sums(self) -> FloatArray:
        """Weighted sum of the covariates over all events, of shape (p,)."""
        order, found = self.order, np.zeros(len(self.X))
        for a in range(0, len(order.rows), _ROWS_AT_ONCE):
            at = slice(a, a + _ROWS_AT_ONCE)
            weights = order.is_event[at] if order.weights is None else order.weights[at]
            found += self.X[:, at] @ np.multiply(weights, order.is_event[at], dtype=np.float64)
        return found

    def at(self, beta: FloatArray) -> "Point":
        """Evaluate.

        Parameters
        ----------
        beta : ndarray of shape (p,)
            Coefficients of the columns of `X`.

        Returns
        -------
        Point
            Value and derivatives, the second ones when asked for.
        """
        eta = beta @ self.X
        if self.offset is not None:
            eta += self.offset
        if self.ties == "exact":
            return Point(self, beta, None, exact_terms(self.order, self.X, eta))
        return Point(self, beta, event_terms(self.order, eta, self.ties, overwrite=True), None)


@dataclass(frozen=True, eq=False)
class Point:
    """The log partial likelihood at given coefficients.

    Attributes
    ----------
    likelihood : PartialLikelihood
        The function.
    beta : ndarray of shape (p,)
        The coefficients.
    terms : EventTerms or None
        Terms of the event times; None for the exact likelihood.
    exact : ExactTerms or None
        The exact likelihood and its derivatives.
    """

    likelihood: PartialLikelihood
    beta: FloatArray
    terms: EventTerms | None
    exact: ExactTerms | None

    @property
    def log_lik(self) -> float:
        """Log partial likelihood without the penalty."""
        found = self.terms or self.exact
        return -np.inf if found is None else found.log_lik

    @cached_property
    def value(self) -> float:
        """Log partial likelihood with the penalty; minus infinity where it can't be computed."""
        value = self.log_lik
        if self.likelihood.ridge is not None:
            value -= float(self.likelihood.ridge @ self.beta**2) / 2.0
        if self.likelihood.is_firth and np.isfinite(value):
            sign, log_det = np.linalg.slogdet(self.information)
            value = value + log_det / 2.0 if sign > 0 else -np.inf
        return value if np.isfinite(value) else -np.inf

    @cached_property
    def expected(self) -> FloatArray:
        """Weighted expected events of the arranged rows; not for the exact likelihood."""
        if self.terms is None:
            raise AssertionError("the exact likelihood expects no number of events of a row")
        return expected_events(self.likelihood.order, self.terms)

    @cached_property
    def gradient(self) -> FloatArray:
        """First derivatives, of shape (p,), with the penalty."""
        given = self.likelihood
        if self.exact is not None:
            score = self.exact.gradient
        else:
            score = given.event_sums - given.X @ self.expected
        if given.ridge is not None:
            score = score - given.ridge * self.beta
        if given.is_firth and self.terms is not None:
            from rpcstats.survival.partial.firth import log_det_slope

            score = score + log_det_slope(given.order, given.X, self.terms, self.information) / 2.0
        return score

    @cached_property
    def information(self) -> FloatArray:
        """Minus the second derivatives of the log partial likelihood, of shape (p, p)."""
        if self.exact is not None:
            return self.exact.information
        if self.terms is None:
            raise AssertionError("a point has terms of one kind")
        given = self.likelihood
        return information(given.order, given.X, self.terms, self.expected)

    @property
    def curvature(self) -> FloatArray:
        """The information with the ridge penalty's share, of shape (p, p)."""
        if self.likelihood.ridge is None:
            return self.information
        return self.information + np.diag(self.likelihood.ridge)
