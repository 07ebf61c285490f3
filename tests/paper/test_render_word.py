import docx
import pytest
from docx.oxml.ns import qn

from rpcstats.paper.render import render


@pytest.fixture(scope="module")
def document(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("docx")
    return docx.Document(str(render(finished, folder, ["docx"])["docx"]))


def text_of(element):
    return "".join(node.text for node in element.iter(qn("w:t")))


def styled(document, name):
    return [text_of(p._p) for p in document.paragraphs if p.style.name == name]


def test_title_headings_and_language(document):
    assert styled(document, "Title") == ["Who stays to the end?"]
    assert styled(document, "Heading 1") == [
        "Methods",
        "Results",
        "Data and definitions",
        "References",
    ]
    assert document.core_properties.language == "en-GB"
    assert document.core_properties.title == "Who stays to the end?"


def test_captions_stand_above_and_stay_with_what_they_name(document):
    assert styled(document, "Image Caption") == [
        "Figure 1: Most parents stay",
        "Figure 2: Most parents stay",
    ]
    assert styled(document, "Table Caption") == [
        "Table 1: Three in five started",
        "Table 2: Three in five started",
    ]
    for name in ("Image Caption", "Table Caption", "Figure Subtitle", "Captioned Figure"):
        assert document.styles[name].paragraph_format.keep_with_next


def test_the_picture_has_alt_text(document, odd_text):
    found = [node.get("descr") for node in document.element.body.iter(qn("wp:docPr"))]
    assert found == [" ".join(f"A falling line. {odd_text}".split())]


def test_header_rows_repeat_and_rows_stay_whole(document):
    assert len(document.tables) == 3
    for table in document.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)


def test_a_table_stays_with_the_note_below_it(document):
    for table in document.tables:
        after = table._tbl.getnext().find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        noted = after is not None and after.get(qn("w:val")) == "FigureNote"
        last = table.rows[-1].cells[0].paragraphs[0].paragraph_format.keep_with_next
        assert bool(last) == noted


def test_a_formula_stays_with_the_sentence_before_it(document):
    paragraphs = document.paragraphs
    places = [i for i, p in enumerate(paragraphs) if p.style.name == "Equation"]
    assert places
    assert all(paragraphs[i - 1].paragraph_format.keep_with_next for i in places)


def test_cells_print_literally(document, odd_text):
    assert document.tables[1].cell(2, 0).text == odd_text


def test_a_wide_table_is_set_smaller(document):
    (size,) = {
        run.font.size.pt
        for row in document.tables[2].rows
        for run in row.cells[0].paragraphs[0].runs
    }
    assert 6 <= size < 9


def test_the_summary_is_shaded_from_heading_to_end(document):
    assert styled(document, "Summary Heading") == ["Summary"]
    assert len(styled(document, "Summary")) == 1
    assert len(styled(document, "Summary List End")) == 1
    assert document.styles["Summary"].element.find(f".//{qn('w:shd')}") is not None


def test_the_foot_of_every_page_names_paper_and_page(document):
    section = document.sections[0]
    for footer in (section.footer, section.first_page_footer):
        text = "".join(footer._element.itertext())
        assert text.startswith("Who stays to the end?")
        fields = [
            node.get(qn("w:instr")).strip() for node in footer._element.iter(qn("w:fldSimple"))
        ]
        assert fields == ["PAGE", "NUMPAGES"]


def test_the_notice_stands_on_every_page(document):
    note = "Synthetic data: no row is a real person."
    assert styled(document, "Notice") == [note]
    assert document.sections[0].header.paragraphs[0].text == note


def test_words_stand_apart_from_numbers_before_them():
    from rpcstats.paper.word_finish import PARTED, _part_columns

    made = docx.Document()
    table = made.add_table(rows=2, cols=4)
    _part_columns([row._tr for row in table.rows], ["left", "right", "left", "right"])
    for row in table.rows:
        indents = [cell.paragraphs[0].paragraph_format.left_indent for cell in row.cells]
        assert indents[:2] == [None, None]
        assert indents[2].pt == PARTED
        assert indents[3] is None
