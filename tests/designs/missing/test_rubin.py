"""Rubin's rules by hand, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.designs.missing import pool
from rpcstats.designs.missing._chain_diagnostics import effective_size, split_r_hat
from rpcstats.designs.missing._cluster_means import cluster_means
from rpcstats.errors import ParameterError


def test_two_data_sets_by_hand():
    found = pool([1.0, 3.0], [0.5, 1.5])
    assert found.estimate == 2.0
    assert found.within == 1.0
    assert found.between == 2.0
    assert found.std_error == pytest.approx(2.0)  # 1 + 1.5 * 2
    assert found.df == pytest.approx(1.0 / 0.75**2)
    assert found.missing_information == pytest.approx((3 + 2 / (found.df + 3)) / 4)
    assert found.monte_carlo_error == pytest.approx(1.0)


def test_complete_degrees_of_freedom_by_hand():
    found = pool([1.0, 3.0], [0.5, 1.5], df_complete=9.0)
    seen = 10 / 12 * 9 * 0.25
    assert found.df == pytest.approx(1 / (0.75**2 + 1 / seen))


@given(st.floats(-5, 5), st.floats(0.01, 4), st.integers(2, 30), st.integers(1, 200))
def test_nothing_missing_costs_nothing(at, variance, m, df):
    found = pool([at] * m, [variance] * m, df_complete=float(df))
    assert found.estimate == pytest.approx(at)
    assert found.between == pytest.approx(0.0, abs=1e-12)
    assert found.std_error == pytest.approx(np.sqrt(variance))
    assert found.df == pytest.approx((df + 1) / (df + 3) * df)
    assert found.missing_information == pytest.approx(0.0, abs=1e-6)


@given(st.lists(st.floats(-3, 3), min_size=2, max_size=20), st.integers(2, 50), st.floats(-9, 9))
def test_a_shift_moves_limits_and_nothing_else(estimates, df, shift):
    variances = np.linspace(0.5, 1.0, len(estimates))
    found = pool(estimates, variances, df_complete=float(df))
    moved = pool(np.array(estimates) + shift, variances, df_complete=float(df))
    assert found.df <= df
    assert found.std_error**2 >= found.within - 1e-12
    # With next to no degrees of freedom limits are far out, and keep fewer digits.
    width = found.conf_high - found.conf_low
    assert moved.conf_low - found.conf_low == pytest.approx(shift, abs=1e-6 + 1e-9 * width)
    assert moved.std_error == pytest.approx(found.std_error, rel=1e-6)


@pytest.mark.parametrize(
    ("estimates", "variances", "options", "told"),
    [
        ([1.0], [1.0], {}, "two estimates"),
        ([1.0, 2.0], [1.0], {}, "a variance for each"),
        ([1.0, np.nan], [1.0, 1.0], {}, "missing"),
        ([1.0, 2.0], [1.0, -1.0], {}, "negative"),
        ([1.0, 2.0], [1.0, 1.0], {"df_complete": 0.0}, "above 0"),
        ([1.0, 2.0], [1.0, 1.0], {"conf_level": 1.0}, "conf_level"),
        ("ab", "cd", {}, "two estimates"),
    ],
)
def test_what_can_not_be_pooled(estimates, variances, options, told):
    with pytest.raises(ParameterError, match=told):
        pool(estimates, variances, **options)


def test_means_over_clusters_by_hand():
    values = np.array([[1.0, 3.0, 2.0, 6.0]])
    mean, variance = cluster_means(values, np.array([0, 0, 4, 9]))
    # Sums of deviations from 3: -2, -1, 3; three clusters.
    np.testing.assert_allclose(mean, [3.0])
    np.testing.assert_allclose(variance, [(4 + 1 + 9) / 16 * 3 / 2])


def test_single_parents_as_clusters_give_the_usual_variance():
    values = np.random.default_rng(1).normal(size=(3, 40))
    _, variance = cluster_means(values, np.arange(40))
    np.testing.assert_allclose(variance, values.var(axis=1, ddof=1) / 40)


def test_r_hat_by_hand():
    traces = np.array([[0.0, 1, 0, 1], [2.0, 3, 2, 3]])[:, :, None]
    # Four halves: variances 1/2, means 1/2, 1/2, 5/2, 5/2 with variance 4/3.
    np.testing.assert_allclose(split_r_hat(traces), np.sqrt(1 / 2 + (4 / 3) / (1 / 2)))
    assert split_r_hat(np.ones((2, 10, 1))) == 1.0


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_effective_size_of_autoregressions(rho):
    rng, length = np.random.default_rng(7), 20_000
    x = rng.normal(size=(4, length))
    for k in range(1, length):
        x[:, k] = rho * x[:, k - 1] + np.sqrt(1 - rho**2) * x[:, k]
    found = effective_size(x[:, :, None])[0]
    # The estimate of an autocorrelation time is itself off by some per cent.
    assert found == pytest.approx(4 * length * (1 - rho) / (1 + rho), rel=0.1)
