"""Questions of the end form, and both parents of a couple, where there are any."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final

import pandas as pd

from rpcstats._vocabulary import ANSWERS, CHANGE_CLASSES, ReleaseKind
from rpcstats.data.extract import Extract
from rpcstats.data.registries import instruments
from rpcstats.data.trajectories import goal_scores
from rpcstats.designs.goal_paper.attempt import attempt
from rpcstats.goals.agreement import Satisfaction
from rpcstats.goals.couples import couple_change
from rpcstats.goals.satisfaction import satisfaction

QUESTIONS: Final = ("likert5", "rating4")
"""Instruments of ordered answers, in the order they are looked for."""


@dataclass(frozen=True, slots=True, eq=False)
class GoalAnswers:
    """Counts of answers, or of couples, for a paper.

    Attributes
    ----------
    words : str
        What was asked, for a caption; empty if nothing was.
    """

    release_kind: ClassVar[ReleaseKind] = "counts"

    _frame: pd.DataFrame = field(repr=False)
    words: str

    def tidy(self) -> pd.DataFrame:
        """Give the counts.

        Returns
        -------
        pandas.DataFrame
            Columns `ANSWERS` or `CHANGE_CLASSES`; no rows where nobody was asked.
        """
        return self._frame.copy()


def goal_answers(extract: Extract, *, conf_level: float = 0.95) -> GoalAnswers:
    """Count the answers to the questions of the end form, if there were any.

    Parameters
    ----------
    extract : Extract
        A council's extract.
    conf_level : float
        Level of the limits.

    Returns
    -------
    GoalAnswers
        Rows of `satisfaction` for the first instrument of questions that was used.
    """
    for key in QUESTIONS:
        found = attempt(_of_instrument(extract, key, conf_level))
        if found is not None:
            return GoalAnswers(found.tidy(), instruments()[key].name)
    return GoalAnswers(pd.DataFrame(columns=list(ANSWERS)), "")


def goal_couples(goals: pd.DataFrame, *, conf_level: float = 0.95) -> GoalAnswers:
    """Count what became of couples of whom both parents started, if there are any.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives; it may have no rows.
    conf_level : float
        Level of the limits.

    Returns
    -------
    GoalAnswers
        Rows of `couple_change(...).classes()`.
    """
    found = attempt(lambda: couple_change(goals, conf_level=conf_level).classes())
    if found is None:
        return GoalAnswers(pd.DataFrame(columns=list(CHANGE_CLASSES)), "")
    return GoalAnswers(found.tidy(), "couples")


def _of_instrument(extract: Extract, key: str, conf_level: float) -> Callable[[], Satisfaction]:
    # Families come again: each is counted at its first visit.
    def count() -> Satisfaction:
        first = goal_scores(extract, instrument=key, courses="first")
        return satisfaction(first, key, conf_level=conf_level)

    return count
