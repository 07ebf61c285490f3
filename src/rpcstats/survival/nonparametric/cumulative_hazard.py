"""Nelson-Aalen cumulative hazards: what was estimated and how it is read."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.intervals import ConfType, normal_quantile, survival_limits
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STD_ERROR,
    STRATA,
    TIME,
)
from rpcstats.survival.course_words import Worded
from rpcstats.survival.nonparametric._band_stretch import BandKind
from rpcstats.survival.nonparametric._hazard_sums import (
    HazardScale,
    HazardTies,
    hazard_limits,
)
from rpcstats.survival.nonparametric._reading import read_risk, read_steps, wanted_times
from rpcstats.survival.nonparametric.hazard_bands import HazardBands, hazard_bands
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class NelsonAalen(Worded, Summarised):
    """Cumulative hazards, one for each group.

    Attributes
    ----------
    strata : tuple of str
        Label of each group; "all" if there is one curve.
    start : ndarray of shape (k + 1,), int
        Where each group's times begin in the arrays below.
    time, n_risk, n_event, n_censor : ndarray of shape (m,)
        Distinct times by group, with the counts (or weights) at risk, failing and leaving.
    estimate, std_error : ndarray of shape (m,)
        Cumulative hazard up to and including t, and its standard error.
    group_size, group_events : ndarray of shape (k,), int
        Rows and rows with the event, by group, whatever their weights.
    ties : str
        "breslow" or "fleming-harrington".
    conf_type, conf_level : str, float
        Scale and level of the limits.
    is_weighted, is_robust : bool
        Whether case weights and the infinitesimal-jackknife variance were used.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    strata: tuple[str, ...]
    start: IntArray
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    group_size: IntArray
    group_events: IntArray
    ties: HazardTies
    conf_type: HazardScale
    conf_level: float
    is_weighted: bool
    is_robust: bool
    n_missing: int
    remarks: tuple[str, ...]

    @property
    def conf_low(self) -> FloatArray:
        """Lower pointwise limits, of shape (m,)."""
        return self.limits()[0]

    @property
    def conf_high(self) -> FloatArray:
        """Upper pointwise limits, of shape (m,)."""
        return self.limits()[1]

    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Give the pointwise limits, which are worked out when they are asked for.

        Returns
        -------
        tuple of ndarray of shape (m,)
            Lower and upper limits.
        """
        half = normal_quantile(self.conf_level) * self.std_error
        low, high = hazard_limits(self.estimate, half, self.conf_type)
        low.setflags(write=False)
        high.setflags(write=False)
        return low, high

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and distinct time.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, n_event, n_censor, estimate, std_error, conf_low,
            conf_high; a fresh copy. The hazard is 0 before the first time.
        """
        return self._frame(self.estimate, self.std_error, self.limits())

    def survival(self, conf_type: ConfType = "log-log") -> pd.DataFrame:
        """Give the survival curves exp(-H), which never reach 0.

        Parameters
        ----------
        conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
            Scale of the limits.

        Returns
        -------
        pandas.DataFrame
            Columns as `tidy`.

        Raises
        ------
        ParameterError
            If `conf_type` is unknown.

        Notes
        -----
        Breslow (1972) with ties "breslow", Fleming and Harrington (1984) with the other.
        """
        S = np.exp(-self.estimate)
        half = normal_quantile(self.conf_level) * self.std_error
        return self._frame(S, S * self.std_error, survival_limits(S, half, conf_type))

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Read the cumulative hazards at given times.

        Parameters
        ----------
        times : array_like
            Times, 0 or more.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, estimate, std_error, conf_low, conf_high; NaN after
            the last time of a group. `n_risk` is that of the next time seen.

        Raises
        ------
        ParameterError
            If a time is negative or not a number.
        """
        wanted = wanted_times(times)
        edge = np.nan if self.conf_type == "log" else 0.0
        arrays = (self.estimate, self.std_error, *self.limits())
        names = (ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH)
        parts = []
        for label, (a, b) in zip(self.strata, pairwise(self.start), strict=True):
            starts = (0.0, 0.0, edge, edge)
            pairs = zip(arrays, starts, strict=True)
            curves = [(values[a:b], at_start) for values, at_start in pairs]
            found = read_steps(self.time[a:b], wanted, curves, is_complete=False)
            at_risk = read_risk(self.time[a:b], self.n_risk[a:b], wanted)
            columns = {STRATA: label, TIME: wanted, N_RISK: at_risk}
            parts.append(pd.DataFrame({**columns, **dict(zip(names, found, strict=True))}))
        return pd.concat(parts, ignore_index=True)

    def bands(
        self,
        kind: BandKind = "hall-wellner",
        *,
        first: float | None = None,
        last: float | None = None,
        conf_type: HazardScale | None = None,
        conf_level: float | None = None,
    ) -> HazardBands:
        """Give bands that hold the whole of each true cumulative hazard between two times.

        Parameters
        ----------
        kind : {"hall-wellner", "equal-precision"}
            Which band.
        first, last : float, optional
            Stretch of time; from the first event to the last if not given.
        conf_type : {"log", "plain", "arcsine"}, optional
            Scale of the limits; that of the hazards if not given.
        conf_level : float, optional
            Probability that a band holds its whole cumulative hazard; that of the pointwise
            limits if not given.

        Returns
        -------
        HazardBands
            The bands.
        """
        return hazard_bands(
            self, kind, first=first, last=last, conf_type=conf_type, conf_level=conf_level
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, n_missing, conf_level.
        """
        row = {
            "n_obs": int(self.group_size.sum()),
            N_EVENT: int(self.group_events.sum()),
            "n_group": len(self.strata),
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
        last = self.start[1:] - 1
        frame = self.tidy().iloc[last].drop(columns=[N_RISK, N_EVENT, N_CENSOR])
        frame.insert(1, "n_obs", self.group_size)
        frame.insert(2, N_EVENT, self.group_events)
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        scale = (
            f"At the last time of each group. {self.conf_level:.0%} intervals ({self.conf_type})."
        )
        return Summary(
            "Nelson-Aalen cumulative hazard, at the last time",
            (frame,),
            " ".join([scale, lost, *self.remarks]),
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the cumulative hazards with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.cumulative_hazards import cumulative_hazards

        return cumulative_hazards(self.tidy(), ax=ax, xlabel=self.words.clock)

    def _frame(
        self, estimate: FloatArray, std_error: FloatArray, limits: tuple[FloatArray, FloatArray]
    ) -> pd.DataFrame:
        kind = np.float64 if self.is_weighted else np.int64
        return pd.DataFrame(
            {
                STRATA: np.repeat(np.array(self.strata, dtype=object), np.diff(self.start)),
                TIME: self.time.copy(),
                N_RISK: self.n_risk.astype(kind),
                N_EVENT: self.n_event.astype(kind),
                N_CENSOR: self.n_censor.astype(kind),
                ESTIMATE: estimate.copy(),
                STD_ERROR: std_error.copy(),
                CONF_LOW: limits[0].copy(),
                CONF_HIGH: limits[1].copy(),
            }
        )
