"""What each source adds to the variance of a response."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rpcstats._vocabulary import GROUP, VARIANCE
from rpcstats.mixed.measures.variance_sources import parameters_of, sources_at
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.encode import encode_new
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.mixed.varcorr import RESIDUAL
from rpcstats.tables.summary import Summary

SHARE = "share"


@dataclass(frozen=True, slots=True, eq=False)
class VariancePartition:
    """Variance by source, for one or several rows.

    Attributes
    ----------
    groups : tuple of str
        Sources: the grouping factors and the residual.
    variances : ndarray of shape (m, B + 1)
        Variance of each source; a row for the average of the data, or for each new row.
    """

    groups: tuple[str, ...]
    variances: FloatArray

    def tidy(self) -> pd.DataFrame:
        """Give one row per source and row.

        Returns
        -------
        pandas.DataFrame
            Columns row, group, variance, share.
        """
        m = len(self.variances)
        shares = self.variances / self.variances.sum(axis=1, keepdims=True)
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(m), len(self.groups)),
                GROUP: list(self.groups) * m,
                VARIANCE: self.variances.ravel(),
                SHARE: shares.ravel(),
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        return Summary("Variance by source, on the scale of the predictor", (self.tidy(),))


def variance_partition(fit: MixedFit, newdata: Any = None) -> VariancePartition:
    """Split the variance that the fixed effects leave by its source.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.
    newdata : frame, optional
        Rows at which to evaluate random slopes; grouping columns may be absent. If not given,
        the average over the rows of the fit.

    Returns
    -------
    VariancePartition
        Variance and share of each source.

    Raises
    ------
    ParameterError
        If `fit` is no mixed model, or its family has no variance on the scale of its link.
    DataError
        If a column of a random slope is not in `newdata`.

    Notes
    -----
    With a random slope the variance of a group is a function of its covariate (Goldstein,
    Browne and Rasbash 2002).
    """
    sources = sources_at(fit, parameters_of(fit)[0])
    groups = (*(block.group for block in fit.frame.blocks), RESIDUAL)
    if newdata is None:
        return VariancePartition(groups, np.append(sources.random, sources.residual)[None, :])
    covariances = fit.varcorr().covariances
    columns = [
        np.einsum("ra,ab,rb->r", Z, G, Z)
        for Z, G in zip(encode_new(fit.frame, newdata).Z, covariances, strict=True)
    ]
    columns.append(np.full(len(columns[0]), sources.residual))
    return VariancePartition(groups, np.stack(columns, axis=1))
