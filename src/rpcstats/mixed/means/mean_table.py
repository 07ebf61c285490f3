"""Means over a reference grid, as tables and comparisons."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    DF,
    ESTIMATE,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
)
from rpcstats.errors import ParameterError
from rpcstats.mixed.coefficients import coefficient_table
from rpcstats.mixed.general.links import Link
from rpcstats.mixed.means.comparisons import compare_means
from rpcstats.mixed.means.contrast_rows import Method
from rpcstats.mixed.means.contrasts import Contrasts
from rpcstats.mixed.means.figure_rows import draw_dots
from rpcstats.mixed.means.linear_functions import LinearFunctions
from rpcstats.mixed.means.multiplicity import Adjust
from rpcstats.mixed.structure.model_frame import FloatArray
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Names = str | Sequence[str]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MarginalMeans:
    """Means, probabilities or slopes over a reference grid.

    Attributes
    ----------
    cells : pandas.DataFrame
        Values of the variables of interest, one row a mean.
    by : tuple of str
        Variables within whose values means are compared.
    functions : LinearFunctions
        The means on the scale on which they are linear, with their covariance.
    link : Link or None
        What `tidy` carries estimates and limits over with; None if they stay as they are.
    ratio : str
        What e to the power of a difference is, such as "odds ratio"; empty if nothing.
    is_probability : bool
        Whether the means are probabilities of categories, with limits by the logit.
    conf_level : float
        Level of the intervals.
    heading : str
        What the means are.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    is_tested : bool
        Whether `tidy` tests against 0, as it does for slopes.
    """

    cells: pd.DataFrame
    by: tuple[str, ...]
    functions: LinearFunctions
    link: Link | None
    ratio: str
    is_probability: bool
    conf_level: float
    heading: str
    remarks: tuple[str, ...]
    is_tested: bool = False

    @property
    def estimate(self) -> FloatArray:
        """Estimates on the scale on which they are linear; NaN where the data tell nothing."""
        return self.functions.estimate

    @property
    def cov(self) -> FloatArray:
        """Their covariance."""
        return self.functions.cov

    def tidy(self, *, conf_level: float | None = None) -> pd.DataFrame:
        """Give one row per mean.

        Parameters
        ----------
        conf_level : float, optional
            Level of the intervals, if it is to be another.

        Returns
        -------
        pandas.DataFrame
            The variables of interest, estimate, std_error, df, conf_low, conf_high; for slopes
            also statistic and p_value. df is missing for the normal. A mean that the data do
            not determine is missing.

        Raises
        ------
        ParameterError
            If the level is outside (0, 1).
        """
        level = self.conf_level if conf_level is None else conf_level
        functions = self.functions
        df = functions.df
        table = coefficient_table(
            [""] * len(df), functions.estimate, functions.std_error, df=df, conf_level=level
        )
        table[DF] = table[DF].where(np.isfinite(df))
        if self.link is not None:
            table = _carried_over(table, self.link)
        if self.is_probability:
            table = _within_unit(table)
        columns = [ESTIMATE, STD_ERROR, DF, CONF_LOW, CONF_HIGH]
        if self.is_tested:
            columns = [ESTIMATE, STD_ERROR, STATISTIC, DF, P_VALUE, CONF_LOW, CONF_HIGH]
        return pd.concat([self.cells, table[columns]], axis=1)

    def contrasts(
        self,
        method: Method = "pairwise",
        *,
        adjust: Adjust | None = None,
        by: Names | None = None,
        reference: Any = None,
        exponentiate: bool | None = None,
        seed: int = 0,
    ) -> Contrasts:
        """Compare the means with each other.

        Parameters
        ----------
        method : {"pairwise", "reference", "polynomial", "eff"} or mapping
            All pairs; each with one reference; linear, quadratic and higher trends; each with
            the mean of all; or names with one coefficient a mean.
        adjust : str, optional
            "tukey", "holm", "bonferroni", "sidak", "dunnett", "mvt", "fdr" or "none"; if not
            given Tukey's for pairs, Dunnett's for a reference, the false discovery rate for
            "eff", none for others. Comparisons within one value of `by` are judged together.
        by : str or sequence of str, optional
            Variables within whose values means are compared; none with ``[]``.
        reference : object, optional
            Level of the reference, the first if not given; a tuple if means have several
            variables.
        exponentiate : bool, optional
            Whether differences are given as ratios; if not given, where `type` is "response"
            and the link is a logarithm, logit or complementary log-log.
        seed : int
            Seed of the quasi-random points of "mvt" and "dunnett", where they need some.

        Returns
        -------
        Contrasts
            The comparisons.

        Raises
        ------
        ParameterError
            If an option is unknown, or options don't go together.
        """
        wanted = self.link is not None and bool(self.ratio)
        if exponentiate is not None:
            wanted = exponentiate
        if wanted and not self.ratio:
            raise ParameterError(
                "These differences are no logarithms of ratios", ["give exponentiate=False"]
            )
        return compare_means(
            self.cells,
            self.functions,
            method,
            by=self.by if by is None else as_names(by),
            adjust=adjust,
            reference=reference,
            ratio=self.ratio if wanted else "",
            note="" if wanted or self.link is None else "On the scale of the linear predictor.",
            conf_level=self.conf_level,
            seed=seed,
        )

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = " ".join([*self.remarks, f"Intervals of {100 * self.conf_level:g}%."])
        return Summary(self.heading, (self.tidy(),), remark)

    def plot(self) -> "Figure":
        """Draw the means with their intervals.

        Returns
        -------
        matplotlib.figure.Figure
            The picture.
        """
        ratio = self.link is not None and self.link.name == "log"
        return draw_dots(self.tidy(), list(self.cells.columns), self.by, ratio=ratio)

    def __repr__(self) -> str:
        """Give the table as text."""
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def as_names(given: Names | None) -> tuple[str, ...]:
    """Take one name or several.

    Parameters
    ----------
    given : str, sequence of str or None
        The names.

    Returns
    -------
    tuple of str
        As many as there are.
    """
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def _carried_over(table: pd.DataFrame, link: Link) -> pd.DataFrame:
    eta = table[ESTIMATE].to_numpy()
    ends = [link.inverse(table[name].to_numpy()) for name in (CONF_LOW, CONF_HIGH)]
    return table.assign(
        **{
            ESTIMATE: link.inverse(eta),
            STD_ERROR: np.abs(link.derivative(eta)) * table[STD_ERROR].to_numpy(),
            CONF_LOW: np.minimum(*ends),
            CONF_HIGH: np.maximum(*ends),
        }
    )


def _within_unit(table: pd.DataFrame) -> pd.DataFrame:
    """Make the limits of probabilities symmetric on the logit scale."""
    p = table[ESTIMATE].to_numpy()
    half = table[CONF_HIGH].to_numpy() - p
    with np.errstate(divide="ignore", invalid="ignore"):  # a probability of 0 or 1 has no logit
        centre, reach = special.logit(p), half / (p * (1.0 - p))
        low, high = special.expit(centre - reach), special.expit(centre + reach)
    return table.assign(**{CONF_LOW: low, CONF_HIGH: high})
