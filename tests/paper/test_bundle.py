import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from rpcstats.errors import PaperError
from rpcstats.paper.bundle import recover, swap, workspace, write_error, write_items
from rpcstats.paper.items import Item

HOLDER = """
import sys
from pathlib import Path
from rpcstats.paper.bundle import workspace

with workspace(Path(sys.argv[1])) as work:
    (work / "half").write_text("x")
    print(work, flush=True)
    sys.stdin.read()
"""
CRASH = """
import os, sys
from pathlib import Path
from rpcstats.paper import bundle

target = Path(sys.argv[1])
rename = Path.rename
def crash(self, to):
    if Path(to) == target:
        os._exit(9)
    return rename(self, to)
Path.rename = crash
with bundle.workspace(target) as work:
    (work / "manifest.json").write_text("new")
    bundle.swap(work, target)
"""


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "paper" / "toytown"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("old")
    return folder


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_finished_folder_takes_the_place_of_the_old_one(target):
    (target / "error.txt").write_text("failed before")
    with workspace(target) as work:
        assert work.parent == target.parent
        assert work.name.startswith(".")
        (work / "manifest.json").write_text("new")
        swap(work, target)
    assert content(target) == {"manifest.json": "new"}
    assert list(target.parent.iterdir()) == [target]


def test_a_first_paper_is_put_in_place(tmp_path):
    target = tmp_path / "a" / "b" / "c"
    with workspace(target) as work:
        (work / "manifest.json").write_text("new")
        swap(work, target)
    assert content(target) == {"manifest.json": "new"}


def test_new_folders_have_ordinary_rights(tmp_path):
    expected = tmp_path / "plain"
    expected.mkdir()
    with workspace(tmp_path / "b") as work:
        assert work.stat().st_mode == expected.stat().st_mode


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_a_run_that_stops_leaves_the_old_paper_and_nothing_else(target, stop):
    with pytest.raises(stop), workspace(target) as work:  # noqa: PT012  # the body is what stops
        (work / "half").write_text("x")
        raise stop
    assert content(target) == {"manifest.json": "old"}
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("stop", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_a_failed_second_rename_brings_the_old_paper_back(target, monkeypatch, stop):
    rename = Path.rename

    def fail(self, to):
        if self.name.startswith(".toytown.new-"):
            raise stop
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", fail)
    expected = PaperError if isinstance(stop, OSError) else KeyboardInterrupt
    with pytest.raises(expected), workspace(target) as work:
        swap(work, target)
    assert content(target) == {"manifest.json": "old"}
    assert list(target.parent.iterdir()) == [target]


def test_a_crash_between_the_renames_is_mended_at_the_next_start(target):
    done = subprocess.run([sys.executable, "-c", CRASH, str(target)], check=False)
    assert done.returncode == 9
    assert not target.exists()
    left = sorted(path.name[:13] for path in target.parent.iterdir())
    assert left == [".toytown.new-", ".toytown.old-"]
    recover(target)
    assert content(target) == {"manifest.json": "old"}
    assert list(target.parent.iterdir()) == [target]


def test_a_crash_after_the_renames_leaves_the_new_paper(target):
    aside = target.parent / ".toytown.old-0000"
    aside.mkdir()
    recover(target)
    assert content(target) == {"manifest.json": "old"}
    assert not aside.exists()


def test_a_run_that_is_still_going_is_left_alone(target):
    command = [sys.executable, "-c", HOLDER, str(target)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        held = Path(other.stdout.readline().strip())
        with workspace(target) as work:
            (work / "manifest.json").write_text("mine")
            swap(work, target)
        assert content(held) == {"half": "x"}
        other.kill()
        other.wait()
    assert held.exists()
    recover(target)
    assert not held.exists()
    assert content(target) == {"manifest.json": "mine"}


def test_another_paper_beside_it_is_left_alone(target):
    neighbour = target.parent / ".toytownship.new-1234"
    neighbour.mkdir()
    recover(target)
    assert neighbour.exists()


def test_a_run_that_was_overtaken_still_puts_its_paper_in_place(target, monkeypatch):
    rename = Path.rename
    overtaken = []

    def race(self, to):
        if self.name.startswith(".toytown.new-") and not overtaken:
            overtaken.append(True)
            target.mkdir()
            (target / "manifest.json").write_text("the other's")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", race)
    with workspace(target) as work:
        (work / "manifest.json").write_text("mine")
        swap(work, target)
    assert overtaken
    assert content(target) == {"manifest.json": "mine"}
    assert list(target.parent.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_said_before_anything_runs(tmp_path):
    (tmp_path / "build").write_text("a file")
    with (
        pytest.raises(PaperError, match="choose another output folder"),
        workspace(tmp_path / "build" / "paper" / "toytown"),
    ):
        pytest.fail("it must not get here")


def test_a_file_in_place_of_the_bundle_is_not_overwritten(tmp_path):
    (tmp_path / "toytown").write_text("a file")
    with pytest.raises(PaperError, match="choose another"), workspace(tmp_path / "toytown"):
        pytest.fail("it must not get here")
    assert (tmp_path / "toytown").read_text() == "a file"


def test_a_folder_that_is_no_paper_is_not_replaced(tmp_path):
    (tmp_path / "toytown").mkdir()
    (tmp_path / "toytown" / "thesis.docx").write_text("mine")
    with pytest.raises(PaperError, match="is no paper"), workspace(tmp_path / "toytown"):
        pytest.fail("it must not get here")
    assert content(tmp_path / "toytown") == {"thesis.docx": "mine"}


def test_an_error_is_left_beside_the_paper(target):
    write_error(target, "1 fault\n  - tau: too large\n")
    assert content(target) == {
        "manifest.json": "old",
        "error.txt": "1 fault\n  - tau: too large\n",
    }


def test_items_are_written_to_their_files(tmp_path):
    svg = {"image/svg+xml": "<svg>é</svg>"}
    data = {"application/vnd.rpcstats.figure+json": {"id": "fig-a"}}
    close = {"application/vnd.rpcstats.close+json": {"ledger": [{"b": 1, "a": "é"}]}}
    new = nbformat.v4
    outputs = [new.new_output("display_data", data=data, metadata=svg)]
    outputs += [new.new_output("display_data", data=close)]
    nb = new.new_notebook(cells=[new.new_code_cell("", id="cell-01", outputs=outputs)])
    items = {
        "fig-a": Item("figure", "fig-a", "A", data="x\r\n1\n", sha256="0"),
        "n": Item("value", "n", "", value=1 / 3, text="a third, or so", tolerance=1e-6),
        "gone": Item("value", "gone", "", text="withheld"),
    }
    write_items(tmp_path, nb, items)
    assert (tmp_path / "data" / "fig-a.csv").read_bytes() == b"x\r\n1\n"
    assert (tmp_path / "data" / "values.csv").read_text() == (
        'id,value,text,tolerance\nn,0.3333333333,"a third, or so",1e-06\ngone,,withheld,\n'
    )
    assert (tmp_path / "figures" / "fig-a.svg").read_text(encoding="utf-8") == "<svg>é</svg>"
    assert json.loads((tmp_path / "ledger.json").read_text()) == {"ledger": [{"a": "é", "b": 1}]}
    assert nbformat.read(tmp_path / "paper.ipynb", 4).cells[0].id == "cell-01"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
