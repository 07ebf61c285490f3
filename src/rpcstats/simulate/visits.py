"""Family days: families that come for a day, may come again, and rate each visit."""

import numpy as np
from numpy.typing import NDArray

from rpcstats.simulate._draws import categories, integers, normals
from rpcstats.simulate.cohort import Cohort, Plan
from rpcstats.simulate.goals import MOST_GOALS, Goals
from rpcstats.simulate.people import People, draw_people
from rpcstats.simulate.placement import Groups, Placement, practitioners_in_turn
from rpcstats.simulate.retention import Course

Integers = NDArray[np.int64]

BOOKING_DAYS = (7, 35)
"""Least and most days from booking to a visit, the same for each visit of a family."""


def draw_visits(rng: np.random.Generator, plan: Plan) -> Cohort:
    """Draw the visits of families to days spread evenly over the period.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    plan : Plan
        `n` families, and as many days as the calendar has groups.

    Returns
    -------
    Cohort
        A row a visit, in the order of family and day, each with a booking that stands as its
        referral. Every visit is attended; a family
        rates its first one, and each later one with the chance `p_rate_again`.
    """
    truth, n_days = plan.truth, plan.calendar.n_groups
    n_visits = np.minimum(1 + categories(rng, truth.p_visits, plan.n), n_days)
    order = np.argsort(rng.random((plan.n, n_days)), axis=1, kind="stable")
    chosen = np.arange(n_days) < n_visits[:, None]
    # The days a family comes on are its first ones in a random order, then put in time.
    came = np.zeros((plan.n, n_days), dtype=np.bool_)
    np.put_along_axis(came, order, chosen, axis=1)
    family, day = np.nonzero(came)
    is_first = np.r_[True, family[1:] != family[:-1]]
    people = _of_rows(draw_people(rng, truth, plan.n, {}, screened=False), family)
    v = (truth.sd_v * normals(rng, plan.n))[family]
    answered = is_first | (rng.random(len(family)) < truth.p_rate_again)
    placement = _placement(rng, plan, family, day)
    n = len(family)
    everyone = np.ones(n, dtype=np.bool_)
    none = np.zeros((n, MOST_GOALS))
    return Cohort(
        people=people,
        placement=placement,
        starters=np.arange(n),
        course=Course(
            last=np.ones(n, dtype=np.int64),
            dropped=~everyone,
            is_open=~everyone,
            attended=everyone[:, None],
            cause=np.full(n, -1),
            log_odds=np.full(n, -np.inf),
        ),
        completed=everyone,
        milestone=~everyone,
        goals=Goals(np.zeros(n, dtype=np.int64), none, np.zeros(n), v, none[:, :, None]),
        end=none,
        change=np.zeros(n),
        answered=answered,
        person=family,
        family=family,
    )


def _of_rows(people: People, rows: Integers) -> People:
    return People(
        people.x.take(rows),
        people.source[rows],
        people.age_band[rows],
        people.inappropriate[rows],
        people.refusal[rows],
    )


def _placement(rng: np.random.Generator, plan: Plan, family: Integers, day: Integers) -> Placement:
    n_days = plan.calendar.n_groups
    spread = (np.arange(n_days) + 0.5) / n_days * (plan.calendar.last_day - BOOKING_DAYS[1])
    start_day = BOOKING_DAYS[1] + np.floor(spread).astype(np.int64)
    visited = start_day[day]
    booked = visited - integers(rng, *BOOKING_DAYS, plan.n)[family]
    lead, co = practitioners_in_turn(rng, n_days, plan.calendar.n_practitioners)
    everyone = np.ones(len(day), dtype=np.bool_)
    return Placement(
        referred_day=booked,
        screened_day=booked,
        enrolled_day=booked,
        enrolled=everyone,
        started=everyone,
        group=day.astype(np.int64),
        withdrew_day=np.full(len(day), -1),
        groups=Groups(start_day, np.zeros(n_days, dtype=np.bool_), lead, co),
    )
