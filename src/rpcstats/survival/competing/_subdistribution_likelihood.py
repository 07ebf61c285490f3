"""The log pseudo-likelihood of a sub-distribution hazard, and its maximum: arrays only."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._compensator import Compensator, compensator_of
from rpcstats.survival.competing._pool_chunks import pool_chunks
from rpcstats.survival.competing._subdistribution_chunks import RiskSums
from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.partial.event_terms import EventTerms, event_terms
from rpcstats.survival.partial.likelihood import PartialLikelihood, Point

FloatArray = NDArray[np.float64]

_ROWS: Final = 8192


@dataclass(frozen=True, eq=False)
class SubdistributionLikelihood(PartialLikelihood):
    """Breslow's likelihood over risk sets that hold earlier competing events.

    Attributes
    ----------
    order : SubdistributionOrder
        The rows arranged.
    """

    order: SubdistributionOrder

    def at(self, beta: FloatArray) -> Point:
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
        if self.order.first is None:
            sums = RiskSums(self.order, self.X, self.offset, beta)
            totals = sums.totals()
            if totals is not None:
                return ChunkedPoint(self, beta, None, None, sums, *totals)
        return _WholePoint(self, beta, self.terms(beta), None)

    def terms(self, beta: FloatArray) -> EventTerms:
        """Work out the terms of the event times.

        Parameters
        ----------
        beta : ndarray of shape (p,)
            Coefficients of the columns of `X`.

        Returns
        -------
        EventTerms
            The risk scores of all rows among them.
        """
        eta = beta @ self.X
        if self.offset is not None:
            eta += self.offset
        return event_terms(self.order, eta, "breslow", overwrite=True)


@dataclass(frozen=True, eq=False)
class _WholePoint(Point):
    """The log pseudo-likelihood with terms of all rows, where some enter late."""

    @cached_property
    def information(self) -> FloatArray:
        """Minus the second derivatives of the log pseudo-likelihood, of shape (p, p)."""
        X, terms, expected = self.likelihood.X, self.terms, self.expected
        if terms is None:
            raise AssertionError("Breslow's likelihood has terms")
        S1 = risk_sums(self.likelihood, terms)
        found = np.zeros((len(X), len(X)))
        for a in range(0, S1.shape[1], _ROWS):
            sums = S1[:, a : a + _ROWS]
            found -= (sums * terms.A[a : a + _ROWS]) @ sums.T
        for a in range(0, X.shape[1], _ROWS):
            part = X[:, a : a + _ROWS]
            found += (part * expected[a : a + _ROWS]) @ part.T
        return found


@dataclass(frozen=True, eq=False)
class ChunkedPoint(Point):
    """The log pseudo-likelihood without a vector as long as the data.

    Attributes
    ----------
    sums : RiskSums
        Risk sets at these coefficients.
    observed : float
        Sum of the linear predictors of the events.
    S0 : ndarray of shape (m,)
        Sums of risk scores.
    """

    sums: RiskSums
    observed: float
    S0: FloatArray

    @property
    def log_lik(self) -> float:
        """Log pseudo-likelihood."""
        logs = np.log(self.S0)
        logs *= self.sums.order.weight_tied
        return self.observed - float(logs.sum())

    @property
    def hazard(self) -> FloatArray:
        """Increments of the baseline hazard, of shape (m,); made anew."""
        return np.asarray(self.sums.order.weight_tied / self.S0)

    @property
    def compensator(self) -> Compensator:
        """Sums of the baseline hazard; made anew."""
        return compensator_of(self.sums.order, self.hazard)

    @cached_property
    def _slopes(self) -> tuple[FloatArray, FloatArray]:
        return self.sums.gradient(self.compensator)

    @property
    def gradient(self) -> FloatArray:
        """First derivatives, of shape (p,)."""
        return self._slopes[0]

    @property
    def present(self) -> FloatArray:
        """What is present in each chunk, as `RiskSums.gradient` gives it."""
        return self._slopes[1]

    @cached_property
    def expected(self) -> FloatArray:
        """Weighted expected events of the arranged rows."""
        sums, compensator = self.sums, self.compensator
        found = np.empty(self.sums.X.shape[1])
        for chunk in pool_chunks(sums.order):
            rows = chunk.base.rows
            found[rows] = sums.expected(chunk, sums.scores(rows), compensator)
        return found

    @property
    def information(self) -> FloatArray:
        """Minus the second derivatives of the log pseudo-likelihood, of shape (p, p)."""
        return self._curves[0]

    @property
    def lead(self) -> FloatArray:
        """Mean covariates times hazard and the first group's chances, (p, c), by chunk."""
        return self._curves[1]

    @cached_property
    def _curves(self) -> tuple[FloatArray, FloatArray]:
        sums, present, W = self.sums, self.present, self.sums.order.weight_tied
        compensator = self.compensator
        found, lead = np.zeros((len(self.beta), len(self.beta))), []
        for moments in sums.moments(present):
            x, at = sums.X[:, moments.chunk.base.rows], moments.chunk.base.times
            found += (x * sums.expected(moments.chunk, moments.r, compensator)) @ x.T
            further = moments.S1 * (W[at] / self.S0[at] ** 2)
            found -= further @ moments.S1.T
            lead.append(further @ sums.order.pool.level[0, at])
        return found, np.column_stack(lead)


def likelihood_of(
    order: SubdistributionOrder, X: FloatArray, offset: FloatArray | None
) -> SubdistributionLikelihood:
    """Put the log pseudo-likelihood together.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    X : ndarray of shape (p, r)
        Columns arranged and scaled.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor, in the order of the data.

    Returns
    -------
    SubdistributionLikelihood
        The function of the coefficients of `X`.
    """
    known = None if offset is None else order.take(offset)
    return SubdistributionLikelihood(order, X, known, "breslow")


def risk_sums(likelihood: PartialLikelihood, terms: EventTerms) -> FloatArray:
    """Sum weighted covariates over the risk set of each event time.

    Parameters
    ----------
    likelihood : PartialLikelihood
        Rows and covariates.
    terms : EventTerms
        Terms at the linear predictor.

    Returns
    -------
    ndarray of shape (p, m)
        Sums.
    """
    sums = np.empty((len(likelihood.X), likelihood.order.n_time))
    for j, x in enumerate(likelihood.X):
        sums[j] = likelihood.order.at_risk(x * terms.r)
    return sums
