"""`rpcstats audit` as an evaluator uses it."""

import json

import pytest
from typer.testing import CliRunner

from rpcstats.cli.app import app

DRAFT = "measure,value,numerator,denominator\nreferrals,123,,\ncompleted,36,,\n"


def run(*arguments):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)])


@pytest.fixture
def draft(tmp_path):
    path = tmp_path / "draft.csv"
    path.write_text(f"{DRAFT}goal progress,80%,,36\nretained,82%,28,34\n")
    return path


def test_an_impossible_figure_ends_with_1(draft):
    result = run(draft)
    assert result.exit_code == 1
    text = " ".join(result.output.split())
    assert "28 of 36 is 77.8%" in text
    assert "1 impossible" in text


def test_a_sound_draft_ends_with_0(tmp_path):
    path = tmp_path / "draft.csv"
    path.write_text(f"{DRAFT}retained,82%,28,34\n")
    assert run(path).exit_code == 0


def test_the_published_figures_end_with_0():
    assert run("data/published").exit_code == 0


def test_json_holds_everything(draft):
    parts = json.loads(run(draft, "--json").output)
    assert parts["glance"]["impossible"] == 1
    assert [row["verdict"] for row in parts["verdicts"]].count("impossible") == 1
    assert {"fact_id", "check", "message", "repair"} <= set(parts["findings"][0])
    assert parts["unread"] == []


def test_a_page_is_written(draft, tmp_path):
    page = tmp_path / "page.html"
    run(draft, "--html", page)
    text = page.read_text()
    assert "28 of 36 is 77.8%" in text
    assert "<script" not in text
    assert "http" not in text


def test_a_page_escapes_what_it_quotes(tmp_path):
    path, page = tmp_path / "draft.csv", tmp_path / "page.html"
    path.write_text("measure,value\n<b>bold</b>,80%\n")
    run(path, "--html", page)
    assert "<b>bold" not in page.read_text()


@pytest.mark.parametrize("name", ["page.txt", "absent/page.html"])
def test_a_page_that_cannot_be_written_is_called_wrongly(draft, tmp_path, name):
    result = run(draft, "--html", tmp_path / name)
    assert result.exit_code == 2
    assert "--html" in result.output


def test_faulty_rows_are_told_and_end_with_1(tmp_path):
    path = tmp_path / "draft.csv"
    path.write_text(f"{DRAFT}share,110%,,\n")
    result = run(path)
    assert result.exit_code == 1
    assert "no fact_id (row 4)" in result.output.split("Not read")[1]
    assert "2 figures" in result.output


def test_another_rounding_makes_the_figure_possible(draft):
    assert "0 impossible" in " ".join(run(draft, "--rounding", "floor").output.split())


def test_wrapped_lines_stay_under_their_text(draft):
    lines = [line for line in run(draft, "--all").output.splitlines() if line.strip()]
    start = next(i for i, line in enumerate(lines) if "grim" in line)
    column = lines[start].index("No count")
    assert lines[start + 1][:column].strip() == ""
    assert lines[start + 1][column] != " "
    assert all(len(line) <= 80 for line in lines)
