"""The chance of progress against hand calculation, and against draws from the model."""

import numpy as np
import pytest
from scipy.special import ndtr

from rpcstats.goals._change_chance import chance_of_normal_change, chance_of_ordered_change

# Draws of the check, and how many standard errors of theirs a chance may be off.
DRAWS = 400_000
ERRORS = 4.0
# Fifteen nodes against forty-one: seen 2e-6.
QUADRATURE = 1e-5

EFFECTS = np.array([[1.4, 1.1], [1.1, 2.3]])
THRESHOLDS = np.array([-1.0, 0.2, 1.1, 2.4])


def _chance(**options):
    given = {
        "thresholds": THRESHOLDS,
        "points": np.arange(5.0),
        "effects": EFFECTS[None],
        "goal_variance": 0.6,
        "goal_shares": {1: 0.25, 3: 0.75},
        "threshold": 1.0,
    }
    return chance_of_ordered_change(np.array([[0.3, 1.2]]), **(given | options)).item()


def test_a_normal_change_takes_half_a_step_below_the_first_value_that_counts():
    found = chance_of_normal_change(
        np.array([1.2, 1.2, 1.2]),
        np.array([0.49, 0.49, 0.0]),
        n_goals=np.array([1.0, 2.0, 2.0]),
        threshold=1.0,
        grain=1.0,
    )
    assert found == pytest.approx([ndtr(0.7 / 0.7), ndtr(0.45 / 0.7), 1.0])


def test_a_threshold_between_two_values_is_that_of_the_next():
    options = {"n_goals": np.array([1.0]), "grain": 1.0}
    at = [
        chance_of_normal_change(np.array([2.0]), np.array([1.0]), threshold=t, **options).item()
        for t in (2.45, 3.0)
    ]
    assert at[0] == at[1] == pytest.approx(ndtr(-0.5))


def test_without_steps_there_is_no_correction():
    found = chance_of_normal_change(
        np.array([2.0]), np.array([4.0]), n_goals=np.array([3.0]), threshold=1.0, grain=0.0
    )
    assert found.item() == pytest.approx(ndtr(0.5))


def test_one_goal_without_effects_by_hand():
    found = _chance(
        thresholds=np.array([0.0]),
        points=np.array([4.0, 5.0]),
        effects=np.zeros((1, 2, 2)),
        goal_variance=0.0,
        goal_shares={1: 1.0},
    )
    assert found == pytest.approx(ndtr(-0.3) * ndtr(1.2))


def test_draws_from_the_model_agree():
    rng = np.random.default_rng(5)
    level = rng.multivariate_normal([0.3, 1.2], EFFECTS, size=DRAWS)
    goal = np.sqrt(0.6) * rng.standard_normal((DRAWS, 3))
    noise = rng.standard_normal((2, DRAWS, 3))
    rating = [np.digitize(level[:, s, None] + goal + noise[s], THRESHOLDS) for s in (0, 1)]
    change = (rating[1] - rating[0]).astype(float)
    n_goals = np.where(rng.random(DRAWS) < 0.25, 1, 3)
    mean = np.where(n_goals == 1, change[:, 0], change.mean(axis=1))
    hit = mean >= 1.0 - 1e-9
    assert abs(_chance() - hit.mean()) < ERRORS * hit.std() / np.sqrt(DRAWS)


def test_fifteen_nodes_are_enough():
    assert _chance() == pytest.approx(_chance(nodes=41), abs=QUADRATURE)


def test_a_scale_turned_round_gives_the_same_chance():
    turned = chance_of_ordered_change(
        -np.array([[0.3, 1.2]]),
        thresholds=-THRESHOLDS[::-1],
        points=-np.arange(5.0),
        effects=EFFECTS[None],
        goal_variance=0.6,
        goal_shares={1: 0.25, 3: 0.75},
        threshold=1.0,
    ).item()
    assert turned == pytest.approx(_chance(), rel=1e-12)
