"""Sub-distribution regression: what was estimated and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p
from rpcstats._numerics.optimise import OptSummary
from rpcstats._vocabulary import CAUSE, CONF_HIGH, CONF_LOW, CONVERGED, DF, N_EVENT, P_VALUE, TERM
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.survival.competing._censoring_weights import Weighting, WeightVariance
from rpcstats.survival.competing._subdistribution_estimate import FittedSubdistribution
from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.competing.predicted_incidence import PredictedIncidence
    from rpcstats.survival.competing.proportional_subhazards import (
        ProportionalSubhazardsTest,
        Transform,
    )
    from rpcstats.survival.competing.subdistribution_residuals import ResidualKind

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class FineGrayFit(Summarised):
    """Ratios of the sub-distribution hazard of one cause.

    Attributes
    ----------
    frame : HazardFrame
        What was fitted.
    cause : str
        The cause of interest.
    beta : ndarray of shape (p,)
        Log sub-distribution hazard ratios.
    cov, cov_model : ndarray of shape (p, p)
        Covariance used, and the inverse of the information.
    log_lik, log_lik_null : float
        Log pseudo-likelihood at `beta` and at 0.
    optimum : OptSummary
        Record of the search.
    variance : {"fine-gray", "jackknife", "known-weights"}
        How the covariance was estimated.
    censoring_groups : tuple of str
        Groups with a censoring distribution each; "all" if there is one.
    conf_level : float
        Level of the intervals.
    trouble, remarks : tuple of str
        What makes the fit unfit for use, and all that a reader should know.
    order : SubdistributionOrder
        The rows arranged.
    found : FittedSubdistribution
        The estimates in units of scaled columns; longer vectors are made when asked for.
    weighting : Weighting
        What the censoring weights are estimated from.
    """

    frame: HazardFrame
    cause: str
    beta: FloatArray
    cov: FloatArray
    cov_model: FloatArray
    log_lik: float
    log_lik_null: float
    optimum: OptSummary
    variance: WeightVariance
    censoring_groups: tuple[str, ...]
    conf_level: float
    trouble: tuple[str, ...]
    remarks: tuple[str, ...]
    order: SubdistributionOrder
    found: FittedSubdistribution
    weighting: Weighting

    @property
    def score_rows(self) -> FloatArray:
        """Weighted influence of each row on the score, of shape (n, p); worked out anew."""
        from rpcstats.survival.competing.fine_gray_estimation import score_influence

        return score_influence(self.found, self.weighting)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.frame.names

    @property
    def n_missing(self) -> int:
        """Rows left out because a value was missing."""
        return self.frame.n_missing

    @property
    def n_event(self) -> int:
        """Events of the cause."""
        return int(self.order.n_tied.sum())

    def tidy(self, exponentiate: bool = False, conf_level: float | None = None) -> pd.DataFrame:
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
        """
        with np.errstate(invalid="ignore"):
            std_error = np.sqrt(np.diag(self.cov))
        return coefficient_table(
            self.names,
            self.beta,
            std_error,
            conf_level=self.conf_level if conf_level is None else conf_level,
            exponentiate=exponentiate,
        )

    def vcov(self) -> pd.DataFrame:
        """Give the covariance of the coefficients.

        Returns
        -------
        pandas.DataFrame
            Rows and columns by name.
        """
        return pd.DataFrame(self.cov.copy(), index=list(self.names), columns=list(self.names))

    def confint(self, conf_level: float | None = None) -> pd.DataFrame:
        """Give the limits of the coefficients.

        Parameters
        ----------
        conf_level : float, optional
            Level; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns term, conf_low, conf_high.
        """
        return self.tidy(conf_level=conf_level)[[TERM, CONF_LOW, CONF_HIGH]]

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns cause, n_obs, n_event (of the cause), n_competing, n_missing, log_lik,
            log_lik_null, statistic, df, p_value (pseudo-likelihood ratio), variance,
            n_cluster, converged, conf_level.
        """
        statistic = 2.0 * (self.log_lik - self.log_lik_null)
        df = len(self.beta)
        row = {
            CAUSE: self.cause,
            "n_obs": self.frame.n_obs,
            N_EVENT: self.n_event,
            "n_competing": self.frame.n_event - self.n_event,
            "n_missing": self.n_missing,
            "log_lik": self.log_lik,
            "log_lik_null": self.log_lik_null,
            "statistic": statistic,
            DF: df,
            P_VALUE: float(chi_square_p(statistic, df)) if df else np.nan,
            "variance": self.variance,
            "n_cluster": min((len(g.labels) for g in self.frame.clusters), default=0),
            CONVERGED: self.optimum.converged and not self.trouble,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Ratios and the whole fit; prints as text, shows as HTML in a notebook.
        """
        heading = f"Sub-distribution hazard ratios: {self.cause}"
        frames = (self.tidy(exponentiate=True).drop(columns=DF), self.glance())
        return Summary(heading, frames, " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the ratios with their intervals.

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

        head = f"Sub-hazard ratio ({self.conf_level:.0%} interval)"
        return ratio_dots(self.tidy(exponentiate=True), ax, head)

    def predict(
        self,
        newdata: Any,
        times: Sequence[float] | None = None,
        *,
        conf_level: float | None = None,
    ) -> "PredictedIncidence":
        """Predict cumulative incidence curves.

        Parameters
        ----------
        newdata : frame
            Covariates, a row a curve; columns of strata() too, or each row gets every stratum.
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
            If a time is negative.
        """
        from rpcstats.survival.competing.predicted_incidence import predict_incidence

        return predict_incidence(self, newdata, times, conf_level=conf_level)

    def residuals(self, kind: "ResidualKind" = "schoenfeld") -> pd.DataFrame:
        """Give residuals.

        Parameters
        ----------
        kind : {"schoenfeld", "score", "dfbeta"}
            One row an event of the cause, or one a row of the data.

        Returns
        -------
        pandas.DataFrame
            As `subdistribution_residuals`.

        Raises
        ------
        ParameterError
            If the kind is unknown.
        """
        from rpcstats.survival.competing.subdistribution_residuals import subdistribution_residuals

        return subdistribution_residuals(self, kind)

    def proportional_hazards(self, transform: "Transform" = "rank") -> "ProportionalSubhazardsTest":
        """Test whether the sub-distribution hazards are proportional.

        Parameters
        ----------
        transform : {"rank", "identity", "log"}
            Scale of time on which the coefficients may change.

        Returns
        -------
        ProportionalSubhazardsTest
            One test a coefficient, and one for all.

        Raises
        ------
        ParameterError
            If the scale is unknown, or does not take the times.
        """
        from rpcstats.survival.competing.proportional_subhazards import proportional_subhazards

        return proportional_subhazards(self, transform)
