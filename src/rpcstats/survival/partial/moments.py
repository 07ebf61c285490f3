"""Derivatives of the log partial likelihood and the residuals built from the same sums."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.event_terms import EventTerms, event_places, tied_times

FloatArray = NDArray[np.float64]


def event_means(order: Arrangement, X: FloatArray, terms: EventTerms) -> FloatArray:
    """Give the weighted mean of covariates over the risk set of each event time.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (..., r)
        Covariates, arranged, one line a covariate.
    terms : EventTerms
        Terms at the linear predictor.

    Returns
    -------
    ndarray of shape (..., m)
        Means; under Efron's method the mean of those of the tied events. A Schoenfeld residual is
        the covariate of an event minus its mean.
    """
    S1, D1 = first_moments(order, X, terms)
    means: FloatArray = (terms.e0 * S1 - terms.e1 * D1) / order.weight_tied
    return means


def first_moments(
    order: Arrangement, X: FloatArray, terms: EventTerms
) -> tuple[FloatArray, FloatArray]:
    """Sum weighted covariates over the risk set and over the events of each event time.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (..., r)
        Covariates, arranged.
    terms : EventTerms
        Terms at the linear predictor.

    Returns
    -------
    S1, D1 : ndarray of shape (..., m)
        Sums of ``terms.r * X``; D1 is 0 where ``terms.D0`` is.
    """
    weighted = X * terms.r
    S1 = order.at_risk(weighted, careful=terms.is_delicate)
    tied = tied_times(order, terms)
    if not len(tied):
        return S1, np.broadcast_to(order.zeros, S1.shape)
    d = order.n_tied[tied]
    events = weighted[..., event_places(order, tied)]
    D1 = np.zeros_like(S1)
    D1[..., tied] = np.add.reduceat(events, np.cumsum(d) - d, axis=-1)
    return S1, D1


def score_residuals(
    order: Arrangement, X: FloatArray, terms: EventTerms, expected: FloatArray
) -> FloatArray:
    """Give each row's part of the score, with its share in the risk sets of others.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    X : ndarray of shape (..., r)
        Covariates, arranged.
    terms : EventTerms
        Terms at the linear predictor.
    expected : ndarray of shape (r,)
        `expected_events` at the same linear predictor.

    Returns
    -------
    ndarray of shape (..., r)
        Case weight times the score residual; they sum to the score.

    Notes
    -----
    Lin and Wei (1989), in Efron's form where events tie: each tied event is in its own risk set
    with the share 1 - l / d. The cost is that of running sums, whatever the ties.
    """
    S1, D1 = first_moments(order, X, terms)
    tied = tied_times(order, terms)
    S1_tied, D1_tied = S1[..., tied], D1[..., tied]
    del D1
    # In place and one after the other, for each term is as long as the data.
    further = terms.A * S1
    further[..., tied] -= terms.B[tied] * D1_tied
    residual = order.so_far(further, careful=terms.is_delicate)
    residual *= terms.r
    means = np.multiply(terms.e0, S1, out=further)
    del S1
    means[..., tied] -= terms.e1[tied] * D1_tied
    means /= order.weight_tied
    part = order.at_last(means)
    del means, further
    part *= order.event_weights
    residual -= part
    np.multiply(X, order.event_weights, out=part)
    residual += part
    residual -= np.multiply(X, expected, out=part)
    if len(tied):
        places = event_places(order, tied)
        own = terms.B[tied] * S1_tied - terms.C[tied] * D1_tied
        residual[..., places] -= np.repeat(own, order.n_tied[tied], axis=-1) * terms.r[places]
    return residual


def information_times(
    order: Arrangement, V: FloatArray, terms: EventTerms, expected: FloatArray
) -> FloatArray:
    """Multiply minus the second derivative in the linear predictor by vectors.

    Parameters
    ----------
    order : Arrangement
        The rows arranged.
    V : ndarray of shape (..., r)
        Vectors, arranged.
    terms : EventTerms
        Terms at the linear predictor.
    expected : ndarray of shape (r,)
        `expected_events` at the same linear predictor.

    Returns
    -------
    ndarray of shape (..., r)
        The products; the matrix of r by r itself is never made.

    Notes
    -----
    The matrix is diag(expected) less, for each tied event, the outer product of the shares of
    the rows at risk.
    """
    S1, D1 = first_moments(order, V, terms)
    further = order.so_far(terms.A * S1 - terms.B * D1, careful=terms.is_delicate)
    product = V * expected - terms.r * further
    if len(tied_times(order, terms)):
        product += terms.r * order.is_event * order.at_last(terms.B * S1 - terms.C * D1)
    return product
