"""The dense engine: a case worked by hand, derivatives by differences, other responses."""

import numpy as np
import pytest

from rpcstats.mixed.linear.blocks_problem import BlockProblem
from rpcstats.mixed.linear.dense import DenseProblem

ENGINES = [DenseProblem, BlockProblem]

# Differences of fourth order with this step leave about 1e-10 of a derivative, and rounding of
# a deviance near a thousand, over this step, 1e-9.
STEP = 3e-4


@pytest.fixture
def square(block):
    """Two rows and two columns, one value in each cell."""
    blocks = (block([0, 0, 1, 1]), block([0, 1, 0, 1]))
    return np.ones((4, 1)), np.array([0.0, 1.0, 2.0, 5.0]), blocks


@pytest.mark.parametrize("engine", ENGINES)
def test_a_two_by_two_table_by_hand(engine, square):
    # V0 = I + 11' blocks has eigenvalues 5 (mean), 3 (rows), 3 (columns), 1 (interaction); the
    # response has lengths 4, 3, 2 and 1 along them.
    problem = engine.from_columns(*square)
    found = problem.evaluate(np.array([1.0, 1.0]), reml=False)
    assert found.criterion == pytest.approx(np.log(45.0), rel=1e-12)
    assert found.r2 == pytest.approx(9 / 3 + 4 / 3 + 1, rel=1e-12)
    assert found.beta == pytest.approx([2.0])
    assert found.XtVX == pytest.approx(np.array([[4 / 5]]))
    assert found.d_criterion == pytest.approx([4 / 5 + 4 / 3, 4 / 5 + 4 / 3])
    assert found.d_r2 == pytest.approx([-9 * 4 / 9, -4 * 4 / 9])
    restricted = problem.evaluate(np.array([1.0, 1.0]), reml=True)
    assert restricted.criterion == pytest.approx(np.log(45.0) + np.log(4 / 5), rel=1e-12)
    assert restricted.d_criterion == pytest.approx([4 / 3, 4 / 3])
    assert restricted.df == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_modes_of_the_two_by_two_table(engine, square):
    rows, columns = engine.from_columns(*square).modes(np.array([1.0, 1.0]))
    assert rows.estimate.ravel() == pytest.approx([-1.0, 1.0])
    assert columns.estimate.ravel() == pytest.approx([-2 / 3, 2 / 3])
    # Half of 1 - 2 / 5 from the mean and half of 1 - 2 / 3 from the contrast.
    assert rows.covariance.ravel() == pytest.approx([7 / 15, 7 / 15])


def differences(function, theta):
    """Central differences of fourth order, one row for each parameter."""
    result = []
    for j in range(len(theta)):
        step = np.zeros(len(theta))
        step[j] = STEP
        near = function(theta + step) - function(theta - step)
        far = function(theta + 2 * step) - function(theta - 2 * step)
        result.append((8 * near - far) / (12 * STEP))
    return np.array(result)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", ["nested and crossed", "slopes everywhere"])
def test_derivatives_are_those_of_the_textbook(name, reml, designs, textbook):
    X, y, weights, structures = designs
    blocks = structures[name]
    k = sum(one.n_theta for one in blocks)
    theta = np.linspace(0.3, 0.9, k)
    problem = DenseProblem.from_columns(X, y, blocks, weights)
    found = problem.evaluate(theta, reml=reml, order=2)

    def values(key):
        return lambda at: textbook(X, y, blocks, at, reml=reml, weights=weights)[key]

    assert found.gradient == pytest.approx(differences(values("deviance"), theta), abs=2e-8)
    assert found.d_XtVX == pytest.approx(differences(values("XtVX"), theta), rel=1e-7, abs=1e-6)
    by_gradient = differences(lambda at: problem.evaluate(at, reml=reml).gradient, theta)
    assert found.hessian == pytest.approx(by_gradient, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("engine", ENGINES)
def test_lower_orders_are_parts_of_higher_ones(engine, designs):
    X, y, weights, structures = designs
    problem = engine.from_columns(X, y, structures["nested and crossed"], weights)
    theta = np.array([0.5, 0.2, 0.7])
    value, first, second = (problem.evaluate(theta, reml=True, order=o) for o in (0, 1, 2))
    assert value.d_criterion is None
    assert first.d2_criterion is None
    assert value.deviance == pytest.approx(second.deviance, rel=1e-13)
    assert first.gradient == pytest.approx(second.gradient, rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["nested and crossed", "slopes everywhere", "components"])
def test_another_response_is_another_problem(engine, name, designs):
    X, y, weights, structures = designs
    other = np.cos(np.arange(len(y))) + 3.0
    changed = engine.from_columns(X, y, structures[name], weights).with_response(other)
    fresh = engine.from_columns(X, other, structures[name], weights)
    theta = np.full(sum(one.n_theta for one in structures[name]), 0.4)
    left, right = (problem.evaluate(theta, reml=True) for problem in (changed, fresh))
    assert left.deviance == pytest.approx(right.deviance, rel=1e-13)
    assert left.gradient == pytest.approx(right.gradient, rel=1e-9, abs=1e-9)
    assert left.beta == pytest.approx(right.beta, rel=1e-11)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("columns", [0, 1])
def test_few_fixed_effects(engine, columns, designs, textbook):
    X, y, _, structures = designs
    blocks = structures["nested and crossed"]
    theta = np.array([0.5, 0.2, 0.7])
    found = engine.from_columns(X[:, :columns], y, blocks).evaluate(theta, reml=True)
    expected = textbook(X[:, :columns], y, blocks, theta, reml=True)
    assert found.deviance == pytest.approx(expected["deviance"], rel=1e-12)
    assert found.beta.shape == (columns,)


@pytest.mark.parametrize("engine", ENGINES)
def test_products_are_those_of_the_columns(engine, square):
    products = engine.from_columns(*square).cross_products()
    expected = [[2, 0, 1, 1], [0, 2, 1, 1], [1, 1, 2, 0], [1, 1, 0, 2]]
    assert products.ZtZ.toarray() == pytest.approx(np.array(expected, dtype=float))
    assert products.Zty == pytest.approx([1.0, 7.0, 2.0, 6.0])
    assert products.yty == pytest.approx(30.0)
