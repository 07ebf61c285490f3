"""Responses of each kind."""

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import parse_formula
from rpcstats.mixed.structure.response import read_response, response_columns

FRAME = pd.DataFrame(
    {
        "score": [1.0, 2.0, 4.0, 8.0],
        "my score": [1, 2, 3, 4],
        "k": [0, 1, 2, 3],
        "n": [4, 4, 2, 3],
        "yes": [0, 1, 1, 0],
        "flag": [False, True, True, False],
        "word": ["no", "yes", "yes", "no"],
        "kind": pd.Categorical(["y", "n", "n", "y"], categories=["y", "unused", "n"]),
        "three": ["a", "b", "c", "a"],
        "rating": pd.Categorical(
            ["poor", "good", "fair", "poor"], categories=["poor", "fair", "good", "best"]
        ),
        "inf": [1.0, np.inf, 0.0, 1.0],
    }
)


def read(left, kind, weights=None):
    weights = None if weights is None else np.asarray(weights, dtype=float)
    return read_response(parse_formula(f"{left} ~ 1"), FRAME, kind, weights)


@pytest.mark.parametrize(
    ("left", "kind", "y"),
    [
        ("score", "gaussian", [1, 2, 4, 8]),
        ("`my score`", "gaussian", [1, 2, 3, 4]),
        ("log2(score)", "gaussian", [0, 1, 2, 3]),
        ("log2(`my score` * 2)^2 - 1", "gaussian", np.log2([2, 4, 6, 8]) ** 2 - 1),
        ("-I(score / 2)", "gaussian", [-0.5, -1, -2, -4]),
        ("flag", "gaussian", [0, 1, 1, 0]),
        ("score", "count", [1, 2, 4, 8]),
        ("score", "positive", [1, 2, 4, 8]),
        ("score / 10", "unit", [0.1, 0.2, 0.4, 0.8]),
        ("yes", "binomial", [0, 1, 1, 0]),
        ("flag", "binomial", [0, 1, 1, 0]),
        ("word", "binomial", [0, 1, 1, 0]),
        ("kind", "binomial", [0, 1, 1, 0]),
        ("rating", "ordinal", [0, 2, 1, 0]),
        ("n", "ordinal", [2, 2, 0, 1]),
        ("three", "ordinal", [0, 1, 2, 0]),
    ],
)
def test_values_are_read(left, kind, y):
    found = read(left, kind)
    np.testing.assert_allclose(found.y, y)
    assert found.weights is None


def test_successes_of_trials_in_three_ways():
    for found in (
        read("cbind(k, n - k)", "binomial"),
        read("k / n", "binomial", FRAME["n"]),
    ):
        np.testing.assert_allclose(found.y, [0, 0.25, 1, 1])
        np.testing.assert_array_equal(found.weights, [4, 4, 2, 3])
    assert read("cbind(yes, 1 - yes)", "binomial").weights is None


def test_categories_keep_their_declared_order_and_need_rows():
    assert read("rating", "ordinal").categories == ("poor", "fair", "good")
    assert read("n", "ordinal").categories == ("2", "3", "4")
    assert not read("rating", "ordinal").remarks
    assert "alphabetical" in read("three", "ordinal").remarks[0]
    assert "second level" in read("word", "binomial").remarks[0]


def test_prior_weights_pass_through():
    assert read("score", "gaussian", [1, 2, 1, 1]).weights.tolist() == [1, 2, 1, 1]


def test_columns_of_the_left_side():
    formula = parse_formula("cbind(k, `my score` - k) ~ 1")
    assert response_columns(formula) == ("k", "my score", "k")


@pytest.mark.parametrize(
    ("left", "kind", "weights", "error", "message"),
    [
        ("word", "gaussian", None, DataError, "must hold numbers"),
        ("inf", "gaussian", None, DataError, "not finite in 1 row,"),
        ("log(k - 1)", "gaussian", None, DataError, "not finite in 2 rows"),
        ("score / 3", "count", None, DataError, "whole numbers from 0"),
        ("k", "positive", None, DataError, "above 0; it does not in 1 row:"),
        ("score", "unit", None, DataError, "between 0 and 1"),
        ("three", "binomial", None, DataError, "has 3 levels"),
        ("score", "binomial", None, DataError, "holds 0 and 1, two levels"),
        ("k / n", "binomial", None, DataError, "numbers of trials as weights"),
        ("k / n", "binomial", [3, 3, 3, 3], DataError, "whole numbers"),
        ("yes", "binomial", [1.5, 1, 1, 1], DataError, "whole numbers"),
        ("cbind(k, n)", "binomial", [1, 1, 1, 1], DataError, "own trials"),
        ("cbind(k, n - 2*k)", "binomial", None, DataError, "whole and from 0"),
        ("cbind(k, k)", "binomial", None, DataError, "1 row has neither"),
        ("cbind(k, n)", "count", None, FormulaError, "binomial model"),
        ("cbind(k)", "binomial", None, FormulaError, "takes two columns"),
        ("score * 0", "ordinal", None, DataError, "has a single category"),
        ("log(word)", "gaussian", None, FormulaError, '"word" holds no numbers'),
        ("sin(score)", "gaussian", None, FormulaError, "can't be computed: sin"),
        ("score +", "gaussian", None, FormulaError, "can't be computed"),
        ("score % 2", "gaussian", None, FormulaError, "can't be computed"),
        ("score['a']", "gaussian", None, FormulaError, "can't be computed"),
        ("__import__('os')", "gaussian", None, FormulaError, "can't be computed"),
        ("Surv(k, n)", "gaussian", None, FormulaError, "left side must be the response"),
        ("", "gaussian", None, FormulaError, "left side must be the response"),
    ],
)
def test_what_does_not_fit_is_said(left, kind, weights, error, message):
    with pytest.raises(error, match=message):
        read(left, kind, weights)
