"""How the appropriate reach a course: waiting for a group with a place, or by a project."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from rpcstats.simulate._draws import integers, permutation
from rpcstats.simulate.covariates import Covariates
from rpcstats.simulate.margins import binary
from rpcstats.simulate.truth import Truth

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

WEEK: Final = 7
STEP_DAYS: Final = 4
"""Most days from referral to screening, and from screening to enrolment."""

PROJECT_LEAD: Final = (11, 41)
"""Least and most days from referral to the start of a project."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Course runs, in the order of their first session.

    Attributes
    ----------
    start_day : ndarray of int, shape (g,)
        Day of the first session, counted from the start of the period.
    online : ndarray of bool, shape (g,)
        Whether the group meets online.
    lead, co : ndarray of int, shape (g,)
        Numbers of the practitioners.
    """

    start_day: Integers
    online: Booleans
    lead: Integers
    co: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Dates and places of n referrals; days count from the start of the period.

    Attributes
    ----------
    referred_day, screened_day, enrolled_day : ndarray of int, shape (n,)
        Days; the last counts only where `enrolled`.
    enrolled, started : ndarray of bool, shape (n,)
        Has a place or waits for one; attended session 1.
    group : ndarray of int, shape (n,)
        Position in `groups`; -1 without one.
    withdrew_day : ndarray of int, shape (n,)
        Day of withdrawal before the start; -1 for the others.
    groups : Groups
        The course runs somebody has a place in.
    """

    referred_day: Integers
    screened_day: Integers
    enrolled_day: Integers
    enrolled: Booleans
    started: Booleans
    group: Integers
    withdrew_day: Integers
    groups: Groups


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a pathway has to know of time and capacity.

    Attributes
    ----------
    last_day : int
        Data cut, in days from the start of the period.
    sessions, interval_days : int
        Of one course.
    capacity : int or None
        Places in a group.
    n_practitioners : int
        Workers who lead groups.
    n_groups : int
        Projects (pathway of projects), or teams that start at each date (queue).
    """

    last_day: int
    sessions: int
    interval_days: int
    capacity: int | None
    n_practitioners: int
    n_groups: int


def draw_queue(
    rng: np.random.Generator, truth: Truth, x: Covariates, appropriate: Booleans,
    calendar: Calendar, targets: Mapping[str, int] | None,
) -> Placement | None:  # fmt: skip
    """Draw enrolment, waiting and starts where parents wait for a group.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    x : Covariates
        Of n parents; `online` is the preferred mode.
    appropriate : ndarray of bool, shape (n,)
        Who may enrol.
    calendar : Calendar
        Time and capacity.
    targets : mapping of str to int, or None
        Totals `enrolled` and `started`; None for plain draws.

    Returns
    -------
    Placement or None
        None where too few found a place for the number of starts asked for.
    """
    n, totals = len(appropriate), targets or {}
    referred = np.sort(integers(rng, 0, calendar.last_day, n))
    screened = np.minimum(referred + integers(rng, 0, STEP_DAYS, n), calendar.last_day)
    enrolled_day = np.minimum(screened + integers(rng, 0, STEP_DAYS, n), calendar.last_day)
    log_odds = np.where(appropriate, logit(truth.p_enrol), -np.inf)
    enrolled = binary(log_odds, totals.get("enrolled"), rng=rng)
    start_day, online = _start_dates(truth, calendar)
    group = _allocate(referred, enrolled, x.online, start_day, online, truth, calendar)
    has_place = group >= 0
    wait = np.where(has_place, (start_day[group] - referred) / WEEK, np.inf)
    if totals.get("started", 0) > int(has_place.sum()):
        return None
    log_odds = np.where(has_place, _start_log_odds(truth.withdrawal, wait), -np.inf)
    started = binary(log_odds, totals.get("started"), rng=rng)
    weeks = _withdrawal_weeks(rng, truth.withdrawal, wait)
    gone = np.maximum(referred + np.floor(WEEK * np.minimum(weeks, 1e6)), enrolled_day)
    is_gone = enrolled & ~started & (gone <= calendar.last_day)
    order, group = _renumber(group, len(start_day))
    lead, co = practitioners_in_turn(rng, len(order), calendar.n_practitioners)
    return Placement(
        referred_day=referred,
        screened_day=screened,
        enrolled_day=enrolled_day,
        enrolled=enrolled,
        started=started,
        group=group,
        withdrew_day=np.where(is_gone, gone, -1).astype(np.int64),
        groups=Groups(start_day[order], online[order], lead, co),
    )


def draw_projects(
    rng: np.random.Generator, truth: Truth, n: int, calendar: Calendar,
    targets: Mapping[str, int] | None,
) -> Placement:  # fmt: skip
    """Draw starts where every parent is enrolled by a project that delivers the course.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    truth : Truth
        True parameters.
    n : int
        Number of enrolments.
    calendar : Calendar
        Time, and the number of projects.
    targets : mapping of str to int, or None
        Total `started`; None for a plain draw.

    Returns
    -------
    Placement
        Every project has a starter as long as there are enough of them; where places are
        limited, the enrolled are spread evenly. Projects meet online if most parents would.
    """
    started = binary(np.full(n, logit(truth.p_start)), (targets or {}).get("started"), rng=rng)
    if calendar.capacity is None:
        group = integers(rng, 0, calendar.n_groups - 1, n)
        starters = np.flatnonzero(started)
        first = starters[permutation(rng, len(starters))][: calendar.n_groups]
        group[first] = np.arange(len(first))
    else:
        group = permutation(rng, n) % calendar.n_groups
    course_days = (calendar.sessions - 1) * calendar.interval_days
    latest = calendar.last_day - course_days - WEEK
    start_day = np.sort(integers(rng, PROJECT_LEAD[1], latest, calendar.n_groups))
    order, group = _renumber(group, calendar.n_groups)
    starts = start_day[order][group]
    referred = starts - integers(rng, *PROJECT_LEAD, n)
    screened = referred + integers(rng, 0, STEP_DAYS, n)
    enrolled_day = screened + integers(rng, 0, STEP_DAYS, n)
    gone = enrolled_day + np.floor(rng.random(n) * (starts - enrolled_day)).astype(np.int64)
    lead, co = practitioners_in_turn(rng, len(order), calendar.n_practitioners)
    return Placement(
        referred_day=referred,
        screened_day=screened,
        enrolled_day=enrolled_day,
        enrolled=np.ones(n, dtype=np.bool_),
        started=started,
        group=group,
        withdrew_day=np.where(started, -1, gone),
        groups=Groups(start_day[order], np.full(len(order), truth.p_online >= 0.5), lead, co),
    )


def _start_dates(truth: Truth, calendar: Calendar) -> tuple[Integers, Booleans]:
    weeks = np.array([*truth.online_weeks, *truth.in_person_weeks], dtype=np.float64)
    online = np.arange(len(weeks)) < len(truth.online_weeks)
    days = np.repeat(np.floor(WEEK * weeks).astype(np.int64), calendar.n_groups)
    online = np.repeat(online, calendar.n_groups)
    held = days <= calendar.last_day
    order = np.lexsort((~online[held], days[held]))
    return days[held][order], online[held][order]


def _allocate(
    referred: Integers, enrolled: Booleans, prefers_online: Booleans,
    start_day: Integers, online: Booleans, truth: Truth, calendar: Calendar,
) -> Integers:  # fmt: skip
    """Give each enrolled parent, in the order of referral, the first group with a place."""
    group = np.full(len(referred), -1, dtype=np.int64)
    for mode in (True, False):
        runs = np.flatnonzero(online == mode)
        places = [calendar.capacity or len(referred)] * len(runs)
        # Referral days rise, so that a group passed over once is never right again.
        first = 0
        for parent in np.flatnonzero(enrolled & (prefers_online == mode)):
            earliest = referred[parent] + WEEK * truth.lead_weeks
            while first < len(runs) and (start_day[runs[first]] < earliest or not places[first]):
                first += 1
            if first == len(runs):
                break
            group[parent] = runs[first]
            places[first] -= 1
    return group


def _start_log_odds(rate: float, wait: Floats) -> Floats:
    """Give the log odds that an exponential withdrawal comes later than the start."""
    exposure = rate * np.where(np.isinf(wait), 0.0, wait)
    with np.errstate(divide="ignore"):
        return np.asarray(-exposure - np.log(-np.expm1(-exposure)))


def _withdrawal_weeks(rng: np.random.Generator, rate: float, wait: Floats) -> Floats:
    """Draw when those who withdraw do so: an exponential time cut at the start."""
    uniforms = rng.random(len(wait))
    if rate == 0.0:
        return np.full(len(wait), np.inf)
    return np.asarray(-np.log1p(uniforms * np.expm1(-rate * wait)) / rate)


def _renumber(group: Integers, n_groups: int) -> tuple[Integers, Integers]:
    """Leave out the groups without anybody; give those kept, and the new numbers."""
    kept = np.flatnonzero(np.bincount(group[group >= 0], minlength=n_groups))
    number = np.full(n_groups + 1, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    return kept.astype(np.int64), number[group]


def practitioners_in_turn(
    rng: np.random.Generator, n_groups: int, n_practitioners: int
) -> tuple[Integers, Integers]:
    """Share groups among practitioners.

    Parameters
    ----------
    rng : Generator
        Source of randomness, for their order.
    n_groups, n_practitioners : int
        Number of each.

    Returns
    -------
    lead, co : ndarray of int, shape (n_groups,)
        Numbers of the two who run each group.
    """
    order = permutation(rng, n_practitioners)
    turn = np.arange(n_groups)
    return order[turn % n_practitioners], order[(turn + 1) % n_practitioners]
