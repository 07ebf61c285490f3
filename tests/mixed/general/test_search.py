"""The search ends at a minimum, says so only when it is one, and leaves false edges."""

import numpy as np
import pytest

from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.one_factor import OneFactorGeneral
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general.search import fit_general, mark_failed
from rpcstats.mixed.general.starts import find_start
from rpcstats.mixed.structure.model_frame import Block

# central differences of exact gradients: six digits of the Hessian
HESSIAN = 1e-5


def _block(codes, Z=None):
    Z = np.ones((len(codes), 1)) if Z is None else Z
    q = Z.shape[1]
    cols, rows = np.triu_indices(q)
    order = np.lexsort((rows, cols))
    levels = tuple(str(level) for level in range(int(codes.max()) + 1))
    effects = tuple(f"effect {a}" for a in range(q))
    return Block("g", levels, codes, Z, effects, rows[order], cols[order], ("z | g",))


def _data(seed=1, n=600, groups=40, size=1.0):
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % groups
    x = rng.normal(size=n)
    eta = 0.3 + 0.5 * x + size * rng.normal(size=groups)[codes]
    X = np.column_stack([np.ones(n), x])
    eta += size * 0.8 * x * rng.normal(size=groups)[codes]
    return X, (rng.uniform(size=n) < 1.0 / (1.0 + np.exp(-eta))) / 1.0, codes


def _fit(X, y, block, family="binomial", nagq=1, start=None):
    likelihood = make_family(family).rows
    problem = OneFactorGeneral(X, y, block, likelihood, nagq=nagq)
    if start is None:
        start = find_start(X, y, (block,), likelihood)
    return problem, fit_general(problem, np.asarray(start))


def test_the_end_is_a_minimum_and_the_record_tells_the_way():
    X, y, codes = _data()
    problem, found = _fit(X, y, _block(codes))
    assert found.optimum.converged
    assert found.optimum.gradient_norm < 1e-4
    assert found.evaluation.gradient == pytest.approx(np.zeros(3), abs=1e-4)
    log = np.array(found.optimum.log)
    assert log[-1] <= log[0]
    assert found.optimum.value == problem.evaluate(found.parameters).deviance
    rng = np.random.default_rng(0)
    for _ in range(20):
        near = problem.evaluate(found.parameters + 0.05 * rng.normal(size=3), order=0)
        assert near.deviance > found.optimum.value


def test_hessian_and_covariance_are_those_of_the_deviance():
    X, y, codes = _data()
    problem, found = _fit(X, y, _block(codes), nagq=5)
    numeric = np.zeros((3, 3))
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-4
        up, down = (problem.evaluate(found.parameters + s * step).gradient for s in (1.0, -1.0))
        numeric[j] = (up - down) / 2e-4
    assert found.hessian == pytest.approx(numeric, rel=HESSIAN, abs=1e-3)
    assert found.cov == pytest.approx(2.0 * np.linalg.inv(numeric), rel=HESSIAN)
    assert found.free.all()


def test_a_start_at_the_saddle_at_zero_is_left():
    X, y, codes = _data()
    _, good = _fit(X, y, _block(codes))
    for theta in (0.0, 1e-9, -1e-6):
        _, found = _fit(X, y, _block(codes), start=[0.0, 0.0, theta])
        assert found.optimum.value == pytest.approx(good.optimum.value, abs=1e-8)
        assert found.parameters == pytest.approx(good.parameters, abs=1e-6)


def test_signs_are_normalised_with_the_whole_column():
    X, y, codes = _data(n=900)
    block = _block(codes, X)
    _, good = _fit(X, y, block)
    start = good.parameters * np.array([1.0, 1.0, -1.0, -1.0, -1.0])
    _, found = _fit(X, y, block, start=start)
    assert np.all(found.parameters[[2, 4]] >= 0.0)
    assert found.parameters == pytest.approx(good.parameters, abs=1e-6)
    assert found.cov == pytest.approx(good.cov, rel=1e-4, abs=1e-8)


