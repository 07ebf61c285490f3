"""Every estimand by every method, as one frame; what can't be estimated is a row without number."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMANDS, ReleaseKind
from rpcstats.designs.goal_paper.attempt import attempt, due_starters, span_of
from rpcstats.designs.missing.compare import compare_estimands
from rpcstats.designs.missing.imputation_estimands import estimands_by_imputation
from rpcstats.designs.missing.imputations import Imputations
from rpcstats.designs.missing.impute import impute_goals
from rpcstats.designs.missing.joint_estimands import joint_estimands
from rpcstats.designs.missing.joint_model import joint_model
from rpcstats.designs.missing.joint_parameters import Outcome
from rpcstats.designs.missing.linear_change import linear_policy_change
from rpcstats.goals.completers import completers_change
from rpcstats.goals.estimand import Estimand, EstimandResult
from rpcstats.goals.trajectories import goal_trajectory

MEASURES: Final = ("mean change", "progress")
COMPLETERS: Final = "Mean of the forms returned"
LINEAR: Final = "Linear mixed model"
ORDINAL: Final = "Ordinal mixed model"
IMPUTED: Final = "Multiple imputation"
JOINT: Final = "Joint model with dropout"
ORDINAL_JOINT: Final = "Ordinal joint model with dropout"
AGREE: Final = "The methods of each estimand agree to within half a standard error."
DISAGREE: Final = (
    "Methods of one estimand disagree by more than half a standard error: they assume different"
    " things of the ratings that are missing, and the figure is no firmer than the weakest of them."
)
ONE: Final = "Too few methods could be used to compare them."

AMONG_READINGS: Final = ("E5c", "progress")

Attempted = dict[tuple[Estimand, str], EstimandResult | None]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GoalEstimands:
    """Change and progress under each estimand by each method.

    Attributes
    ----------
    imputations : Imputations or None
        The imputed data sets, which stay in the office.
    counts : tuple of int
        Starters due, and of them those without a rating of their end.
    span : float
        Length of the scale in points.
    conf_level : float
        Level of the limits.
    agreement : str
        Whether the methods of each estimand agree, in words without numbers of the data.
    """

    release_kind: ClassVar[ReleaseKind] = "estimates"

    _frame: pd.DataFrame = field(repr=False)
    imputations: Imputations | None = field(repr=False)
    counts: tuple[int, int]
    span: float
    conf_level: float
    agreement: str

    def tidy(self) -> pd.DataFrame:
        """Give one row per estimand, method and measure, whether or not it could be estimated.

        Returns
        -------
        pandas.DataFrame
            Columns `ESTIMANDS`; the estimate is missing where the data did not allow it.
        """
        return self._frame.copy()

    def shown(self) -> "GoalEstimands":
        """Give the same for a figure or a table, without rows where nobody was rated.

        Returns
        -------
        GoalEstimands
            All rows, or none.
        """
        return replace(self, _frame=self._frame[self._frame["n_obs"] > 0])


def goal_estimands(
    goals: pd.DataFrame, *, seed: int, m: int = 20, threshold: float = 1.0, conf_level: float = 0.95
) -> GoalEstimands:
    """Estimate the change of goals under each estimand by each method that the data allow.

    Parameters
    ----------
    goals : DataFrame
        What `goal_scores` gives; it may have no rows.
    seed : int
        Seed of the imputations.
    m : int
        Imputed data sets.
    threshold : float
        Mean change of a parent's goals that counts as progress, in points.
    conf_level : float
        Level of the limits.

    Returns
    -------
    GoalEstimands
        Of completers who answered (E5c); of all who started, where they left (E5a); and had all
        finished (E5b). Progress of completers who answered is left to the nine readings: one
        share protected by two rules would tell more than either.
    """
    found: Attempted = {}
    found["E5c", COMPLETERS] = attempt(
        lambda: completers_change(goals, threshold=threshold, conf_level=conf_level)
    )
    found["E5a", LINEAR] = attempt(
        lambda: linear_policy_change(goals, threshold=threshold, conf_level=conf_level)
    )
    imputed = attempt(lambda: impute_goals(goals, seed=seed, m=m))
    found["E5a", IMPUTED] = _imputed(imputed, "E5a", threshold, conf_level)
    joints = {
        JOINT: attempt(_by_joint_model(goals, "linear", threshold, conf_level)),
        ORDINAL_JOINT: attempt(_by_joint_model(goals, "ordinal", threshold, conf_level)),
    }
    for name, both in joints.items():
        found["E5a", name] = None if both is None else both[0]
    found["E5b", LINEAR] = attempt(_by_trajectory(goals, "linear", threshold, conf_level))
    found["E5b", ORDINAL] = attempt(_by_trajectory(goals, "ordinal", threshold, conf_level))
    found["E5b", IMPUTED] = _imputed(imputed, "E5b", threshold, conf_level)
    for name, both in joints.items():
        found["E5b", name] = None if both is None else both[1]
    counts = due_starters(goals)
    frames = [_rows(keys, result, counts) for keys, result in found.items()]
    frame = pd.concat(frames, ignore_index=True)[list(ESTIMANDS)]
    return GoalEstimands(
        _frame=frame,
        imputations=imputed,
        counts=counts,
        span=span_of(goals),
        conf_level=conf_level,
        agreement=_agreement(found),
    )


def _imputed(
    imputed: Imputations | None,
    estimand: Literal["E5a", "E5b"],
    threshold: float,
    conf_level: float,
) -> EstimandResult | None:
    if imputed is None:
        return None
    return attempt(
        lambda: estimands_by_imputation(
            imputed, estimand=estimand, threshold=threshold, conf_level=conf_level
        )
    )


def _by_joint_model(
    goals: pd.DataFrame, outcome: Outcome, threshold: float, conf_level: float
) -> Callable[[], tuple[EstimandResult, EstimandResult]]:
    def estimate() -> tuple[EstimandResult, EstimandResult]:
        fit = joint_model(goals, outcome=outcome, conf_level=conf_level)
        return joint_estimands(fit, threshold=threshold)

    return estimate


def _by_trajectory(
    goals: pd.DataFrame, model: Literal["linear", "ordinal"], threshold: float, conf_level: float
) -> Callable[[], EstimandResult]:
    def estimate() -> EstimandResult:
        fitted = goal_trajectory(goals, model=model, conf_level=conf_level)
        return fitted.hypothetical(threshold=threshold)

    return estimate


def _rows(
    keys: tuple[Estimand, str], result: EstimandResult | None, counts: tuple[int, int]
) -> pd.DataFrame:
    estimand, method = keys
    measures = [m for m in MEASURES if (estimand, m) != AMONG_READINGS]
    if result is not None:
        frame = result.tidy().assign(method=method)
        return frame[frame["measure"].isin(measures)]
    n_obs, n_missing = counts
    rows = [
        dict.fromkeys(ESTIMANDS, np.nan)
        | {"estimand": estimand, "method": method, "measure": measure, "n_obs": n_obs}
        | {"n_missing": n_missing, "assumption": ""}
        for measure in measures
    ]
    return pd.DataFrame(rows)


def _agreement(found: Attempted) -> str:
    results = [result for result in found.values() if result is not None]
    if len(results) < 3:
        return ONE
    return AGREE if compare_estimands(*results).differences()["agrees"].all() else DISAGREE
