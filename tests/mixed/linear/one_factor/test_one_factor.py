"""Deviance of models with one grouping factor, against the textbook and its own differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.mixed.linear.group_products import equal_levels
from rpcstats.mixed.linear.one_factor import OneFactorProblem

BLOCKS = [(0, 0), (1, 0), (1, 1), (2, 2), (3, 2), (3, 3)]
SHAPES = [
    (1, "full", False),
    (2, "full", False),
    (2, "full", True),
    (2, "diagonal", True),
    (3, "full", True),
    (4, BLOCKS, False),
    (5, "full", True),
]


def problem_of(X, y, block, weights=None, **options):
    return OneFactorProblem.from_columns(X, y, (block,), weights, **options)


def test_two_groups_of_two_by_hand(make_block):
    # y = 0, 2 | 4, 6 and theta = 1: V has blocks [[2, 1], [1, 2]] of determinant 3, row sums
    # of the inverse 1/3; the mean is 3; residuals -3, -1, 1, 3 give r'V^-1 r = 2 (10 - 16/3).
    block = make_block([0, 0, 1, 1], np.ones((4, 1)))
    problem = problem_of(np.ones((4, 1)), np.array([0.0, 2.0, 4.0, 6.0]), block)
    found = problem.evaluate(np.array([1.0]), reml=True, order=0)
    assert found.criterion == pytest.approx(2.0 * np.log(3.0) + np.log(4.0 / 3.0))
    assert found.r2 == pytest.approx(2.0 * (10.0 - 16.0 / 3.0))
    assert found.df == 3
    np.testing.assert_allclose(found.beta, [3.0])
    (modes,) = problem.modes(np.array([1.0]))
    np.testing.assert_allclose(modes.estimate[:, 0], [-4.0 / 3.0, 4.0 / 3.0])
    np.testing.assert_allclose(modes.covariance[:, 0, 0], [1.0 / 3.0, 1.0 / 3.0])


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("pool", [True, False])
@pytest.mark.parametrize(("q", "template", "weighted"), SHAPES)
def test_textbook_and_differences(draw, textbook, q, template, weighted, pool, reml):
    X, y, block = draw(q, q=q, template=template)
    weights = np.random.default_rng(q).uniform(0.3, 2.0, len(y)) if weighted else None
    problem = problem_of(X, y, block, weights, pool=pool)
    theta = np.random.default_rng(q + 10).normal(size=block.n_theta)
    theta[-1] = 0.0 if q == 3 else theta[-1]
    found = problem.evaluate(theta, reml=reml, order=2)
    deviance, beta, sigma = textbook(X, y, block, theta, reml, weights)
    assert found.deviance == pytest.approx(deviance, abs=1e-10)
    np.testing.assert_allclose(found.beta, beta, rtol=1e-9, atol=1e-11)
    assert found.sigma2**0.5 == pytest.approx(sigma, rel=1e-11)
    step = 1e-5
    for number in range(block.n_theta):
        move = np.zeros(block.n_theta)
        move[number] = step
        above = problem.evaluate(theta + move, reml=reml, order=2)
        below = problem.evaluate(theta - move, reml=reml, order=2)
        for name, slope in (
            ("criterion", found.d_criterion[number]),
            ("r2", found.d_r2[number]),
            ("d_criterion", found.d2_criterion[number]),
            ("d_r2", found.d2_r2[number]),
            ("XtVX", found.d_XtVX[number]),
            ("deviance", found.gradient[number]),
            ("gradient", found.hessian[number]),
        ):
            difference = (getattr(above, name) - getattr(below, name)) / (2.0 * step)
            # Central differences: h^2 = 1e-10 times a third derivative, which grows with q.
            size = 1.0 + np.abs(slope).max()
            np.testing.assert_allclose(difference, slope, rtol=1e-6, atol=2e-6 * size)


@pytest.mark.parametrize("reml", [True, False])
def test_theta_zero_is_least_squares(draw, reml):
    X, y, block = draw(4, q=2)
    found = problem_of(X, y, block).evaluate(np.zeros(3), reml=reml, order=0)
    beta, rss = np.linalg.lstsq(X, y, rcond=None)[:2]
    n, p = X.shape
    df = n - p if reml else n
    expected = df * (1.0 + np.log(2.0 * np.pi * rss[0] / df))
    expected += np.linalg.slogdet(X.T @ X)[1] if reml else 0.0
    assert found.deviance == pytest.approx(expected, abs=1e-10)
    np.testing.assert_allclose(found.beta, beta, rtol=1e-10)


def test_modes_are_those_of_henderson(draw):
    X, y, block = draw(6, q=2)
    weights = np.linspace(0.5, 2.0, len(y))
    problem = problem_of(X, y, block, weights)
    theta = np.array([0.8, -0.3, 0.5])
    found = problem.evaluate(theta, reml=True, order=0)
    (modes,) = problem.modes(theta)
    G = block.factor(theta) @ block.factor(theta).T
    residual = y - X @ found.beta
    for level in range(block.n_level):
        rows = block.codes == level
        Z, W = block.Z[rows], np.diag(weights[rows])
        covariance = np.linalg.inv(np.linalg.inv(G) + Z.T @ W @ Z)
        np.testing.assert_allclose(modes.covariance[level], covariance, rtol=1e-9)
        expected = covariance @ Z.T @ W @ residual[rows]
        np.testing.assert_allclose(modes.estimate[level], expected, rtol=1e-8, atol=1e-12)


def test_no_fixed_effects(make_block):
    y = np.array([1.0, 2.0, 4.0, -3.0])
    block = make_block([0, 0, 1, 1], np.ones((4, 1)))
    problem = problem_of(np.zeros((4, 0)), y, block)
    found = problem.evaluate(np.array([1.0]), reml=True, order=2)
    V = np.kron(np.eye(2), np.array([[2.0, 1.0], [1.0, 2.0]]))
    assert found.r2 == pytest.approx(y @ np.linalg.solve(V, y))
    assert found.criterion == pytest.approx(2.0 * np.log(3.0))
    assert found.beta.shape == (0,)
    assert found.hessian.shape == (1, 1)


def test_another_response(draw):
    for pool in (True, False):
        X, y, block = draw(9, q=2)
        theta = np.array([0.7, 0.1, 0.4])
        again = problem_of(X, y, block, pool=pool).with_response(y**2 - y)
        fresh = problem_of(X, y**2 - y, block, pool=pool)
        found = again.evaluate(theta, reml=True, order=2)
        expected = fresh.evaluate(theta, reml=True, order=2)
        assert found.deviance == pytest.approx(expected.deviance, rel=1e-12)
        np.testing.assert_allclose(found.beta, expected.beta, rtol=1e-10)
        np.testing.assert_allclose(found.hessian, expected.hessian, rtol=1e-8, atol=1e-8)


def test_families_with_equal_sessions_are_pooled(make_block):
    rng = np.random.default_rng(4)
    n_family, n_session = 300, 6
    codes = np.repeat(np.arange(n_family), n_session)
    t = np.tile(np.arange(n_session, dtype=float), n_family)
    X = np.column_stack([np.ones(len(t)), t])
    y = rng.normal(size=len(t)) + rng.normal(size=n_family)[codes]
    order = rng.permutation(len(t))
    block = make_block(codes, X)
    shuffled = make_block(codes[order], X[order])
    pooled = problem_of(X, y, block)
    mixed = problem_of(X[order], y[order], shuffled)
    assert pooled.pattern is not None
    assert mixed.pattern is not None
    theta = np.array([1.0, -0.1, 0.2])
    expected = problem_of(X, y, block, pool=False).evaluate(theta, reml=True, order=2)
    for problem in (pooled, mixed):
        found = problem.evaluate(theta, reml=True, order=2)
        assert found.deviance == pytest.approx(expected.deviance, rel=1e-13)
        np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-9)
        np.testing.assert_allclose(found.hessian, expected.hessian, rtol=1e-9)


def test_patterns_tell_close_products_apart():
    A = np.array([[[2.0, 2.0, 2.0 + 1e-9, 2.0 + 1e-15]]])
    pattern, n_pattern = equal_levels(A)
    assert n_pattern == 2
    np.testing.assert_array_equal(pattern, [0, 0, 1, 0])


def test_uncentred_covariate_keeps_its_digits(draw, make_block):
    # A year such as 2019 as the covariate: the centred model is the same model.
    X, y, block = draw(11, q=2, n_level=30)
    centred = problem_of(X, y, block)
    moved = X + np.array([0.0, 2019.0])
    problem = problem_of(moved, y, make_block(block.codes, moved))
    Lambda = block.factor(np.array([1.0, 0.3, 0.6]))
    # The intercept now stands at year 0: b0 = c0 - 2019 b1.
    G = np.array([[1.0, -2019.0], [0.0, 1.0]]) @ Lambda
    L = np.linalg.cholesky(G @ G.T)
    for reml in (True, False):
        expected = centred.evaluate(np.array([1.0, 0.3, 0.6]), reml=reml, order=0)
        found = problem.evaluate(L[[0, 1, 1], [0, 0, 1]], reml=reml, order=0)
        # Forming G loses the digits of 2019^2 = 4e6: 16 - 7, twice over in the Cholesky factor.
        assert found.deviance == pytest.approx(expected.deviance, rel=1e-7)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    q=st.integers(1, 4),
    reml=st.booleans(),
    pool=st.booleans(),
    size=st.sampled_from([0.0, 1e-3, 1.0, 30.0]),
)
def test_dense_formula_holds(draw, textbook, seed, q, reml, pool, size):
    X, y, block = draw(seed, q=q, integer=seed % 2 == 0)
    theta = size * np.random.default_rng(seed).normal(size=block.n_theta)
    found = problem_of(X, y, block, pool=pool).evaluate(theta, reml=reml, order=0)
    expected = textbook(X, y, block, theta, reml)[0]
    # The n x n inverse of the textbook loses the digits; its condition is that of ZGZ'.
    assert found.deviance == pytest.approx(expected, rel=1e-12 * (1.0 + size**2), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), q=st.integers(1, 3))
def test_order_and_labels_do_not_matter(draw, make_block, seed, q):
    X, y, block = draw(seed, q=q)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    labels = rng.permutation(block.n_level)
    other = make_block(labels[block.codes][order], block.Z[order])
    theta = rng.normal(size=block.n_theta)
    found = problem_of(X[order], y[order], other).evaluate(theta, reml=True, order=2)
    expected = problem_of(X, y, block).evaluate(theta, reml=True, order=2)
    assert found.deviance == pytest.approx(expected.deviance, rel=1e-11)
    np.testing.assert_allclose(found.gradient, expected.gradient, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.hessian, expected.hessian, rtol=1e-7, atol=1e-7)
