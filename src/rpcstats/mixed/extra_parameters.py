"""Tables of the parameters of a response beyond its mean: thresholds, shapes, precisions."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from rpcstats._vocabulary import COMPONENT, CONF_HIGH, CONF_LOW, ESTIMATE, TERM
from rpcstats.mixed.coefficients import coefficient_table, quantile
from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.structure.model_frame import FloatArray


def threshold_table(
    categories: Sequence[str],
    likelihood: OrdinalRows,
    extra: FloatArray,
    cov: FloatArray,
    conf_level: float,
) -> pd.DataFrame:
    """Give the thresholds of an ordered response.

    Parameters
    ----------
    categories : sequence of str
        Names of the categories, in order.
    likelihood : OrdinalRows
        Structure of the thresholds.
    extra : ndarray of shape (e,)
        Their parameters φ.
    cov : ndarray of shape (e, e)
        Covariance of φ.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns component, term, estimate, std_error, statistic, df, p_value, conf_low,
        conf_high; terms such as "1|2".
    """
    J = likelihood.alpha_jacobian(extra)
    table = coefficient_table(
        [f"{a}|{b}" for a, b in pairwise(categories)],
        likelihood.alpha(extra),
        np.sqrt(np.diag(J @ cov @ J.T)),
        conf_level=conf_level,
    )
    table.insert(0, COMPONENT, "threshold")
    return table


def dispersion_table(
    names: Sequence[str], extra: FloatArray, cov: FloatArray, conf_level: float
) -> pd.DataFrame:
    """Give parameters held in logs on their own scale.

    Parameters
    ----------
    names : sequence of str
        Such as "log_size"; none for no rows.
    extra : ndarray of shape (e,)
        The parameters, in logs.
    cov : ndarray of shape (e, e)
        Their covariance.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns term, estimate, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1).
    """
    half = quantile(None, conf_level) * np.sqrt(np.diag(cov))
    with np.errstate(over="ignore"):  # a parameter that runs away has an infinite limit
        values = np.exp([extra, extra - half, extra + half])
    rows = [(name.removeprefix("log_"), *values[:, i]) for i, name in enumerate(names)]
    return pd.DataFrame(rows, columns=[TERM, ESTIMATE, CONF_LOW, CONF_HIGH])
