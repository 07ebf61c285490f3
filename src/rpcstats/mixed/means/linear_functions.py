"""Linear functions of coefficients, and which of them the data determine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.inference.tails import NOTHING_TESTED, FTest
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray

MeansDf = Literal["satterthwaite", "kenward-roger", "residual", "normal"]

# A function that leans on a direction without data by more than this is not determined; less is
# rounding.
_NOT_ESTIMABLE: Final = 1e-8
# Sums of some hundred products are right to this share of their absolute terms.
_ROUNDING: Final = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """Estimates of coefficients, and how their linear functions are judged.

    Attributes
    ----------
    estimate : ndarray of shape (r,)
        The coefficients that were estimated.
    cov : ndarray of shape (r, r)
        Their covariance.
    kept : ndarray of shape (r,), int
        Where they stand among all coefficients, those left out of the fit included.
    void : ndarray of shape (f, z)
        Directions, among all coefficients, of which the data tell nothing; of length 1.
    df_of : callable
        Gives degrees of freedom of rows of shape (m, r); infinite for the normal.
    f_test : callable
        Tests that rows of shape (m, r) are all zero.
    df : str
        What the degrees of freedom are.
    """

    estimate: FloatArray
    cov: FloatArray
    kept: IntArray
    void: FloatArray
    df_of: Callable[[FloatArray], FloatArray]
    f_test: Callable[[FloatArray], FTest]
    df: MeansDf


@dataclass(frozen=True, slots=True, eq=False)
class LinearFunctions:
    """Linear functions of the coefficients of a basis.

    Attributes
    ----------
    basis : Basis
        The coefficients.
    rows : ndarray of shape (m, f)
        One row of coefficients a function, over all coefficients.
    shift : ndarray of shape (m,)
        Known part of each function.
    """

    basis: Basis
    rows: FloatArray
    shift: FloatArray

    @property
    def is_estimable(self) -> NDArray[np.bool_]:
        """Whether the data determine each function."""
        size = np.linalg.norm(self.rows, axis=1, keepdims=True)
        lean = np.abs(self.rows @ self.basis.void)
        return np.asarray((lean <= _NOT_ESTIMABLE * np.maximum(size, 1.0)).all(axis=1))

    @property
    def kept_rows(self) -> FloatArray:
        """Rows over the estimated coefficients alone; NaN for a function not determined."""
        kept: FloatArray = self.rows[:, self.basis.kept].copy()
        kept[~self.is_estimable] = np.nan
        return kept

    @property
    def estimate(self) -> FloatArray:
        """Values of the functions."""
        value: FloatArray = self.kept_rows @ self.basis.estimate + self.shift
        return value

    @property
    def cov(self) -> FloatArray:
        """Their covariance."""
        L = self.kept_rows
        cov: FloatArray = L @ self.basis.cov @ L.T
        return cov

    @property
    def std_error(self) -> FloatArray:
        """Their standard errors."""
        L = self.kept_rows
        variance: FloatArray = np.einsum("mr,rs,ms->m", L, self.basis.cov, L)
        return np.sqrt(np.maximum(variance, 0.0))

    @property
    def df(self) -> FloatArray:
        """Their degrees of freedom; infinite for the normal."""
        df = np.full(len(self.rows), np.nan)
        good = self.is_estimable
        if good.any():
            df[good] = self.basis.df_of(self.kept_rows[good])
        return df

    def combined(self, weights: FloatArray) -> Self:
        """Combine the functions linearly.

        Parameters
        ----------
        weights : ndarray of shape (c, m)
            One row a combination.

        Returns
        -------
        LinearFunctions
            The combinations.
        """
        rows = cleared(weights @ self.rows, np.abs(weights) @ np.abs(self.rows))
        shift = cleared(weights @ self.shift, np.abs(weights) @ np.abs(self.shift))
        return type(self)(self.basis, rows, shift)

    def chosen(self, places: IntArray) -> Self:
        """Take some of the functions.

        Parameters
        ----------
        places : ndarray of int
            Which.

        Returns
        -------
        LinearFunctions
            Those functions.
        """
        return type(self)(self.basis, self.rows[places], self.shift[places])

    def joint_test(self) -> FTest:
        """Test that all functions the data determine are zero.

        Returns
        -------
        FTest
            Nothing tested if none is determined.
        """
        good = self.kept_rows[self.is_estimable]
        return self.basis.f_test(good) if len(good) else NOTHING_TESTED


def cleared(values: FloatArray, size: FloatArray) -> FloatArray:
    """Set to 0 what only rounding keeps from it.

    Parameters
    ----------
    values : ndarray
        Sums.
    size : ndarray
        The same sums of absolute values.

    Returns
    -------
    ndarray
        The sums, 0 where they are rounding; else a ratio of two roundings would pass for a test.
    """
    return np.where(np.abs(values) <= _ROUNDING * size, 0.0, values)
