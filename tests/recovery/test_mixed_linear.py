"""Linear mixed models give the truth back: bias and coverage of many simulated trials.

Groups of 2 to 12, 8 to 200 of them, half in each arm, with an intraclass correlation of 0 to 0.12.
Every bound is some Monte Carlo standard errors wide; five of them are passed by chance once in
a million.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from rpcstats._numerics.intervals import normal_quantile
from rpcstats.mixed import lmm

pytestmark = pytest.mark.slow

WIDTH = 5.0
LEVEL = 0.95
# Trials a design. The Monte Carlo error of a coverage of 95 % is 1.3 points with 300 and 2.2 with
# 100 trials.
TRIALS = 300
# Intervals may be too wide where a variance of zero can only be overestimated, never too narrow by
# more than Monte Carlo error and what the approximation of degrees of freedom is known to cost:
# 2 points with eight small groups.
FEW_GROUPS = 0.02
SLOPE = 0.5


def monte_carlo_error(share, trials):
    return np.sqrt(share * (1.0 - share) / trials)


def trial(rng, per_group, n_group, icc, slope_sd=0.0):
    n = per_group * n_group
    g = np.repeat(np.arange(n_group), per_group)
    arm = (rng.permutation(n_group) % 2)[g].astype(float)
    x = rng.normal(size=n)
    effects = np.sqrt(icc) * rng.normal(size=n_group)
    slopes = SLOPE + slope_sd * rng.normal(size=n_group)
    y = 1.0 + effects[g] + slopes[g] * x + np.sqrt(1.0 - icc) * rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "arm": arm, "g": g})


def covered(table, term, truth):
    row = table.set_index("term").loc[term]
    return row["conf_low"] <= truth <= row["conf_high"]


def naive_interval_covers(data):
    X = sm.add_constant(data[["arm", "x"]])
    low, high = sm.OLS(data["y"], X).fit().conf_int(1.0 - LEVEL).loc["arm"]
    return low <= 0.0 <= high


def study(per_group, n_group, icc, trials=TRIALS):
    rng = np.random.default_rng([per_group, n_group, round(1000 * icc)])
    rows = []
    for _ in range(trials):
        data = trial(rng, per_group, n_group, icc)
        fit = lmm("y ~ arm + x + (1 | g)", data)
        assert fit.converged
        by_kr = fit.tidy(df="kenward-roger")
        by_satterthwaite = fit.tidy()
        rows.append(
            {
                "arm": fit.beta[1],
                "x": fit.beta[2],
                "variance": fit.varcorr().covariances[0][0, 0],
                "sigma2": fit.sigma**2,
                "singular": fit.is_singular,
                "satterthwaite": covered(by_satterthwaite, "arm", 0.0),
                "satterthwaite_x": covered(by_satterthwaite, "x", SLOPE),
                "kenward_roger": covered(by_kr, "arm", 0.0),
                "kenward_roger_x": covered(by_kr, "x", SLOPE),
                "naive": naive_interval_covers(data),
            }
        )
    return pd.DataFrame(rows)


def assert_unbiased(values, truth):
    error = values.std() / np.sqrt(len(values))
    assert abs(values.mean() - truth) < WIDTH * error


DESIGNS = [
    (2, 8, 0.0),
    (2, 8, 0.12),
    (12, 8, 0.12),
    (5, 20, 0.05),
    (12, 20, 0.0),
    (2, 200, 0.12),
    (12, 60, 0.12),
]


@pytest.mark.parametrize(("per_group", "n_group", "icc"), DESIGNS)
def test_fixed_effects_are_unbiased_and_intervals_cover(per_group, n_group, icc):
    found = study(per_group, n_group, icc)
    assert_unbiased(found["arm"], 0.0)
    assert_unbiased(found["x"], SLOPE)
    error = monte_carlo_error(LEVEL, TRIALS)
    least = LEVEL - 3.0 * error - (FEW_GROUPS if n_group < 20 else 0.0)
    for name in ("satterthwaite", "kenward_roger", "satterthwaite_x", "kenward_roger_x"):
        assert found[name].mean() >= least, name
    if icc > 0.0 and n_group >= 20:
        assert found["kenward_roger"].mean() <= LEVEL + 3.0 * error
        assert_unbiased(found["sigma2"], 1.0 - icc)
    if icc * per_group > 1.0:
        # The design effect is 2.3: an interval that ignores the groups covers about 80 %.
        naive = found["naive"].mean()
        assert naive + WIDTH * monte_carlo_error(naive, TRIALS) < LEVEL
        assert found["kenward_roger"].mean() > naive


def test_variances_of_many_groups_are_unbiased():
    found = study(6, 100, 0.12, trials=150)
    assert_unbiased(found["variance"], 0.12)
    assert_unbiased(found["sigma2"], 0.88)


def test_without_clustering_about_half_of_the_fits_are_singular():
    """REML puts the variance at zero where the F ratio between groups is below 1."""
    trials, n_group, per_group = 400, 100, 5
    n = n_group * per_group
    wanted = stats.f.cdf(1.0, n_group - 2, n - n_group - 1)
    rng = np.random.default_rng(5)
    singular = [
        lmm("y ~ arm + x + (1 | g)", trial(rng, per_group, n_group, 0.0)).is_singular
        for _ in range(trials)
    ]
    assert 0.5 < wanted < 0.55
    assert abs(np.mean(singular) - wanted) < 4.0 * monte_carlo_error(0.5, trials)


def test_random_slopes():
    trials, slope_sd = 200, 0.4
    rng = np.random.default_rng(6)
    slopes, deviations, covers, fixed_only = [], [], [], []
    for _ in range(trials):
        data = trial(rng, 8, 40, 0.1, slope_sd)
        fit = lmm("y ~ x + (1 + x | g)", data)
        slopes.append(fit.beta[1])
        deviations.append(fit.varcorr().covariances[0][1, 1])
        covers.append(covered(fit.tidy(df="kenward-roger"), "x", SLOPE))
        without = lmm("y ~ x + (1 | g)", data)
        fixed_only.append(covered(without.tidy(), "x", SLOPE))
    assert_unbiased(np.array(slopes), SLOPE)
    assert_unbiased(np.array(deviations), slope_sd**2)
    error = monte_carlo_error(LEVEL, trials)
    assert abs(np.mean(covers) - LEVEL) < 3.0 * error
    assert np.mean(fixed_only) < LEVEL - WIDTH * error


def test_cluster_robust_intervals_of_ten_clusters():
    """Errors of unequal variance and correlation: the model is wrong, CR2 with its df is not."""
    trials = 300
    rng = np.random.default_rng(7)
    robust, plain = [], []
    for _ in range(trials):
        data = trial(rng, 8, 10, 0.0)
        spread = np.where(data["arm"] > 0, 2.0, 0.5) * rng.normal(size=10)[data["g"]]
        data["y"] += spread
        fit = lmm("y ~ arm + x + (1 | g)", data)
        robust.append(covered(fit.robust(kind="CR2").tidy(), "arm", 0.0))
        simple = fit.robust(kind="CR0")
        half = normal_quantile(LEVEL) * np.sqrt(simple.cov[1, 1])
        plain.append(abs(fit.beta[1]) <= half)
    assert np.mean(robust) > LEVEL - 3.0 * monte_carlo_error(LEVEL, trials) - FEW_GROUPS
    # Without the correction and its degrees of freedom ten clusters are too few.
    assert np.mean(plain) < np.mean(robust)
    assert np.mean(plain) < LEVEL
