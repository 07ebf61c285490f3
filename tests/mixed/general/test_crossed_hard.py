"""Awkward data for the engine with several factors: extreme, unbalanced, not concave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from rpcstats.mixed.general.crossed import CrossedGeneral
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general.search import fit_general
from rpcstats.mixed.general.starts import find_start
from rpcstats.mixed.structure.model_frame import Block


def _block(labels, Z=None):
    levels, codes = np.unique(labels, return_inverse=True)
    Z = np.ones((len(codes), 1)) if Z is None else Z
    cols, rows = np.triu_indices(Z.shape[1])
    names = tuple(f"z{j}" for j in range(Z.shape[1]))
    return Block("g", tuple(map(str, levels)), codes.astype(np.int64), Z, names, rows, cols, ("t",))


@given(
    seed=st.integers(0, 10_000),
    shift=st.sampled_from([-30.0, 0.0, 30.0]),
    size=st.sampled_from([0.0, 1e-8, 1.0, 30.0]),
)
def test_extreme_parameters_give_a_finite_deviance_and_gradient(seed, shift, size):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 9, 40), rng.integers(0, 4, 40)
    y = rng.integers(0, 2, 40).astype(float)
    model = CrossedGeneral(
        np.ones((40, 1)), y, (_block(first), _block(second)), make_family("binomial").rows
    )
    at = model.evaluate(np.array([shift, size, size / 2.0]))
    assert at.found_modes
    assert np.isfinite(at.deviance)
    assert np.all(np.isfinite(at.gradient))


@pytest.mark.parametrize("family", ["binomial/cloglog", "poisson", "gamma", "negative binomial"])
@pytest.mark.parametrize("shift", [-1e3, 1e3])
def test_overflow_is_an_infinite_deviance_not_a_warning(family, shift):
    rng = np.random.default_rng(9)
    y = rng.integers(0, 2, 60) + (0.5 if family == "gamma" else 0.0)
    likelihood = make_family(*family.split("/")).rows
    blocks = (_block(rng.integers(0, 9, 60)), _block(rng.integers(0, 4, 60)))
    model = CrossedGeneral(np.ones((60, 1)), y, blocks, likelihood)
    extra = np.zeros(len(likelihood.extra_names))
    good = np.concatenate([[0.1, 0.5, 0.5], extra])
    before = model.evaluate(good).deviance
    far = model.evaluate(np.concatenate([[shift, 0.5, 0.5], extra]))
    assert far.deviance > before + 1e4
    assert not np.isnan(far.deviance)
    assert np.isfinite(far.deviance) == (far.gradient is not None)
    assert model.evaluate(good).deviance == pytest.approx(before, abs=1e-9)


def test_counts_in_millions_and_in_one_huge_group():
    rng = np.random.default_rng(1)
    group = np.concatenate([np.zeros(400, dtype=int), np.arange(1, 30)])
    kind = rng.integers(0, 5, len(group))
    exposure = np.exp(rng.uniform(0.0, 12.0, len(group)))
    effect = 0.4 * rng.normal(size=30)
    y = rng.poisson(exposure * np.exp(effect[group])).astype(float)
    model = CrossedGeneral(
        np.ones((len(group), 1)),
        y,
        (_block(group), _block(kind)),
        make_family("poisson").rows,
        offset=np.log(exposure),
    )
    parameters = np.array([0.0, 0.4, 0.1])
    at = model.evaluate(parameters)
    assert at.found_modes
    groups, _ = model.modes(parameters)
    assert groups.estimate[0, 0] == pytest.approx(effect[0], abs=0.2)
    assert groups.covariance[0, 0, 0] < groups.covariance[1:, 0, 0].max()


def test_the_mode_is_found_where_the_log_density_is_not_concave():
    # beta densities curve upwards far from their mode
    rng = np.random.default_rng(2)
    first, second = np.repeat(np.arange(15), 4), np.tile(np.arange(4), 15)
    p = special.expit(2.0 * rng.normal(size=15)[first])
    y = np.clip(rng.beta(40 * p, 40 * (1 - p)), 1e-6, 1 - 1e-6)
    likelihood = make_family("beta").rows
    model = CrossedGeneral(np.ones((60, 1)), y, (_block(first), _block(second)), likelihood)
    parameters = np.array([6.0, 2.0, 0.5, np.log(40.0)])
    rows = likelihood.rows(y, np.ones(60))
    assert likelihood.terms(np.full(60, 6.0), rows, parameters[3:], 2).d2.max() > 0.0
    at = model.evaluate(parameters)
    assert at.found_modes
    first_modes, second_modes = model.modes(parameters)
    eta = 6.0 + first_modes.estimate[first, 0] + second_modes.estimate[second, 0]
    d1 = likelihood.terms(eta, rows, parameters[3:], 1).d1
    pulled = np.bincount(first, weights=d1)
    np.testing.assert_allclose(4.0 * pulled, first_modes.estimate[:, 0], atol=1e-8)


def test_more_effects_than_rows():
    rng = np.random.default_rng(3)
    n = 40
    group = rng.integers(0, 7, n)
    y = rng.poisson(np.exp(0.7 * rng.normal(size=n))).astype(float)
    line = np.column_stack([np.ones(n), rng.normal(size=n)])
    blocks = (_block(np.arange(n)), _block(group, line))
    model = CrossedGeneral(np.ones((n, 1)), y, blocks, make_family("poisson").rows)
    at = model.evaluate(np.array([0.1, 0.7, 0.3, 0.1, 0.2]))
    assert at.found_modes
    assert np.isfinite(at.deviance)


def _grades(seed, n=500):
    rng = np.random.default_rng(seed)
    pupil, rater = rng.integers(0, 60, n), rng.integers(0, 12, n)
    x = rng.normal(size=n)
    eta = 0.7 * x + 0.9 * rng.normal(size=60)[pupil] + 0.6 * rng.normal(size=12)[rater]
    y = np.searchsorted([-1.0, 0.3, 1.2], eta + rng.logistic(size=n)).astype(float)
    return x[:, None], y, (_block(pupil), _block(rater))


@pytest.mark.parametrize("kind", ["binomial", "ordinal", "negative binomial"])
def test_information_is_near_the_hessian(kind):
    X, y, blocks = _grades(4)
    if kind == "binomial":
        y = (y > 1).astype(float)
    elif kind == "negative binomial":
        y = np.random.default_rng(7).negative_binomial(2, 2.0 / (2.0 + np.exp(y))).astype(float)
    ordinal = kind == "ordinal"
    X = X if ordinal else np.column_stack([np.ones(len(y)), X])
    likelihood = make_ordinal(4) if ordinal else make_family(kind).rows
    model = CrossedGeneral(X, y, blocks, likelihood)
    optimum = fit_general(model, find_start(X, y, blocks, likelihood))
    assert optimum.optimum.converged
    information = model.information(optimum.parameters)
    assert np.linalg.eigvalsh(information).min() > 0.0
    # an approximation for a search: the curvatures of regression coefficients and of standard
    # deviations must be of the right size, those of φ of the right order
    named = slice(0, model.p + model.n_theta)
    ratio = (np.diag(information) / np.diag(optimum.hessian))[named]
    assert np.all((ratio > 0.5) & (ratio < 2.0))


def test_information_saves_the_search_evaluations_and_leads_to_the_same_place():
    X, y, blocks = _grades(5)
    likelihood = make_ordinal(4)
    model = CrossedGeneral(X, y, blocks, likelihood)
    start = find_start(X, y, blocks, likelihood)
    plain = fit_general(model, start)
    helped = fit_general(model, start, information=model.information(start))
    assert helped.optimum.n_evaluation < plain.optimum.n_evaluation
    assert helped.evaluation.deviance == pytest.approx(plain.evaluation.deviance, abs=1e-8)
    np.testing.assert_allclose(helped.parameters, plain.parameters, atol=1e-6)


def test_scaling_a_covariate_scales_its_estimates_only():
    rng = np.random.default_rng(6)
    n = 300
    x = rng.normal(size=n)
    group, rater = rng.integers(0, 20, n), rng.integers(0, 6, n)
    slope = 0.5 + 0.6 * rng.normal(size=20)
    y = (rng.uniform(size=n) < special.expit(slope[group] * x)).astype(float)
    likelihood = make_family("binomial").rows
    optima = []
    for unit in (1.0, 1e5):
        line = np.column_stack([np.ones(n), x * unit])
        blocks = (_block(group, line), _block(rater))
        model = CrossedGeneral(line, y, blocks, likelihood)
        optimum = fit_general(model, find_start(line, y, blocks, likelihood))
        assert optimum.optimum.converged
        optima.append(optimum)
    a, b = optima
    assert a.evaluation.deviance == pytest.approx(b.evaluation.deviance, abs=1e-8)
    np.testing.assert_allclose(a.parameters[1], b.parameters[1] * 1e5, rtol=1e-5)
    units = np.array([1.0, 1e5, 1e5, 1.0])
    np.testing.assert_allclose(a.parameters[2:], b.parameters[2:] * units, rtol=1e-5)
