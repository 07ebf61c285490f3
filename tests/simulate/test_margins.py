"""Conditional Bernoulli sampling against every subset, written out."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rpcstats.errors import ParameterError
from rpcstats.simulate import (
    conditional_bernoulli,
    conditional_means,
    log_symmetric,
    permuted_margin,
)

SE_LIMIT = 4.0
"""Monte Carlo standard errors; with these seeds a correct draw passes with room."""
ROUNDING = 1e-12
"""Sums of a few exponentials."""
LARGE_ROUNDING = 1e-9
"""Sums of thousands of terms held as logarithms."""


def every_subset(log_odds, total):
    """Give the probability of each subset of a size by enumeration."""
    subsets = list(combinations(range(len(log_odds)), total))
    weights = np.array([np.exp(sum(log_odds[i] for i in subset)) for subset in subsets])
    return subsets, weights / weights.sum()


def test_means_by_hand():
    # Odds 1, 2, 3 and a sum of 2: the products are 2, 3 and 6, eleven in all.
    means = conditional_means(np.log([1.0, 2.0, 3.0]), 2)
    assert_allclose(means, [5 / 11, 8 / 11, 9 / 11], rtol=ROUNDING)
    assert_allclose(log_symmetric(np.log([1.0, 2.0, 3.0]), 2), np.log(11.0), rtol=ROUNDING)


@pytest.mark.parametrize("total", [0, 1, 2, 3, 4, 5])
def test_draws_have_the_law_of_the_enumeration(total):
    log_odds = np.log([0.2, 0.5, 1.0, 3.0, 8.0])
    subsets, law = every_subset(log_odds, total)
    rng = np.random.default_rng(20240101)
    n_draws = 8_000
    seen = dict.fromkeys(subsets, 0)
    for _ in range(n_draws):
        seen[tuple(np.flatnonzero(conditional_bernoulli(log_odds, total, rng=rng)))] += 1
    share = np.array([seen[subset] for subset in subsets]) / n_draws
    error = np.sqrt(law * (1.0 - law) / n_draws)
    assert (np.abs(share - law) <= SE_LIMIT * error + ROUNDING).all()


@given(
    st.lists(st.floats(-6.0, 6.0), min_size=1, max_size=7),
    st.integers(0, 7),
)
@settings(max_examples=60)
def test_means_are_those_of_the_enumeration(log_odds, wanted):
    total = min(wanted, len(log_odds))
    subsets, law = every_subset(log_odds, total)
    expected = np.zeros(len(log_odds))
    for subset, chance in zip(subsets, law, strict=True):
        expected[list(subset)] += chance
    assert_allclose(conditional_means(log_odds, total), expected, atol=1e-10)


@given(st.lists(st.floats(-30.0, 30.0), min_size=1, max_size=40), st.data())
def test_the_sum_is_met_whatever_the_odds(log_odds, data):
    total = data.draw(st.integers(0, len(log_odds)))
    seed = data.draw(st.integers(0, 2**31))
    drawn = conditional_bernoulli(log_odds, total, rng=np.random.default_rng(seed))
    assert drawn.sum() == total


@given(st.lists(st.floats(-5.0, 5.0), min_size=2, max_size=30), st.floats(-9.0, 9.0))
def test_an_intercept_changes_nothing(log_odds, intercept):
    total = len(log_odds) // 2
    moved = conditional_means(np.array(log_odds) + intercept, total)
    assert_allclose(moved, conditional_means(log_odds, total), atol=1e-9)


def test_equal_odds_are_simple_random_sampling():
    assert_allclose(conditional_means(np.full(9, 1.7), 4), np.full(9, 4 / 9), rtol=ROUNDING)
    rng = np.random.default_rng(7)
    counts = sum(permuted_margin(2, 4, rng=rng).astype(int) for _ in range(6_000))
    assert (np.abs(counts / 6_000 - 0.5) <= SE_LIMIT * np.sqrt(0.25 / 6_000)).all()


def test_thousands_of_variables_neither_overflow_nor_underflow():
    log_odds = np.random.default_rng(5).normal(0.0, 40.0, 3_000)
    means = conditional_means(log_odds, 1_200)
    assert_allclose(means.sum(), 1_200, rtol=LARGE_ROUNDING)
    assert (means >= 0.0).all()
    assert (means <= 1.0 + LARGE_ROUNDING).all()
    drawn = conditional_bernoulli(log_odds, 1_200, rng=np.random.default_rng(6))
    assert drawn.sum() == 1_200


def test_infinite_odds_are_certain():
    log_odds = [-np.inf, np.inf, 0.3, -0.2]
    assert_allclose(conditional_means(log_odds, 2)[:2], [0.0, 1.0])
    drawn = conditional_bernoulli(log_odds, 3, rng=np.random.default_rng(0))
    assert drawn.tolist() == [False, True, True, True]


@pytest.mark.parametrize("total", [-1, 0, 4])
def test_a_total_that_can_not_be_drawn_is_refused(total):
    with pytest.raises(ParameterError, match="between 1 and 3 of the 4"):
        conditional_bernoulli([-np.inf, np.inf, 0.3, -0.2], total, rng=np.random.default_rng(0))


def test_missing_odds_are_refused():
    with pytest.raises(ParameterError, match="none missing"):
        conditional_means([0.1, np.nan], 1)
