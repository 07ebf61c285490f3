import pytest

from rpcstats.paper.assemble import Exhibit
from rpcstats.paper.columns import WHOLE_ROWS
from rpcstats.paper.pandoc import div, para, words
from rpcstats.paper.render_pdf import write_pdf
from rpcstats.paper.settle import LONG_ITEM, loosened, spots, with_spots


def exhibit(kind, rows=3):
    table = {"columns": ["A"], "align": ["left"], "rows": [["a"]] * rows}
    record = table if kind == "table" else {}
    return Exhibit(kind, 1, record, svg="<svg/>" if kind == "figure" else None)


EXHIBITS = {
    "fig-a": exhibit("figure"),
    "fig-b": exhibit("figure"),
    "tbl-a": exhibit("table"),
    "tbl-b": exhibit("table"),
    "tbl-long": exhibit("table", WHOLE_ROWS + 1),
    "eq-a": exhibit("equation"),
}
TEXT = para(words("Some text."))


def heading(level=2):
    return {"t": "Header", "c": [level, ["", [], []], words("Heading")]}


def shown(id):
    return div([], classes=["rpcstats-output"], output=id)


def found(*blocks):
    return spots(list(blocks), EXHIBITS)


def test_a_figure_floats_only_where_text_can_fill_the_page():
    assert set(found(heading(), shown("fig-a"), TEXT)) == {"fig-a"}
    assert found(heading(), shown("fig-a"), heading()) == {}
    assert found(heading(), shown("fig-a")) == {}


def test_the_headings_above_are_counted_and_begin_a_section():
    spot = found(TEXT, heading(2), heading(3), shown("fig-a"), TEXT)["fig-a"]
    assert (spot.first, spot.section) == (1, True)
    lower = found(TEXT, heading(3), shown("fig-a"), TEXT)["fig-a"]
    assert (lower.first, lower.section) == (1, False)
    assert 0 < lower.under < spot.under


def test_a_run_of_one_kind_keeps_its_order():
    made = found(heading(), shown("tbl-a"), shown("tbl-b"), TEXT)
    assert [made[id].behind for id in ("tbl-a", "tbl-b")] == ["", "tbl-a"]
    assert found(heading(), shown("tbl-a"), shown("tbl-b"), heading()) == {}


def test_the_other_kind_may_fill_the_page_where_no_heading_is_left_alone():
    assert set(found(TEXT, shown("fig-a"), shown("tbl-a"), heading())) == {"fig-a"}
    assert found(heading(), shown("fig-a"), shown("tbl-a"), heading()) == {}


@pytest.mark.parametrize("id", ["tbl-long", "eq-a"])
def test_what_may_break_or_is_no_exhibit_stands_in_line(id):
    assert found(TEXT, shown(id), TEXT) == {}


def test_marks_stand_before_the_headings_and_formulas_hold_to_their_sentence():
    blocks = [heading(), shown("fig-a"), TEXT, shown("eq-a")]
    made = with_spots(blocks, found(*blocks))
    assert made[0]["c"] == ["typst", '#spot("fig-a", flush: true)']
    assert [node["c"][1] for node in (made[3], made[5])] == ["#block(sticky: true)[", "]"]
    assert [node for node in made if node["t"] != "RawBlock"] == blocks


def test_only_a_list_of_sentences_is_loosened():
    def bullets(text):
        return {"t": "BulletList", "c": [[{"t": "Plain", "c": words(text)}]]}

    assert loosened(bullets("short")) is None
    made = loosened(bullets("long " * LONG_ITEM))
    assert made["c"][0][0]["t"] == "Para"


def test_the_pdf_takes_a_float_that_follows_its_heading(draft, tmp_path):
    from rpcstats.paper.assemble import assemble

    paper = draft().markdown("# T\n\n## A\n\n" + "Many words here. " * 320 + "\n\n## B")
    paper = paper.table("tbl-a").markdown("After the table. " * 60).close()
    assert write_pdf(assemble(paper.notebook()), tmp_path).startswith(b"%PDF")
