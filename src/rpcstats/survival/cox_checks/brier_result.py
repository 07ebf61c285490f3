"""Brier scores of predicted survival, and how they are read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    MEASURE,
    N_EVENT,
    STD_ERROR,
    TIME,
)
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
CensoringModel = Literal["km", "cox"]

MEASURES: Final = ("brier", "brier_null", "difference", "prediction_accuracy")
_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class BrierScore(Summarised):
    """Brier scores at some times, integrated, and against a curve without covariates.

    Attributes
    ----------
    time : ndarray of shape (k,)
        Times scored.
    estimate, std_error : ndarray of shape (k, 4)
        Score of the model, score of the Kaplan-Meier curve of all rows, their difference, and
        the index of prediction accuracy, 1 less their ratio.
    integrated, integrated_error : ndarray of shape (4,)
        The same from time 0 to the last time scored, divided by that time.
    grid, grid_score, grid_null : ndarray of shape (g,)
        Times of the integral with the scores of the model and of the curve.
    censoring : {"km", "cox"}
        Where the censoring weights come from.
    n_obs, n_event : int
        Rows and events.
    n_missing : int
        Rows left out because a value was missing.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    time: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    integrated: FloatArray
    integrated_error: FloatArray
    grid: FloatArray
    grid_score: FloatArray
    grid_null: FloatArray
    censoring: CensoringModel
    n_obs: int
    n_event: int
    n_missing: int
    conf_level: float
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row a time and measure.

        Returns
        -------
        pandas.DataFrame
            Columns time, measure (brier, brier_null, difference, prediction_accuracy), estimate,
            std_error, conf_low, conf_high. Limits of scores stay between 0 and 1.
        """
        frame = self._table(self.estimate, self.std_error)
        frame.insert(0, TIME, np.repeat(self.time, len(MEASURES)))
        return frame

    def integrated_table(self) -> pd.DataFrame:
        """Give the scores integrated up to the last time.

        Returns
        -------
        pandas.DataFrame
            Columns measure, estimate, std_error, conf_low, conf_high.
        """
        return self._table(self.integrated[None, :], self.integrated_error[None, :])

    def _table(self, estimate: FloatArray, std_error: FloatArray) -> pd.DataFrame:
        half = normal_quantile(self.conf_level) * std_error
        low, high = estimate - half, estimate + half
        low[:, :2], high[:, :2] = np.maximum(low[:, :2], 0.0), np.minimum(high[:, :2], 1.0)
        return pd.DataFrame(
            {
                MEASURE: np.tile(np.array(MEASURES, dtype=object), len(estimate)),
                ESTIMATE: estimate.ravel(),
                STD_ERROR: std_error.ravel(),
                CONF_LOW: low.ravel(),
                CONF_HIGH: high.ravel(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give the integrated scores in one row.

        Returns
        -------
        pandas.DataFrame
            Columns brier, brier_null, difference, prediction_accuracy (all integrated),
            conf_low and conf_high of the first, tau, censoring, n_obs, n_event, n_missing.
        """
        table = self.integrated_table()
        row = {
            **dict(zip(MEASURES, self.integrated.tolist(), strict=True)),
            CONF_LOW: float(table[CONF_LOW].iloc[0]),
            CONF_HIGH: float(table[CONF_HIGH].iloc[0]),
            "tau": float(self.time[-1]),
            "censoring": self.censoring,
            "n_obs": self.n_obs,
            N_EVENT: self.n_event,
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook; of many times, five.
        """
        places = np.unique(np.linspace(0, len(self.time) - 1, _SHOWN).round().astype(int))
        shown = self.tidy()
        shown = shown[shown[TIME].isin(self.time[places])]
        heading = f"Brier score (integrated from 0 to {self.time[-1]:g})"
        return Summary(heading, (self.integrated_table(), shown), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the scores of the model and of the curve without covariates over time.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        from rpcstats.figures.prediction_checks import prediction_error

        time = np.concatenate([[0.0], self.grid])
        lines = {"Model": self.grid_score, "Without covariates": self.grid_null}
        parts = [
            pd.DataFrame({"model": name, TIME: time, ESTIMATE: np.concatenate([[0.0], score])})
            for name, score in lines.items()
        ]
        return prediction_error(pd.concat(parts, ignore_index=True), ax=ax)
