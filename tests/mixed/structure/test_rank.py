"""Columns that others determine are found, whatever their scale."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.mixed.structure import rank
from rpcstats.mixed.structure.rank import find_rank

RNG = np.random.default_rng(5)
N = 200
ONE = np.ones(N)
A, B, C = RNG.normal(size=(3, N))
GROUP = np.arange(N) % 3


def kept(*columns):
    return find_rank(np.column_stack(columns)).kept.tolist()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((ONE, A, B), [0, 1, 2]),
        ((ONE, A, 2 * A - 3), [0, 1]),
        ((ONE, A, B, A + B, C), [0, 1, 2, 4]),
        ((ONE, 3 * ONE, A), [0, 2]),
        ((ONE, 0 * ONE, A), [0, 2]),
        ((A, A, A), [0]),
        ((ONE, *(1.0 * (g == GROUP) for g in range(3))), [0, 1, 2]),
        (tuple(1.0 * (g == GROUP) for g in range(3)), [0, 1, 2]),
        ((*(1.0 * (g == GROUP) for g in range(3)), ONE), [0, 1, 2]),
    ],
)
def test_the_earlier_column_stays(columns, expected):
    assert kept(*columns) == expected


@pytest.mark.parametrize("scale", [1e-90, 1e-8, 1.0, 1e8, 1e90])
@pytest.mark.parametrize("shift", [0.0, 1e9])
def test_scale_and_shift_drop_nothing_and_hide_nothing(scale, shift):
    moved = (A + shift) * scale
    dummies = tuple(1.0 * (g == GROUP) for g in range(3))
    assert kept(ONE, moved, B) == [0, 1, 2]
    assert kept(*dummies, moved, B) == [0, 1, 2, 3, 4]
    assert kept(ONE, moved, B, moved + B * scale) == [0, 1, 2]


def test_close_but_not_aliased_columns_stay():
    assert kept(ONE, A, A + 1e-5 * B) == [0, 1, 2]
    assert kept(ONE, A, A + 1e-9 * B) == [0, 1]


def test_more_columns_than_rows():
    assert kept(*RNG.normal(size=(5, 3))) == [0, 1, 2]
    assert find_rank(np.empty((4, 0))).kept.tolist() == []


def test_many_blocks_of_rows_give_the_same_answer(monkeypatch):
    monkeypatch.setattr(rank, "_CHUNK", 16)
    assert kept(ONE, A, B, A - B, C) == [0, 1, 2, 4]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
def test_as_many_columns_stay_as_the_rank(seed, p, r):
    rng = np.random.default_rng(seed)
    basis = rng.integers(-3, 4, size=(30, r)).astype(float)
    X = basis @ rng.integers(-2, 3, size=(r, p)).astype(float)
    found = find_rank(X)
    true = np.linalg.matrix_rank(X)
    assert len(found.kept) == true
    assert np.linalg.matrix_rank(X[:, found.kept]) == true
    np.testing.assert_allclose(found.spread, X.std(axis=0), atol=1e-12)
