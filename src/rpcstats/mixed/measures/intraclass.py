"""Intraclass correlations with intervals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, GROUP, MEASURE, STD_ERROR
from rpcstats.mixed.measures.variance_sources import (
    VarianceSources,
    parameters_of,
    slope_of,
    sources_at,
)
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.tables.summary import Summary

ALL_GROUPS = "all"


@dataclass(frozen=True, slots=True, eq=False)
class IntraclassCorrelation:
    """Shares of variance that lie between the levels of grouping factors.

    Attributes
    ----------
    groups : tuple of str
        Grouping factors, and "all" for their sum.
    estimate, std_error : ndarray of shape (B + 1, 2)
        Adjusted and unadjusted correlations with their standard errors.
    """

    groups: tuple[str, ...]
    estimate: FloatArray
    std_error: FloatArray

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Give one row per factor and measure.

        Parameters
        ----------
        conf_level : float
            Level of the intervals.

        Returns
        -------
        pandas.DataFrame
            Columns group, measure ("adjusted": of the variance the fixed effects leave,
            "unadjusted": of all), estimate, std_error, conf_low, conf_high. The intervals are
            symmetric on the logit scale; they are missing where a share is 0.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        z = normal_quantile(conf_level)
        share, spread = self.estimate.T.ravel(), self.std_error.T.ravel()
        inside = (share > 1e-8) & (share < 1.0 - 1e-8) & (spread > 0.0)
        p = np.where(inside, share, 0.5)
        half = np.where(inside, z * spread / (p * (1.0 - p)), np.nan)
        logit = np.log(p / (1.0 - p))
        return pd.DataFrame(
            {
                GROUP: [*self.groups, *self.groups],
                MEASURE: np.repeat(["adjusted", "unadjusted"], len(self.groups)),
                ESTIMATE: share,
                STD_ERROR: np.where(inside, spread, np.nan),
                CONF_LOW: special.expit(logit - half),
                CONF_HIGH: special.expit(logit + half),
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = (
            "Adjusted: share of the variance that the fixed effects leave. Unadjusted: share of "
            "all variance. Intervals by the delta method on the logit scale."
        )
        return Summary("Intraclass correlation", (self.tidy(),), remark)

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def icc(fit: MixedFit) -> IntraclassCorrelation:
    """Estimate the intraclass correlation of a mixed model.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.

    Returns
    -------
    IntraclassCorrelation
        Of each grouping factor and of all together, adjusted and unadjusted.

    Raises
    ------
    ParameterError
        If `fit` is no mixed model, or its family has no variance on the scale of its link.

    Notes
    -----
    Nakagawa and Schielzeth (2013), with random slopes as in Johnson (2014) and other families
    as in Nakagawa, Johnson and Schielzeth (2017). For a binary or ordered response the
    correlation is that of the latent variable behind it.
    """
    parameters, covariance = parameters_of(fit)
    shape = (2, len(fit.frame.blocks) + 1)
    slope = slope_of(_shares, fit, parameters)
    variance = np.einsum("ri,ij,rj->r", slope, covariance, slope)
    return IntraclassCorrelation(
        groups=(*(block.group for block in fit.frame.blocks), ALL_GROUPS),
        estimate=_shares(sources_at(fit, parameters)).reshape(shape).T,
        std_error=np.sqrt(np.maximum(variance, 0.0)).reshape(shape).T,
    )


def _shares(sources: VarianceSources) -> FloatArray:
    random = np.append(sources.random, sources.random.sum())
    return np.concatenate([random / sources.total, random / (sources.total + sources.fixed)])
