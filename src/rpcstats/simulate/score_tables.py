"""Ratings of goals as the table of scores."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.data.registries import Programme
from rpcstats.simulate.cohort import Cohort
from rpcstats.simulate.columns import Columns, Place
from rpcstats.simulate.goals import MOST_GOALS
from rpcstats.simulate.identifiers import Identifiers

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

INSTRUMENT: Final = "gbo"


def score_columns(
    cohort: Cohort, ended_day: Integers, ids: Identifiers, programme: Programme, place: Place
) -> Columns:
    """Write the ratings of goals at the start, at sessions attended, and at the end.

    Parameters
    ----------
    cohort : Cohort
        One programme's referrals.
    ended_day : ndarray of int, shape (s,)
        Day each starter's course ended.
    ids : Identifiers
        Of the same cohort.
    programme : Programme
        The programme.
    place : Place
        Where and when.

    Returns
    -------
    dict of str to array
        Columns of the table. The rating at session 1 is the baseline; the last session
        has the end form in place of a rating.
    """
    placement, course = cohort.placement, cohort.course
    start_day = placement.groups.start_day[placement.group][cohort.starters]
    episode = ids.episode[cohort.starters]
    everyone = np.ones(len(start_day), dtype=np.bool_)
    blocks = [_block(cohort, place, episode, cohort.goals.ratings[:, :, 0], everyone, start_day)]
    for k in range(2, programme.sessions):
        present = course.attended[:, k - 1] & (k <= course.last)
        day = start_day + (k - 1) * programme.interval_days
        ratings = cohort.goals.ratings[:, :, k - 1]
        blocks.append(_block(cohort, place, episode, ratings, present, day, session=k))
    ends = _block(cohort, place, episode, cohort.end, cohort.answered, ended_day)
    blocks.append(ends | {"occasion": np.full(len(ends["value"]), "end", dtype=np.object_)})
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def _block(
    cohort: Cohort, place: Place, episode: Any, ratings: NDArray[np.float64], present: Booleans,
    day: Integers, *, session: int | None = None,
) -> Columns:  # fmt: skip
    is_set = np.arange(MOST_GOALS) < cohort.goals.n_goals[:, None]
    row, goal = np.nonzero(is_set & present[:, None])
    n = len(row)
    occasion = "baseline" if session is None else "session"
    return {
        "subject_id": episode[row],
        "instrument": np.full(n, INSTRUMENT, dtype=np.object_),
        "item": np.array([f"goal_{j + 1}" for j in range(MOST_GOALS)], dtype=np.object_)[goal],
        "occasion": np.full(n, occasion, dtype=np.object_),
        "session_no": np.full(n, session, dtype=np.object_),
        "rated_on": place.dates(day[row]),
        "respondent": np.full(n, "self", dtype=np.object_),
        "value": ratings[row, goal],
    }
