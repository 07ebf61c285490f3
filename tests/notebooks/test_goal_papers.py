"""The goal paper for each council: complete, protected, and the same twice."""

import json
import os
import subprocess
import sys

import pandas as pd
import pytest

pytestmark = pytest.mark.notebook
COUNCILS = ("hertfordshire", "northumberland_getting_on_better", "nottinghamshire")
CLOCKS = "run.json"


def build(council, folder, seed):
    command = [sys.executable, "-m", "rpcstats", "paper", "goal_progress", "--council", council]
    done = subprocess.run(
        [*command, "--to", str(folder)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "goal_progress" / council


@pytest.fixture(scope="module")
def papers(tmp_path_factory):
    return {c: build(c, tmp_path_factory.mktemp(c), "0") for c in COUNCILS}


@pytest.mark.parametrize("council", COUNCILS)
def test_every_format_is_there_and_says_that_data_are_synthetic(papers, council):
    paper = papers[council]
    assert (paper / "paper.pdf").read_bytes().startswith(b"%PDF-")
    assert (paper / "paper.docx").read_bytes().startswith(b"PK")
    page = (paper / "paper.html").read_text(encoding="utf-8")
    assert "Synthetic data: no row is a real person." in page.split("</header>")[0]


@pytest.mark.parametrize("council", COUNCILS)
def test_no_small_count_is_in_the_bundle(papers, council):
    for path in sorted((papers[council] / "data").glob("*.csv")):
        if path.stem in ("tbl-published", "tbl-documents", "tbl-plan"):
            continue
        frame = pd.read_csv(path)
        counts = [c for c in ("n", "base", "n_obs", "n_missing", "n_excluded") if c in frame]
        released = frame[counts].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
        assert not ((released > 0) & (released < 5)).any(), path.name


def test_a_council_that_rated_no_goals_is_told_so(papers):
    page = (papers["nottinghamshire"] / "paper.html").read_text(encoding="utf-8")
    assert "No parent on this programme rated a goal" in page
    items = json.loads((papers["nottinghamshire"] / "manifest.json").read_text("utf-8"))["items"]
    assert "fig-readings" not in items
    assert "fig-answers" in items


def test_the_main_figures_are_in_the_manifest(papers):
    manifest = json.loads((papers["hertfordshire"] / "manifest.json").read_text("utf-8"))
    wanted = {"fig-response", "fig-readings", "fig-course", "fig-change", "fig-tipping"}
    assert wanted <= set(manifest["items"])


def test_two_runs_are_the_same_byte_for_byte(papers, tmp_path):
    again = build("hertfordshire", tmp_path, "1")
    first = papers["hertfordshire"]
    names = sorted(p.relative_to(first) for p in first.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(again) for p in again.rglob("*") if p.is_file())
    for name in names:
        if name.name != CLOCKS:
            assert (first / name).read_bytes() == (again / name).read_bytes(), name