def test_no_variation_between_groups_ends_at_zero_exactly():
    codes = np.repeat(np.arange(10), 8)
    y = np.tile([0.0, 1.0], 40)
    X = np.ones((80, 1))
    _, found = _fit(X, y, _block(codes), start=[0.3, 0.8])
    assert found.optimum.converged
    assert found.parameters[1] == 0.0
    assert found.parameters[0] == pytest.approx(0.0, abs=1e-8)
    assert found.free.tolist() == [True, False]
    assert np.isnan(found.cov[1]).all()
    # the variance of a logit of 80 trials of probability one half is 4 / 80
    assert found.cov[0, 0] == pytest.approx(4.0 / 80.0, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_scales_of_covariates_do_not_matter(scale):
    X, y, codes = _data()
    block = _block(codes, X)
    _, good = _fit(X, y, block)
    units = np.array([1.0, scale])
    _, found = _fit(X * units, y, _block(codes, X * units))
    assert found.optimum.converged
    assert found.optimum.value == pytest.approx(good.optimum.value, abs=1e-8)
    back = np.array([1.0, scale, 1.0, scale, scale])
    assert found.parameters * back == pytest.approx(good.parameters, rel=1e-5)
    errors = np.sqrt(np.diag(found.cov)) * back
    assert errors == pytest.approx(np.sqrt(np.diag(good.cov)), rel=1e-4)


def test_a_covariate_far_from_zero():
    X, y, codes = _data()
    _, good = _fit(X, y, _block(codes))
    _, found = _fit(X + np.array([0.0, 1e5]), y, _block(codes))
    assert found.optimum.converged
    assert found.optimum.value == pytest.approx(good.optimum.value, abs=1e-7)
    assert found.parameters[1:] == pytest.approx(good.parameters[1:], rel=1e-5)


def test_separation_is_never_called_converged():
    x = np.repeat([-1.0, 1.0], 50)
    X = np.column_stack([np.ones(100), x])
    y = (x > 0.0) / 1.0
    _, found = _fit(X, y, _block(np.arange(100) % 10))
    assert not found.optimum.converged
    assert "grows without end" in found.optimum.status


def test_a_dispersion_that_runs_away_is_named():
    X, _, codes = _data()
    # counts that vary less than Poisson's: the size of the negative binomial has no finite best
    y = np.tile([1.0, 2.0, 1.0], 200)
    _, found = _fit(X, y, _block(codes), "negative binomial")
    assert not found.optimum.converged
    assert "log_size grows without end" in found.optimum.status


def test_no_fixed_effects_at_all():
    _, y, codes = _data()
    X = np.zeros((len(y), 0))
    _, found = _fit(X, y, _block(codes))
    assert found.optimum.converged
    assert found.parameters.shape == (1,)
    likelihood = make_ordinal(2)
    problem = OneFactorGeneral(X, y, _block(codes), likelihood)
    start = find_start(X, y, (_block(codes),), likelihood)
    assert fit_general(problem, start).optimum.converged


def test_two_categories_are_a_binary_outcome():
    X, y, codes = _data()
    _, binary = _fit(X, y, _block(codes), nagq=5)
    likelihood = make_ordinal(2)
    problem = OneFactorGeneral(X[:, 1:], y, _block(codes), likelihood, nagq=5)
    start = find_start(X[:, 1:], y, (_block(codes),), likelihood)
    found = fit_general(problem, start)
    assert found.optimum.value == pytest.approx(binary.optimum.value, abs=1e-8)
    expected = [binary.parameters[1], binary.parameters[2], -binary.parameters[0]]
    assert found.parameters == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("family", ["poisson", "negative binomial", "gamma", "beta"])
def test_estimates_come_near_the_truth(family):
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(200), 10)
    x = rng.normal(size=2000)
    X = np.column_stack([np.ones(2000), x])
    eta = 0.5 + 0.4 * x + 0.6 * rng.normal(size=200)[codes]
    mu, share = np.exp(eta), 1.0 / (1.0 + np.exp(-eta))
    y = {
        "poisson": lambda: rng.poisson(mu) / 1.0,
        "negative binomial": lambda: rng.negative_binomial(2.0, 2.0 / (2.0 + mu)) / 1.0,
        "gamma": lambda: rng.gamma(2.0, mu / 2.0),
        "beta": lambda: np.clip(rng.beta(2.0 * share, 2.0 - 2.0 * share), 1e-9, 1.0 - 1e-9),
    }[family]()
    _, found = _fit(X, y, _block(codes), family, nagq=5)
    assert found.optimum.converged
    truth = np.array([0.5, 0.4, 0.6] + [np.log(2.0)] * (len(found.parameters) - 3))
    # all within four standard errors
    assert np.all(np.abs(found.parameters - truth) < 4.0 * np.sqrt(np.diag(found.cov)))


def test_a_failed_fit_keeps_its_numbers_but_says_so():
    X, y, codes = _data()
    _, found = _fit(X, y, _block(codes))
    failed = mark_failed(found, "the outcomes are separated")
    assert not failed.optimum.converged
    assert failed.optimum.status == "the outcomes are separated"
    np.testing.assert_array_equal(failed.parameters, found.parameters)
