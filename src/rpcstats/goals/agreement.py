"""Answers to questions of agreement: the counts, their bounds and their words."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    ANSWER,
    ANSWER_BOUNDS,
    BASE,
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    ITEM,
    N,
    ReleaseKind,
)
from rpcstats._wording import count, interval, percent
from rpcstats._wording import words as plain_words
from rpcstats.tables.summary import Summarised, Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True, repr=False)
class Satisfaction(Summarised):
    """Answers to each question.

    Attributes
    ----------
    frame : DataFrame
        Columns `ANSWERS`: of each item those who answered, agreed, chose the middle, disagreed.
    instrument : str
        Key of the instrument.
    asked : str
        Who was asked, in words.
    n_not_due : int
        Parents still on the course, who have not been asked.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "counts"

    frame: pd.DataFrame
    instrument: str
    asked: str
    n_not_due: int
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give the counts behind the shares.

        Returns
        -------
        DataFrame
            Columns item, answer ("answered", "agree", "neither", "disagree"), base_label, n,
            base, estimate, conf_low, conf_high: the base of "answered" is those asked, that of
            the others those who answered.
        """
        return self.frame.copy()

    def bounds(self) -> pd.DataFrame:
        """Give the share agreeing with what is not known.

        Returns
        -------
        DataFrame
            A row an item: n_agree, n_answered, n_asked; estimate with exact limits, of those who
            answered; lowest and highest, of those asked, if none or all of those who gave no
            answer agreed (Manski 1989); words.
        """
        rows = []
        for item, part in self.frame.groupby(ITEM, sort=False, observed=True):
            records = part.to_dict("records")
            cells: dict[str, dict[Any, Any]] = {record[ANSWER]: record for record in records}
            agree, answered = cells["agree"], cells["answered"]
            k, n, asked = int(agree[N]), int(answered[N]), int(answered[BASE])
            row = {
                ITEM: item,
                "n_agree": k,
                "n_answered": n,
                "n_asked": asked,
                **{name: float(agree[name]) for name in (ESTIMATE, CONF_LOW, CONF_HIGH)},
                "lowest": k / asked if asked else np.nan,
                "highest": (k + asked - n) / asked if asked else np.nan,
            }
            rows.append(row | {"words": _words(row, self.asked)})
        return pd.DataFrame(rows)[list(ANSWER_BOUNDS)]

    def glance(self) -> pd.DataFrame:
        """Give one row about all questions.

        Returns
        -------
        DataFrame
            Columns instrument, asked, n_obs (asked), n_not_due, n_items, conf_level.
        """
        answered = self.frame[self.frame[ANSWER] == "answered"]
        row = {
            "instrument": self.instrument,
            "asked": self.asked,
            "n_obs": int(answered[BASE].iloc[0]),
            "n_not_due": self.n_not_due,
            "n_items": self.frame[ITEM].nunique(),
            "conf_level": self.conf_level,
        }
        return pd.DataFrame([row])

    def summary(self) -> Summary:
        """Give a readable account.

        Returns
        -------
        Summary
            The bounds of each question and their words.
        """
        rows = self.bounds()
        remark = (
            " ".join(rows["words"])
            + " Limits are exact (Clopper and Pearson 1934) and hold only if those who answered are"
            " like those who did not; lowest and highest do without that."
        )
        return Summary("Answers to questions of agreement", (rows.drop(columns="words"),), remark)

    def plot(self, ax: "Axes | None" = None, **options: Any) -> "Axes":
        """Draw one stacked bar a question.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default a new figure.
        **options
            As `figures.answer_bars.answer_bars` takes them.

        Returns
        -------
        matplotlib.axes.Axes
            The axes; ``.figure`` is the picture.
        """
        from rpcstats.figures.answer_bars import answer_bars

        return answer_bars(self.frame, ax=ax, **options)


def _words(row: dict[str, Any], asked: str) -> str:
    k, n, m = row["n_agree"], row["n_answered"], row["n_asked"]
    head = f"{plain_words(row[ITEM])}: {count(k)} of {count(n)} who answered agreed"
    if k == n:
        rest = f" ({rule_of_three(n)})"
    else:
        limits = interval(row[CONF_LOW], row[CONF_HIGH])
        rest = f" ({percent(row[ESTIMATE])}, interval {limits})"
    if n == m:
        return f"{head}{rest}; all {count(m)} {asked} answered."
    return (
        f"{head}{rest}; {count(m - n)} of {count(m)} {asked} gave no answer, so between"
        f" {percent(row['lowest'])} and {percent(row['highest'])} of all agree."
    )


def rule_of_three(n: int) -> str:
    """Say what an outcome without exception tells of parents like these.

    Parameters
    ----------
    n : int
        Number observed, all alike.

    Returns
    -------
    str
        The one-sided lower limit 1 - 3 / n in words, at 95 %.
    """
    if n <= 3:
        return f"100%, but {count(n)} are too few to say anything of others"
    # Rounded down: the rule is a lower limit.
    lowest = int(np.floor(100 * (1 - 3 / n) + 1e-9))
    return (
        f"100%; by the rule of three at least {lowest}% of parents like these would, with 95%"
        " confidence"
    )
