"""Sessions and dropout."""

from dataclasses import replace

import numpy as np
import pytest

from rpcstats.simulate.covariates import Covariates
from rpcstats.simulate.goals import draw_goals
from rpcstats.simulate.retention import draw_courses, draw_group_effects
from rpcstats.simulate.starters import draw_starters
from rpcstats.simulate.truth import Truth

N = 4_000
SEEDS = (1, 2, 3)
TRUTH = Truth()


def courses(seed, seen, *, truth=TRUTH, dropped=None):
    rng = np.random.default_rng(seed)
    n = len(seen)
    none = np.zeros(n, dtype=bool)
    x = Covariates(none, ~none, ~none, none, np.full(n, 5))
    goals = draw_goals(rng, truth, np.zeros(n), 6)
    return draw_courses(rng, truth, x, np.zeros(n), goals, seen, dropped=dropped)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_session_a_dropout_leaves_after_is_attended(seed):
    course = courses(seed, np.full(N, 6))
    left = np.flatnonzero(course.dropped)
    assert len(left)
    assert course.attended[left, course.last[left] - 1].all()
    assert (course.last[left] <= 5).all()
    assert (course.last[~course.dropped] == 6).all()
    assert course.attended[:, 0].all()


@pytest.mark.parametrize("seed", SEEDS)
def test_an_open_course_never_ends_in_two_missed_sessions(seed):
    seen = np.random.default_rng(seed).integers(1, 7, N)
    course = courses(seed, seen, truth=replace(TRUTH, p_attend=0.2))
    rows = np.flatnonzero(course.is_open & (course.last >= 2))
    last = course.last[rows]
    assert (course.attended[rows, last - 1] | course.attended[rows, last - 2]).all()
    assert (course.last[course.is_open] == seen[course.is_open]).all()
    assert not course.is_open[seen == 6].any()


def test_nobody_drops_out_before_two_sessions_are_seen():
    course = courses(4, np.ones(N, dtype=int))
    assert not course.dropped.any()
    assert course.is_open.all()


def test_the_number_of_dropouts_is_met():
    seen = np.where(np.arange(58) < 7, 5, 6)
    assert courses(5, seen, dropped=16).dropped.sum() == 16
    assert courses(5, np.ones(3, dtype=int), dropped=1) is None


def test_every_dropout_and_nobody_else_has_a_cause():
    course = courses(6, np.full(N, 6))
    assert ((course.cause >= 0) == course.dropped).all()


def test_group_and_facilitator_effects_add_up():
    truth = replace(TRUTH, sd_group=0.0)
    lead = np.array([0, 1, 0, 1, 2])
    effect, _ = draw_group_effects(np.random.default_rng(8), truth, 5, lead)
    assert effect[0] == effect[2]
    assert effect[1] == effect[3]
    assert len(set(effect)) == 3


@pytest.mark.parametrize("change", [{"phi": -0.5}, {"psi": -0.5}])
def test_those_who_improve_less_leave_more_where_dropout_depends_on_it(change):
    truth = replace(TRUTH, **change)
    s = draw_starters(truth, n=40_000, seed=9, minimum_attended=4)
    v = s.goals.v if "phi" in change else s.goals.ratings[:, :, 0].mean(axis=1)
    assert v[s.course.dropped].mean() < v[~s.course.dropped].mean() - 0.3


def test_without_it_they_do_not():
    s = draw_starters(TRUTH, n=40_000, seed=9, minimum_attended=4)
    gap = s.goals.v[s.course.dropped].mean() - s.goals.v[~s.course.dropped].mean()
    assert abs(gap) < 4.0 * TRUTH.sd_v / np.sqrt(10_000)
