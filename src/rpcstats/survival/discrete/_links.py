"""Binomial counts in cells under the logit and cloglog links.

Notation of McCullagh and Nelder (1989): η linear predictor, μ hazard, w working weights.
"""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
LinkName = Literal["logit", "cloglog"]

LARGEST_RATE: Final = 700.0
"""Above this rate a hazard is 1 to every digit."""


_PART: Final = 32_768


class Terms(NamedTuple):
    """What a link makes of the cells at one linear predictor.

    Attributes
    ----------
    log_lik : float
        Log-likelihood of the person-sessions, no constant left out.
    e : ndarray of shape (C,)
        Derivative of the log-likelihood by η.
    observed, expected : ndarray of shape (C,)
        Its negative second derivative and the expectation of that.
    """

    log_lik: float
    e: FloatArray
    observed: FloatArray
    expected: FloatArray


class Moments(NamedTuple):
    """Mean and variance of person-sessions.

    Attributes
    ----------
    mu : ndarray
        Hazard.
    slope : ndarray
        Its derivative by the linear predictor.
    variance : ndarray
        μ(1 - μ).
    """

    mu: FloatArray
    slope: FloatArray
    variance: FloatArray


def logit_terms(eta: FloatArray, n: FloatArray | None, d: FloatArray) -> Terms:
    """Evaluate cells under the logit link.

    Parameters
    ----------
    eta : ndarray of shape (C,)
        Linear predictor.
    n : ndarray of shape (C,) or None
        Person-sessions; 1 each if None.
    d : ndarray of shape (C,)
        Events.

    Returns
    -------
    Terms
        Log-likelihood and derivatives.
    """
    mu = special.expit(eta)
    stay = 1.0 - mu
    # 1 - mu is 0 beyond, though its logarithm is not.
    log_stay = np.log(stay) if eta.max(initial=0.0) < 30.0 else -np.logaddexp(0.0, eta)
    if n is None:
        log_lik = float(d @ eta) + float(log_stay.sum())
        w = np.multiply(mu, stay, out=stay)
        return Terms(log_lik, d - mu, w, w)
    log_lik = float(d @ eta) + float(n @ log_stay)
    w = n * mu * stay
    return Terms(log_lik, d - n * mu, w, w)


def cloglog_terms(eta: FloatArray, n: FloatArray | None, d: FloatArray) -> Terms:
    """Evaluate cells under the complementary log-log link.

    Parameters
    ----------
    eta : ndarray of shape (C,)
        Linear predictor.
    n : ndarray of shape (C,) or None
        Person-sessions; 1 each if None.
    d : ndarray of shape (C,)
        Events.

    Returns
    -------
    Terms
        Log-likelihood and derivatives.
    """
    rate = np.exp(np.clip(eta, -LARGEST_RATE, np.log(LARGEST_RATE)))
    mu = -np.expm1(-rate)
    stay = np.exp(-rate)
    ratio = rate / mu
    count = 1.0 if n is None else n
    staying = count - d
    log_lik = float(special.xlogy(d, mu).sum()) - float(staying @ rate)
    observed = count * rate - d * ratio * (1.0 - ratio * stay)
    return Terms(log_lik, d * ratio - count * rate, observed, count * rate * ratio * stay)


_TERMS: Final[dict[str, Callable[[FloatArray, FloatArray | None, FloatArray], Terms]]] = {
    "logit": logit_terms,
    "cloglog": cloglog_terms,
}


def evaluate(
    link: LinkName,
    eta: FloatArray,
    n: FloatArray | None,
    d: FloatArray,
    *,
    may_overwrite: bool = False,
) -> Terms:
    """Evaluate cells under a link, as many at a time as stay in cache.

    Parameters
    ----------
    link : {"logit", "cloglog"}
        Link.
    eta : ndarray of shape (C,)
        Linear predictor.
    n : ndarray of shape (C,) or None
        Person-sessions; 1 each if None.
    d : ndarray of shape (C,)
        Events.
    may_overwrite : bool
        Whether the linear predictor is not needed any more, so that its room may be taken.

    Returns
    -------
    Terms
        Log-likelihood and derivatives.
    """
    terms = _TERMS[link]
    if len(eta) <= _PART:
        return terms(eta, n, d)
    e, observed = eta if may_overwrite else np.empty(len(eta)), np.empty(len(eta))
    expected = observed if link == "logit" else np.empty(len(eta))
    log_lik = 0.0
    for first in range(0, len(eta), _PART):
        part = slice(first, first + _PART)
        found = terms(eta[part], None if n is None else n[part], d[part])
        log_lik += found.log_lik
        e[part], observed[part], expected[part] = found.e, found.observed, found.expected
    return Terms(log_lik, e, observed, expected)


def moments_of(eta: FloatArray, link: LinkName) -> Moments:
    """Give mean and variance of person-sessions.

    Parameters
    ----------
    eta : ndarray
        Linear predictor.
    link : {"logit", "cloglog"}
        Link.

    Returns
    -------
    Moments
        Hazard, its slope, and the variance of one person-session.
    """
    if link == "logit":
        mu, stay = np.asarray(special.expit(eta)), np.asarray(special.expit(-eta))
        return Moments(mu, mu * stay, mu * stay)
    rate = np.exp(np.clip(eta, -LARGEST_RATE, np.log(LARGEST_RATE)))
    mu, stay = -np.expm1(-rate), np.exp(-rate)
    return Moments(mu, rate * stay, mu * stay)
