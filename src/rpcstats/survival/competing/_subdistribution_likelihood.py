"""The log pseudo-likelihood of a sub-distribution hazard, and its maximum: arrays only."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.partial.estimate import identified
from rpcstats.survival.partial.event_terms import EventTerms, event_terms
from rpcstats.survival.partial.likelihood import PartialLikelihood, Point
from rpcstats.survival.partial.monotone import needed_columns
from rpcstats.survival.partial.newton import Maximum, maximise
from rpcstats.survival.partial.scaling import Lines, Scaling, scaled_columns

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROWS: Final = 8192


@dataclass(frozen=True, eq=False)
class SubdistributionLikelihood(PartialLikelihood):
    """Breslow's likelihood over risk sets that hold earlier competing events."""

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
        eta = beta @ self.X
        if self.offset is not None:
            eta += self.offset
        terms = event_terms(self.order, eta, "breslow", overwrite=True)
        return _SubdistributionPoint(self, beta, terms, None)


@dataclass(frozen=True, eq=False)
class _SubdistributionPoint(Point):
    @cached_property
    def information(self) -> FloatArray:
        """Minus the second derivatives of the log pseudo-likelihood, of shape (p, p)."""
        X, terms, expected = self.likelihood.X, self.found, self.expected
        S1 = risk_sums(self.likelihood, terms)
        found = np.zeros((len(X), len(X)))
        for a in range(0, S1.shape[1], _ROWS):
            sums = S1[:, a : a + _ROWS]
            found -= (sums * terms.A[a : a + _ROWS]) @ sums.T
        for a in range(0, X.shape[1], _ROWS):
            part = X[:, a : a + _ROWS]
            found += (part * expected[a : a + _ROWS]) @ part.T
        return found

    @property
    def found(self) -> EventTerms:
        """Terms of the event times."""
        if self.terms is None:
            raise AssertionError("Breslow's likelihood has terms")
        return self.terms


@dataclass(frozen=True, slots=True, eq=False)
class SubdistributionEstimate:
    """Coefficients of a sub-distribution hazard, in the units of the covariates.

    Attributes
    ----------
    kept : ndarray of shape (q,), int
        Columns with an estimate; the others do not vary in the risk sets.
    beta : ndarray of shape (q,)
        Log sub-distribution hazard ratios.
    cov : ndarray of shape (q, q)
        Inverse of the information.
    maximum : Maximum
        How the search ended, in units of the scaled columns.
    scaling : Scaling
        Centre and scale of the columns kept.
    """

    kept: IntArray
    beta: FloatArray
    cov: FloatArray
    maximum: Maximum
    scaling: Scaling

    @property
    def likelihood(self) -> PartialLikelihood:
        """The function that was maximised, in units of the scaled columns."""
        return self.maximum.point.likelihood

    @property
    def terms(self) -> EventTerms:
        """Terms of the event times at the maximum."""
        if self.maximum.point.terms is None:
            raise AssertionError("Breslow's likelihood has terms")
        return self.maximum.point.terms

    @property
    def endless(self) -> IntArray:
        """Which of the columns kept have no finite estimate."""
        if self.maximum.monotone is None:
            return np.empty(0, dtype=np.int64)
        given = self.likelihood
        return needed_columns(given.order, given.X, self.maximum.monotone)


def estimate_subdistribution(
    order: SubdistributionOrder, X: FloatArray | Lines, offset: FloatArray | None
) -> SubdistributionEstimate:
    """Maximise the log pseudo-likelihood.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    X : ndarray of shape (n, p) or Lines
        Covariates in the order of the data.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.

    Returns
    -------
    SubdistributionEstimate
        The coefficients.

    Notes
    -----
    Fine and Gray (1999), ties by Breslow's method.
    """
    lines, scaling = scaled_columns(order, X)
    known = None if offset is None else order.take(offset)
    likelihood = SubdistributionLikelihood(order, lines, known, "breslow")
    point = likelihood.at(np.zeros(len(lines)))
    kept = identified(point)
    if len(kept) < len(lines):
        likelihood = replace(likelihood, X=np.ascontiguousarray(lines[kept]))
        scaling = scaling.taken(kept)
        point = likelihood.at(np.zeros(len(kept)))
    found = maximise(likelihood, point, n_event=int(order.n_tied.sum()))
    scale = np.outer(scaling.scale, scaling.scale)
    return SubdistributionEstimate(
        kept=kept,
        beta=found.beta / scaling.scale,
        cov=_inverse(found.information) / scale,
        maximum=found,
        scaling=scaling,
    )


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


def _inverse(information: FloatArray) -> FloatArray:
    """Invert; NaN where there is no inverse."""
    try:
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return np.full_like(information, np.nan)
    return np.asarray((inverse + inverse.T) / 2.0)
