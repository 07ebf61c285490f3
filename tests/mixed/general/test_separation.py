"""Separation of outcomes by the fixed effects."""

import numpy as np
import pytest

from rpcstats.mixed.general.separation import find_separation

NAMES = ("Intercept", "x")


def _columns(x):
    return np.column_stack([np.ones(len(x)), x])


def test_complete_separation_worked_by_hand():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    found = find_separation(_columns(x), np.array([0.0, 0.0, 1.0, 1.0]), NAMES)
    assert found.complete
    assert found.columns == ("x",)
    assert "complete separation" in found.message
    assert "x has no finite estimate" in found.message


def test_one_tie_makes_it_quasi_complete():
    x = np.array([1.0, 2.0, 3.0, 3.0, 4.0])
    found = find_separation(_columns(x), np.array([0.0, 0.0, 0.0, 1.0, 1.0]), NAMES)
    assert not found.complete
    assert "quasi-complete" in found.message


def test_overlap_is_no_separation():
    x = np.array([1.0, 2.0, 3.0, 4.0])
    assert find_separation(_columns(x), np.array([0.0, 1.0, 0.0, 1.0]), NAMES) is None


def test_overlap_far_from_the_origin_and_on_a_small_scale():
    x = 1e6 + 1e-3 * np.array([1.0, 2.0, 3.0, 4.0])
    assert find_separation(_columns(x), np.array([0.0, 1.0, 0.0, 1.0]), NAMES) is None
    assert find_separation(_columns(x), np.array([0.0, 0.0, 1.0, 1.0]), NAMES).complete


def test_a_level_of_a_factor_without_successes():
    rng = np.random.default_rng(0)
    level = rng.integers(0, 3, 200)
    z = rng.normal(size=200)
    X = np.column_stack([np.ones(200), level == 1, level == 2, z])
    names = ("Intercept", "f[1]", "f[2]", "z")
    y = rng.integers(0, 2, 200) / 1.0
    assert find_separation(X, y, names) is None
    found = find_separation(X, np.where(level == 2, 0.0, y), names)
    assert found.columns == ("f[2]",)
    assert not found.complete
    # in the reference level the contrasts of the others run away together
    assert find_separation(X, np.where(level == 0, 0.0, y), names).columns == ("f[1]", "f[2]")


def test_outcomes_all_the_same():
    X = _columns(np.arange(5.0))
    for value in (0.0, 1.0):
        found = find_separation(X, np.full(5, value), NAMES)
        assert found.complete
        assert "every outcome is the same" in found.message
    found = find_separation(X, np.zeros(5), NAMES, response="count")
    assert "every count is zero" in found.message


def test_a_mixed_proportion_stands_in_the_way():
    X = _columns(np.array([1.0, 2.0, 3.0]))
    trials = np.array([4.0, 4.0, 4.0])
    assert find_separation(X, np.array([0.0, 0.5, 1.0]), NAMES, weights=trials) is not None
    assert find_separation(X, np.array([0.25, 0.5, 0.75]), NAMES, weights=trials) is None


def test_rows_without_trials_do_not_count():
    X = _columns(np.array([1.0, 2.0, 3.0, 4.0, 9.0]))
    y = np.array([0.0, 0.0, 1.0, 1.0, 0.0])
    assert find_separation(X, y, NAMES) is None
    found = find_separation(X, y, NAMES, weights=np.array([1.0, 1.0, 1.0, 1.0, 0.0]))
    assert found.columns == ("x",)


def test_counts_of_zero_in_a_level():
    level = np.repeat([0.0, 1.0], 10)
    X = _columns(level)
    y = np.arange(20) % 3 / 1.0
    assert find_separation(X, y, NAMES, response="count") is None
    found = find_separation(X, np.where(level == 1.0, 0.0, y), NAMES, response="count")
    assert found.columns == ("x",)
    assert "every count is zero" in found.message


@pytest.mark.parametrize("extreme", [0.0, 3.0])
def test_a_level_with_the_last_category_alone(extreme):
    rng = np.random.default_rng(1)
    level = rng.integers(0, 2, 100) / 1.0
    y = rng.integers(0, 4, 100) / 1.0
    X = np.column_stack([level, rng.normal(size=100)])
    names = ("level", "z")
    assert find_separation(X, y, names, response="ordinal") is None
    found = find_separation(X, np.where(level == 1.0, extreme, y), names, response="ordinal")
    assert found.columns == ("level",)
    # a category in the middle has a finite best place
    middle = np.where(level == 1.0, 2.0, y)
    assert find_separation(X, middle, names, response="ordinal") is None


def test_ordered_categories_told_apart_completely():
    x = np.arange(9.0)[:, None]
    y = np.repeat([0.0, 1.0, 2.0], 3)
    found = find_separation(x, y, ("x",), response="ordinal")
    assert found.complete
    assert found.columns == ("x",)


def test_many_distinct_rows_are_looked_at_only_when_asked():
    x = np.arange(50.0)
    y = (x > 20.0) / 1.0
    assert find_separation(_columns(x), y, NAMES, most_rows=10) is None
    assert find_separation(_columns(x), y, NAMES, most_rows=None).complete


def test_no_value_is_told():
    x = np.array([123.25, 124.25, 125.25, 126.25])
    found = find_separation(_columns(x), np.array([0.0, 0.0, 1.0, 1.0]), NAMES)
    assert not any(str(value) in found.message for value in x)
