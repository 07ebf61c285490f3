"""A fitted Royston-Parmar model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats.survival.parametric._spline_model import SplineLayout
from rpcstats.survival.parametric._standard import StandardName
from rpcstats.survival.parametric.estimates import TimeEstimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
SplineScale = Literal["hazard", "odds", "normal"]
SplineKind = Literal["survival", "hazard", "cumulative_hazard", "hazard_ratio", "quantile", "rmst"]

ERRORS: Final[dict[SplineScale, StandardName]] = {
    "hazard": "extreme",
    "odds": "logistic",
    "normal": "normal",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class RoystonParmarFit(TimeEstimates):
    """Flexible parametric survival model, fitted by maximum likelihood.

    Attributes
    ----------
    scale : {"hazard", "odds", "normal"}
        What the spline is of.
    layout : SplineLayout
        Knots, and what the predictor is made of.
    kind : ndarray of shape (n,), int8
        0 right-censored, 1 exact, 2 left-censored, 3 an interval.
    rising : tuple of str
        Where fitted survival rises, if so; among the remarks too.
    """

    scale: SplineScale
    layout: SplineLayout
    kind: NDArray[np.int8]
    rising: tuple[str, ...]

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        what = {"hazard": "log cumulative hazard", "odds": "log odds", "normal": "probit"}
        df = len(self.layout.knots) - 1
        return f"Royston-Parmar model of the {what[self.scale]} of the event, df {df}"

    @property
    def knots(self) -> FloatArray:
        """Knots as times, the boundaries first and last."""
        return np.exp(self.layout.knots)

    @property
    def is_monotone(self) -> bool:
        """Whether fitted survival falls everywhere within the follow-up."""
        return not self.rising

    def predict(
        self,
        newdata: Any = None,
        *,
        kind: SplineKind = "survival",
        times: ArrayLike | None = None,
        reference: Any = None,
        probs: ArrayLike = (0.5,),
        tau: float | None = None,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict for rows old or new, with limits by the delta method.

        Parameters
        ----------
        newdata : frame, optional
            Rows with the columns of the right side; the rows of the fit if not given.
        kind : {"survival", "hazard", "cumulative_hazard", "hazard_ratio", "quantile", "rmst"}
            Probability of no event by each time; rate of events there; its integral; hazard
            over that of `reference`; time by which a share has had the event; mean time without
            the event up to `tau`.
        times : array_like, optional
            Times; 25 even steps up to the last time seen if not given.
        reference : frame, optional
            Of a hazard ratio: one row for all, or one for each new row.
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
            conf_low, conf_high; a hazard is missing where fitted survival rises.

        Raises
        ------
        ParameterError
            If an option is unknown, missing or out of range.
        DataError
            If new rows lack a column, or hold a category the fit has not seen.

        Notes
        -----
        Limits are taken on the scale of the model for survival, of the logarithm for hazards,
        their ratio and quantiles, and of the logit of the share of tau for restricted means.
        """
        from rpcstats.survival.parametric.spline_predict import predict_spline

        level = self.conf_level if conf_level is None else conf_level
        return predict_spline(
            self,
            newdata,
            kind=kind,
            times=times,
            reference=reference,
            probs=probs,
            tau=tau,
            conf_level=level,
        )

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
        from rpcstats.survival.parametric.spline_predict import mean_survival

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
