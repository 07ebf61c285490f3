"""A fitted parametric regression on censored times."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats.survival.parametric.estimates import TimeEstimates
from rpcstats.survival.parametric.families import FAMILIES, Described, Distribution

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
Parameterisation = Literal["aft", "ph"]
PredictionKind = Literal[
    "survival", "hazard", "cumulative_hazard", "quantile", "mean", "rmst", "lp"
]
SurvregResidual = Literal["response", "deviance", "cox_snell"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class SurvregFit(TimeEstimates):
    """Parametric regression on censored times, fitted by maximum likelihood.

    Attributes
    ----------
    dist : str
        The distribution.
    parameterisation : {"aft", "ph"}
        Whether coefficients tell of log time or of the log hazard.
    kind : ndarray of shape (n,), int8
        0 right-censored, 1 exact, 2 left-censored, 3 an interval.
    theta : ndarray of shape (P,)
        Coefficients of the location and the other parameters, whatever the parameterisation.
    theta_cov : ndarray of shape (P, P)
        Their covariance, robust if the fit is.
    centre : ndarray of shape (p,)
        Means of the location's columns where there is an intercept, else 0; 0 for the intercept.
    centred_cov : ndarray of shape (P, P)
        Covariance of the coefficients when the columns are taken from there.
    """

    dist: Distribution
    parameterisation: Parameterisation
    kind: NDArray[np.int8]
    theta: FloatArray
    theta_cov: FloatArray
    centre: FloatArray
    centred_cov: FloatArray

    @property
    def described(self) -> Described:
        """The distribution, with its words."""
        return FAMILIES[self.dist]

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        about = "log hazard" if self.parameterisation == "ph" else "log time"
        if self.described.effect == "hazard ratio":
            about = "log hazard"
        elif not self.described.on_log:
            about = "time"
        return f"{self.described.title} regression of {about}"

    @property
    def scale(self) -> FloatArray:
        """Scale of each stratum, 1 for the exponential; empty where there is none."""
        if self.dist == "exponential":
            return np.ones(1)
        places = [j for j, name in enumerate(self._inner_names) if name.startswith("Log(scale)")]
        return np.exp(self.theta[places])

    @property
    def _inner_names(self) -> tuple[str, ...]:
        from rpcstats.survival.parametric.parameters import inner_names

        return inner_names(self.frame, self.described.family)

    def log_lik_null(self) -> float:
        """Fit the model without covariates and give its log-likelihood.

        Returns
        -------
        float
            Log-likelihood with an intercept, and the scales of the strata, alone.
        """
        from rpcstats.survival.parametric.estimate_survreg import null_log_lik

        return null_log_lik(self)

    def predict(
        self,
        newdata: Any = None,
        *,
        kind: PredictionKind = "survival",
        times: ArrayLike | None = None,
        probs: ArrayLike = (0.5,),
        tau: float | None = None,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict for rows old or new, with limits by the delta method.

        Parameters
        ----------
        newdata : frame, optional
            Rows with the columns of the right side; the rows of the fit if not given.
        kind : {"survival", "hazard", "cumulative_hazard", "quantile", "mean", "rmst", "lp"}
            Probability of no event by each time; rate of events there; its integral; time by
            which a share has had the event; mean time; mean time without the event up to
            `tau`; the linear predictor.
        times : array_like, optional
            Times of survival and hazard; 25 even steps up to the last time seen if not given.
        probs : array_like
            Shares for the quantiles, in (0, 1); 0.5 is the median.
        tau : float, optional
            Horizon of the restricted mean; the last time seen if not given.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns row (from 0), time or quantile where there are several, estimate, std_error,
            conf_low, conf_high.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        DataError
            If new rows lack a column, or hold a category or stratum the fit has not seen.

        Notes
        -----
        Standard errors are those of the estimate itself. Limits are taken on the scale of
        log(−log S) for survival, of the logarithm for hazards and for times of a distribution of
        log time, and of the estimate otherwise.
        """
        from rpcstats.survival.parametric.predict import predict_survreg

        level = self.conf_level if conf_level is None else conf_level
        return predict_survreg(
            self, newdata, kind=kind, times=times, probs=probs, tau=tau, conf_level=level
        )

    def residuals(self, kind: SurvregResidual = "deviance") -> FloatArray:
        """Give residuals of the rows used.

        Parameters
        ----------
        kind : {"response", "deviance", "cox_snell"}
            Time less the time of the location; signed root of twice the log-likelihood lost
            against the best location of the row; cumulative hazard at the time, which for a
            model that fits is a censored exponential of mean 1.

        Returns
        -------
        ndarray of shape (n_obs,)
            The residuals.

        Raises
        ------
        ParameterError
            If `kind` is unknown, or deviance residuals are wanted with late entry.
        """
        from rpcstats.survival.parametric.residuals import survreg_residuals

        return survreg_residuals(self, kind)

    def mean_survival(self, times: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
        """Average the fitted survival of some rows.

        Parameters
        ----------
        times : ndarray of shape (k,)
            Times above 0.
        rows : ndarray of int
            Positions among the rows used.

        Returns
        -------
        ndarray of shape (k,)
            Mean survival, by the case weights.
        """
        from rpcstats.survival.parametric.predict import mean_survival

        return mean_survival(self, times, rows)

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
        from rpcstats.survival.parametric.fitted_survival import plot_fitted

        return plot_fitted(self, ax)
