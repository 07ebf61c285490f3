"""The log-likelihood of a Royston-Parmar model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._censored_rows import (
    EXACT,
    INTERVAL,
    LEFT,
    RIGHT,
    CensoredRows,
)
from rpcstats.survival.parametric._local import Local, log_before, log_between, scaled_local
from rpcstats.survival.parametric._row_model import CHUNK, Part, Piece
from rpcstats.survival.parametric._spline import spline_columns
from rpcstats.survival.parametric._standard import STANDARD, Curve, StandardName

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class SplineLayout:
    """What the linear predictor of a Royston-Parmar model is made of.

    Attributes
    ----------
    knots : ndarray of shape (K + 2,)
        Knots of log time.
    own_knots : ndarray of shape (L + 2,)
        Knots of the effects that change with time.
    changing : tuple of int
        Columns of X whose effect changes with time.
    n_covariate : int
        Columns of X.
    """

    knots: FloatArray
    own_knots: FloatArray
    changing: tuple[int, ...]
    n_covariate: int

    @property
    def n_parameter(self) -> int:
        """Number of coefficients."""
        own = len(self.changing) * (len(self.own_knots) - 1)
        return len(self.knots) + self.n_covariate + own

    def columns(self, y: FloatArray, X: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give the columns of the predictor and of its slope in log time.

        Parameters
        ----------
        y : ndarray of shape (m,)
            Log times.
        X : ndarray of shape (m, p)
            Covariates.

        Returns
        -------
        B, dB : ndarray of shape (P, m)
            Constant and spline, covariates, and covariates times a spline.
        """
        k, p = len(self.knots), self.n_covariate
        B, dB = np.zeros((self.n_parameter, len(y))), np.zeros((self.n_parameter, len(y)))
        spline = spline_columns(y, self.knots)
        B[0] = 1.0
        B[1:k], dB[1:k] = spline.value, spline.slope
        B[k : k + p] = X.T
        if self.changing:
            own, at = spline_columns(y, self.own_knots), k + p
            for column in self.changing:
                stop = at + len(own.value)
                B[at:stop] = own.value * X[:, column]
                dB[at:stop] = own.slope * X[:, column]
                at = stop
        return B, dB


