"""Cumulative hazards of a fitted partial likelihood and their variances: arrays in, arrays out."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.event_terms import (
    EventTerms,
    Ties,
    event_terms,
    expected_events,
)
from rpcstats.survival.partial.moments import first_moments, score_residuals
from rpcstats.survival.partial.tied_events import event_places

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LARGEST_LOG_RATIO: Final = 300.0
"""Any step of a hazard this many times as large leaves nobody."""


def ratio_of(eta: FloatArray) -> FloatArray:
    """Give hazard ratios, bounded where a coefficient without a finite estimate makes them huge.

    Parameters
    ----------
    eta : ndarray
        Linear predictors against the centre.

    Returns
    -------
    ndarray
        exp(eta), at most exp(300), so that products with hazards stay finite.
    """
    ratio: FloatArray = np.exp(np.minimum(eta, _LARGEST_LOG_RATIO))
    return ratio


@dataclass(frozen=True, slots=True, eq=False)
class HazardSteps:
    """Running sums over the event times of each stratum, at the mean of the covariates.

    Attributes
    ----------
    order : Arrangement
        The rows arranged.
    terms : EventTerms
        Terms at the fitted linear predictor, covariates centred.
    centre : ndarray of shape (p,)
        What was taken off the covariates.
    cumulative : ndarray of shape (m,)
        Baseline cumulative hazard just after each event time.
    spread : ndarray of shape (m,)
        Its variance if β were known.
    slope : ndarray of shape (p, m)
        Minus its derivative by β.
    single : ndarray of shape (p, m)
        Minus the derivative by β of each single step, in the units of `terms`.
    """

    order: Arrangement
    terms: EventTerms
    centre: FloatArray
    cumulative: FloatArray
    spread: FloatArray
    slope: FloatArray
    single: FloatArray

    @classmethod
    def from_fit(
        cls,
        order: Arrangement,
        X: FloatArray,
        beta: FloatArray,
        ties: Ties,
        *,
        offset: FloatArray | None = None,
        weights: FloatArray | None = None,
    ) -> Self:
        """Sum the steps of a fit.

        Parameters
        ----------
        order : Arrangement
            The rows arranged.
        X : ndarray of shape (n, p)
            Covariates, in the order of the data.
        beta : ndarray of shape (p,)
            Coefficients.
        ties : {"efron", "breslow"}
            How ties were treated in the fit.
        offset, weights : ndarray of shape (n,), optional
            Known part of the linear predictor; case weights.

        Returns
        -------
        HazardSteps
            The sums.
        """
        centre = np.average(X, axis=0, weights=weights) if X.shape[1] else np.zeros(0)
        lines = np.ascontiguousarray(order.take(X).T) - centre[:, None]
        eta = beta @ lines
        if offset is not None:
            eta = eta + order.take(offset)
        terms = event_terms(order, eta, ties)
        S1, D1 = first_moments(order, lines, terms)
        unit = 1.0 if terms.shift is None else np.exp(-terms.shift)[order.stratum]
        forward = order.segments.forward
        single = terms.A * S1
        single[:, terms.tied] -= terms.B * D1
        return cls(
            order=order,
            terms=terms,
            centre=centre,
            cumulative=forward(terms.e0 * unit),
            spread=forward(terms.A * unit**2),
            slope=forward(single * unit),
            single=single,
        )

    def coefficient_influence(self, X: FloatArray, cov: FloatArray) -> FloatArray:
        """Give the influence of each row on the coefficients.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Covariates as fitted, in the order of the data.
        cov : ndarray of shape (p, p)
            Inverse of the information.

        Returns
        -------
        ndarray of shape (p, r)
            Arranged.
        """
        order, terms = self.order, self.terms
        lines = np.ascontiguousarray(order.take(X).T) - self.centre[:, None]
        expected = expected_events(order, terms)
        pull: FloatArray = cov @ score_residuals(order, lines, terms, expected)
        return pull

    def step_influence(self, gain: FloatArray) -> FloatArray:
        """Give the influence of each row on a weighted sum of single steps, β being held.

        Parameters
        ----------
        gain : ndarray of shape (m,)
            What each step counts for, in the units of `terms`.

        Returns
        -------
        ndarray of shape (r,)
            Arranged.
        """
        order, terms = self.order, self.terms
        part = -terms.r * order.so_far(gain * terms.A)
        tied = terms.tied
        if len(tied):
            at = event_places(order, tied)
            part[at] += terms.r[at] * np.repeat(gain[tied] * terms.B, order.n_tied[tied])
        share = gain * terms.e0 / order.weight_tied
        events = order.events
        part[events] += order.event_weights[events] * np.repeat(share, order.n_tied)
        return part

    def places(self, stratum: int, times: FloatArray) -> IntArray:
        """Find the last event time of a stratum at or before each time.

        Parameters
        ----------
        stratum : int
            The stratum.
        times : ndarray of shape (t,)
            Times.

        Returns
        -------
        ndarray of shape (t,), int
            Index of the event time; -1 before the first.
        """
        a, b = self.order.start[stratum], self.order.start[stratum + 1]
        found = np.searchsorted(self.order.time[a:b], times, side="right")
        return np.where(found > 0, a + found - 1, -1)

    def hazard(self, places: IntArray) -> FloatArray:
        """Read the baseline cumulative hazard.

        Parameters
        ----------
        places : ndarray of int
            From `places`.

        Returns
        -------
        ndarray
            Cumulative hazard at the mean of the covariates.
        """
        return np.where(places >= 0, self.cumulative[places], 0.0)

    def variance(self, places: IntArray, x: FloatArray, cov: FloatArray) -> FloatArray:
        """Give the variance of the cumulative hazard of one covariate pattern, over its risk.

        Parameters
        ----------
        places : ndarray of shape (t,), int
            From `places`.
        x : ndarray of shape (p,)
            Covariates, not centred.
        cov : ndarray of shape (p, p)
            Covariance of β.

        Returns
        -------
        ndarray of shape (t,)
            Variance over exp(2 x'β), x centred.

        Notes
        -----
        Tsiatis (1981), Link (1984); with Efron's steps as in Therneau and Grambsch (2000).
        """
        inside = places >= 0
        q = (x - self.centre)[:, None] * self.cumulative[places] - self.slope[:, places]
        found = self.spread[places] + np.einsum("pt,pq,qt->t", q, cov, q)
        return np.where(inside, found, 0.0)

    def between(self, low: IntArray, high: IntArray, X: FloatArray, cov: FloatArray) -> FloatArray:
        """Give the variance of each row's cumulative hazard between two times, over its risk.

        Parameters
        ----------
        low, high : ndarray of shape (n,), int
            Event times from `places`; the hazard after `low` up to `high` is meant.
        X : ndarray of shape (n, p)
            Covariates, not centred.
        cov : ndarray of shape (p, p)
            Covariance of β.

        Returns
        -------
        ndarray of shape (n,)
            Variance over exp(2 x'β), x centred.
        """

        def step(values: FloatArray) -> FloatArray:
            found: FloatArray = np.where(high >= 0, values[..., high], 0.0)
            return found - np.where(low >= 0, values[..., low], 0.0)

        q = (X - self.centre) * step(self.cumulative)[:, None] - step(self.slope).T
        variance: FloatArray = step(self.spread) + np.einsum("np,pq,nq->n", q, cov, q)
        return variance
