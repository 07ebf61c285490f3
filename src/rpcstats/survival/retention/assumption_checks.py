"""Whether the assumptions behind a retention paper's models can stand, as one table of tests."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_names
from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import DF, N_EVENT, NOTE, P_VALUE, STATISTIC, STRATA, ReleaseKind
from rpcstats.data import person_period
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.survival.cox_fit import CoxFit
from rpcstats.survival.cox_regression import cox
from rpcstats.survival.discrete.discrete_hazard import discrete_hazard
from rpcstats.survival.retention.course_model import (
    CLUSTER,
    NODES,
    TOO_FEW,
    CourseModel,
    adjusting,
    fit_sessions,
    known_rows,
    starters,
    varying,
)
from rpcstats.tables.summary import Summarised, Summary, counted

FEWEST_EVENTS: Final = 5
"""A check that rests on fewer leavers says nothing."""

EVEN: Final = "The hazard of leaving changes evenly from session to session"
ALIKE: Final = "Groups of parents leave alike, apart from what is known of them"
STEADY: Final = "Differences between starters are the same at every session"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class AssumptionChecks(Summarised):
    """Tests of assumptions, a row each.

    Attributes
    ----------
    frame : DataFrame
        Columns check, method, statistic, df, p_value, note.
    n_obs, n_event, n_group, n_missing : int
        Starters, leavers, clusters, and starters left out because a column is not known.
    """

    release_kind: ClassVar[ReleaseKind] = "test"

    frame: pd.DataFrame
    n_obs: int
    n_event: int
    n_group: int
    n_missing: int

    def tidy(self) -> pd.DataFrame:
        """Give the counts that all checks rest on.

        Returns
        -------
        pandas.DataFrame
            One row: strata, n_obs, n_event.
        """
        return pd.DataFrame({STRATA: ["all"], "n_obs": [self.n_obs], N_EVENT: [self.n_event]})

    def glance(self) -> pd.DataFrame:
        """Give one row per check.

        Returns
        -------
        pandas.DataFrame
            Columns check, method, statistic, df, p_value, n_obs, n_event, n_group, n_missing, note;
            p_value is missing, with a note, where the check could not be made.
        """
        counts = {
            "n_obs": self.n_obs,
            N_EVENT: self.n_event,
            "n_group": self.n_group,
            "n_missing": self.n_missing,
        }
        return self.frame.assign(**counts)

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            Prints as text, shows as HTML in a notebook.
        """
        remark = (
            f"{counted(self.n_event, 'leaver')} among {counted(self.n_obs, 'starter')}. A large p"
            " does not show that an assumption holds: with few leavers little can be told."
        )
        return Summary("Checks of assumptions", (self.frame,), remark)


def assumption_checks(
    retention: pd.DataFrame, *, by: Sequence[str], rule: DisclosurePolicy | None = None
) -> AssumptionChecks:
    """Test the assumptions that comparisons of starters rest on.

    Parameters
    ----------
    retention : DataFrame
        What ``followup(..., event="dropout", unit="session")`` gives.
    by : sequence of str
        Columns whose groups are compared.
    rule : DisclosurePolicy, optional
        Rules under which the result will be disclosed, as in `adjusted_comparisons`.

    Returns
    -------
    AssumptionChecks
        A test each of an even course of the hazard (likelihood ratio against one hazard a
        session), of groups that leave alike (likelihood ratio of a random effect, half the usual
        p because a variance has a boundary at 0: Self and Liang 1987), and of steady differences
        (the score test of proportional hazards, Grambsch and Therneau 1994).

    Raises
    ------
    ParameterError
        If a column is not there.
    DataError
        If the frame is not one of sessions.
    """
    by = as_names("by", by)
    retention = starters(retention, rule)
    absent = [name for name in (*by, CLUSTER, "event", "time", "entry") if name not in retention]
    if absent:
        raise ParameterError(
            "The checks need other columns",
            [f"the frame has no {', '.join(absent)}: give it what followup() gives"],
        )
    rows = known_rows(retention, [*by, CLUSTER])
    columns = adjusting(rows, varying(rows, by), rule=rule)
    enough = int(rows["event"].sum()) >= FEWEST_EVENTS
    course = _Course.of(rows, columns) if enough else None
    checks = (
        (EVEN, "likelihood ratio", _even),
        (ALIKE, "likelihood ratio of a random effect", _alike),
        (STEADY, "score test of proportional hazards", _steady),
    )
    return AssumptionChecks(
        frame=pd.DataFrame([_row(course, *check) for check in checks]),
        n_obs=len(rows),
        n_event=int(rows["event"].sum()),
        n_group=int(rows[CLUSTER].nunique()),
        n_missing=len(retention) - len(rows),
    )


