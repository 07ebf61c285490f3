"""Profiles of the likelihood as tables, text and a figure."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, TERM
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LikelihoodProfile:
    """Profiles of parameters of a mixed model.

    Attributes
    ----------
    terms : tuple of str
        Names of the parameters.
    estimate : ndarray of shape (m,)
        Estimates by maximum likelihood.
    conf_low, conf_high : ndarray of shape (m,)
        Limits: where the signed root is as large as the normal's quantile. The end of the
        parameter's range where the root stays smaller, infinite where there is no limit.
    conf_level : float
        Level of the limits.
    values, zeta : tuple of ndarray
        Points of each profile: values of the parameter and the signed root of the rise of the
        deviance there; empty if only limits were asked for.
    deviance : float
        The lowest deviance.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    terms: tuple[str, ...]
    estimate: FloatArray
    conf_low: FloatArray
    conf_high: FloatArray
    conf_level: float
    values: tuple[FloatArray, ...]
    zeta: tuple[FloatArray, ...]
    deviance: float
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per parameter.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, conf_low, conf_high.
        """
        return pd.DataFrame(
            {
                TERM: list(self.terms),
                ESTIMATE: self.estimate.copy(),
                CONF_LOW: self.conf_low.copy(),
                CONF_HIGH: self.conf_high.copy(),
            }
        )

    def points(self) -> pd.DataFrame:
        """Give one row per point of the profiles.

        Returns
        -------
        pandas.DataFrame
            Columns term, value, zeta, deviance.
        """
        zeta = np.concatenate([np.zeros(0), *self.zeta])
        return pd.DataFrame(
            {
                TERM: np.repeat(np.array(self.terms, dtype=object), [len(z) for z in self.zeta]),
                "value": np.concatenate([np.zeros(0), *self.values]),
                "zeta": zeta,
                "deviance": self.deviance + zeta**2,
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Profile likelihood, {100 * self.conf_level:g} % intervals"
        return Summary(heading, (self.tidy(),), " ".join(self.remarks))

    def plot(self) -> "Figure":
        """Draw the signed roots, a panel a parameter.

        Returns
        -------
        matplotlib.figure.Figure
            The picture: a straight line where the likelihood is that of a normal, with the
            limits where it is as large as the normal's quantile.

        Raises
        ------
        ParameterError
            If the profiles have no points.
        """
        from rpcstats.mixed.inference.profile_figure import draw_profiles

        return draw_profiles(self)

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
