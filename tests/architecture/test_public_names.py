"""The public names load, lazily, and are documented."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rpcstats

HEAVY = ("pandas", "numpy", "scipy", "matplotlib", "statsmodels", "formulaic", "papermill")
SOURCE = Path(rpcstats.__file__)


def type_checking_names():
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    (block,) = [n for n in tree.body if isinstance(n, ast.If)]
    return {
        alias.asname: statement.module.removeprefix("rpcstats").removeprefix(".")
        for statement in block.body
        for alias in statement.names
    }


@pytest.mark.parametrize("name", rpcstats.__all__)
def test_public_name_loads_and_is_documented(name):
    assert getattr(rpcstats, name).__doc__


def test_type_checkers_see_the_same_names():
    assert type_checking_names() == {**rpcstats._ROOM_OF, "paper": ""}


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_estimator"):
        rpcstats.no_such_estimator  # noqa: B018


@pytest.mark.parametrize("module", ["rpcstats", "rpcstats.cli"])
def test_import_is_light(module):
    code = f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
