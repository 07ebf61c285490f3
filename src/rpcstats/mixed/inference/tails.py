"""Tails of t and F, taken from the incomplete beta function's own side, never as 1 - cdf."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rpcstats._numerics.intervals import chi_square_p, two_sided_p

FloatArray = NDArray[np.float64]


class FTest(NamedTuple):
    """An F test of a hypothesis of one row or several.

    Attributes
    ----------
    statistic : float
        The F statistic, scaled where the method scales it; NaN if nothing could be tested.
    num_df : int
        Numerator degrees of freedom: the rank of the hypothesis.
    den_df : float
        Denominator degrees of freedom; infinite for a Wald test.
    p_value : float
        Upper tail.
    scaling : float
        What the unscaled statistic was multiplied by; 1 where the method does not scale.
    """

    statistic: float
    num_df: int
    den_df: float
    p_value: float
    scaling: float = 1.0


NOTHING_TESTED = FTest(np.nan, 0, np.nan, np.nan)


def t_p(statistic: ArrayLike, df: ArrayLike) -> FloatArray:
    """Give the two-sided p-value of t statistics.

    Parameters
    ----------
    statistic : array_like
        Statistics.
    df : array_like
        Degrees of freedom, above 0; infinite for the normal distribution.

    Returns
    -------
    ndarray
        p-values.
    """
    t, nu = np.broadcast_arrays(
        np.asarray(statistic, dtype=np.float64), np.asarray(df, dtype=np.float64)
    )
    return np.where(np.isinf(nu), two_sided_p(t), f_p(np.square(t), 1.0, nu))


def f_p(statistic: ArrayLike, num_df: ArrayLike, den_df: ArrayLike) -> FloatArray:
    """Give the upper-tail p-value of F statistics.

    Parameters
    ----------
    statistic : array_like
        Statistics, 0 or more.
    num_df : array_like
        Numerator degrees of freedom.
    den_df : array_like
        Denominator degrees of freedom; infinite for a chi-square divided by `num_df`.

    Returns
    -------
    ndarray
        p-values.
    """
    F, m, nu = (np.asarray(value, dtype=np.float64) for value in (statistic, num_df, den_df))
    finite = np.where(np.isinf(nu), 1.0, nu)
    ratio = m * F / finite
    small = np.minimum(ratio, 1.0)  # the other tail is for large ones, infinity among them
    near = special.betaincc(m / 2.0, finite / 2.0, small / (1.0 + small))
    far = special.betainc(finite / 2.0, m / 2.0, 1.0 / (1.0 + ratio))
    tail = np.where(ratio < 1.0, near, far)
    return np.where(np.isinf(nu), chi_square_p(m * F, m), tail)


def f_test_of(statistic: float, num_df: int, den_df: float, scaling: float = 1.0) -> FTest:
    """Put an F statistic and its tail together.

    Parameters
    ----------
    statistic : float
        The statistic.
    num_df : int
        Numerator degrees of freedom.
    den_df : float
        Denominator degrees of freedom.
    scaling : float, default 1
        What the unscaled statistic was multiplied by.

    Returns
    -------
    FTest
        The test with its p-value.
    """
    return FTest(statistic, num_df, den_df, float(f_p(statistic, num_df, den_df)), scaling)
