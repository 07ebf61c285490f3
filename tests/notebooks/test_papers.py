"""The papers as a council gets them: complete, the same twice, and true to the extract."""

import json
import os
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.notebook
CLOCKS = "run.json"


def build(council, folder, seed):
    command = [sys.executable, "-m", "rpcstats", "paper", "retention"]
    done = subprocess.run(
        [*command, "--council", council, "--to", str(folder)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "retention" / council


@pytest.fixture(scope="module", params=["northumberland", "hertfordshire"])
def paper(request, tmp_path_factory):
    return build(request.param, tmp_path_factory.mktemp(request.param), "0")


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != CLOCKS
    }


def test_every_format_is_there(paper):
    assert (paper / "paper.pdf").read_bytes().startswith(b"%PDF-")
    assert (paper / "paper.docx").read_bytes().startswith(b"PK")
    assert "</html>" in (paper / "paper.html").read_text(encoding="utf-8")


def test_the_page_asks_for_nothing_from_the_network(paper):
    page = (paper / "paper.html").read_text(encoding="utf-8")
    assert not re.findall(r'(?:src|srcset|action)="(?!data:)[^"#]', page)
    assert not re.findall(r'<link[^>]+href="(?!data:)', page)
    assert not re.findall(r"url\((?!['\"]?data:)", page)


def test_synthetic_data_are_called_so(paper):
    page = (paper / "paper.html").read_text(encoding="utf-8")
    assert "Synthetic data: no row is a real person." in page.split("</header>")[0]


def test_every_item_is_in_the_manifest_and_the_ledger(paper):
    manifest = json.loads((paper / "manifest.json").read_text(encoding="utf-8"))
    ledger = json.loads((paper / "ledger.json").read_text(encoding="utf-8"))
    shown = {name for name in manifest["items"] if name.startswith(("fig-", "tbl-"))}
    assert {"fig-funnel", "fig-curve", "tbl-published", "tbl-tests"} <= shown
    entries = ledger if isinstance(ledger, list) else ledger["ledger"]
    assert shown <= {entry["output"] for entry in entries}
    for name in shown:
        assert (paper / "data" / f"{name}.csv").exists()


def test_no_small_count_is_in_the_bundle(paper):
    import pandas as pd

    for name in ("fig-funnel", "tbl-groups", "fig-curve"):
        frame = pd.read_csv(paper / "data" / f"{name}.csv")
        counts = [c for c in ("n", "base", "n_obs", "n_event", "n_risk") if c in frame]
        released = frame[counts].to_numpy(dtype=float).ravel()
        assert not ((released > 0) & (released < 5)).any(), name


def test_two_runs_are_the_same_byte_for_byte(paper, tmp_path):
    again = build(paper.name, tmp_path, "12345")
    assert contents(again) == contents(paper)
