"""Comparisons among marginal means or slopes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    CONTRAST,
    DF,
    ESTIMATE,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    TIDY,
)
from rpcstats.mixed.general.links import exp_bounded
from rpcstats.mixed.means.figure_rows import draw_dots
from rpcstats.mixed.means.linear_functions import LinearFunctions
from rpcstats.mixed.means.multiplicity import Adjust, Comparisons, adjusted
from rpcstats.mixed.means.wording import adjustment_remark
from rpcstats.mixed.structure.model_frame import IntArray
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Contrasts:
    """Comparisons among means, judged together within each family.

    Attributes
    ----------
    cells : pandas.DataFrame
        Values of the variables within which means are compared, one row a comparison.
    names : tuple of str
        Name of each comparison.
    functions : LinearFunctions
        The differences with their covariance.
    family : ndarray of shape (c,), int
        Which comparisons are judged together.
    n_mean : ndarray of shape (c,), int
        Number of means in each comparison's family.
    adjust : str
        How p-values and limits are adjusted.
    ratio : str
        What exponentiated differences are, such as "odds ratio"; empty for differences.
    note : str
        What a reader should know besides.
    conf_level : float
        Level of the intervals.
    seed : int
        Seed of quasi-random points.
    """

    cells: pd.DataFrame
    names: tuple[str, ...]
    functions: LinearFunctions
    family: IntArray
    n_mean: IntArray
    adjust: Adjust
    ratio: str
    note: str
    conf_level: float
    seed: int

    def tidy(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per comparison.

        Parameters
        ----------
        conf_level : float, optional
            Level of the intervals, if it is to be another.

        Returns
        -------
        pandas.DataFrame
            The variables of `by`, contrast, estimate, std_error, statistic, df, p_value,
            conf_low, conf_high, the last three adjusted; df is missing for the normal. For
            ratios the standard error is that of the ratio by the delta method, the statistic
            that of its logarithm. A comparison that the data do not determine is missing.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        return self._table(self.conf_level if conf_level is None else conf_level)[0]

    def joint_test(self) -> pd.DataFrame:
        """Test that all differences of a family are zero.

        Returns
        -------
        pandas.DataFrame
            The variables of `by`, num_df, den_df, statistic (F), p_value; den_df is infinite for
            the normal. A family of which nothing is determined has 0 numerator degrees of
            freedom.
        """
        rows, firsts = [], []
        for number in np.unique(self.family):
            places = np.flatnonzero(self.family == number)
            test = self.functions.chosen(places).joint_test()
            rows.append((test.num_df, test.den_df, test.statistic, test.p_value))
            firsts.append(places[0])
        found = pd.DataFrame(rows, columns=["num_df", "den_df", STATISTIC, P_VALUE])
        return pd.concat([self.cells.iloc[firsts].reset_index(drop=True), found], axis=1)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        table, error = self._table(self.conf_level)
        heading = f"Contrasts: {self.ratio}s" if self.ratio else "Contrasts"
        n_missing = int(table[ESTIMATE].isna().sum())
        adjust = self.adjust if np.bincount(self.family).max() > 1 else "none"
        remark = adjustment_remark(adjust, self.conf_level, error, n_missing)
        return Summary(heading, (table,), f"{self.note} {remark}".strip())

    def plot(self) -> "Figure":
        """Draw the comparisons with their intervals.

        Returns
        -------
        matplotlib.figure.Figure
            The picture.
        """
        within = tuple(str(name) for name in self.cells.columns)
        return draw_dots(self.tidy(), [CONTRAST, *within], within, ratio=bool(self.ratio))

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _table(self, conf_level: float) -> tuple[pd.DataFrame, float]:
        """Give the tidy frame, and how far a p-value may be off."""
        functions = self.functions
        estimate, std_error, df = functions.estimate, functions.std_error, functions.df
        with np.errstate(divide="ignore", invalid="ignore"):  # a standard error of 0 or NaN
            statistic = estimate / std_error
        p, critical = np.full((2, len(df)), np.nan)
        error, cov = 0.0, functions.cov
        for number in np.unique(self.family):
            one = np.flatnonzero(self.family == number)
            comparisons = Comparisons(
                statistic[one], df[one], cov[np.ix_(one, one)], int(self.n_mean[one[0]])
            )
            found = adjusted(comparisons, self.adjust, conf_level=conf_level, seed=self.seed)
            p[one], critical[one] = found.p_value, found.quantile
            error = max(error, found.error)
        low, high = estimate - critical * std_error, estimate + critical * std_error
        if self.ratio:
            estimate, low, high = exp_bounded(estimate), exp_bounded(low), exp_bounded(high)
            std_error = estimate * std_error
        shown = np.where(np.isfinite(df), df, np.nan)
        columns = (list(self.names), estimate, std_error, statistic, shown, p, low, high)
        names = (CONTRAST, *TIDY[1:])
        assert names[1:] == (ESTIMATE, STD_ERROR, STATISTIC, DF, P_VALUE, CONF_LOW, CONF_HIGH)
        table = pd.DataFrame(dict(zip(names, columns, strict=True)))
        return pd.concat([self.cells, table], axis=1), error
