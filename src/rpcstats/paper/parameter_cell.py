"""Read a notebook's parameters cell without running it."""

import ast
import io
import json
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Any, Final

from rpcstats.errors import ParameterError
from rpcstats.paper.parameter_rules import TYPE_NAMES, VOCABULARY

TAG: Final = "parameters"
_HEADING: Final = re.compile(r"#\s+(.+?)\s*#*\s*$")
_EXAMPLE: Final = "write 'name: type = default  # help'"


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One declared parameter.

    Attributes
    ----------
    name : str
        Its name.
    type : str
        ``str``, ``int``, ``float``, ``bool``, ``list`` or ``dict``.
    default : object
        Its default, a literal.
    help : str
        The comment at the end of its line.
    """

    name: str
    type: str
    default: object
    help: str


def read_notebook_json(notebook: str | Path) -> dict[str, Any]:
    """Read a notebook file as plain JSON.

    Parameters
    ----------
    notebook : str or Path
        An ``.ipynb`` file.

    Returns
    -------
    dict
        The notebook, format 4, the source of each cell joined to one text.

    Raises
    ------
    ParameterError
        If the file is not a notebook.
    """
    path = Path(notebook)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        for cell in content["cells"]:
            cell["source"] = "".join(cell["source"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        hint = "open it in JupyterLab and save it again as .ipynb"
        raise ParameterError(f"{path.name} can't be read as a notebook", [hint]) from exc
    return dict(content)


def parameter_source(content: Mapping[str, Any], name: str) -> str:
    """Find the source of the one cell tagged ``parameters``.

    Parameters
    ----------
    content : mapping
        A notebook as JSON.
    name : str
        What to call the notebook in a message.

    Returns
    -------
    str
        The cell's source.

    Raises
    ------
    ParameterError
        If no cell, or more than one, has the tag.
    """
    tagged = [
        str(cell["source"])
        for cell in content["cells"]
        if cell.get("cell_type") == "code" and TAG in cell.get("metadata", {}).get("tags", ())
    ]
    if len(tagged) != 1:
        raise ParameterError(
            f"{name} has {len(tagged)} cells tagged '{TAG}'",
            [f"give the tag '{TAG}' to exactly one code cell"],
        )
    return tagged[0]


def parse_parameters(source: str, name: str) -> tuple[Parameter, ...]:
    """Read the declarations of a parameters cell.

    Parameters
    ----------
    source : str
        Source of the cell; it is parsed and never run.
    name : str
        What to call the notebook in a message.

    Returns
    -------
    tuple of Parameter
        In the order of the cell.

    Raises
    ------
    ParameterError
        With every line that is no declaration with a type and a literal default.
    """
    heading = f"the parameters cell of {name} can't be read"
    try:
        statements = ast.parse(source).body
        comments = _comments(source)
    except (SyntaxError, ValueError, tokenize.TokenError) as exc:
        where = getattr(exc, "lineno", None)
        raise ParameterError(heading, [f"line {where or 1}: not Python; {_EXAMPLE}"]) from exc
    found: dict[str, Parameter] = {}
    faults = []
    for statement in statements:
        read = _declaration(statement, comments)
        if isinstance(read, str):
            faults.append(f"line {statement.lineno}: {read}")
        elif read.name in found:
            faults.append(f"line {statement.lineno}: '{read.name}' is declared twice; drop one")
        else:
            found[read.name] = read
    if faults:
        raise ParameterError(heading, faults)
    return tuple(found.values())


def title_and_question(content: Mapping[str, Any], default: str) -> tuple[str, str]:
    """Find the title of a notebook and the paragraph below it.

    Parameters
    ----------
    content : mapping
        A notebook as JSON.
    default : str
        The title of a notebook without a heading.

    Returns
    -------
    tuple of str and str
        The first heading of the first level, and the first paragraph of text
        that follows it (the question), without marks of emphasis.
    """
    lines = [
        line.strip()
        for cell in content["cells"]
        if cell.get("cell_type") == "markdown"
        for line in str(cell["source"]).splitlines()
    ]
    for number, line in enumerate(lines):
        heading = _HEADING.match(line)
        if heading:
            below = list(dropwhile(lambda rest: not rest, lines[number + 1 :]))
            paragraph = takewhile(lambda rest: rest and not rest.startswith("#"), below)
            return _bare(heading[1]), " ".join(map(_bare, paragraph))
    return default, ""


def _bare(line: str) -> str:
    text = re.sub(r"^>\s*", "", line).replace("*", "").replace("`", "")
    return re.sub(r"^Question\s*[:.]\s*", "", text).strip()


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {
        token.start[0]: token.string.lstrip("#").strip()
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _declaration(statement: ast.stmt, comments: Mapping[int, str]) -> Parameter | str:
    """Read one statement: a parameter, or in words what is wrong with it."""
    if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
        return f"not a declaration; {_EXAMPLE}"
    name = statement.target.id
    type_name = statement.annotation.id if isinstance(statement.annotation, ast.Name) else "?"
    if type_name not in TYPE_NAMES:
        return f"the type of '{name}' must be one of {', '.join(TYPE_NAMES)}"
    if statement.value is None:
        return f"'{name}' has no default; {_EXAMPLE}"
    shared = VOCABULARY.get(name)
    if shared is not None and type_name not in shared.types:
        return f"'{name}' is of type {' or '.join(shared.types)} in every paper, not {type_name}"
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        return f"the default of '{name}' must be written out, not computed"
    return Parameter(name, type_name, default, comments.get(statement.end_lineno or 0, ""))