@dataclass(frozen=True, slots=True, eq=False)
class SplineModel:
    """Censored rows whose transformed survival is a spline of log time plus covariates.

    Attributes
    ----------
    error : {"extreme", "logistic", "normal"}
        Survival is that of this distribution at the predictor.
    layout : SplineLayout
        What the predictor is made of.
    rows : CensoredRows
        Log times.
    X : ndarray of shape (n, p)
        Covariates.
    mean, spread : ndarray of shape (P,)
        What is taken off each column of the predictor, and what it is divided by.
    moments : ndarray of shape (P, P)
        Mean products of the columns after that.
    offset, weights : ndarray of shape (n,) or None
        Known part, and case weights.
    """

    error: StandardName
    layout: SplineLayout
    rows: CensoredRows
    X: FloatArray
    mean: FloatArray
    spread: FloatArray
    moments: FloatArray
    offset: FloatArray | None
    weights: FloatArray | None

    @property
    def n_obs(self) -> int:
        """Number of rows."""
        return len(self.rows.y)

    @property
    def n_parameter(self) -> int:
        """Number of coefficients."""
        return self.layout.n_parameter

    @property
    def order(self) -> None:
        """The rows stand as in the data."""
        return

    def length(self, step: FloatArray) -> float:
        """Give the root mean square change of the predictor.

        Parameters
        ----------
        step : ndarray of shape (P,)
            Change of the coefficients.

        Returns
        -------
        float
            Over the rows.
        """
        return float(np.sqrt(np.maximum(step @ self.moments @ step, 0.0)))

    def restore(self) -> FloatArray:
        """Give the matrix from coefficients of standardised columns to those of the columns.

        Returns
        -------
        ndarray of shape (P, P)
            Diagonal but for the row of the constant.
        """
        back = np.diag(1.0 / self.spread)
        back[0] -= self.mean / self.spread
        return back

    def pieces(self, theta: FloatArray, start: int, stop: int) -> Iterator[Piece]:
        """Evaluate the rows from `start` up to `stop`.

        Parameters
        ----------
        theta : ndarray of shape (P,)
            Coefficients of the standardised columns.
        start, stop : int
            The rows.

        Yields
        ------
        Piece
            Terms of the rows of each kind, and of late entry.
        """
        rows, everything = self.rows, slice(0, self.n_parameter)
        kind = rows.kind[start:stop]
        standard = STANDARD[self.error]
        for which in (RIGHT, EXACT, LEFT, INTERVAL):
            at = start + np.flatnonzero(kind == which)
            if not len(at):
                continue
            if which == EXACT:
                yield self._exact(theta, at, everything)
                continue
            yield self._censored(theta, at, which, everything)
        if rows.entry is not None:
            at = start + np.flatnonzero(np.isfinite(rows.entry[start:stop]))
            if len(at):
                g, B = self._predictor(theta, at, rows.entry)
                before = _single(standard.survival(g), 0, 1)
                yield Piece(at, scaled_local(before, -1.0), (Part(0, B, everything),))

    def _censored(self, theta: FloatArray, at: IntArray, which: int, everything: slice) -> Piece:
        standard, rows = STANDARD[self.error], self.rows
        lower = () if which == LEFT else (rows.y,)
        upper = () if which == RIGHT or rows.upper is None else (rows.upper,)
        found = [self._predictor(theta, at, end) for end in (*lower, *upper)]
        parts = [_single(standard.survival(g), j, len(found)) for j, (g, _) in enumerate(found)]
        terms = parts[0]
        if which != RIGHT:
            terms = log_before(terms) if which == LEFT else log_between(*parts)
        return Piece(at, terms, tuple(Part(j, B, everything) for j, (_, B) in enumerate(found)))

    def _exact(self, theta: FloatArray, at: IntArray, everything: slice) -> Piece:
        B, dB = self.layout.columns(self.rows.y[at], self.X[at])
        B -= self.mean[:, None]
        B /= self.spread[:, None]
        dB /= self.spread[:, None]
        g, d = self._offset(theta @ B, at), theta @ dB
        value, first, second = STANDARD[self.error].density(g)
        m = len(at)
        slopes, bends = np.stack([first, 1.0 / d]), np.zeros((2, 2, m))
        bends[0, 0], bends[1, 1] = second, -1.0 / d**2
        terms = Local(value + np.log(d), slopes, bends)
        return Piece(at, terms, (Part(0, B, everything), Part(1, dB, everything)))

    def _predictor(
        self, theta: FloatArray, at: IntArray, y: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        B = self.layout.columns(y[at], self.X[at])[0]
        B -= self.mean[:, None]
        B /= self.spread[:, None]
        return self._offset(theta @ B, at), B

    def _offset(self, g: FloatArray, at: IntArray) -> FloatArray:
        return g if self.offset is None else g + self.offset[at]


def _single(curve: Curve, place: int, k: int) -> Local:
    """Make a function of one of k predictors."""
    value, d, dd = curve
    first, second = np.zeros((k, len(value))), np.zeros((k, k, len(value)))
    first[place], second[place, place] = d, dd
    return Local(value, first, second)


class ColumnScales(NamedTuple):
    """Moments of the columns of a predictor.

    Attributes
    ----------
    mean, spread : ndarray of shape (P,)
        0 and 1 for the constant.
    moments : ndarray of shape (P, P)
        Mean products of the standardised columns.
    """

    mean: FloatArray
    spread: FloatArray
    moments: FloatArray


def column_scales(layout: SplineLayout, y: FloatArray, X: FloatArray) -> ColumnScales:
    """Compute the moments of the columns of a predictor.

    Parameters
    ----------
    layout : SplineLayout
        What it is made of.
    y : ndarray of shape (n,)
        Log times, one for each row.
    X : ndarray of shape (n, p)
        Covariates.

    Returns
    -------
    ColumnScales
        The moments.
    """
    P, n = layout.n_parameter, len(y)
    total, products = np.zeros(P), np.zeros((P, P))
    for start in range(0, n, CHUNK):
        total += layout.columns(y[start : start + CHUNK], X[start : start + CHUNK])[0].sum(axis=1)
    mean = total / n
    mean[0] = 0.0
    for start in range(0, n, CHUNK):
        B = layout.columns(y[start : start + CHUNK], X[start : start + CHUNK])[0]
        B -= mean[:, None]
        products += B @ B.T
    products /= n
    spread = np.sqrt(np.diag(products))
    spread[~(spread > 0.0)] = 1.0
    return ColumnScales(mean, spread, products / np.outer(spread, spread))
