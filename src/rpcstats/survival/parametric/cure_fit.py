"""A fitted mixture cure model."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats.formula import Design
from rpcstats.survival.parametric.estimates import TimeEstimates
from rpcstats.survival.parametric.families import FAMILIES, Distribution
from rpcstats.survival.parametric.follow_up import FollowUp

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
CureKind = Literal["survival", "cured", "latency"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CureFit(TimeEstimates):
    """Mixture cure model fitted by maximum likelihood.

    Attributes
    ----------
    dist : str
        Distribution of the times of those who have the event.
    incidence : Design
        Encoding of the covariates of the cured fraction.
    Z : ndarray of shape (n, q)
        Those covariates.
    incidence_names : tuple of str
        Names of the q columns.
    incidence_columns : ndarray of shape (q,), int
        Where they stand in the columns of `incidence`.
    kind : ndarray of shape (n,), int8
        0 right-censored, 1 exact, 2 left-censored, 3 an interval.
    follow_up : FollowUp or None
        Whether the follow-up was long enough; None for interval-censored times.
    is_boundary : bool
        Whether the cured fraction is estimated as 0.
    """

    dist: Distribution
    incidence: Design
    Z: FloatArray
    incidence_names: tuple[str, ...]
    incidence_columns: NDArray[np.int64]
    kind: NDArray[np.int8]
    follow_up: FollowUp | None
    is_boundary: bool

    @property
    def heading(self) -> str:
        """What was fitted, in words."""
        return f"Mixture cure model with {FAMILIES[self.dist].title} times"

    def cured_fraction(
        self, newdata: Any = None, *, conf_level: float | None = None
    ) -> pd.DataFrame:
        """Estimate the share that never has the event.

        Parameters
        ----------
        newdata : frame, optional
            Rows with the columns of `cure`; if not given, each pattern of the sample that
            differs in those.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns row, then the columns of the pattern if no new rows are given, n, estimate,
            std_error, conf_low, conf_high; limits on the scale of the log odds.
        """
        from rpcstats.survival.parametric.cure_predict import cured_fraction

        level = self.conf_level if conf_level is None else conf_level
        return cured_fraction(self, newdata, level)

    def predict(
        self,
        newdata: Any = None,
        *,
        kind: CureKind = "survival",
        times: ArrayLike | None = None,
        conf_level: float | None = None,
    ) -> pd.DataFrame:
        """Predict for rows old or new, with limits by the delta method.

        Parameters
        ----------
        newdata : frame, optional
            Rows with the columns of both parts; the rows of the fit if not given.
        kind : {"survival", "cured", "latency"}
            Probability of no event by each time; chance of being one of the cured given no
            event by then; survival of those who will have the event.
        times : array_like, optional
            Times; 25 even steps up to the last time seen if not given.
        conf_level : float, optional
            Level of the intervals; that of the fit if not given.

        Returns
        -------
        pandas.DataFrame
            Columns row (from 0), time, estimate, std_error, conf_low, conf_high.

        Raises
        ------
        ParameterError
            If an option is unknown or out of range.
        """
        from rpcstats.survival.parametric.cure_predict import predict_cure

        level = self.conf_level if conf_level is None else conf_level
        return predict_cure(self, newdata, kind, times, level)

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
        from rpcstats.survival.parametric.cure_predict import mean_survival

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
