"""What the likelihoods of all families share."""

from typing import Any

import numpy as np

from rpcstats.mixed.general.evaluation import ExtraTerms, RowTerms
from rpcstats.mixed.general.row_data import NodeTerms, Parts
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray


class ResponseLikelihood:
    """A row likelihood that can prepare its own rows; base of all families.

    Attributes
    ----------
    extra_names : tuple of str
        Names of the extra parameters φ.
    additive : bool
        Whether rows of equal η add up, as binomial rows do: the sum of their log-likelihoods is
        that of one row with the weighted mean of y and the sum of the weights.
    canonical : bool
        Whether y meets η in the product y η alone.
    concave : bool
        Whether the log-density is a concave function of η.
    silent : tuple of float, optional
        A response and a linear predictor at which a row of weight 1 counts for nothing, where
        rows that are all of weight 1 are quicker than others.
    """

    extra_names: tuple[str, ...] = ()
    additive = False
    canonical = False
    concave = True
    silent: tuple[float, float] | None = None
    location: int | None = None

    def rows(self, y: FloatArray, weight: FloatArray, *, constant: bool = True) -> Any:
        """Prepare rows for `terms`.

        Parameters
        ----------
        y : ndarray
            Response; successes as a proportion of the trials; category codes from 0.
        weight : ndarray
            Trials or prior weights; 0 in a row that counts for nothing.
        constant : bool
            Whether the part of the log-density free of every parameter is worked out.

        Returns
        -------
        tuple of ndarray
            What `terms` and `extra_terms` take as `rows`.
        """
        return self._prepare(np.asarray(y, np.float64), np.asarray(weight, np.float64), constant)

    def terms(self, eta: FloatArray, rows: Any, extra: FloatArray, order: int) -> RowTerms:
        """Give the log-density and its derivatives by η.

        Parameters
        ----------
        eta : ndarray
            Linear predictor; leading axes are free.
        rows : tuple of ndarray
            The rows, as `rows` gives them.
        extra : ndarray of shape (e,)
            Extra parameters φ.
        order : int
            Highest derivative wanted, 0 to 3.

        Returns
        -------
        RowTerms
            Log-density and derivatives.
        """
        result = self._derive(eta, rows, extra, order)
        if rows.constant is not None:
            np.add(result.l, rows.constant, out=result.l)
        return result

    def slopes(
        self, eta: FloatArray, rows: Any, extra: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Give the three derivatives by η without the log-density.

        Parameters
        ----------
        eta : ndarray
            Linear predictor; leading axes are free.
        rows : tuple of ndarray
            The rows, as `rows` gives them.
        extra : ndarray of shape (e,)
            Extra parameters φ.

        Returns
        -------
        tuple of ndarray
            First, second and third derivative.
        """
        terms: Any = self._derive(eta, rows, extra, 3)
        return terms.d1, terms.d2, terms.d3

    def bind(self, rows: Any, extra: FloatArray) -> Any:
        """Work out what rows need of φ, once for many calls with the same φ.

        Parameters
        ----------
        rows : tuple of ndarray
            The rows, as `rows` gives them.
        extra : ndarray of shape (e,)
            Extra parameters φ.

        Returns
        -------
        tuple of ndarray
            Rows for calls with this φ only.
        """
        return self._bind(rows, extra)

    def node_terms(
        self, eta: FloatArray, rows: Any, extra: FloatArray, *, parts: bool
    ) -> NodeTerms:
        """Give log-densities added up along the last axis but one, slopes and parts.

        Parameters
        ----------
        eta : ndarray of shape (..., m, S)
            Linear predictor.
        rows : tuple of ndarray
            The rows, as `rows` or `bind` give them; constants are left out.
        extra : ndarray of shape (e,)
            Extra parameters φ.
        parts : bool
            Whether the parts of the derivatives by φ are wanted.

        Returns
        -------
        NodeTerms
            Sums, first derivatives by η and parts.
        """
        terms: Any = self._derive(eta, rows, extra, 1)
        value = np.add.reduce(terms.l, axis=-2)
        found = self._find_parts(eta, rows, extra)[0] if parts else ()
        return NodeTerms(value, terms.d1, found)

    def finish_parts(self, d1: FloatArray, parts: Parts, rows: Any, extra: FloatArray) -> Parts:
        """Make parts, as `extra_parts` gives them, of means of those of `node_terms`.

        Parameters
        ----------
        d1 : ndarray
            Means of the first derivatives by η.
        parts : tuple of ndarray
            Means of the parts.
        rows : tuple of ndarray
            The rows, as `rows` or `bind` give them.
        extra : ndarray of shape (e,)
            Extra parameters φ.

        Returns
        -------
        tuple of ndarray
            Means of the parts of the derivatives of the log-density.
        """
        return self._finish_parts(d1, parts, rows, extra)

    def extra_terms(self, eta: FloatArray, rows: Any, extra: FloatArray) -> ExtraTerms:
        """Give the derivatives by the extra parameters.

        Parameters
        ----------
        eta : ndarray
            Linear predictor; leading axes are free.
        rows : tuple of ndarray
            The rows, as `rows` gives them.
        extra : ndarray of shape (e,)
            Extra parameters φ.

        Returns
        -------
        ExtraTerms
            Derivatives by each φ of the log-density and of its first two derivatives by η.
        """
        return self._derive_extra(eta, rows, extra)

    def extra_parts(
        self, eta: FloatArray, rows: Any, extra: FloatArray
    ) -> tuple[Parts, Parts, Parts]:
        """Give what the derivatives by φ are linear in; there may be fewer of them than φ.

        Parameters
        ----------
        eta : ndarray
            Linear predictor; leading axes are free.
        rows : tuple of ndarray
            The rows, as `rows` or `bind` give them.
        extra : ndarray of shape (e,)
            Extra parameters φ.

        Returns
        -------
        tuple of three tuples of ndarray
            Parts of the derivatives by φ of the log-density, of its first and of its second
            derivative by η, for `sum_parts`.
        """
        return self._find_parts(eta, rows, extra)

    def sum_parts(
        self, parts: Parts, rows: Any, extra: FloatArray, groups: IntArray, n: int
    ) -> FloatArray:
        """Put parts together to derivatives by φ, added up within groups.

        Parameters
        ----------
        parts : tuple of ndarray of shape (m, S)
            Parts as `extra_parts` gives them, or a mixture of them.
        rows : tuple of ndarray
            The rows, as `rows` or `bind` give them.
        extra : ndarray of shape (e,)
            Extra parameters φ.
        groups : ndarray of shape (S,), int
            Group of each column, in order.
        n : int
            Number of groups.

        Returns
        -------
        ndarray of shape (e, n)
            Derivative by each φ of each group's log-likelihood.
        """
        return self._sum_parts(parts, rows, extra, groups, n)

    def start_extra(
        self, y: FloatArray, weight: FloatArray, eta: FloatArray | None = None
    ) -> FloatArray:
        """Guess φ for a search to start from.

        Parameters
        ----------
        y, weight : ndarray of shape (n,)
            Response, and trials or prior weights.
        eta : ndarray of shape (n,), optional
            Linear predictor, once something is known about it.

        Returns
        -------
        ndarray of shape (e,)
            φ.
        """
        return self._guess_extra(y, weight, eta)

    def _guess_extra(
        self,
        y: FloatArray,  # noqa: ARG002
        weight: FloatArray,  # noqa: ARG002
        eta: FloatArray | None,  # noqa: ARG002
    ) -> FloatArray:
        return np.zeros(len(self.extra_names))

    def _bind(self, rows: Any, extra: FloatArray) -> Any:  # noqa: ARG002
        return rows

    def _finish_parts(
        self,
        d1: FloatArray,  # noqa: ARG002
        parts: Parts,
        rows: Any,  # noqa: ARG002
        extra: FloatArray,  # noqa: ARG002
    ) -> Parts:
        return parts

    def _find_parts(
        self, eta: FloatArray, rows: Any, extra: FloatArray
    ) -> tuple[Parts, Parts, Parts]:
        found = self._derive_extra(eta, rows, extra)
        return tuple(found.l), tuple(found.d1), tuple(found.d2)

    def _sum_parts(
        self,
        parts: Parts,
        rows: Any,  # noqa: ARG002
        extra: FloatArray,  # noqa: ARG002
        groups: IntArray,
        n: int,
    ) -> FloatArray:
        columns = (np.add.reduce(part, axis=-2) for part in parts)
        return np.array([np.bincount(groups, weights=column, minlength=n) for column in columns])

    def _prepare(self, y: FloatArray, weight: FloatArray, constant: bool) -> Any:
        raise NotImplementedError

    def _derive(self, eta: FloatArray, rows: Any, extra: FloatArray, order: int) -> RowTerms:
        raise NotImplementedError

    def _derive_extra(self, eta: FloatArray, rows: Any, extra: FloatArray) -> ExtraTerms:  # noqa: ARG002
        empty = np.zeros((0, *np.shape(eta)))
        return ExtraTerms(empty, empty, empty)
