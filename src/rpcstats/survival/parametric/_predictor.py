"""Linear predictors of a likelihood, in columns of mean 0 and spread 1."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.structure.sweeps import column_means
from rpcstats.survival.parametric._row_model import CHUNK, Part
from rpcstats.survival.partial.scaling import Lines

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

INTERCEPT: Final = "Intercept"


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """A parameter of the rows that is a combination of columns.

    Attributes
    ----------
    Z : ndarray of shape (q, n)
        Standardised columns, the intercept left out.
    mean, spread : ndarray of shape (p,)
        What was taken off each column, and what it was divided by; 0 and 1 for the intercept.
    moments : ndarray of shape (p, p)
        Mean products of the columns after that.
    has_intercept : bool
        Whether the first of the p columns is all ones.
    offset : ndarray of shape (n,) or None
        Known part.
    shift : float
        Added to the offset.
    """

    Z: FloatArray
    mean: FloatArray
    spread: FloatArray
    moments: FloatArray
    has_intercept: bool
    offset: FloatArray | None = None
    shift: float = 0.0

    @property
    def width(self) -> int:
        """Number of coefficients."""
        return len(self.mean)

    def parts(self, local: int, place: slice, start: int, stop: int) -> Iterator[Part]:
        """Give what the parameter is made of in some rows.

        Parameters
        ----------
        local : int
            Which parameter of the rows it is.
        place : slice
            Where its coefficients stand.
        start, stop : int
            The rows.

        Yields
        ------
        Part
            The intercept, if there is one, and the columns.
        """
        first = place.start
        if self.has_intercept:
            yield Part(local, None, slice(first, first + 1))
            first += 1
        if len(self.Z):
            yield Part(local, self.Z[:, start:stop], slice(first, place.stop))

    def value(self, theta: FloatArray, start: int, stop: int) -> FloatArray:
        """Compute the parameter of some rows.

        Parameters
        ----------
        theta : ndarray of shape (p,)
            Coefficients.
        start, stop : int
            The rows.

        Returns
        -------
        ndarray of shape (stop - start,)
            The parameter.
        """
        q = len(self.Z)
        constant = self.shift + (float(theta[0]) if self.has_intercept else 0.0)
        eta: FloatArray = theta[len(theta) - q :] @ self.Z[:, start:stop]
        eta += constant
        if self.offset is not None:
            eta += self.offset[start:stop]
        return eta

    def length(self, step: FloatArray) -> float:
        """Give the root mean square change of the parameter.

        Parameters
        ----------
        step : ndarray of shape (p,)
            Change of the coefficients.

        Returns
        -------
        float
            Over the rows.
        """
        return float(np.sqrt(np.maximum(step @ self.moments @ step, 0.0)))

    def restore(self) -> FloatArray:
        """Give the matrix from these coefficients to those of the columns as they came.

        Returns
        -------
        ndarray of shape (p, p)
            Diagonal but for the row of the intercept.
        """
        back = np.diag(1.0 / self.spread)
        if self.has_intercept:
            back[0] -= self.mean / self.spread
        return back


@dataclass(frozen=True, slots=True, eq=False)
class LevelPredictor:
    """A parameter that each of a few groups of rows has for itself.

    Attributes
    ----------
    codes : ndarray of shape (n,), int, or None
        Group of each row; None if all share the parameter.
    width : int
        Number of groups.
    """

    codes: IntArray | None
    width: int

    def parts(self, local: int, place: slice, start: int, stop: int) -> Iterator[Part]:
        """Give what the parameter is made of in some rows.

        Parameters
        ----------
        local : int
            Which parameter of the rows it is.
        place : slice
            Where its coefficients stand.
        start, stop : int
            The rows.

        Yields
        ------
        Part
            A column for each group, 1 in its rows.
        """
        if self.codes is None:
            yield Part(local, None, place)
            return
        ones = np.zeros((self.width, stop - start))
        ones[self.codes[start:stop], np.arange(stop - start)] = 1.0
        yield Part(local, ones, place)

    def value(self, theta: FloatArray, start: int, stop: int) -> FloatArray:
        """Compute the parameter of some rows.

        Parameters
        ----------
        theta : ndarray of shape (width,)
            The parameter of each group.
        start, stop : int
            The rows.

        Returns
        -------
        ndarray of shape (stop - start,) or (1,)
            The parameter; one number if all share it.
        """
        if self.codes is None:
            return theta
        return np.asarray(theta[self.codes[start:stop]])

    def length(self, step: FloatArray) -> float:
        """Give the largest change of the parameter.

        Parameters
        ----------
        step : ndarray of shape (width,)
            Its changes.

        Returns
        -------
        float
            Over the groups.
        """
        return float(np.abs(step).max())

    def restore(self) -> FloatArray:
        """Give the unit matrix.

        Returns
        -------
        ndarray of shape (width, width)
            Ones on the diagonal.
        """
        return np.eye(self.width)


def standardised(
    X: FloatArray | Lines,
    names: tuple[str, ...],
    offset: FloatArray | None = None,
    *,
    order: IntArray | None = None,
    shift: float = 0.0,
) -> Predictor:
    """Make a predictor whose columns have mean 0, where there is an intercept, and spread 1.

    Parameters
    ----------
    X : ndarray of shape (n, p) or Lines
        Columns of full rank.
    names : tuple of str
        Their names; an intercept comes first.
    offset : ndarray of shape (n,), optional
        Known part.
    order : ndarray of shape (n,), int, optional
        Order in which the rows are wanted.
    shift : float
        Added to the offset.

    Returns
    -------
    Predictor
        The predictor.
    """
    has_intercept = names[:1] == (INTERCEPT,)
    n, p = X.shape
    from_column = 1 if has_intercept else 0
    Z = _ordered_columns(X, from_column, order)
    mean = np.zeros(p)
    if has_intercept:
        mean[1:] = column_means(X)[1:] if isinstance(X, np.ndarray) else Z.mean(axis=1)
    Z -= mean[from_column:, None]
    spread = np.ones(p)
    spread[from_column:] = np.sqrt(np.einsum("jn,jn->j", Z, Z) / n)
    spread[~(spread > 0.0)] = 1.0
    Z /= spread[from_column:, None]
    mean[:from_column] = 0.0
    moments = np.eye(p)
    moments[from_column:, from_column:] = Z @ Z.T / n
    if offset is not None and order is not None:
        offset = offset[order]
    return Predictor(Z, mean, spread, moments, has_intercept, offset, shift)


def _ordered_columns(X: FloatArray | Lines, first: int, order: IntArray | None) -> FloatArray:
    """Take the columns from one on, one line a column, with the rows in an order."""
    n, p = X.shape
    Z = np.empty((p - first, n))
    if not isinstance(X, np.ndarray):
        for j, out in enumerate(Z):
            out[:] = X.line(first + j) if order is None else X.line(first + j)[order]
        return Z
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK) if order is None else order[start : start + CHUNK]
        Z[:, start : start + CHUNK] = X[rows, first:].T
    return Z
