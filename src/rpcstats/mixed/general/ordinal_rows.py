"""Rows of an ordered response: cumulative links and their thresholds."""

from typing import Any, NamedTuple

import numpy as np

from rpcstats.mixed.general.cumulative_links import make_cumulative
from rpcstats.mixed.general.evaluation import ExtraTerms, RowTerms
from rpcstats.mixed.general.links import Link, make_link
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.general.row_data import Parts
from rpcstats.mixed.general.thresholds import fit_thresholds, map_thresholds, name_thresholds
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

LEAST_COUNT = 0.5
"""Added to the count of each category where thresholds are guessed from the margins."""


class OrdinalRowData(NamedTuple):
    """What ordinal rows hold.

    Attributes
    ----------
    y : ndarray of int
        Category codes from 0.
    weight : ndarray
        Number of equal rows a row stands for; 0 in a row that counts for nothing.
    constant : None
        There is no part of the log-density free of every parameter.
    """

    y: IntArray
    weight: FloatArray
    constant: None = None


class BoundRows(NamedTuple):
    """Ordinal rows with the thresholds on either side.

    Attributes
    ----------
    y, weight, constant
        As in `OrdinalRowData`.
    lower, upper : ndarray
        Thresholds below and above each row's category, infinite at the ends.
    """

    y: IntArray
    weight: FloatArray
    constant: None
    lower: FloatArray
    upper: FloatArray


class OrdinalRows(ResponseLikelihood):
    """Rows of an ordered response, P(Y <= j) = F(threshold_j - η).

    Parameters
    ----------
    n_category : int
        Number of categories, 3 or more; 2 work too.
    link : str
        "logit", "probit", "cloglog" or "loglog".
    thresholds : str
        "flexible", "equidistant" or "symmetric".

    Attributes
    ----------
    n_category : int
        Number of categories, J + 1 for J thresholds.
    link : Link
        Link; its inverse is F.
    thresholds : str
        Structure of the thresholds.

    Notes
    -----
    φ is the first threshold and the logs of the J - 1 steps (flexible), the first threshold and
    the log of the one step (equidistant), or the centre and the logs of the steps from the
    centre outwards (symmetric); see Christensen (2018). Any φ gives increasing thresholds.
    """

    location = 0

    def __init__(self, n_category: int, link: str, thresholds: str) -> None:
        self.n_category = n_category
        self.link: Link = make_link(link)
        self.thresholds = thresholds
        self._cumulative = make_cumulative(link)
        self.extra_names = name_thresholds(n_category - 1, thresholds)

    def alpha(self, extra: FloatArray) -> FloatArray:
        """Give the thresholds.

        Parameters
        ----------
        extra : ndarray of shape (e,)
            φ.

        Returns
        -------
        ndarray of shape (J,)
            Thresholds, increasing.
        """
        return map_thresholds(extra, self.n_category - 1, self.thresholds)[0]

    def alpha_jacobian(self, extra: FloatArray) -> FloatArray:
        """Give the derivatives of the thresholds by φ.

        Parameters
        ----------
        extra : ndarray of shape (e,)
            φ.

        Returns
        -------
        ndarray of shape (J, e)
            Derivatives.
        """
        return map_thresholds(extra, self.n_category - 1, self.thresholds)[1]

    def category_probabilities(self, eta: FloatArray, extra: FloatArray) -> FloatArray:
        """Give the probability of each category.

        Parameters
        ----------
        eta : ndarray of shape (...)
            Linear predictor.
        extra : ndarray of shape (e,)
            φ.

        Returns
        -------
        ndarray of shape (..., n_category)
            Probabilities.
        """
        codes = np.arange(self.n_category)
        rows = OrdinalRowData(codes, np.ones(self.n_category))
        return np.asarray(np.exp(self.terms(np.asarray(eta)[..., None], rows, extra, 0).l))

    def _guess_extra(
        self,
        y: FloatArray,
        weight: FloatArray,
        eta: FloatArray | None,  # noqa: ARG002
    ) -> FloatArray:
        counts = np.bincount(y.astype(np.int64), weights=weight, minlength=self.n_category)
        shares = (counts + LEAST_COUNT) / (counts + LEAST_COUNT).sum()
        return fit_thresholds(self.link.forward(np.cumsum(shares)[:-1]), self.thresholds)

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> OrdinalRowData:  # noqa: ARG002
        return OrdinalRowData(np.asarray(y, dtype=np.int64), weight)

    def _bind(self, rows: Any, extra: FloatArray) -> Any:
        if isinstance(rows, BoundRows):
            return rows
        ends = np.concatenate([[-np.inf], self.alpha(extra), [np.inf]])
        return BoundRows(rows.y, rows.weight, None, ends[rows.y], ends[rows.y + 1])

    def _derive(self, eta: FloatArray, rows: Any, extra: FloatArray, order: int) -> RowTerms:
        bound = self._bind(rows, extra)
        found = self._cumulative(bound.lower, bound.upper, eta, order)
        return RowTerms(*(bound.weight * term for term in found.by_eta))

    def _derive_extra(self, eta: FloatArray, rows: Any, extra: FloatArray) -> ExtraTerms:
        found = self._find_parts(eta, rows, extra)
        jacobian = self.alpha_jacobian(extra).T
        edge = np.zeros((len(jacobian), 1))
        high = np.concatenate([jacobian, edge], axis=1)[:, rows.y] * rows.weight
        low = np.concatenate([edge, jacobian], axis=1)[:, rows.y] * rows.weight
        shape = (len(jacobian), *(1,) * (np.ndim(eta) - rows.y.ndim), *rows.y.shape)
        high, low = high.reshape(shape), low.reshape(shape)
        return ExtraTerms(*(high * above + low * below for above, below in found))

    def _sum_parts(
        self, parts: Parts, rows: Any, extra: FloatArray, groups: IntArray, n: int
    ) -> FloatArray:
        cells = (rows.y * n + groups).ravel()
        size = self.n_category * n
        above, below = (
            np.bincount(cells, weights=(rows.weight * part).ravel(), minlength=size)
            for part in parts
        )
        by_alpha = above.reshape(-1, n)[:-1] + below.reshape(-1, n)[1:]
        return np.asarray(self.alpha_jacobian(extra).T @ by_alpha)

    def _find_parts(
        self, eta: FloatArray, rows: Any, extra: FloatArray
    ) -> tuple[Parts, Parts, Parts]:
        bound = self._bind(rows, extra)
        found = self._cumulative(bound.lower, bound.upper, eta, 4)
        first, second, third = zip(found.by_upper, found.by_lower, strict=True)
        return first, second, third
