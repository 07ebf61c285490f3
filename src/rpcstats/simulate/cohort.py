"""One programme's referrals from first to last, as plain draws or with given totals."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.data.registries import Programme
from rpcstats.errors import ParameterError
from rpcstats.simulate.couples import couple_effects, draw_couples
from rpcstats.simulate.covariates import slope_predictor
from rpcstats.simulate.goals import PROGRESS, Goals, draw_answers, draw_end, draw_goals, mean_change
from rpcstats.simulate.margins import binary
from rpcstats.simulate.people import People, draw_people
from rpcstats.simulate.placement import Calendar, Placement, draw_projects, draw_queue
from rpcstats.simulate.presets import Pathway
from rpcstats.simulate.retention import Course, draw_courses, draw_group_effects
from rpcstats.simulate.truth import Truth

Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_ATTEMPTS: Final = 20_000
"""Draws tried until the totals that are met by rejection all hold at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is needed to draw one programme's referrals.

    Attributes
    ----------
    truth : Truth
        True parameters.
    programme : Programme
        Sessions, interval and rule.
    pathway : {"queue", "projects"}
        How parents reach a course.
    n : int
        Number of referrals.
    calendar : Calendar
        Time and capacity.
    rates_goals : bool
        Whether goals are rated.
    couples : bool
        Whether each two parents in a row are a couple.
    """

    truth: Truth
    programme: Programme
    pathway: Pathway
    n: int
    calendar: Calendar
    rates_goals: bool
    couples: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """One programme's referrals, or visits.

    Attributes
    ----------
    people : People
        Of n referrals.
    placement : Placement
        Of the same referrals.
    starters : ndarray of int, shape (s,)
        Positions of the starters; what follows has their order.
    course : Course
        Sessions.
    completed, milestone : ndarray of bool, shape (s,)
        Met the rule; reached the milestone.
    goals : Goals
        Ratings up to the last session but one.
    end : ndarray of shape (s, 3)
        Ratings of the end form.
    change : ndarray of shape (s,)
        Mean change of a parent's goals.
    answered : ndarray of bool, shape (s,)
        Returned the end form.
    person, family : ndarray of int, shape (n,)
        Number of the person and of the family; a person who comes again has several rows.
    couples : bool
        Whether the persons of a family are a couple.
    """

    people: People
    placement: Placement
    starters: Integers
    course: Course
    completed: Booleans
    milestone: Booleans
    goals: Goals
    end: Floats
    change: Floats
    answered: Booleans
    person: Integers
    family: Integers
    couples: bool = False

    @property
    def is_first(self) -> Booleans:
        """Which rows are the first of their person."""
        first = np.unique(self.person, return_index=True)[1]
        return np.isin(np.arange(len(self.person)), first)


def draw_cohort(
    rng: np.random.Generator, plan: Plan, targets: Mapping[str, int] | None = None
) -> Cohort:
    """Draw one programme's referrals.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    plan : Plan
        What to draw.
    targets : mapping of str to int, or None
        Totals to be met; None for a plain draw.

    Returns
    -------
    Cohort
        A draw; with `targets`, a draw from the same law given the totals.

    Raises
    ------
    ParameterError
        If the totals do not come together in many draws.

    Notes
    -----
    Covariates, screening, enrolment, start, dropout and answering meet their totals by
    conditional Bernoulli sampling, stage by stage. Totals that follow from several of them
    (open at the data cut, attended too few, goal progress) are met by drawing again from
    the start.
    """
    for _ in range(MOST_ATTEMPTS if targets else 1):
        cohort = _attempt(rng, plan, targets)
        if cohort is not None:
            return cohort
    raise ParameterError(
        f"the totals of {plan.programme.name} do not come together",
        [f"none of {MOST_ATTEMPTS} draws met them all: change the totals or the truth"],
    )


def _attempt(
    rng: np.random.Generator, plan: Plan, targets: Mapping[str, int] | None
) -> Cohort | None:
    totals = targets or {}
    placed = _place(rng, plan, totals)
    if placed is None:
        return None
    people, placement = placed
    starters = np.flatnonzero(placement.started)
    groups = placement.groups
    effect, slope = draw_group_effects(rng, plan.truth, len(groups.start_day), groups.lead)
    group = placement.group[starters]
    x = people.x.take(starters)
    K = plan.programme.sessions
    shift = slope_predictor(plan.truth, x) + slope[group]
    goals = draw_goals(rng, plan.truth, shift, K, couples=plan.couples)
    seen = _sessions_seen(plan.calendar, groups.start_day[group])
    dropped = _dropped_total(totals)
    shared = effect[group] + couple_effects(rng, plan.truth, len(group), couples=plan.couples)
    course = draw_courses(rng, plan.truth, x, shared, goals, seen, dropped=dropped)
    if course is None or totals.get("open", int(course.is_open.sum())) != course.is_open.sum():
        return None
    stays = ~course.dropped & ~course.is_open
    completed = stays & (course.n_attended >= plan.programme.minimum_attended)
    too_few = int((stays & ~completed).sum())
    if totals.get("not_completed", too_few) != too_few:
        return None
    cohort = Cohort(
        people, placement, starters, course, completed,
        milestone=_draw_milestones(rng, plan.truth, stays, totals.get("milestone")),
        goals=goals, end=np.zeros((len(starters), 3)), change=np.zeros(len(starters)),
        answered=np.zeros(len(starters), dtype=np.bool_),
        person=np.arange(len(placement.started)),
        family=np.arange(len(placement.started)) // (2 if plan.couples else 1),
        couples=plan.couples,
    )  # fmt: skip
    return _with_end_forms(rng, plan, cohort, totals) if plan.rates_goals else cohort


def _place(
    rng: np.random.Generator, plan: Plan, totals: Mapping[str, int]
) -> tuple[People, Placement] | None:
    if plan.couples:
        return draw_couples(rng, plan.truth, plan.n, plan.calendar, totals)
    is_queue = plan.pathway == "queue"
    people = draw_people(rng, plan.truth, plan.n, totals, screened=is_queue)
    if not is_queue:
        return people, draw_projects(rng, plan.truth, plan.n, plan.calendar, totals)
    appropriate = ~people.inappropriate
    placement = draw_queue(rng, plan.truth, people.x, appropriate, plan.calendar, totals)
    return None if placement is None else (people, placement)


def _with_end_forms(
    rng: np.random.Generator, plan: Plan, cohort: Cohort, totals: Mapping[str, int]
) -> Cohort | None:
    course = cohort.course
    stage = np.where(course.dropped, (course.last - 1) / (plan.programme.sessions - 1), 1.0)
    end = draw_end(rng, plan.truth, cohort.goals, stage)
    change = mean_change(cohort.goals, end)
    answered = draw_answers(
        rng, plan.truth, change, cohort.completed, ~course.is_open, answered=totals.get("answered")
    )
    progressed = int((cohort.completed & answered & (change >= PROGRESS)).sum())
    if totals.get("progressed", progressed) != progressed:
        return None
    return replace(cohort, end=end, change=change, answered=answered)


def _sessions_seen(calendar: Calendar, start_day: Integers) -> Integers:
    """Count the sessions of a group held by the data cut."""
    held = (calendar.last_day - start_day) // calendar.interval_days + 1
    return np.minimum(held, calendar.sessions)


def _dropped_total(totals: Mapping[str, int]) -> int | None:
    if "dropped_out" in totals:
        return totals["dropped_out"]
    if "retained" in totals:
        return totals["started"] - totals["retained"] - totals.get("open", 0)
    return None


def _draw_milestones(
    rng: np.random.Generator, truth: Truth, stays: Booleans, total: int | None
) -> Booleans:
    with np.errstate(divide="ignore"):
        log_odds = np.log(truth.p_milestone) - np.log1p(-truth.p_milestone)
    return binary(np.where(stays, log_odds, -np.inf), total, rng=rng)
