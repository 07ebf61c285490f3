"""Share of the variance that a mixed model explains."""

from dataclasses import dataclass

import pandas as pd

from rpcstats._vocabulary import ESTIMATE, MEASURE
from rpcstats.mixed.measures.variance_sources import parameters_of, sources_at
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.tables.summary import Summary


@dataclass(frozen=True, slots=True)
class RSquared:
    """Share of variance explained.

    Attributes
    ----------
    marginal : float
        By the fixed effects.
    conditional : float
        By fixed and random effects together.
    """

    marginal: float
    conditional: float

    def tidy(self) -> pd.DataFrame:
        """Give one row per measure.

        Returns
        -------
        pandas.DataFrame
            Columns measure, estimate.
        """
        measures = ["marginal", "conditional"]
        return pd.DataFrame({MEASURE: measures, ESTIMATE: [self.marginal, self.conditional]})

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = "Marginal: by the fixed effects. Conditional: by fixed and random effects."
        return Summary("Variance explained", (self.tidy(),), remark)


def r_squared(fit: MixedFit) -> RSquared:
    """Estimate the share of variance that a mixed model explains.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.

    Returns
    -------
    RSquared
        Marginal and conditional share.

    Raises
    ------
    ParameterError
        If `fit` is no mixed model, or its family has no variance on the scale of its link.

    Notes
    -----
    Nakagawa and Schielzeth (2013); random slopes as in Johnson (2014).
    """
    sources = sources_at(fit, parameters_of(fit)[0])
    total = sources.total + sources.fixed
    explained = float(sources.random.sum()) + sources.fixed
    return RSquared(marginal=sources.fixed / total, conditional=explained / total)
