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


@pytest.mark.parametrize(
    "paper",
    ["northumberland", pytest.param("hertfordshire", marks=pytest.mark.slow)],
    indirect=True,
)
def test_two_runs_are_the_same_byte_for_byte(paper, tmp_path):
    again = build(paper.name, tmp_path, "12345")
    assert contents(again) == contents(paper)


@pytest.fixture(scope="module")
def audited(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audited")
    command = [sys.executable, "-m", "rpcstats", "paper", "published_figures", "--to", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (paper,) = (folder / "published_figures").iterdir()
    return paper


def test_the_audit_of_published_figures_says_what_was_worked_out_by_hand(audited):
    page = re.sub(r"\s+", " ", (audited / "paper.html").read_text(encoding="utf-8"))
    for found in (
        "28 of 36 is 77.8% and 29 of 36 is 80.6%",
        "its first row reads 65% to 79%, its second 96% to 100%",
        "5 of 36 (13.9%; exact interval 4.7 to 29.5%)",
        "at least 92% if it was 36",
        "shows that one person did not get so far",
        "9 are unaccounted for",
    ):
        assert found in page, found
    assert (audited / "paper.pdf").read_bytes().startswith(b"%PDF-")
    assert (audited / "paper.docx").read_bytes().startswith(b"PK")


def test_every_table_of_the_audit_has_its_data(audited):
    manifest = json.loads((audited / "manifest.json").read_text(encoding="utf-8"))
    shown = {name for name in manifest["items"] if name.startswith(("fig-", "tbl-"))}
    assert {"fig-verdicts", "tbl-hertfordshire", "tbl-shares", "tbl-trial"} <= shown
    for name in shown:
        assert (audited / "data" / f"{name}.csv").exists()


def test_the_audit_reproduces(audited):
    command = [sys.executable, "-m", "rpcstats", "reproduce", str(audited)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything reproduced" in done.stdout
