import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rpcstats.errors import PaperError, ParameterError, SchemaError
from rpcstats.paper import build
from rpcstats.paper.build import build_paper

NOTEBOOKS = Path(__file__).parent / "notebooks"
TOY = NOTEBOOKS / "toy.ipynb"
FAILING = NOTEBOOKS / "failing.ipynb"
HEADER = (
    "referral_id,person_id,family_id,programme,referred_on,source,preference,decision,"
    "sex,resident,send_child\n"
)
ROW = "r{0},p{0},f{0},arguing_better,2023-01-10,self,online,appropriate,female,resident,no\n"
COUNCIL = """
council: toytown
name: Toytown
programmes: [arguing_better]
period: {start: 2022-01-01, end: 2024-02-27}
data_cut: 2024-02-27
papers: {toy: {conf_level: 0.9}}
synthetic: {note: "Synthetic data: no row is a real person."}
"""


@pytest.fixture
def council(tmp_path):
    folder = tmp_path / "data" / "toytown"
    folder.mkdir(parents=True)
    (folder / "council.yml").write_text(COUNCIL)
    (folder / "referrals.csv").write_text(HEADER + "".join(map(ROW.format, range(41))))
    return folder


@pytest.fixture(autouse=True)
def rendered(monkeypatch):
    """Rendering has its own tests; here a page is one line."""

    def render(nb, folder, formats, on_step):
        for name in formats:
            on_step(name)
            (folder / f"paper.{name}").write_text(f"{len(nb.cells)} cells\n")

    monkeypatch.setattr(build, "_render", render)


@pytest.fixture
def no_kernel(monkeypatch):
    monkeypatch.setattr(build, "execute", lambda *_, **__: pytest.fail("a kernel was started"))


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_nothing_heavy_is_imported_before_a_paper_runs():
    code = "import sys, rpcstats.paper as p; p.build_paper, p.reproduce, p.read_parameters\n"
    code += "print({'papermill', 'nbformat', 'jupyter_client', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.notebook
def test_a_bundle_holds_the_paper_its_data_and_its_manifest(council, tmp_path):
    told = []
    made = build_paper(
        TOY, council=council, given={"seed": 3}, out=tmp_path / "build", on_step=told.append
    )
    assert made.folder == tmp_path / "build" / "toy" / "toytown"
    assert sorted(everything(made.folder)) == [
        *("data/fig-share.csv", "data/tbl-mode.csv", "data/values.csv", "figures/fig-share.svg"),
        *("ledger.json", "manifest.json", "paper.docx", "paper.html", "paper.ipynb", "paper.pdf"),
        "run.json",
    ]
    manifest = json.loads(made.path("manifest.json").read_text())
    assert manifest["parameters"] == {
        "council": "toytown",
        "policy": "council",
        "conf_level": 0.9,
        "seed": 3,
        "compare": ["mode"],
    }
    assert manifest["data"]["rows"] == {"referrals": 41}
    assert sorted(manifest["data"]["files"]) == ["council.yml", "referrals.csv"]
    assert manifest["items"]["share"]["text"] == "0.36"
    assert sorted(manifest["files"]) == sorted(
        set(everything(made.folder)) - {"manifest.json", "run.json"}
    )
    clocks = json.loads(made.path("run.json").read_text())
    assert set(clocks["seconds"]) == {"check", "run", "render", "write"}
    assert made.items[0] == "paper"
    assert told[0] == "checking the parameters and the data"
    assert "cell 6 of 9 What happened" in told
    assert list((tmp_path / "build" / "toy").iterdir()) == [made.folder]


@pytest.mark.notebook
def test_two_builds_are_byte_identical_but_for_the_clocks(council, tmp_path, monkeypatch):
    made = []
    for seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        place = shutil.copytree(council.parent, tmp_path / f"copy{seed}") / "toytown"
        bundle = build_paper(TOY, council=place, out=tmp_path / seed)
        made.append(everything(bundle.folder))
    assert made[0].pop("run.json") != b""
    made[1].pop("run.json")
    assert made[0] == made[1]
    assert not any(str(tmp_path).encode() in text for text in made[0].values())


@pytest.mark.notebook
def test_a_failed_run_leaves_the_paper_and_a_note_and_the_next_one_removes_it(council, tmp_path):
    out = tmp_path / "build"
    first = build_paper(TOY, council=council, out=out, formats=["html"])
    before = everything(first.folder)
    with pytest.raises(ParameterError):
        build_paper(TOY, council=council, given={"conf_level": 95}, out=out)
    after = everything(first.folder)
    note = after.pop("error.txt").decode()
    assert after == before
    assert note.startswith("1 fault in the parameters of 'toy'\n  - conf_level: write a number")
    second = build_paper(TOY, council=council, out=out, formats=["html"])
    assert "error.txt" not in everything(second.folder)


@pytest.mark.notebook
def test_a_failing_notebook_leaves_one_line_without_data(council, tmp_path):
    with pytest.raises(PaperError):
        build_paper(FAILING, council=council, given={"kind": "key"}, out=tmp_path)
    folder = tmp_path / "failing" / "toytown"
    assert {name: text.decode() for name, text in everything(folder).items()} == {
        "error.txt": "cell 4 (under 'The second part') failed: KeyError\n"
    }


