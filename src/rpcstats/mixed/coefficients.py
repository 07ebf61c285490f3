"""Tidy tables of coefficients: estimates, standard errors, tests and limits."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from rpcstats._numerics.arguments import check_flags
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    DF,
    ESTIMATE,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    TERM,
)
from rpcstats.mixed.inference.tails import t_p
from rpcstats.mixed.structure.model_frame import FloatArray


def coefficient_table(
    names: Sequence[str],
    estimate: FloatArray,
    std_error: FloatArray,
    *,
    df: ArrayLike | None = None,
    conf_level: float = 0.95,
    exponentiate: bool = False,
) -> pd.DataFrame:
    """Lay out estimates with their tests against 0.

    Parameters
    ----------
    names : sequence of str
        Names of the terms.
    estimate, std_error : ndarray of shape (p,)
        Estimates and their standard errors.
    df : array_like, optional
        Degrees of freedom of the t distribution of each; the normal if not given.
    conf_level : float
        Level of the intervals.
    exponentiate : bool
        Whether to give e to the power of estimates and limits; the standard error stays that
        of the logarithm.

    Returns
    -------
    pandas.DataFrame
        Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high. `df` is
        missing where the statistic is taken as normal.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1), or `exponentiate` is neither True nor False.
    """
    check_flags(exponentiate=exponentiate)
    with np.errstate(divide="ignore", invalid="ignore"):  # a standard error of 0 or NaN
        statistic = estimate / std_error
    df_column = np.full(len(estimate), np.nan) if df is None else np.array(df, dtype=np.float64)
    used = None if df is None else df_column
    half = quantile(used, conf_level) * std_error
    low, high = estimate - half, estimate + half
    if exponentiate:
        with np.errstate(over="ignore"):  # a limit may be beyond the largest number: infinity
            estimate, low, high = np.exp(estimate), np.exp(low), np.exp(high)
    return pd.DataFrame(
        {
            TERM: list(names),
            ESTIMATE: estimate.copy(),
            STD_ERROR: std_error.copy(),
            STATISTIC: statistic,
            DF: df_column,
            P_VALUE: t_p(statistic, np.inf if used is None else used),
            CONF_LOW: low,
            CONF_HIGH: high,
        }
    )


def quantile(df: FloatArray | None, conf_level: float) -> FloatArray:
    """Give the quantile that leaves (1 - conf_level) / 2 in each tail.

    Parameters
    ----------
    df : ndarray or None
        Degrees of freedom of t distributions; infinite or None for the normal.
    conf_level : float
        Level in (0, 1).

    Returns
    -------
    ndarray
        The quantiles, of the shape of `df`.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1).
    """
    z = normal_quantile(conf_level)
    if df is None:
        return np.asarray(z)
    # stdtrit gives NaN at infinity; a t distribution with so many degrees is the normal.
    t = -special.stdtrit(np.where(np.isinf(df), 1.0, df), (1 - conf_level) / 2)
    result: FloatArray = np.where(np.isinf(df), z, t)
    return result
