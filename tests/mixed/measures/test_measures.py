"""Intraclass correlation, design effect, R squared and the variance partition."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import ParameterError
from rpcstats.mixed import glmm, lmm
from rpcstats.mixed.measures import design_effect, icc, r_squared, variance_partition
from rpcstats.mixed.measures.variance_sources import parameters_of, sources_at

# Estimates are functions of θ, which the search finds to about nine digits.
SAME = 1e-7
# The slope of a share is taken by central differences.
SLOPE = 1e-5


def one_way(n_group=6, m=4, seed=3):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_group), m)
    y = 3.0 + rng.normal(size=n_group)[group] + rng.normal(size=n_group * m)
    return pd.DataFrame({"y": y, "g": group.astype(str)})


def anova_icc(frame):
    m = frame.groupby("g").size().iloc[0]
    means = frame.groupby("g")["y"].mean()
    between = m * means.var(ddof=1)
    within = frame.groupby("g")["y"].var(ddof=1).mean()
    return (between - within) / (between + (m - 1) * within)


def test_balanced_one_way_layout_gives_the_anova_estimate():
    frame = one_way()
    found = icc(lmm("y ~ 1 + (1 | g)", frame)).tidy()
    np.testing.assert_allclose(found["estimate"].iloc[0], anova_icc(frame), rtol=SAME)
    assert list(found["group"]) == ["g", "all"] * 2


def test_standard_error_is_fishers_large_sample_one():
    m, n_group = 4, 400
    frame = one_way(n_group, m)
    row = icc(lmm("y ~ 1 + (1 | g)", frame)).tidy().iloc[0]
    rho = row["estimate"]
    fisher = (1 - rho) * (1 + (m - 1) * rho) * np.sqrt(2 / (m * (m - 1) * n_group))
    # The restricted fit counts one degree of freedom for the mean.
    np.testing.assert_allclose(row["std_error"], fisher, rtol=2 / n_group)
    assert row["conf_low"] < rho < row["conf_high"]


def test_design_effect_of_equal_groups_is_the_textbook_formula():
    fit = lmm("y ~ 1 + (1 | g)", one_way())
    rho = icc(fit).tidy()["estimate"].iloc[0]
    np.testing.assert_allclose(design_effect(fit).estimate, 1 + 3 * rho, rtol=SAME)
    np.testing.assert_allclose(design_effect(fit, n_per_group=12).estimate, 1 + 11 * rho, rtol=SAME)
    assert design_effect(fit).n_effective < 24


def test_design_effect_of_unequal_groups_is_kishs():
    frame = one_way(8, 5).iloc[[*range(1, 5), *range(8, 40)]]
    fit = lmm("y ~ 1 + (1 | g)", frame)
    size = frame.groupby("g").size()
    rho = icc(fit).tidy()["estimate"].iloc[0]
    expected = 1 + ((size**2).sum() / size.sum() - 1) * rho
    np.testing.assert_allclose(design_effect(fit).estimate, expected, rtol=SAME)


@pytest.mark.parametrize("n_per_group", [0, -3])
def test_an_impossible_group_size_is_refused(n_per_group):
    with pytest.raises(ParameterError, match="n_per_group"):
        design_effect(lmm("y ~ 1 + (1 | g)", one_way()), n_per_group=n_per_group)


@pytest.mark.parametrize(
    ("link", "residual"), [("logit", np.pi**2 / 3), ("probit", 1.0), ("cloglog", np.pi**2 / 6)]
)
def test_a_binary_response_has_the_variance_of_its_latent_variable(link, residual):
    rng = np.random.default_rng(8)
    group = np.repeat(np.arange(40), 10)
    y = rng.normal(size=40)[group] + rng.logistic(size=400) > 0
    fit = glmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": y * 1, "g": group}), link=link)
    variance = fit.varcorr().covariances[0][0, 0]
    expected = variance / (variance + residual)
    np.testing.assert_allclose(icc(fit).tidy()["estimate"].iloc[0], expected, rtol=SAME)


def test_counts_count_with_the_log_normal_variance():
    rng = np.random.default_rng(9)
    group = np.repeat(np.arange(60), 8)
    y = rng.poisson(np.exp(1.0 + 0.5 * rng.normal(size=60)[group]))
    fit = glmm("y ~ 1 + (1 | g)", pd.DataFrame({"y": y, "g": group}), family="poisson")
    variance = fit.varcorr().covariances[0][0, 0]
    mean = np.exp(fit.beta[0] + variance / 2)
    expected = variance / (variance + np.log1p(1 / mean))
    np.testing.assert_allclose(icc(fit).tidy()["estimate"].iloc[0], expected, rtol=SAME)


def test_a_slope_makes_the_share_a_function_of_its_covariate(sleepstudy):
    fit = sleepstudy
    G, sigma = fit.varcorr().covariances[0], fit.sigma
    frame = variance_partition(fit, pd.DataFrame({"Days": [0, 9]})).tidy()
    at_nine = np.array([1.0, 9.0]) @ G @ np.array([1.0, 9.0])
    shares = frame.loc[frame["group"] == "Subject", "share"]
    expected = [G[0, 0] / (G[0, 0] + sigma**2), at_nine / (at_nine + sigma**2)]
    np.testing.assert_allclose(shares, expected, rtol=SAME)
    np.testing.assert_allclose(frame.groupby("row")["share"].sum(), 1.0)


def test_average_share_is_the_adjusted_correlation(sleepstudy):
    partition = variance_partition(sleepstudy).tidy()
    np.testing.assert_allclose(
        partition["share"].iloc[0], icc(sleepstudy).tidy()["estimate"].iloc[0]
    )


def test_shares_of_several_factors_add_up(penicillin):
    found = icc(penicillin).tidy()
    adjusted = found[found["measure"] == "adjusted"].set_index("group")["estimate"]
    np.testing.assert_allclose(adjusted["plate"] + adjusted["sample"], adjusted["all"])


def test_a_zero_variance_has_no_interval(mixed_data):
    found = icc(lmm("Yield ~ 1 + (1 | Batch)", mixed_data("Dyestuff2"))).tidy()
    assert found["estimate"].iloc[0] < SAME
    assert found[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)


@settings(max_examples=15, deadline=None)
@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-50, 50))
def test_shares_do_not_depend_on_units(scale, shift):
    frame = one_way()
    moved = frame.assign(y=shift + scale * frame["y"])
    one, other = (r_squared(lmm("y ~ 1 + (1 | g)", data)) for data in (frame, moved))
    np.testing.assert_allclose(other.conditional, one.conditional, rtol=SLOPE)


def test_slope_is_that_of_longer_steps():
    fit = lmm("y ~ 1 + (1 | g)", one_way())
    parameters, _ = parameters_of(fit)
    theta, sigma = parameters[0], np.exp(parameters[1])
    sources = sources_at(fit, parameters)
    np.testing.assert_allclose(sources.random[0], (theta * sigma) ** 2, rtol=1e-12)
    np.testing.assert_allclose(sources.residual, sigma**2, rtol=1e-12)


def test_summaries_say_what_the_numbers_are():
    fit = lmm("y ~ 1 + (1 | g)", one_way())
    assert "Adjusted" in str(icc(fit).summary())
    assert "too narrow" in str(design_effect(fit).summary())
    assert "Marginal" in str(r_squared(fit).summary())
    assert "share" in str(variance_partition(fit).summary())


def test_other_packages_agree(sleepstudy, mixed_values):
    """R's performance 0.10.2 for one correlated random slope."""
    values = mixed_values("lmm")["sleepstudy_slope"]["reml"]
    found = icc(sleepstudy).tidy().set_index(["measure", "group"])["estimate"]
    np.testing.assert_allclose(found["adjusted", "all"], values["icc"]["adjusted"], rtol=1e-6)
    np.testing.assert_allclose(found["unadjusted", "all"], values["icc"]["unadjusted"], rtol=1e-6)
    explained = r_squared(sleepstudy)
    r2 = values["r2_nakagawa"]
    np.testing.assert_allclose(explained.marginal, r2["marginal"], rtol=1e-6)
    np.testing.assert_allclose(explained.conditional, r2["conditional"], rtol=1e-6)


def test_unequal_residual_variances_are_averaged_over_the_rows(mixed_data):
    data = mixed_data("Orthodont")
    fit = lmm("distance ~ age + (1 | Subject)", data, residual_variance="Sex")
    between = fit.varcorr().covariances[0][0, 0]
    of_sex = fit.residual.tidy().query("measure == 'std_dev'")["estimate"].to_numpy() ** 2
    share = data["Sex"].astype(str).value_counts(normalize=True).sort_index().to_numpy()
    within = float(of_sex @ share)
    found = icc(fit).tidy()["estimate"].iloc[0]
    np.testing.assert_allclose(found, between / (between + within), rtol=1e-6)


def test_correlated_residuals_have_no_design_effect(mixed_data):
    fit = lmm(
        "distance ~ age + (1 | Subject)", mixed_data("Orthodont"), correlation="ar1(age | Subject)"
    )
    with pytest.raises(ParameterError, match="along series"):
        design_effect(fit)
