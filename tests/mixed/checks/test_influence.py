"""Influence of groups: fits without them, steps, what has no fit, what is refused."""

import numpy as np
import pandas as pd
import pytest

from rpcstats import influence
from rpcstats.errors import ParameterError
from rpcstats.mixed import clmm, glmm, lmm

# Two searches from different starts, each within 1e-8 standard errors of the optimum.
REFIT = 1e-5


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_each_subject_is_left_out(mixed_data, method):
    frame, formula = mixed_data("sleepstudy"), "Reaction ~ Days + (Days | Subject)"
    fit = lmm(formula, frame, method=method)
    found = influence(fit)
    assert found.method == "refit"
    assert found.n_row.tolist() == [10] * 18
    for place in (0, 7):
        without = lmm(formula, frame[frame["Subject"] != int(found.levels[place])], method=method)
        d = fit.beta - without.beta
        np.testing.assert_allclose(found.dfbetas[place], d / fit.std_error, rtol=REFIT, atol=1e-7)
        expected = d @ np.linalg.solve(fit.cov, d) / 2.0
        assert found.cooks_distance[place] == pytest.approx(expected, rel=REFIT)
        table = fit.varcorr().tidy()["estimate"] - without.varcorr().tidy()["estimate"]
        np.testing.assert_allclose(found.change[place], table, rtol=1e-4, atol=1e-5)
    assert found.parameters[-1] == "sigma"


def textbook_deviance(fit, other):
    """-2 log-likelihood of the data of one fit at the estimates of another."""
    block, G = fit.frame.blocks[0], other.varcorr().covariances[0]
    V = (block.Z @ G @ block.Z.T) * (block.codes[:, None] == block.codes)
    V += other.sigma**2 * np.eye(fit.n_obs)
    r = fit.frame.y - fit.frame.X @ other.beta
    fall = np.linalg.slogdet(V)[1] + r @ np.linalg.solve(V, r)
    return fall + fit.n_obs * np.log(2.0 * np.pi)


def test_displacement_is_the_likelihood_lost(mixed_data):
    frame, formula = mixed_data("sleepstudy"), "Reaction ~ Days + (Days | Subject)"
    fit = lmm(formula, frame, method="ml")
    found = influence(fit)
    assert (found.likelihood_displacement > 0.0).all()
    level = found.levels[3]
    without = lmm(formula, frame[frame["Subject"] != int(level)], method="ml")
    expected = textbook_deviance(fit, without) - fit.deviance
    assert found.likelihood_displacement[3] == pytest.approx(expected, rel=1e-4)


def unbalanced(n_group=30, seed=1):
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(n_group), rng.integers(3, 9, n_group))
    x = rng.standard_normal(len(g))
    y = 1.0 + x * (0.5 + 0.3 * rng.standard_normal(n_group)[g])
    y += rng.standard_normal(n_group)[g] + rng.standard_normal(len(g))
    return pd.DataFrame({"g": g, "x": x, "y": y, "w": rng.uniform(0.5, 2.0, len(g))})


@pytest.mark.parametrize("method", ["ml", "reml"])
def test_levels_taken_off_the_products_equal_problems_without_them(method):
    """The step from cross-products is that of the problem set up without the level."""
    from rpcstats.mixed.checks.deletion import problem_without
    from rpcstats.mixed.checks.one_step import step_levels, step_linear, theta_inverse

    fit = lmm("y ~ x + (x | g)", unbalanced(), method=method, weights="w")
    inverse = theta_inverse(fit)
    for level, found in list(enumerate(step_levels(fit)))[:5]:
        left = fit.frame.blocks[0].codes != level
        at = problem_without(fit, left).evaluate(fit.theta, reml=method == "reml", order=1)
        np.testing.assert_allclose(found.beta, at.beta, rtol=1e-9)
        assert found.sigma == pytest.approx(np.sqrt(at.sigma2), rel=1e-9)
        np.testing.assert_allclose(found.theta, fit.theta - inverse @ at.gradient, rtol=1e-7)
        np.testing.assert_allclose(found.theta, step_linear(fit, left).theta, rtol=1e-7)