Tested = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """Starters, the terms adjusted for, their sessions, and the model that the checks extend."""

    rows: pd.DataFrame
    columns: list[str]
    periods: pd.DataFrame
    small: CourseModel

    @classmethod
    def of(cls, rows: pd.DataFrame, columns: list[str]) -> "_Course":
        periods = person_period(rows)
        return cls(rows, columns, periods, fit_sessions(periods, ["session", *columns]))


def _row(
    course: _Course | None, check: str, method: str, test: Callable[[_Course], Tested | None]
) -> dict[str, object]:
    found = None if course is None else test(course)
    statistic, df, p = (np.nan,) * 3 if found is None else found
    return {
        "check": check,
        "method": method,
        STATISTIC: statistic,
        DF: df,
        P_VALUE: p,
        NOTE: TOO_FEW if found is None else "",
    }


def _even(course: _Course) -> Tested | None:
    """Compare a hazard even in the session with one of its own a session.

    Where nobody leaves at a session its hazard is 0, and the likelihood has a supremum there.
    """
    rows = course.rows
    free = int(rows.loc[rows["event"] == 1, "time"].nunique()) - 2
    if course.small.fit is None or free < 1:
        return None
    large = _own_hazards(course)
    if large is None:
        return None
    statistic = max(2.0 * (large - course.small.fit.log_lik), 0.0)
    return statistic, float(free), float(chi_square_p(statistic, free))


def _own_hazards(course: _Course) -> float | None:
    """Give the log-likelihood of a hazard of its own for each session with leavers."""
    seen = course.periods.groupby("session")["event"].transform("sum") > 0
    # A session at which nobody left fits perfectly with a hazard of 0 and adds nothing.
    periods = course.periods[seen.to_numpy()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            fit = discrete_hazard("event ~ " + " + ".join(["C(session)", *course.columns]), periods)
        except DataError:
            return None
    return None if fit.trouble else fit.log_lik


def _alike(course: _Course) -> Tested | None:
    if course.small.fit is None or course.rows[CLUSTER].nunique() < 2:
        return None
    terms = ["session", *course.columns, f"(1 | {CLUSTER})"]
    large = fit_sessions(course.periods, terms, nagq=NODES)
    if large.fit is None:
        return None
    statistic = max(2.0 * (large.fit.log_lik - course.small.fit.log_lik), 0.0)
    p = 1.0 if statistic == 0.0 else float(chi_square_p(statistic, 1)) / 2.0
    return statistic, 1.0, p


def _steady(course: _Course) -> Tested | None:
    if not course.columns:
        return None
    formula = f"Surv(entry, time, event) ~ {' + '.join(course.columns)} + cluster({CLUSTER})"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        try:
            fit = cox(formula, course.rows)
            if not isinstance(fit, CoxFit) or fit.trouble:
                return None
            table = fit.proportional_hazards(transform="identity").tidy()
        except DataError:
            return None
    whole = table.iloc[-1]
    return float(whole[STATISTIC]), float(whole[DF]), float(whole[P_VALUE])
