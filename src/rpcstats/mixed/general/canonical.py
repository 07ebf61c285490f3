"""Rows of binomial and Poisson responses under their canonical links."""

from typing import Any, NamedTuple

import numpy as np
from scipy import special

from rpcstats.mixed.general.evaluation import RowTerms
from rpcstats.mixed.general.links import exp_bounded
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.general.row_data import NodeTerms, WeightedRows
from rpcstats.mixed.structure.model_frame import FloatArray

BEYOND_DOUBT = 1e9
"""A linear predictor whose probability of failure is 0, whatever covariates and effects add."""

FACTORS = 16
"""Inverse probabilities multiplied before a logarithm is taken: each may be as large as 1e19."""


def binomial_constant(total: FloatArray, trials: FloatArray) -> FloatArray:
    """Give the logs of the binomial coefficients.

    Parameters
    ----------
    total : ndarray
        Successes.
    trials : ndarray
        Trials.

    Returns
    -------
    ndarray
        log C(trials, total).
    """
    s, m = np.broadcast_arrays(total, trials)
    result = np.zeros(s.shape)
    mixed = (s > 0) & (s < m)
    if mixed.any():
        s, m = s[mixed], m[mixed]
        result[mixed] = -np.log1p(m) - special.betaln(m - s + 1.0, s + 1.0)
    return result


class BernoulliData(NamedTuple):
    """What binomial rows of one trial each hold.

    Attributes
    ----------
    y : ndarray
        0 or 1.
    weight : float
        One trial.
    constant : None
        The binomial coefficients are one.
    sign : ndarray
        -1 or 1.
    """

    y: FloatArray
    weight: float
    constant: None
    sign: FloatArray


class BinomialRows(ResponseLikelihood):
    """Rows of a binomial response under any link: proportions and trials."""

    additive = True

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> Any:
        total = y * weight
        return WeightedRows(total, weight, binomial_constant(total, weight) if constant else None)


class BinomialLogit(BinomialRows):
    """Binomial rows under the logit link.

    Notes
    -----
    With e = exp(-η), μ = 1 / (1 + e) and 1 - μ = e μ are both exact to the last digits.
    """

    canonical = True
    silent = (1.0, BEYOND_DOUBT)

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> Any:
        if np.all(weight == 1.0) and np.all((y == 0.0) | (y == 1.0)):
            return BernoulliData(y, 1.0, None, 2.0 * y - 1.0)
        return super()._prepare(y, weight, constant)

    def _derive(
        self,
        eta: FloatArray,
        rows: WeightedRows | BernoulliData,
        extra: FloatArray,  # noqa: ARG002
        order: int,
    ) -> RowTerms:
        e = exp_bounded(-eta)
        failures = rows.weight - rows.y
        # log(1 + e) is at least -η, and just that where e is held below the largest number.
        value = np.maximum(np.log1p(e), -eta)
        value *= -rows.weight
        value -= failures * eta
        if order == 0:
            return RowTerms(value)
        mu, other = _split_unit(e)
        d1 = rows.y * other
        d1 -= failures * mu
        if order == 1:
            return RowTerms(value, d1)
        return RowTerms(value, d1, *_curve(mu, other, rows.weight, order))

    def slopes(
        self,
        eta: FloatArray,
        rows: WeightedRows | BernoulliData,
        extra: FloatArray,  # noqa: ARG002
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give the three derivatives by η without the log-density.

        Parameters
        ----------
        eta : ndarray
            Linear predictor.
        rows : WeightedRows or BernoulliData
            The rows.
        extra : ndarray of shape (0,)
            No parameters.

        Returns
        -------
        tuple of ndarray
            First, second and third derivative.
        """
        mu, other = _split_unit(exp_bounded(-eta))
        d1 = rows.y - (mu if isinstance(rows, BernoulliData) else rows.weight * mu)
        d2, d3 = _curve(mu, other, rows.weight, 3)
        return d1, d2, d3

    def node_terms(
        self,
        eta: FloatArray,
        rows: WeightedRows | BernoulliData,
        extra: FloatArray,
        *,
        parts: bool,
    ) -> NodeTerms:
        """Give log-densities added up along the last axis but one, and the slopes.

        Parameters
        ----------
        eta : ndarray of shape (..., m, S)
            Linear predictor.
        rows : WeightedRows or BernoulliData
            The rows.
        extra : ndarray of shape (0,)
            No parameters.
        parts : bool
            There are none.

        Returns
        -------
        NodeTerms
            Sums and first derivatives by η.
        """
        if not isinstance(rows, BernoulliData):
            return super().node_terms(eta, rows, extra, parts=parts)
        e = np.multiply(eta, -rows.sign)
        with np.errstate(over="ignore"):  # an infinite product has the logarithm of probability 0
            np.exp(e, out=e)
            e += 1.0
            value = np.negative(log_products(e))
        np.reciprocal(e, out=e)
        np.subtract(1.0, e, out=e)
        e *= rows.sign
        return NodeTerms(value, e, ())


def log_products(factors: FloatArray) -> FloatArray:
    """Give the logs of products along the last axis but one, a few factors at a time.

    Parameters
    ----------
    factors : ndarray of shape (..., m, S)
        Positive numbers.

    Returns
    -------
    ndarray of shape (..., S)
        Sums of their logarithms, with one logarithm for 16 factors.
    """
    starts = np.arange(0, factors.shape[-2], FACTORS)
    if len(starts) == 1:
        return np.asarray(np.log(np.multiply.reduce(factors, axis=-2)))
    total = np.zeros((*factors.shape[:-2], factors.shape[-1]))
    for start in starts:
        part = factors[..., start : start + FACTORS, :]
        total += np.log(np.multiply.reduce(part, axis=-2))
    return total


def _split_unit(e: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give 1 / (1 + e) and e / (1 + e), the second in the place of e."""
    mu = e + 1.0
    np.reciprocal(mu, out=mu)
    return mu, np.multiply(e, mu, out=e)


def _curve(
    mu: FloatArray, other: FloatArray, weight: FloatArray | float, order: int
) -> tuple[FloatArray, ...]:
    d2 = mu * other
    d2 *= -weight
    if order == 2:
        return (d2,)
    d3 = np.subtract(other, mu, out=other)
    d3 *= d2
    return d2, d3


class PoissonLog(ResponseLikelihood):
    """Poisson rows under the log link; the offset carries the logs of the exposures."""

    additive = True
    canonical = True

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> WeightedRows:
        free = -weight * special.gammaln(y + 1.0) if constant else None
        return WeightedRows(y * weight, weight, free)

    def _derive(
        self,
        eta: FloatArray,
        rows: WeightedRows,
        extra: FloatArray,  # noqa: ARG002
        order: int,
    ) -> RowTerms:
        mean = exp_bounded(eta)
        mean *= rows.weight
        value = rows.y * eta
        value -= mean
        if order == 0:
            return RowTerms(value)
        d1 = rows.y - mean
        if order == 1:
            return RowTerms(value, d1)
        d2 = np.negative(mean, out=mean)
        return RowTerms(value, d1, d2, d2 if order > 2 else None)
