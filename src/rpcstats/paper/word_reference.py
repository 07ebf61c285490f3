"""The styles of the Word file: pandoc's own reference document, restyled."""

from functools import cache
from io import BytesIO
from typing import Any, Final

from rpcstats.paper.pandoc import run_pandoc

ACCENT, INK, MUTED, LINE, TINT, WARNING = (
    "12436D",
    "0B0C0C",
    "505A5F",
    "CFD6DB",
    "EEF3F8",
    "942514",
)
FONT: Final = "Arial"

# Style: size, bold, colour, space before, space after, keep with next.
_LOOKS: Final[dict[str, tuple[float, bool, str, float, float, bool]]] = {
    "Normal": (11, False, INK, 0, 8, False),
    "Body Text": (11, False, INK, 0, 8, False),
    "First Paragraph": (11, False, INK, 0, 8, False),
    "Compact": (11, False, INK, 0, 3, False),
    "Bibliography": (11, False, INK, 0, 7, False),
    "Definition Term": (11, True, INK, 6, 0, True),
    "Definition": (11, False, INK, 0, 6, False),
    "Footnote Text": (9.5, False, INK, 0, 3, False),
    "Block Text": (11, False, INK, 4, 8, False),
    "Title": (25, True, ACCENT, 0, 6, True),
    "Subtitle": (15, False, INK, 0, 4, True),
    "Heading 1": (17, True, ACCENT, 20, 7, True),
    "Heading 2": (13.5, True, ACCENT, 14, 5, True),
    "Heading 3": (11.5, True, ACCENT, 10, 4, True),
    "Image Caption": (11.5, True, INK, 16, 2, True),
    "Table Caption": (11.5, True, INK, 16, 5, True),
    "Captioned Figure": (11, False, INK, 2, 2, True),
}
_OURS: Final[dict[str, tuple[float, bool, str, float, float, bool]]] = {
    "Byline": (9.5, False, MUTED, 0, 12, False),
    "Notice": (11, True, WARNING, 0, 8, False),
    "Lead": (13, False, INK, 0, 10, False),
    "Summary": (11, False, INK, 0, 0, True),
    "Summary Heading": (14, True, ACCENT, 12, 0, True),
    "Summary List": (11, False, INK, 0, 0, True),
    "Summary End": (11, False, INK, 0, 14, False),
    "Summary List End": (11, False, INK, 0, 14, False),
    "Withheld": (11, False, INK, 6, 6, True),
    "Figure Subtitle": (10.5, False, MUTED, 0, 4, True),
    "Figure Note": (9.5, False, MUTED, 4, 14, False),
    "Equation": (12.5, False, INK, 4, 10, False),
    "Table Text": (9, False, INK, 2.5, 2.5, False),
}


@cache
def reference_document() -> bytes:
    """Make the document that pandoc takes page and styles from.

    Returns
    -------
    bytes
        A .docx file.
    """
    import docx

    document = docx.Document(BytesIO(run_pandoc(b"", "--print-default-data-file=reference.docx")))
    for name, look in _LOOKS.items():
        _dress(document.styles[name], look)
    for name, look in _OURS.items():
        style = document.styles.add_style(name, 1)
        style.base_style = document.styles["Normal"]
        _dress(style, look)
    _shape_special(document.styles)
    _style_links(document.styles)
    _style_tables(document.styles)
    _set_page(document)
    for language in document.styles.element.iter(qualified("w:lang")):
        language.set(qualified("w:val"), "en-GB")
    made = BytesIO()
    document.save(made)
    return made.getvalue()


def qualified(name: str) -> str:
    """Spell out the namespace of a name in Word's markup.

    Parameters
    ----------
    name : str
        Such as ``w:p``.

    Returns
    -------
    str
        The name with the namespace's address.
    """
    from docx.oxml.ns import qn

    return str(qn(name))


def make(name: str, **attributes: str) -> Any:
    """Make an element of Word's markup.

    Parameters
    ----------
    name : str
        Qualified name, such as ``w:pBdr``.
    **attributes : str
        Attributes in the same namespace, without prefix.

    Returns
    -------
    element
        The element.
    """
    from docx.oxml import OxmlElement

    element = OxmlElement(name)
    for key, value in attributes.items():
        element.set(qualified(f"w:{key}"), value)
    return element


