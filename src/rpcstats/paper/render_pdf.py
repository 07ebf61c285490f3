"""A paper as a tagged PDF that typst holds to the rules of PDF/UA-1."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from rpcstats.errors import PaperError
from rpcstats.paper.assemble import Assembled, Exhibit, place
from rpcstats.paper.columns import heading, is_whole, shares, type_size
from rpcstats.paper.heading import (
    byline,
    data_cut,
    epoch,
    footnote,
    notices,
    pandoc_meta,
    withheld,
)
from rpcstats.paper.pandoc import Node, raw, run_pandoc, walk
from rpcstats.paper.settle import Spot, loosened, spots, with_spots
from rpcstats.paper.speech import spoken

TEMPLATE: Final = Path(__file__).parent / "templates" / "paper.typ"
_BODY: Final = "// body"
# Typst would turn these into dashes, an ellipsis, curly quotes or a space.
_SHORTHAND: Final = re.compile(r"--|\.\.\.|['\"~]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


def write_pdf(paper: Assembled, work: Path) -> bytes:
    """Write a paper as PDF/UA-1.

    Parameters
    ----------
    paper : Assembled
        The paper.
    work : Path
        An empty folder for pictures and typst's source.

    Returns
    -------
    bytes
        The PDF.

    Raises
    ------
    PaperError
        If pandoc or typst fails.
    """
    for id, exhibit in paper.exhibits.items():
        if exhibit.svg is not None:
            (work / f"{id}.svg").write_text(exhibit.svg, encoding="utf-8")
    (work / "template.typ").write_bytes(TEMPLATE.read_bytes())
    source = work / "paper.typ"
    source.write_text(_document(paper, work), encoding="utf-8")
    return _compile(source, epoch(paper))


def _compile(source: Path, timestamp: int) -> bytes:
    import font_source_sans_pro
    import typst

    fonts = Path(font_source_sans_pro.__file__).parent / "files"
    try:
        made = typst.compile(
            source,
            root=source.parent,
            font_paths=[fonts],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards="ua-1",
            timestamp=timestamp,
        )
    except typst.TypstError as error:
        raise PaperError(f"typst could not write the PDF: {error.message}") from error
    return bytes(made)


def _document(paper: Assembled, work: Path) -> str:
    lead, body = _typst(paper, work).split(_BODY, 1)
    cut = data_cut(paper)
    day = f"datetime(year: {cut.year}, month: {cut.month}, day: {cut.day})" if cut else "none"
    head = ",\n  ".join(
        (
            f"title: {quoted(paper.title)}",
            f"subtitle: {quoted(str(paper.meta['subtitle']))}",
            f"byline: {quoted(byline(paper))}",
            f"notices: {_array(map(quoted, notices(paper)))}",
            f"day: {day}",
            f"lead: [{lead.strip()}]",
        )
    )
    return f'#import "template.typ": *\n#show: paper.with(\n  {head},\n)\n\n{body}'


def _typst(paper: Assembled, work: Path) -> str:
    settings = spots(paper.blocks, paper.exhibits)

    def change(node: Node) -> Node | list[Node] | None:
        if (id := place(node)) is not None:
            return _show(paper.exhibits[id], settings.get(id))
        return _restyle(node)

    body = with_spots(paper.blocks, settings)
    tree = {
        "pandoc-api-version": paper.api,
        "meta": pandoc_meta(paper),
        "blocks": walk([*paper.lead, raw("typst", _BODY), *body], change),
    }
    options = ("--from=json", "--to=typst", "--citeproc", "--wrap=none", "--eol=lf")
    return run_pandoc(json.dumps(tree), *options, folder=str(work)).decode()


def _restyle(node: Node) -> Node | list[Node] | None:
    content: Any = node.get("c")
    if node["t"] == "Header":
        return {"t": "Header", "c": [content[0] - 1, *content[1:]]}
    if node["t"] == "Str" and _SHORTHAND.search(content):
        return raw("typst", f"#{quoted(content)};", inline=True)
    if node["t"] == "Math":
        words = quoted(spoken(content[1]))
        before = raw("typst", f"#[#set math.equation(alt: {words});", inline=True)
        return [before, node, raw("typst", "]", inline=True)]
    if node["t"] in ("BulletList", "OrderedList"):
        return loosened(node)
    if node["t"] == "Div" and "summary" in content[0][1]:
        return [raw("typst", "#summary["), node, raw("typst", "]")]
    return None


def _show(exhibit: Exhibit, spot: Spot | None) -> list[Node]:
    if exhibit.kind == "equation":
        return _equation(exhibit)
    make = _figure if exhibit.kind == "figure" else _table
    settled: dict[str, str] = {}
    if spot is not None:
        settled = {"floats": "true", "under": f"{spot.under}pt", "behind": quoted(spot.behind)}
    return [raw("typst", make(exhibit, settled))]


def _figure(exhibit: Exhibit, settled: Mapping[str, str]) -> str:
    record = exhibit.record
    if exhibit.svg is None:
        picture = quoted(withheld(exhibit))
        function = "figure-withheld"
    else:
        picture = f'image("{record["id"]}.svg", width: 100%, alt: {quoted(record["alt"])})'
        function = "figure-shown"
    return _call(
        function,
        id=quoted(str(record["id"])),
        **settled,
        title=quoted(f"{exhibit.label}: {record['title']}"),
        subtitle=quoted(record["subtitle"]),
        below=_array(map(quoted, footnote(exhibit))),
        picture=picture,
    )


def _table(exhibit: Exhibit, settled: Mapping[str, str]) -> str:
    record = exhibit.record
    return _call(
        "table-shown",
        id=quoted(str(record["id"])),
        **settled,
        title=quoted(f"{exhibit.label}: {record['title']}"),
        below=_array(map(quoted, footnote(exhibit))),
        whole=str(is_whole(record)).lower(),
        size=f"{type_size(record)}pt",
        columns=_array(f"{share:.4f}fr" for share in shares(record)),
        align=_array(record["align"]),
        head=_array(quoted(heading(text)) for text in record["columns"]),
        rows=_array(_array(map(quoted, row)) for row in record["rows"]),
    )


def _equation(exhibit: Exhibit) -> list[Node]:
    words = quoted(exhibit.record["alt"])
    formula = {"t": "Math", "c": [{"t": "DisplayMath"}, exhibit.record["tex"]]}
    return [
        raw("typst", f"#equation({exhibit.number})[#set math.equation(alt: {words});"),
        {"t": "Plain", "c": [formula]},
        raw("typst", f"] <{exhibit.record['id']}>"),
    ]


def quoted(text: str) -> str:
    """Write a text as a typst string.

    Parameters
    ----------
    text : str
        Any text; control characters become spaces.

    Returns
    -------
    str
        The literal, in which nothing is markup.
    """
    plain = _CONTROL.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _array(parts: Iterable[str]) -> str:
    return "(" + "".join(f"{part}, " for part in parts) + ")"


def _call(function: str, **arguments: str) -> str:
    inside = "".join(f"  {name}: {value},\n" for name, value in arguments.items())
    return f"#{function}(\n{inside})"
