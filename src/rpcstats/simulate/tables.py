"""Referrals, episodes and sessions of a drawn cohort, as columns of tables."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.data.registries import Programme
from rpcstats.simulate._draws import categories, integers
from rpcstats.simulate.cohort import Cohort
from rpcstats.simulate.columns import Columns, Place, either, named, same
from rpcstats.simulate.identifiers import Identifiers
from rpcstats.simulate.truth import ABSENCES, AGE_BANDS, CAUSES, INAPPROPRIATE, SOURCES, Truth

Integers = NDArray[np.int64]

LEAVING_DAYS: Final = 6
"""Most days from the last session attended to the withdrawal: before the next session."""

OUTCOMES: Final = ("completed", "not_completed", "dropped_out", "not_started", "open")


def referral_columns(cohort: Cohort, ids: Identifiers, programme: str, place: Place) -> Columns:
    """Write the referrals of a cohort.

    Parameters
    ----------
    cohort : Cohort
        One programme's referrals.
    ids : Identifiers
        Of the same cohort.
    programme : str
        Key of the programme.
    place : Place
        Where and when.

    Returns
    -------
    dict of str to array
        Columns of the table.
    """
    people, placement = cohort.people, cohort.placement
    n = len(placement.started)
    return {
        "referral_id": ids.referral,
        "person_id": ids.person,
        "family_id": ids.family,
        **({} if ids.couple is None else {"couple_id": ids.couple}),
        "area_id": same(place.area_id, n),
        "programme": same(programme, n),
        "referred_on": place.dates(placement.referred_day),
        "source": named(SOURCES, people.source),
        "preference": either(people.x.online, "online", "in_person"),
        "screened_on": place.dates(placement.screened_day),
        "tool_used": same("yes" if place.tool_used else None, n),
        "decision": either(people.inappropriate, "inappropriate", "appropriate"),
        "decision_reason": named(INAPPROPRIATE, people.refusal),
        "sex": either(people.x.male, "male", "female"),
        "age_band": named(AGE_BANDS, people.age_band),
        "resident": either(people.x.resident, "resident", "non_resident"),
        "send_child": either(people.x.send, "yes", "no"),
        "imd_decile": people.x.imd,
    }


def episode_columns(
    rng: np.random.Generator, cohort: Cohort, ids: Identifiers, programme: Programme, place: Place
) -> tuple[Columns, Integers]:
    """Write the episodes of a cohort.

    Parameters
    ----------
    rng : Generator
        Source of randomness, for the days on which dropouts withdraw.
    cohort : Cohort
        One programme's referrals.
    ids : Identifiers
        Of the same cohort.
    programme : Programme
        The programme.
    place : Place
        Where and when.

    Returns
    -------
    columns : dict of str to array
        Columns of the table.
    ended_day : ndarray of int, shape (s,)
        Day each starter's course ended, or would end.
    """
    placement, course, starters = cohort.placement, cohort.course, cohort.starters
    n = len(placement.started)
    start_day = placement.groups.start_day[placement.group]
    last_day = start_day[starters] + (course.last - 1) * programme.interval_days
    left_day = np.minimum(last_day + integers(rng, 1, LEAVING_DAYS, len(starters)), place.last_day)
    ended_day = placement.withdrew_day.copy()
    ended_day[starters] = np.where(course.dropped, left_day, last_day)
    outcome = np.where(placement.withdrew_day >= 0, 3, 4)
    outcome[starters] = np.select(
        [course.is_open, course.dropped, cohort.completed], [4, 2, 0], default=1
    )
    cause = np.full(n, -1, dtype=np.int64)
    cause[starters] = course.cause
    milestone = np.full(n, -1, dtype=np.int64)
    if place.milestones:
        milestone[starters] = np.where(course.is_open, -1, cohort.milestone)
    columns = {
        "episode_id": ids.episode,
        "referral_id": ids.referral,
        "group_id": named(ids.group, placement.group),
        "enrolled_on": place.dates(placement.enrolled_day),
        "started_on": place.dates(start_day, placement.started),
        "ended_on": place.dates(ended_day, outcome != OUTCOMES.index("open")),
        "outcome": named(OUTCOMES, outcome),
        "reason": named(CAUSES, cause),
        "milestone": named(("no", "yes"), milestone),
    }
    rows = np.flatnonzero(placement.enrolled)
    return {name: values[rows] for name, values in columns.items()}, ended_day[starters]


def session_columns(
    rng: np.random.Generator, truth: Truth, cohort: Cohort, ids: Identifiers,
    programme: Programme, place: Place,
) -> Columns:  # fmt: skip
    """Write the register: the sessions each starter was in for, attended or not.

    Parameters
    ----------
    rng : Generator
        Source of randomness, for the kinds of absence.
    truth : Truth
        True parameters.
    cohort : Cohort
        One programme's referrals.
    ids : Identifiers
        Of the same cohort.
    programme : Programme
        The programme.
    place : Place
        Where and when.

    Returns
    -------
    dict of str to array
        Columns of the table; nothing after the last session attended by a dropout.
    """
    course, groups = cohort.course, cohort.placement.groups
    row = np.repeat(np.arange(len(course.last)), course.last)
    number = np.arange(len(row)) - np.repeat(np.cumsum(course.last) - course.last, course.last)
    group = cohort.placement.group[cohort.starters][row]
    absence = categories(rng, truth.p_absence, len(row))
    kind = np.where(course.attended[row, number], 0, 1 + absence)
    return {
        "episode_id": ids.episode[cohort.starters][row],
        "session_no": number + 1,
        "held_on": place.dates(groups.start_day[group] + number * programme.interval_days),
        "attended": named(("yes", *ABSENCES), kind),
        "mode": either(groups.online[group], "online", "in_person"),
    }