@pytest.mark.parametrize("family", ["linear", "poisson"])
def test_a_step_is_near_a_refit(family):
    frame = unbalanced(60)
    if family == "linear":
        fit = lmm("y ~ x + (1 | g)", frame)
    else:
        frame["y"] = np.random.default_rng(2).poisson(np.exp(0.3 * frame["y"])).astype(float)
        fit = glmm("y ~ x + (1 | g)", frame, family="poisson")
    exact, step = influence(fit, method="refit"), influence(fit, method="one-step")
    # Each level is a sixtieth of the data: the step misses terms of that order.
    largest = np.abs(exact.dfbetas).max()
    np.testing.assert_allclose(step.dfbetas, exact.dfbetas, atol=0.15 * largest)
    assert np.corrcoef(step.cooks_distance, exact.cooks_distance)[0, 1] > 0.97
    both = (step.likelihood_displacement, exact.likelihood_displacement)
    assert np.corrcoef(*both)[0, 1] > 0.95


def test_many_levels_take_steps():
    fit = lmm("y ~ x + (1 | g)", unbalanced(201))
    found = influence(fit)
    assert found.method == "one-step"
    assert "one Newton step" in str(found)


def test_crossed_factors(penicillin):
    found = influence(penicillin, by="sample")
    assert found.group == "sample"
    assert len(found.levels) == 6
    step = influence(penicillin, by="sample", method="one-step")
    np.testing.assert_allclose(step.dfbetas, found.dfbetas, rtol=0.05, atol=0.01)


def test_ordered_response(wine, mixed_data):
    frame = mixed_data("wine")
    found = influence(wine)
    without = clmm(
        "rating ~ temp + contact + (1 | judge)", frame[frame["judge"] != int(found.levels[2])]
    )
    d = (wine.beta - without.beta) / wine.std_error
    np.testing.assert_allclose(found.dfbetas[2], d, rtol=1e-4)
    assert found.parameters[1:] == ("1|2", "2|3", "3|4", "4|5")
    np.testing.assert_allclose(
        found.change[2, 1:], wine.thresholds - without.thresholds, rtol=1e-3, atol=1e-5
    )


def test_a_level_that_carries_a_coefficient_has_no_fit():
    frame = unbalanced(12)
    frame["only"] = (frame["g"] == 4).astype(float) * frame["x"]
    fit = lmm("y ~ x + only + (1 | g)", frame)
    for method in ("refit", "one-step"):
        found = influence(fit, method=method)
        assert np.flatnonzero(np.isnan(found.cooks_distance)).tolist() == [4]
        assert found.tidy().iloc[4].isna().sum() == 2 + 3 + 2
        assert "1 level the rows left have no fit" in str(found)


def test_residual_structure(mixed_data):
    frame = mixed_data("Orthodont")
    frame["age"] /= 2
    formula = "distance ~ age * Sex + (1 | Subject)"
    asked = {"residual_variance": "Sex", "correlation": "ar1(age | Subject)"}
    fit = lmm(formula, frame, **asked)
    found = influence(fit)
    without = lmm(formula, frame[frame["Subject"] != found.levels[1]], **asked)
    d = (fit.beta - without.beta) / fit.std_error
    np.testing.assert_allclose(found.dfbetas[1], d, rtol=1e-4, atol=1e-6)
    expected = [
        fit.residual.ratios[1] - without.residual.ratios[1],
        fit.residual.phi - without.residual.phi,
    ]
    np.testing.assert_allclose(found.change[1, -2:], expected, rtol=1e-3, atol=1e-5)
    assert (found.likelihood_displacement > 0.0).all()
    step = influence(fit, method="one-step")
    assert np.isnan(step.change[:, -2:]).all()
    np.testing.assert_allclose(step.dfbetas, found.dfbetas, atol=0.1)


def test_what_is_not_there_is_refused(sleepstudy):
    with pytest.raises(ParameterError, match="choose one of Subject"):
        influence(sleepstudy, by="Days")
    with pytest.raises(ParameterError, match="method is unknown"):
        influence(sleepstudy, method="jackknife")
