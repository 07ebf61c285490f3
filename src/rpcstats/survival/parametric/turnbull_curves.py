"""Survival known by intervals: what was estimated and how it is read."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_numbers
from rpcstats._vocabulary import (
    CONVERGED,
    ESTIMATE,
    INTERVAL_MASSES,
    STRATA,
    SURVIVAL_BOUNDS,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.tables.summary import Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Turnbull:
    """Distribution of interval-censored times without a model, one for each group.

    Attributes
    ----------
    strata : tuple of str
        Label of each group, such as "mode=online"; "all" if there is one.
    start : ndarray of shape (g + 1,), int
        Where each group's intervals begin in the arrays below.
    lower, upper : ndarray of shape (m,)
        Innermost intervals (lower, upper], or points where both are equal; an infinite upper
        limit means after the last time seen.
    mass : ndarray of shape (m,)
        Probability of each; they sum to 1 in a group.
    group_size, group_events : ndarray of shape (g,), int
        Rows, and rows whose event is known to have happened.
    log_lik : ndarray of shape (g,)
        Log-likelihood of each group.
    excess : ndarray of shape (g,)
        Largest share by which a derivative exceeds its bound (Karush-Kuhn-Tucker): 0 where the
        masses are the maximum likelihood estimate.
    unique : ndarray of shape (g,), bool
        Whether no other masses have that likelihood.
    converged : bool
        Whether the masses are the maximum likelihood estimate in every group.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    strata: tuple[str, ...]
    start: IntArray
    lower: FloatArray
    upper: FloatArray
    mass: FloatArray
    group_size: IntArray
    group_events: IntArray
    log_lik: FloatArray
    excess: FloatArray
    unique: NDArray[np.bool_]
    converged: bool
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and interval with mass.

        Returns
        -------
        pandas.DataFrame
            Columns strata, lower, upper, estimate (the mass), before and after (survival up to
            the interval and from its end); a fresh copy.
        """
        frame = pd.DataFrame(
            {
                STRATA: np.repeat(np.array(self.strata, dtype=object), np.diff(self.start)),
                "lower": self.lower.copy(),
                "upper": self.upper.copy(),
                ESTIMATE: self.mass.copy(),
            }
        )
        after = np.concatenate(
            [1.0 - np.cumsum(self.mass[a:b]) for a, b in pairwise(self.start.tolist())]
        )
        # Rounding may leave 1e-17 of a survival of 0.
        after[np.abs(after) < 1e-12] = 0.0
        frame["before"], frame["after"] = after + self.mass, after
        massive = frame[ESTIMATE] > 0.0
        return frame.loc[massive, list(INTERVAL_MASSES)].reset_index(drop=True)

    def curve(self) -> pd.DataFrame:
        """Give survival at the end of each interval with mass.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, estimate: a step curve that falls at the latest possible
            times; 1 before the first.
        """
        frame = self.tidy()
        frame = frame[np.isfinite(frame["upper"])]
        return pd.DataFrame(
            {STRATA: frame[STRATA], TIME: frame["upper"], ESTIMATE: frame["after"]}
        ).reset_index(drop=True)

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Read survival at given times.

        Parameters
        ----------
        times : array_like
            Times, 0 or more.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, lowest, highest: within an interval the likelihood does not
            say where its mass lies, so survival there is known by bounds alone.

        Raises
        ------
        ParameterError
            If a time is negative or not a number.
        """
        wanted = np.atleast_1d(as_numbers(times))
        if not np.all(wanted >= 0):
            raise ParameterError("at() was given a time that is not one", ["use numbers from 0 up"])
        parts = []
        for label, (a, b) in zip(self.strata, pairwise(self.start.tolist()), strict=True):
            lower, upper, mass = self.lower[a:b], self.upper[a:b], self.mass[a:b]
            begun = (lower < wanted[:, None]) | (upper <= wanted[:, None])
            ended = upper <= wanted[:, None]
            low, high = (np.clip(1.0 - share @ mass, 0.0, 1.0) for share in (begun, ended))
            parts.append(
                pd.DataFrame({STRATA: label, TIME: wanted, "lowest": low, "highest": high})
            )
        return pd.concat(parts, ignore_index=True)[list(SURVIVAL_BOUNDS)]

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, log_lik, converged, excess, n_missing.
        """
        row = {
            "n_obs": int(self.group_size.sum()),
            "n_event": int(self.group_events.sum()),
            "n_group": len(self.strata),
            "log_lik": float(self.log_lik.sum()),
            CONVERGED: self.converged,
            "excess": float(self.excess.max()),
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def median(self) -> pd.DataFrame:
        """Give the interval in which half have had the event.

        Returns
        -------
        pandas.DataFrame
            Columns strata, lower, upper; the upper limit is infinite where survival is above
            one half at the last time seen.
        """
        rows = []
        for label, (a, b) in zip(self.strata, pairwise(self.start.tolist()), strict=True):
            place = int(np.searchsorted(np.cumsum(self.mass[a:b]), 0.5 - 1e-12))
            place = min(place, b - a - 1)
            rows.append((label, self.lower[a + place], self.upper[a + place]))
        return pd.DataFrame(rows, columns=[STRATA, "lower", "upper"])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        frame = self.median().rename(columns={"lower": "median_from", "upper": "median_to"})
        frame.insert(1, "n_obs", self.group_size)
        frame.insert(2, "n_event", self.group_events)
        head = f"Turnbull's estimate of interval-censored times: {counted(len(frame), 'group')}"
        return Summary(head, (frame,), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw survival, with a box over each interval in which it falls unseen.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.fitted_curves import interval_curves

        return interval_curves(self.tidy(), ax=ax)

    def __repr__(self) -> str:
        """Give the summary as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
