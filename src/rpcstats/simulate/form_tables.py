"""Follow-ups and satisfaction as rows of the table of scores."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.simulate.cohort import Cohort
from rpcstats.simulate.columns import Columns, Place, same
from rpcstats.simulate.goals import draw_followup
from rpcstats.simulate.identifiers import Identifiers
from rpcstats.simulate.presets import Satisfaction
from rpcstats.simulate.satisfaction import draw_satisfaction, margin_name
from rpcstats.simulate.score_tables import rating_block
from rpcstats.simulate.truth import Truth

Integers = NDArray[np.int64]

FOLLOW_UP_DAYS: Final = {"m6": 184, "m12": 366}
"""Days from the end of the course to each follow-up: six and twelve months at the most."""


def followup_columns(
    rng: np.random.Generator, truth: Truth, cohort: Cohort, ended_day: Integers,
    ids: Identifiers, place: Place,
) -> Columns:  # fmt: skip
    """Write the ratings of goals some months after the course.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    cohort : Cohort
        One programme's referrals.
    ended_day : ndarray of int, shape (s,)
        Day each starter's course ended.
    ids : Identifiers
        Of the same cohort.
    place : Place
        Where and when; what falls after the data cut is not there yet.

    Returns
    -------
    dict of str to array
        Columns of the table. Completers are asked; who did not answer after 6 months does
        not answer after 12.
    """
    episode = ids.episode[cohort.starters]
    answered = cohort.completed
    blocks = []
    chances = ((truth.p_m6, truth.fade_m6), (truth.p_m12, truth.fade_m12))
    for (occasion, days), (p, fade) in zip(FOLLOW_UP_DAYS.items(), chances, strict=True):
        answered = answered & (rng.random(len(answered)) < p)
        ratings = draw_followup(rng, truth, cohort.goals, fade)
        day = ended_day + days
        there = answered & (day <= place.last_day)
        blocks.append(rating_block(cohort, place, episode, ratings, there, day, occasion))
    return stacked(blocks)


def satisfaction_columns(
    rng: np.random.Generator, truth: Truth, cohort: Cohort, asked: Satisfaction,
    totals: Mapping[str, int], days: tuple[Integers, Identifiers, Place],
) -> Columns:  # fmt: skip
    """Write the answers to the items of satisfaction, given on the end form.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    cohort : Cohort
        One programme's referrals.
    asked : Satisfaction
        Instrument and items.
    totals : mapping of str to int
        Margins, some of which may be those of `margin_name`; they hold for the first form of
        each person.
    days : tuple
        Day each starter's course ended, identifiers, and where and when.

    Returns
    -------
    dict of str to array
        Columns of the table.
    """
    ended_day, ids, place = days
    rows = np.flatnonzero(cohort.answered)
    is_first = cohort.is_first[cohort.starters]
    n_answers = len(truth.satisfaction_cuts) + 1
    blocks = []
    for item in asked.items:
        named = {a: margin_name(item, a) for a in range(2, n_answers + 1)}
        given = {a: totals[name] for a, name in named.items() if name in totals}
        first = draw_satisfaction(rng, truth, cohort.goals.v, cohort.answered & is_first, given)
        again = cohort.answered & ~is_first
        answer = first
        if again.any():
            answer = first + draw_satisfaction(rng, truth, cohort.goals.v, again, {})
        blocks.append(
            {
                "subject_id": ids.episode[cohort.starters][rows],
                "instrument": same(asked.instrument, len(rows)),
                "item": same(item, len(rows)),
                "occasion": same("end", len(rows)),
                "session_no": same(None, len(rows)),
                "rated_on": place.dates(ended_day[rows]),
                "respondent": same("self", len(rows)),
                "value": answer[rows].astype(np.float64),
            }
        )
    return stacked(blocks)


def stacked(blocks: Sequence[Columns]) -> Columns:
    """Put blocks of columns below each other.

    Parameters
    ----------
    blocks : sequence of dict
        The same columns in each.

    Returns
    -------
    dict of str to array
        Columns.
    """
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
