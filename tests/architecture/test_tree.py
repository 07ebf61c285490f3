"""The tree stands alone and its map is true."""

import re
import subprocess
from pathlib import Path

import pytest

import rpcstats._vocabulary as vocabulary

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "rpcstats"
TOP_LEVEL = {
    "notebooks", "src", "data", "tests", "benchmarks", "environment.yml", "pyproject.toml",
    "constraints.txt", "Makefile", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE",
    ".ci", ".gitignore",
}  # fmt: skip
OUTSIDE = re.compile(r"/(?:work|root|home|opt|tmp)/\w|\.\./shared|pythonhosted|pypi\.org/simple")


def tracked():
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout: which files belong to the tree can't be asked")
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_top_level_holds_nothing_else():
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP_LEVEL


def test_no_file_points_outside_the_tree():
    this = Path(__file__)
    texts = {".py", ".md", ".toml", ".yml", ".txt", ".csv", ".ipynb", ".json", ".R", ".sh", ""}
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path != this
        and path.exists()
        and path.suffix in texts
        and OUTSIDE.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_architecture_names_every_module():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = dict(re.findall(r"^\| `([\w./]+)` \| (.+?) \|", text, flags=re.MULTILINE))
    listed = {
        f"{room}/{name}" for room, cell in rooms.items() for name in re.findall(r"`(\w+)`", cell)
    }
    there = {
        f"{path.parent.relative_to(SOURCE)}/{path.stem}"
        for path in SOURCE.rglob("*.py")
        if path.stem != "__init__" and path.parent != SOURCE
    }
    assert listed == there


def test_vocabulary_has_one_spelling_for_each_column():
    names = [
        value for key, value in vars(vocabulary).items() if key.isupper() and isinstance(value, str)
    ]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)
