"""Waiting for a group, and projects."""

from dataclasses import replace

import numpy as np
import pytest

from rpcstats.simulate.covariates import Covariates
from rpcstats.simulate.placement import Calendar, draw_projects, draw_queue
from rpcstats.simulate.truth import Truth

N = 123
WEEKLY = Calendar(
    last_day=274, sessions=6, interval_days=7, capacity=12, n_practitioners=6, n_groups=1
)
PROJECTS = replace(WEEKLY, last_day=879, capacity=None, n_practitioners=5, n_groups=13)
SEEDS = range(5)


def queue(seed, *, truth=None, targets=None, calendar=WEEKLY):
    rng = np.random.default_rng(seed)
    online = rng.random(N) < 0.85
    none = np.zeros(N, dtype=bool)
    x = Covariates(none, none, online, none, np.full(N, 5))
    appropriate = rng.random(N) < 0.8
    placed = draw_queue(rng, truth or Truth(), x, appropriate, calendar, targets)
    return placed, x, appropriate


@pytest.mark.parametrize("seed", SEEDS)
def test_groups_fill_up_to_their_places_with_those_who_prefer_their_mode(seed):
    placed, x, appropriate = queue(seed)
    rows = np.flatnonzero(placed.group >= 0)
    assert (np.bincount(placed.group[rows]) <= 12).all()
    assert (placed.groups.online[placed.group[rows]] == x.online[rows]).all()
    assert not (placed.enrolled & ~appropriate).any()
    assert not (placed.started & (placed.group < 0)).any()
    assert set(placed.group[rows]) == set(range(len(placed.groups.start_day)))


@pytest.mark.parametrize("seed", SEEDS)
def test_days_are_in_order(seed):
    placed, _, _ = queue(seed)
    assert (placed.referred_day <= placed.screened_day).all()
    assert (placed.screened_day <= placed.enrolled_day).all()
    rows = np.flatnonzero(placed.group >= 0)
    start = placed.groups.start_day[placed.group[rows]]
    assert (start - placed.referred_day[rows] >= 10.5).all()
    assert (placed.enrolled_day[rows] < start).all()
    gone = np.flatnonzero(placed.withdrew_day >= 0)
    assert not placed.started[gone].any()
    assert (placed.withdrew_day[gone] >= placed.enrolled_day[gone]).all()
    both = np.intersect1d(gone, rows)
    assert (placed.withdrew_day[both] <= placed.groups.start_day[placed.group[both]]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_group_with_a_place_is_taken(seed):
    placed, x, _ = queue(seed)
    groups = placed.groups
    for parent in np.flatnonzero(placed.group >= 0):
        mine = placed.group[parent]
        earlier = np.flatnonzero(
            (groups.online == x.online[parent])
            & (groups.start_day >= placed.referred_day[parent] + 10.5)
            & (groups.start_day < groups.start_day[mine])
        )
        before = placed.group[:parent]
        assert all((before == group).sum() == 12 for group in earlier)


def test_without_withdrawal_everybody_with_a_place_starts():
    placed, _, _ = queue(1, truth=Truth(withdrawal=0.0))
    assert (placed.started == (placed.group >= 0)).all()
    assert (placed.withdrew_day == -1).all()


def test_totals_are_met_or_refused():
    placed, _, _ = queue(2, targets={"enrolled": 70, "started": 50})
    assert placed.enrolled.sum() == 70
    assert placed.started.sum() == 50
    few = replace(WEEKLY, capacity=2)
    assert queue(2, targets={"enrolled": 70, "started": 50}, calendar=few)[0] is None


@pytest.mark.parametrize("seed", SEEDS)
def test_every_project_has_a_starter_and_ends_by_the_data_cut(seed):
    rng = np.random.default_rng(seed)
    placed = draw_projects(rng, Truth(), 41, PROJECTS, {"started": 34})
    assert placed.started.sum() == 34
    assert set(placed.group[placed.started]) == set(range(13))
    assert (placed.groups.start_day + 35 <= 879).all()
    start = placed.groups.start_day[placed.group]
    assert (placed.referred_day >= 0).all()
    assert (placed.referred_day <= placed.screened_day).all()
    assert (placed.screened_day <= placed.enrolled_day).all()
    assert (placed.enrolled_day < start).all()
    gone = ~placed.started
    assert (placed.withdrew_day[gone] >= placed.enrolled_day[gone]).all()
    assert (placed.withdrew_day[gone] < start[gone]).all()


def test_two_workers_share_each_group():
    placed, _, _ = queue(3)
    assert (placed.groups.lead != placed.groups.co).all()
