"""How wide each column of a printed table is, and how small its type must be."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

# Points across the text of an A4 page with margins of 2.5 cm.
PAGE: Final = 453.5
# In ems: white space left and right of a cell, and how far a column of text may shrink and grow.
PADDING: Final = 0.9
NARROWEST_TEXT: Final = 7.0
WIDEST_TEXT: Final = 20.0
LARGEST: Final = 10.5
SMALLEST: Final = 7.5


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


def _widths(record: Mapping[str, Any]) -> tuple[list[float], list[float]]:
    least, most = [], []
    for i, (head, align) in enumerate(zip(record["columns"], record["align"], strict=True)):
        cells = [str(row[i]) for row in record["rows"]]
        longest = max((_ems(cell) for cell in cells), default=0.0)
        word = max((_ems(word) for cell in cells for word in cell.split()), default=0.0)
        heading = max((_ems(word, "Semibold") for word in head.split()), default=0.0)
        text = max(word, min(longest, NARROWEST_TEXT))
        low = max(heading, longest if align == "right" else text)
        least.append(low + PADDING)
        most.append(max(low, min(longest, WIDEST_TEXT), _ems(head) / 2) + PADDING)
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
