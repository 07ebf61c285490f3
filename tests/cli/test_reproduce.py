"""The retention paper, made once by the command line and run again."""

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rpcstats.cli import app

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="session")
def made_once(synthetic, tmp_path_factory):
    """A council and its paper; also what the command said."""
    place = tmp_path_factory.mktemp("made")
    council = place / "northmere"
    council.mkdir()
    for name, content in synthetic.items():
        (council / name).write_bytes(content)
    arguments = ["--council", str(council), "--to", str(place / "build"), "--format", "html"]
    made = CliRunner().invoke(app, ["paper", "retention", *arguments, "--set", "tau=5"])
    assert made.exit_code == 0, made.stderr
    return place, made


@pytest.fixture
def place(made_once, tmp_path):
    return shutil.copytree(made_once[0], tmp_path / "copy")


def bundle(place: Path) -> Path:
    return place / "build" / "retention" / "northmere"


def again(rpcstats, place: Path):
    return rpcstats("reproduce", bundle(place), "--council", place / "northmere")


def test_the_paper_is_where_it_is_said_to_be(made_once):
    place, made = made_once
    first, *files = made.stdout.splitlines()
    told, folder = first.split(" outputs in ")
    assert int(told) > 0
    assert Path(folder).resolve() == bundle(place)
    assert [Path(line.strip()).resolve() for line in files] == [bundle(place) / "paper.html"]
    assert made.stderr.splitlines()[:2] == [
        "checking the parameters and the data",
        "starting the kernel",
    ]
    assert [path.name for path in bundle(place).parent.iterdir()] == ["northmere"]
    manifest = json.loads((bundle(place) / "manifest.json").read_text())
    assert (manifest["parameters"]["tau"], manifest["formats"]) == (5, ["html"])
    assert not (bundle(place) / "error.txt").exists()


def test_a_fresh_paper_reproduces(rpcstats, place, files_of):
    before = files_of(place)
    answer = again(rpcstats, place)
    assert answer.code == 0, answer.out
    first, *_, last = answer.out.splitlines()
    found = re.fullmatch(r"retention, \w+: (\d+) of (\d+) items reproduced", first)
    assert found[1] == found[2] != "0"
    assert last == "Everything reproduced."
    assert files_of(place) == before


def test_a_dropped_row_is_seen(rpcstats, place):
    path = place / "northmere" / "scores.csv"  # nothing in this paper rests on it
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    answer = again(rpcstats, place)
    assert answer.code == 1
    assert "  altered: data scores.csv (does not fit the manifest)" in answer.out.splitlines()
    assert re.search(r"  differs: records scores \(\d+ then, \d+ now\)", answer.out)
    assert answer.out.splitlines()[-1] == "Not everything reproduced: see above."
    assert "Traceback" not in answer.text


def test_edited_numbers_are_seen(rpcstats, place):
    path = bundle(place) / "data" / "fig-funnel.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    number = re.search(r"\b\d+\b", rows[-1])
    rows[-1] = rows[-1][: number.start()] + "999" + rows[-1][number.end() :]
    path.write_text(head + "".join(rows), encoding="utf-8")
    manifest = json.loads((bundle(place) / "manifest.json").read_text())
    name = next(key for key, item in manifest["items"].items() if item.get("value") is not None)
    manifest["items"][name]["value"] += 1
    (bundle(place) / "manifest.json").write_text(json.dumps(manifest))

    answer = again(rpcstats, place)
    assert answer.code == 1
    told = answer.out.splitlines()
    assert "  altered: file data/fig-funnel.csv (does not fit the manifest)" in told
    assert any(line.startswith(f"  differs: value {name} (") for line in told), answer.out
    assert told[-1] == "Not everything reproduced: see above."


def test_a_council_without_published_figures_gets_its_paper(rpcstats, council):
    council.describe(council="northmere", name="Northmere", gss_code="null")
    answer = rpcstats("paper", "retention", "--council", "northmere", "--format", "html")
    assert answer.code == 0, answer.err
    page = (Path("build") / "retention" / "northmere" / "paper.html").read_text(encoding="utf-8")
    assert "No figure of these programmes" in page
