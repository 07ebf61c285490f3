"""The exact partial likelihood of tied events: every set of as many rows could have failed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.arrange import Arrangement
from rpcstats.survival.partial.event_terms import EventTerms, event_terms, expected_events
from rpcstats.survival.partial.information import information
from rpcstats.survival.partial.power_series import PowerSeries, product_of_rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_ROWS_AT_ONCE: Final = 2048


@dataclass(frozen=True, slots=True, eq=False)
class ExactTerms:
    """The exact log partial likelihood with its derivatives in the coefficients.

    Attributes
    ----------
    log_lik : float
        Its value; not finite where a sum left the range of floating point.
    gradient : ndarray of shape (p,)
        First derivatives.
    information : ndarray of shape (p, p)
        Minus the second derivatives.
    """

    log_lik: float
    gradient: FloatArray
    information: FloatArray


def exact_terms(order: Arrangement, X: FloatArray, eta: FloatArray) -> ExactTerms:
    """Work out the exact partial likelihood.

    Parameters
    ----------
    order : Arrangement
        The rows arranged, without weights.
    X : ndarray of shape (p, r)
        Covariates, arranged, centred.
    eta : ndarray of shape (r,)
        Linear predictor of the arranged rows.

    Returns
    -------
    ExactTerms
        Value, gradient and information.

    Notes
    -----
    Of d tied events the term is the product of their risk scores over the sum of such products
    for all d-sets of the rows at risk (Cox 1972, his discrete model). That sum is the coefficient
    of degree d of the product of 1 + r z over the rows at risk (Gail, Lubin and Rubinstein
    1981), which is multiplied out pair by pair, with its derivatives in β. Without late entry
    later risk sets are part of earlier ones, so each row is multiplied in once.
    """
    terms = event_terms(order, eta, "breslow")
    log_lik, gradient, info = _untied(order, X, terms)
    tied = np.flatnonzero(order.n_tied > 1)
    log_lik += float(eta[order.events[np.repeat(order.n_tied > 1, order.n_tied)]].sum())
    for k, log_sum, mean, second in _tied_times(order, X, terms.r, terms.S0, tied):
        d = int(order.n_tied[k])
        shift = 0.0 if terms.shift is None else float(terms.shift[order.stratum[k]])
        log_lik -= log_sum + d * shift
        at = slice(int(order.begin[k]), int(order.begin[k]) + d)
        gradient += X[:, at].sum(axis=1) - mean
        info += second - np.outer(mean, mean)
    return ExactTerms(log_lik, gradient, info)


def _untied(
    order: Arrangement, X: FloatArray, terms: EventTerms
) -> tuple[float, FloatArray, FloatArray]:
    """Give the part of event times with one event, where all methods agree."""
    is_single = order.n_tied == 1
    e0, A = np.where(is_single, terms.e0, 0.0), np.where(is_single, terms.A, 0.0)
    at = order.events[np.repeat(is_single, order.n_tied)]
    with np.errstate(divide="ignore"):
        log_lik = float(np.log(terms.r[at]).sum() - np.log(terms.S0[is_single]).sum())
    single = replace(terms, log_lik=log_lik, e0=e0, A=A)
    expected = expected_events(order, single)
    observed = np.zeros_like(expected)
    observed[at] = 1.0
    return log_lik, X @ (observed - expected), information(order, X, single, expected)


def _tied_times(
    order: Arrangement, X: FloatArray, r: FloatArray, S0: FloatArray, tied: IntArray
) -> Iterator[tuple[int, float, FloatArray, FloatArray]]:
    """Give the log of each sum over d-sets, and its derivatives over the sum."""
    stratum = order.stratum[tied]
    for code in np.unique(stratum):
        times = tied[stratum == code]
        # Scaled so that no coefficient up to the largest degree overflows.
        scale = float(order.n_tied[times].max() / S0[times].max())
        for k, series in _risk_set_series(order, X, r * scale, times, int(code)):
            d = int(order.n_tied[k])
            with np.errstate(all="ignore"):
                value = series.value[0, d]
                log_sum = float(np.log(value)) - d * np.log(scale)
                yield k, log_sum, series.slope[0, d] / value, series.curve[0, d] / value


def _risk_set_series(
    order: Arrangement, X: FloatArray, r: FloatArray, times: IntArray, stratum: int
) -> Iterator[tuple[int, PowerSeries]]:
    """Give the product over each risk set of a stratum, from the last tied time to the first."""
    end = int(order.begin[order.start[stratum + 1]])
    if len(order.late) and order.first is not None:
        for k in times[::-1].tolist():
            later = np.arange(order.begin[k], end)
            at = later[order.first[later] <= k]
            yield k, _product(r[at], X[:, at], None, int(order.n_tied[k]) + 1)
        return
    series, most = None, int(order.n_tied[times].max()) + 1
    for k in times[::-1].tolist():
        at = slice(int(order.begin[k]), end)
        series = _product(r[at], X[:, at], series, most)
        end = int(order.begin[k])
        yield k, series


def _product(r: FloatArray, X: FloatArray, series: PowerSeries | None, most: int) -> PowerSeries:
    for a in range(0, len(r), _ROWS_AT_ONCE):
        at = slice(a, a + _ROWS_AT_ONCE)
        new = product_of_rows(r[at], X[:, at], most)
        series = new if series is None else series.times(new, most)
    if series is None:
        raise AssertionError("an event is at risk at its own time")
    return series
