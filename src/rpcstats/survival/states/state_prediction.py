"""Occupation of states predicted from Cox models of the transitions."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import ConfType
from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STATE, STD_ERROR, TIME
from rpcstats.errors import ParameterError
from rpcstats.survival.states.curve_frames import limits
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class StatePrediction(Summarised):
    """Probabilities of the states for new rows.

    Attributes
    ----------
    states : tuple of str
        Names of the s states.
    start : str
        State held at `since`.
    since : float
        Time from which was predicted.
    time : ndarray of shape (t,)
        Times.
    estimate, std_error : ndarray of shape (r, t, s)
        Probabilities by new row, time and state; NaN after the last time seen.
    conf_type, conf_level : str, float
        Scale and level of the limits.
    n_missing : int
        Rows of the fit left out for a missing value.
    remarks : tuple of str
        What a reader has to know.
    """

    states: tuple[str, ...]
    start: str
    since: float
    time: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    conf_type: ConfType
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per new row, state and time.

        Returns
        -------
        pandas.DataFrame
            Columns row, state, time, estimate, std_error, conf_low, conf_high.
        """
        r, t, s = self.estimate.shape
        estimate, error = (
            values.transpose(0, 2, 1).ravel() for values in (self.estimate, self.std_error)
        )
        low, high = limits(estimate, error, self.conf_type, self.conf_level)
        return pd.DataFrame(
            {
                "row": np.repeat(np.arange(r), s * t),
                STATE: np.tile(np.repeat(np.array(self.states, dtype=object), t), r),
                TIME: np.tile(self.time, r * s),
                ESTIMATE: estimate,
                STD_ERROR: error,
                CONF_LOW: low,
                CONF_HIGH: high,
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_row, n_state, start, since, n_missing, conf_level.
        """
        row = {
            "n_row": len(self.estimate),
            "n_state": len(self.states),
            "start": self.start,
            "since": self.since,
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        frame = self.tidy()
        known = frame[frame[ESTIMATE].notna()]
        last = known[known[TIME] == known[TIME].max()]
        heading = f"Predicted occupation from {self.start} at {self.since:g}"
        return Summary(heading, (last,), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None, *, row: int = 0) -> "Axes":
        """Draw the probabilities of one new row, stacked on each other.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.
        row : int
            Which row.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.

        Raises
        ------
        ParameterError
            If there is no such row.
        """
        from rpcstats.figures.occupation import state_occupation

        if not 0 <= row < len(self.estimate):
            raise ParameterError("There is no such row", [f"give 0 to {len(self.estimate) - 1}"])
        frame = self.tidy()
        return state_occupation(
            frame[(frame["row"] == row) & frame[ESTIMATE].notna()], ax=ax, start=self.since
        )
