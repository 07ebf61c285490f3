"""The three descriptions of the environment say one thing."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
DESIGN_CARD = {"statsmodels", "scipy", "seaborn", "pandas", "papermill", "nbval", "jupyterlab"}


def all_requirements():
    extras = PROJECT["optional-dependencies"].values()
    texts = [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]
    return [r for r in map(Requirement, texts) if canonicalize_name(r.name) != "rpcstats"]


def pinned():
    found = {}
    for line in CONSTRAINTS:
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    return found


def test_conda_path_is_the_pip_path():
    pip_lines = next(d["pip"] for d in ENVIRONMENT["dependencies"] if isinstance(d, dict))
    assert pip_lines == ["-c constraints.txt", "-e .[lab]"]
    assert "lab" in PROJECT["optional-dependencies"]


def test_conda_python_is_one_the_project_takes():
    (python,) = [d for d in ENVIRONMENT["dependencies"] if str(d).startswith("python=")]
    version = python.removeprefix("python=")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(version)


def test_every_dependency_is_pinned_within_its_bounds():
    pins = pinned()
    for requirement in all_requirements():
        versions = pins[canonicalize_name(requirement.name)]
        for pin in versions:
            (specifier,) = pin.specifier
            assert requirement.specifier.contains(specifier.version), requirement.name


def test_constraints_name_no_address():
    text = "\n".join(CONSTRAINTS)
    assert not re.search(r"://|@|--", text)


def test_design_card_is_in_the_dependencies():
    names = {canonicalize_name(r.name) for r in all_requirements()}
    assert names >= DESIGN_CARD
