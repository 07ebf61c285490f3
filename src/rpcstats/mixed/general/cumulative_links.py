"""Log-probability of a category between two thresholds, and its derivatives."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special

from rpcstats.mixed.general.binary_links import log_event_terms
from rpcstats.mixed.general.links import exp_bounded
from rpcstats.mixed.structure.model_frame import FloatArray

FARTHEST_RATE = 300.0
"""No probability that far out on the log scale differs from 0 or 1."""

_LOG_ROOT_TAU = float(0.5 * np.log(2.0 * np.pi))


class CumulativeTerms(NamedTuple):
    """Log-probability log{F(a - η) - F(b - η)} and its derivatives.

    Attributes
    ----------
    by_eta : tuple of ndarray
        The value and its derivatives by η, up to the order asked for.
    by_upper, by_lower : tuple of ndarray
        Derivatives by a and by b of the value, of its first and of its second derivative by η;
        empty unless order 4 was asked for.
    """

    by_eta: tuple[FloatArray, ...]
    by_upper: tuple[FloatArray, ...] = ()
    by_lower: tuple[FloatArray, ...] = ()


Cumulative = Callable[[FloatArray, FloatArray, FloatArray, int], CumulativeTerms]


def make_cumulative(link: str) -> Cumulative:
    """Give the function of (lower, upper, η, order) for a link.

    Parameters
    ----------
    link : str
        "logit", "probit", "cloglog" or "loglog".

    Returns
    -------
    callable
        Gives `CumulativeTerms`.
    """
    made = {"logit": _logistic, "probit": _normal, "cloglog": _gumbel, "loglog": _turned_gumbel}
    return made[link]


def _logistic(b: FloatArray, a: FloatArray, eta: FloatArray, order: int) -> CumulativeTerms:
    """F(a) - F(b) = F(a) {1 - F(b)} {1 - exp(b - a)}: the last factor is free of η."""
    high, low, gap = eta - a, b - eta, a - b
    value = np.log(-np.expm1(-gap)) - np.logaddexp(0.0, high) - np.logaddexp(0.0, low)
    over, under = np.asarray(special.expit(high)), np.asarray(special.expit(low))
    past, short = np.asarray(special.expit(-high)), np.asarray(special.expit(-low))
    f_high, f_low = over * past, under * short
    t_high, t_low = f_high * (past - over), f_low * (short - under)
    by_eta = (value, under - over, -(f_high + f_low), t_low - t_high)
    if order < 4:
        return CumulativeTerms(by_eta[: order + 1])
    odds = 1.0 / np.expm1(np.minimum(gap, FARTHEST_RATE))
    return CumulativeTerms(by_eta, (over + odds, f_high, t_high), (-under - odds, f_low, -t_low))


def _normal(b: FloatArray, a: FloatArray, eta: FloatArray, order: int) -> CumulativeTerms:
    x, y = a - eta, b - eta
    return _assemble(_log_normal_difference(x, y), x, y, order)


def _log_normal_difference(x: FloatArray, y: FloatArray) -> FloatArray:
    """Give log{Φ(x) - Φ(y)}, from the tail both lie in."""
    flip = y > 0.0
    top = special.log_ndtr(np.where(flip, -y, x))
    bottom = special.log_ndtr(np.where(flip, -x, y))
    return np.asarray(top + np.log(-np.expm1(bottom - top)))


def _normal_densities(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    finite = np.isfinite(x)
    z = np.where(finite, x, 0.0)
    log_density = np.where(finite, -0.5 * z * z - _LOG_ROOT_TAU, -np.inf)
    return log_density, -z, z * z - 1.0


def _gumbel(b: FloatArray, a: FloatArray, eta: FloatArray, order: int) -> CumulativeTerms:
    """F(a) - F(b) = exp(-low) {1 - exp(-gap)}, where both rates change with exp(-η)."""
    width = a - b
    share = -np.expm1(-width)
    finite = np.where(np.isfinite(a), a, 0.0)
    log_gap = np.where(np.isfinite(a), finite - eta + np.log(share), FARTHEST_RATE)
    low = exp_bounded(b - eta)
    value, *event = log_event_terms(log_gap, min(order, 3))
    signs = (-1.0, 1.0, -1.0)
    by_eta = (value - low, *(s * (e - low) for s, e in zip(signs, event, strict=False)))
    if order < 4:
        return CumulativeTerms(by_eta)
    first, second, third = event
    odds = 1.0 / np.expm1(np.minimum(width, FARTHEST_RATE))
    upper = (first / share, -second / share, third / share)
    lower = (-low - odds * first, low + odds * second, -low - odds * third)
    return CumulativeTerms(by_eta, upper, lower)


def _turned_gumbel(b: FloatArray, a: FloatArray, eta: FloatArray, order: int) -> CumulativeTerms:
    """See the scale from its other end, where log-log is the complementary log-log link."""
    found = _gumbel(-a, -b, -eta, order)
    signs = (1.0, -1.0, 1.0, -1.0)
    by_eta = tuple(sign * term for sign, term in zip(signs, found.by_eta, strict=False))
    if order < 4:
        return CumulativeTerms(by_eta)
    upper, lower = ((-terms[0], terms[1], -terms[2]) for terms in (found.by_lower, found.by_upper))
    return CumulativeTerms(by_eta, upper, lower)


def _assemble(
    value: FloatArray,
    x: FloatArray,
    y: FloatArray,
    order: int,
) -> CumulativeTerms:
    """Build the derivatives from those of P = F(x) - F(y), each divided by P."""
    if order == 0:
        return CumulativeTerms((value,))
    log_f, x1, x2 = _normal_densities(x)
    log_g, y1, y2 = _normal_densities(y)
    f, g = np.exp(log_f - value), np.exp(log_g - value)
    r1 = g - f
    if order == 1:
        return CumulativeTerms((value, r1))
    r2 = x1 * f - y1 * g
    d2 = r2 - r1 * r1
    r3 = y2 * g - x2 * f
    d3 = r3 - 3.0 * r2 * r1 + 2.0 * r1**3
    by_eta = (value, r1, d2, d3)
    if order < 4:
        return CumulativeTerms(by_eta[: order + 1])
    upper = _edge_terms(f, x1, x2, r1, r2, 1.0)
    lower = _edge_terms(g, y1, y2, r1, r2, -1.0)
    return CumulativeTerms(by_eta, upper, lower)


def _edge_terms(
    f: FloatArray, f1: FloatArray, f2: FloatArray, r1: FloatArray, r2: FloatArray, sign: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Give derivatives by one edge of log P, P'/P and its derivative by η."""
    p = sign * f
    first = -p * f1 - r1 * p
    second = p * f2 - r2 * p - 2.0 * r1 * first
    return p, first, second
