import json
import subprocess
from importlib import metadata

import pytest

from rpcstats.errors import ReproductionError
from rpcstats.paper import manifest as manifests
from rpcstats.paper.items import Item

SOUND = {
    "schema": manifests.SCHEMA,
    "paper": "toy",
    "council": None,
    "parameters": {},
    "formats": [],
    "data": {"files": {}, "rows": {}},
    "notebook": {"name": "toy.ipynb", "sha256": "0"},
    "environment": {},
    "items": {},
    "files": {},
}


def test_a_figure_is_described_by_its_data():
    entry = manifests.item_entry(
        Item("figure", "fig-a", "A", data='a,"b, c"\n1,2\n3,4\n', sha256="s")
    )
    assert entry == {
        "kind": "figure",
        "title": "A",
        "sha256": "s",
        "columns": ["a", "b, c"],
        "rows": 2,
        "tolerance": manifests.FRAME_TOLERANCE,
    }


def test_a_withheld_value_keeps_its_place():
    entry = manifests.item_entry(Item("value", "n", "", text="withheld"))
    assert entry == {"kind": "value", "text": "withheld", "value": None, "tolerance": None}


def test_of_a_real_extract_only_one_hash_is_told():
    files = {"areas.csv": "aa", "referrals.csv": "bb"}
    entry = manifests.data_entry(files, {"referrals": 137}, is_public=False)
    assert list(entry["files"]) == ["extract"]
    assert entry["rows"] == {}
    other = manifests.data_entry(files | {"areas.csv": "ac"}, {}, is_public=False)
    assert entry["files"] != other["files"]


def test_synthetic_records_are_counted_file_by_file():
    entry = manifests.data_entry({"a.csv": "0"}, {"referrals": 137}, is_public=True)
    assert entry == {"files": {"a.csv": "0"}, "rows": {"referrals": 137}}


def test_hashes_leave_out_the_manifest_the_clocks_and_the_error(tmp_path):
    for name in ("manifest.json", "run.json", "error.txt", "paper.html", "data/x.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("abc")
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert manifests.hash_files(tmp_path) == {"data/x.csv": abc, "paper.html": abc}


def test_the_environment_names_the_versions_of_the_requirements():
    seen = manifests.environment()
    assert seen["version"] == metadata.version("rpcstats")
    assert {"numpy", "papermill", "typst", "font-source-sans-pro"} <= set(seen["packages"])
    assert "pytest" not in seen["packages"]
    assert all(seen["packages"].values())


def _answers(monkeypatch, answers):
    def run(command, **_):
        code, text = answers[command[1]]
        return subprocess.CompletedProcess(command, code, stdout=text, stderr="")

    monkeypatch.setattr(manifests.subprocess, "run", run)
    manifests._commit.cache_clear()
    found = manifests._commit()
    manifests._commit.cache_clear()
    return found


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"ls-files": (0, "x"), "rev-parse": (0, "abc\n"), "status": (0, "")}, ("abc", False)),
        ({"ls-files": (0, "x"), "rev-parse": (0, "abc\n"), "status": (0, " M x")}, ("abc", True)),
        ({"ls-files": (1, "")}, (None, None)),
        ({"ls-files": (0, "x"), "rev-parse": (128, "HEAD"), "status": (0, "")}, (None, None)),
    ],
)
def test_the_commit_is_that_of_this_package_or_none(monkeypatch, answers, found):
    assert _answers(monkeypatch, answers) == found


def test_git_need_not_be_there(monkeypatch):
    def run(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(manifests.subprocess, "run", run)
    manifests._commit.cache_clear()
    assert manifests._commit() == (None, None)
    manifests._commit.cache_clear()


def test_a_sound_manifest_is_read(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps(SOUND))
    assert manifests.read_manifest(tmp_path) == SOUND


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "rpcstats-manifest/9"},
        {"items": []},
        {"parameters": None},
        {"notebook": {}},
        {"files": {"../secret": "0"}},
        {"files": {"/etc/passwd": "0"}},
        {"items": {"../x": {}}},
        {"items": {"x": 1}},
        {"data": {}},
        {"paper": "/elsewhere/other.ipynb"},
    ],
)
def test_an_unsound_manifest_is_refused(tmp_path, change):
    (tmp_path / "manifest.json").write_text(json.dumps({**SOUND, **change}))
    with pytest.raises(ReproductionError, match="make the paper again"):
        manifests.read_manifest(tmp_path)


def test_a_manifest_that_is_not_there_or_no_json_is_said(tmp_path):
    with pytest.raises(ReproductionError, match="name the folder of a paper"):
        manifests.read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ReproductionError, match="can't be read"):
        manifests.read_manifest(tmp_path)
