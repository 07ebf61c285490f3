"""From an executed notebook to one document tree: numbered, cross-referenced, checked."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rpcstats.errors import PaperError, ParameterError
from rpcstats.paper.emit import KINDS, PNG, SVG, mime
from rpcstats.paper.pandoc import Blocks, Node, div, nodes, parse_markdown, plain_text, walk, words
from rpcstats.paper.prose import did_you_mean
from rpcstats.paper.references import check_keys

if TYPE_CHECKING:
    from nbformat import NotebookNode

_LABELS: Final = {"figure": "Figure", "table": "Table", "equation": "Equation"}
_PLACE: Final = "rpcstats-output"
_TARGET: Final = re.compile(r"(fig|tbl|eq)-[\w-]+")


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """A numbered figure, table or equation.

    Attributes
    ----------
    kind : str
        ``figure``, ``table`` or ``equation``.
    number : int
        Its number in the paper, from 1, within its kind.
    record : mapping
        What the notebook emitted.
    svg : str or None
        Vector picture of a figure.
    png : bytes or None
        Bitmap picture of a figure.
    news : tuple of str
        What disclosure control did that no exhibit before has told.
    like : str
        Label of the exhibit that told the rest; empty if none did.
    """

    kind: str
    number: int
    record: Mapping[str, Any]
    svg: str | None = None
    png: bytes | None = None
    news: tuple[str, ...] = ()
    like: str = ""

    @property
    def label(self) -> str:
        """Name and number, such as ``Figure 1``."""
        return f"{_LABELS[self.kind]} {self.number}"


@dataclass(frozen=True, slots=True, eq=False)
class Assembled:
    """A paper, ready for any format.

    Attributes
    ----------
    meta : mapping
        What ``paper.open`` emitted.
    api : list of int
        Version of pandoc's document type.
    title : str
        Title of the paper.
    lead : list of dict
        Pandoc blocks between the title and the first section.
    blocks : list of dict
        Pandoc blocks of the body; sections are headings of level 2 and below, and a `div` of
        its own stands where an exhibit goes.
    exhibits : mapping of str to Exhibit
        Figures, tables and equations by id, in order.
    cited : tuple of str
        Works that only the reference list names.
    """

    meta: Mapping[str, Any]
    api: list[int]
    title: str
    lead: Blocks
    blocks: Blocks
    exhibits: Mapping[str, Exhibit]
    cited: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    meta: Mapping[str, Any]
    markdown: str
    exhibits: Mapping[str, Exhibit]
    cited: tuple[str, ...]


def assemble(notebook: "NotebookNode") -> Assembled:
    """Put a paper together from an executed notebook.

    Parameters
    ----------
    notebook : NotebookNode
        The executed notebook. Its code is never shown.

    Returns
    -------
    Assembled
        The paper.

    Raises
    ------
    PaperError
        If the notebook did not run to its end, refers to nothing, cites an unknown work,
        skips a heading level, or holds a picture of its own.
    """
    read = _read(notebook)
    tree = parse_markdown(read.markdown)
    blocks: Blocks = tree["blocks"]
    _check_places(blocks, read.exhibits)
    if next(nodes(blocks, "Image"), None) is not None:
        raise PaperError(
            "a markdown cell holds a picture; show it with out.figure, so that it has data, "
            "a source and an alt text"
        )
    blocks = _resolve(blocks, read.exhibits)
    _check_citations(blocks)
    title, lead, body = _split_title(blocks, str(read.meta.get("title", "")))
    _check_levels(body)
    if read.cited or next(nodes([*lead, *body], "Cite"), None) is not None:
        body = _with_reference_list(body)
    api = tree["pandoc-api-version"]
    return Assembled(read.meta, api, title, lead, body, read.exhibits, read.cited)


def place(node: Node) -> str | None:
    """Return the id of the exhibit that belongs where a node stands.

    Parameters
    ----------
    node : dict
        A pandoc node.

    Returns
    -------
    str or None
        The id; None for any other node.
    """
    if node["t"] != "Div" or _PLACE not in node["c"][0][1]:
        return None
    return str(dict(node["c"][0][2])["output"])


def _read(notebook: "NotebookNode") -> _Read:
    papers: list[Mapping[str, Any]] = []
    chunks: list[str] = []
    exhibits: dict[str, Exhibit] = {}
    cited: list[str] = []
    closed = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            chunks.append(str(cell.source))
        for output in cell.get("outputs", []):
            kind, record = _ours(output)
            if kind == "paper":
                papers.append(record)
            elif kind == "prose":
                chunks.append(str(record["markdown"]))
            elif kind == "cite":
                cited.extend(record["keys"])
            elif kind in _LABELS:
                _add_exhibit(exhibits, kind, record, output)
                chunks.append(f'::: {{.{_PLACE} output="{record["id"]}"}}\n:::')
            closed = closed or kind == "close"
    if len(papers) != 1:
        raise PaperError(f"a paper calls paper.open once; this notebook did so {len(papers)} times")
    if not closed:
        raise PaperError("the notebook did not reach out.close(): run it to its end first")
    return _Read(papers[0], "\n\n".join(chunks), exhibits, tuple(dict.fromkeys(cited)))


def _ours(output: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    if output.get("output_type") == "error":
        raise PaperError(f"a cell of the notebook failed: {output.get('ename', 'an error')}")
    data = output.get("data", {})
    for kind in KINDS:
        if mime(kind) in data:
            return kind, data[mime(kind)]
    return "", {}


def _add_exhibit(
    exhibits: dict[str, Exhibit], kind: str, record: Mapping[str, Any], output: Mapping[str, Any]
) -> None:
    id = str(record["id"])
    if id in exhibits:
        raise PaperError(f"'{id}' is shown twice; give each output an id of its own")
    number = 1 + sum(exhibit.kind == kind for exhibit in exhibits.values())
    png = output["data"].get(PNG)
    svg = output.get("metadata", {}).get(SVG)
    told = {action: e.label for e in reversed(exhibits.values()) for action in e.news}
    actions = tuple(dict.fromkeys(record.get("actions", ())))
    exhibits[id] = Exhibit(
        kind,
        number,
        record,
        svg,
        b64decode(png) if png else None,
        news=tuple(action for action in actions if action not in told),
        like=next((told[action] for action in actions if action in told), ""),
    )


def _check_places(blocks: Blocks, exhibits: Mapping[str, Exhibit]) -> None:
    found = [id for node in nodes(blocks, "Div") if (id := place(node))]
    lost = [id for id in exhibits if id not in found]
    if lost:
        raise PaperError(f"{', '.join(lost)} fell inside a code block: close the ``` fence before")


def _resolve(blocks: Blocks, exhibits: Mapping[str, Exhibit]) -> Blocks:
    def change(node: Node) -> Node | list[Node] | None:
        if node["t"] != "Cite":
            return None
        cites = node["c"][0]
        targets = [_TARGET.fullmatch(cite["citationId"]) is not None for cite in cites]
        if not any(targets):
            return None
        if not all(targets):
            raise PaperError(
                f"{plain_text(node['c'][1])} mixes a work and a cross-reference; write two brackets"
            )
        return _links(cites, exhibits)

    resolved: Blocks = walk(blocks, change)
    return resolved


def _links(cites: list[Node], exhibits: Mapping[str, Exhibit]) -> list[Node]:
    made: list[Node] = []
    for cite in cites:
        id = cite["citationId"]
        if id not in exhibits:
            raise PaperError(f"@{id} refers to nothing; {did_you_mean(id, list(exhibits))}")
        if made:
            made += [{"t": "Str", "c": ","}, {"t": "Space"}]
        if cite["citationPrefix"]:
            made += [*cite["citationPrefix"], {"t": "Space"}]
        text = [{"t": "Str", "c": exhibits[id].label.replace(" ", "\u00a0")}]
        made.append({"t": "Link", "c": [["", ["xref"], []], text, [f"#{id}", ""]]})
        made += cite["citationSuffix"]
    return made


def _check_citations(blocks: Blocks) -> None:
    keys = [cite["citationId"] for node in nodes(blocks, "Cite") for cite in node["c"][0]]
    try:
        check_keys(keys)
    except ParameterError as error:
        raise PaperError(str(error)) from None


def _split_title(blocks: Blocks, title: str) -> tuple[str, Blocks, Blocks]:
    first = next(
        (i for i, node in enumerate(blocks) if node["t"] == "Header" and node["c"][0] == 1), None
    )
    if first is None:
        if not title:
            raise PaperError("the paper has no title: start its first markdown cell with '# '")
        return title, [], blocks
    rest = blocks[first + 1 :]
    stop = next((i for i, node in enumerate(rest) if node["t"] in ("Header", "Div")), len(rest))
    body = [*blocks[:first], *rest[stop:]]
    return title or plain_text(blocks[first]["c"][2]), rest[:stop], body


def _check_levels(body: Blocks) -> None:
    before = 1
    for node in nodes(body, "Header"):
        level, name = node["c"][0], plain_text(node["c"][2])
        if level == 1:
            raise PaperError(f"'# {name}' is a second title; write a section as '## {name}'")
        if level > before + 1:
            raise PaperError(f"the heading '{name}' skips a level; write it with {before + 1} #")
        before = level


def _with_reference_list(body: Blocks) -> Blocks:
    if any(node["c"][0][0] == "refs" for node in nodes(body, "Div")):
        return body
    last = body[-1] if body else {"t": ""}
    headed = last["t"] == "Header" and plain_text(last["c"][2]) == "References"
    heading = {"t": "Header", "c": [2, ["references", [], []], words("References")]}
    return [*body, *([] if headed else [heading]), div([], id="refs")]
