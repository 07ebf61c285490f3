"""Kaplan-Meier curves: what was estimated and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.intervals import ConfType, survival_interval
from rpcstats._vocabulary import ReleaseKind
from rpcstats.survival.course_words import Worded
from rpcstats.survival.nonparametric._band_stretch import BandKind
from rpcstats.survival.nonparametric._curve_rows import CurveRows
from rpcstats.survival.nonparametric._reading import (
    read_quantiles,
    read_survival,
    restricted_means,
    survival_frame,
    survival_summary,
)
from rpcstats.survival.nonparametric._time_counts import TimeCounts
from rpcstats.survival.nonparametric.bands import SurvivalBands, survival_bands
from rpcstats.survival.nonparametric.design_effect import design_effect
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class KaplanMeier(Worded, Summarised):
    """Kaplan-Meier curves, one for each group.

    Attributes
    ----------
    strata : tuple of str
        Label of each group, such as "mode=online"; "all" if there is one curve.
    time : ndarray of shape (m,)
        Distinct times by group.
    counts : TimeCounts
        Counts (or weights) at those times: `start`, `n_risk`, `n_event` and `n_censor`.
    estimate : ndarray of shape (m,)
        S(t), the probability of no event up to and including t.
    std_error_log : ndarray of shape (m,)
        Standard error of log S(t).
    group_size, group_events : ndarray of shape (k,), int
        Rows and rows with the event, by group, whatever their weights.
    conf_type, conf_level : str, float
        Scale and level of the limits.
    is_weighted, is_robust : bool
        Whether case weights and the infinitesimal-jackknife variance were used.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    rows : CurveRows or None
        The rows, kept where the variance is robust.
    """

    release_kind: ClassVar[ReleaseKind] = "curve"

    strata: tuple[str, ...]
    time: FloatArray
    counts: TimeCounts
    estimate: FloatArray
    std_error_log: FloatArray
    group_size: NDArray[np.int64]
    group_events: NDArray[np.int64]
    conf_type: ConfType
    conf_level: float
    is_weighted: bool
    is_robust: bool
    n_missing: int
    remarks: tuple[str, ...] = ()
    rows: CurveRows | None = None

    @property
    def start(self) -> NDArray[np.int64]:
        """Where each group's times begin, of shape (k + 1,)."""
        return self.counts.start

    @property
    def n_risk(self) -> FloatArray:
        """Counts or weights at risk at each time, of shape (m,), worked out when asked for."""
        return self.counts.n_risk

    @property
    def n_event(self) -> FloatArray:
        """Counts or weights failing at each time, of shape (m,)."""
        return self.counts.n_event

    @property
    def n_censor(self) -> FloatArray:
        """Counts or weights leaving without the event at each time, of shape (m,)."""
        return self.counts.n_censor

    @property
    def design_effect(self) -> float:
        """How much clustering inflates the variance; 1 without a robust variance."""
        return design_effect(self.tidy()) if self.is_robust else 1.0

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and distinct time.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, n_event, n_censor, estimate, std_error, conf_low,
            conf_high; a fresh copy. The curve is 1 before the first time.
        """
        return survival_frame(self)

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
            Lower and upper limits, read-only.
        """
        spread, scale = self.std_error_log, self.conf_type
        found = survival_interval(self.estimate, spread, scale, self.conf_level)
        for values in found:
            values.setflags(write=False)
        return found

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, n_missing, conf_level.
        """
        row = {
            "n_obs": int(self.group_size.sum()),
            "n_event": int(self.group_events.sum()),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Read the curves at given times.

        Parameters
        ----------
        times : array_like
            Times, 0 or more.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, estimate, std_error, conf_low, conf_high. `n_risk`
            is that of the next time seen. NaN after the last time of a curve still above 0.

        Raises
        ------
        ParameterError
            If a time is negative or not a number.
        """
        return read_survival(self, times)

    def quantile(self, q: float | Sequence[float]) -> pd.DataFrame:
        """Give the times by which a share q has had the event.

        Parameters
        ----------
        q : float or sequence of float
            Shares in (0, 1); 0.25 is where S(t) falls to 0.75.

        Returns
        -------
        pandas.DataFrame
            Columns strata, quantile, estimate, conf_low, conf_high; NaN where the curve or
            its limit never falls so far.

        Raises
        ------
        ParameterError
            If q is not inside (0, 1).

        Notes
        -----
        Where the curve runs exactly at 1 - q the middle of that step is taken, up to the last time
        seen if it never falls below. Limits are those times of the curve's own limits, the first
        if there are several (Brookmeyer and Crowley 1982).
        """
        return read_quantiles(self, q)

    def median(self) -> pd.DataFrame:
        """Give the times by which half have had the event.

        Returns
        -------
        pandas.DataFrame
            As `quantile(0.5)`.
        """
        return self.quantile(0.5)

    def rmst(self, tau: float) -> RestrictedMean:
        """Give the mean time without the event up to tau, the area under each curve.

        Parameters
        ----------
        tau : float
            Horizon, above 0, in the unit of time.

        Returns
        -------
        RestrictedMean
            One row a group; NaN for a group followed for less than tau.

        Raises
        ------
        ParameterError
            If tau is not above 0.

        Notes
        -----
        Errors of a robust variance are those of the infinitesimal jackknife, by cluster; groups
        that share clusters are correlated.
        """
        return restricted_means(self, tau)

    def bands(
        self,
        kind: BandKind = "hall-wellner",
        *,
        first: float | None = None,
        last: float | None = None,
        conf_type: ConfType | None = None,
        conf_level: float | None = None,
    ) -> SurvivalBands:
        """Give bands that hold the whole of each true curve between two times.

        Parameters
        ----------
        kind : str
            As in `survival_bands`.
        first, last : float, optional
            As in `survival_bands`.
        conf_type : str, optional
            As in `survival_bands`.
        conf_level : float, optional
            As in `survival_bands`.

        Returns
        -------
        SurvivalBands
            The bands.
        """
        return survival_bands(
            self, kind, first=first, last=last, conf_type=conf_type, conf_level=conf_level
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        return survival_summary(self)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the curves with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures import step_curve

        return step_curve(self.tidy(), ax=ax, **self.words.of_survival())
