"""Rows of negative binomial, gamma and beta responses."""

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from rpcstats.mixed.general.evaluation import ExtraTerms, RowTerms
from rpcstats.mixed.general.links import exp_bounded
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.general.row_data import WeightedRows
from rpcstats.mixed.structure.model_frame import FloatArray

LARGE_SHAPE = 1e3
"""From here on differences of log-gammas are taken from Stirling's series, exact to 1e-16."""

SMALLEST_EXCESS = 0.01
"""Least variance beyond Poisson's, as a share of the squared mean, that a search starts from."""

FARTHEST_LOGIT = 150.0
"""Held here, means of beta rows stay so far from 0 that no derivative overflows."""


class BoundCounts(NamedTuple):
    """Negative binomial rows for one size.

    Attributes
    ----------
    y, weight, constant
        As in `WeightedRows`.
    excess : ndarray
        log Γ(y + size) - log Γ(size) - y log size.
    slope : ndarray
        ψ(y + size) - ψ(size).
    """

    y: FloatArray
    weight: FloatArray
    constant: FloatArray | None
    excess: FloatArray
    slope: FloatArray


class NegativeBinomialLog(ResponseLikelihood):
    """Negative binomial rows, variance μ + μ² / size, under the log link; φ is log size."""

    extra_names = ("log_size",)

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> WeightedRows:
        free = -weight * special.gammaln(y + 1.0) if constant else None
        return WeightedRows(y, weight, free)

    def _bind(self, rows: Any, extra: FloatArray) -> Any:
        if isinstance(rows, BoundCounts):
            return rows
        size = float(np.exp(extra[0]))
        excess, slope = _rise_excess(rows.y, size), _rise_slope(rows.y, size)
        return BoundCounts(rows.y, rows.weight, rows.constant, excess, slope)

    def _derive(self, eta: FloatArray, rows: Any, extra: FloatArray, order: int) -> RowTerms:
        size = float(np.exp(extra[0]))
        odds = eta - extra[0]
        count = rows.y + size
        value = np.logaddexp(0.0, odds)
        value *= -count
        value += rows.y * eta
        bound = isinstance(rows, BoundCounts)
        value += rows.excess if bound else _rise_excess(rows.y, size)
        value *= rows.weight
        if order == 0:
            return RowTerms(value)
        share = np.asarray(special.expit(odds))
        other = np.asarray(special.expit(-odds))
        d1 = rows.weight * (rows.y * other - size * share)
        if order == 1:
            return RowTerms(value, d1)
        d2 = (-rows.weight * count) * (share * other)
        return RowTerms(value, d1, d2, d2 * (other - share) if order > 2 else None)

    def _derive_extra(self, eta: FloatArray, rows: Any, extra: FloatArray) -> ExtraTerms:
        size = float(np.exp(extra[0]))
        odds = eta - extra[0]
        share = np.asarray(special.expit(odds))
        other = np.asarray(special.expit(-odds))
        count = rows.y + size
        curve = share * other
        bound = isinstance(rows, BoundCounts)
        rise = rows.slope if bound else _rise_slope(rows.y, size)
        value = size * (rise - np.logaddexp(0.0, odds))
        value = value + count * share - rows.y
        d1 = count * curve - size * share
        d2 = count * curve * (other - share) - size * curve
        w = rows.weight
        return ExtraTerms((w * value)[None], (w * d1)[None], (w * d2)[None])

    def _guess_extra(self, y: FloatArray, weight: FloatArray, eta: FloatArray | None) -> FloatArray:
        if eta is None:
            return np.zeros(1)
        mu = exp_bounded(eta)
        excess = float(weight @ ((y - mu) ** 2 - mu)) / float(weight @ mu**2)
        return np.array([-np.log(max(excess, SMALLEST_EXCESS))])


def _rise_excess(y: FloatArray, size: float) -> FloatArray:
    """Give log Γ(y + k) - log Γ(k) - y log k without cancellation."""
    if size < LARGE_SHAPE:
        value = special.gammaln(y + size) - special.gammaln(size) - y * np.log(size)
        return np.asarray(value)
    ratio = y / size
    value = (size + y - 0.5) * np.log1p(ratio) - y
    return np.asarray(value - y / (12.0 * size * (size + y)))


def _rise_slope(y: FloatArray, size: float) -> FloatArray:
    """Give ψ(y + k) - ψ(k), the derivative of log Γ(y + k) - log Γ(k) by k."""
    if size < LARGE_SHAPE:
        return np.asarray(special.digamma(y + size) - special.digamma(size))
    total = size + y
    step = np.log1p(y / size) + 0.5 * y / (size * total)
    return np.asarray(step + y * (size + total) / (12.0 * size**2 * total**2))


