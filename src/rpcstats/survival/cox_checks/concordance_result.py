"""Concordance of scores with censored times, and how it is read."""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from rpcstats._numerics.intervals import normal_quantile, two_sided_p
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    CONTRAST,
    ESTIMATE,
    N_EVENT,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    TERM,
)
from rpcstats.survival.cox_checks._concordant_pairs import KINDS
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
PairWeights = Literal["harrell", "uno"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Concordance(Summarised):
    """Concordance of one score or more with the same censored times.

    Attributes
    ----------
    names : tuple of str
        The scores.
    estimate : ndarray of shape (k,)
        Share of pairs in the right order, half of those tied in the score; NaN where no pair
        can be compared.
    cov : ndarray of shape (k, k)
        Infinitesimal-jackknife covariance of the estimates.
    counts : ndarray of shape (k, 5)
        Weighted pairs: concordant, discordant, tied in score, in time, in both.
    pair_weights : {"harrell", "uno"}
        How pairs are weighted.
    tau : float or None
        Last time of a first failure that counts.
    n_obs, n_event : int
        Rows and events.
    n_cluster : int or None
        Clusters of a cluster-robust covariance.
    n_missing : int
        Rows left out because a value was missing.
    conf_level : float
        Level of the intervals.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    names: tuple[str, ...]
    estimate: FloatArray
    cov: FloatArray
    counts: FloatArray
    pair_weights: PairWeights
    tau: float | None
    n_obs: int
    n_event: int
    n_cluster: int | None
    n_missing: int
    conf_level: float
    remarks: tuple[str, ...]

    @property
    def std_error(self) -> FloatArray:
        """Standard errors of the estimates."""
        return np.sqrt(np.diag(self.cov))

    def tidy(self) -> pd.DataFrame:
        """Give one row a score.

        Returns
        -------
        pandas.DataFrame
            Columns term, estimate, std_error, conf_low, conf_high, concordant, discordant,
            tied_score, tied_time, tied_both. Limits are symmetric on the logit scale; NaN
            where the estimate is 0 or 1.
        """
        C = self.estimate
        inside: FloatArray = np.where((C > 0) & (C < 1), C, np.nan)
        half = normal_quantile(self.conf_level) * self.std_error / (inside * (1 - inside))
        centre: FloatArray = special.logit(inside)
        return pd.DataFrame(
            {
                TERM: list(self.names),
                ESTIMATE: self.estimate.copy(),
                STD_ERROR: self.std_error,
                CONF_LOW: special.expit(centre - half),
                CONF_HIGH: special.expit(centre + half),
                **dict(zip(KINDS, self.counts.T.copy(), strict=True)),
            }
        )

    def differences(self) -> pd.DataFrame:
        """Compare each two scores, which are correlated because they meet the same times.

        Returns
        -------
        pandas.DataFrame
            Columns contrast, estimate, std_error, statistic, p_value, conf_low, conf_high;
            a row each two scores, the later minus the earlier; no row for one score.
        """
        rows = []
        for first, second in combinations(range(len(self.names)), 2):
            c = np.zeros(len(self.names))
            c[first], c[second] = -1.0, 1.0
            estimate = float(c @ self.estimate)
            error = float(np.sqrt(np.maximum(c @ self.cov @ c, 0.0)))
            half = normal_quantile(self.conf_level) * error
            z = estimate / error if error else np.nan
            words = f"{self.names[second]} - {self.names[first]}"
            p = float(two_sided_p(z))
            rows.append((words, estimate, error, z, p, estimate - half, estimate + half))
        columns = [CONTRAST, ESTIMATE, STD_ERROR, STATISTIC, P_VALUE, CONF_LOW, CONF_HIGH]
        return pd.DataFrame(rows, columns=columns)

    def glance(self) -> pd.DataFrame:
        """Give one row on what was compared.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_cluster, pair_weights, tau, n_missing, conf_level.
        """
        row = {
            "n_obs": self.n_obs,
            N_EVENT: self.n_event,
            "n_cluster": np.nan if self.n_cluster is None else self.n_cluster,
            "pair_weights": self.pair_weights,
            "tau": np.nan if self.tau is None else self.tau,
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
        heading = "Concordance (Harrell)" if self.pair_weights == "harrell" else "Concordance (Uno)"
        frames = [self.tidy(), *([self.differences()] if len(self.names) > 1 else [])]
        return Summary(heading, (*frames, self.glance()), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the estimates with their intervals, and a line where a score tells nothing.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the names; a new figure if not given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes drawn on.
        """
        from rpcstats.figures.forest import forest_axes

        return forest_axes(
            self.tidy(),
            ax=ax,
            label=TERM,
            percent=False,
            reference=0.5,
            reference_label="Chance",
            value_label=f"Concordance ({self.conf_level:.0%} interval)",
            no_interval="the estimate is 0 or 1, so that there is no interval",
        )
