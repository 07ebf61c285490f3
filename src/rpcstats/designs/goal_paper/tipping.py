"""How much worse the unseen must have done for a conclusion to end, or nothing."""

from dataclasses import dataclass, field
from typing import ClassVar, Final

import pandas as pd

from rpcstats._vocabulary import ReleaseKind
from rpcstats.designs.goal_paper.attempt import attempt
from rpcstats.designs.goal_paper.estimands import GoalEstimands
from rpcstats.designs.missing.tipping import tipping_point

COLUMNS: Final = (
    "estimand", "measure", "delta_leavers", "delta_unanswered", "estimate", "std_error", "df",
    "conf_low", "conf_high", "n_obs", "n_missing", "n_left", "n_unanswered",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GoalTipping:
    """Mean change of all who started, under departures of those without a rating of their end.

    Attributes
    ----------
    span : float
        Length of the scale in points.
    conf_level : float
        Level of the limits.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    _frame: pd.DataFrame = field(repr=False)
    span: float
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """Give a row for each pair of departures.

        Returns
        -------
        pandas.DataFrame
            Columns estimand ("E6"), measure, delta_leavers, delta_unanswered (points of
            improvement added), estimate, std_error, df, conf_low, conf_high, n_obs, n_missing,
            n_left and n_unanswered (whom each departure moves);
            no rows where the data did not allow it.
        """
        return self._frame.copy()


def goal_tipping(estimands: GoalEstimands, *, null: float) -> GoalTipping:
    """Bend the assumptions about those without a rating of their end, if the data allow it.

    Parameters
    ----------
    estimands : GoalEstimands
        What `goal_estimands` gave; its imputed data sets are used again.
    null : float
        Mean change that the conclusion excludes, in points.

    Returns
    -------
    GoalTipping
        The grid of `tipping_point`.
    """
    imputed, conf_level = estimands.imputations, estimands.conf_level
    found = None
    if imputed is not None:
        found = attempt(lambda: tipping_point(imputed, null=null, conf_level=conf_level))
    n_obs, n_missing = estimands.counts
    frame = pd.DataFrame(columns=list(COLUMNS)) if found is None else found.tidy()
    left, unanswered = (0, 0) if found is None else (found.n_left, found.n_unanswered)
    frame = frame.assign(
        estimand="E6", measure="mean change", n_obs=n_obs, n_missing=n_missing, n_left=left,
        n_unanswered=unanswered,
    )[list(COLUMNS)]  # fmt: skip
    return GoalTipping(_frame=frame, span=estimands.span, conf_level=conf_level)
