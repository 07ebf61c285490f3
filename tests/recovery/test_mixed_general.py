"""Generalised and ordinal mixed models give the truth back, and what Laplace costs in small groups.

Every bound is some Monte Carlo standard errors wide; five of them are passed by chance once in
a million.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from rpcstats._numerics.intervals import normal_quantile
from rpcstats.mixed import clmm, glmm

pytestmark = pytest.mark.slow

WIDTH = 5.0
LEVEL = 0.95
# Maximum likelihood itself is biased in small samples: a standard deviation of 60 to 150 groups by
# up to 3 %, a coefficient by up to 2 %. What is beyond that and Monte Carlo error is a fault.
ML_BIAS_SD = 0.03
ML_BIAS_BETA = 0.02


def groups(rng, per_group, n_group, sd):
    g = np.repeat(np.arange(n_group), per_group)
    x = rng.normal(size=len(g))
    return pd.DataFrame({"x": x, "g": g}), sd * rng.normal(size=n_group)[g]


def error_of(values):
    return np.std(values) / np.sqrt(len(values))


def assert_near(values, truth, allowed):
    assert abs(np.mean(values) - truth) < WIDTH * error_of(values) + allowed * abs(truth)


def assert_below(values, truth, share):
    """The mean is below the truth by more than a share of it, chance left out."""
    assert np.mean(values) + WIDTH * error_of(values) < (1.0 - share) * truth


def covers(fit, place, truth):
    half = normal_quantile(LEVEL) * fit.std_error[place]
    return abs(fit.beta[place] - truth) <= half


def test_laplace_is_biased_in_small_groups_and_quadrature_mends_it():
    """Three binary rows a group whose effects have a standard deviation of 2."""
    sd, slope, trials = 2.0, 1.0, 160
    rng = np.random.default_rng(1)
    found = {1: [], 15: []}
    for _ in range(trials):
        data, effects = groups(rng, 3, 150, sd)
        data["z"] = (rng.random(len(data)) < expit(0.5 + slope * data["x"] + effects)).astype(int)
        for nagq, rows in found.items():
            fit = glmm("z ~ x + (1 | g)", data, nagq=nagq)
            rows.append([fit.theta[0], fit.beta[1]])
    laplace, quadrature = (np.array(rows) for rows in found.values())
    # A tenth is lost, measured to a hundredth and a bit: five of its errors leave a fiftieth.
    assert_below(laplace[:, 0], sd, 0.02)
    assert_near(quadrature[:, 0], sd, ML_BIAS_SD)
    assert_near(quadrature[:, 1], slope, ML_BIAS_BETA)
    # On the same data the approximation moves both towards zero.
    assert_below(laplace[:, 0] - quadrature[:, 0], 0.0, 0.0)
    assert_below(laplace[:, 1] - quadrature[:, 1], 0.0, 0.0)


def test_laplace_does_in_large_groups_of_small_variance():
    sd, slope, trials = 0.5, 0.5, 60
    rng = np.random.default_rng(2)
    rows = []
    for _ in range(trials):
        data, effects = groups(rng, 20, 60, sd)
        data["z"] = (rng.random(len(data)) < expit(slope * data["x"] + effects)).astype(int)
        fit = glmm("z ~ x + (1 | g)", data)
        rows.append([fit.theta[0], fit.beta[1], covers(fit, 1, slope)])
    found = np.array(rows, dtype=float)
    assert_near(found[:, 0], sd, ML_BIAS_SD)
    assert_near(found[:, 1], slope, ML_BIAS_BETA)
    assert found[:, 2].mean() > LEVEL - WIDTH * np.sqrt(LEVEL * (1.0 - LEVEL) / trials)


@pytest.mark.parametrize("family", ["poisson", "negative_binomial"])
def test_counts_with_an_exposure(family):
    sd, slope, size, trials = 0.5, 0.3, 3.0, 60
    rng = np.random.default_rng(3)
    rows = []
    for _ in range(trials):
        data, effects = groups(rng, 6, 80, sd)
        data["weeks"] = rng.uniform(0.5, 4.0, len(data))
        mean = data["weeks"] * np.exp(0.2 + slope * data["x"] + effects)
        if family == "negative_binomial":
            mean = mean * rng.gamma(size, 1.0 / size, len(data))
        data["c"] = rng.poisson(mean)
        fit = glmm("c ~ x + offset(log(weeks)) + (1 | g)", data, family=family)
        rows.append([fit.theta[0], fit.beta[0], fit.beta[1], covers(fit, 1, slope)])
    found = np.array(rows, dtype=float)
    assert_near(found[:, 0], sd, ML_BIAS_SD)
    assert_near(found[:, 1], 0.2, ML_BIAS_BETA)
    assert_near(found[:, 2], slope, ML_BIAS_BETA)
    assert found[:, 3].mean() > LEVEL - WIDTH * np.sqrt(LEVEL * (1.0 - LEVEL) / trials)


@pytest.mark.parametrize("nagq", [1, 7])
def test_ordered_categories(nagq):
    sd, slope, cuts, trials = 1.0, 0.5, np.array([-2.0, -0.5, 0.5, 2.0]), 60
    rng = np.random.default_rng(4)
    rows = []
    for _ in range(trials):
        data, effects = groups(rng, 6, 60, sd)
        latent = slope * data["x"] + effects + rng.logistic(size=len(data))
        data["rating"] = np.digitize(latent, cuts) + 1
        fit = clmm("rating ~ x + (1 | g)", data, nagq=nagq)
        rows.append([fit.theta[0], fit.beta[0], *fit.thresholds, covers(fit, 0, slope)])
    found = np.array(rows, dtype=float)
    assert_near(found[:, 0], sd, ML_BIAS_SD)
    assert_near(found[:, 1], slope, ML_BIAS_BETA)
    for place, cut in enumerate(cuts):
        assert_near(found[:, 2 + place], cut, ML_BIAS_BETA)
    assert found[:, -1].mean() > LEVEL - WIDTH * np.sqrt(LEVEL * (1.0 - LEVEL) / trials)


def test_crossed_and_nested_binary_rows():
    trials = 40
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(trials):
        data, effects = groups(rng, 10, 60, 0.8)
        data["leader"] = rng.integers(0, 20, len(data))
        effects = effects + 0.6 * rng.normal(size=20)[data["leader"]]
        data["z"] = (rng.random(len(data)) < expit(0.5 * data["x"] + effects)).astype(int)
        fit = glmm("z ~ x + (1 | g) + (1 | leader)", data)
        rows.append([*fit.theta, fit.beta[1]])
    found = np.array(rows)
    # Twenty leaders: maximum likelihood loses about one part in forty of their spread.
    assert_near(found[:, 0], 0.8, ML_BIAS_SD)
    assert_near(found[:, 1], 0.6, 2.0 * ML_BIAS_SD)
    assert_near(found[:, 2], 0.5, ML_BIAS_BETA)
