"""Progress read nine ways: three definitions of it, on three bases."""

from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_number
from rpcstats._numerics.intervals import check_conf_level
from rpcstats._vocabulary import BASE, BASE_LABEL, DEFINITION, MEASURE, READINGS, N
from rpcstats._wording import decimals_for, number
from rpcstats.errors import ParameterError
from rpcstats.goals.bases import BASE_LABELS, design_effect, in_base, with_shares
from rpcstats.goals.change import change_of
from rpcstats.goals.goal_ratings import BoolArray, read_goals
from rpcstats.goals.parent_change import ROUNDING, GoalChange
from rpcstats.goals.readings import RATED, ProgressReadings
from rpcstats.goals.reliable import reliable_threshold, start_spread

PUBLISHED_RELIABLE: Final = 2.45
"""Reliable change of goals rated by parents (Edbrooke-Childs and others 2015)."""

MEASURES: Final = (RATED, "any_goal", "goal_mean", "reliable_change")
"""Each part of the one before it, as long as the reliable change is not the smaller."""


def progress(
    goals: Any,
    *,
    threshold: float = 1.0,
    reliable: float | None = PUBLISHED_RELIABLE,
    reliability: float = 0.8,
    conf_level: float = 0.95,
) -> ProgressReadings:
    """Count parents with progress under three definitions and on three bases.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them.
    threshold : float
        Points that count: of the best goal, or of the mean over a parent's goals.
    reliable : float or None
        Points of mean change that are more than noise; None to work them out from the scores
        at the start and `reliability`.
    reliability : float
        Reliability of a parent's mean score, used only where `reliable` is None.
    conf_level : float
        Level of the limits.

    Returns
    -------
    ProgressReadings
        Nine shares. All are shares of the whole base: a parent never rated since the start
        is not known to have made progress, and `readings` says what if they had.

    Raises
    ------
    DataError
        If the frame breaks a condition, or `reliable` can't be worked out.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Bases, each part of the next: completers who returned the end form (descriptive only),
    completers, starters whose course was due to end. Limits: Wilson (1927) with counts divided
    by the design effect of a mean change of `threshold` among starters. Published reliable
    change: Edbrooke-Childs, Jacob, Law, Deighton and Wolpert (2015).
    """
    check_conf_level(conf_level)
    ratings = read_goals(goals, caller="progress")
    change = change_of(ratings, "last")
    sd0, _ = start_spread(ratings)
    limits = _limits(threshold, reliable, reliability, sd0)
    people = change.frame
    hits = _hits(change, *limits)
    rows = []
    for base, label in BASE_LABELS.items():
        inside = in_base(people, base)
        for measure in MEASURES:
            rows.append(
                {
                    MEASURE: measure,
                    DEFINITION: _definition(measure, *limits, is_given=reliable is not None),
                    BASE_LABEL: label,
                    N: int(hits[measure][inside].sum()),
                    BASE: int(inside.sum()),
                }
            )
    due = in_base(people, "starters")
    clusters = people.loc[due, "cluster_id"]
    effect = design_effect(hits["goal_mean"][due], clusters)
    frame = with_shares(pd.DataFrame(rows), conf_level=conf_level, effect=effect)
    return ProgressReadings(
        frame=frame[list(READINGS)],
        threshold=limits[0],
        reliable=limits[1],
        sd0=sd0,
        reliability=float(reliability),
        is_given=reliable is not None,
        design_effect=effect,
        n_not_due=int((~due).sum()),
        n_group=int(clusters.nunique()),
        instrument=ratings.instrument,
        conf_level=conf_level,
    )


def _limits(
    threshold: float, reliable: float | None, reliability: float, sd0: float
) -> tuple[float, float]:
    used = reliable_threshold(sd0, reliability) if reliable is None else as_number(reliable)
    found = {"threshold": as_number(threshold), "reliable": used}
    faults = [f"{name} must be points above 0" for name, x in found.items() if not x > 0]
    if faults:
        raise ParameterError("progress is not defined", faults)
    return found["threshold"], found["reliable"]


def _hits(change: GoalChange, threshold: float, reliable: float) -> dict[str, BoolArray]:
    mean, best = (change.frame[name].to_numpy(dtype=np.float64) for name in ("mean", "best"))
    return {
        RATED: ~np.isnan(mean),
        "any_goal": best >= threshold - ROUNDING,
        "goal_mean": mean >= threshold - ROUNDING,
        "reliable_change": mean >= reliable - ROUNDING,
    }


def _definition(measure: str, threshold: float, reliable: float, *, is_given: bool) -> str:
    if measure == RATED:
        return "Rated since the start"
    if measure == "any_goal":
        return f"Any goal up {_points(threshold)} or more"
    if measure == "goal_mean":
        return f"Mean of their goals up {_points(threshold)} or more"
    # A threshold worked out from the data is no free label: it would tell their spread.
    reached = f"{_points(reliable)} or more" if is_given else "by more than noise"
    return f"Mean of their goals up {reached} (reliable change)"


def _points(value: float) -> str:
    return number(value, decimals=decimals_for([value]))