def _dress(style: Any, look: tuple[float, bool, str, float, float, bool]) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    size, bold, colour, before, after, keep = look
    font, form = style.font, style.paragraph_format
    font.name, font.size, font.bold, font.italic = FONT, Pt(size), bold, False
    font.color.rgb = RGBColor.from_string(colour)
    fonts = style.element.get_or_add_rPr().find(qualified("w:rFonts"))
    for key in [key for key in fonts.attrib if "Theme" in key]:
        del fonts.attrib[key]
    for spread in style.element.rPr.findall(qualified("w:spacing")):
        style.element.rPr.remove(spread)
    for key in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qualified(key), FONT)
    form.space_before, form.space_after = Pt(before), Pt(after)
    form.line_spacing = 1.1 if bold or size > 12 else 1.22
    form.keep_with_next, form.widow_control = keep, True
    form.alignment = WD_ALIGN_PARAGRAPH.LEFT


def _shape_special(styles: Any) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Cm

    # A hairline in the colour of the box, held off the text, pads the box.
    below = {"bottom": (2, TINT, 9)}
    padding = {
        "Summary Heading": {"top": (2, TINT, 6)},
        "Summary End": below,
        "Summary List End": below,
    }
    for name in ("Summary", "Summary Heading", "Summary List", "Summary End", "Summary List End"):
        _box(styles[name], {"left": (36, TINT, 8), **padding.get(name, {})}, fill=TINT)
        styles[name].paragraph_format.line_spacing = 1.6 if "Heading" in name else 1.4
        styles[name].paragraph_format.left_indent = Cm(1.0 if "List" in name else 0.4)
        styles[name].paragraph_format.first_line_indent = Cm(-0.6 if "List" in name else 0)
    _box(styles["Withheld"], dict.fromkeys(("top", "bottom"), (72, TINT, 0)), fill=TINT)
    frame = dict.fromkeys(("top", "bottom", "right"), (8, WARNING, 5))
    _box(styles["Notice"], {"left": (36, WARNING, 8), **frame})
    styles["Notice"].paragraph_format.left_indent = Cm(0.35)
    styles["Notice"].paragraph_format.right_indent = Cm(0.2)
    _box(styles["Title"], {"top": (36, ACCENT, 10)})
    outline = make("w:outlineLvl", val="0")
    styles["Summary Heading"].element.get_or_add_pPr().append(outline)
    stops = styles["Equation"].paragraph_format.tab_stops
    stops.add_tab_stop(Cm(8), WD_TAB_ALIGNMENT.CENTER)
    stops.add_tab_stop(Cm(16), WD_TAB_ALIGNMENT.RIGHT)
    styles["Bibliography"].paragraph_format.left_indent = Cm(0.8)
    styles["Bibliography"].paragraph_format.first_line_indent = Cm(-0.8)


def _borders(sides: dict[str, tuple[int, str, int]]) -> Any:
    borders = make("w:pBdr")
    for side in ("top", "left", "bottom", "right"):
        if side in sides:
            size, colour, space = sides[side]
            borders.append(
                make(f"w:{side}", val="single", sz=str(size), space=str(space), color=colour)
            )
    return borders


def _box(style: Any, sides: dict[str, tuple[int, str, int]], *, fill: str = "") -> None:
    after = ("w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl")
    properties = style.element.get_or_add_pPr()
    properties.insert_element_before(_borders(sides), *after)
    if fill:
        shade = make("w:shd", val="clear", color="auto", fill=fill)
        properties.insert_element_before(shade, *after[1:])


def _style_links(styles: Any) -> None:
    from docx.shared import RGBColor

    styles["Hyperlink"].font.color.rgb = RGBColor.from_string("1D5A96")
    styles["Hyperlink"].font.underline = True


def _style_tables(styles: Any) -> None:
    properties = styles["Table"].element.find(qualified("w:tblPr"))
    lines = (("top", 12, ACCENT), ("bottom", 12, ACCENT), ("insideH", 4, LINE))
    borders = make("w:tblBorders")
    for side, size, colour in lines:
        borders.append(_line(side, size, colour))
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    below = styles["Table"].element.find(f".//{qualified('w:tcBorders')}")
    below.clear()
    below.append(_line("bottom", 8, ACCENT))
    margins = properties.find(qualified("w:tblCellMar"))
    for side in ("left", "right"):
        margins.find(qualified(f"w:{side}")).set(qualified("w:w"), "70")


def _line(side: str, size: int, colour: str) -> Any:
    return make(f"w:{side}", val="single", sz=str(size), space="0", color=colour)


def _set_page(document: Any) -> None:
    from docx.shared import Cm

    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin = section.bottom_margin = Cm(2.4)
