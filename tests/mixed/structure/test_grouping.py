"""Grouping factors and the order of their levels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.mixed.structure.grouping import code_column, make_factor


def coded(values):
    codes, levels = code_column(pd.Series(values))
    return codes.tolist(), levels


@pytest.mark.parametrize(
    ("values", "codes", "levels"),
    [
        (["b", "a", "b"], [1, 0, 1], ("a", "b")),
        ([10, 9, 10], [1, 0, 1], ("9", "10")),
        ([2.5, 1.0, 2.5], [1, 0, 1], ("1", "2.5")),
        ([True, False, True], [1, 0, 1], ("False", "True")),
        (pd.Categorical(["y", "x"], categories=["z", "y", "x"]), [0, 1], ("y", "x")),
        (pd.Series(["b", 1, "b"], dtype=object), [1, 0, 1], ("1", "b")),
        (pd.array([3, 1, 3], dtype="Int64"), [1, 0, 1], ("1", "3")),
        (pd.to_datetime(["2020-01-02", "2020-01-01"]), [1, 0], None),
    ],
)
def test_levels_are_sorted_or_as_declared(values, codes, levels):
    found = coded(values)
    assert found[0] == codes
    assert levels is None or found[1] == levels


def factor_of(frame, columns):
    return make_factor(columns, {name: code_column(frame[name]) for name in columns})


def test_a_combination_is_named_by_its_parts_and_needs_rows():
    frame = pd.DataFrame({"a": ["y", "x", "y", "x"], "b": [1, 2, 10, 2]})
    factor, codes = factor_of(frame, ("a", "b"))
    assert factor.name == "a:b"
    assert factor.levels() == ("x:2", "y:1", "y:10")
    assert codes.tolist() == [1, 0, 2, 0]
    assert not codes.flags.writeable


def test_new_rows_take_the_numbers_of_the_fit():
    frame = pd.DataFrame({"a": ["y", "x", "y", "x"], "b": [1, 2, 10, 2]})
    factor, _ = factor_of(frame, ("a", "b"))
    new = pd.DataFrame({"a": ["x", "y", "y", None, "new"], "b": ["2", 1.0, 2, 1, 1]})
    assert factor.encode(new).tolist() == [0, 1, -1, -1, -1]
    assert factor.encode(new[["a"]]).tolist() == [-1] * 5
    ordered = pd.DataFrame({"a": pd.Categorical(["y", None]), "b": [10, 10]})
    assert factor.encode(ordered).tolist() == [2, -1]


def test_a_colon_in_a_level_confuses_no_combination():
    frame = pd.DataFrame({"a": ["p:q", "p"], "b": ["r", "q:r"]})
    factor, codes = factor_of(frame, ("a", "b"))
    assert len(set(codes.tolist())) == 2
    assert factor.encode(frame).tolist() == codes.tolist()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-3, 3)] * 3), min_size=1, max_size=40),
    st.booleans(),
    st.integers(1, 10**9),
)
def test_combinations_are_numbered_as_sorted_tuples(rows, as_text, spread):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"]) * spread
    if as_text:
        frame = frame.astype(str)
    factor, codes = factor_of(frame, ("a", "b", "c"))
    tuples = list(frame.itertuples(index=False, name=None))
    ordered = sorted(set(tuples))
    assert codes.tolist() == [ordered.index(row) for row in tuples]
    assert factor.levels() == tuple(":".join(map(str, row)) for row in ordered)
    np.testing.assert_array_equal(factor.encode(frame), codes)
