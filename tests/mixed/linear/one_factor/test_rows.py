"""Columns in working coordinates."""

import numpy as np
import pytest

from rpcstats.errors import DataError
from rpcstats.mixed.linear.cross_products import cross_products
from rpcstats.mixed.linear.rows import make_rows


def test_two_rows_by_hand(make_block):
    block = make_block([0, 1], [[1.0], [1.0]])
    rows = make_rows(np.ones((2, 1)), np.array([1.0, 3.0]), (block,))
    np.testing.assert_allclose(rows.X[:, 0], np.full(2, 0.5**0.5))
    np.testing.assert_allclose(rows.R, [[2**0.5]])
    np.testing.assert_allclose(rows.beta0, [2.0])
    np.testing.assert_allclose(rows.y, [-1.0, 1.0])
    np.testing.assert_allclose(rows.to_working[0], [[1.0]])
    assert rows.log_det_triangle == pytest.approx(0.5 * np.log(2.0))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shift", [0.0, 1e3])
def test_columns_come_back(draw, make_block, weighted, shift):
    X, y, block = draw(3, q=2, integer=False)
    X[:, 1] = X[:, 1] * 1e-4 + shift
    block = make_block(block.codes, X)
    weights = np.linspace(0.2, 3.0, len(y)) if weighted else None
    roots = np.ones(len(y)) if weights is None else np.sqrt(weights)
    rows = make_rows(X, y, (block,), weights)
    np.testing.assert_allclose(rows.X.T @ rows.X, np.eye(2), atol=1e-13)
    np.testing.assert_allclose(rows.X @ rows.R, X * roots[:, None], rtol=1e-12)
    np.testing.assert_allclose(rows.Z[0] @ rows.to_working[0], X * roots[:, None], rtol=1e-12)
    np.testing.assert_allclose(rows.y + rows.X @ rows.R @ rows.beta0, y * roots, atol=1e-7)
    np.testing.assert_allclose(rows.X.T @ rows.y, 0.0, atol=1e-13)
    # The columns are the numbers 1e3 + 1e-4 t: 7 of the 16 digits of t are gone in the data.
    loose = 1e-6 if shift else 1e-12
    np.testing.assert_allclose(rows.Z[0].T @ rows.Z[0] / len(y), np.eye(2), atol=loose)


def test_basis_turns_theta_into_the_working_factor(draw):
    for template in ("full", "diagonal", [(0, 0), (1, 0), (1, 1), (2, 2)]):
        X, y, block = draw(5, q=3, template=template)
        rows = make_rows(X, y, (block,))
        theta = np.arange(1.0, block.n_theta + 1.0)
        expected = rows.to_working[0] @ block.factor(theta)
        np.testing.assert_allclose(block.factor(rows.basis @ theta), expected, rtol=1e-13)


def test_dependent_columns_are_scaled_only(make_block):
    t = np.arange(6.0)
    block = make_block([0, 0, 1, 1, 2, 2], np.column_stack([t, 2.0 * t]))
    rows = make_rows(np.ones((6, 1)), t**2, (block,))
    size = np.sqrt(np.mean(t**2))
    np.testing.assert_allclose(rows.to_working[0], np.diag([size, 2.0 * size]))


def test_no_fixed_effects(make_block):
    y = np.array([1.0, 2.0, 4.0])
    rows = make_rows(np.zeros((3, 0)), y, (make_block([0, 0, 1], np.ones((3, 1))),))
    np.testing.assert_array_equal(rows.y, y)
    assert rows.p == 0
    assert rows.log_det_triangle == 0.0


def test_another_response(draw):
    X, y, block = draw(8)
    for form in (True, False):
        rows = make_rows(X, y, (block,), form=form)
        again = rows.with_response(y**2)
        expected = make_rows(X, y**2, (block,), form=form)
        np.testing.assert_allclose(again.y, expected.y, atol=1e-12)
        np.testing.assert_allclose(again.beta0, expected.beta0, rtol=1e-10)


def test_nothing_left_to_explain(make_block):
    X = np.column_stack([np.ones(6), np.arange(6.0)])
    block = make_block([0, 0, 1, 1, 2, 2], np.ones((6, 1)))
    with pytest.raises(DataError, match="explain the response exactly"):
        make_rows(X, 3.0 + 2.0 * X[:, 1], (block,))


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_a_response_beyond_all_units(draw, size):
    X, y, block = draw(8)
    with pytest.raises(DataError, match="another unit"):
        make_rows(X, y * size, (block,))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("form", [False, True])
def test_cross_products_are_those_of_the_formula(draw, weighted, form):
    X, y, block = draw(2, q=2, n_level=5)
    w = np.linspace(0.5, 2.0, len(y)) if weighted else np.ones(len(y))
    rows = make_rows(X, y, (block,), w if weighted else None, form=form)
    found = cross_products(rows)
    dense = np.zeros((len(y), 2 * block.n_level))
    for row, code in enumerate(block.codes):
        dense[row, 2 * code : 2 * code + 2] = block.Z[row]
    np.testing.assert_allclose(found.ZtZ.toarray(), dense.T @ (dense * w[:, None]), rtol=1e-12)
    np.testing.assert_allclose(found.ZtX, dense.T @ (X * w[:, None]), rtol=1e-12)
    np.testing.assert_allclose(found.Zty, dense.T @ (w * y), atol=1e-11)
    np.testing.assert_allclose(found.XtX, X.T @ (X * w[:, None]), rtol=1e-12)
    np.testing.assert_allclose(found.Xty, X.T @ (w * y), rtol=1e-10)
    assert found.yty == pytest.approx(w @ y**2, rel=1e-12)
