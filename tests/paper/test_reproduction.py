import json
import shutil
from pathlib import Path

import pytest

from rpcstats.errors import ReproductionError
from rpcstats.paper import build
from rpcstats.paper import manifest as manifests
from rpcstats.paper.build import build_paper
from rpcstats.paper.reproduction import reproduce

TOY = Path(__file__).parent / "notebooks" / "toy.ipynb"
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
synthetic: {note: "Synthetic data: no row is a real person."}
"""
ITEMS = 8  # paper, sentence, two values, equation, figure, table, ledger

pytestmark = pytest.mark.notebook


def render(nb, folder, formats, on_step):
    for name in formats:
        (folder / f"paper.{name}").write_text(f"{len(nb.cells)} cells, share 0.38\n")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """One paper, made once; every test tampers with a copy."""
    place = tmp_path_factory.mktemp("published")
    council = place / "toytown"
    council.mkdir()
    (council / "council.yml").write_text(COUNCIL)
    (council / "referrals.csv").write_text(HEADER + "".join(map(ROW.format, range(41))))
    shutil.copy(TOY, place / "toy.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "_render", render)
        build_paper(place / "toy.ipynb", council=council, out=place / "build", formats=["html"])
    return place


@pytest.fixture
def place(published, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "_render", render)
    return shutil.copytree(published, tmp_path / "copy")


def again(place: Path):
    return reproduce(
        place / "build" / "toy" / "toytown",
        council=place / "toytown",
        notebook=place / "toy.ipynb",
    )


def found(outcome) -> list[tuple[str, str, str]]:
    bad = outcome.rows[outcome.rows["result"] != "reproduced"]
    return [*zip(bad["kind"], bad["id"], bad["result"], strict=True)]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_untouched_paper_is_reproduced(place):
    outcome = again(place)
    assert outcome.ok
    assert list(outcome.rows.columns) == ["kind", "id", "result", "detail"]
    assert len(outcome.rows) == ITEMS
    assert set(outcome.rows["detail"]) == {"identical"}
    assert outcome.environment == ()
    assert outcome.summary() == f"toy, toytown: {ITEMS} of {ITEMS} items reproduced"


def test_a_dropped_row_is_found_though_rounding_hides_it(place):
    data = place / "toytown" / "referrals.csv"
    data.write_text("".join(data.read_text().splitlines(keepends=True)[:-1]))
    outcome = again(place)
    assert not outcome.ok
    assert found(outcome) == [
        ("data", "referrals.csv", "altered"),
        ("records", "referrals", "differs"),
    ]
    assert "41 then, 40 now" in outcome.summary()


def test_data_that_change_the_result_are_told_cell_by_cell(place):
    data = place / "toytown" / "referrals.csv"
    data.write_text("".join(data.read_text().splitlines(keepends=True)[:32]))
    details = again(place).rows.set_index("id")["detail"]
    assert details["fig-share"] == "row 1, estimate 0.38 -> 0.285"
    assert details["share"] == "printed: 0.38 -> 0.28"
    assert details["tbl-mode"] == "printed in line 2: Online | 40 -> Online | 30"
    assert details["eq-share"] == "identical"


def test_data_that_no_longer_fit_the_schema_are_told(place):
    edit(place / "toytown" / "referrals.csv", "arguing_better", "tea_party")
    outcome = again(place)
    assert found(outcome) == [("data", "referrals.csv", "altered"), ("run", "paper", "failed")]
    assert not outcome.ok
    assert "tea_party" not in outcome.summary()


def test_edited_entries_of_the_manifest_are_found(place):
    path = place / "build" / "toy" / "toytown" / "manifest.json"
    edit(path, '"value": 40', '"value": 45')
    edit(path, '"text": "0.38"', '"text": "0.39"')
    edit(path, '"title": "Most stay"', '"title": "All stay"')
    edit(path, '"referrals": 41', '"referrals": 42')
    assert found(again(place)) == [
        ("records", "referrals", "differs"),
        ("figure", "fig-share", "differs"),
        ("value", "n_referred", "differs"),
        ("value", "share", "differs"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('"seed": 1', '"seed": 2', {"paper.ipynb"}),
        ('"conf_level": 0.95', '"conf_level": 0.9', {"fig-share", "share"}),
    ],
)
def test_an_edited_parameter_of_the_manifest_is_found(place, old, new, names):
    edit(place / "build" / "toy" / "toytown" / "manifest.json", old, new)
    assert {name for _, name, _ in found(again(place))} == names


def test_an_edited_hash_in_the_manifest_is_found(place):
    path = place / "build" / "toy" / "toytown" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["items"]["fig-share"]["sha256"] = "0" * 64
    path.write_text(json.dumps(manifest))
    assert found(again(place)) == [("figure", "fig-share", "differs")]


def test_every_edited_file_is_found(place):
    folder = place / "build" / "toy" / "toytown"
    names = ["data/fig-share.csv", "data/values.csv", "paper.html", "paper.ipynb"]
    for name in names:
        edit(folder / name, "0.38", "0.83")
    edit(folder / "figures" / "fig-share.svg", "é", "e")
    edit(folder / "ledger.json", "released", "withheld")
    names += ["figures/fig-share.svg", "ledger.json"]
    assert found(again(place)) == [("file", name, "altered") for name in sorted(names)]


def test_a_rendered_paper_is_the_same_byte_for_byte(published, tmp_path):
    made = build_paper(published / "toy.ipynb", council=published / "toytown", out=tmp_path)
    outcome = reproduce(
        made.folder, council=published / "toytown", notebook=published / "toy.ipynb"
    )
    assert made.path("paper.pdf").read_bytes().startswith(b"%PDF")
    assert outcome.summary() == f"toy, toytown: {ITEMS} of {ITEMS} items reproduced"


def test_a_page_edited_together_with_its_hash_is_found(place):
    folder = place / "build" / "toy" / "toytown"
    edit(folder / "paper.html", "0.38", "0.83")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["paper.html"] = manifests.hash_file(folder / "paper.html")
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert found(again(place)) == [("file", "paper.html", "differs")]


def test_missing_and_extra_files_are_found(place):
    folder = place / "build" / "toy" / "toytown"
    (folder / "paper.html").unlink()
    (folder / "data" / "more.csv").write_text("a\n")
    (folder / "error.txt").write_text("the last run failed\n")
    assert found(again(place)) == [
        ("file", "data/more.csv", "extra"),
        ("file", "paper.html", "missing"),
    ]


def test_a_changed_notebook_is_found_with_missing_and_extra_items(place):
    edit(place / "toy.ipynb", "tbl-mode", "tbl-way")
    assert found(again(place)) == [
        ("notebook", "toy.ipynb", "altered"),
        ("table", "tbl-mode", "missing"),
        ("table", "tbl-way", "extra"),
    ]


def test_another_environment_is_listed_and_no_failure(place):
    path = place / "build" / "toy" / "toytown" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["environment"]["packages"]["numpy"] = "1.0"
    manifest["environment"]["platform"] = "Plan9 mips"
    path.write_text(json.dumps(manifest))
    outcome = again(place)
    assert outcome.ok
    assert any(line.startswith("numpy 1.0 -> ") for line in outcome.environment)
    assert any(line.startswith("platform Plan9 mips -> ") for line in outcome.environment)
    assert "not the same here:" in outcome.summary()


def test_a_notebook_or_council_that_is_gone_is_said(place):
    bundle = place / "build" / "toy" / "toytown"
    with pytest.raises(ReproductionError, match="say where it is with council= or notebook="):
        reproduce(bundle, notebook=place / "toy.ipynb")
    with pytest.raises(ReproductionError, match="unknown paper"):
        reproduce(bundle, council=place / "toytown")


def test_a_folder_that_is_no_bundle_is_said(place):
    with pytest.raises(ReproductionError, match="name the folder of a paper"):
        reproduce(place)


def test_the_bundle_itself_is_not_touched(place):
    bundle = place / "build"
    before = {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    again(place)
    assert {path: path.read_bytes() for path in bundle.rglob("*") if path.is_file()} == before


def test_rows_are_handed_out_as_copies(place):
    outcome = again(place)
    mine = outcome.rows
    mine["result"] = "differs"
    assert set(outcome.rows["result"]) == {"reproduced"}
