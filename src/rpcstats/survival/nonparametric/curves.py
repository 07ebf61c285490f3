"""Kaplan-Meier curves: what was estimated and how it is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import ConfType, survival_interval
from rpcstats._vocabulary import ESTIMATE, ReleaseKind
from rpcstats.errors import ParameterError
from rpcstats.survival._product_limit import restricted_area
from rpcstats.survival.course_words import Worded
from rpcstats.survival.nonparametric._curve_rows import CurveRows
from rpcstats.survival.nonparametric._reading import read_quantiles, read_survival, survival_frame
from rpcstats.survival.nonparametric.bands import BandKind, SurvivalBands, survival_bands
from rpcstats.survival.nonparametric.design_effect import design_effect
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.survival.structure.remarks import few_before_remark
from rpcstats.tables.summary import Summarised, Summary, counted

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
    start : ndarray of shape (k + 1,), int
        Where each group's times begin in the arrays below.
    time, n_risk, n_event, n_censor : ndarray of shape (m,)
        Distinct times by group, with the counts (or weights) at risk, failing and leaving.
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
    start: NDArray[np.int64]
    time: FloatArray
    n_risk: FloatArray
    n_event: FloatArray
    n_censor: FloatArray
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
        if not 0 < as_number(tau) < np.inf:
            raise ParameterError("tau is out of range", ["give a finite horizon above 0"])
        rows = self.rows
        areas = [
            restricted_area(self.time[a:b], self.estimate[a:b], self.std_error_log[a:b] ** 2, tau)
            for a, b in pairwise(self.start)
        ]
        return RestrictedMean.from_areas(
            areas,
            robust=None if rows is None else rows.area_covariance(self.estimate, tau),
            remarks=(
                *few_before_remark(self.strata, self.start, self.time, self.n_risk, tau),
                *(() if rows is None else rows.error_remarks(self.strata)),
            ),
            strata=self.strata,
            sizes=self.group_size,
            events=self.group_events,
            tau=tau,
            conf_level=self.conf_level,
            n_missing=self.n_missing,
            curves=self.tidy,
            design_effect=self.design_effect,
        )

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
        kind, first, last, conf_type, conf_level
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
        frame = self.median().drop(columns="quantile").rename(columns={ESTIMATE: "median"})
        frame.insert(1, "n_obs", self.group_size)
        frame.insert(2, "n_event", self.group_events)
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        scale = f"{self.conf_level:.0%} intervals on the {self.conf_type} scale."
        return Summary("Kaplan-Meier estimate", (frame,), " ".join([scale, lost, *self.remarks]))

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
