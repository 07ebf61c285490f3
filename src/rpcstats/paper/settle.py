"""Where on a page an exhibit may stand: what is above it, and what may fill the page instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rpcstats.paper.assemble import Exhibit, place
from rpcstats.paper.columns import is_whole
from rpcstats.paper.pandoc import Blocks, Node, plain_text, raw

# Points a heading takes at the least, by pandoc's level. Too much would let a figure float above
# its own heading; too little leaves white space.
_HEADINGS: Final = {2: 40.0, 3: 33.0, 4: 27.0}
_TEXT: Final = ("Para", "Plain", "BulletList", "OrderedList", "DefinitionList", "BlockQuote")
# A list with an item longer than this is easier to read with space between its items.
LONG_ITEM: Final = 90


@dataclass(frozen=True, slots=True)
class Spot:
    """An exhibit that may float to the top of the next page.

    Attributes
    ----------
    first : int
        Place in the blocks of the first heading right above the exhibit, or of the exhibit.
    under : float
        Points that those headings take at the least.
    section : bool
        Whether one of them begins a section.
    behind : str
        Id of the exhibit of the same kind right before; where that floats, this one must too.
    """

    first: int
    under: float
    section: bool
    behind: str = ""


def spots(blocks: Blocks, exhibits: Mapping[str, Exhibit]) -> dict[str, Spot]:
    """Find the exhibits that may float, because something can fill the page before them.

    Parameters
    ----------
    blocks : list of dict
        Pandoc blocks of the body.
    exhibits : mapping of str to Exhibit
        Figures, tables and equations by id.

    Returns
    -------
    dict of str to Spot
        By id. Text may fill the page, after a run of exhibits of one kind too; and so may an
        exhibit of the other kind where no heading stands right above.
    """
    found: dict[str, Spot] = {}
    for i in reversed(range(len(blocks) - 1)):
        id = place(blocks[i])
        if id is None or not _is_whole(exhibits[id]):
            continue
        first = i
        while first and blocks[first - 1]["t"] == "Header":
            first -= 1
        if _fills(blocks[i + 1], exhibits[id], exhibits, found, headed=first < i):
            levels = [int(above["c"][0]) for above in blocks[first:i]]
            under = sum(_HEADINGS.get(level, min(_HEADINGS.values())) for level in levels)
            before = place(blocks[i - 1]) if i else None
            alike = before is not None and exhibits[before].kind == exhibits[id].kind
            found[id] = Spot(first, under, 2 in levels, str(before) if alike else "")
    return found


def _is_whole(exhibit: Exhibit) -> bool:
    if exhibit.kind == "table":
        return is_whole(exhibit.record)
    return exhibit.kind == "figure" and exhibit.svg is not None


def _fills(
    after: Node,
    exhibit: Exhibit,
    exhibits: Mapping[str, Exhibit],
    found: Mapping[str, Spot],
    *,
    headed: bool,
) -> bool:
    id = place(after)
    if id is None:
        return after["t"] in _TEXT
    if exhibits[id].kind == exhibit.kind:
        return id in found
    return not headed and exhibits[id].kind in ("figure", "table")


def with_spots(blocks: Blocks, found: Mapping[str, Spot]) -> Blocks:
    """Mark where exhibits that may float begin, and hold a formula to its sentence.

    Parameters
    ----------
    blocks : list of dict
        Pandoc blocks of the body.
    found : mapping of str to Spot
        What `spots` found.

    Returns
    -------
    list of dict
        The blocks with typst's marks between them.
    """
    marks = {
        spot.first: raw("typst", f'#spot("{id}", flush: {str(spot.section).lower()})')
        for id, spot in found.items()
    }
    made: Blocks = []
    for i, node in enumerate(blocks):
        if i in marks:
            made.append(marks[i])
        leads = node["t"] == "Para" and i + 1 < len(blocks) and _is_equation(blocks[i + 1])
        made += (
            [raw("typst", "#block(sticky: true)["), node, raw("typst", "]")] if leads else [node]
        )
    return made


def loosened(node: Node) -> Node | None:
    """Put space between the items of a list of sentences.

    Parameters
    ----------
    node : dict
        A list of pandoc's.

    Returns
    -------
    dict or None
        The list with paragraphs for items; None if its items are short.
    """
    ordered = node["t"] == "OrderedList"
    items = node["c"][1] if ordered else node["c"]
    if max((len(plain_text(item)) for item in items), default=0) <= LONG_ITEM:
        return None
    loose = [
        [{**block, "t": "Para"} if block["t"] == "Plain" else block for block in item]
        for item in items
    ]
    return {"t": node["t"], "c": [node["c"][0], loose] if ordered else loose}


def _is_equation(node: Node) -> bool:
    id = place(node)
    return id is not None and id.startswith("eq-")
