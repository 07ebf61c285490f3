"""Plain terms make the columns formulaic makes."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from formulaic import Formula as FormulaicFormula
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import design, parse_formula
from rpcstats.formula.design import fixed_terms
from rpcstats.formula.plain_columns import PlainSpec
from rpcstats.formula.plain_terms import read_plain_terms

FRAME = pd.DataFrame(
    {
        "x": [0.5, -1.0, 2.0, 3.5, 0.0, 7.0],
        "k": [1, 2, 1, 3, 2, 3],
        "flag": [True, False, True, True, False, False],
        "word": ["q", "p", "p", "q", "r", "q"],
        "old": pd.Series(["b", "a", "b", "a", "a", "b"], dtype=object),
        "a b": pd.Categorical(list("zyxzyx"), categories=["z", "y", "x"]),
        "one": ["only"] * 6,
    }
)
ATOMS = ["x", "k", "flag", "word", "old", "`a b`", "one", "C(k)", "C( word )", "C(`a b`)", "C(x)"]
atoms = st.sampled_from(ATOMS)
products = st.lists(
    st.tuples(atoms, st.sampled_from([":", "*", " : ", " * "])), max_size=2
).flatmap(lambda ahead: atoms.map(lambda last: "".join(a + s for a, s in ahead) + last))
right_sides = st.tuples(
    st.sampled_from(["", "0 + ", "1 + "]), st.lists(products, min_size=1, max_size=4)
).map(lambda parts: parts[0] + " + ".join(parts[1]))


def formulaic_matrix(right):
    return FormulaicFormula(right).get_model_matrix(FRAME, context={}, na_action="ignore")


@settings(max_examples=200, deadline=None)
@given(right_sides)
def test_columns_and_names_are_those_of_formulaic(right):
    theirs = formulaic_matrix(right)
    ours = design(f"y ~ {right}", FRAME)
    assert isinstance(ours._spec, PlainSpec)
    assert ours.names == tuple(theirs.columns)
    np.testing.assert_array_equal(ours.X, theirs.to_numpy(dtype=float))
    state = theirs.model_spec.encoder_state
    assert ours.levels == {
        term: tuple(found["categories"]) for term, (_, found) in state.items() if found
    }


@settings(max_examples=40, deadline=None)
@given(right_sides, st.lists(st.integers(0, 5), min_size=1, max_size=8))
def test_new_rows_are_rows_of_the_design(right, picks):
    built = design(f"y ~ {right}", FRAME)
    np.testing.assert_array_equal(built.encode(FRAME.iloc[picks]), built.X[picks])


@settings(max_examples=60, deadline=None)
@given(right_sides)
def test_written_out_terms_are_those_of_formulaic(right):
    theirs = [str(term) for term in FormulaicFormula(right)]
    intercept, terms = fixed_terms(parse_formula(f"~ {right}"))
    assert intercept == ("1" in theirs)
    assert [term.replace("`a b`", "a b") for term in terms] == [
        term.replace("`a b`", "a b") for term in theirs if term != "1"
    ]


@pytest.mark.parametrize(
    "right",
    ["log(x)", "(x + k)*word", "x - k", "poly(x, 2)", "x**2", "1 - 1", "x + 0 + 1", "x/word"],
)
def test_other_terms_are_left_to_formulaic(right):
    assert read_plain_terms(parse_formula(f"y ~ {right}")) is None


def test_terms_left_to_formulaic_are_written_out_too():
    formula = parse_formula("~ (log(x) + `a b`)*word - 1")
    expected = ("log(x)", "`a b`", "word", "log(x):word", "`a b`:word")
    assert fixed_terms(formula) == (False, expected)


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("x", "Float64"),
        ("x", "float64[pyarrow]"),
        ("k", "Int64"),
        ("k", "int8[pyarrow]"),
        ("flag", "boolean"),
        ("word", "string"),
        ("word", "string[pyarrow]"),
        ("word", pd.ArrowDtype(pa.string())),
        ("word", object),
    ],
)
@pytest.mark.parametrize("right", ["x + k + flag + word", "log(x + 2)*word + C(k) + flag"])
def test_extension_types_hold_the_same_columns(column, dtype, right):
    frame = FRAME.assign(**{column: FRAME[column].astype(dtype)})
    built, plain = design(f"y ~ {right}", frame), design(f"y ~ {right}", FRAME)
    assert built.names == plain.names
    np.testing.assert_array_equal(built.X, plain.X)
    np.testing.assert_array_equal(built.encode(FRAME), plain.X)
    np.testing.assert_array_equal(plain.encode(frame), plain.X)


def test_a_design_of_one_column_a_person_is_refused_before_it_is_built():
    frame = pd.DataFrame({"name": [f"p{i}" for i in range(300_000)], "arm": ["a", "b"] * 150_000})
    for right in ("name", "name*arm", "C(name, contr.sum)", "bs(arm, 3):name"):
        with pytest.raises(DataError, match=r"columns, .* of them from .*name"):
            design(f"y ~ {right}", frame)


def test_new_rows_of_another_kind_are_refused():
    built = design("y ~ x + word", FRAME)
    with pytest.raises(DataError, match='"x" held numbers'):
        built.encode(FRAME.assign(x="high"))
    with pytest.raises(DataError, match="has not seen"):
        built.encode(FRAME.assign(word=1))


def test_two_columns_of_one_name_are_refused():
    twins = pd.concat([FRAME[["x"]], FRAME[["x"]]], axis=1)
    with pytest.raises(FormulaError, match='Two columns of the data are called "x"'):
        design("y ~ x", twins)
