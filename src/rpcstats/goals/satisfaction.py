"""Questions of agreement: who agreed, of those who answered and of all who were asked."""

from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import check_conf_level, clopper_pearson
from rpcstats._vocabulary import (
    ANSWER,
    ANSWERS,
    BASE,
    BASE_LABEL,
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    ITEM,
    N,
)
from rpcstats.errors import DataError, ParameterError
from rpcstats.goals.agreement import Satisfaction
from rpcstats.goals.bases import BASE_LABELS, in_base
from rpcstats.goals.goal_ratings import GoalRatings, read_goals

Asked = Literal["completers", "starters"]

CATEGORIES: Final = ("agree", "neither", "disagree")
MIDDLE: Final = 0.5
"""Of the range of answers: above it is agreement, below it disagreement."""


def satisfaction(
    goals: Any,
    instrument: str = "likert5",
    *,
    asked: Asked = "completers",
    conf_level: float = 0.95,
) -> Satisfaction:
    """Count who agreed with each question of the end form.

    Parameters
    ----------
    goals : DataFrame or Extract
        Columns `GOAL_SCORES` of an instrument of ordered answers, as
        ``goal_scores(extract, instrument="likert5")`` gives them; or the extract itself.
    instrument : str
        Key of the registry; must be that of the frame.
    asked : {"completers", "starters"}
        Who is taken to have been asked, of those whose course was due to end. Answers of others
        are left out.
    conf_level : float
        Level of the limits.

    Returns
    -------
    Satisfaction
        Counts; agreement is an answer above the middle of the range.

    Raises
    ------
    DataError
        If the frame breaks a condition, or holds another instrument.
    ParameterError
        If an option is unknown or out of range.

    Notes
    -----
    Limits: Clopper and Pearson (1934). Bounds for those who gave no answer: Manski (1989). Where
    everybody agreed, the words give the one-sided rule of three, 1 - 3 / n, at 95 % (Hanley and
    Lippman-Hand 1983).
    """
    check_conf_level(conf_level)
    if asked not in ("completers", "starters"):
        raise ParameterError("asked is unknown", ['choose asked="completers" or "starters"'])
    frame = _as_frame(goals, instrument)
    ratings = read_goals(frame, caller="satisfaction")
    if ratings.instrument != instrument:
        raise DataError(
            "satisfaction was given the ratings of another instrument than instrument= names:"
            " make the frame with goal_scores(extract, instrument=...), or name its own."
        )
    base = in_base(ratings.people, asked)
    middle = _middle(frame)
    rows = [
        row
        for item, score in _answers(ratings, frame, base)
        for row in _item_rows(item, ratings.sign * (score - middle), int(base.sum()), asked)
    ]
    if not rows:
        raise DataError(
            "satisfaction found an answer of nobody who was asked: check which instrument the end"
            ' form was entered under, or ask asked="starters".'
        )
    counts = pd.DataFrame(rows)
    n, m = (counts[name].to_numpy(dtype=np.float64) for name in (N, BASE))
    low, high = clopper_pearson(n, m, conf_level=conf_level)
    share = np.divide(n, m, out=np.full(len(n), np.nan), where=m > 0)
    counts = counts.assign(**{ESTIMATE: share, CONF_LOW: low, CONF_HIGH: high})
    return Satisfaction(
        frame=counts[list(ANSWERS)],
        instrument=instrument,
        asked=BASE_LABELS[asked],
        n_not_due=int((~ratings.people["is_due"]).sum()),
        conf_level=conf_level,
    )


def _as_frame(goals: Any, instrument: str) -> Any:
    from rpcstats.data.extract import Extract

    if not isinstance(goals, Extract):
        return goals
    from rpcstats.data.trajectories import goal_scores

    return goal_scores(goals, instrument=instrument)


def _middle(frame: pd.DataFrame) -> float:
    low, high = (frame.attrs.get(name) for name in ("minimum", "maximum"))
    if low is None or high is None or not low < high:
        raise DataError(
            'satisfaction needs the range of the answers: set attrs["minimum"] and'
            ' attrs["maximum"] of the frame.'
        )
    return float(low + MIDDLE * (high - low))


def _answers(ratings: GoalRatings, frame: pd.DataFrame, base: Any) -> list[tuple[str, Any]]:
    """Give the answers of the end form to each item, of those in the base."""
    item = frame[ITEM].astype(str).to_numpy(dtype=object)
    owner = ratings.owner[ratings.goal]
    asked = (ratings.occasion == "end") & base[owner]
    given = asked & ~np.isnan(ratings.score)
    return [(name, ratings.score[given & (item == name)]) for name in sorted(set(item[given]))]


def _item_rows(item: str, score: Any, n_asked: int, asked: Asked) -> list[dict[str, object]]:
    hits = (score > 0, score == 0, score < 0)
    answered = {
        ITEM: item,
        ANSWER: "answered",
        BASE_LABEL: BASE_LABELS[asked],
        N: score.size,
        BASE: n_asked,
    }
    label = f"{BASE_LABELS[asked]} who answered this question"
    shares = [
        {ITEM: item, ANSWER: name, BASE_LABEL: label, N: int(hit.sum()), BASE: score.size}
        for name, hit in zip(CATEGORIES, hits, strict=True)
    ]
    return [answered, *shares]
