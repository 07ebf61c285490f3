"""The one-row account and the summary of a fitted mixed model."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONVERGED, DF, MIXED_GLANCE
from rpcstats.mixed.wording import group_sizes, missing_remark
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from rpcstats.mixed.mixed_fit import MixedFit

_SHOWN_ELSEWHERE = ["n_group", "method", "n_missing"]


def glance_of(fit: "MixedFit") -> pd.DataFrame:
    """Give one row on a whole fit.

    Parameters
    ----------
    fit : MixedFit
        The fit.

    Returns
    -------
    pandas.DataFrame
        Columns of `MIXED_GLANCE`.
    """
    blocks = fit.frame.blocks
    row = {
        "n_obs": fit.n_obs,
        "n_group": blocks[0].n_level if blocks else 0,
        "groups": group_sizes(blocks),
        "log_lik": fit.log_lik,
        "deviance": fit.deviance,
        DF: fit.n_parameter,
        "aic": fit.aic,
        "bic": fit.bic,
        "sigma": np.nan if fit.sigma is None else fit.sigma,
        "method": fit.criterion,
        CONVERGED: fit.converged,
        "is_singular": fit.is_singular,
        "n_missing": fit.frame.n_missing,
    }
    return pd.DataFrame([row], columns=list(MIXED_GLANCE))


def summary_of(fit: "MixedFit") -> Summary:
    """Give a readable account of a fit.

    Parameters
    ----------
    fit : MixedFit
        The fit.

    Returns
    -------
    Summary
        Coefficients, variance components, the fit in a line, remarks.
    """
    remark = " ".join([missing_remark(fit.frame), *fit.remarks])
    fit_line = fit.glance().drop(columns=_SHOWN_ELSEWHERE).dropna(axis="columns")
    frames = [fit.tidy(), fit.varcorr().tidy(), fit_line]
    return Summary(fit.heading, tuple(frames), remark)