class GammaLog(ResponseLikelihood):
    """Gamma rows with mean μ and variance μ² / shape under the log link; φ is log shape."""

    extra_names = ("log_shape",)

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> WeightedRows:
        return WeightedRows(np.log(y), weight, -weight * np.log(y) if constant else None)

    def _derive(
        self, eta: FloatArray, rows: WeightedRows, extra: FloatArray, order: int
    ) -> RowTerms:
        shape = float(np.exp(extra[0]))
        factor = shape * rows.weight
        gap = rows.y - eta
        excess = np.expm1(np.minimum(gap, 700.0))
        value = factor * (gap - excess) + rows.weight * _shape_excess(shape)
        if order == 0:
            return RowTerms(value)
        d1 = factor * excess
        if order == 1:
            return RowTerms(value, d1)
        d2 = -(d1 + factor)
        return RowTerms(value, d1, d2, -d2 if order > 2 else None)

    def _derive_extra(self, eta: FloatArray, rows: WeightedRows, extra: FloatArray) -> ExtraTerms:
        shape = float(np.exp(extra[0]))
        factor = shape * rows.weight
        gap = rows.y - eta
        excess = np.expm1(np.minimum(gap, 700.0))
        value = factor * (gap - excess + _shape_excess_slope(shape))
        d1 = factor * excess
        return ExtraTerms(value[None], d1[None], -(d1 + factor)[None])

    def _guess_extra(self, y: FloatArray, weight: FloatArray, eta: FloatArray | None) -> FloatArray:
        if eta is None:
            return np.zeros(1)
        spread = float(weight @ (y / exp_bounded(eta) - 1.0) ** 2) / float(weight.sum())
        return np.array([-np.log(max(spread, np.finfo(np.float64).tiny))])


def _shape_excess(shape: float) -> float:
    """Give a log a - a - log Γ(a)."""
    if shape < LARGE_SHAPE:
        return float(shape * np.log(shape) - shape - special.gammaln(shape))
    tail = 1.0 / (12.0 * shape) - 1.0 / (360.0 * shape**3)
    return float(0.5 * np.log(shape / (2.0 * np.pi)) - tail)


def _shape_excess_slope(shape: float) -> float:
    """Give log a - ψ(a)."""
    if shape < LARGE_SHAPE:
        return float(np.log(shape) - special.digamma(shape))
    return float(0.5 / shape + 1.0 / (12.0 * shape**2) - 1.0 / (120.0 * shape**4))


class BetaRowData(NamedTuple):
    """What beta rows hold.

    Attributes
    ----------
    y, upper : ndarray
        log y and log(1 - y).
    weight : ndarray
        Prior weights.
    constant : ndarray or None
        Part of the log-density free of every parameter.
    """

    y: FloatArray
    upper: FloatArray
    weight: FloatArray
    constant: FloatArray | None


class BetaLogit(ResponseLikelihood):
    """Beta rows with mean μ and precision P, shapes μP and (1 - μ)P, under the logit link.

    φ is log P (Ferrari and Cribari-Neto 2004). The log-density need not be concave in η.
    """

    extra_names = ("log_precision",)
    concave = False

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> BetaRowData:
        low, high = np.log(y), np.log1p(-y)
        return BetaRowData(low, high, weight, -weight * (low + high) if constant else None)

    def _derive(
        self, eta: FloatArray, rows: BetaRowData, extra: FloatArray, order: int
    ) -> RowTerms:
        P = float(np.exp(extra[0]))
        mu, nu = _both_means(eta)
        a, b, w = mu * P, nu * P, rows.weight
        value = special.gammaln(P) - special.gammaln(a) - special.gammaln(b)
        value = w * (value + a * rows.y + b * rows.upper)
        if order == 0:
            return RowTerms(value)
        v, tilt = mu * nu, nu - mu
        m1 = P * (rows.y - rows.upper - special.digamma(a) + special.digamma(b))
        if order == 1:
            return RowTerms(value, w * (m1 * v))
        m2 = -P * P * (special.polygamma(1, a) + special.polygamma(1, b))
        d2 = w * (m2 * v * v + m1 * v * tilt)
        if order == 2:
            return RowTerms(value, w * (m1 * v), d2)
        m3 = -(P**3) * (special.polygamma(2, a) - special.polygamma(2, b))
        d3 = m3 * v**3 + 3.0 * m2 * v * v * tilt + m1 * v * (1.0 - 6.0 * v)
        return RowTerms(value, w * (m1 * v), d2, w * d3)

    def _derive_extra(self, eta: FloatArray, rows: BetaRowData, extra: FloatArray) -> ExtraTerms:
        P = float(np.exp(extra[0]))
        mu, nu = _both_means(eta)
        a, b, w = mu * P, nu * P, rows.weight
        v, tilt = mu * nu, nu - mu
        low, high = rows.y - special.digamma(a), rows.upper - special.digamma(b)
        a1, b1 = special.polygamma(1, a), special.polygamma(1, b)
        value = special.digamma(P) * P + a * low + b * high
        m1 = P * (low - high - a * a1 + b * b1)
        m2 = -P * P * (2.0 * (a1 + b1) + a * special.polygamma(2, a) + b * special.polygamma(2, b))
        d2 = m2 * v * v + m1 * v * tilt
        return ExtraTerms((w * value)[None], (w * m1 * v)[None], (w * d2)[None])

    def _guess_extra(self, y: FloatArray, weight: FloatArray, eta: FloatArray | None) -> FloatArray:
        if eta is None:
            return np.zeros(1)
        mu, nu = _both_means(eta)
        spread = float(weight @ ((y - mu) ** 2 / (mu * nu))) / float(weight.sum())
        return np.array([np.log(max(1.0 / max(spread, 1e-12) - 1.0, 0.1))])


def _both_means(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    bounded = np.clip(eta, -FARTHEST_LOGIT, FARTHEST_LOGIT)
    return np.asarray(special.expit(bounded)), np.asarray(special.expit(-bounded))
