"""Pandoc as a library: run it without a trace of the machine, and build its document tree."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from rpcstats.errors import PaperError

Node = dict[str, Any]
Blocks = list[Node]
Inlines = list[Node]

# Raw HTML or TeX would reach one format and vanish from the others.
MARKDOWN: Final = (
    "markdown-raw_html-raw_tex-raw_attribute-latex_macros-native_divs-native_spans"
    "-markdown_in_html_blocks-yaml_metadata_block-pandoc_title_block-implicit_figures"
)


@cache
def _program() -> str:
    found = find_spec("pypandoc")
    name = "pandoc.exe" if os.name == "nt" else "pandoc"
    if found is not None and found.origin is not None:
        bundled = Path(found.origin).parent / "files" / name
        if bundled.is_file():
            return str(bundled)
    raise PaperError("pandoc is not installed: run 'pip install pypandoc-binary'")


def run_pandoc(
    source: str | bytes, *options: str, folder: str | None = None, epoch: int = 0
) -> bytes:
    """Run pandoc on a text.

    Parameters
    ----------
    source : str or bytes
        Standard input.
    *options : str
        Command-line options.
    folder : str, optional
        Working folder.
    epoch : int, default 0
        The time pandoc believes it is, in seconds since 1970.

    Returns
    -------
    bytes
        Standard output.

    Raises
    ------
    PaperError
        If pandoc fails, with its first line.
    """
    text = source.encode() if isinstance(source, str) else source
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    with tempfile.TemporaryDirectory(prefix="rpcstats-") as empty:
        done = subprocess.run(
            [_program(), f"--data-dir={empty}", *options],
            input=text,
            capture_output=True,
            check=False,
            cwd=folder,
            env=environment,
        )
    if done.returncode:
        raise PaperError(f"pandoc could not write the paper: {_first_line(done.stderr)}")
    return done.stdout


def _first_line(stderr: bytes) -> str:
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines()]
    return next((line for line in lines if line), "it gave no reason")


def parse_markdown(text: str) -> Node:
    """Read pandoc markdown into a document tree.

    Parameters
    ----------
    text : str
        The markdown.

    Returns
    -------
    dict
        Pandoc's document, with ``blocks`` and ``meta``.
    """
    tree: Node = json.loads(run_pandoc(text, f"--from={MARKDOWN}", "--to=json", "--sandbox"))
    return tree


def walk(node: Any, change: Callable[[Node], Node | list[Node] | None]) -> Any:
    """Rebuild a tree, deepest nodes first.

    Parameters
    ----------
    node : dict, list or scalar
        A node, a list of nodes, or anything inside one.
    change : callable
        Takes a node; returns its replacement, several, or None to keep it.

    Returns
    -------
    dict, list or scalar
        The rebuilt tree.
    """
    if isinstance(node, list):
        rebuilt: list[Any] = []
        for item in node:
            new = walk(item, change)
            if isinstance(new, list) and isinstance(item, dict):
                rebuilt.extend(new)
            else:
                rebuilt.append(new)
        return rebuilt
    if not isinstance(node, dict):
        return node
    inside = {key: walk(value, change) for key, value in node.items()}
    if "t" not in inside:
        return inside
    new_node = change(inside)
    return inside if new_node is None else new_node


def nodes(tree: Any, kind: str) -> Iterator[Node]:
    """Find every node of one type, in reading order.

    Parameters
    ----------
    tree : dict or list
        Where to look.
    kind : str
        Pandoc's name of the type.

    Yields
    ------
    dict
        The node.
    """
    if isinstance(tree, list):
        for item in tree:
            yield from nodes(item, kind)
    elif isinstance(tree, dict):
        if tree.get("t") == kind:
            yield tree
        for value in tree.values():
            yield from nodes(value, kind)


def plain_text(tree: Any) -> str:
    """Read the words of a tree.

    Parameters
    ----------
    tree : dict or list
        Inlines or blocks.

    Returns
    -------
    str
        Their text.
    """
    if isinstance(tree, list):
        return "".join(plain_text(item) for item in tree)
    if not isinstance(tree, dict):
        return ""
    kind, content = tree.get("t"), tree.get("c")
    if kind == "Str":
        return str(content)
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind in ("Math", "Code"):
        return str(content[1]) if content else ""
    if kind == "Quoted":
        return f"\u2018{plain_text(content)}\u2019"
    return plain_text(content)


def words(text: str) -> Inlines:
    """Turn plain text into inlines.

    Parameters
    ----------
    text : str
        Any text; nothing in it is markup.

    Returns
    -------
    list of dict
        Words and spaces.
    """
    made: Inlines = []
    for word in text.split(" "):
        if made:
            made.append({"t": "Space"})
        if word:
            made.append({"t": "Str", "c": word})
    return made


def para(inlines: Inlines) -> Node:
    """Make a paragraph.

    Parameters
    ----------
    inlines : list of dict
        Its content.

    Returns
    -------
    dict
        The node.
    """
    return {"t": "Para", "c": inlines}


def raw(form: str, text: str, *, inline: bool = False) -> Node:
    """Make a node that one output format takes as it is.

    Parameters
    ----------
    form : str
        ``html``, ``typst`` or ``openxml``.
    text : str
        The text, escaped already.
    inline : bool, default False
        Inside a paragraph, or between.

    Returns
    -------
    dict
        The node.
    """
    return {"t": "RawInline" if inline else "RawBlock", "c": [form, text]}


def div(
    blocks: Blocks, *, id: str = "", classes: Sequence[str] = (), style: str = "", **more: str
) -> Node:
    """Make a block that carries an id, classes or a style.

    Parameters
    ----------
    blocks : list of dict
        Its content.
    id : str, optional
        Where links lead.
    classes : sequence of str, optional
        Classes.
    style : str, optional
        Name of a Word style.
    **more : str
        Further attributes.

    Returns
    -------
    dict
        The node.
    """
    pairs = [[key, value] for key, value in more.items()]
    if style:
        pairs.append(["custom-style", style])
    return {"t": "Div", "c": [[id, list(classes), pairs], blocks]}
