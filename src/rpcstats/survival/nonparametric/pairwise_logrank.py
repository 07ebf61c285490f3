"""Log-rank tests of every pair of groups, with p-values adjusted for their number."""

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._vocabulary import DF, N_EVENT, P_VALUE, STATISTIC, STRATA, TERM
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula.censored import censored_sample
from rpcstats.survival.nonparametric._compared import only_groups
from rpcstats.survival.nonparametric._score_test import TimeWeight
from rpcstats.survival.nonparametric.logrank import check_weighting, logrank_of
from rpcstats.survival.nonparametric.logrank_result import LogrankTest
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray = NDArray[np.float64]
PairAdjust = Literal["holm", "bonferroni", "sidak", "holm-sidak", "hommel", "fdr_bh", "none"]
_WORDS: Final = {
    "holm": "by Holm's method",
    "bonferroni": "by Bonferroni's method",
    "sidak": "by Šidák's method",
    "holm-sidak": "by Holm's method with Šidák's bound",
    "hommel": "by Hommel's method",
    "fdr_bh": "for the false discovery rate (Benjamini and Hochberg)",
    "none": "not at all",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class PairwiseLogrank(Summarised):
    """Log-rank tests of every pair of groups.

    Attributes
    ----------
    tests : tuple of LogrankTest
        One test a pair.
    adjust : str
        How the p-values were adjusted.
    n_missing : int
        Rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    tests: tuple[LogrankTest, ...]
    adjust: PairAdjust
    n_missing: int
    remarks: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """Give one row per pair.

        Returns
        -------
        pandas.DataFrame
            Columns term, n_obs, n_event, statistic, df, p_value, p_adjusted; missing where no
            event could tell the two apart, which does not count in the adjustment.
        """
        p = np.array([test.p_value for test in self.tests])
        return pd.DataFrame(
            {
                TERM: [f"{test.strata[1]} against {test.strata[0]}" for test in self.tests],
                "n_obs": [int(test.n_obs.sum()) for test in self.tests],
                N_EVENT: [test.n_event for test in self.tests],
                STATISTIC: [test.statistic for test in self.tests],
                DF: [test.df for test in self.tests],
                P_VALUE: p,
                "p_adjusted": adjusted_p(p, self.adjust),
            }
        )

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole.

        Returns
        -------
        pandas.DataFrame
            Columns n_pair, adjust, n_missing.
        """
        row = {"n_pair": len(self.tests), "adjust": self.adjust, "n_missing": self.n_missing}
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        how = f"p-values adjusted {_WORDS[self.adjust]}."
        remark = " ".join([how, lost, *self.remarks])
        return Summary("Log-rank tests of every pair", (self.tidy(),), remark)

    def plot(self, ax: "Axes | None" = None, *, conf_level: float = 0.95) -> "Axes":
        """Draw, for every pair, observed less expected events of its second group.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw, narrowed to make room for the words; a new figure if not given.
        conf_level : float
            Level of the intervals.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.survival.nonparametric.score_pictures import draw_excess

        rows = [test.excess(conf_level).iloc[[1]] for test in self.tests]
        names = self.tidy()[TERM].to_numpy()
        frame = pd.concat(rows, ignore_index=True).assign(**{STRATA: names})
        more = "Intervals are not adjusted for the number of pairs."
        return draw_excess(frame, ax, conf_level, under="the two had one hazard", more=more)


def pairwise_logrank(
    formula: str,
    data: Any,
    *,
    adjust: PairAdjust = "holm",
    rho: float = 0.0,
    gamma: float = 0.0,
    weighting: TimeWeight = "fleming-harrington",
    weights: str | None = None,
    robust: bool = False,
) -> PairwiseLogrank:
    """Test every pair of groups, each on the rows of the two alone.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ mode"``; strata() and cluster() as in `logrank`.
    data : frame
        pandas, or any frame narwhals reads.
    adjust : {"holm", "bonferroni", "sidak", "holm-sidak", "hommel", "fdr_bh", "none"}
        How p-values are adjusted for the number of pairs.
    rho, gamma : float
        As in `logrank`.
    weighting : str
        As in `logrank`.
    weights : str, optional
        As in `logrank`.
    robust : bool
        As in `logrank`.

    Returns
    -------
    PairwiseLogrank
        One test a pair, with its p-value and the adjusted one.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or fewer than two
        groups have rows.
    DataError
        If times, events, entries or weights break their conditions.
    ParameterError
        If an option is unknown or out of range.

    Notes
    -----
    Holm (1979) unless told otherwise.
    """
    check_weighting(weighting, rho, gamma)
    if as_word(adjust) not in get_args(PairAdjust):
        raise ParameterError(
            "adjust is unknown", [f"choose one of {', '.join(get_args(PairAdjust))}"]
        )
    sample = censored_sample(formula, data, weights=weights, allow=("strata", "cluster"))
    n_group = len(sample.groups.labels)
    if n_group < 2:
        raise FormulaError(
            "A comparison needs two groups or more: name a column with at least two levels "
            "after the ~"
        )
    tests = tuple(
        logrank_of(
            only_groups(sample, pair), rho=rho, gamma=gamma, weighting=weighting, robust=robust
        )
        for pair in combinations(range(n_group), 2)
    )
    remarks = tuple(dict.fromkeys(remark for test in tests for remark in test.remarks))
    return PairwiseLogrank(tests=tests, adjust=adjust, n_missing=sample.n_missing, remarks=remarks)


def adjusted_p(p: FloatArray, adjust: str) -> FloatArray:
    """Adjust p-values for their number; those that are missing don't count.

    Parameters
    ----------
    p : ndarray of shape (m,)
        p-values; NaN where there was no test.
    adjust : str
        A method of `statsmodels.stats.multitest.multipletests`, or "none".

    Returns
    -------
    ndarray of shape (m,)
        Adjusted p-values.
    """
    from statsmodels.stats.multitest import multipletests

    adjusted = p.astype(np.float64).copy()
    tested = ~np.isnan(adjusted)
    if tested.any() and adjust != "none":
        adjusted[tested] = multipletests(adjusted[tested], method=adjust)[1]
    return adjusted
