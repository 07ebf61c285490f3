"""What pandoc leaves undone in a Word file: running heads, rows kept whole, the summary box."""

import zipfile
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final

from rpcstats.paper.assemble import Assembled
from rpcstats.paper.columns import LARGEST, type_size
from rpcstats.paper.heading import LANGUAGE, epoch, notices
from rpcstats.paper.word_reference import MUTED, WARNING, make, qualified

SUMMARY_START: Final = "RpcstatsSummaryStart"
SUMMARY_END: Final = "RpcstatsSummaryEnd"
# A table with more rows than this may run over the end of a page.
KEPT_ROWS: Final = 9
# Points between numbers that end at the right of their column and words that begin the next.
PARTED: Final = 5

# Arial is wider than the type of the PDF, and fits where that fits at this share of its size.
NARROWER: Final = 0.84
WORD_TYPE: Final = 9.0


def finish(made: bytes, paper: Assembled) -> bytes:
    """Finish the Word file that pandoc wrote.

    Parameters
    ----------
    made : bytes
        Pandoc's file.
    paper : Assembled
        The paper.

    Returns
    -------
    bytes
        The file, with the data cut for every time it holds.
    """
    import docx

    document = docx.Document(BytesIO(made))
    _box_summaries(document)
    _shape_tables(document, paper)
    _open_limits(document)
    _hold_formulas(document)
    _run_heads(document, paper)
    when = datetime.fromtimestamp(epoch(paper), UTC).replace(tzinfo=None)
    properties = document.core_properties
    properties.author, properties.language = "rpcstats", LANGUAGE
    properties.created = properties.modified = when
    saved = BytesIO()
    document.save(saved)
    return _pinned(saved.getvalue(), when)


def _pinned(made: bytes, when: datetime) -> bytes:
    pinned = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(made)) as source,
        zipfile.ZipFile(pinned, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, when.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return pinned.getvalue()


def _style_of(paragraph: Any) -> str:
    found = paragraph.find(f"{qualified('w:pPr')}/{qualified('w:pStyle')}")
    return "" if found is None else str(found.get(qualified("w:val")))


def _box_summaries(document: Any) -> None:
    inside: list[Any] | None = None
    for element in list(document.element.body):
        style = _style_of(element)
        if style in (SUMMARY_START, SUMMARY_END):
            if inside:
                _box(document, inside)
            inside = [] if style == SUMMARY_START else None
            document.element.body.remove(element)
        elif inside is not None and element.tag == qualified("w:p"):
            inside.append(element)


def _box(document: Any, elements: list[Any]) -> None:
    from docx.shared import Cm
    from docx.text.paragraph import Paragraph

    names = {"heading": "Summary Heading", "item": "Summary List", "text": "Summary"}
    for i, element in enumerate(elements):
        paragraph = Paragraph(element, document)
        last = i == len(elements) - 1
        listed = element.pPr is not None and element.pPr.numPr is not None
        heading = _style_of(element) == "SummaryHeading"
        kind = "heading" if heading else "item" if listed else "text"
        paragraph.style = names[kind] + (" End" if last and not heading else "")
        if kind == "item":
            paragraph.paragraph_format.left_indent = Cm(1.0)
            paragraph.paragraph_format.first_line_indent = Cm(-0.6)


def _shape_tables(document: Any, paper: Assembled) -> None:
    records = iter([e.record for e in paper.exhibits.values() if e.kind == "table"])
    for table in document.element.body.iter(qualified("w:tbl")):
        before = _last_paragraph(table.getprevious())
        captioned = before is not None and _style_of(before) == "TableCaption"
        record = next(records) if captioned else None
        size = LARGEST if record is None else type_size(record)
        rows = list(table.iter(qualified("w:tr")))
        noted = _style_of(table.getnext()) == "FigureNote" if record is not None else False
        for i, row in enumerate(rows):
            row.get_or_add_trPr().append(make("w:cantSplit"))
            # The last row stays with the note below the table.
            keep = len(rows) <= KEPT_ROWS or i in (0, len(rows) - 2, len(rows) - 1)
            keep = keep and (noted or i < len(rows) - 1)
            for paragraph in row.iter(qualified("w:p")):
                _shape_cell(paragraph, head=i == 0, keep=keep, size=size)
        if record is not None:
            _part_columns(rows, list(record["align"]))
            table.tblPr.append(make("w:tblCaption", val=str(record["title"])))


def _part_columns(rows: list[Any], align: list[str]) -> None:
    """Move words away from numbers that end just before them."""
    from docx.shared import Pt

    for row in rows:
        cells = list(row.iter(qualified("w:tc")))
        for cell, before, own in zip(cells[1:], align[:-1], align[1:], strict=True):
            if before == "right" != own:
                for paragraph in cell.iter(qualified("w:p")):
                    paragraph.get_or_add_pPr().ind_left = Pt(PARTED)


def _last_paragraph(element: Any) -> Any:
    while element is not None and element.tag != qualified("w:p"):
        element = element.getprevious()
    return element


def _shape_cell(paragraph: Any, *, head: bool, keep: bool, size: float) -> None:
    paragraph.get_or_add_pPr().style = "TableText"
    if keep:
        paragraph.pPr.keepNext_val = True
    for run in paragraph.iter(qualified("w:r")):
        if head:
            run.get_or_add_rPr().append(make("w:b"))
        if size < LARGEST:
            points = min(WORD_TYPE, size * NARROWER)
            run.get_or_add_rPr().append(make("w:sz", val=str(int(2 * points))))


def _open_limits(document: Any) -> None:
    for limits in document.element.body.iter(qualified("m:limLoc")):
        limits.set(qualified("m:val"), "undOvr")


def _hold_formulas(document: Any) -> None:
    for paragraph in document.element.body.iter(qualified("w:p")):
        before = paragraph.getprevious() if _style_of(paragraph) == "Equation" else None
        before = _last_paragraph(before)
        if before is not None:
            before.get_or_add_pPr().keepNext_val = True


def _run_heads(document: Any, paper: Assembled) -> None:
    section = document.sections[0]
    section.different_first_page_header_footer = True
    for footer in (section.footer, section.first_page_footer):
        footer.is_linked_to_previous = False
        _fill_footer(footer.paragraphs[0], paper.title)
    section.first_page_header.is_linked_to_previous = False
    section.header.is_linked_to_previous = False
    line = section.header.paragraphs[0]
    line.alignment = 2
    _dress(line.add_run(" · ".join(notices(paper))), WARNING)


def _dress(run: Any, colour: str) -> None:
    from docx.shared import Pt, RGBColor

    run.font.size, run.font.color.rgb = Pt(9), RGBColor.from_string(colour)


def _fill_footer(paragraph: Any, title: str) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Cm

    paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(16), WD_TAB_ALIGNMENT.RIGHT)
    paragraph.paragraph_format.right_indent = Cm(0)
    for text, field in ((f"{title}\tPage ", "PAGE"), (" of ", "NUMPAGES")):
        _dress(paragraph.add_run(text), MUTED)
        number = paragraph.add_run("1")
        _dress(number, MUTED)
        holder = make("w:fldSimple", instr=f" {field} ")
        number._r.addprevious(holder)
        holder.append(deepcopy(number._r))
        number._r.getparent().remove(number._r)
