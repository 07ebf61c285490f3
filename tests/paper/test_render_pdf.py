import re
import shutil
import subprocess

import pytest

from rpcstats.errors import PaperError
from rpcstats.paper.render import render
from rpcstats.paper.render_pdf import quoted


@pytest.fixture(scope="module")
def pdf(finished, tmp_path_factory):
    return render(finished, tmp_path_factory.mktemp("pdf"), ["pdf"])["pdf"]


def test_the_file_is_tagged_and_says_it_is_accessible(pdf):
    made = pdf.read_bytes()
    assert re.search(rb"/MarkInfo\s*<<[^>]*/Marked true", made)
    assert b"/Lang(en-GB)" in made
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made
    assert b"/Outlines" in made


def test_title_and_time_come_from_the_paper(pdf):
    made = pdf.read_bytes()
    assert b"Who stays to the end?: Ashby, 1 October 2021 to 27 February 2024" in made
    assert b"D:20240227000000Z" in made


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="reads the pages with poppler")
def test_pages_print_text_literally_and_repeat_the_header(pdf, odd_text):
    done = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    text = " ".join(done.stdout.decode().split())
    assert f"A label {odd_text} here." in text
    assert text.count("Session " * 11) >= 2
    assert "Page 1 of" in text


def test_a_formula_without_words_stops_the_file(draft, tmp_path):
    paper = draft().markdown("# T\n\n## A\n\nAn empty formula $\\,$ here.").close()
    with pytest.raises(PaperError, match="typst could not write the PDF") as caught:
        render(paper.notebook(), tmp_path, ["pdf"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "literal"),
    [('a "b" \\ c', '"a \\"b\\" \\\\ c"'), ("line\nbreak\x07", '"line break "'), ("#x", '"#x"')],
)
def test_a_typst_string_holds_any_text(text, literal):
    assert quoted(text) == literal
