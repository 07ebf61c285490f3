"""What every parametric model of censored times says of its coefficients."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import check_flags
from rpcstats._numerics.optimise import OptSummary
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, CONVERGED, DF, ESTIMATE, MEASURE
from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

LOG: Final = "log "
"""How the measure of a term begins that e to the power of makes readable."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TimeEstimates:
    """Coefficients of a parametric model of censored times.

    Attributes
    ----------
    frame : HazardFrame
        Checked arrays of the data.
    names : tuple of str
        Names of the P parameters: coefficients first, then scales and shapes.
    measures : tuple of str
        What each is, such as "log time ratio", "log scale" or "shape".
    coef : ndarray of shape (P,)
        Estimates by maximum likelihood.
    cov, cov_model : ndarray of shape (P, P)
        Covariance used, and that of the model, the inverse of the observed information.
    log_lik : float
        Log-likelihood of the times.
    n_event : int
        Rows whose event is known to have happened, weights aside.
    optimum : OptSummary
        How the optimum was searched for, in standardised columns.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    trouble : tuple of str
        Why the estimates are not to be relied on, if so; among the remarks too.
    conf_level : float
        Level of the intervals.
    is_robust : bool
        Whether the covariance is the sandwich.
    """

    frame: HazardFrame
    names: tuple[str, ...]
    measures: tuple[str, ...]
    coef: FloatArray
    cov: FloatArray
    cov_model: FloatArray
    log_lik: float
    n_event: int
    optimum: OptSummary
    remarks: tuple[str, ...]
    trouble: tuple[str, ...]
    conf_level: float
    is_robust: bool

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        raise NotImplementedError

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return self.frame.n_obs

    @property
    def n_missing(self) -> int:
        """Rows left out for a missing value."""
        return self.frame.n_missing

    @property
    def n_parameter(self) -> int:
        """Number of parameters."""
        return len(self.coef)

    @property
    def std_error(self) -> FloatArray:
        """Standard errors, of shape (P,); NaN where the variance is not above 0."""
        variance = np.diag(self.cov)
        return np.sqrt(np.where(variance > 0.0, variance, np.nan))

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2.0 * self.log_lik + 2.0 * self.n_parameter

    @property
    def bic(self) -> float:
        """Schwarz's criterion, with the number of rows."""
        return -2.0 * self.log_lik + float(np.log(self.n_obs)) * self.n_parameter

    @property
    def converged(self) -> bool:
        """Whether the conditions of a maximum hold and every estimate is finite."""
        return self.optimum.converged and not self.trouble

    def tidy(self, *, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per parameter.

        Parameters
        ----------
        exponentiate : bool
            Whether to give e to the power of those on a log scale, which turns a log time ratio
            into a time ratio and a log scale into a scale; the standard error stays that of the
            logarithm.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, measure, estimate, std_error, statistic, df, p_value, conf_low,
            conf_high; `measure` says what the estimate is.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1), or nothing is on a log scale but the scale itself.
        """
        level = self.conf_level if conf_level is None else conf_level
        check_flags(exponentiate=exponentiate)
        frame = coefficient_table(self.names, self.coef, self.std_error, conf_level=level)
        measures = list(self.measures)
        if exponentiate:
            if "difference in time" in measures:
                raise ParameterError(
                    "exponentiate has no meaning here",
                    ["coefficients of a model of time itself are differences in time"],
                )
            logs = [measure.startswith(LOG) for measure in measures]
            columns = [ESTIMATE, CONF_LOW, CONF_HIGH]
            with np.errstate(over="ignore"):
                frame.loc[logs, columns] = np.exp(frame.loc[logs, columns])
            measures = [measure.removeprefix(LOG) for measure in measures]
        frame.insert(1, MEASURE, measures)
        return frame

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, log_lik, df, aic, bic, converged, n_missing, conf_level.
        """
        row = {
            "n_obs": self.n_obs,
            "n_event": self.n_event,
            "log_lik": self.log_lik,
            DF: self.n_parameter,
            "aic": self.aic,
            "bic": self.bic,
            CONVERGED: self.converged,
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def vcov(self) -> pd.DataFrame:
        """Give the covariance of the parameters.

        Returns
        -------
        pandas.DataFrame
            Rows and columns named after the parameters; a fresh copy.
        """
        return pd.DataFrame(self.cov.copy(), index=list(self.names), columns=list(self.names))

    def confint(self, conf_level: float | None = None) -> pd.DataFrame:
        """Give the limits of the parameters.

        Parameters
        ----------
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, conf_low, conf_high.
        """
        return self.tidy(conf_level=conf_level)[["term", CONF_LOW, CONF_HIGH]]

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        frames = [self.tidy().drop(columns=DF)]
        if "difference in time" not in self.measures:
            ratios = self.tidy(exponentiate=True)[["term", MEASURE, ESTIMATE, CONF_LOW, CONF_HIGH]]
            shown = ratios[MEASURE].to_numpy() != np.array(self.measures)
            frames.append(ratios[shown].reset_index(drop=True))
        head = f"{self.heading}: {counted(self.n_obs, 'row')}, {counted(self.n_event, 'event')}"
        fit = self.glance()[["log_lik", DF, "aic", "bic", CONVERGED]]
        kind = "Robust standard errors." if self.is_robust else ""
        text = " ".join([f"{self.conf_level:.0%} intervals.", kind, *self.remarks])
        return Summary(head, (*frames, fit), text.replace("  ", " "))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the fitted survival over the survival estimated without a model.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        """Give the summary as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
