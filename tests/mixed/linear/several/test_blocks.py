"""Block elimination equals the dense engine and the textbook formula, whatever the structure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.mixed.linear.blocks_problem import BlockProblem
from rpcstats.mixed.linear.dense import DenseProblem

NAMES = [
    "nested",
    "nested three deep",
    "crossed",
    "nested and crossed",
    "three deep and crossed",
    "slope in the finest",
    "slope in the crossed",
    "slopes everywhere",
    "slope without intercept",
    "equal sizes",
    "one huge group",
    "two levels",
    "moved between groups",
    "components",
    "same factor twice",
]

# Second derivatives by differences, see `blocks_differences.STEP`.
BY_DIFFERENCES = 1e-6


def some_theta(blocks, seed=1):
    theta = np.random.default_rng(seed).uniform(0.2, 1.1, sum(b.n_theta for b in blocks))
    return theta


def test_every_structure_is_tried(designs):
    assert list(designs[3]) == NAMES


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_blocks_equal_textbook(name, reml, designs, textbook):
    X, y, weights, structures = designs
    blocks = structures[name]
    theta = some_theta(blocks)
    found = BlockProblem.from_columns(X, y, blocks, weights).evaluate(theta, reml=reml)
    expected = textbook(X, y, blocks, theta, reml=reml, weights=weights)
    assert found.deviance == pytest.approx(expected["deviance"], rel=1e-12)
    assert found.r2 == pytest.approx(expected["r2"], rel=1e-11)
    assert found.beta == pytest.approx(expected["beta"], rel=1e-9)
    assert found.XtVX == pytest.approx(expected["XtVX"], rel=1e-9, abs=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_modes_equal_textbook(name, designs, textbook):
    X, y, weights, structures = designs
    blocks = structures[name]
    theta = some_theta(blocks)
    expected = textbook(X, y, blocks, theta, reml=False, weights=weights)
    for engine in (BlockProblem, DenseProblem):
        modes = engine.from_columns(X, y, blocks, weights).modes(theta)
        for one, estimate, covariance in zip(
            modes, expected["estimates"], expected["conditional"], strict=True
        ):
            assert one.estimate == pytest.approx(estimate, rel=1e-9, abs=1e-10)
            assert one.covariance == pytest.approx(covariance, rel=1e-9, abs=1e-11)


@pytest.mark.parametrize("zero", [None, 0, -1])
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_derivatives_equal_the_dense_ones(name, reml, zero, designs):
    X, y, weights, structures = designs
    blocks = structures[name]
    theta = some_theta(blocks)
    if zero is not None:
        theta[zero] = 0.0
    found, exact = (
        engine.from_columns(X, y, blocks, weights).evaluate(theta, reml=reml, order=2)
        for engine in (BlockProblem, DenseProblem)
    )
    size = np.abs(exact.d_criterion).max()
    assert found.d_criterion == pytest.approx(exact.d_criterion, rel=1e-9, abs=1e-11 * size)
    size = np.abs(exact.d_r2).max()
    assert found.d_r2 == pytest.approx(exact.d_r2, rel=1e-9, abs=1e-11 * size)
    for one, other in [
        (found.d2_criterion, exact.d2_criterion),
        (found.d2_r2, exact.d2_r2),
        (found.d_XtVX, exact.d_XtVX),
    ]:
        assert one == pytest.approx(other, rel=BY_DIFFERENCES, abs=1e-7 * np.abs(other).max())


@pytest.mark.parametrize("name", ["nested and crossed", "slopes everywhere"])
def test_order_of_rows_names_of_levels_and_order_of_blocks_do_not_matter(name, designs, block):
    X, y, weights, structures = designs
    blocks = structures[name]
    rng = np.random.default_rng(3)
    rows = rng.permutation(len(y))
    renamed = []
    for one in blocks:
        label = rng.permutation(one.n_level)
        diagonal = one.n_theta == one.n_effect
        renamed.append(block(label[one.codes[rows]], one.Z[rows], diagonal=diagonal))
    theta = some_theta(blocks)
    ends = np.cumsum([one.n_theta for one in blocks])[:-1]
    turned = np.concatenate(np.split(theta, ends)[::-1])
    here = BlockProblem.from_columns(X, y, blocks, weights).evaluate(theta, reml=True)
    there = BlockProblem.from_columns(X[rows], y[rows], tuple(renamed[::-1]), weights[rows])
    other = there.evaluate(turned, reml=True)
    assert other.deviance == pytest.approx(here.deviance, rel=1e-12)
    back = np.concatenate(
        np.split(other.gradient, np.cumsum([b.n_theta for b in blocks[::-1]])[:-1])[::-1]
    )
    assert back == pytest.approx(here.gradient, rel=1e-8, abs=1e-9)


@st.composite
def small_models(draw):
    """Any structure: few rows, two or three factors, slopes anywhere, groups of any size."""
    n = draw(st.integers(12, 40))
    seed = draw(st.integers(0, 2**32 - 1))
    nested = draw(st.booleans())
    sizes = draw(st.lists(st.integers(1, 12), min_size=2, max_size=3))
    slopes = draw(st.lists(st.sampled_from(["none", "free", "diagonal"]), min_size=3, max_size=3))
    return n, seed, nested, sizes, slopes[: len(sizes)]


@settings(max_examples=60, deadline=None)
@given(model=small_models(), reml=st.booleans())
def test_any_small_model_agrees(model, reml, block, textbook):
    n, seed, nested, sizes, slopes = model
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    X, y, weights = np.column_stack([np.ones(n), x]), rng.normal(size=n), rng.uniform(0.5, 2, n)
    codes = [rng.integers(0, size, n) for size in sizes]
    if nested:
        codes[0] = codes[1] * 20 + codes[0]
    Z = np.column_stack([np.ones(n), x])
    blocks = tuple(
        block(code, None if slope == "none" else Z, diagonal=slope == "diagonal")
        for code, slope in zip(codes, slopes, strict=True)
    )
    theta = some_theta(blocks, seed)
    expected = textbook(X, y, blocks, theta, reml=reml, weights=weights)
    found, exact = (
        engine.from_columns(X, y, blocks, weights).evaluate(theta, reml=reml)
        for engine in (BlockProblem, DenseProblem)
    )
    assert found.deviance == pytest.approx(expected["deviance"], rel=1e-9, abs=1e-9)
    assert exact.deviance == pytest.approx(expected["deviance"], rel=1e-9, abs=1e-9)
    assert found.beta == pytest.approx(expected["beta"], rel=1e-7, abs=1e-9)
    size = max(1.0, np.abs(exact.gradient).max())
    assert found.gradient == pytest.approx(exact.gradient, abs=1e-9 * size)
