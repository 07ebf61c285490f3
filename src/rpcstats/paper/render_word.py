"""A paper as a Word file with real headings, captions, formulas and tables."""

import json
from html import escape
from pathlib import Path
from typing import Any

from rpcstats.paper.assemble import Assembled, Exhibit, place
from rpcstats.paper.columns import heading, shares
from rpcstats.paper.heading import byline, epoch, footnote, notices, pandoc_meta, withheld
from rpcstats.paper.pandoc import Blocks, Inlines, Node, div, para, raw, run_pandoc, walk, words
from rpcstats.paper.word_finish import SUMMARY_END, SUMMARY_START, finish
from rpcstats.paper.word_reference import reference_document

_ALIGN = {"left": "AlignLeft", "right": "AlignRight"}


def write_word(paper: Assembled, work: Path) -> bytes:
    """Write a paper as .docx.

    Parameters
    ----------
    paper : Assembled
        The paper.
    work : Path
        An empty folder for pictures and the reference document.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    PaperError
        If pandoc fails.
    """
    for id, exhibit in paper.exhibits.items():
        if exhibit.png is not None:
            (work / f"{id}.png").write_bytes(exhibit.png)
    (work / "reference.docx").write_bytes(reference_document())

    def change(node: Node) -> Node | list[Node] | None:
        if (id := place(node)) is not None:
            return _show(paper.exhibits[id])
        return _restyle(node)

    body = walk([*_top(paper), *paper.blocks], change)
    tree = {"pandoc-api-version": paper.api, "meta": _meta(paper), "blocks": body}
    run_pandoc(
        json.dumps(tree),
        "--from=json",
        "--to=docx",
        "--citeproc",
        "--reference-doc=reference.docx",
        "--output=paper.docx",
        folder=str(work),
        epoch=epoch(paper),
    )
    return finish((work / "paper.docx").read_bytes(), paper)


def _meta(paper: Assembled) -> dict[str, object]:
    named = {"title": paper.title, "subtitle": str(paper.meta["subtitle"])}
    texts = {key: {"t": "MetaInlines", "c": words(text)} for key, text in named.items() if text}
    return {**pandoc_meta(paper), **texts}


def _top(paper: Assembled) -> Blocks:
    made = [div([para(words(byline(paper)))], style="Byline")]
    made += [div([para(words(line))], style="Notice") for line in notices(paper)]
    return made + ([div(paper.lead, style="Lead")] if paper.lead else [])


def _restyle(node: Node) -> Node | list[Node] | None:
    content: Any = node.get("c")
    if node["t"] == "Header":
        return {"t": "Header", "c": [content[0] - 1, *content[1:]]}
    if node["t"] == "Div" and "summary" in content[0][1]:
        return [_marker(SUMMARY_START), *map(_summary_block, content[1]), _marker(SUMMARY_END)]
    return None


def _summary_block(block: Node) -> Node:
    if block["t"] == "Header":
        attributes, inlines = block["c"][1:]
        return div([para(inlines)], id=attributes[0], style="Summary Heading")
    return block


def _marker(style: str) -> Node:
    return raw("openxml", f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr></w:p>')


def _show(exhibit: Exhibit) -> list[Node]:
    if exhibit.kind == "equation":
        return [_equation(exhibit)]
    return _figure(exhibit) if exhibit.kind == "figure" else _table(exhibit)


def _caption(exhibit: Exhibit, style: str) -> Node:
    name, title = exhibit.label.split()[0], escape(exhibit.record["title"])
    field = (
        f'<w:r><w:t xml:space="preserve">{name} </w:t></w:r>'
        f'<w:fldSimple w:instr=" SEQ {name} \\* ARABIC "><w:r><w:t>{exhibit.number}</w:t></w:r>'
        f'</w:fldSimple><w:r><w:t xml:space="preserve">: {title}</w:t></w:r>'
    )
    return div([para([raw("openxml", field, inline=True)])], id=exhibit.record["id"], style=style)


def _below(exhibit: Exhibit) -> Blocks:
    lines = footnote(exhibit)
    return [div([para(words(" ".join(lines)))], style="Figure Note")] if lines else []


def _figure(exhibit: Exhibit) -> list[Node]:
    record = exhibit.record
    made = [_caption(exhibit, "Image Caption")]
    if record["subtitle"]:
        made.append(div([para(words(record["subtitle"]))], style="Figure Subtitle"))
    if exhibit.png is None:
        made.append(div([para(words(withheld(exhibit)))], style="Withheld"))
    else:
        picture = {
            "t": "Image",
            "c": [
                ["", [], [["width", "16cm"]]],
                words(record["alt"]),
                [f"{record['id']}.png", ""],
            ],
        }
        made.append(div([para([picture])], style="Captioned Figure"))
    return made + _below(exhibit)


def _table(exhibit: Exhibit) -> list[Node]:
    record = exhibit.record
    aligns = record["align"]
    specs = [
        [{"t": _ALIGN[align]}, {"t": "ColWidth", "c": share}]
        for align, share in zip(aligns, shares(record), strict=True)
    ]
    none: list[object] = ["", [], []]
    table = {
        "t": "Table",
        "c": [
            none,
            [None, []],
            specs,
            [none, [_row([heading(text) for text in record["columns"]])]],
            [[none, 0, [], [_row(row) for row in record["rows"]]]],
            [none, []],
        ],
    }
    return [_caption(exhibit, "Table Caption"), table, *_below(exhibit)]


def _row(texts: list[str]) -> list[object]:
    def cell(text: str) -> list[object]:
        content = [div([para(words(text))], style="Table Text")]
        return [["", [], []], {"t": "AlignDefault"}, 1, 1, content]

    return [["", [], []], [cell(text) for text in texts]]


def _equation(exhibit: Exhibit) -> Node:
    tab = raw("openxml", "<w:r><w:tab/></w:r>", inline=True)
    formula = {"t": "Math", "c": [{"t": "InlineMath"}, exhibit.record["tex"]]}
    line: Inlines = [tab, formula, tab, *words(f"({exhibit.number})")]
    return div([para(line)], id=exhibit.record["id"], style="Equation")
