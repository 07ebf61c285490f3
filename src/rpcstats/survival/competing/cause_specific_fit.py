"""Cox fits of all causes, read together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import CAUSE, CONVERGED, DF, N_EVENT, P_VALUE, STATISTIC
from rpcstats.survival.competing.cause_sample import find_cause
from rpcstats.survival.cox_fit import CoxFit
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.competing.predicted_incidence import PredictedIncidence


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CauseSpecificFit(Summarised):
    """Cause-specific hazard ratios of every cause.

    Attributes
    ----------
    frame : HazardFrame
        What was fitted, with all causes.
    fits : tuple of CoxFit
        One a cause, in the order of ``frame.causes``.
    conf_level : float
        Level of the intervals.
    """

    frame: HazardFrame
    fits: tuple[CoxFit, ...]
    conf_level: float

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes that happened, in declared order."""
        return self.frame.causes

    @property
    def n_missing(self) -> int:
        """Rows left out because a value was missing."""
        return self.frame.n_missing

    @property
    def is_robust(self) -> bool:
        """Whether standard errors are robust."""
        return self.fits[0].is_robust

    @property
    def trouble(self) -> tuple[str, ...]:
        """What makes a fit unfit for use, with its cause."""
        return tuple(
            f"{cause}: {remark}"
            for cause, fit in zip(self.causes, self.fits, strict=True)
            for remark in fit.trouble
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader should know, in plain sentences."""
        own = (
            (f"{cause}: {remark}", remark)
            for cause, fit in zip(self.causes, self.fits, strict=True)
            for remark in fit.remarks
        )
        shared = set.intersection(*(set(fit.remarks) for fit in self.fits))
        common = [remark for remark in self.fits[0].remarks if remark in shared]
        return (*self.frame.remarks, *common, *(text for text, bare in own if bare not in shared))

    def of(self, cause: str) -> CoxFit:
        """Give the Cox fit of one cause.

        Parameters
        ----------
        cause : str
            The cause.

        Returns
        -------
        CoxFit
            Its fit, with residuals, checks and all.

        Raises
        ------
        ParameterError
            If it is none of those that happened.
        """
        return self.fits[find_cause(cause, self.causes)]

    def tidy(self, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per cause and coefficient.

        Parameters
        ----------
        exponentiate : bool
            Whether to give hazard ratios; the standard error stays that of the logarithm.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns cause, term, estimate, std_error, statistic, df, p_value, conf_low,
            conf_high.
        """
        parts = []
        for cause, fit in zip(self.causes, self.fits, strict=True):
            part = fit.tidy(exponentiate=exponentiate, conf_level=conf_level)
            part.insert(0, CAUSE, cause)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """Give one row on all causes together.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event (of any cause), n_cause, n_missing, log_lik, log_lik_null,
            statistic, df, p_value (likelihood ratio), converged, conf_level. The causes'
            likelihoods multiply.
        """
        log_lik = sum(fit.log_lik for fit in self.fits)
        log_lik_null = sum(fit.log_lik_null for fit in self.fits)
        df = sum(len(fit.beta) for fit in self.fits)
        statistic = 2.0 * (log_lik - log_lik_null)
        row = {
            "n_obs": self.frame.n_obs,
            N_EVENT: self.frame.n_event,
            "n_cause": len(self.causes),
            "n_missing": self.n_missing,
            "log_lik": log_lik,
            "log_lik_null": log_lik_null,
            STATISTIC: statistic,
            DF: df,
            P_VALUE: float(chi_square_p(statistic, df)) if df else np.nan,
            CONVERGED: all(fit.optimum.converged for fit in self.fits) and not self.trouble,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def by_cause(self) -> pd.DataFrame:
        """Give one row per cause on its own fit.

        Returns
        -------
        pandas.DataFrame
            Column cause, then those of `CoxFit.glance`.
        """
        parts = []
        for cause, fit in zip(self.causes, self.fits, strict=True):
            part = fit.glance()
            part.insert(0, CAUSE, cause)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Hazard ratios by cause; prints as text, shows as HTML in a notebook.
        """
        shown = self.by_cause()[[CAUSE, "n_obs", N_EVENT, "log_lik", STATISTIC, DF, P_VALUE]]
        frames = (self.tidy(exponentiate=True).drop(columns=DF), shown)
        return Summary("Cause-specific hazard ratios", frames, " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the hazard ratios of every cause with their intervals.

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
            If there is no coefficient.
        """
        from rpcstats.survival.competing.plots import ratio_dots

        head = f"Hazard ratio ({self.conf_level:.0%} interval)"
        return ratio_dots(self.tidy(exponentiate=True), ax, head, group=CAUSE)

    def predict(
        self,
        newdata: Any,
        times: Sequence[float] | None = None,
        *,
        conf_level: float | None = None,
    ) -> "PredictedIncidence":
        """Predict the cumulative incidence of every cause from the hazards of all.

        Parameters
        ----------
        newdata : frame
            Covariates, a row a set of curves; columns of strata() too, or each row gets every
            stratum.
        times : sequence of float, optional
            Times, 0 or more; the event times if not given, at most 100 of them.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        PredictedIncidence
            The curves with their intervals.

        Raises
        ------
        DataError
            If a value is missing, or a category was not among those of the fit.
        ParameterError
            If a time is negative, or the fit has exact ties.
        """
        from rpcstats.survival.competing.joint_incidence import joint_incidence

        return joint_incidence(self, newdata, times, conf_level=conf_level)
