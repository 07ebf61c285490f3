"""Pseudo-values of the rows of a sample: the result."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import ESTIMATE, TIME
from rpcstats.survival.nonparametric._pseudo import (
    PseudoKind,
)
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
Jackknife = Literal["infinitesimal", "leave-one-out"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PseudoValues(Summarised):
    """Pseudo-values of each row at one time or several.

    Attributes
    ----------
    values : ndarray of shape (n, q)
        One column a time.
    times : ndarray of shape (q,)
        The times.
    of : str
        What is estimated.
    jackknife : str
        "infinitesimal" or "leave-one-out".
    kept : ndarray of shape (n,), int
        Positions of the rows in the data given.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    values: FloatArray
    times: FloatArray
    of: PseudoKind
    jackknife: Jackknife
    kept: NDArray[np.int64]
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per row of the data and time.

        Returns
        -------
        pandas.DataFrame
            Columns row (position in the data given), time, estimate (the pseudo-value).
        """
        n, q = self.values.shape
        return pd.DataFrame(
            {
                "row": np.repeat(self.kept, q),
                TIME: np.tile(self.times, n),
                ESTIMATE: self.values.ravel(),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_time, of, jackknife, n_missing.
        """
        row = {
            "n_obs": len(self.values),
            "n_time": len(self.times),
            "of": self.of,
            "jackknife": self.jackknife,
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
        frame = pd.DataFrame({TIME: self.times, "mean": self.values.mean(axis=0)})
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        return Summary(f"Pseudo-values of {self.of} ({self.jackknife} jackknife)", (frame,), lost)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw how the pseudo-values of each time are spread.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.cumulative_shares import cumulative_shares

        frame = self.tidy()
        frame[TIME] = [f"Time {time:g}" for time in frame[TIME]]
        words = f"Pseudo-value of {self.of}"
        return cumulative_shares(frame, series=TIME, value=ESTIMATE, ax=ax, xlabel=words)
