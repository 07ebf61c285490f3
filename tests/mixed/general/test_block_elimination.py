"""Elimination level by level equals dense linear algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpcstats.errors import DataError
from rpcstats.mixed.general import elimination_plan
from rpcstats.mixed.general.block_elimination import NotPositiveDefiniteError, factorise
from rpcstats.mixed.general.elimination_plan import plan_elimination

# relative error of a well-conditioned matrix of at most a few hundred rows
CLOSE = 1e-11


def _compact(codes):
    return np.column_stack([np.unique(c, return_inverse=True)[1] for c in codes.T])


def _random_system(codes, widths, rng, dense):
    """A random positive definite matrix with the pattern of a design, and its entries."""
    n_level = tuple(int(c.max()) + 1 for c in codes.T)
    plan = plan_elimination(codes, n_level, widths, dense)
    full = np.eye(plan.n_node)
    entries = np.zeros(plan.n_entry)
    entries[plan.diagonal] += 1.0
    for cell in codes:
        nodes = np.concatenate([plan.nodes[b][level] for b, level in enumerate(cell)])
        A = rng.normal(size=(len(nodes), len(nodes)))
        A = A @ A.T
        full[np.ix_(nodes, nodes)] += A
        row, column = np.tril_indices(len(nodes))
        np.add.at(entries, plan.layout.positions(nodes[row], nodes[column]), A[row, column])
    return plan, full, entries


def _check(codes, widths, rng, dense=False):
    plan, full, entries = _random_system(codes, widths, rng, dense)
    factor = factorise(plan, entries)
    inverse = np.linalg.inv(full)
    sign, logdet = np.linalg.slogdet(full)
    right = rng.normal(size=plan.n_node)
    selected = factor.inverse()
    assert sign == 1.0
    assert factor.logdet == pytest.approx(logdet, rel=CLOSE)
    np.testing.assert_allclose(factor.solve(right), inverse @ right, rtol=1e-8, atol=CLOSE)
    for cell in codes:
        nodes = np.concatenate([plan.nodes[b][level] for b, level in enumerate(cell)])
        places = plan.layout.positions(nodes[:, None], nodes[None, :])
        np.testing.assert_allclose(
            selected[places], inverse[np.ix_(nodes, nodes)], rtol=1e-8, atol=CLOSE
        )
    return plan


def test_two_levels_of_one_factor_by_one_of_another_by_hand():
    # H = [[2, 0, 1], [0, 3, 1], [1, 1, 4]]: det = 2(12 - 1) - 3 = 19
    codes = np.array([[0, 0], [1, 0]])
    plan = plan_elimination(codes, (2, 1), (1, 1), dense=False)
    (a, b), (c,) = plan.nodes[0][:, 0], plan.nodes[1][:, 0]
    entries = np.zeros(plan.n_entry)
    for i, j, value in [(a, a, 2.0), (b, b, 3.0), (c, c, 4.0), (a, c, 1.0), (b, c, 1.0)]:
        entries[plan.layout.positions(np.array([i]), np.array([j]))] = value
    factor = factorise(plan, entries)
    assert factor.logdet == pytest.approx(np.log(19.0), rel=CLOSE)
    inverse = factor.inverse()
    assert inverse[plan.diagonal[[a, b, c]]] == pytest.approx([11 / 19, 7 / 19, 6 / 19])
    between = plan.layout.positions(np.array([a, b]), np.array([c, c]))
    assert inverse[between] == pytest.approx([-3 / 19, -2 / 19])
    right = np.zeros(3)
    right[c] = 19.0
    assert factor.solve(right)[[a, b, c]] == pytest.approx([-3.0, -2.0, 6.0])


@given(
    seed=st.integers(0, 2**31 - 1),
    levels=st.lists(st.integers(1, 9), min_size=1, max_size=3),
    widths=st.lists(st.integers(1, 3), min_size=3, max_size=3),
    n=st.integers(1, 30),
    dense=st.booleans(),
)
def test_any_crossing_equals_dense_algebra(seed, levels, widths, n, dense):
    rng = np.random.default_rng(seed)
    codes = _compact(np.column_stack([rng.integers(0, size, n) for size in levels]))
    _check(np.unique(codes, axis=0), tuple(widths[: len(levels)]), rng, dense)


@given(
    seed=st.integers(0, 2**31 - 1),
    n=st.integers(1, 40),
    widths=st.tuples(*[st.integers(1, 3)] * 4),
    order=st.permutations(range(4)),
)
def test_nested_chain_with_a_crossed_factor_equals_dense_algebra(seed, n, widths, order):
    rng = np.random.default_rng(seed)
    family = rng.integers(0, 12, n)
    group = family // 3
    council = group // 2
    codes = _compact(np.column_stack([family, group, council, rng.integers(0, 4, n)]))
    codes = codes[:, order]
    _check(np.unique(codes, axis=0), tuple(widths[b] for b in order), rng)


def test_a_nested_chain_is_eliminated_level_by_level_to_the_end():
    family = np.arange(24)
    codes = np.column_stack([family // 12, family, family // 4])
    plan = _check(codes, (1, 2, 1), np.random.default_rng(1))
    assert [front.nodes.shape[1] for front in plan.fronts] == [2, 1, 1]
    assert [front.later.shape[1] for front in plan.fronts] == [2, 1, 0]
    assert plan.n_entry == 24 * 4 + 24 * 4 + 6 + 6 + 2


def test_what_is_left_falls_into_its_connected_pieces():
    # two councils, each with own facilitators crossed with its own groups
    rng = np.random.default_rng(2)
    council = np.repeat([0, 1], 60)
    family = np.arange(120) // 2
    facilitator = council * 5 + rng.integers(0, 5, 120)
    venue = council * 4 + rng.integers(0, 4, 120)
    codes = _compact(np.column_stack([family, facilitator, venue]))
    plan = _check(codes, (1, 1, 1), rng)
    assert sum(len(front.nodes) for front in plan.fronts if front.later.shape[1] == 0) == 2
    assert sorted(f.nodes.shape for f in plan.fronts if f.later.shape[1] == 0) == [(2, 9)]


def test_large_pieces_go_to_lapack_with_the_same_answer():
    rng = np.random.default_rng(3)
    codes = np.unique(rng.integers(0, [40, 30], (200, 2)), axis=0)
    codes = _compact(codes)
    plan = _check(codes, (1, 2), rng)
    assert max(front.nodes.shape[1] for front in plan.fronts) > 8


def test_one_huge_level_among_small_ones():
    rng = np.random.default_rng(4)
    first = np.concatenate([np.zeros(50, dtype=int), np.arange(1, 60)])
    second = np.concatenate([np.arange(50), rng.integers(0, 50, 59)])
    _check(_compact(np.column_stack([first, second])), (1, 1), rng)


def _crossed_codes():
    rng = np.random.default_rng(5)
    return _compact(np.unique(rng.integers(0, [40, 30], (300, 2)), axis=0))


def test_with_too_much_fill_everything_is_dense(monkeypatch):
    monkeypatch.setattr(elimination_plan, "MAX_FILL", 10)
    plan = _check(_crossed_codes(), (1, 1), np.random.default_rng(6))
    assert [front.later.shape[1] for front in plan.fronts] == [0]
    monkeypatch.setattr(elimination_plan, "DENSE_LIMIT", 10)
    plan = _check(_crossed_codes(), (1, 1), np.random.default_rng(6))
    assert len(plan.fronts) > 1


def test_a_factor_too_large_for_memory_is_refused(monkeypatch):
    monkeypatch.setattr(elimination_plan, "MAX_ENTRIES", 500)
    codes = _crossed_codes()
    n_level = tuple(int(c.max()) + 1 for c in codes.T)
    with pytest.raises(DataError, match=f"{n_level[1]} random effects depend on each other"):
        plan_elimination(codes, n_level, (1, 1), dense=False)


@pytest.mark.parametrize("dense", [False, True])
@pytest.mark.parametrize("widths", [(1, 1), (2, 1), (5, 6)])
def test_a_matrix_without_factor_is_told(dense, widths):
    codes = np.array([[0, 0], [1, 0], [1, 1]])
    plan = plan_elimination(codes, (2, 2), widths, dense)
    for bad in (-1.0, 0.0, np.nan, np.inf):
        entries = np.zeros(plan.n_entry)
        entries[plan.diagonal] = 1.0
        entries[plan.diagonal[-1]] = bad
        with pytest.raises(NotPositiveDefiniteError):
            factorise(plan, entries)
