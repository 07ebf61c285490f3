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
    first = cohort.goals.ratings[:, :, 0]
    blocks = [rating_block(cohort, place, episode, first, everyone, start_day, "baseline")]
    for k in range(2, programme.sessions):
        present = course.attended[:, k - 1] & (k <= course.last)
        day = start_day + (k - 1) * programme.interval_days
        ratings = cohort.goals.ratings[:, :, k - 1]
        blocks.append(
            rating_block(cohort, place, episode, ratings, present, day, "session", session=k)
        )
    blocks.append(
        rating_block(cohort, place, episode, cohort.end, cohort.answered, ended_day, "end")
    )
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def rating_block(
    cohort: Cohort, place: Place, episode: Any, ratings: NDArray[np.float64], present: Booleans,
    day: Integers, occasion: str, *, session: int | None = None,
) -> Columns:  # fmt: skip
    """Write the ratings of one occasion.

    Parameters
    ----------
    cohort : Cohort
        One programme's referrals.
    place : Place
        Where and when.
    episode : ndarray of str, shape (s,)
        Id of each starter's episode.
    ratings : ndarray of shape (s, 3)
        Ratings, goal by goal.
    present : ndarray of bool, shape (s,)
        Who rated.
    day : ndarray of int, shape (s,)
        When.
    occasion : str
        Code of the occasion.
    session : int or None
        Number of the session, where the occasion is one.

    Returns
    -------
    dict of str to array
        Columns of the table.
    """
    is_set = np.arange(MOST_GOALS) < cohort.goals.n_goals[:, None]
    row, goal = np.nonzero(is_set & present[:, None])
    n = len(row)
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
