"""The discrete-hazard models of a retention paper, and why one can't be fitted."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from rpcstats.data import person_period
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.formula.responses import read_event
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

CLUSTER: Final = "cluster_id"
EVENTS_TO_ADJUST: Final = 5
"""Another column is adjusted for only with so many leavers for each coefficient."""

NODES: Final = 9
"""Groups of two to twelve parents are too small for the Laplace approximation."""

ONE_GROUP: Final = "all starters were in one group"
NO_ESTIMATE: Final = "nobody left, or everybody did, in one of the groups"
TOO_FEW: Final = "too few leavers"
NO_SPREAD: Final = "no difference between groups of parents was found"


@dataclass(frozen=True, slots=True, eq=False)
class CourseModel:
    """A discrete-hazard model, or the reason why there is none.

    Attributes
    ----------
    fit : DiscreteHazardFit or None
        The fit.
    note : str
        Why there is none; empty if there is.
    """

    fit: DiscreteHazardFit | None
    note: str = ""


def starters(frame: Any, rule: object) -> pd.DataFrame:
    """Refuse what is not a frame of starters, or no rule of disclosure.

    Parameters
    ----------
    frame : object
        What was given for the frame.
    rule : object
        What was given for the rule.

    Returns
    -------
    DataFrame
        The frame.

    Raises
    ------
    DataError
        If it is no pandas frame, a column is there twice, or its events are not 0 and 1.
    ParameterError
        If the rule is none.
    """
    if not isinstance(frame, pd.DataFrame):
        raise DataError("The starters must be a pandas frame: give what followup() gives.")
    if rule is not None and not isinstance(rule, DisclosurePolicy):
        raise ParameterError(
            "rule is no disclosure policy", ['give one, as in rule=disclosure_policy("council")']
        )
    twins = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if twins:
        raise DataError(
            f"Two columns of the frame are called {', '.join(twins)}: rename one of each."
        )
    if "event" in frame.columns and len(frame):
        read_event(frame["event"].dropna())
    return frame


def known_rows(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Keep the starters of whom every column is known.

    Parameters
    ----------
    frame : DataFrame
        What `followup` gives.
    columns : sequence of str
        Columns of the model.

    Returns
    -------
    DataFrame
        Rows without a missing value, categories without starters taken out, truth values as
        yes and no.
    """
    kept = frame[frame[list(columns)].notna().all(axis=1)].reset_index(drop=True)
    for column in columns:
        if isinstance(kept[column].dtype, pd.CategoricalDtype):
            kept[column] = kept[column].cat.remove_unused_categories()
        elif pd.api.types.is_bool_dtype(kept[column].dtype):
            kept[column] = kept[column].map({False: "no", True: "yes"})
    kept.attrs = frame.attrs
    return kept


def varying(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """List the columns with two values or more.

    Parameters
    ----------
    frame : DataFrame
        Starters.
    columns : sequence of str
        Columns to look at.

    Returns
    -------
    list of str
        In the order given.
    """
    return [column for column in columns if len(frame[column].unique()) > 1]


def adjusting(
    frame: pd.DataFrame,
    others: Sequence[str],
    column: str | None = None,
    rule: DisclosurePolicy | None = None,
) -> list[str]:
    """Choose the columns to adjust for, in order, as long as there are leavers enough.

    Parameters
    ----------
    frame : DataFrame
        Starters.
    others : sequence of str
        What might be adjusted for.
    column : str, optional
        What is compared, in the model in any case.
    rule : DisclosurePolicy, optional
        Rules under which the choice will be told.

    Returns
    -------
    list of str
        Columns whose every level has leavers and stayers, until there would be fewer than five
        leavers for each coefficient. Under a rule, leavers are counted as rounded, and every
        level needs as many of both as may be shown: otherwise the choice would tell more of a
        count than the count that is shown.
    """
    n_event, fewest = float(frame["event"].sum()), 1
    if rule is not None and rule.protects:
        rounded = round_counts([n_event], rule.round_to, rule.rounding)
        n_event, fewest = float(rounded[0]), rule.fewest_events
    chosen: list[str] = []
    used = 2 if column is None else 2 + _n_coefficient(frame, column)
    for other in others:
        level = frame.groupby(other, observed=True)["event"].agg(["size", "sum"])
        used_then = used + _n_coefficient(frame, other)
        enough = (level["sum"] >= fewest) & (level["size"] - level["sum"] >= fewest)
        if enough.all() and n_event >= EVENTS_TO_ADJUST * used_then:
            chosen.append(other)
            used = used_then
    return chosen


def fit_course(
    frame: pd.DataFrame, terms: Sequence[str], *, conf_level: float = 0.95, nagq: int = 1
) -> CourseModel:
    """Fit a logit hazard of leaving, session by session, to starters.

    Parameters
    ----------
    frame : DataFrame
        Starters, as `known_rows` gives them.
    terms : sequence of str
        Terms of the right side.
    conf_level : float
        Level of the intervals.
    nagq : int
        Nodes of the quadrature over a random effect.

    Returns
    -------
    CourseModel
        The fit, or why there is none; a fit that must not be relied on counts as none.
    """
    return fit_sessions(person_period(frame), terms, conf_level=conf_level, nagq=nagq)


def fit_sessions(
    periods: pd.DataFrame, terms: Sequence[str], *, conf_level: float = 0.95, nagq: int = 1
) -> CourseModel:
    """Fit a logit hazard of leaving to the sessions of starters.

    Parameters
    ----------
    periods : DataFrame
        One row a starter and session at risk, as `person_period` gives them.
    terms : sequence of str
        Terms of the right side.
    conf_level : float
        Level of the intervals.
    nagq : int
        Nodes of the quadrature over a random effect.

    Returns
    -------
    CourseModel
        The fit, or why there is none; a fit that must not be relied on counts as none.
    """
    formula = "event ~ " + " + ".join(terms)
    with warnings.catch_warnings():
        # A fit in trouble becomes a note of the paper, which nobody can overlook.
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            fit = discrete_hazard(formula, periods, nagq=nagq, conf_level=conf_level)
        except DataError:
            return CourseModel(None, TOO_FEW)
    return CourseModel(None, NO_ESTIMATE) if fit.trouble else CourseModel(fit)


def _n_coefficient(frame: pd.DataFrame, column: str) -> int:
    is_number = pd.api.types.is_numeric_dtype(frame[column].dtype)
    return 1 if is_number else max(int(frame[column].nunique()) - 1, 0)
