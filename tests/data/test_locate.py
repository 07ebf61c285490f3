from pathlib import Path

import pytest

from rpcstats.data import locate
from rpcstats.data.locate import (
    find_council,
    find_notebook,
    find_published,
    list_councils,
    list_notebooks,
)
from rpcstats.errors import ParameterError


@pytest.fixture
def lonely(tmp_path, monkeypatch):
    """A working folder with an installed package whose share holds nothing yet."""
    work = tmp_path / "work" / "deep"
    work.mkdir(parents=True)
    package = tmp_path / "site-packages" / "rpcstats"
    package.mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setattr(locate, "_PACKAGE", package)
    return tmp_path


def add_council(root: Path, slug: str) -> Path:
    folder = root / "data" / "councils" / slug
    folder.mkdir(parents=True)
    (folder / "council.yml").write_text("council: x")
    return folder


def add_notebook(root: Path, name: str) -> Path:
    path = root / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    return path


def test_an_existing_path_comes_first(lonely):
    folder = add_council(lonely, "leeds")
    notebook = add_notebook(lonely, "retention")
    assert find_council(folder) == folder
    assert find_council(str(folder)) == folder
    assert find_notebook(notebook) == notebook


def test_the_working_folder_and_those_above_it(lonely):
    above = add_council(lonely / "work", "leeds")
    assert find_council("leeds") == above
    nearer = add_council(lonely / "work" / "deep", "leeds")
    assert find_council("leeds") == nearer
    assert find_notebook(add_notebook(lonely / "work", "retention").stem).is_file()
    assert find_notebook("retention.ipynb").name == "retention.ipynb"


def test_a_folder_of_the_same_name_without_a_council_file_is_passed_over(lonely):
    (Path.cwd() / "leeds").mkdir()
    wanted = add_council(lonely / "work", "leeds")
    assert find_council("leeds") == wanted


def test_the_source_tree(lonely, monkeypatch):
    tree = lonely / "tree"
    package = tree / "src" / "rpcstats"
    package.mkdir(parents=True)
    monkeypatch.setattr(locate, "_PACKAGE", package)
    wanted = add_council(tree, "leeds")
    (tree / "data" / "published").mkdir()
    assert find_council("leeds") == wanted
    assert find_published() == tree / "data" / "published"


def test_the_installed_share_comes_last(lonely):
    share = locate._PACKAGE / "_share"
    wanted = add_council(share, "leeds")
    assert find_council("leeds") == wanted
    assert find_council("leeds") != add_council(lonely / "work", "leeds")


def test_lists_are_sorted_and_joined(lonely):
    add_council(lonely / "work", "york")
    add_council(locate._PACKAGE / "_share", "bath")
    add_council(lonely / "work" / "deep", "york")
    add_notebook(lonely / "work", "retention")
    assert list_councils() == ["bath", "york"]
    assert list_notebooks() == ["retention"]


def test_an_unknown_name_is_told_with_the_known_ones(lonely):
    add_council(lonely / "work", "northumberland")
    add_council(lonely / "work", "york")
    add_notebook(lonely / "work", "retention")
    with pytest.raises(ParameterError) as caught:
        find_council("northumberlan")
    assert "did you mean northumberland?" in str(caught.value)
    assert "there are: northumberland, york" in str(caught.value)
    with pytest.raises(ParameterError, match=r"unknown paper(.|\n)*did you mean retention"):
        find_notebook("retentoin")


def test_nothing_to_find(lonely):
    with pytest.raises(ParameterError, match="no council was found: run from the folder"):
        find_council("leeds")
    with pytest.raises(ParameterError, match="no published figures"):
        find_published()


def test_a_folder_that_no_council_is_called_is_that_folder(lonely):
    folder = Path.cwd() / "our_extract"
    folder.mkdir()
    assert find_council("our_extract") == folder
