import hashlib

import pytest

from rpcstats.errors import PaperError
from rpcstats.paper.items import collect, ledger, pictures

DATA = "time,estimate\n1,0.9\n"
SHA = hashlib.sha256(DATA.encode()).hexdigest()
FIGURE = {"id": "fig-stay", "title": "Most stay", "data": DATA, "sha256": SHA}
TABLE = {**FIGURE, "id": "tbl-stay", "columns": ["Time", "Share"], "rows": [["1", "90%"]]}
VALUE = {"id": "n_started", "value": 40, "text": "40", "tolerance": 0.5}
PAPER = {"title": "Who stays?", "watermark": None, "version": "0.1.0"}


def notebook(*outputs, metadata=None) -> dict:
    cells = [
        {
            "cell_type": "code",
            "outputs": [
                {
                    "output_type": "display_data",
                    "data": {f"application/vnd.rpcstats.{kind}+json": payload},
                    "metadata": metadata or {},
                }
            ],
        }
        for kind, payload in outputs
    ]
    stream = {"cell_type": "code", "outputs": [{"output_type": "stream", "text": "x"}]}
    return {"cells": [{"cell_type": "markdown"}, stream, *cells]}


def test_every_kind_is_read_in_order():
    nb = notebook(
        ("paper", PAPER),
        ("prose", {"markdown": "First."}),
        ("figure", FIGURE),
        ("table", TABLE),
        ("value", VALUE),
        ("cite", {"keys": ["a"]}),
        ("prose", {"markdown": "Second."}),
        ("equation", {"id": "eq-s", "tex": "S", "alt": "S"}),
        ("close", {"ledger": [1]}),
    )
    items = collect(nb)
    assert list(items) == [
        *("paper", "prose-1", "fig-stay", "tbl-stay", "n_started", "prose-2", "eq-s", "ledger")
    ]
    assert (items["fig-stay"].data, items["fig-stay"].sha256) == (DATA, SHA)
    assert items["fig-stay"].title == "Most stay"
    assert items["tbl-stay"].text == "Time | Share\n1 | 90%"
    value = items["n_started"]
    assert (value.value, value.text, value.tolerance) == (40.0, "40", 0.5)
    assert items["prose-2"].text == "Second."
    assert items["eq-s"].text == "S"
    assert ledger(nb) == [1]


def test_the_version_is_no_part_of_the_paper():
    one, other = (
        collect(notebook(("paper", {**PAPER, "version": version})))["paper"].sha256
        for version in ("0.1.0", "0.2.0")
    )
    assert one == other
    marked = collect(notebook(("paper", {**PAPER, "watermark": "draft"})))["paper"].sha256
    assert marked != one


def test_a_withheld_value_has_a_text_and_no_number():
    items = collect(notebook(("value", {**VALUE, "value": None, "text": "withheld"})))
    assert items["n_started"].value is None


def test_pictures_come_from_the_metadata():
    svg = {"image/svg+xml": "<svg/>"}
    assert pictures(notebook(("figure", FIGURE), metadata=svg)) == {"fig-stay": "<svg/>"}
    assert pictures(notebook(("figure", FIGURE))) == {}


def test_a_paper_that_was_not_closed_has_no_ledger():
    with pytest.raises(PaperError, match=r"end it with out\.close\(\)"):
        ledger(notebook(("paper", PAPER)))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("figure", "fig-../../x"),
        ("figure", "stay"),
        ("figure", "fig-Stay"),
        ("table", "tbl-"),
        ("value", "N"),
        ("value", "a-b"),
        ("value", "paper"),
        ("value", None),
        ("equation", "fig-x"),
    ],
)
def test_an_id_that_is_no_file_name_is_refused(kind, name):
    payload = {**TABLE, **VALUE, "tex": "S", "id": name}
    with pytest.raises(PaperError, match="id "):
        collect(notebook((kind, payload)))


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        ([("figure", FIGURE), ("figure", FIGURE)], "two outputs of the notebook have the id"),
        ([("figure", {**FIGURE, "data": DATA + "2,0.8\n"})], "do not fit their hash"),
        ([("figure", {"id": "fig-x"})], "of the kind 'figure' lacks a field"),
        ([("value", {**VALUE, "value": [1]})], "of the kind 'value' lacks a field"),
        ([("chart", {})], "which this version does not read"),
        ([("prose", "text")], "which this version does not read"),
    ],
)
def test_an_output_that_cannot_be_read_is_refused(outputs, says):
    with pytest.raises(PaperError, match=says):
        collect(notebook(*outputs))
