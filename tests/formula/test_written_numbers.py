"""Texts that are numbers: codes of categories, or a column that one text cell has spoilt."""

import pandas as pd
import pytest

from rpcstats.errors import DataError
from rpcstats.formula.column_kinds import plain_kinds


@pytest.mark.parametrize(
    "values",
    [["1", "2", "3", "4"] * 5, [str(i) for i in range(500)], ["1", "2", "unknown"], ["a", "b"]],
)
def test_codes_are_categories(values):
    frame = pd.DataFrame({"x": values})
    assert plain_kinds(frame, ())["x"].tolist() == values


@pytest.mark.parametrize(
    "values", [[str(i) for i in range(40)] + ["n/a"], [f"{i / 8}" for i in range(40)]]
)
def test_a_measured_column_spoilt_by_texts_is_refused(values):
    frame = pd.DataFrame({"x": values})
    with pytest.raises(DataError, match="numbers written as texts"):
        plain_kinds(frame, ())
    assert plain_kinds(frame, {"x"})["x"].tolist() == values


def test_numbers_and_texts_side_by_side_are_refused():
    frame = pd.DataFrame({"x": pd.Series([1.0, 2.0, "Jane"], dtype=object)})
    with pytest.raises(DataError, match="texts in 1 of 3 rows") as caught:
        plain_kinds(frame, ())
    assert "Jane" not in str(caught.value)
