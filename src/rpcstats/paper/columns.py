"""How wide each column of a printed table is, and how small its type must be."""

import re
from collections.abc import Mapping
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any, Final

# Points across the text of an A4 page with margins of 2.5 cm.
PAGE: Final = 453.5
# In ems: white space left and right of a cell, more of it where words follow numbers, and how far
# a column of text may shrink and grow.
PADDING: Final = 0.9
PARTED: Final = 0.5
NARROWEST_TEXT: Final = 7.0
WIDEST_TEXT: Final = 20.0
# A column of whole sentences may be wider: so many lines are what it should take at most.
WIDEST_SENTENCES: Final = 32.0
FEW_LINES: Final = 4
LARGEST: Final = 10.5
SMALLEST: Final = 7.5
COMFORTABLE_TEXT: Final = 12.0
# A table of up to this many rows and lines is kept whole; a longer one may run on to the next page.
WHOLE_ROWS: Final = 8
WHOLE_LINES: Final = 20
_NO_BREAK: Final = "\N{NO-BREAK SPACE}"
_BRACKET: Final = re.compile(r"\([^()]{1,16}\)")
_SHORT_FIRST: Final = re.compile(r"^([A-Za-z]{1,2},?) (?=\S{1,10}$)")
_SHORT_LAST: Final = re.compile(r"(?<=\S) (?=[A-Za-z]{1,2}$)")


def shares(record: Mapping[str, Any]) -> list[float]:
    """Return the share of the page's width each column gets.

    Parameters
    ----------
    record : mapping
        A table's JSON part.

    Returns
    -------
    list of float
        Shares that add to 1: what each column needs, and of the rest what it could use.
    """
    least, most = _widths(record)
    room = max(PAGE / type_size(record), sum(least))
    wanted = [high - low for low, high in zip(least, most, strict=True)]
    used = min(1.0, (room - sum(least)) / sum(wanted)) if sum(wanted) else 0.0
    given = [low + used * more for low, more in zip(least, wanted, strict=True)]
    return [width / sum(given) for width in given]


def type_size(record: Mapping[str, Any]) -> float:
    """Return the size of type at which a table fits across the page.

    Parameters
    ----------
    record : mapping
        A table's JSON part.

    Returns
    -------
    float
        Points, to a quarter, between 7.5 and 10.5.
    """
    size = PAGE / sum(_widths(record)[0])
    return min(LARGEST, max(SMALLEST, int(4 * size) / 4))


def heading(text: str) -> str:
    """Hold together what reads badly apart in the heading of a column.

    Parameters
    ----------
    text : str
        The heading.

    Returns
    -------
    str
        With no-break spaces inside short brackets and beside words of one or two letters;
        a number after a word may go to a line of its own, so that many columns fit.
    """
    held = _BRACKET.sub(lambda match: match[0].replace(" ", _NO_BREAK), text)
    return _SHORT_LAST.sub(_NO_BREAK, _SHORT_FIRST.sub(rf"\1{_NO_BREAK}", held))


def comfortable(record: Mapping[str, Any]) -> float:
    """Return the width below which a table is better scrolled than squeezed.

    Parameters
    ----------
    record : mapping
        A table's JSON part.

    Returns
    -------
    float
        In ems.
    """
    total = 0.0
    for i, low in enumerate(_widths(record)[0]):
        longest = max((_ems(str(row[i])) for row in record["rows"]), default=0.0)
        total += max(low, min(longest, COMFORTABLE_TEXT) + PADDING)
    return total


def is_whole(record: Mapping[str, Any]) -> bool:
    """Tell whether a table is short enough to stand on one page.

    Parameters
    ----------
    record : mapping
        A table's JSON part.

    Returns
    -------
    bool
        True for few rows of few lines.
    """
    if len(record["rows"]) > WHOLE_ROWS:
        return False
    room = PAGE / type_size(record)
    widths = [max(share * room - PADDING, 1.0) for share in shares(record)]
    lines = [
        max((ceil(_ems(str(cell)) / width) for cell, width in zip(row, widths, strict=True)))
        for row in record["rows"]
    ]
    return sum(lines) <= WHOLE_LINES


def _widths(record: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    least, most = [], []
    before = ""
    for i, (head, align) in enumerate(zip(record["columns"], record["align"], strict=True)):
        padding = PADDING + (PARTED if before == "right" != align else 0.0)
        before = align
        cells = [str(row[i]) for row in record["rows"]]
        longest = max((_ems(cell) for cell in cells), default=0.0)
        word = max((_ems(word) for cell in cells for word in cell.split()), default=0.0)
        words = heading(head).split(" ")
        named = max((_ems(word, "Semibold") for word in words), default=0.0)
        text = max(word, min(longest, NARROWEST_TEXT))
        low = max(named, longest if align == "right" else text)
        least.append(low + padding)
        widest = min(max(WIDEST_TEXT, longest / FEW_LINES), WIDEST_SENTENCES)
        most.append(max(low, min(longest, widest), _ems(head) / 2) + padding)
    return least, most


def _ems(text: str, weight: str = "Regular") -> float:
    widths = _advances(weight)
    return sum(widths.get(ord(letter), 0.6) for letter in text)


@cache
def _advances(weight: str) -> dict[int, float]:
    import font_source_sans_pro
    from fontTools.ttLib import TTFont

    folder = Path(font_source_sans_pro.__file__).parent / "files"
    with TTFont(folder / f"SourceSansPro-{weight}.ttf", lazy=True) as font:
        units, table = font["head"].unitsPerEm, font["hmtx"]
        return {code: table[name][0] / units for code, name in font.getBestCmap().items()}
