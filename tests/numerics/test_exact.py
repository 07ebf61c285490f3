"""Exact test of a table."""

from fractions import Fraction
from itertools import product
from math import factorial, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._numerics.exact import freeman_halton
from rpcstats.errors import DataError

ROUNDING = 1e-9


def by_brute_force(table):
    """Go through every table of whole counts with the same margins, in fractions."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    weights = []
    for cells in product(*(range(min(r, c) + 1) for r in rows for c in columns)):
        other = np.array(cells).reshape(table.shape)
        if (other.sum(axis=1) == rows).all() and (other.sum(axis=0) == columns).all():
            weights.append(Fraction(1, prod(factorial(x) for x in cells)))
    seen = Fraction(1, prod(factorial(int(x)) for x in table.ravel()))
    return float(sum(w for w in weights if w <= seen) / sum(weights))


def test_the_lady_tasting_tea():
    # 3 of 4 cups right: (1 + 16 + 16 + 1) / 70 of the tables are no likelier.
    assert freeman_halton([[3, 1], [1, 3]]) == pytest.approx(34 / 70, rel=ROUNDING)


def test_one_possible_table_has_probability_one():
    assert freeman_halton([[3, 4, 5]]) == pytest.approx(1)
    assert freeman_halton([[2, 0], [3, 0]]) == pytest.approx(1)


@settings(deadline=None, max_examples=40)
@given(
    shape=st.sampled_from([(2, 2), (2, 3), (3, 2)]),
    counts=st.lists(st.integers(0, 3), min_size=6, max_size=6),
)
def test_enumeration_equals_brute_force(shape, counts):
    table = np.array(counts[: shape[0] * shape[1]]).reshape(shape)
    if table.sum():
        assert freeman_halton(table) == pytest.approx(by_brute_force(table), rel=ROUNDING)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 6), min_size=9, max_size=9), st.permutations(range(3)))
def test_order_of_rows_and_columns_does_not_matter(counts, order):
    table = np.array(counts).reshape(3, 3)
    if table.sum():
        p = freeman_halton(table)
        assert freeman_halton(table[order]) == pytest.approx(p, rel=ROUNDING)
        assert freeman_halton(table.T) == pytest.approx(p, rel=ROUNDING)
        assert 0 < p <= 1


@pytest.mark.parametrize(
    "table", [[], [1, 2], [[1.5, 2]], [[-1, 2]], [[np.nan, 1]], [[0, 0], [0, 0]]]
)
def test_what_is_no_table_of_counts_is_refused(table):
    with pytest.raises(DataError, match="exact test needs"):
        freeman_halton(table)


def test_a_table_too_large_is_refused_not_waited_for():
    with pytest.raises(DataError, match="chi-square"):
        freeman_halton(np.full((6, 6), 40))
