"""Quantile residuals: ranks by hand, level and power of the tests, reproducible draws."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import quantile_residuals
from rpcstats.errors import ParameterError
from rpcstats.mixed import glmm, lmm
from rpcstats.mixed.checks.simulated_ranks import rank_sums, simulation_p, uniformity


def test_ranks_by_hand():
    observed = np.array([2.0, 0.0])
    drawn = np.array([[1.0, 3.0], [1.0, 2.0]])
    sums = rank_sums(observed, drawn, np.random.default_rng(1))
    assert sums.rank.tolist() == [1, 0]
    # Rows (2, 1, 3) and (0, 1, 2): ranks (1, 0, 2) and (0, 1, 2).
    np.testing.assert_array_equal(sums.counts, [[1, 1, 0], [1, 1, 0], [0, 0, 2]])
    assert sums.n_outside.tolist() == [1, 1, 2]
    assert sums.n_zero.tolist() == [1, 0, 0]
    np.testing.assert_allclose(uniformity(sums.counts), [1 / 3, 1 / 3, 2 / 3])
    # Squared distances over the variance 2/3: (0, 1.5, 1.5) and (1.5, 0, 1.5).
    np.testing.assert_allclose(sums.dispersion, [0.75, 0.75, 1.5])


def test_p_values_count_the_data():
    assert simulation_p(np.array([5.0, 1.0, 2.0, 3.0]), two_sided=False) == 0.25
    assert simulation_p(np.array([5.0, 1.0, 2.0, 3.0]), two_sided=True) == 0.5
    assert simulation_p(np.array([1.0, 1.0, 1.0]), two_sided=True) == 1.0


def test_ties_are_broken_at_random():
    sums = rank_sums(np.zeros(4000), np.zeros((4000, 3)), np.random.default_rng(2))
    share = np.bincount(sums.rank, minlength=4) / 4000
    # Standard error of a share: (0.25 0.75 / 4000)^(1/2) = 0.007; five of them.
    np.testing.assert_allclose(share, 0.25, atol=0.035)
    assert sums.n_outside.tolist() == [0, 0, 0, 0]


def counts(seed=3, n_group=40, n_row=8, excess=0.0):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_group), n_row)
    x = np.tile(np.linspace(-1.0, 1.0, n_row), n_group)
    eta = 1.0 + 0.5 * x + 0.5 * rng.standard_normal(n_group)[g]
    y = rng.poisson(np.exp(eta)).astype(float)
    y[rng.random(len(y)) < excess] = 0.0
    return pd.DataFrame({"g": g, "x": x, "y": y})


@pytest.fixture(scope="module")
def good():
    return glmm("y ~ x + (1 | g)", counts(), family="poisson")


def test_a_true_model_passes(good):
    found = quantile_residuals(good, seed=4)
    table = found.tidy()
    assert table["test"].tolist() == ["uniformity", "dispersion", "outliers", "zeros"]
    assert (table["p_value"] > 0.01).all()
    assert (found.residual > 0.0).all()
    assert (found.residual < 1.0).all()
    assert found.augment().columns.tolist() == ["row", "observed", "fitted", "residual"]


def test_too_many_zeros_show():
    fit = glmm("y ~ x + (1 | g)", counts(excess=0.25), family="poisson")
    for conditional in (False, True):
        table = quantile_residuals(fit, seed=4, conditional=conditional).tidy().set_index("test")
        assert table.loc["zeros", "p_value"] < 0.02
    assert table.loc["zeros", "statistic"] > 1.5 * table.loc["zeros", "expected"]
    assert table.loc["dispersion", "p_value"] < 0.02


def test_a_skew_response_shows():
    rng = np.random.default_rng(5)
    g = np.repeat(np.arange(60), 20)
    y = rng.standard_normal(60)[g] + rng.exponential(3.0, 1200)
    fit = lmm("y ~ 1 + (1 | g)", pd.DataFrame({"g": g, "y": y}))
    table = quantile_residuals(fit, seed=6).tidy().set_index("test")
    assert "zeros" not in table.index
    assert table.loc["uniformity", "p_value"] < 0.02
    assert table.loc["outliers", "statistic"] > table.loc["outliers", "expected"]


def test_residuals_of_normal_data_are_those_of_their_distribution(sleepstudy):
    """With many draws the residual is the normal distribution function."""
    from scipy import stats

    found = quantile_residuals(sleepstudy, n=2000, seed=7, conditional=True)
    exact = stats.norm.cdf(sleepstudy.residuals("standardised"))
    # Standard error of a share of 2000: 0.011 at most; five of them.
    np.testing.assert_allclose(found.residual, exact, atol=0.056)
    np.testing.assert_allclose(found.fitted, sleepstudy.fitted())


def test_ordered_response_and_seed(wine):
    first, again = (quantile_residuals(wine, seed=8) for _ in range(2))
    np.testing.assert_array_equal(first.residual, again.residual)
    assert not np.array_equal(first.residual, quantile_residuals(wine, seed=9).residual)
    assert first.tidy()["test"].tolist() == ["uniformity", "dispersion", "outliers"]
    assert "p-values from 250 data sets" in str(first)


def test_few_draws_are_refused(wine):
    with pytest.raises(ParameterError, match="n is out of range"):
        quantile_residuals(wine, n=10, seed=1)


def test_figure(good):
    figure = quantile_residuals(good, seed=1, n=50).plot()
    assert len(figure.axes) == 3


def test_p_values_hold_their_level():
    """Of 200 data sets from the model about 1 in 10 has p below 0.1, groups or not."""
    rejected = np.zeros(2)
    for seed in range(200):
        rng = np.random.default_rng(1000 + seed)
        g = np.repeat(np.arange(20), 5)
        y = 2.0 * rng.standard_normal(20)[g] + rng.standard_normal(100)
        fit = lmm("y ~ 1 + (1 | g)", pd.DataFrame({"g": g, "y": y}))
        table = quantile_residuals(fit, n=60, seed=seed).tidy().set_index("test")
        rejected += table.loc[["uniformity", "dispersion"], "p_value"].to_numpy() < 0.1
    # Estimated parameters make the tests conservative; three standard errors above 0.1.
    assert (rejected / 200 < 0.1 + 3.0 * np.sqrt(0.1 * 0.9 / 200)).all()


def test_conditional_fitted_values_have_the_random_effects(wine):
    found = quantile_residuals(wine, seed=1, n=50, conditional=True)
    np.testing.assert_allclose(found.fitted, wine.fitted())
