"""Names and values of the parameters of a fit beyond its fixed effects."""

from itertools import pairwise

import numpy as np

from rpcstats.mixed.checks.deletion import Deleted
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.linear.residual_parameters import autocorrelation, level_ratios
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.mixed.varcorr import RESIDUAL, STD_DEV, var_corr


def variance_names(fit: LinearEstimates | GeneralEstimates) -> tuple[str, ...]:
    """Name the parameters.

    Parameters
    ----------
    fit : LinearEstimates or GeneralEstimates
        The fit.

    Returns
    -------
    tuple of str
        Such as "sd_Days|Subject", "cor_Intercept.Days|Subject", "sigma"; then those of a
        residual structure, thresholds, or parameters of the distribution.
    """
    sigma = None if isinstance(fit, GeneralEstimates) else 1.0
    table = var_corr(fit.frame.blocks, fit.theta, sigma).tidy()
    names = []
    for row in table.itertuples():
        if row.group == RESIDUAL and row.term == "":
            names.append("sigma")
        elif row.measure == STD_DEV:
            names.append(f"sd_{row.term}|{row.group}")
        else:
            names.append(f"cor_{row.term}.{row.with_term}|{row.group}")
    return (*names, *_extra_names(fit))


def _extra_names(fit: LinearEstimates | GeneralEstimates) -> list[str]:
    if isinstance(fit, GeneralEstimates):
        if fit.response.ordered is not None:
            return [f"{low}|{high}" for low, high in pairwise(fit.frame.categories)]
        return [name.removeprefix("log_") for name in fit.problem.likelihood.extra_names]
    if fit.residual is None:
        return []
    rows = fit.residual.rows
    names = [f"ratio_{rows.variance}[{level}]" for level in rows.levels[1:]]
    return names if rows.correlation is None else [*names, rows.correlation.text]


def variance_values(fit: LinearEstimates | GeneralEstimates, at: Deleted) -> FloatArray:
    """Give the values of the parameters.

    Parameters
    ----------
    fit : LinearEstimates or GeneralEstimates
        The fit.
    at : Deleted
        Its estimates, or others.

    Returns
    -------
    ndarray of shape (m,)
        One a name.
    """
    general = isinstance(fit, GeneralEstimates)
    found = var_corr(fit.frame.blocks, at.theta, None if general else at.sigma)
    values: list[float] = []
    for G, free in zip(found.covariances, found.is_free, strict=True):
        sd = np.sqrt(np.diag(G))
        values += sd.tolist()
        for i, j in zip(*np.nonzero(np.tril(free, -1)), strict=True):
            scale = sd[i] * sd[j]
            values.append(float(G[i, j] / scale) if scale > 0.0 else np.nan)
    if not general:
        values.append(at.sigma)
    return np.append(values, _extra_values(fit, at.extra))


def _extra_values(fit: LinearEstimates | GeneralEstimates, extra: FloatArray) -> FloatArray:
    if isinstance(fit, GeneralEstimates):
        ordered = fit.response.ordered
        return np.exp(extra) if ordered is None else ordered.alpha(extra)
    if fit.residual is None:
        return np.zeros(0)
    rows = fit.residual.rows
    values = level_ratios(rows, extra)[1:]
    if rows.correlation is None:
        return values
    return np.append(values, autocorrelation(rows, extra))
