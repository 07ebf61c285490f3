"""The door for frames."""

import pandas as pd
import pyarrow as pa
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import read_columns
from rpcstats.formula.columns import complete_rows
from rpcstats.survival import kaplan_meier

FRAME = pd.DataFrame({"time": [1, 2], "event": [1, 0], "mode": ["b", "a"]}, index=[7, 9])


def test_only_the_columns_named_come_through_once():
    taken = read_columns(FRAME, ["mode", "time", "mode"])
    assert taken.columns.tolist() == ["mode", "time"]
    assert taken.index.tolist() == [0, 1]


def test_an_arrow_table_gives_the_same_curve():
    table = pa.Table.from_pandas(FRAME)
    formula = "Surv(time, event) ~ mode"
    pd.testing.assert_frame_equal(
        kaplan_meier(formula, table).tidy(), kaplan_meier(formula, FRAME).tidy()
    )


def test_an_arrow_dictionary_keeps_its_order():
    table = pa.table(
        {
            "time": [1.0, 2.0],
            "event": [True, False],
            "mode": pa.DictionaryArray.from_arrays([1, 0], ["z", "a"]),
        }
    )
    fit = kaplan_meier("Surv(time, event) ~ mode", table)
    assert fit.strata == ("mode=z", "mode=a")


def test_rows_without_a_gap_in_any_kind_of_column():
    frame = pd.DataFrame(
        {
            "number": [1.0, None, 3.0, 4.0, 5.0],
            "word": ["a", "b", None, "d", "e"],
            "kind": pd.Categorical(["x", "y", "x", None, "y"]),
            "whole": pd.array([1, 2, 3, 4, None], dtype="Int64"),
            "flag": True,
        }
    )
    assert complete_rows(frame).tolist() == [True, False, False, False, False]
    assert complete_rows(frame[["flag"]]).all()


def test_an_unknown_column_is_named_with_its_neighbour():
    with pytest.raises(FormulaError, match='no column "mod" in the data; did you mean "mode"'):
        read_columns(FRAME, ["mod"])
    with pytest.raises(FormulaError, match="check the columns"):
        read_columns(FRAME, ["zzzzzz"])


def test_no_frame_and_no_rows_are_refused():
    with pytest.raises(DataError, match="pandas, polars or Arrow"):
        read_columns({"time": [1]}, ["time"])
    with pytest.raises(DataError, match="no rows"):
        read_columns(FRAME.iloc[:0], ["time"])
