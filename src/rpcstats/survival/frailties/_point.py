"""The partial likelihood at one linear predictor, with what its derivatives need."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.partial.event_terms import EventTerms, event_terms, expected_events
from rpcstats.survival.partial.moments import information_times

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """Log partial likelihood and its derivatives by the linear predictor.

    Attributes
    ----------
    columns : MixedColumns
        The data.
    eta : ndarray of shape (r,)
        Linear predictor, the offset included.
    terms : EventTerms
        Sums of each event time.
    expected : ndarray of shape (r,)
        Weighted number of events expected of each row.
    """

    columns: MixedColumns
    eta: FloatArray
    terms: EventTerms
    expected: FloatArray

    @property
    def log_lik(self) -> float:
        """Log partial likelihood."""
        return self.terms.log_lik

    @property
    def slope(self) -> FloatArray:
        """Derivative by the linear predictor, of shape (r,)."""
        return self.columns.order.event_weights - self.expected

    def times(self, V: FloatArray) -> FloatArray:
        """Multiply minus the second derivative by vectors.

        Parameters
        ----------
        V : ndarray of shape (..., r)
            Vectors.

        Returns
        -------
        ndarray of shape (..., r)
            W V.
        """
        return information_times(self.columns.order, V, self.terms, self.expected)


def point_at(columns: MixedColumns, eta: FloatArray) -> Point:
    """Evaluate the partial likelihood.

    Parameters
    ----------
    columns : MixedColumns
        The data.
    eta : ndarray of shape (r,)
        Linear predictor, the offset included.

    Returns
    -------
    Point
        Its log and derivatives; a log-likelihood that is not finite where eta is too large.
    """
    terms = event_terms(columns.order, eta, columns.ties)
    return Point(columns, eta, terms, expected_events(columns.order, terms))
