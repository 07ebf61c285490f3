"""The choice of the engine changes nothing but the time."""

import numpy as np
import pytest

from rpcstats.mixed.linear import choose
from rpcstats.mixed.linear.blocks_plan import make_plan
from rpcstats.mixed.linear.blocks_problem import BlockProblem
from rpcstats.mixed.linear.choose import linear_problem
from rpcstats.mixed.linear.dense import DenseProblem
from rpcstats.mixed.linear.one_factor import OneFactorProblem
from rpcstats.mixed.linear.search import fit_linear


def test_one_factor_few_levels_many_levels(designs, block, monkeypatch):
    X, y, weights, structures = designs
    assert isinstance(linear_problem(X, y, (block(np.arange(180) // 5),)), OneFactorProblem)
    blocks = structures["nested and crossed"]
    few = linear_problem(X, y, blocks, weights)
    assert isinstance(few, DenseProblem)
    monkeypatch.setattr(choose, "MAX_DENSE_COLUMNS", 10)
    many = linear_problem(X, y, blocks, weights)
    assert isinstance(many, BlockProblem)
    (left, first), (right, second) = fit_linear(few, True), fit_linear(many, True)
    assert first.converged
    assert second.converged
    assert left.deviance == pytest.approx(right.deviance, rel=1e-12)
    assert left.theta == pytest.approx(right.theta, rel=1e-5, abs=1e-5)


def chain_of(blocks):
    plan = make_plan(blocks, tuple(block.codes.astype(np.int32) for block in blocks))
    return plan.chain, plan.rest, plan.n_component


def test_factors_are_eliminated_from_the_finest_up(designs):
    structures = designs[3]
    assert chain_of(structures["nested three deep"]) == ((1, 2, 0), (), 0)
    assert chain_of(structures["crossed"]) == ((0,), (1,), 1)


def test_factors_nested_in_a_dense_one_fall_into_components(block):
    row = np.arange(4000)
    council = row // 1000
    helper = council * 50 + row % 50
    plan = chain_of((block(row // 2), block(council), block(helper)))
    assert plan[2] == 4


def test_many_families_in_groups_crossed_with_few_helpers(block):
    rng = np.random.default_rng(1)
    row = np.arange(24000)
    helper = rng.integers(0, 30, len(row))
    plan = chain_of((block(helper), block(row // 120), block(row // 12), block(row // 2400)))
    assert plan[0][:2] == (2, 1)
    assert 0 in plan[1]
