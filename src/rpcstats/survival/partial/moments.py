"""Derivatives of the log partial likelihood and the residuals built from the same sums."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.event_terms import EventTerms
from rpcstats.survival.partial.tied_events import event_places

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
    means: FloatArray = terms.e0 * S1
    means[..., terms.tied] -= terms.e1 * D1
    means /= order.weight_tied
    return means


def first_moments(
    order: Arrangement, X: FloatArray, terms: EventTerms
) -> tuple[FloatArray, FloatArray]:
    """Sum weighted covariates over risk sets, and over tied events.

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
    S1 : ndarray of shape (..., m)
        Sums of ``terms.r * X`` at risk.
    D1 : ndarray of shape (..., k)
        Those of the events at the event times that ``terms.tied`` lists.
    """
    weighted = X * terms.r
    S1 = order.at_risk(weighted, careful=terms.is_delicate)
    if not len(terms.tied):
        return S1, np.empty((*S1.shape[:-1], 0))
    d = order.n_tied[terms.tied]
    events = weighted[..., event_places(order, terms.tied)]
    D1: FloatArray = np.add.reduceat(events, np.cumsum(d) - d, axis=-1)
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
    tied, S1_tied = terms.tied, S1[..., terms.tied]
    # In place and one after the other, for each term is as long as the data.
    further = terms.A * S1
    further[..., tied] -= terms.B * D1
    residual = order.so_far(further, careful=terms.is_delicate)
    residual *= terms.r
    means = np.multiply(terms.e0, S1, out=further)
    del S1
    means[..., tied] -= terms.e1 * D1
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
        own = terms.B * S1_tied - terms.C * D1
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
    tied = terms.tied
    further = terms.A * S1
    further[..., tied] -= terms.B * D1
    product = V * expected - terms.r * order.so_far(further, careful=terms.is_delicate)
    if len(tied):
        places = event_places(order, tied)
        own = terms.B * S1[..., tied] - terms.C * D1
        product[..., places] += terms.r[places] * np.repeat(own, order.n_tied[tied], axis=-1)
    return product
