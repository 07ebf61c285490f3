"""Laplace deviance with several factors: hand-worked, textbook formula, gradient, invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from rpcstats.mixed.general.crossed import CrossedGeneral
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general.one_factor import OneFactorGeneral
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.structure.model_frame import Block, split_theta

# a search for the mode ends within 1e-12 conditional standard deviations; deviances are hundreds
SAME = 1e-9
# central differences of fourth order with step 1e-3: truncation 1e-10, rounding 1e-10
GRADIENT = 1e-7


def _block(labels, Z=None, *, correlated=True):
    levels, codes = np.unique(labels, return_inverse=True)
    Z = np.ones((len(codes), 1)) if Z is None else Z
    cols, rows = np.triu_indices(Z.shape[1])
    if not correlated:
        rows = cols = np.arange(Z.shape[1])
    names = tuple(f"z{j}" for j in range(Z.shape[1]))
    return Block("g", tuple(map(str, levels)), codes.astype(np.int64), Z, names, rows, cols, ("t",))


def _likelihood(name):
    if name.startswith("ordinal"):
        return make_ordinal(4, name.split()[1])
    family, *link = name.rsplit("/", 1)
    return make_family(family, *link).rows


def _response(name, eta, rng):
    n = len(eta)
    if name.startswith("ordinal"):
        return np.searchsorted([-1.0, 0.0, 1.5], eta + rng.logistic(size=n)).astype(float)
    if name.startswith("binomial"):
        return rng.binomial(3, special.expit(eta)) / 3.0
    if name == "poisson":
        return rng.poisson(np.exp(eta)).astype(float)
    if name == "negative binomial":
        return rng.negative_binomial(2, 2.0 / (2.0 + np.exp(eta))).astype(float)
    if name == "gamma":
        return rng.gamma(3.0, np.exp(eta) / 3.0)
    p = special.expit(eta)
    return np.clip(rng.beta(5 * p, 5 * (1 - p)), 1e-3, 1 - 1e-3)


def _design(structure, rng, n=60):
    x = rng.normal(size=n)
    family = rng.integers(0, 12, n)
    rater = rng.integers(0, 5, n)
    line = np.column_stack([np.ones(n), x])
    blocks = {
        "nested": (_block(family), _block(family // 3), _block(family // 6)),
        "crossed": (_block(family), _block(rater)),
        "slope and crossed": (_block(family, line), _block(rater)),
        "two slopes": (_block(family, line), _block(rater, line, correlated=False)),
        "nested slopes and crossed": (
            _block(family // 4, line),
            _block(family, line),
            _block(rater),
        ),
        "one factor": (_block(family, line),),
        "level a row": (_block(np.arange(n)), _block(rater, line)),
        "two levels": (_block(family % 2), _block(rater)),
    }[structure]
    return np.column_stack([np.ones(n), x]), blocks


STRUCTURES = [
    "nested",
    "crossed",
    "slope and crossed",
    "two slopes",
    "nested slopes and crossed",
    "one factor",
    "level a row",
    "two levels",
]
FAMILIES = [
    "binomial",
    "binomial/probit",
    "binomial/cloglog",
    "poisson",
    "negative binomial",
    "gamma",
    "beta",
    "ordinal logit",
    "ordinal probit",
    "ordinal cloglog",
]


def _model(structure, family, seed=0, dense=None, n=60):
    rng = np.random.default_rng(seed)
    X, blocks = _design(structure, rng, n)
    if family.startswith("ordinal"):
        X = X[:, 1:]
    y = _response(family, 0.4 * X[:, -1] + 0.5 * rng.normal(size=12)[blocks[0].codes % 12], rng)
    weights = np.full(n, 3.0) if family.startswith("binomial") else None
    offset = rng.uniform(-0.3, 0.3, n)
    likelihood = _likelihood(family)
    model = CrossedGeneral(X, y, blocks, likelihood, weights=weights, offset=offset, dense=dense)
    theta = rng.uniform(0.2, 0.9, sum(b.n_theta for b in blocks))
    extra = rng.uniform(-0.4, 0.6, len(likelihood.extra_names))
    extra[:1] -= 0.6 if family.startswith("ordinal") else 0.0
    parameters = np.concatenate([rng.normal(0.0, 0.3, X.shape[1]), theta, extra])
    return model, parameters, (X, y, blocks, likelihood, weights, offset)


def _textbook(parameters, X, y, blocks, likelihood, weights, offset):
    """-2 [l - u'u/2 - log|H|/2] with an explicit Z and a search that knows nothing of blocks."""
    p = X.shape[1]
    k = sum(b.n_theta for b in blocks)
    beta, theta, extra = np.split(parameters, [p, p + k])
    parts = []
    for block, own in zip(blocks, split_theta(blocks, theta), strict=True):
        Lambda = block.factor(own)
        M = np.zeros((len(y), block.n_level, block.n_effect))
        M[np.arange(len(y)), block.codes] = block.Z @ Lambda
        parts.append(M.reshape(len(y), -1))
    M = np.concatenate(parts, axis=1)
    rows = likelihood.rows(y, np.ones(len(y)) if weights is None else weights)

    def terms(u):
        return likelihood.terms(X @ beta + offset + M @ u, rows, extra, 3)

    def downhill(u):
        return -terms(u).l.sum() + u @ u / 2.0

    def slope(u):
        return -M.T @ terms(u).d1 + u

    def curvature(u):
        return np.eye(M.shape[1]) - (M.T * terms(u).d2) @ M

    u = optimize.minimize(downhill, np.zeros(M.shape[1]), jac=slope, method="BFGS").x
    for _ in range(8):
        u = u - np.linalg.solve(curvature(u), slope(u))
    deviance = 2.0 * downhill(u) + np.linalg.slogdet(curvature(u))[1]
    return deviance, M, u, np.linalg.inv(curvature(u))


def _differences(model, parameters, step=1e-3):
    result = np.empty(len(parameters))
    for j in range(len(parameters)):
        values = []
        for k in (1.0, -1.0, 2.0, -2.0):
            moved = parameters.copy()
            moved[j] += k * step
            values.append(model.evaluate(moved, order=0).deviance)
        result[j] = (8.0 * (values[0] - values[1]) - (values[2] - values[3])) / (12.0 * step)
    return result


def test_one_bernoulli_row_by_hand():
    # two factors of one level each, one success: l = log p(u1 + 2 u2 + 0.3); along the ray
    # (1, 2) t the mode solves t = 1 - p(0.3 + 5 t), and |H| = 1 + 5 p (1 - p)
    X, one = np.ones((1, 1)), np.zeros(1, dtype=int)
    likelihood = make_family("binomial").rows
    model = CrossedGeneral(X, np.ones(1), (_block(one), _block(one)), likelihood)
    t = optimize.brentq(lambda t: t - special.expit(-(0.3 + 5.0 * t)), 0.0, 1.0, xtol=1e-15)
    p = special.expit(0.3 + 5.0 * t)
    expected = -2.0 * np.log(p) + 5.0 * t * t + np.log(1.0 + 5.0 * p * (1.0 - p))
    parameters = np.array([0.3, 1.0, 2.0])
    assert model.evaluate(parameters).deviance == pytest.approx(expected, rel=1e-12)
    first, second = model.modes(parameters)
    assert first.estimate[0, 0] == pytest.approx(t, rel=1e-10)
    assert second.estimate[0, 0] == pytest.approx(4.0 * t, rel=1e-10)
    w = p * (1.0 - p)
    assert first.covariance[0, 0, 0] == pytest.approx((1 + 4 * w) / (1 + 5 * w), rel=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("family", ["binomial", "negative binomial", "ordinal probit"])
def test_equals_the_textbook_formula(structure, family):
    model, parameters, arrays = _model(structure, family)
    expected, _, u, covariance = _textbook(parameters, *arrays)
    at = model.evaluate(parameters)
    assert at.found_modes
    assert at.deviance == pytest.approx(expected, abs=SAME)
    start = 0
    theta = split_theta(model.blocks, model.split(parameters)[1])
    for block, own, mode in zip(model.blocks, theta, model.modes(parameters), strict=True):
        q, Lambda = block.n_effect, block.factor(own)
        for level in range(block.n_level):
            here = slice(start, start + q)
            np.testing.assert_allclose(mode.estimate[level], Lambda @ u[here], atol=1e-8)
            inner = covariance[here, here]
            np.testing.assert_allclose(mode.covariance[level], Lambda @ inner @ Lambda.T, atol=1e-8)
            start += q


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("family", FAMILIES)
def test_gradient_is_that_of_the_deviance(structure, family):
    model, parameters, _ = _model(structure, family, seed=3)
    at = model.evaluate(parameters)
    assert at.found_modes
    np.testing.assert_allclose(
        at.gradient, _differences(model, parameters), rtol=GRADIENT, atol=GRADIENT
    )


@pytest.mark.parametrize("structure", ["nested", "two slopes", "nested slopes and crossed"])
def test_gradient_holds_where_theta_is_zero(structure):
    model, parameters, _ = _model(structure, "binomial/cloglog", seed=4)
    k = model.n_theta
    for zero in (np.arange(1), np.arange(k)):
        parameters[model.p + zero] = 0.0
        at = model.evaluate(parameters)
        differences = _differences(model, parameters)
        np.testing.assert_allclose(at.gradient, differences, rtol=GRADIENT, atol=GRADIENT)


def test_all_theta_zero_is_the_model_without_random_effects():
    model, parameters, (X, y, _, likelihood, weights, offset) = _model("crossed", "binomial")
    parameters[model.p :] = 0.0
    rows = likelihood.rows(y, weights)
    terms = likelihood.terms(X @ parameters[: model.p] + offset, rows, np.empty(0), 1)
    at = model.evaluate(parameters)
    assert at.deviance == pytest.approx(-2.0 * terms.l.sum(), rel=1e-13)
    np.testing.assert_allclose(at.gradient[: model.p], -2.0 * X.T @ terms.d1, atol=1e-10)
    np.testing.assert_allclose(at.gradient[model.p :], 0.0, atol=1e-12)


@pytest.mark.parametrize("structure", STRUCTURES)
def test_dense_and_elimination_agree(structure):
    for family in ("poisson", "ordinal logit"):
        lean, parameters, _ = _model(structure, family, seed=5, dense=False)
        full, _, _ = _model(structure, family, seed=5, dense=True)
        a, b = lean.evaluate(parameters), full.evaluate(parameters)
        assert a.deviance == pytest.approx(b.deviance, abs=SAME)
        np.testing.assert_allclose(a.gradient, b.gradient, atol=1e-8)


@pytest.mark.parametrize("family", ["binomial", "negative binomial", "gamma", "ordinal logit"])
def test_one_factor_equals_the_engine_for_one_factor(family):
    model, parameters, (X, y, blocks, likelihood, weights, offset) = _model("one factor", family)
    other = OneFactorGeneral(X, y, blocks[0], likelihood, weights=weights, offset=offset)
    a, b = model.evaluate(parameters), other.evaluate(parameters)
    assert a.deviance == pytest.approx(b.deviance, abs=SAME)
    np.testing.assert_allclose(a.gradient, b.gradient, rtol=1e-9, atol=1e-8)
    (mine,), (theirs,) = model.modes(parameters), other.modes(parameters)
    np.testing.assert_allclose(mine.estimate, theirs.estimate, atol=1e-8)
    np.testing.assert_allclose(mine.covariance, theirs.covariance, atol=1e-8)


def test_two_factors_with_the_same_levels_are_one_of_summed_variance():
    rng = np.random.default_rng(6)
    group = rng.integers(0, 8, 50)
    X, y = np.ones((50, 1)), rng.integers(0, 2, 50).astype(float)
    likelihood = make_family("binomial").rows
    twice = CrossedGeneral(X, y, (_block(group), _block(7 - group)), likelihood)
    once = CrossedGeneral(X, y, (_block(group),), likelihood)
    a = twice.evaluate(np.array([0.2, 0.6, 0.8])).deviance
    assert a == pytest.approx(once.evaluate(np.array([0.2, 1.0])).deviance, abs=SAME)


@given(seed=st.integers(0, 10_000), structure=st.sampled_from(STRUCTURES))
def test_order_of_rows_names_of_levels_and_order_of_factors_change_nothing(seed, structure):
    model, parameters, (X, y, blocks, likelihood, weights, offset) = _model(
        structure, "poisson", seed, n=30
    )
    rng = np.random.default_rng(seed + 1)
    order = rng.permutation(len(y))
    shuffled = []
    for block in blocks:
        names = rng.permutation(block.n_level)
        shuffled.append(
            _block(names[block.codes][order], block.Z[order], correlated=block.n_theta != 2)
        )
    other = CrossedGeneral(
        X[order], y[order], tuple(shuffled[::-1]), likelihood, offset=offset[order]
    )
    beta, theta, extra = model.split(parameters)
    turned = np.concatenate([beta, *split_theta(blocks, theta)[::-1], extra])
    assert weights is None
    a, b = model.evaluate(parameters).deviance, other.evaluate(turned).deviance
    assert a == pytest.approx(b, abs=SAME)


@given(seed=st.integers(0, 10_000), sign=st.sampled_from([0, 1]))
def test_deviance_is_even_in_theta_of_an_intercept(seed, sign):
    model, parameters, _ = _model("crossed", "binomial", seed, n=30)
    flipped = parameters.copy()
    flipped[model.p + sign] *= -1.0
    a, b = model.evaluate(parameters), model.evaluate(flipped)
    assert a.deviance == pytest.approx(b.deviance, abs=SAME)
    assert b.gradient[model.p + sign] == pytest.approx(-a.gradient[model.p + sign], abs=1e-7)


def test_what_was_evaluated_before_changes_nothing():
    model, parameters, _ = _model("nested slopes and crossed", "binomial", seed=8)
    first = model.evaluate(parameters)
    far = parameters * 3.0 - 1.0
    assert model.evaluate(far).found_modes
    again = model.evaluate(parameters)
    assert again.deviance == pytest.approx(first.deviance, abs=SAME)
    np.testing.assert_allclose(again.gradient, first.gradient, atol=1e-8)
    assert model.evaluate(parameters, order=0).gradient is None
