"""Life tables of sessions, or of intervals of time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rpcstats._numerics.arguments import check_flags
from rpcstats._numerics.intervals import ConfType
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STRATA,
    TIME,
)
from rpcstats.formula.censored import censored_sample
from rpcstats.survival.nonparametric._life_cells import (
    rows_at_risk,
    session_cells,
    session_counts,
    session_rows,
)
from rpcstats.survival.structure.remarks import few_at_risk_remark
from rpcstats.tables.summary import Summarised, Summary, counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class LifeTable(Summarised):
    """Hazards and survival, a row a session at risk, for each group.

    Attributes
    ----------
    strata : tuple of str
        Label of each group; "all" if there is one.
    is_actuarial : bool
        Whether those censored (and entering) in a session count as half at risk.
    conf_type, conf_level : str, float
        Scale and level of the limits of the survival.
    n_obs, n_event, n_missing : int
        Rows, events, and rows left out because a value was missing.
    remarks : tuple of str
        What a reader should know, in plain sentences.
    """

    strata: tuple[str, ...]
    is_actuarial: bool
    conf_type: ConfType
    conf_level: float
    n_obs: int
    n_event: int
    n_missing: int
    remarks: tuple[str, ...]
    _rows: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """Give one row per group and session at risk.

        Returns
        -------
        pandas.DataFrame
            Columns strata, time, n_risk, n_event, n_censor, hazard, hazard_std_error,
            hazard_low, hazard_high, estimate (survival to the end of the session),
            std_error, conf_low, conf_high; a fresh copy.
        """
        return self._rows.copy()

    def glance(self) -> pd.DataFrame:
        """Give one row on the whole table.

        Returns
        -------
        pandas.DataFrame
            Columns n_obs, n_event, n_group, n_missing, conf_level.
        """
        row = {
            "n_obs": self.n_obs,
            N_EVENT: self.n_event,
            "n_group": len(self.strata),
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
        columns = [STRATA, TIME, N_RISK, N_EVENT, N_CENSOR, "hazard", ESTIMATE, CONF_LOW, CONF_HIGH]
        half = "Those censored in a session count as half at risk. " if self.is_actuarial else ""
        lost = f"{counted(self.n_missing, 'row')} with missing values left out."
        scale = f"{half}{self.conf_level:.0%} intervals on the {self.conf_type} scale."
        return Summary("Life table", (self._rows[columns],), " ".join([scale, lost, *self.remarks]))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the hazard of each session with its interval.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure if not given.

        Returns
        -------
        matplotlib Axes
            The axes drawn on.
        """
        from rpcstats.figures.session_dots import session_dots

        hazards = {"hazard": ESTIMATE, "hazard_low": CONF_LOW, "hazard_high": CONF_HIGH}
        frame = self._rows[[STRATA, TIME, *hazards]].rename(columns=hazards)
        # An open last interval has no place on the axis.
        return session_dots(frame[np.isfinite(frame[TIME])], ax=ax)


def life_table(
    formula: str,
    data: Any,
    *,
    breaks: ArrayLike | None = None,
    actuarial: bool = False,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    weights: str | None = None,
) -> LifeTable:
    """Tabulate who is at risk, leaves and is censored in each session, with hazard and survival.

    Parameters
    ----------
    formula : str
        ``"Surv(session, event) ~ mode"``, ``"Surv(entry, session, event) ~ 1"``.
    data : frame
        pandas, or any frame narwhals reads.
    breaks : array_like, optional
        Ends of intervals (b0, b1], (b1, b2], … for times that are not session numbers; a row
        leaves in the interval that holds its time, and `time` is the end of the interval. Who
        is still followed after the last is at risk throughout and not tabulated further.
    actuarial : bool
        Whether those censored in a session (or entering inside an interval) count as half at
        risk, for censoring spread over the session; otherwise they count whole, as they do
        if they were there for all of it. A hazard that would come out above 1 is put at 1.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits of the survival.
    conf_level : float
        Level of the limits.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.

    Returns
    -------
    LifeTable
        One row a session at risk, also where nobody left.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events, entries or weights break their conditions, or are not session numbers
        and no breaks are given.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Cutler and Ederer (1958) for the actuarial table; variance of the hazard binomial, of the
    survival by Greenwood (1926), limits of the hazard by Wilson (1927).
    """
    check_flags(actuarial=actuarial)
    sample = censored_sample(formula, data, weights=weights)
    labels = sample.groups.labels
    cells = session_cells(sample, breaks)
    rows = session_rows(
        session_counts(sample, cells),
        cells.ends,
        actuarial=actuarial,
        conf_type=conf_type,
        conf_level=conf_level,
    )
    rows.insert(0, STRATA, np.repeat(np.array(labels, dtype=object), len(cells.ends)))
    if weights is None:
        rows = rows.astype(dict.fromkeys((N_RISK, N_EVENT, N_CENSOR), np.int64))
    at_risk = rows_at_risk(sample, cells)
    shown = at_risk > 0
    ends = np.concatenate([[0], np.cumsum(shown.reshape(len(labels), -1).sum(axis=1))])
    times = rows[TIME].to_numpy()[shown]
    return LifeTable(
        strata=labels,
        is_actuarial=actuarial,
        conf_type=conf_type,
        conf_level=conf_level,
        n_obs=len(sample.time),
        n_event=int(sample.event.sum()),
        n_missing=sample.n_missing,
        remarks=(
            *few_at_risk_remark(labels, ends, times, at_risk[shown]),
            *_halved_remark(rows[shown]),
        ),
        _rows=rows[shown].reset_index(drop=True),
    )


def _halved_remark(rows: pd.DataFrame) -> tuple[str, ...]:
    n = int(((rows["hazard"] == 1) & (rows[N_EVENT] < rows[N_RISK])).sum())
    if not n:
        return ()
    return (
        f"In {counted(n, 'interval')} no more count as at risk than failed, for those who enter or"
        " are censored inside count half: the hazard is put at 1. Take wider intervals, or"
        " actuarial=False.",
    )
