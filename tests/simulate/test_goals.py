"""Ratings of goals."""

import numpy as np
import pytest

from rpcstats.simulate.goals import Goals, draw_answers, draw_end, draw_goals, mean_change
from rpcstats.simulate.truth import Truth

N = 20_000
SE_LIMIT = 4.0


def test_ratings_are_whole_numbers_from_0_to_10():
    rng = np.random.default_rng(1)
    goals = draw_goals(rng, Truth(), np.zeros(N), 6)
    end = draw_end(rng, Truth(), goals, np.ones(N))
    for ratings in (goals.ratings, end):
        assert set(np.unique(ratings)) <= set(range(11))
    assert goals.ratings.shape == (N, 3, 5)
    assert set(np.unique(goals.n_goals)) == {1, 2, 3}


def test_a_mean_change_of_one_is_exactly_one():
    # Means of thirds subtracted from each other would give 0.9999999999999996.
    start = np.array([[[3.0], [3.0], [4.0]]])
    goals = Goals(np.array([3]), start[:, :, 0], np.zeros(1), np.zeros(1), start)
    assert mean_change(goals, np.array([[4.0, 3.0, 6.0]]))[0] == 1.0


def test_only_the_goals_a_parent_set_count():
    start = np.array([[[2.0], [9.0], [9.0]]])
    goals = Goals(np.array([1]), start[:, :, 0], np.zeros(1), np.zeros(1), start)
    assert mean_change(goals, np.array([[5.0, 0.0, 0.0]]))[0] == 3.0


def test_slopes_have_the_truth_without_noise_of_ratings():
    truth = Truth()
    goals = draw_goals(np.random.default_rng(2), truth, np.full(N, 0.5), 6)
    error = truth.sd_v / np.sqrt(N)
    assert abs(goals.slope.mean() - 2.6) < SE_LIMIT * error
    level = goals.start.mean(axis=1)
    spread = np.sqrt(truth.sd_u**2 + truth.sd_w**2 / 3)
    expected = truth.corr_uv * truth.sd_u / spread
    assert abs(np.corrcoef(level, goals.slope)[0, 1] - expected) < SE_LIMIT / np.sqrt(N)


def test_a_frozen_level_shows_no_change():
    truth = Truth()
    rng = np.random.default_rng(3)
    goals = draw_goals(rng, truth, np.zeros(N), 6)
    change = mean_change(goals, draw_end(rng, truth, goals, np.zeros(N)))
    assert abs(change.mean()) < SE_LIMIT * np.sqrt(2.0) * truth.sd_e / np.sqrt(N)


@pytest.mark.parametrize("answered", [None, 30])
def test_open_courses_have_no_end_form(answered):
    n = 100
    completed = np.arange(n) < 50
    ended = np.arange(n) < 80
    rng = np.random.default_rng(4)
    forms = draw_answers(rng, Truth(), np.zeros(n), completed, ended, answered=answered)
    assert not forms[~ended].any()
    if answered is not None:
        assert forms.sum() == answered
        assert not forms[~completed].any()
