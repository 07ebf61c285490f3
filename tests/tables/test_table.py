from dataclasses import FrozenInstanceError
from xml.etree import ElementTree

import pandas as pd
import pytest

from rpcstats.errors import ParameterError
from rpcstats.tables import Table


@pytest.fixture
def data():
    return pd.DataFrame({"stage": ["a|b", "c"], "n": [1.25, 2.0]})


@pytest.fixture
def table(data):
    return Table(
        ["Stage", "Number"],
        ["left", "right"],
        [["a|b <i>*x*</i>", "1"], ["[c]", "2"]],
        data,
        caption="Stages & numbers",
        note="[c] = withheld.",
    )


def test_a_table_never_changes(table, data):
    before = table.to_csv()
    data.loc[0, "n"] = 99
    handed_out = table.data
    handed_out.loc[0, "n"] = 99
    table.with_caption("Another")
    with pytest.raises(FrozenInstanceError):
        table.rows = ()
    with pytest.raises(TypeError):
        table.rows[0][0] = "x"
    assert table.to_csv() == before
    assert table.caption == "Stages & numbers"


def test_a_new_caption_is_a_new_table(table):
    other = table.with_caption("Another")
    assert other.caption == "Another"
    assert (other.columns, other.rows, other.note) == (table.columns, table.rows, table.note)


def test_html_has_a_caption_scopes_and_no_empty_or_merged_cell(table):
    root = ElementTree.fromstring(f"<div>{table.to_html()}</div>")
    assert root.find("table/caption").text == "Stages & numbers"
    assert [cell.get("scope") for cell in root.findall("table/thead/tr/th")] == ["col", "col"]
    rows = root.findall("table/tbody/tr")
    assert [row[0].get("scope") for row in rows] == ["row", "row"]
    assert [row[0].text for row in rows] == ["a|b <i>*x*</i>", "[c]"]
    for cell in root.iter():
        if cell.tag in ("td", "th"):
            assert cell.text.strip()
            assert cell.get("colspan") is cell.get("rowspan") is None
    assert rows[0][1].get("style") == "text-align: right"
    assert root.find("p").text == "[c] = withheld."


def test_a_notebook_shows_the_html(table):
    assert table._repr_html_() == table.to_html()


def test_markdown_marks_are_escaped(table):
    lines = table.to_markdown().splitlines()
    assert lines[0] == "| Stage | Number |"
    assert lines[1] == "| :--- | ---: |"
    assert lines[2] == r"| a\|b \<i\>\*x\*\</i\> | 1 |"
    assert lines[5] == "Table: Stages & numbers"
    assert str(table) == table.to_markdown()


def test_pandoc_reads_the_markdown_back_as_it_was(table):
    import json

    pypandoc = pytest.importorskip("pypandoc")
    read = json.loads(pypandoc.convert_text(table.to_markdown(), "json", format="markdown"))
    plain = pypandoc.convert_text(table.to_markdown(), "plain", format="markdown")
    assert [block["t"] for block in read["blocks"]] == ["Table", "Para"]
    assert "a|b <i>*x*</i>" in plain
    assert "[c] = withheld." in plain


def test_csv_is_the_data_not_the_text(table):
    assert table.to_csv() == "stage,n\na|b,1.25\nc,2\n"


@pytest.mark.parametrize(
    ("columns", "align", "rows", "fault"),
    [
        (["A", "A"], ["left", "left"], [["x", "y"]], "same heading"),
        (["A", "B"], ["left"], [["x", "y"]], "2 columns have 1 alignments"),
        (["A", "B"], ["left", "left"], [["x"]], "more or fewer cells"),
        (["A", "B"], ["left", "left"], [["x", " "]], "a cell is empty"),
        ([], [], [], "no column"),
    ],
)
def test_parts_that_do_not_fit_are_refused(columns, align, rows, fault, data):
    with pytest.raises(ParameterError, match=fault):
        Table(columns, align, rows, data)
