"""The door for frames."""

import pandas as pd
import pyarrow as pa
import pytest

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula import read_columns
from rpcstats.formula.columns import complete_rows, named_columns
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


@pytest.mark.parametrize("read", [read_columns, named_columns])
def test_names_that_columns_do_not_have_are_refused_whatever_the_columns_are_called(read):
    days = pd.DataFrame([[1.0, 2.0]], columns=pd.to_datetime(["2026-01-01", "2026-02-01"]))
    levels = pd.DataFrame([[1.0, 2.0]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    for frame, name in ((days, "2026-01-01"), (levels, "a"), (FRAME, "mod")):
        with pytest.raises(FormulaError, match="There is no column"):
            read(frame, [name])
    twins = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    assert read(twins, ["b"])["b"].tolist() == [2]
    with pytest.raises(FormulaError, match="Two columns"):
        read(twins, ["a"])
    with pytest.raises(DataError, match="no rows"):
        read(FRAME.iloc[:0], ["time"])


def test_columns_one_by_one_are_those_of_the_frame():
    table = pa.Table.from_pandas(FRAME)
    for given in (FRAME, table):
        found = named_columns(given, ["mode", "time", "mode"])
        assert {name: column.tolist() for name, column in found.items()} == {
            "mode": ["b", "a"],
            "time": [1, 2],
        }
