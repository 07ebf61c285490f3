"""Rows of a binomial response under the probit and the complementary log-log link."""

import numpy as np

from rpcstats.mixed.general.canonical import BinomialRows
from rpcstats.mixed.general.evaluation import RowTerms
from rpcstats.mixed.general.links import exp_bounded
from rpcstats.mixed.general.normal_tails import log_normal_terms
from rpcstats.mixed.general.row_data import WeightedRows
from rpcstats.mixed.structure.model_frame import FloatArray

SMALL_RATE = 1e-3
"""Below this rate the differences of the cloglog derivatives are taken from their series."""

LARGEST_RATE = 700.0
"""Above this rate exp(-rate) is 0 to every digit."""


class BinomialProbit(BinomialRows):
    """Binomial rows under the probit link."""

    def _derive(
        self,
        eta: FloatArray,
        rows: WeightedRows,
        extra: FloatArray,  # noqa: ARG002
        order: int,
    ) -> RowTerms:
        failures = rows.weight - rows.y
        one = log_normal_terms(eta, order)
        zero = log_normal_terms(-eta, order)
        signs = (1.0, -1.0, 1.0, -1.0)
        return RowTerms(
            *(
                rows.y * a + (sign * failures) * b
                for sign, a, b in zip(signs, one, zero, strict=False)
            )
        )


class BinomialCloglog(BinomialRows):
    """Binomial rows under the complementary log-log link."""

    def _derive(
        self,
        eta: FloatArray,
        rows: WeightedRows,
        extra: FloatArray,  # noqa: ARG002
        order: int,
    ) -> RowTerms:
        failures = rows.weight - rows.y
        rate = exp_bounded(eta)
        loss = failures * rate
        one = log_event_terms(eta, order)
        return RowTerms(*(rows.y * term - loss for term in one))


def log_event_terms(log_rate: FloatArray, order: int) -> tuple[FloatArray, ...]:
    """Give log(1 - exp(-rate)) and its derivatives by the log of the rate.

    Parameters
    ----------
    log_rate : ndarray
        Log of the rate.
    order : int
        Highest derivative wanted, 0 to 3.

    Returns
    -------
    tuple of ndarray
        The value and as many of its derivatives.
    """
    rate = exp_bounded(log_rate)
    small = rate < SMALL_RATE
    bounded = np.clip(rate, SMALL_RATE, LARGEST_RATE)
    squared = np.minimum(rate, SMALL_RATE) ** 2
    value = np.where(small, log_rate - rate / 2.0 + squared / 24.0, np.log(-np.expm1(-bounded)))
    if order == 0:
        return (value,)
    series = rate / 2.0 - squared / 12.0 * (1.0 - squared / 60.0)
    closed = np.where(rate < LARGEST_RATE, bounded / np.expm1(bounded), 0.0)
    first = np.where(small, 1.0 - series, closed)
    if order == 1:
        return value, first
    slope = np.where(small, series - rate, 1.0 - rate - first)
    second = first * slope
    if order == 2:
        return value, first, second
    return value, first, second, second * slope - first * (rate + second)
