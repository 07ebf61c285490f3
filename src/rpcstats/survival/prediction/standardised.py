"""Standardised survival under each level of an exposure, and contrasts of risk."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import normal_quantile, two_sided_p
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    LEVEL,
    P_VALUE,
    SCALE,
    STATISTIC,
    STD_ERROR,
    STRATA,
    TERM,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.survival.structure.effects import Effects
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
Contrast = Literal["difference", "ratio"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class StandardisedSurvival(Summarised):
    """Survival if everybody had one level of an exposure.

    Attributes
    ----------
    exposure : str
        The exposure.
    levels : tuple of str
        Its levels, the reference first.
    times : ndarray of shape (t,)
        Times.
    estimate : ndarray of shape (a, t)
        Standardised survival under each level.
    cov : ndarray of shape (a t, a t)
        Covariance of the estimates, level by level.
    counts : DataFrame
        Columns level, n_obs, n_event: those who had each level.
    conf_level : float
        Level of the intervals.
    variance : str
        "influence" or "bootstrap".
    unit : str
        What was taken as independent: columns of cluster(), or "row".
    n_missing : int
        Rows left out of the fit.
    remarks : tuple of str
        What a reader should know.
    """

    exposure: str
    levels: tuple[str, ...]
    times: FloatArray
    estimate: FloatArray
    cov: FloatArray
    counts: pd.DataFrame
    conf_level: float
    variance: str
    unit: str
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give survival under each level.

        Returns
        -------
        pandas.DataFrame
            Columns level, time, estimate, std_error, conf_low, conf_high; limits symmetric on the
            log-log scale.
        """
        S = self.estimate.ravel()
        error = np.sqrt(np.diag(self.cov))
        with np.errstate(divide="ignore", invalid="ignore"):
            half = normal_quantile(self.conf_level) * error / np.abs(S * np.log(S))
            low, high = S ** np.exp(half), S ** np.exp(-half)
        flat = (S <= 0) | (S >= 1)
        return pd.DataFrame(
            {
                LEVEL: np.repeat(self.levels, len(self.times)),
                TIME: np.tile(self.times, len(self.levels)),
                ESTIMATE: S,
                STD_ERROR: error,
                CONF_LOW: np.where(flat, np.nan, low),
                CONF_HIGH: np.where(flat, np.nan, high),
            }
        )

    def contrasts(self, kind: Contrast = "difference") -> pd.DataFrame:
        """Compare the risk of an event by each time with that under the reference.

        Parameters
        ----------
        kind : {"difference", "ratio"}
            Risk under a level minus, or over, the risk under the first level.

        Returns
        -------
        pandas.DataFrame
            Columns term, time, estimate, std_error, statistic, p_value, conf_low, conf_high; the
            standard error of a ratio is that of its logarithm.

        Raises
        ------
        ParameterError
            If the kind is unknown.
        """
        if as_word(kind) not in ("difference", "ratio"):
            raise ParameterError("kind is unknown", ["choose 'difference' or 'ratio'"])
        t = len(self.times)
        risk = 1.0 - self.estimate
        parts = []
        for a in range(1, len(self.levels)):
            with np.errstate(divide="ignore", invalid="ignore"):
                slopes = (1.0, -1.0) if kind == "difference" else (1 / risk[a], -1 / risk[0])
                value = risk[a] - risk[0] if kind == "difference" else np.log(risk[a] / risk[0])
                variance = (
                    slopes[0] ** 2 * np.diag(self.cov)[a * t : (a + 1) * t]
                    + slopes[1] ** 2 * np.diag(self.cov)[:t]
                    + 2 * slopes[0] * slopes[1] * np.diag(self.cov[a * t : (a + 1) * t, :t])
                )
            parts.append(self._contrast(a, value, np.sqrt(np.maximum(variance, 0.0)), kind))
        return pd.concat(parts, ignore_index=True)

    def effects(self, kind: Contrast = "difference") -> Effects:
        """Give the contrasts with the counts behind them, for disclosure control.

        Parameters
        ----------
        kind : {"difference", "ratio"}
            As in `contrasts`.

        Returns
        -------
        Effects
            What `disclose` takes.
        """
        frame = self.contrasts(kind)[[TERM, TIME, ESTIMATE, CONF_LOW, CONF_HIGH]]
        frame[TIME] = frame[TIME].map(lambda time: f"{time:g}")
        frame.insert(2, SCALE, kind)
        reference = self.counts.iloc[[0]]
        behind = [
            pd.concat([reference, self.counts.iloc[[a]]]).assign(**{TERM: self._term(a)})
            for a in range(1, len(self.levels))
        ]
        counts = pd.concat(behind, ignore_index=True)[[TERM, "n_obs", "n_event"]]
        return Effects(frame=frame, counts=counts, conf_level=self.conf_level)

    def glance(self) -> pd.DataFrame:
        """Give the settings in one row.

        Returns
        -------
        pandas.DataFrame
            Columns exposure, n_obs, n_event, n_level, variance, unit, conf_level, n_missing.
        """
        return pd.DataFrame(
            {
                "exposure": [self.exposure],
                "n_obs": [int(self.counts["n_obs"].sum())],
                "n_event": [int(self.counts["n_event"].sum())],
                "n_level": [len(self.levels)],
                "variance": [self.variance],
                "unit": [self.unit],
                "conf_level": [self.conf_level],
                "n_missing": [self.n_missing],
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = (
            f"Everybody given each level of {self.exposure} in turn, the other covariates as they"
            f" are. {self.conf_level:.0%} intervals; independent units: {self.unit}."
        )
        return Summary(
            "Standardised survival",
            (self.tidy(), self.contrasts()),
            " ".join([remark, *self.remarks]),
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw survival under each level at the times asked, as dots with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures import forest_dots
        from rpcstats.figures.session_dots import session_dots

        frame = self.tidy().rename(columns={LEVEL: STRATA})
        if ax is None and len(self.times) == 1:
            return forest_dots(frame, label=STRATA, value_label="No event yet").axes[0]
        return session_dots(frame, ax=ax, xlabel="Time", ylabel="No event yet")

    def _term(self, a: int) -> str:
        return f"{self.levels[a]} - {self.levels[0]}"

    def _contrast(
        self, a: int, value: FloatArray, error: FloatArray, kind: Contrast
    ) -> pd.DataFrame:
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = value / error
        half = normal_quantile(self.conf_level) * error
        shown = [value, value - half, value + half]
        if kind == "ratio":
            shown = [np.exp(x) for x in shown]
        return pd.DataFrame(
            {
                TERM: self._term(a),
                TIME: self.times,
                ESTIMATE: shown[0],
                STD_ERROR: error,
                STATISTIC: statistic,
                P_VALUE: two_sided_p(statistic),
                CONF_LOW: shown[1],
                CONF_HIGH: shown[2],
            }
        )
