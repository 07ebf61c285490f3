"""Standardised survival by session: the result, apart from how it is estimated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import (
    LEVEL,
    STANDARDISED,
    STANDARDISED_CONTRASTS,
    STRATA,
    TIME,
)
from rpcstats.mixed.coefficients import quantile
from rpcstats.mixed.inference.tails import t_p
from rpcstats.survival.discrete._limits import survival_limits
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class StandardisedBySession(Summarised):
    """Survival by session had everybody been at one level of a column.

    Attributes
    ----------
    exposure : str
        The column.
    levels : tuple of str
        Its levels, the reference first.
    sessions : ndarray of shape (K,)
        The sessions.
    S : ndarray of shape (A, K)
        Mean survival after each session.
    cov : ndarray of shape (A K, A K)
        Its covariance, level by level.
    draws : ndarray of shape (n, A, K) or None
        Averages of the refits of a bootstrap.
    df : float
        Degrees of freedom; infinite for the normal distribution.
    contrast : {"difference", "ratio"}
        How levels are compared.
    n_person : float
        Persons averaged over, or the sum of their weights.
    errors : str
        Where standard errors come from.
    averaged : bool
        Whether survival was averaged over random effects.
    conf_level : float
        Level of the intervals.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    exposure: str
    levels: tuple[str, ...]
    sessions: NDArray[Any]
    S: FloatArray
    cov: FloatArray
    draws: FloatArray | None
    df: float
    contrast: Literal["difference", "ratio"]
    n_person: float
    errors: str
    averaged: bool
    conf_level: float
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per level and session.

        Returns
        -------
        pandas.DataFrame
            Columns level, session, estimate, std_error, conf_low, conf_high.
        """
        se = np.sqrt(np.maximum(np.diag(self.cov), 0.0)).reshape(self.S.shape)
        _, _, low, high = survival_limits(self.S, se, self._half())
        if self.draws is not None:
            low, high = self._percentiles(self.draws)
        A, K = self.S.shape
        columns = (np.repeat(self.levels, K), np.tile(self.sessions, A), self.S, se, low, high)
        return _frame(STANDARDISED, columns)

    def contrasts(self) -> pd.DataFrame:
        """Compare each level with the first.

        Returns
        -------
        pandas.DataFrame
            Columns contrast, measure, session, estimate, std_error, statistic, p_value, conf_low,
            conf_high. The standard error of a ratio is that of its logarithm.
        """
        A, K = self.S.shape
        S, V = self.S, self.cov.reshape(A, K, A, K)
        is_ratio = self.contrast == "ratio"
        scale = 1.0 / S if is_ratio else np.ones_like(S)
        each = np.arange(K)
        value = np.log(S[1:] / S[0]) if is_ratio else S[1:] - S[0]
        variance = np.empty((A - 1, K))
        for a in range(1, A):
            own = V[a][each, a, each] * scale[a] ** 2 + V[0][each, 0, each] * scale[0] ** 2
            variance[a - 1] = own - 2.0 * V[a][each, 0, each] * scale[a] * scale[0]
        se = np.sqrt(np.maximum(variance, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = value / se
        low, high = value - self._half() * se, value + self._half() * se
        if self.draws is not None:
            d = self.draws
            low, high = self._percentiles(
                np.log(d[:, 1:] / d[:, :1]) if is_ratio else d[:, 1:] - d[:, :1]
            )
        if is_ratio:
            value, low, high = np.exp(value), np.exp(low), np.exp(high)
        names = [f"{level} against {self.levels[0]}" for level in self.levels[1:]]
        columns = (
            np.repeat(names, K), np.repeat(self.contrast, (A - 1) * K),
            np.tile(self.sessions, A - 1), value, se, statistic, t_p(statistic, self.df), low, high,
        )  # fmt: skip
        return _frame(STANDARDISED_CONTRASTS, columns)

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_person, n_group (levels), n_missing, errors, conf_level.
        """
        return pd.DataFrame(
            {
                "n_person": [self.n_person],
                "n_group": [len(self.levels)],
                "n_missing": [self.n_missing],
                "errors": [self.errors],
                "conf_level": [self.conf_level],
            }
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        who = f"Averaged over the covariates of {self.n_person:,g} persons"
        who += " and over groups (population average)." if self.averaged else "."
        remark = f"{who} {self.conf_level:.0%} intervals from {self.errors}."
        frames = (self.tidy(), self.contrasts()) if len(self.levels) > 1 else (self.tidy(),)
        heading = f"Survival by session, standardised, by {self.exposure}"
        return Summary(heading, frames, " ".join([remark, *self.remarks]))

    def plot(self, ax: "Axes | None" = None, *, names: Mapping[str, str] | None = None) -> "Axes":
        """Draw survival by session with its interval, level by level.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if not given.
        names : mapping of str to str, optional
            Words for the levels.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        from rpcstats.figures.session_dots import session_dots

        frame = self.tidy().rename(columns={LEVEL: STRATA, "session": TIME})
        return session_dots(frame, ax=ax, names=names, ylabel="Still there after the session")

    def _half(self) -> float:
        return float(quantile(np.asarray(self.df), self.conf_level))

    def _percentiles(self, draws: FloatArray) -> tuple[FloatArray, FloatArray]:
        tail = (1.0 - self.conf_level) / 2.0
        low, high = np.quantile(draws, [tail, 1.0 - tail], axis=0)
        return low, high


def _frame(names: tuple[str, ...], columns: tuple[Any, ...]) -> pd.DataFrame:
    values = [np.asarray(column).ravel() for column in columns]
    return pd.DataFrame(dict(zip(names, values, strict=True)))
