"""Reading facts: text kept as printed, every fault named."""

import pandas as pd
import pytest

from rpcstats.errors import SchemaError
from rpcstats.published.facts import FACT_COLUMNS, SOURCE_COLUMNS, read_facts

GOOD = {
    "fact_id": "D-1",
    "source": "doc",
    "council": "Northmere",
    "programme": "A Course",
    "period_start": "2023-04",
    "period_end": "2023-04-30",
    "population": "people",
    "measure": "retained",
    "value": "80.0",
    "unit": "percent",
    "numerator": "8",
    "denominator": "10",
    "breakdown": "",
    "qualifier": "rounded",
    "note": "",
}


def write(folder, *changes, sources=("doc",)):
    facts = pd.DataFrame([GOOD | change for change in changes])
    facts.to_csv(folder / "facts.csv", index=False)
    rows = [dict.fromkeys(SOURCE_COLUMNS, "x") | {"source": key} for key in sources]
    pd.DataFrame(rows).to_csv(folder / "sources.csv", index=False)
    return folder


def test_text_is_kept_as_printed(tmp_path):
    facts = read_facts(write(tmp_path, {}, {"fact_id": "D-2", "value": "80"}))
    assert list(facts.frame["value"]) == ["80.0", "80"]
    assert list(facts.frame["breakdown"]) == ["", ""]
    assert tuple(facts.frame.columns) == FACT_COLUMNS


def test_frames_are_copies(tmp_path):
    facts = read_facts(write(tmp_path, {}))
    frame, sources = facts.frame, facts.sources
    frame["value"] = "0"
    sources["title"] = "other"
    assert facts.frame.loc[0, "value"] == "80.0"
    assert facts.sources.loc[0, "title"] == "x"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"value": "101"}, "between 0 and 100"),
        ({"value": "-3"}, "between 0 and 100"),
        ({"value": "eighty"}, "text where a number belongs"),
        ({"value": ""}, "value is empty"),
        ({"unit": "count", "value": "8.5"}, "whole number"),
        ({"unit": "date", "value": "2023-13"}, "no date"),
        ({"unit": "furlongs"}, "unknown unit"),
        ({"qualifier": "roughly"}, "unknown qualifier"),
        ({"source": "other"}, "not in sources.csv"),
        ({"numerator": "11"}, "greater than denominator"),
        ({"numerator": "0", "denominator": "0"}, "denominator is 0"),
        ({"denominator": "ten"}, "denominator is text"),
        ({"period_end": "2023-03-31"}, "ends before"),
        ({"period_start": "April"}, "date of the period"),
        ({"measure": ""}, "measure is empty"),
    ],
)
def test_each_fault_is_named_with_its_fact_and_row(tmp_path, change, fault):
    with pytest.raises(SchemaError) as caught:
        read_facts(write(tmp_path, {}, {"fact_id": "D-2"} | change))
    (found,) = caught.value.faults
    assert fault in found
    assert found.startswith("D-2 (row 3)")


def test_all_faults_come_at_once(tmp_path):
    folder = write(tmp_path, {"value": "120"}, {"unit": "miles"}, sources=("doc", "doc"))
    with pytest.raises(SchemaError) as caught:
        read_facts(folder)
    assert len(caught.value.faults) == 4
    assert "fact_id D-1 comes more than once" in str(caught.value)
    assert "source doc comes more than once" in str(caught.value)


def test_a_change_may_be_negative(tmp_path):
    change = {"measure": "change_in_programmes", "value": "-33", "numerator": "", "denominator": ""}
    assert len(read_facts(write(tmp_path, change)).frame) == 1


def test_a_qualifier_may_stand_for_the_value(tmp_path):
    change = {"value": "", "qualifier": "nearly_all", "numerator": "", "denominator": ""}
    assert len(read_facts(write(tmp_path, change)).frame) == 1


def test_missing_columns_and_files(tmp_path):
    write(tmp_path, {})
    facts = pd.read_csv(tmp_path / "facts.csv").drop(columns="unit").assign(colour="red")
    facts.to_csv(tmp_path / "facts.csv", index=False)
    (tmp_path / "sources.csv").unlink()
    with pytest.raises(SchemaError) as caught:
        read_facts(tmp_path)
    message = str(caught.value)
    assert "column unit is missing" in message
    assert "1 columns are unknown" in message
    assert "sources.csv is not there" in message
