"""Cox regressions with random effects recover the truth they are drawn from."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.survival.cox_regression import cox

pytestmark = pytest.mark.slow

N_RUN = 400

# 95 % intervals over 400 runs: three Monte Carlo standard errors, and a little for the variance
# being taken as known.
COVERAGE = (0.91, 0.98)

# Without the groups' effect the intervals of a covariate that varies by group are far too short.
NAIVE_AT_MOST = 0.88

# A bias of less than three Monte Carlo standard errors passes.
MONTE_CARLO = 3.0

# Laplace's approximation and the maximum of a likelihood both lead below a variance between 60
# groups of eight; by less than this part.
VARIANCE_BIAS = 0.08

# Profile intervals of the variance: as above, with groups few enough to leave a normal's range.
PROFILE_COVERAGE = (0.90, 0.985)


def draw(rng, n_group, size, effects, *, beta=0.4, gamma=-0.3, weeks=12):
    """Draw groups that are online or not, and rows with a covariate of their own."""
    sizes = rng.poisson(size - 1.0, n_group) + 1 if isinstance(size, float) else [size] * n_group
    g = np.repeat(np.arange(n_group), sizes)
    online = (np.arange(n_group) % 2)[g]
    x = rng.normal(size=len(g))
    hazard = 0.12 * np.exp(beta * online + gamma * x + effects[g])
    time = rng.exponential(1.0 / hazard)
    return pd.DataFrame(
        {
            "time": np.minimum(np.ceil(time), weeks),
            "event": (time <= weeks) * 1,
            "online": online,
            "x": x,
            "g": g,
        }
    )


def covers(fit, term, truth):
    row = fit.tidy().set_index("term").loc[term]
    return row["conf_low"] <= truth <= row["conf_high"]


def unbiased(estimates, truth):
    error = np.std(estimates, ddof=1) / np.sqrt(len(estimates))
    return abs(np.mean(estimates) - truth) < MONTE_CARLO * error


def test_normal_effects_of_sixty_groups_of_eight():
    rng, sd = np.random.default_rng(20261), 0.6
    estimates, variances, covered, naive = [], [], [], []
    for _ in range(N_RUN):
        data = draw(rng, 60, 8, rng.normal(scale=sd, size=60))
        fit = cox("Surv(time, event) ~ online + x + (1 | g)", data, ties="efron")
        plain = cox("Surv(time, event) ~ online + x", data)
        estimates.append(fit.beta)
        variances.append(fit.theta[0] ** 2)
        covered.append([covers(fit, "online", 0.4), covers(fit, "x", -0.3)])
        naive.append(covers(plain, "online", 0.4))
    estimates = np.array(estimates)
    assert unbiased(estimates[:, 0], 0.4)
    assert unbiased(estimates[:, 1], -0.3)
    assert abs(np.mean(variances) / sd**2 - 1.0) < VARIANCE_BIAS
    for share in np.mean(covered, axis=0):
        assert COVERAGE[0] <= share <= COVERAGE[1]
    assert np.mean(naive) < NAIVE_AT_MOST


def test_gamma_frailties_of_sixty_groups_of_eight():
    rng, theta = np.random.default_rng(20262), 0.4
    estimates, variances, covered, inside = [], [], [], []
    for run in range(N_RUN):
        effects = np.log(rng.gamma(1.0 / theta, theta, size=60))
        data = draw(rng, 60, 8, effects)
        fit = cox("Surv(time, event) ~ online + x + frailty(g)", data)
        estimates.append(fit.beta)
        variances.append(fit.theta[0])
        covered.append([covers(fit, "online", 0.4), covers(fit, "x", -0.3)])
        if run < N_RUN // 2:
            limits = fit.variance_intervals().iloc[0]
            inside.append(limits["conf_low"] <= theta <= limits["conf_high"])
    estimates = np.array(estimates)
    assert unbiased(estimates[:, 0], 0.4)
    assert unbiased(estimates[:, 1], -0.3)
    assert abs(np.mean(variances) / theta - 1.0) < VARIANCE_BIAS
    for share in np.mean(covered, axis=0):
        assert COVERAGE[0] <= share <= COVERAGE[1]
    assert PROFILE_COVERAGE[0] <= np.mean(inside) <= PROFILE_COVERAGE[1]


def test_groups_that_do_not_differ_are_seldom_told_apart():
    """Under no difference the test rejects in 5 % of samples, and half the variances are zero."""
    rng = np.random.default_rng(20263)
    p, zero = [], []
    for _ in range(N_RUN):
        fit = cox("Surv(time, event) ~ online + x + frailty(g)", draw(rng, 40, 8, np.zeros(40)))
        p.append(fit.random_effects_test().p_mixture)
        zero.append(fit.theta[0] == 0.0)
    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.085
    assert 0.4 <= np.mean(zero) <= 0.75


def test_groups_of_two_leave_the_variance_open():
    """Few small groups: the variance is often at its boundary, and the fit says so."""
    rng = np.random.default_rng(20264)
    at_zero, said = [], []
    for _ in range(N_RUN // 2):
        data = draw(rng, 16, 2.3, rng.normal(scale=0.4, size=16))
        fit = cox("Surv(time, event) ~ online + (1 | g)", data)
        at_zero.append(fit.is_singular)
        said.append(any("variance of the intercept" in remark for remark in fit.remarks))
    assert np.mean(at_zero) > 0.3
    assert at_zero == said
