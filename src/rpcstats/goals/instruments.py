"""Totals of questionnaires from their items, with a rule for items left out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import BASE, BASE_LABEL, CHANGE, CHANGE_CLASSES, STATE, N
from rpcstats.data.registries import Instrument, instruments
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.bases import with_shares
from rpcstats.goals.change_classes import ChangeClasses
from rpcstats.goals.goal_ratings import read_goals
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rule = Literal["all", "half"]

TOTAL: Final = "total"
RULES: Final[dict[Rule, str]] = {
    "all": "A total needs every item",
    "half": "A total needs half of the items or more and is prorated where some are missing",
}
FORMS: Final = ("Every item answered", "Some missing, prorated", "Too few answered for a total")
KEY: Final = ["episode_id", "occasion", "session"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class TotalScores(Summarised):
    """Totals in the frame that every function of goals takes.

    Attributes
    ----------
    frame : DataFrame
        Columns of the frame given, a row a parent and occasion, item "total".
    instrument : str
        Key of the instrument.
    rule : {"all", "half"}
        The rule for items left out.
    n_items : int
        Items of the instrument.
    n_forms : tuple of int
        Forms with every item answered, prorated, and with too few answers.
    """

    frame: pd.DataFrame
    instrument: str
    rule: Rule
    n_items: int
    n_forms: tuple[int, int, int]

    def tidy(self) -> pd.DataFrame:
        """Give one row per parent and occasion.

        Returns
        -------
        DataFrame
            Columns as given, item "total"; attrs minimum, maximum and direction are those of
            the total. About single parents: never for release.
        """
        frame = self.frame.copy()
        frame.attrs = dict(self.frame.attrs)
        return frame

    def glance(self) -> pd.DataFrame:
        """Give one row about the forms.

        Returns
        -------
        DataFrame
            Columns instrument, rule, n_items, n_obs (forms with an answer), n_complete,
            n_prorated, n_too_few.
        """
        row = {
            "instrument": self.instrument,
            "rule": self.rule,
            "n_items": self.n_items,
            "n_obs": sum(self.n_forms),
        }
        names = ("n_complete", "n_prorated", "n_too_few")
        return pd.DataFrame([row | dict(zip(names, self.n_forms, strict=True))])

    def forms(self) -> ChangeClasses:
        """Count forms by how complete they are.

        Returns
        -------
        ChangeClasses
            Complete, prorated, and too few answers, of the forms with an answer.
        """
        frame = pd.DataFrame({CHANGE: FORMS, BASE_LABEL: "forms", N: self.n_forms})
        frame = with_shares(frame.assign(**{BASE: sum(self.n_forms)}), conf_level=0.95)
        return ChangeClasses(
            frame=frame[list(CHANGE_CLASSES)],
            heading="Forms by items answered",
            remark=f"{RULES[self.rule]}.",
            conf_level=0.95,
        )

    def summary(self) -> Summary:
        """Give a readable account, of no single parent.

        Returns
        -------
        Summary
            How many forms have a total.
        """
        return self.forms().summary()

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw how complete the forms are.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        **options
            As `figures.change_bars.change_bars` takes them.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        return self.forms().plot(ax, **options)


def total_scores(goals: Any, *, rule: Rule | None = None) -> TotalScores:
    """Add up the items of a questionnaire.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES` with a row for each item, turned round already where the
        instrument's manual says so; attrs instrument names the registry's entry.
    rule : {"all", "half"}, optional
        Whether every item has to be answered, or half of them, the total then being the mean of
        those answered times the number of items. By default the registry's rule, else "all".

    Returns
    -------
    TotalScores
        Its `tidy` is the frame for `goal_change`, `reliable_change`, `clinical_change`.

    Raises
    ------
    DataError
        If the frame breaks a condition, holds totals already, has more items than the
        instrument, or gives a total outside its range.
    ParameterError
        If the rule is unknown, or the instrument has no total or is not in the registry.
    """
    frame = goals.copy() if isinstance(goals, pd.DataFrame) else goals
    if isinstance(frame, pd.DataFrame):
        # The range of the registry may be that of the total.
        frame.attrs = {**goals.attrs, "minimum": None, "maximum": None}
    ratings = read_goals(frame, caller="total_scores")
    entry = _entry(ratings.instrument)
    used: Rule = rule or entry.item_missing or "all"
    if used not in RULES:
        raise ParameterError("rule is unknown", ['choose rule="all" or rule="half"'])
    n_items = int(entry.items or 0)
    _check_items(frame, entry, n_items)
    totals, n_forms = _totals(frame, used, n_items)
    scale = n_items if entry.scored == "item" else 1
    low, high = (None if x is None else scale * x for x in (entry.minimum, entry.maximum))
    score = totals["score"].to_numpy(dtype=np.float64)
    bounds = (-np.inf if low is None else low, np.inf if high is None else high)
    outside = int(((score < bounds[0]) | (score > bounds[1])).sum())
    if outside:
        raise DataError(
            f"total_scores found {outside:,} totals outside the range of the instrument: check"
            " that items were turned round and coded as its manual says."
        )
    totals.attrs = {**goals.attrs, "minimum": low, "maximum": high}
    return TotalScores(
        frame=totals, instrument=entry.key, rule=used, n_items=n_items, n_forms=n_forms
    )


def _entry(key: str) -> Instrument:
    entry = instruments().get(key)
    faults = []
    if entry is None:
        faults.append('set attrs["instrument"] of the frame to a key of the registry')
    elif entry.direction == "split":
        faults.append("it has subscales that point different ways: total each of them by itself")
    elif entry.items is None or entry.goals:
        faults.append("its items are no fixed questionnaire: use goal_change")
    if faults or entry is None:
        raise ParameterError("total_scores has no total for this instrument", faults)
    return entry


def _check_items(frame: pd.DataFrame, entry: Instrument, n_items: int) -> None:
    items = set(frame["item"].astype(str))
    if TOTAL in items:
        raise DataError("total_scores was given totals: leave out the rows whose item is 'total'.")
    if len(items) > n_items:
        raise DataError(
            f"total_scores found {len(items)} items, and {entry.key} has {n_items}: leave out"
            " subscales and rows of another instrument."
        )


def _totals(
    frame: pd.DataFrame, rule: Rule, n_items: int
) -> tuple[pd.DataFrame, tuple[int, int, int]]:
    form = frame.groupby(KEY, observed=True, sort=False, dropna=False).ngroup().to_numpy()
    score = pd.to_numeric(frame["score"]).to_numpy(dtype=np.float64, na_value=np.nan)
    known = ~np.isnan(score)
    n = int(form.max()) + 1
    answered = np.bincount(form[known], minlength=n)
    added = np.bincount(form[known], weights=score[known], minlength=n)
    least = n_items if rule == "all" else (n_items + 1) // 2
    has_total = answered >= least
    total = np.full(n, np.nan)
    # A complete form keeps its exact sum.
    whole = answered == n_items
    total[whole] = added[whole]
    part = has_total & ~whole
    total[part] = added[part] / answered[part] * n_items
    first = np.zeros(n, dtype=np.int64)
    first[form[::-1]] = np.arange(len(form))[::-1]
    rated_first = first.copy()
    rows = np.flatnonzero(known)[::-1]
    rated_first[form[rows]] = rows
    out = frame.iloc[rated_first].reset_index(drop=True)
    was_rated = out[STATE].isin(["rated", "rated_after_leaving"]).to_numpy()
    gone = was_rated & ~has_total
    state = out[STATE].astype(object).to_numpy(copy=True)
    after = state == "rated_after_leaving"
    state[gone & after], state[gone & ~after] = "left", "missed"
    out["item"], out["score"], out[STATE] = TOTAL, total, state
    n_too_few = int(((answered > 0) & ~has_total).sum())
    return out, (int(whole.sum()), int(part.sum()), n_too_few)
