"""Variances and correlations of random effects, as users read them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, GROUP, MEASURE, TERM, VARCORR, VARIANCE
from rpcstats.errors import ParameterError
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta
from rpcstats.tables.summary import Summary

RESIDUAL: Final = "Residual"
STD_DEV: Final = "std_dev"
CORRELATION: Final = "correlation"


@dataclass(frozen=True, slots=True, eq=False)
class VarCorr:
    """Standard deviations and correlations of the random effects.

    Attributes
    ----------
    groups : tuple of str
        Names of the grouping factors.
    effects : tuple of tuple of str
        Names of the effects of each factor.
    covariances : tuple of ndarray of shape (q, q)
        Their covariance matrices, read-only.
    is_free : tuple of ndarray of shape (q, q), bool
        Which covariances the model estimates; the others are 0 by its formula.
    sigma : float or None
        Residual standard deviation; None where the family has none.
    residual : tuple of tuple
        Term, measure, estimate and variance of the residual's rows where it has a structure,
        `sigma` being the standard deviation of its first level; empty otherwise.
    """

    groups: tuple[str, ...]
    effects: tuple[tuple[str, ...], ...]
    covariances: tuple[FloatArray, ...]
    is_free: tuple[np.ndarray, ...]
    sigma: float | None
    residual: tuple[tuple[str, str, float, float], ...] = ()

    def covariance(self, group: str) -> FloatArray:
        """Give the covariance matrix of one factor's effects.

        Parameters
        ----------
        group : str
            Name of the grouping factor.

        Returns
        -------
        ndarray of shape (q, q)
            The matrix, read-only.

        Raises
        ------
        ParameterError
            If the model has no such factor.
        """
        if group not in self.groups:
            known = ", ".join(self.groups)
            raise ParameterError("There is no such grouping factor", [f"choose one of {known}"])
        return self.covariances[self.groups.index(group)]

    def tidy(self) -> pd.DataFrame:
        """Give one row per standard deviation and per correlation.

        Returns
        -------
        pandas.DataFrame
            Columns group, term, with_term, measure, estimate, variance. `measure` is
            "std_dev" or "correlation"; `with_term` is the second effect of a correlation, else
            empty; `variance` is the variance or the covariance. The last row is the residual,
            where the family has one; with a residual structure there is one for each level
            and one of measure "autocorrelation".
        """
        rows: list[tuple[str, str, str, str, float, float]] = []
        for group, names, G, free in zip(
            self.groups, self.effects, self.covariances, self.is_free, strict=True
        ):
            sd = np.sqrt(np.diag(G))
            for name, value in zip(names, sd, strict=True):
                rows.append((group, name, "", STD_DEV, float(value), float(value**2)))
            for i, j in zip(*np.nonzero(np.tril(free, -1)), strict=True):
                scale = sd[i] * sd[j]
                rho = float(G[i, j] / scale) if scale > 0 else np.nan
                rows.append((group, names[j], names[i], CORRELATION, rho, float(G[i, j])))
        for term, measure, estimate, variance in self.residual:
            rows.append((RESIDUAL, term, "", measure, estimate, variance))
        if self.sigma is not None and not self.residual:
            rows.append((RESIDUAL, "", "", STD_DEV, self.sigma, self.sigma**2))
        return pd.DataFrame(rows, columns=list(VARCORR))

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        frame = self.tidy()[[GROUP, TERM, "with_term", MEASURE, ESTIMATE, VARIANCE]]
        return Summary("Variance components", (frame,))

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def var_corr(blocks: tuple[Block, ...], theta: FloatArray, sigma: float | None) -> VarCorr:
    """Read variances and correlations off the covariance parameters.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects.
    theta : ndarray of shape (k,)
        Covariance parameters of all blocks.
    sigma : float or None
        Residual standard deviation, by which a linear model's Λ is relative; None if there
        is none.

    Returns
    -------
    VarCorr
        The table.
    """
    scale = 1.0 if sigma is None else sigma
    covariances, free = [], []
    for block, part in zip(blocks, split_theta(blocks, theta), strict=True):
        Lambda = scale * block.factor(part)
        template = block.factor(np.ones(block.n_theta))
        G, is_free = Lambda @ Lambda.T, template @ template.T > 0
        for values in (G, is_free):
            values.setflags(write=False)
        covariances.append(G)
        free.append(is_free)
    return VarCorr(
        groups=tuple(block.group for block in blocks),
        effects=tuple(block.effects for block in blocks),
        covariances=tuple(covariances),
        is_free=tuple(free),
        sigma=sigma,
    )
