import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest

from rpcstats.errors import PaperError
from rpcstats.paper.render import render


class Page(HTMLParser):
    """Collects the tags of a page with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(finished, tmp_path_factory):
    folder = tmp_path_factory.mktemp("html")
    return Page(render(finished, folder, ["html"])["html"].read_text("utf-8"))


def test_every_format_is_written_and_told(finished, tmp_path):
    steps = []
    files = render(finished, tmp_path / "new", on_step=steps.append)
    assert steps == ["html", "pdf", "docx"]
    assert {name: path.name for name, path in files.items()} == {
        "html": "paper.html",
        "pdf": "paper.pdf",
        "docx": "paper.docx",
    }


def test_an_unknown_format_is_refused(finished, tmp_path):
    with pytest.raises(PaperError, match="choose from html, pdf, docx"):
        render(finished, tmp_path, ["odt"])


def test_a_file_renders_as_the_notebook_does(finished, tmp_path):
    nbformat.write(finished, tmp_path / "paper.ipynb")
    read = render(tmp_path / "paper.ipynb", tmp_path / "a", ["html"])["html"].read_bytes()
    assert read == render(finished, tmp_path / "b", ["html"])["html"].read_bytes()


def test_the_bytes_depend_on_the_notebook_alone(finished, tmp_path):
    nbformat.write(finished, tmp_path / "paper.ipynb")
    code = "import sys; from rpcstats.paper.render import render; render(sys.argv[1], sys.argv[2])"
    for seed, folder in (("1", "one"), ("2", "a/longer/way")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": f"UTC-{seed}"}
        arguments = [sys.executable, "-c", code, tmp_path / "paper.ipynb", tmp_path / folder]
        subprocess.run(arguments, check=True, env=environment)
    for name in ("paper.html", "paper.pdf", "paper.docx"):
        first, second = (tmp_path / folder / name for folder in ("one", "a/longer/way"))
        assert first.read_bytes() == second.read_bytes(), name


def test_the_page_asks_nothing_of_the_network(page):
    for tag, attrs in page.tags:
        for name in ("src", "srcset", "data", "poster", "action"):
            assert attrs.get(name, "data:").startswith("data:"), (tag, name)
    assert not page.all("script") + page.all("link") + page.all("iframe")
    assert all(
        attrs["href"].startswith(("#", "data:text/csv", "https://doi.org/"))
        for attrs in page.all("a")
    )


def test_the_page_has_one_first_heading_and_landmarks(page):
    assert len(page.all("h1")) == 1
    assert page.all("html")[0]["lang"] == "en-GB"
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in page.tags}
    assert page.all("a")[0] == {"class": "skip", "href": "#main"}
    assert "Synthetic data: no row is a real person." in page.text
    assert "Produced with rpcstats 0.1.0 · Data to 27 February 2024" in page.text


def test_headings_never_skip_a_level(page):
    levels = [int(tag[1]) for tag, _ in page.tags if tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_link_inside_the_page_leads_somewhere(page):
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"][1:] for attrs in page.all("a") if attrs["href"].startswith("#")}
    assert targets <= set(ids)


def test_pictures_and_formulas_have_words(page, odd_text):
    assert [attrs["alt"] for attrs in page.all("img")] == [f"A falling line. {odd_text}"]
    shown = [attrs for attrs in page.all("math") if attrs["display"] == "block"]
    assert [attrs["alttext"] for attrs in shown] == ["S hat is a <product> over times."]


def test_tables_have_captions_scopes_and_a_region_one_can_scroll(page):
    scopes = {attrs.get("scope") for attrs in page.all("th")}
    assert scopes == {"row", "col"}
    assert len(page.all("caption")) == 2
    regions = [attrs for attrs in page.all("div") if attrs.get("class") == "scroll"]
    assert len(regions) == 3
    assert all(attrs["tabindex"] == "0" and attrs["role"] == "region" for attrs in regions)


def test_a_wide_table_is_scrolled_before_it_is_squeezed(page):
    widths = [
        float(re.search(r"min\(([\d.]+)em, ", attrs["style"])[1])
        for attrs in page.all("table")
        if "style" in attrs
    ]
    assert len(widths) == 2
    assert widths[1] > widths[0] > 0


def test_the_data_of_each_exhibit_can_be_saved(page):
    links = {attrs["download"]: attrs["href"] for attrs in page.all("a") if "download" in attrs}
    assert list(links) == ["fig-one.csv", "tbl-one.csv", "tbl-wide.csv"]
    assert links["fig-one.csv"].endswith("time%2Cestimate%0A0%2C1%0A1%2C0.9%0A")


def test_odd_text_prints_literally_everywhere(page, odd_text):
    cell = " ".join(odd_text.split())
    assert f"A label {cell} here." in page.text
    assert f"{odd_text}withheld" in page.text


def test_what_disclosure_took_out_is_said(page):
    assert "Disclosure control: 1 count below 5 is withheld." in page.text
    assert "Disclosure control as for Table\u00a01." in page.text
    assert "Figure 2 is not shown: its numbers are too small to publish safely." in page.text


def test_a_watermark_stands_in_the_head_of_the_page(draft, tmp_path):
    paper = draft(watermark="NOT FOR RELEASE", synthetic=None).markdown("# T\n\n## A").close()
    made = Page(render(paper.notebook(), tmp_path, ["html"])["html"].read_text("utf-8"))
    assert [attrs.get("class") for attrs in made.all("p")].count("notice") == 1
    assert "NOT FOR RELEASE" in made.text


def test_a_reason_of_pandoc_is_one_line(finished, tmp_path, monkeypatch):
    from rpcstats.paper import render_html

    monkeypatch.setattr(render_html, "TEMPLATE", Path("nowhere.html"))
    with pytest.raises(PaperError, match="pandoc could not write the paper") as caught:
        render(finished, tmp_path, ["html"])
    assert "\n" not in str(caught.value)


def test_importing_the_room_fetches_nothing_heavy():
    code = "import rpcstats.paper, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    heavy = {"papermill", "matplotlib", "pypandoc", "typst", "docx", "pandas", "nbformat"}
    assert not heavy & set(done.stdout.split())
