"""Data that can't be fitted are refused in one error that tells every fault."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.mixed.structure.build import model_frame

N = 24
RNG = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "y": RNG.normal(size=N),
        "x": RNG.normal(size=N),
        "g": np.repeat(["secret", "hidden", "c", "d"], 6),
        "fine": np.repeat(np.arange(12), 2),
        "row": np.arange(N),
        "one": "only",
        "arm": np.tile(["a", "b"], 12),
        "same": 2.5,
        "zero": 0.0,
        "between": np.repeat([1.0, 2.0, 3.0, 4.0], 6),
        "count": np.tile([0, 2, 1], 8),
        "bit": np.tile([0, 1, 1], 8),
        "n": 3,
        "tall": RNG.normal(size=N) * 1e150,
        "tiny": RNG.normal(size=N) * 1e-150,
        "wide": RNG.normal(size=N) * 1e6,
        "unit": RNG.uniform(0.1, 0.9, size=N),
    }
)


@pytest.mark.parametrize(
    ("formula", "kind", "message"),
    [
        ("y ~ x + (1 | one)", "gaussian", '"one" has a single level'),
        ("y ~ x + (1 | row)", "gaussian", "level of its own for every row"),
        ("y ~ x + (x | fine)", "gaussian", "24 numbers from 24 rows"),
        ("y ~ x + one + (1 | g)", "gaussian", '"one" has a single level in the rows used'),
        ("y ~ x + (one | g)", "gaussian", "effect can't vary"),
        ("y ~ x + (same | g)", "gaussian", '"same" has one value in every row'),
        ("y ~ x + (same || g)", "gaussian", '"same" has one value in every row'),
        ("y ~ x + (0 + zero | g)", "gaussian", '"zero" has one value in every row'),
        ("same ~ x + (1 | g)", "gaussian", "one value in every row: there is nothing"),
        ("same ~ x + (1 | g)", "positive", "one value in every row: there is nothing"),
        ("zero ~ x + (1 | g)", "count", "Every count is 0"),
        ("zero ~ x + (1 | g)", "binomial", "a failure in every row"),
        ("cbind(n, zero) ~ x + (1 | g)", "binomial", "a success in every row"),
        ("one ~ x + (1 | g)", "ordinal", "has a single category"),
        ("tall ~ x + (1 | g)", "gaussian", "response holds numbers beyond"),
        ("tiny ~ x + (1 | g)", "gaussian", "response holds numbers beyond"),
        ("y ~ tall + (1 | g)", "gaussian", "fixed effects holds numbers beyond"),
        ("y ~ x + (tall | g)", "count", "whole numbers"),
        ("y ~ x + (0 + tall | g)", "gaussian", 'covariates of "g" holds numbers beyond'),
        ("y ~ C(row) + C(g)*C(fine) + (1 | g)", "gaussian", r"columns \(71\) than rows \(24\)"),
        ("y ~ C(row) + (1 | g)", "gaussian", "24 fixed effects use up all 24 rows"),
        ("y ~ log(zero) + (1 | g)", "gaussian", "not finite, such as"),
    ],
)
def test_a_fault_is_told_in_plain_words(formula, kind, message):
    with pytest.raises(DataError, match=message) as caught:
        model_frame(formula, FRAME, response=kind)
    for value in ("secret", "hidden", "only"):
        assert value not in str(caught.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(DataError) as caught:
        model_frame(
            "same ~ one + log(zero) + (same | g) + (1 | row) + (1 | one)",
            FRAME.assign(w=-1.0),
            weights="w",
            offset=np.full(N, np.inf),
        )
    text = str(caught.value)
    expected = [
        "The model can't be fitted",
        "Weights must be above 0; 24 rows are not",
        "offset is not finite in 24 rows",
        "The response has one value",
        "A term of the formula gives values that are not finite",
        '"same" has one value in every row',
        '"row" has a level of its own',
        '"one" has a single level',
    ]
    assert [part for part in expected if part not in text] == []
    assert len(text.splitlines()) == len(expected)


@pytest.mark.parametrize("values", [np.inf, -np.inf])
def test_infinite_values_are_refused_and_missing_ones_left_out(values):
    data = FRAME.assign(x=FRAME["x"].where(FRAME["row"] > 0, values))
    with pytest.raises(DataError, match="not finite"):
        model_frame("y ~ x + (1 | g)", data)
    gaps = FRAME.assign(x=FRAME["x"].where(FRAME["row"] > 0))
    assert model_frame("y ~ x + (1 | g)", gaps).n_missing == 1
    with pytest.raises(DataError, match="Every row has a missing value"):
        model_frame("y ~ x + (1 | g)", FRAME.assign(x=np.nan))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("arm", "must hold numbers"),
        (np.ones(5), "has 5 numbers for 24 rows"),
        (["a"] * N, "one number a row"),
        (np.r_[0.0, np.ones(N - 1)], "1 row is not"),
        (np.r_[np.inf, np.ones(N - 1)], "not finite in 1 row"),
    ],
)
def test_weights_are_finite_and_positive(weights, message):
    with pytest.raises(DataError, match=message):
        model_frame("y ~ x + (1 | g)", FRAME, weights=weights)


@pytest.mark.parametrize(
    ("formula", "kind", "remark"),
    [
        ("y ~ x + (between | g)", "gaussian", "never varies within a level"),
        ("bit ~ x + (1 | row)", "binomial", "hardly tell its variance"),
        ("unit ~ x + (1 | row)", "unit", "hardly tell its variance"),
        ("count ~ x + (x | row)", "ordinal", "hardly tell its variance"),
        ("count ~ x + (x + wide | fine)", "count", "more effects of .* than rows"),
        ("y ~ x + wide + (1 | g)", "gaussian", "very different scales"),
        ("y ~ x + (1 | g) + (1 | between)", "gaussian", "split the rows alike"),
    ],
)
def test_what_can_be_fitted_but_is_unusual_is_said(formula, kind, remark):
    frame = model_frame(formula, FRAME, response=kind)
    assert any(pd.Series(frame.remarks).str.contains(remark))


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("count ~ x + (1 | row)", "count"),
        ("cbind(bit, n) ~ x + (1 | row)", "binomial"),
        ("y ~ x + arm + (x | g) + (0 + arm | fine)", "binomial"),
        ("n ~ x + (1 | g)", "count"),
        ("bit / n ~ x + (1 | g)", "gaussian"),
        ("y ~ x + between + (between | arm)", "gaussian"),
        ("y ~ 0 + (1 | g)", "gaussian"),
    ],
)
def test_a_usual_model_has_no_remark(formula, kind):
    data = FRAME.assign(y=FRAME["bit"]) if kind == "binomial" else FRAME
    assert model_frame(formula, data, response=kind).remarks == ()


@pytest.mark.parametrize("term", ["name + (1 | g)", "x + (name | g)", "name*arm + (1 | g)"])
def test_columns_by_the_hundred_thousand_are_refused_before_they_are_built(term):
    n = 100_000
    data = pd.DataFrame(
        {
            "y": RNG.normal(size=n),
            "x": RNG.normal(size=n),
            "name": [f"p{i}" for i in range(n)],
            "g": np.arange(n) % 50,
            "arm": np.tile(["a", "b"], n // 2),
        }
    )
    tracemalloc.start()
    with pytest.raises(DataError, match=r"99,999|100,000|199,999|200,000"):
        model_frame(f"y ~ {term}", data)
    # A hundred columns of this length would take 80 MB.
    assert tracemalloc.get_traced_memory()[1] < 80e6
    tracemalloc.stop()


def test_a_factor_of_many_levels_is_no_slope():
    n = 4000
    data = pd.DataFrame({"y": RNG.normal(size=n), "f": "p", "g": np.arange(n) % 4}).assign(
        f=lambda d: "p" + (d["g"] * 1000 + np.arange(n) % 150).astype(str)
    )
    with pytest.raises(DataError, match=r"would have \d{3} effects; at most 100"):
        model_frame("y ~ 1 + (f | g)", data)


def test_no_random_term_points_to_the_right_tool():
    with pytest.raises(FormulaError, match="OLS or GLM"):
        model_frame("y ~ x", FRAME)
