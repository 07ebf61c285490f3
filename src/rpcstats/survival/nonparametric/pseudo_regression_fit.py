"""Regression on pseudo-values: what was estimated and how it is read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import check_flags
from rpcstats._vocabulary import N_EVENT, TERM
from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.survival._multiway import variance_or_nan
from rpcstats.survival.nonparametric._mean_model import MeanLink
from rpcstats.survival.nonparametric._pseudo import PseudoKind
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

_RATIOS: Final = ("log", "logit", "cloglog")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PseudoRegression(Summarised):
    """Coefficients of survival, restricted means or incidences at chosen times.

    Attributes
    ----------
    names : tuple of str
        Names of the coefficients, an intercept for each time first.
    beta : ndarray of shape (p,)
        Coefficients.
    cov : ndarray of shape (p, p)
        Their robust covariance, by cluster where there are clusters.
    frame : HazardFrame
        The rows.
    times : ndarray of shape (q,)
        The times.
    of, link : str
        What is modelled, and the scale on which covariates add up.
    conf_level : float
        Level of the intervals.
    converged : bool
        Whether the search ended at a solution.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    names: tuple[str, ...]
    beta: FloatArray
    cov: FloatArray
    frame: HazardFrame
    times: FloatArray
    of: PseudoKind
    link: MeanLink
    conf_level: float
    converged: bool
    remarks: tuple[str, ...]

    @property
    def n_missing(self) -> int:
        """Rows left out because a value was missing."""
        return self.frame.n_missing

    def tidy(self, *, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per coefficient.

        Parameters
        ----------
        exponentiate : bool
            Whether to give ratios; the standard error stays that of the logarithm.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, statistic, df, p_value, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If ratios are asked for on the identity scale.
        """
        check_flags(exponentiate=exponentiate)
        if exponentiate and self.link not in _RATIOS:
            raise ParameterError("Differences are no ratios", ["leave out exponentiate=True"])
        diagonal = np.diag(self.cov)
        with np.errstate(invalid="ignore"):
            std_error = np.sqrt(variance_or_nan(diagonal, np.abs(diagonal)))
        level = self.conf_level if conf_level is None else conf_level
        return coefficient_table(
            self.names, self.beta, std_error, conf_level=level, exponentiate=exponentiate
        )

    def vcov(self) -> pd.DataFrame:
        """Give the covariance of the coefficients.

        Returns
        -------
        pandas.DataFrame
            Rows and columns named by the coefficients.
        """
        return pd.DataFrame(self.cov.copy(), index=list(self.names), columns=list(self.names))

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_time, of, link, converged, n_missing.
        """
        row = {
            "n_obs": self.frame.n_obs,
            N_EVENT: self.frame.n_event,
            "n_time": len(self.times),
            "of": self.of,
            "link": self.link,
            "converged": self.converged,
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        at = ", ".join(f"{t:g}" for t in self.times)
        what = self.of.replace("_", " ").replace("rmst", "restricted mean")
        heading = f"Regression of the {what} at {at} on pseudo-values ({self.link} link)"
        remark = " ".join(["Robust standard errors.", *self.remarks])
        return Summary(heading, (self.tidy(),), remark)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the coefficients but the intercepts with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        ParameterError
            If there is nothing but intercepts.
        """
        from rpcstats.figures.forest import forest_axes
        from rpcstats.mixed.plots import plain_term

        ratio = self.link in _RATIOS
        frame = self.tidy(exponentiate=ratio).iloc[len(self.times) :]
        if frame.empty:
            raise ParameterError("There is nothing to draw", ["add covariates to the formula"])
        frame = frame.assign(**{TERM: frame[TERM].map(plain_term)})
        reference = 1.0 if ratio else 0.0
        head = f"{'Ratio' if ratio else 'Estimate'} ({self.conf_level:.0%} interval)"
        return forest_axes(
            frame,
            ax=ax,
            label=TERM,
            percent=False,
            ratio=ratio,
            reference=reference,
            value_label=head,
        )
