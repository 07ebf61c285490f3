"""Cumulative incidence curves: what was estimated and how it is read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.intervals import ConfType
from rpcstats._vocabulary import N_EVENT, ReleaseKind
from rpcstats.errors import ParameterError
from rpcstats.survival.competing.cause_contrasts import CauseContrasts
from rpcstats.survival.competing.gray import gray_test_of
from rpcstats.survival.competing.gray_result import GrayTest
from rpcstats.survival.competing.incidence_counts import IncidenceRows
from rpcstats.survival.competing.incidence_reading import (
    event_free_curve,
    incidence_at,
    incidence_difference,
    incidence_frame,
    incidence_limits,
    incidence_summary,
)
from rpcstats.survival.competing.time_lost import TimeLost, time_lost
from rpcstats.survival.course_words import Worded
from rpcstats.survival.nonparametric.design_effect import design_effect
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class CumulativeIncidence(Worded, Summarised):
    """Cumulative incidence of every cause, one set of curves for each group.

    Attributes
    ----------
    strata : tuple of str
        Label of each of g groups, such as "mode=online"; "all" if there is one.
    causes : tuple of str
        The k causes that happened, in declared order.
    start : ndarray of shape (g + 1,), int
        Where each group's times begin in the arrays below.
    time, n_risk, n_censor : ndarray of shape (m,)
        Distinct times by group, with the counts (or weights) at risk and censored.
    n_event, estimate, std_error : ndarray of shape (k, m)
        Of each cause: events, incidence up to and including each time, its standard error.
    event_free : ndarray of shape (m,)
        Probability of no event of any cause.
    group_size : ndarray of shape (g,), int
        Rows of each group, whatever their weights.
    group_events : ndarray of shape (g, k), int
        Rows of each group that left for each cause.
    conf_type, conf_level : str, float
        Scale and level of the limits.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    rows : IncidenceRows
        The rows behind the curves.
    """

    release_kind: ClassVar[ReleaseKind] = "incidence"

    strata: tuple[str, ...]
    causes: tuple[str, ...]
    start: NDArray[np.int64]
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    event_free: FloatArray
    group_size: NDArray[np.int64]
    group_events: NDArray[np.int64]
    conf_type: ConfType
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]
    rows: IncidenceRows

    @property
    def variance(self) -> str:
        """How variances are estimated: "delta", "aalen" or "jackknife"."""
        return self.rows.variance

    def limits(self) -> tuple[FloatArray, FloatArray]:
        """Give the pointwise limits of the incidences.

        Returns
        -------
        tuple of ndarray of shape (k, m)
            Lower and upper limits; NaN where a curve is at 0.
        """
        return incidence_limits(self.estimate, self.std_error, self.conf_type, self.conf_level)

    @property
    def is_weighted(self) -> bool:
        """Whether case weights were used."""
        return self.rows.sample.weights is not None

    def tidy(self) -> pd.DataFrame:
        """Give one row per group, cause and distinct time.

        Returns
        -------
        pandas.DataFrame
            Columns strata, state (the cause), time, n_risk, n_event (of that cause), estimate,
            std_error, conf_low, conf_high; a fresh copy. Every curve is 0 before the first
            time. Limits are NaN while a curve is at 0.
        """
        return incidence_frame(self)

    @property
    def design_effect(self) -> float:
        """How much clustering inflates the variance; 1 without a robust variance."""
        return design_effect(self.event_free_curve())

    def event_free_curve(self) -> pd.DataFrame:
        """Give the probability of no event of any cause, one row per group and distinct time.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, n_event, n_censor, estimate, std_error, conf_low,
            conf_high, as those of `KaplanMeier.tidy`.
        """
        return event_free_curve(self)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole fit.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event (of any cause), n_cause, n_group, n_missing, conf_level,
            variance.
        """
        row = {
            "n_obs": int(self.group_size.sum()),
            N_EVENT: int(self.group_events.sum()),
            "n_cause": len(self.causes),
            "n_group": len(self.strata),
            "n_missing": self.n_missing,
            "conf_level": self.conf_level,
            "variance": self.variance,
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
            Columns strata, state, time, n_risk, estimate, std_error, conf_low, conf_high.
            `n_risk` is that of the next time seen. After the last time of a group that still
            had somebody free of events nothing is known: NaN, never the last value carried on.

        Raises
        ------
        ParameterError
            If a time is negative or not a number.
        """
        return incidence_at(self, times)

    def difference(self, time: float) -> CauseContrasts:
        """Compare the incidence of each cause at a time with that of the first group.

        Parameters
        ----------
        time : float
            Time, above 0.

        Returns
        -------
        CauseContrasts
            Difference and ratio for every cause and group but the first.

        Raises
        ------
        ParameterError
            If the time is out of range, there is one group, or a group was not followed so far.
        """
        return incidence_difference(self, time)

    def time_lost(self, tau: float) -> TimeLost:
        """Give the mean time lost to each cause up to tau, the area under its curve.

        Parameters
        ----------
        tau : float
            Horizon, above 0, in the unit of time.

        Returns
        -------
        TimeLost
            One row a group and cause; NaN for a group followed for less than tau.

        Raises
        ------
        ParameterError
            If tau is out of range.
        """
        return time_lost(self, tau)

    def gray_test(self, *, rho: float = 0.0) -> GrayTest:
        """Test, for each cause, whether the groups share one incidence curve.

        Parameters
        ----------
        rho : float
            Weight (1 - F(t-))^rho: above 0 early differences count more.

        Returns
        -------
        GrayTest
            One test a cause.

        Raises
        ------
        FormulaError
            If there is one group.
        ParameterError
            If rho is not finite, or the curves have weights, late entry or clusters.
        """
        return gray_test_of(self.rows.sample.with_ties(), rho=rho)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            The incidences at the end of follow-up; prints as text, shows as HTML in a notebook.
        """
        return incidence_summary(self)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        kind: Literal["stacked", "curves"] = "stacked",
        **options: Any,
    ) -> "Axes":
        """Draw the curves, stacked on each other or apart with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure with a panel a group if not given.
        kind : {"stacked", "curves"}
            Bands that add up to 1, or one line a cause (a panel a cause if there are groups).
        **options
            Options of `rpcstats.figures.stacked_incidence` or `incidence_curves`.

        Returns
        -------
        matplotlib Axes
            The axes drawn on, the first of several; ``.figure`` is the picture.

        Raises
        ------
        ParameterError
            If the kind is unknown, or axes are given for several panels.
        """
        from rpcstats.figures.incidence import incidence_curves, stacked_incidence

        charts = {"stacked": stacked_incidence, "curves": incidence_curves}
        if not isinstance(kind, str) or kind not in charts:
            raise ParameterError("kind is unknown", ["choose 'stacked' or 'curves'"])
        return charts[kind](self.tidy(), ax=ax, **{**self.words.of_incidence(kind), **options})

    @property
    def count_type(self) -> type[np.float64] | type[np.int64]:
        """Type of counts: whole numbers unless there are weights."""
        return np.float64 if self.is_weighted else np.int64

    def group_labels(self) -> NDArray[np.object_]:
        """Give the label of each distinct time's group.

        Returns
        -------
        ndarray of shape (m,), object
            Labels.
        """
        return np.repeat(np.array(self.strata, dtype=object), np.diff(self.start))
