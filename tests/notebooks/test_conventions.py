"""A notebook is a paper: no logic, no outputs, typed parameters, sections in order."""

import ast
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CELL_LINES = 12
ALLOWED = (
    ast.Module, ast.Expr, ast.Assign, ast.AnnAssign, ast.Call, ast.keyword, ast.Name,
    ast.Attribute, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Load, ast.Store,
    ast.Import, ast.ImportFrom, ast.alias,
)  # fmt: skip
LAST_SECTIONS = ["Limits", "Methods", "Data and definitions"]


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def each_code_cell():
    return [
        pytest.param(cell, id=f"{path.stem}-{cell['id']}")
        for path in NOTEBOOKS
        for cell in code_cells(path)
    ]


def test_there_is_a_paper():
    assert NOTEBOOKS


@pytest.mark.parametrize("cell", each_code_cell())
def test_cell_holds_no_logic(cell):
    tree = ast.parse(cell.source)
    assert not [type(node).__name__ for node in ast.walk(tree) if not isinstance(node, ALLOWED)]
    prose = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and "\n" in str(n.value)]
    prose_lines = sum(str(n.value).count("\n") for n in prose)
    assert len(cell.source.splitlines()) - prose_lines <= CELL_LINES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_is_committed_without_outputs(path):
    for cell in code_cells(path):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert len({cell["id"] for cell in read(path).cells}) == len(read(path).cells)
    assert set(read(path).metadata) <= {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_parameters_cell_is_typed_and_explained(path):
    (cell,) = [c for c in code_cells(path) if "parameters" in c.metadata.get("tags", [])]
    for statement in ast.parse(cell.source).body:
        assert isinstance(statement, ast.AnnAssign)
    assert all("  # " in line for line in cell.source.splitlines())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_paper_opens_closes_and_ends_in_order(path):
    source = "\n".join(cell.source for cell in code_cells(path))
    assert source.count("paper.open(") == 1
    assert source.count("out.close()") == 1
    headings = [
        line.removeprefix("## ").split(" {")[0]
        for cell in read(path).cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ") and not line.startswith("## Annex")
    ]
    assert headings[-len(LAST_SECTIONS) :] == LAST_SECTIONS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_no_number_is_typed_in_prose(path):
    for cell in code_cells(path):
        for call in (n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Call)):
            if getattr(call.func, "attr", "") == "say":
                texts = [n.value for n in ast.walk(call.args[0]) if isinstance(n, ast.Constant)]
                words = [word.strip("().,;:%") for text in texts for word in text.split()]
                assert not [word for word in words if word.isdigit()]
