"""What clustering costs: the design effect and the effective number of observations."""

from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd

from rpcstats.errors import ParameterError
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.measures.variance_sources import parameters_of, sources_at
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.tables.summary import Summary


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """Factor by which clustering multiplies the variance of a mean.

    Attributes
    ----------
    estimate : float
        The design effect; 1 without clustering.
    n_obs : int
        Observations.
    n_effective : float
        Independent observations that would tell as much about the mean.
    """

    estimate: float
    n_obs: int
    n_effective: float

    def tidy(self) -> pd.DataFrame:
        """Give one row.

        Returns
        -------
        pandas.DataFrame
            Columns estimate, n_obs, n_effective.
        """
        row = {"estimate": self.estimate, "n_obs": self.n_obs, "n_effective": self.n_effective}
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = "An interval that ignores the clustering is too narrow by the root of it."
        return Summary("Design effect", (self.tidy(),), remark)


def design_effect(fit: MixedFit, *, n_per_group: float | None = None) -> DesignEffect:
    """Estimate the design effect of the mean of the response.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.
    n_per_group : float, optional
        Rows of each level in another study, for a model with one grouping factor. If not
        given, the groups of the fit as they are, of whatever size.

    Returns
    -------
    DesignEffect
        Variance of the mean of the rows, divided by that of as many independent rows.

    Raises
    ------
    ParameterError
        If `fit` is no mixed model, its residuals are correlated along series, or `n_per_group` is
        below 1 or given with several factors.

    Notes
    -----
    With equal groups of m and a random intercept it is 1 + (m - 1) ICC; with unequal ones
    1 + (Σm²/Σm - 1) ICC (Kish 1965). Several factors and random slopes enter through the
    variance that the model gives the mean of the rows. For a binary or ordered response it is
    that of the latent variable.
    """
    sources = sources_at(fit, parameters_of(fit)[0])
    if isinstance(fit, LinearEstimates) and fit.residual is not None and fit.residual.phi:
        raise ParameterError(
            "The design effect does not count correlation along series",
            ["fit the model without correlation= for it"],
        )
    n = fit.n_obs
    if n_per_group is not None:
        given: object = n_per_group
        fits = isinstance(given, Real) and 1.0 <= n_per_group < np.inf
        if not fits or len(fit.frame.blocks) != 1:
            raise ParameterError(
                "n_per_group does not fit the model",
                ["give a number of 1 or more, for a model with one grouping factor"],
            )
        share = float(sources.random[0]) / sources.total
        effect = 1.0 + (n_per_group - 1.0) * share
        return DesignEffect(effect, n, n / effect)
    shared = 0.0
    for block, G in zip(fit.frame.blocks, fit.varcorr().covariances, strict=True):
        sums = np.stack(
            [np.bincount(block.codes, column, block.n_level) for column in block.Z.T], axis=1
        )
        shared += float(np.einsum("la,ab,lb->", sums, G, sums))
    effect = (shared / n + sources.residual) / sources.total
    return DesignEffect(effect, n, n / effect)
