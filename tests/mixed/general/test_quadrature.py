"""Quadrature grids integrate polynomials against the normal density exactly."""

from itertools import product

import numpy as np
import pytest

from rpcstats.errors import ParameterError
from rpcstats.mixed.general.nested_rules import EXACT_DEGREES, nested_rule
from rpcstats.mixed.general.quadrature import quadrature_grid


def _weights(grid):
    half = 0.5 * (grid.nodes**2).sum(axis=1)
    return grid.sign * np.exp(grid.log_weight - half)


def _moment(power):
    """Moment of a standard normal."""
    return 0.0 if power % 2 else float(np.prod(np.arange(power - 1, 0, -2)))


def test_three_nodes_worked_by_hand():
    grid = quadrature_grid(1, 3)
    assert grid.nodes[:, 0] == pytest.approx([-np.sqrt(3.0), 0.0, np.sqrt(3.0)])
    assert _weights(grid) == pytest.approx([1 / 6, 2 / 3, 1 / 6])


def test_one_node_is_the_mode():
    for q, kind in product((1, 2, 3), ("product", "sparse")):
        grid = quadrature_grid(q, 1, kind)
        assert grid.nodes.shape == (1, q)
        assert not grid.nodes.any()
        assert grid.log_weight == pytest.approx([0.0], abs=1e-15)


@pytest.mark.parametrize("n", [2, 5, 20, 101])
def test_moments_in_one_dimension(n):
    grid = quadrature_grid(1, n)
    for power in range(0, min(2 * n, 12)):
        found = float(_weights(grid) @ grid.nodes[:, 0] ** power)
        assert found == pytest.approx(_moment(power), rel=1e-11, abs=1e-10)


@pytest.mark.parametrize(("q", "n"), [(2, 2), (2, 5), (3, 4), (4, 3)])
def test_a_sparse_grid_is_exact_for_its_total_degree(q, n):
    grid = quadrature_grid(q, n, "sparse")
    weights = _weights(grid)
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    for powers in product(range(2 * n), repeat=q):
        if sum(powers) > 2 * n - 1:
            continue
        found = float(weights @ np.prod(grid.nodes**powers, axis=1))
        expected = np.prod([_moment(power) for power in powers])
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-8)


def test_a_sparse_grid_is_smaller_in_three_dimensions():
    assert len(quadrature_grid(3, 6, "sparse").nodes) < 6**3
    assert len(quadrature_grid(4, 5, "sparse").nodes) < 5**4 / 2


@pytest.mark.parametrize("degree", EXACT_DEGREES)
def test_nested_rules_are_exact_for_their_degree(degree):
    nodes, weights = (np.array(part) for part in nested_rule(degree))
    for power in range(0, min(degree, 30) + 1):
        size = max(_moment(power + power % 2), 1.0)
        assert float(weights @ nodes**power) == pytest.approx(_moment(power), abs=1e-9 * size)
    smaller = nested_rule(max(degree // 2 - 2, 1))[0]
    assert set(smaller) <= set(nodes.tolist())


def test_nine_nested_nodes_are_those_published():
    nodes, _ = nested_rule(15)
    # Genz and Keister (1996), for the standard normal density
    expected = [0.0, 1.7320508075688773, 0.7410953499945409, 2.8612795760570582, 4.1849560176727323]
    assert sorted({abs(node) for node in nodes}) == pytest.approx(sorted(expected), rel=1e-12)


def test_a_product_grid_is_the_product_of_rules():
    grid = quadrature_grid(2, 3)
    one = quadrature_grid(1, 3)
    assert len(grid.nodes) == 9
    expected = np.multiply.outer(_weights(one), _weights(one)).ravel()
    assert _weights(grid) == pytest.approx(expected)


def test_bad_grids_are_refused():
    with pytest.raises(ParameterError, match="unknown grid"):
        quadrature_grid(2, 3, "dense")
    with pytest.raises(ParameterError, match="at least one"):
        quadrature_grid(1, 0)
    with pytest.raises(ParameterError, match="too many"):
        quadrature_grid(3, 100)
    with pytest.raises(ParameterError, match="level of at most 26"):
        quadrature_grid(2, 27, "sparse")
