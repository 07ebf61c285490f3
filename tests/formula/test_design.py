"""Design matrices that remember their encoding."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import design

MODE = pd.Categorical(
    ["hall", "online", "hall", "home"], categories=["home", "hall", "online", "x"]
)
FRAME = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "mode": MODE, "k": [1, 2, 1, 2]})


def test_columns_follow_the_declared_order_of_categories():
    built = design("y ~ age + mode", FRAME)
    assert built.names == ("Intercept", "age", "mode[T.hall]", "mode[T.online]")
    assert built.X.tolist() == [[1, 20, 1, 0], [1, 30, 0, 1], [1, 40, 1, 0], [1, 50, 0, 0]]
    assert built.levels == {"mode": ("home", "hall", "online")}
    with pytest.raises(ValueError, match="read-only"):
        built.X[0, 0] = 2


def test_special_terms_leave_no_columns():
    built = design("Surv(age, k) ~ C(k) + strata(mode) + (1 | mode)", FRAME)
    assert built.names == ("Intercept", "C(k)[T.2]")


def test_new_rows_are_encoded_as_the_old_ones():
    built = design("y ~ poly(age, 2) + mode", FRAME)
    np.testing.assert_allclose(built.encode(FRAME.iloc[2:]), built.X[2:])
    alone = pd.DataFrame({"age": [30.0], "mode": ["online"]})
    np.testing.assert_allclose(built.encode(alone), built.X[1:2])


def test_a_name_in_backticks_is_found_inside_a_function():
    frame = FRAME.rename(columns={"age": "age at start"})
    built = design("y ~ log(`age at start`)", frame)
    np.testing.assert_allclose(built.X[:, 1], np.log(FRAME["age"]))


def test_new_rows_with_an_unseen_category_or_a_gap_are_refused():
    built = design("y ~ mode", FRAME)
    for mode in ("boat", "x"):
        with pytest.raises(DataError, match="has not seen") as caught:
            built.encode(pd.DataFrame({"mode": [mode]}))
        assert mode not in str(caught.value).split()
    with pytest.raises(DataError, match="filled in"):
        built.encode(pd.DataFrame({"mode": [None]}))


def test_rows_with_missing_values_are_left_out_and_counted():
    built = design("y ~ age", FRAME.assign(age=[20, np.nan, 40, 50]))
    assert built.n_missing == 1
    assert built.kept.tolist() == [0, 2, 3]


def test_a_formula_without_covariates_is_a_column_of_ones():
    built = design("y ~ 1", FRAME)
    assert built.X.tolist() == [[1]] * 4
    assert built.encode(FRAME.iloc[:2]).tolist() == [[1]] * 2


def test_variables_of_the_caller_cannot_leak_in():
    secret = np.arange(4)
    with pytest.raises(FormulaError, match='no column "secret"'):
        design("y ~ age + secret", FRAME)
    assert len(secret) == len(FRAME)


@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("y ~ age +* mode", FormulaError, "can't be read"),
        ("y ~ nosuch(age)", FormulaError, "can't be computed"),
        ("y ~ poly(agee, 2)", FormulaError, 'did you mean "age"'),
        ("y ~ np.nosuch(age)", FormulaError, "can't be computed"),
    ],
)
def test_a_faulty_right_side_is_one_plain_line(formula, error, message):
    with pytest.raises(error, match=message) as caught:
        design(formula, FRAME)
    assert "\n" not in str(caught.value)


def test_terms_that_are_not_finite_are_refused():
    infinite = FRAME.assign(age=[np.inf, 1, 2, 3])
    with pytest.raises(DataError, match="not finite"):
        design("y ~ age", infinite)
