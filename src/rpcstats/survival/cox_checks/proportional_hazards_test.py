"""Tests of proportional hazards, and how they are read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import chi_square_p, normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    DF,
    ESTIMATE,
    N_EVENT,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    STRATA,
    TERM,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.survival.cox_checks._natural_spline import smooth
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]

GLOBAL: Final = "GLOBAL"
"""Name of the row that tests all terms together."""

_GRID = 40


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class ProportionalHazardsTest(Summarised):
    """Score tests of whether coefficients drift along a function of time.

    Attributes
    ----------
    names : tuple of str
        Terms (or columns) tested.
    statistic : ndarray of shape (k + 1,)
        Chi-square statistics, the last of all together; NaN where the data can't tell.
    df : ndarray of shape (k + 1,), int
        Their degrees of freedom.
    transform : str
        The function of time.
    is_robust : bool
        Whether the tests are robust to clustering.
    strata : ndarray of shape (d,), str
        Stratum of each event.
    time, g : ndarray of shape (d,)
        Time of each event, and the function there.
    residual : ndarray of shape (d, k)
        Scaled Schoenfeld residuals, the coefficient added, so that they scatter around the
        coefficient at that time; a term of several columns is read as a multiple of its fitted
        effect, around 1. NaN in strata where the term does not vary.
    V : ndarray of shape (k, k)
        Their covariance.
    average : ndarray of shape (k,)
        The coefficient of each term; 1 for a term of several columns.
    n_obs, n_event, n_missing : int
        Rows, events, and rows left out because a value was missing.
    conf_level : float
        Level of the bands.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    names: tuple[str, ...]
    statistic: FloatArray
    df: NDArray[np.int64]
    transform: str
    is_robust: bool
    strata: NDArray[np.object_]
    time: FloatArray
    g: FloatArray
    residual: FloatArray
    V: FloatArray
    average: FloatArray
    n_obs: int
    n_event: int
    n_missing: int
    conf_level: float
    remarks: tuple[str, ...]

    @property
    def p_value(self) -> FloatArray:
        """Upper tails of the chi-square distribution."""
        return chi_square_p(self.statistic, self.df)

    def tidy(self) -> pd.DataFrame:
        """Give one row a term and one, GLOBAL, for all together.

        Returns
        -------
        pandas.DataFrame
            Columns term, statistic, df, p_value.
        """
        columns = ([*self.names, GLOBAL], self.statistic.copy(), self.df.copy(), self.p_value)
        return pd.DataFrame(dict(zip((TERM, STATISTIC, DF, P_VALUE), columns, strict=True)))

    def glance(self) -> pd.DataFrame:
        """Give the test of all terms together.

        Returns
        -------
        pandas.DataFrame
            One row: statistic, df, p_value, transform, is_robust, n_obs, n_event, n_missing.
        """
        row = {
            STATISTIC: float(self.statistic[-1]),
            DF: int(self.df[-1]),
            P_VALUE: float(self.p_value[-1]),
            "transform": self.transform,
            "is_robust": self.is_robust,
            "n_obs": self.n_obs,
            N_EVENT: self.n_event,
            "n_missing": self.n_missing,
        }
        return pd.DataFrame([row])

    def residuals(self) -> pd.DataFrame:
        """Give the scaled Schoenfeld residuals.

        Returns
        -------
        pandas.DataFrame
            Columns term, strata, time, g (the function of time), residual; a row a term and
            event at which the term varies.
        """
        k, d = len(self.names), len(self.time)
        frame = pd.DataFrame(
            {
                TERM: np.repeat(np.array(self.names, dtype=object), d),
                STRATA: np.tile(self.strata, k),
                TIME: np.tile(self.time, k),
                "g": np.tile(self.g, k),
                "residual": self.residual.T.ravel(),
            }
        )
        return frame.dropna(subset=["residual"]).reset_index(drop=True)

    def smooth(self, *, df: int = 4) -> pd.DataFrame:
        """Smooth the residuals: how the coefficient seems to run over time.

        Parameters
        ----------
        df : int
            Degrees of freedom of the natural cubic spline, 2 (a straight line) or more.

        Returns
        -------
        pandas.DataFrame
            Columns term, time, g, estimate, std_error, conf_low, conf_high: 40 places of each
            term, evenly along g. A term with too few distinct times has none.

        Raises
        ------
        ParameterError
            If df is below 2.
        """
        if df < 2:
            raise ParameterError("df is out of range", ["give 2 or more"])
        grid = np.linspace(self.g.min(), self.g.max(), _GRID)
        # Knots as R's plot of cox.zph has them: quantiles of the grid and the events together.
        knots = np.quantile(np.concatenate([grid, self.g]), np.linspace(0.0, 1.0, df))
        order = np.unique(self.g, return_index=True)[1]
        time = np.interp(grid, self.g[order], self.time[order])
        half = normal_quantile(self.conf_level)
        parts = []
        for place, name in enumerate(self.names):
            kept = np.isfinite(self.residual[:, place])
            found = smooth(self.g[kept], self.residual[kept, place], grid, knots)
            if found is None:
                continue
            error = np.sqrt(self.V[place, place] * found.unscaled)
            columns = {TERM: name, TIME: time, "g": grid, ESTIMATE: found.fitted}
            limits = {CONF_LOW: found.fitted - half * error, CONF_HIGH: found.fitted + half * error}
            parts.append(pd.DataFrame({**columns, STD_ERROR: error, **limits}))
        names = [TERM, TIME, "g", ESTIMATE, STD_ERROR, CONF_LOW, CONF_HIGH]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Tests of proportional hazards (time as {self.transform})"
        return Summary(heading, (self.tidy(), self.glance()), " ".join(self.remarks))

    def plot(self, ax: "Axes | None" = None, *, term: str | None = None, df: int = 4) -> "Axes":
        """Draw the residuals over time with their smooth, a panel a term.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw one term; by default a new figure.
        term : str, optional
            The term to draw; all if not given.
        df : int
            Degrees of freedom of the smooth.

        Returns
        -------
        matplotlib.axes.Axes
            The first panel; ``.figure`` is the picture.

        Raises
        ------
        ParameterError
            If the term is not one of those tested, or several are to be drawn on given axes.
        """
        from rpcstats.figures.schoenfeld import schoenfeld_smooth

        if term is not None and term not in self.names:
            raise ParameterError("There is no such term", [f"choose {', '.join(self.names)}"])
        shown = self.names if term is None else (term,)
        if ax is not None and len(shown) > 1:
            raise ParameterError("Given axes hold one term", ["say which with term="])
        tests = self.tidy().assign(average=[*self.average, np.nan])
        frames = (self.residuals(), self.smooth(df=df), tests)
        return schoenfeld_smooth(*(f[f[TERM].isin(shown)] for f in frames), ax=ax)
