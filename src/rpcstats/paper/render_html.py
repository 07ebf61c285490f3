"""A paper as one web page that needs nothing but itself."""

import json
import re
from base64 import b64encode
from html import escape
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from rpcstats.paper.assemble import Assembled, Exhibit, place
from rpcstats.paper.columns import comfortable, heading
from rpcstats.paper.heading import byline, footnote, notices, pandoc_meta, withheld
from rpcstats.paper.pandoc import Node, div, para, plain_text, raw, run_pandoc, walk

TEMPLATE: Final = Path(__file__).parent / "templates" / "paper.html"
# The text column, in rem; and how much wider than the font of the papers a reader's may be.
COLUMN: Final = 45.5
FALLBACK_FONT: Final = 1.1
_SPOKEN: Final = re.compile(r"<!--(eq-[\w-]+)-->\s*<math ")
_UNSCOPED: Final = re.compile(r"<th(?=[ >])(?![^>]*\bscope=)")


def write_html(paper: Assembled, work: Path) -> bytes:
    """Write a paper as HTML.

    Parameters
    ----------
    paper : Assembled
        The paper.
    work : Path
        An empty folder; not needed here.

    Returns
    -------
    bytes
        One page in UTF-8, with no request to anywhere.

    Raises
    ------
    PaperError
        If pandoc fails.
    """

    def change(node: Node) -> Node | list[Node] | None:
        if (id := place(node)) is not None:
            return _show(paper.exhibits[id])
        if node["t"] == "Table":
            return _loose_table(node)
        return None

    meta = {**pandoc_meta(paper), **_head(paper)}
    tree = {
        "pandoc-api-version": paper.api,
        "meta": meta,
        "blocks": walk(paper.blocks, change),
    }
    made = run_pandoc(
        json.dumps(tree),
        "--from=json",
        "--to=html5",
        "--standalone",
        "--citeproc",
        "--mathml",
        "--section-divs",
        "--toc",
        "--toc-depth=2",
        "--wrap=none",
        "--eol=lf",
        f"--template={TEMPLATE}",
        folder=str(work),
    ).decode()
    return _finish(made, paper).encode()


def _head(paper: Assembled) -> dict[str, Any]:
    def text(words: str) -> Node:
        return {"t": "MetaString", "c": words}

    return {
        "pagetitle": text(paper.title),
        "title": text(paper.title),
        "subtitle": text(str(paper.meta["subtitle"])),
        "byline": text(byline(paper)),
        "notice": {"t": "MetaList", "c": [text(line) for line in notices(paper)]},
        "lead": {"t": "MetaBlocks", "c": paper.lead},
    }


def _finish(page: str, paper: Assembled) -> str:
    def say(match: re.Match[str]) -> str:
        words = str(paper.exhibits[match[1]].record["alt"])
        return f'<math alttext="{escape(words)}" '

    page = _SPOKEN.sub(say, page)
    return _UNSCOPED.sub('<th scope="col"', page)


def _show(exhibit: Exhibit) -> list[Node]:
    if exhibit.kind == "equation":
        return [_equation(exhibit)]
    if exhibit.kind == "table":
        return [raw("html", _table(exhibit))]
    return [raw("html", _figure(exhibit))]


def _figure(exhibit: Exhibit) -> str:
    record = exhibit.record
    id = str(record["id"])
    subtitle = f'\n<span class="subtitle">{escape(record["subtitle"])}</span>'
    caption = f'<span class="title">{exhibit.label}: {escape(record["title"])}</span>'
    if exhibit.svg is None:
        body = f'<p class="withheld">{escape(withheld(exhibit))}</p>'
    else:
        picture = b64encode(exhibit.svg.encode()).decode()
        body = (
            f'<div class="picture" role="region" aria-labelledby="{id}-caption" tabindex="0">'
            f'<img src="data:image/svg+xml;base64,{picture}" alt="{escape(record["alt"])}"'
            f"{_size(exhibit.svg)}></div>"
        )
    return (
        f'<figure id="{id}">\n<figcaption id="{id}-caption">{caption}'
        f"{subtitle if record['subtitle'] else ''}</figcaption>\n"
        f"{body}\n{_below(exhibit)}</figure>"
    )


def _size(svg: str) -> str:
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if box is None:
        return ""
    return f' width="{round(float(box[1]))}" height="{round(float(box[2]))}"'


def _table(exhibit: Exhibit) -> str:
    record = exhibit.record
    id, aligns = str(record["id"]), record["align"]
    width = FALLBACK_FONT * comfortable(record)
    head = "".join(
        f'<th scope="col"{_class(align)}>{escape(heading(text))}</th>'
        for text, align in zip(record["columns"], aligns, strict=True)
    )
    rows = "\n".join(f"<tr>{_cells(row, aligns)}</tr>" for row in record["rows"])
    return (
        f'<div class="exhibit" id="{id}">\n'
        f'<div class="scroll" role="region" aria-labelledby="{id}-caption" tabindex="0">\n'
        f'<table style="min-width: min({width:.1f}em, {COLUMN}rem)">\n<caption id="{id}-caption">'
        f"<span>{exhibit.label}: {escape(record['title'])}</span></caption>"
        f"\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>\n"
        f"{_below(exhibit)}</div>"
    )


def _cells(row: list[str], aligns: list[str]) -> str:
    made = []
    for i, (text, align) in enumerate(zip(row, aligns, strict=True)):
        names_row = i == 0 and align == "left"
        tag, scope = ("th", ' scope="row"') if names_row else ("td", "")
        made.append(f"<{tag}{scope}{_class(align)}>{escape(text)}</{tag}>")
    return "".join(made)


def _class(align: str) -> str:
    return ' class="number"' if align == "right" else ""


def _below(exhibit: Exhibit) -> str:
    record = exhibit.record
    lines = "".join(f"<p>{escape(line)}</p>\n" for line in footnote(exhibit))
    link = ""
    if record["status"] != "withheld":
        link = (
            f'<p class="data"><a download="{record["id"]}.csv" '
            f'href="data:text/csv;charset=utf-8,{quote(record["data"])}">'
            f"Download the data of {exhibit.label} (CSV)</a></p>\n"
        )
    return f'<div class="below">\n{lines}{link}</div>\n'


def _equation(exhibit: Exhibit) -> Node:
    id = str(exhibit.record["id"])
    formula = para(
        [
            raw("html", f"<!--{id}-->", inline=True),
            {"t": "Math", "c": [{"t": "DisplayMath"}, exhibit.record["tex"]]},
        ]
    )
    number = raw("html", f'<p class="number">({exhibit.number})</p>')
    return div([formula, number], id=id, classes=["equation"])


def _loose_table(node: Node) -> Node:
    name = plain_text(node["c"][1][1]) or "Table"
    return div(
        [node],
        classes=["scroll"],
        role="region",
        tabindex="0",
        **{"aria-label": name},
    )
