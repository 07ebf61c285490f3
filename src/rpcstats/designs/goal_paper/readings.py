"""Progress read nine ways, or rows that say that nobody was rated."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import BASE, READINGS, ReleaseKind
from rpcstats.designs.goal_paper.attempt import attempt
from rpcstats.goals.bases import BASE_LABELS
from rpcstats.goals.progress import progress

MEASURES: Final = ("rated", "any_goal", "goal_mean", "reliable_change")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GoalReadings:
    """Counts behind the nine readings of progress.

    Attributes
    ----------
    design_effect : float
        How much clustering widens the limits.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "counts"

    _frame: pd.DataFrame = field(repr=False)
    design_effect: float
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give the counts.

        Returns
        -------
        pandas.DataFrame
            Columns `READINGS`: four rows a base, with bases of nobody where no goal was rated.
        """
        return self._frame.copy()

    def shown(self) -> "GoalReadings":
        """Give the same for a figure, without rows where nobody was rated.

        Returns
        -------
        GoalReadings
            All rows, or none.
        """
        some = self._frame[BASE].sum() > 0
        return self if some else replace(self, _frame=self._frame.iloc[:0])


def goal_readings(
    goals: pd.DataFrame, *, threshold: float = 1.0, conf_level: float = 0.95
) -> GoalReadings:
    """Read progress nine ways, if goals were rated.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives; it may have no rows.
    threshold : float
        Change of a goal, or of their mean, that counts as progress, in points.
    conf_level : float
        Level of the limits.

    Returns
    -------
    GoalReadings
        As `progress` gives them.
    """
    found = attempt(lambda: progress(goals, threshold=threshold, conf_level=conf_level))
    if found is not None:
        return GoalReadings(
            _frame=found.tidy(), design_effect=found.design_effect, conf_level=conf_level
        )
    rows = [
        dict.fromkeys(READINGS, np.nan)
        | {"measure": measure, "definition": "No goal was rated", "base_label": label}
        | {"n": 0, "base": 0}
        for label in BASE_LABELS.values()
        for measure in MEASURES
    ]
    frame = pd.DataFrame(rows)[list(READINGS)].astype({"n": "int64", "base": "int64"})
    return GoalReadings(_frame=frame, design_effect=1.0, conf_level=conf_level)
