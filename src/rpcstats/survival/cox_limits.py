"""Intervals of the coefficients of a Cox model."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_names, as_word, check_flags
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, TERM
from rpcstats.errors import ParameterError
from rpcstats.survival.cox_likelihood import scale_of

if TYPE_CHECKING:
    from rpcstats.survival.cox_estimates import CoxEstimates

FloatArray = NDArray[np.float64]


def confidence_limits(
    fit: "CoxEstimates",
    method: str,
    parm: str | Sequence[str] | None,
    *,
    exponentiate: bool,
    conf_level: float | None,
) -> pd.DataFrame:
    """Give intervals of the coefficients.

    Parameters
    ----------
    fit : CoxEstimates
        The model.
    method : {"wald", "profile"}
        How the limits are found.
    parm : str or sequence of str, optional
        Terms; all if not given.
    exponentiate : bool
        Whether to give hazard ratios.
    conf_level : float, optional
        Level; that of the fit if not given.

    Returns
    -------
    pandas.DataFrame
        Columns term, estimate, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range.
    """
    from rpcstats.survival.cox_estimates import CoxInterval

    z = normal_quantile(fit.conf_level if conf_level is None else conf_level)
    check_flags(exponentiate=exponentiate)
    wanted = list(fit.names if parm is None else as_names("parm", parm))
    unknown = [name for name in wanted if name not in fit.names]
    faults = [f"there is no term {name}" for name in unknown]
    if as_word(method) not in get_args(CoxInterval):
        faults.append(f"method is one of {', '.join(get_args(CoxInterval))}")
    if as_word(method) == "profile" and fit.trouble:
        faults.append("a profile needs a fit that has converged: refit, with firth=True perhaps")
    if faults:
        raise ParameterError("confint() can't do what was asked", faults)
    at = [fit.names.index(name) for name in wanted]
    if method == "wald":
        half = z * fit.std_error[at]
        low, high = fit.beta[at] - half, fit.beta[at] + half
    else:
        low, high = _profile(fit, at, z)
    estimate = fit.beta[at]
    if exponentiate:
        with np.errstate(over="ignore"):
            estimate, low, high = np.exp(estimate), np.exp(low), np.exp(high)
    return pd.DataFrame({TERM: wanted, ESTIMATE: estimate, CONF_LOW: low, CONF_HIGH: high})


def _profile(fit: "CoxEstimates", at: list[int], z: float) -> tuple[FloatArray, FloatArray]:
    from rpcstats.survival.partial.newton import maximise
    from rpcstats.survival.partial.profile import profile_limit

    likelihood = fit.likelihood()
    best = maximise(likelihood, fit.beta * scale_of(fit), n_event=fit.n_event)
    limits = [
        [profile_limit(likelihood, best, j, side, n_event=fit.n_event) for j in at]
        for side in (-z, z)
    ]
    low, high = np.array(limits) / scale_of(fit)[at]
    return low, high
