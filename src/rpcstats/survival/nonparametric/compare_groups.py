"""One comparison per variable, with p-values adjusted for their number."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    DF,
    N_EVENT,
    NOTE,
    P_VALUE,
    STATISTIC,
    STRATA,
    ReleaseKind,
)
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.formula.censored import censored_sample
from rpcstats.formula.columns import read_columns
from rpcstats.formula.parse import Formula, Surv, parse_formula
from rpcstats.survival.nonparametric.curves import KaplanMeier
from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier_of
from rpcstats.survival.nonparametric.logrank import logrank_of
from rpcstats.survival.nonparametric.pairwise_logrank import adjusted_p
from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GroupComparisons(Summarised):
    """Log-rank tests and restricted means of one variable after another.

    Attributes
    ----------
    by : tuple of str
        Variables compared.
    tau : float
        Horizon of the restricted means.
    conf_level : float
        Level of their intervals.
    design_effect : float
        How much clustering inflates variances, the largest over the variables.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    release_kind: ClassVar[ReleaseKind] = "test"

    by: tuple[str, ...]
    tau: float
    conf_level: float
    design_effect: float
    remarks: tuple[str, ...]
    _curves: tuple[Callable[[], pd.DataFrame], ...]
    _levels: pd.DataFrame
    _tests: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """Give one row per variable and level.

        Returns
        -------
        pandas.DataFrame
            Columns variable, level, n_obs, n_event, estimate, std_error, conf_low, conf_high;
            the estimate is the restricted mean. A group that nobody left has no interval:
            its variance can't be estimated.
        """
        return self._levels.copy()

    def curves(self) -> pd.DataFrame:
        """Give the Kaplan-Meier curves of every level of every variable.

        Returns
        -------
        pandas.DataFrame
            As `KaplanMeier.tidy`, the groups in the order of `tidy`.
        """
        return pd.concat([curves() for curves in self._curves], ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """Give one row per variable.

        Returns
        -------
        pandas.DataFrame
            Columns variable, n_obs, n_event, n_group, n_missing, statistic, df, p_value,
            p_adjusted (Holm 1979, over the variables compared) and note.
        """
        return self._tests.copy()

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        heading = f"Groups compared, with restricted means up to {self.tau:g}"
        remark = " ".join(["p_adjusted by Holm's method.", *self.remarks])
        return Summary(heading, (self.glance(), self.tidy()), remark)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the restricted means of every level, by variable, with their intervals.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.forest import forest_axes

        return forest_axes(
            self._levels,
            ax=ax,
            label="level",
            group="variable",
            percent=False,
            value_label=f"Mean up to {self.tau:g} ({self.conf_level:.0%} interval)",
            no_interval="nobody left that group, or too few were followed so far",
        )


def compare_groups(
    formula: str,
    data: Any,
    *,
    by: Sequence[str],
    tau: float,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> GroupComparisons:
    """Compare the groups of several variables, one variable at a time.

    Parameters
    ----------
    formula : str
        The response alone: ``"Surv(time, event)"`` or ``"Surv(entry, time, event)"``.
    data : frame
        pandas, or any frame narwhals reads.
    by : sequence of str
        Columns whose levels are compared. Rows missing in one are left out of that one only.
    tau : float
        Horizon of the restricted means.
    cluster : str, optional
        Column of clusters whose rows may be alike; errors and tests are then robust to it.
    conf_level : float
        Level of their intervals.

    Returns
    -------
    GroupComparisons
        Restricted means by level; log-rank tests by variable with Holm-adjusted p-values. A
        variable with one level is kept, with a note in place of a test.

    Raises
    ------
    FormulaError
        If the formula is not a response alone, or names a column that is not there.
    DataError
        If times, events or entries break their conditions.
    ParameterError
        If `by` is empty or names a column twice, or tau is out of range.
    """
    response = _response(formula)
    names = _checked_names(by)
    clusters = () if cluster is None else (cluster,)
    frame = read_columns(data, (*response.columns, *names, *clusters))
    curves, levels, tests, inflation, remarks = [], [], [], [], []
    for name in names:
        formula_of = Formula(name, response, (f"+ `{name}`",), cluster=clusters)
        km, means, level_rows, test_row = _one_variable(formula_of, frame, tau, conf_level)
        inflation.append(km.design_effect)
        curves.append(means.curves)
        remarks += [f"{name}: {remark}" for remark in means.remarks]
        levels.append(level_rows)
        tests.append(test_row)
    table = pd.DataFrame(tests)
    table["p_adjusted"] = adjusted_p(table[P_VALUE].to_numpy(dtype=np.float64), "holm")
    rows = pd.concat(levels, ignore_index=True)
    return GroupComparisons(
        names,
        float(tau),
        conf_level,
        max(inflation),
        tuple(remarks),
        tuple(curves),
        rows,
        table,
    )


def _response(formula: str) -> Surv:
    parsed = parse_formula(formula)
    bare = {term for term in parsed.terms if term != "+ 1"}
    specials = (parsed.strata, parsed.cluster, parsed.offset, parsed.random)
    if not isinstance(parsed.response, Surv) or bare or any(specials):
        raise FormulaError(
            f"compare_groups() takes the response alone, as in Surv(time, event): {formula}"
        )
    return parsed.response


def _checked_names(by: Sequence[str]) -> tuple[str, ...]:
    given: object = by
    names = (by,) if isinstance(by, str) else tuple(by) if isinstance(given, Iterable) else ()
    is_named = all(isinstance(name, str) for name in names)
    if not names or not is_named or len(set(names)) < len(names):
        raise ParameterError("by is not a list of columns", ["name each column to compare once"])
    return names


def _one_variable(
    formula: Formula, frame: pd.DataFrame, tau: float, conf_level: float
) -> tuple[KaplanMeier, RestrictedMean, pd.DataFrame, dict[str, object]]:
    name = formula.text
    sample = censored_sample(formula, frame, allow=("cluster",))
    km = kaplan_meier_of(sample, conf_level=conf_level)
    means = km.rmst(tau)
    rows = means.tidy().drop(columns=STRATA)
    rows.loc[rows[N_EVENT] == 0, [CONF_LOW, CONF_HIGH]] = np.nan
    rows.insert(0, "variable", name)
    rows.insert(1, "level", [level[0] for level in sample.groups.levels])
    n_group = len(sample.groups.labels)
    test = logrank_of(sample) if n_group > 1 else None
    row: dict[str, object] = {
        "variable": name,
        "n_obs": len(sample.time),
        N_EVENT: int(sample.event.sum()),
        "n_group": n_group,
        "n_missing": sample.n_missing,
        STATISTIC: np.nan if test is None else test.statistic,
        DF: 0 if test is None else test.df,
        P_VALUE: np.nan if test is None else test.p_value,
        "p_adjusted": np.nan,
        NOTE: _note(name, n_group, 0 if test is None else test.df),
    }
    return km, means, rows, row


def _note(name: str, n_group: int, df: int) -> str:
    if n_group == 1:
        return f"not compared: every starter has the same {name}"
    return "" if df else "not compared: no event could tell the groups apart"