@pytest.mark.notebook
def test_a_notebook_that_is_never_closed_is_no_paper(council, tmp_path):
    cells = json.loads(TOY.read_text())
    cells["cells"].pop()
    (tmp_path / "toy.ipynb").write_text(json.dumps(cells))
    with pytest.raises(PaperError, match=r"end it with out\.close"):
        build_paper(tmp_path / "toy.ipynb", council=council, out=tmp_path / "build")


@pytest.mark.notebook
def test_a_fault_of_the_renderer_shows_its_type(council, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "_render", lambda *_: {}["secret"])
    with pytest.raises(PaperError, match="render failed: KeyError"):
        build_paper(TOY, council=council, out=tmp_path)


@pytest.mark.usefixtures("no_kernel")
class TestBeforeAKernelStarts:
    def test_an_unknown_parameter_is_refused(self, council, tmp_path):
        with pytest.raises(ParameterError, match="did you mean 'conf_level'"):
            build_paper(TOY, council=council, given={"conf_leve": 0.9}, out=tmp_path)

    def test_a_wrong_type_is_refused(self, council, tmp_path):
        with pytest.raises(ParameterError, match=r"seed: write a whole number.*not '3'"):
            build_paper(TOY, council=council, given={"seed": "3"}, out=tmp_path)

    def test_a_wrong_value_of_the_council_file_is_refused(self, council, tmp_path):
        text = COUNCIL.replace("conf_level: 0.9", "conf_level: 90")
        (council / "council.yml").write_text(text)
        with pytest.raises(ParameterError, match=r"council\.yml, papers: toy: conf_level"):
            build_paper(TOY, council=council, out=tmp_path)

    def test_an_extract_with_faults_is_refused(self, council, tmp_path):
        (council / "referrals.csv").write_text(HEADER + ROW.format(1).replace("female", "Jane"))
        with pytest.raises(SchemaError) as caught:
            build_paper(TOY, council=council, out=tmp_path)
        note = (tmp_path / "toy" / "toytown" / "error.txt").read_text()
        assert note == f"{caught.value}\n"
        assert "Jane" not in note

    def test_a_place_that_cannot_be_written_is_refused(self, council, tmp_path):
        (tmp_path / "build").write_text("a file")
        with pytest.raises(PaperError, match="choose another output folder"):
            build_paper(TOY, council=council, out=tmp_path / "build")

    def test_an_unknown_paper_council_or_format_is_refused(self, council, tmp_path):
        with pytest.raises(ParameterError, match="unknown paper"):
            build_paper("no_such_paper", council=council, out=tmp_path)
        with pytest.raises(ParameterError, match="unknown council"):
            build_paper(TOY, council="no_such_council", out=tmp_path)
        with pytest.raises(ParameterError, match="unknown format 'odt'"):
            build_paper(TOY, council=council, out=tmp_path, formats=["odt"])
        assert not (tmp_path / "toy").exists()

    def test_the_source_is_never_overwritten(self, council, tmp_path):
        place = tmp_path / "paper" / "toytown" / "paper.ipynb"
        place.parent.mkdir(parents=True)
        shutil.copy(TOY, place)
        with pytest.raises(PaperError, match="the output folder holds the notebook"):
            build_paper(place, council=council, out=tmp_path)
        assert place.read_bytes() == TOY.read_bytes()

    def test_a_paper_about_no_council_takes_none(self, council, tmp_path):
        cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "n: int = 1"}
        (tmp_path / "free.ipynb").write_text(json.dumps({"cells": [cell]}))
        with pytest.raises(ParameterError, match="'free' is not about one council"):
            build_paper(tmp_path / "free.ipynb", council=council, out=tmp_path)


def test_an_interrupt_leaves_nothing(council, tmp_path, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "execute", interrupted)
    with pytest.raises(KeyboardInterrupt):
        build_paper(TOY, council=council, out=tmp_path / "build")
    assert not list((tmp_path / "build" / "toy").iterdir())


@pytest.mark.notebook
def test_the_council_of_the_notebook_is_the_default(council, monkeypatch):
    root = council.parents[1]
    (root / "data" / "councils").mkdir()
    shutil.move(council, root / "data" / "councils" / "toytown")
    monkeypatch.chdir(root)
    made = build_paper(TOY, out="build", formats=[])
    assert made.council == "toytown"
    assert made.folder == root / "build" / "toy" / "toytown"


@pytest.mark.notebook
def test_a_paper_about_no_council_names_the_published_figures(tmp_path, monkeypatch):
    nb = json.loads((NOTEBOOKS / "probe.ipynb").read_text())
    nb["cells"][1]["source"] = "wait: float = 0.0\n"
    nb["cells"][4]["source"] = [
        line.replace("council", "wait") for line in nb["cells"][4]["source"]
    ]
    (tmp_path / "free.ipynb").write_text(json.dumps(nb))
    (tmp_path / "data" / "published").mkdir(parents=True)
    (tmp_path / "data" / "published" / "facts.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    made = build_paper(tmp_path / "free.ipynb", out="build", formats=[])
    assert made.folder == tmp_path / "build" / "free" / "all"
    manifest = json.loads(made.path("manifest.json").read_text())
    assert manifest["council"] is None
    assert list(manifest["data"]["files"]) == ["facts.csv"]
