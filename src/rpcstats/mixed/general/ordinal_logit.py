"""Rows of an ordered response under the logit link, with one exponential a row."""

from typing import Any, NamedTuple

import numpy as np

from rpcstats.mixed.general.canonical import BEYOND_DOUBT, log_products
from rpcstats.mixed.general.evaluation import RowTerms
from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.general.row_data import NodeTerms, Parts
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

FARTHEST = 300.0
"""Linear predictors are held here: no probability differs from 0 or 1, no product overflows."""

NEAR_ZERO = 100.0
"""Thresholds within this of zero are far from where linear predictors are held."""


class LogitBound(NamedTuple):
    """Ordinal rows with what the logit link needs of the thresholds.

    Attributes
    ----------
    y, weight, constant
        As in `OrdinalRowData`.
    rise, fall : ndarray
        exp(-a) of the threshold a above and exp(b) of the threshold b below.
    log_share : ndarray
        log{1 - exp(b - a)}.
    odds : ndarray
        1 / {exp(a - b) - 1}.
    plain : bool
        Whether all weights are 1.
    origin : float
        Linear predictor from which η and thresholds are counted.
    """

    y: IntArray
    weight: FloatArray
    constant: None
    rise: FloatArray
    fall: FloatArray
    log_share: FloatArray
    odds: FloatArray
    plain: bool
    origin: float


class OrdinalLogit(OrdinalRows):
    """Rows of an ordered response under the logit link.

    Parameters
    ----------
    n_category : int
        Number of categories, 3 or more; 2 work too.
    link : str
        "logit".
    thresholds : str
        "flexible", "equidistant" or "symmetric".

    Notes
    -----
    With a and b the thresholds above and below, x = exp(η - a) and y = exp(b - η), the
    probability of the category is {1 - exp(b - a)} / {(1 + x) (1 + y)}: the first factor is free
    of η, and the slope is y / (1 + y) - x / (1 + x).
    """

    def __init__(self, n_category: int, link: str, thresholds: str) -> None:
        super().__init__(n_category, link, thresholds)
        self.silent = (n_category - 1.0, BEYOND_DOUBT)

    def _bind(self, rows: Any, extra: FloatArray) -> Any:
        if isinstance(rows, LogitBound):
            return rows
        alpha = self.alpha(extra)
        gap = np.concatenate([[np.inf], np.diff(alpha), [np.inf]])
        origin = float(alpha.mean()) if np.abs(alpha).max() > NEAR_ZERO else 0.0
        power = np.clip(alpha - origin, -FARTHEST, FARTHEST)
        rise = np.concatenate([np.exp(-power), [0.0]])
        fall = np.concatenate([[0.0], np.exp(power)])
        shares = np.log(-np.expm1(-gap))
        odds = 1.0 / np.expm1(np.minimum(gap, FARTHEST))
        odds[[0, -1]] = 0.0
        tables = (rise[rows.y], fall[rows.y], shares[rows.y], odds[rows.y])
        plain = bool(np.all(rows.weight == 1.0))
        return LogitBound(rows.y, rows.weight, None, *tables, plain, origin)

    def _derive(self, eta: FloatArray, rows: Any, extra: FloatArray, order: int) -> RowTerms:
        bound = self._bind(rows, extra)
        x, y = _odds(eta, bound)
        value = bound.log_share - np.log1p(x) - np.log1p(y)
        value *= bound.weight
        return RowTerms(value, *self.slopes(eta, bound, extra)[:order])

    def slopes(
        self, eta: FloatArray, rows: Any, extra: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give the three derivatives by η without the log-density.

        Parameters
        ----------
        eta : ndarray
            Linear predictor.
        rows : OrdinalRowData or LogitBound
            The rows.
        extra : ndarray of shape (e,)
            φ.

        Returns
        -------
        tuple of ndarray
            First, second and third derivative.
        """
        bound = self._bind(rows, extra)
        x, y = _odds(eta, bound)
        right, left = 1.0 / (1.0 + x), 1.0 / (1.0 + y)
        over = np.multiply(x, right, out=x)
        under = np.multiply(y, left, out=y)
        d1 = under - over
        high, low = over * right, under * left
        d2 = high + low
        np.negative(d2, out=d2)
        right -= over
        left -= under
        low *= left
        high *= right
        d3 = np.subtract(low, high, out=low)
        if bound.plain:
            return d1, d2, d3
        return bound.weight * d1, bound.weight * d2, bound.weight * d3

    def node_terms(
        self, eta: FloatArray, rows: Any, extra: FloatArray, *, parts: bool
    ) -> NodeTerms:
        """Give log-densities added up along the last axis but one, slopes and parts.

        Parameters
        ----------
        eta : ndarray of shape (..., m, S)
            Linear predictor.
        rows : OrdinalRowData or LogitBound
            The rows.
        extra : ndarray of shape (e,)
            φ.
        parts : bool
            Whether the parts of the derivatives by φ are wanted.

        Returns
        -------
        NodeTerms
            Sums, first derivatives by η, and the probability beyond the threshold above.
        """
        bound = self._bind(rows, extra)
        x, y = _odds(eta, bound)
        d1 = y - x
        y += 1.0
        over = x * y if parts else y
        x += 1.0
        x *= y
        if bound.plain:
            value = bound.log_share.sum(axis=-2) - log_products(x)
        else:
            value = (bound.weight * (bound.log_share - np.log(x))).sum(axis=-2)
        inverse = np.reciprocal(x, out=x)
        d1 *= inverse
        if not bound.plain:
            d1 *= bound.weight
        if not parts:
            return NodeTerms(value, d1, ())
        over *= inverse
        return NodeTerms(value, d1, (over,))

    def _finish_parts(self, d1: FloatArray, parts: Parts, rows: Any, extra: FloatArray) -> Parts:
        bound = self._bind(rows, extra)
        (over,) = parts
        slope = d1 if bound.plain else d1 / np.where(bound.weight > 0.0, bound.weight, 1.0)
        upper = over + bound.odds
        return upper, -(slope + upper)

    def _find_parts(
        self, eta: FloatArray, rows: Any, extra: FloatArray
    ) -> tuple[Parts, Parts, Parts]:
        bound = self._bind(rows, extra)
        x, y = _odds(eta, bound)
        right, left = 1.0 / (1.0 + x), 1.0 / (1.0 + y)
        over, under = x * right, y * left
        high, low = over * right, under * left
        first = (over + bound.odds, -(under + bound.odds))
        return first, (high, low), (high * (right - over), low * (under - left))


def _odds(eta: FloatArray, bound: LogitBound) -> tuple[FloatArray, FloatArray]:
    """Give exp(η - a) and exp(b - η)."""
    e = np.clip(eta, bound.origin - FARTHEST, bound.origin + FARTHEST)
    if bound.origin:
        e -= bound.origin
    np.exp(e, out=e)
    return e * bound.rise, bound.fall / e
