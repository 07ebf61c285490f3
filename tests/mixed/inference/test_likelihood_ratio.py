"""Likelihood-ratio tests: mixtures by hand and by simulation, lme4's table, refusals."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.inference.boundary_mixture import (
    correlation_at_zero,
    mixture_p,
    mixture_weights,
)
from rpcstats.mixed.inference.likelihood_ratio import likelihood_ratio
from rpcstats.mixed.inference.nested_models import AddedEffects, added_effects
from rpcstats.mixed.structure.build import model_frame
from rpcstats.mixed.structure.model_frame import ModelFrame

# lme4's table is made of deviances its own optimiser stopped at, 3e-8 above the minimum.
OF_R = 1e-7

SLEEP = {
    "intercepts": "Reaction ~ Days + (1 | Subject)",
    "uncorrelated": "Reaction ~ Days + (Days || Subject)",
    "correlated": "Reaction ~ Days + (Days | Subject)",
}


@dataclass(frozen=True)
class Fit:
    """The little a likelihood ratio asks of a fit."""

    frame: ModelFrame
    criterion: str
    theta: np.ndarray
    deviance: float
    n_parameter: int
    likelihood: str = "gaussian, identity"
    residual_parts: tuple[str, ...] = ()
    linear_problem: object = None
    as_ml: object = None

    def refit_ml(self):
        return self.as_ml()


@pytest.fixture(scope="module")
def fit(fitted):
    def make(formula, data, *, reml=False, weights=None):
        frame, problem, evaluation = fitted(formula, data, reml=reml, weights=weights)
        return Fit(
            frame,
            "reml" if reml else "ml",
            evaluation.theta,
            evaluation.deviance,
            problem.p + len(evaluation.theta) + 1,
            linear_problem=problem,
            as_ml=lambda: make(formula, data, weights=weights),
        )

    return make


@pytest.fixture(scope="module")
def sleep(fit, mixed_data):
    return {name: fit(formula, mixed_data("sleepstudy")) for name, formula in SLEEP.items()}


@pytest.fixture(scope="module")
def layout():
    """A balanced crossed layout, with covariates and two codings of one factor."""
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"a": np.repeat(np.arange(7), 10), "b": np.tile(np.arange(10), 7)})
    y = rng.normal(size=7)[data["a"]] + rng.normal(size=10)[data["b"]] + rng.normal(size=70)
    data = data.assign(y=y, x=rng.normal(size=70), t=np.tile([0.0, 1], 35))
    return data.assign(a=data["a"].astype(str), b=data["b"].astype(str))


def test_table_of_lme4(sleep, mixed_values):
    expected = pd.DataFrame(mixed_values("lrt")["sleepstudy_lrt"])
    found = likelihood_ratio(sleep["correlated"], sleep["intercepts"], sleep["uncorrelated"])
    assert found.models == tuple(SLEEP.values())
    table = found.tidy()
    assert list(table["n_parameter"]) == list(expected["npar"])
    for ours, theirs in {
        "aic": "AIC",
        "bic": "BIC",
        "log_lik": "logLik",
        "deviance": "deviance",
    }.items():
        np.testing.assert_allclose(table[ours], expected[theirs], rtol=1e-10)
    np.testing.assert_allclose(table["statistic"][1:], expected["Chisq"][1:], atol=1e-6)
    assert list(table["df"][1:]) == list(expected["Df"][1:])
    np.testing.assert_allclose(table["p_value"][1:], expected["Pr(>Chisq)"][1:], rtol=1e-6)
    assert table.iloc[0][["statistic", "df", "p_value", "p_mixture"]].isna().all()


def test_one_variance_has_half_the_p_value(sleep):
    found = likelihood_ratio(sleep["intercepts"], sleep["uncorrelated"])
    assert found.p_mixture[1] == pytest.approx(found.p_value[1] / 2, rel=1e-12)
    assert "tested at zero" in str(found.summary())


def test_one_variance_with_a_covariance(sleep):
    # Stram and Lee (1994): half and half of one and of two degrees of freedom.
    found = likelihood_ratio(sleep["intercepts"], sleep["correlated"])
    fall = found.statistic[1]
    expected = (stats.chi2.sf(fall, 1) + stats.chi2.sf(fall, 2)) / 2
    assert found.df[1] == 2
    assert found.p_mixture[1] == pytest.approx(expected, rel=1e-10)


def test_a_covariance_alone_is_not_at_the_boundary(sleep):
    found = likelihood_ratio(sleep["uncorrelated"], sleep["correlated"])
    assert found.p_mixture[1] == found.p_value[1]
    assert found.remarks == ()


def test_fixed_effects_are_refitted_by_ml(fit, layout):
    one, two = (fit(f"y ~ {x} + (1 | a)", layout, reml=True) for x in ("1", "x"))
    found = likelihood_ratio(one, two)
    assert found.criterion == "ml"
    assert "Fitted again by maximum likelihood" in found.remarks[0]
    assert found.deviance[0] == pytest.approx(one.refit_ml().deviance, rel=1e-12)
    assert found.p_mixture[1] == found.p_value[1]


def test_restricted_likelihoods_of_equal_fixed_effects(fit, layout):
    fits = [fit(f"y ~ x + (1 | a){more}", layout, reml=True) for more in ("", " + (1 | b)")]
    found = likelihood_ratio(*fits)
    assert found.criterion == "reml"
    assert found.statistic[1] == pytest.approx(fits[0].deviance - fits[1].deviance, rel=1e-12)


@pytest.mark.parametrize(("reml", "expected"), [(False, 0.0), (True, 1 / np.sqrt(70))])
def test_balanced_crossed_factors_by_hand(fit, layout, reml, expected):
    # Mean squares with 6, 9 and 54 degrees of freedom are independent. REML takes the last off
    # the two others: correlation (1/54) / sqrt((1/6 + 1/54) (1/9 + 1/54)). In the information
    # of ML each factor's projection on the other is their share of the mean.
    large = fit("y ~ 1 + (1 | a) + (1 | b)", layout, reml=reml)
    both = AddedEffects(0, np.array([True, True]), 0, tuple(np.full((1, 2), -1) for _ in "ab"))
    found = correlation_at_zero(large.linear_problem, both, (), np.zeros(0), reml=reml)
    np.testing.assert_allclose(found, [[1, expected], [expected, 1]], atol=1e-10)


def test_two_correlated_variances_of_a_linear_model(fit, textbook, layout):
    data = layout.iloc[:61]
    small, large = (
        fit(f"y ~ 1 + (1 | a){more}", data) for more in ("", " + (1 | b) + (0 + x | b)")
    )
    found = likelihood_ratio(small, large)
    dense = textbook(large.frame)
    a = [block.group for block in large.frame.blocks].index("a")
    V = dense.R + small.theta[0] ** 2 * dense.directions()[a]
    inverse = np.linalg.inv(V)
    G = dense.directions()
    information = [[np.trace(inverse @ one @ inverse @ two) for two in G] for one in G]
    cov = np.linalg.inv(information)
    at = [1, 2] if a == 0 else [0, 1]
    r = cov[at[0], at[1]] / np.sqrt(cov[at[0], at[0]] * cov[at[1], at[1]])
    both = 0.25 + np.arcsin(r) / (2 * np.pi)
    tails = stats.chi2.sf(found.statistic[1], [1, 2])
    assert found.df[1] == 2
    assert found.p_mixture[1] == pytest.approx(0.5 * tails[0] + both * tails[1], rel=1e-9)
    assert "expected information" in found.remarks[0]


def test_unknown_mixture_says_so(fit, layout):
    small, large = (fit(f"y ~ 1 + {x}", layout) for x in ("(1 | a)", "(1 | a) + (1 + t | b)"))
    found = likelihood_ratio(small, large)
    assert np.isnan(found.p_mixture[1])
    assert found.p_value[1] == pytest.approx(stats.chi2.sf(found.statistic[1], 3), rel=1e-10)
    assert "errs on the safe side" in found.remarks[0]


@pytest.mark.parametrize(
    ("statistic", "df", "weights", "expected"),
    [
        (3.0, 1, [0.5, 0.5], stats.chi2.sf(3, 1) / 2),
        (0.0, 1, [0.5, 0.5], 1.0),
        (3.0, 4, [0.5, 0.5], stats.chi2.sf(3, [3, 4]).mean()),
        (3.0, 2, [1.0], stats.chi2.sf(3, 2)),
        (3.0, 2, [0.25, 0.5, 0.25], stats.chi2.sf(3, [1, 2]) @ [0.5, 0.25]),
    ],
)
def test_mixture_by_hand(statistic, df, weights, expected):
    assert mixture_p(statistic, df, np.array(weights)) == pytest.approx(expected, rel=1e-12)


def test_weights_by_hand():
    np.testing.assert_allclose(mixture_weights(np.eye(1)), [0.5, 0.5])
    np.testing.assert_allclose(mixture_weights(np.eye(4)), np.array([1, 4, 6, 4, 1]) / 16)
    half = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    # P(three positive) is 1/4 for correlations of a half; the opposite angles add to 1/2 each.
    assert mixture_weights(half)[3] == pytest.approx(1 / 4, rel=1e-12)
    assert mixture_weights(np.full((4, 4), 0.5) + 0.5 * np.eye(4)) is None


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**16), m=st.integers(2, 3))
def test_weights_are_shares_of_projections(seed, m):
    # The weight of j is the chance that the projection on the positive orthant, in the metric
    # of the inverse covariance, has j positive elements.
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(m, m)) + np.eye(m)
    cov = root @ root.T
    scale = np.sqrt(np.diag(cov))
    draws = rng.multivariate_normal(np.zeros(m), cov, size=4000)
    count = np.array([_n_positive(draw, np.linalg.inv(cov)) for draw in draws])
    shares = np.bincount(count, minlength=m + 1) / len(count)
    # Five Monte Carlo standard errors.
    np.testing.assert_allclose(mixture_weights(cov / np.outer(scale, scale)), shares, atol=0.04)


def _n_positive(draw, metric):
    root = np.linalg.cholesky(metric).T
    return int(np.sum(optimize.nnls(root, root @ draw)[0] > 0))


def frame(formula, data, **options):
    return model_frame(formula, data, **options)


@pytest.mark.parametrize(
    ("small", "large", "message"),
    [
        ("y ~ x + (1 | a)", "y ~ t + (1 | a)", "fixed effects of the smaller"),
        ("y ~ x + (1 | a)", "y ~ x + t + (1 | b)", 'random effects of "a"'),
        ("y ~ 1 + (t | a)", "y ~ x + (t || a)", 'random effects of "a"'),
        ("y ~ 1 + (x | a)", "y ~ 1 + (t | a) + (1 | b)", 'random effects of "a"'),
        ("y ~ 1 + (1 | a)", "x ~ 1 + (t | a)", "different responses"),
    ],
)
def test_models_that_are_not_nested(layout, small, large, message):
    with pytest.raises(DataError, match=message):
        added_effects(frame(small, layout), frame(large, layout))


def test_other_rows_and_weights_are_refused(layout):
    one = frame("y ~ 1 + (1 | a)", layout)
    gap = layout.assign(x=layout["x"].where(layout["x"] < 1))
    with pytest.raises(DataError, match="different rows"):
        added_effects(one, frame("y ~ x + (1 | a)", gap))
    weighted = frame("y ~ x + (1 | a)", layout, weights=np.linspace(1, 2, 70))
    with pytest.raises(DataError, match="different weights"):
        added_effects(one, weighted)


def test_another_coding_of_the_fixed_effects_is_nested(layout):
    data = layout.assign(k=np.tile(list("uvw"), 24)[:70])
    small = frame("y ~ C(k, contr.sum) + (1 | a)", data)
    added = added_effects(small, frame("y ~ k + x + (1 | a)", data))
    assert (added.n_fixed, added.n_new) == (1, 0)


def test_a_renamed_factor_is_the_same(layout):
    data = layout.assign(other=layout["a"].map(lambda name: f"g{9 - int(name)}"))
    added = added_effects(frame("y ~ 1 + (1 | a)", data), frame("y ~ x + (t | other)", data))
    assert (added.n_fixed, added.n_new, added.n_entangled) == (1, 1, 0)


def test_refusals_of_fits(sleep):
    one, two = sleep["intercepts"], sleep["correlated"]
    with pytest.raises(ParameterError, match="two fits or more"):
        likelihood_ratio(one)
    with pytest.raises(DataError, match="same number of parameters"):
        likelihood_ratio(one, one)
    with pytest.raises(DataError, match="families or links"):
        likelihood_ratio(one, replace(two, likelihood="poisson, log"))
    with pytest.raises(DataError, match="quadrature nodes"):
        likelihood_ratio(one, replace(two, criterion="agq 7"))
    with pytest.raises(DataError, match="fits worse than the smaller"):
        likelihood_ratio(one, replace(two, deviance=one.deviance + 1))


def test_equal_fits_have_p_one(sleep):
    one, two = sleep["intercepts"], sleep["uncorrelated"]
    found = likelihood_ratio(one, replace(two, deviance=one.deviance))
    assert found.statistic[1] == 0
    assert found.p_mixture[1] == found.p_value[1] == 1
