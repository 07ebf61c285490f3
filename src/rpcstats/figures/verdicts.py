"""Verdicts on printed figures: one tile a figure, in rows by council."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import require, texts
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    new_figure,
    place_axes,
    stamp,
    text_width,
    wrap,
)
from rpcstats.figures.style import COLUMN_WIDTH, FONT, INK, QUIET, TEXT_SIZE, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

VERDICT: Final = "verdict"
PRINTED: Final = "printed"
TILE_HEIGHT: Final = 17.0
TILE_GAP: Final = 3.0
PADDING: Final = 5.0
ROW_GAP: Final = 9.0
WIDEST_NAME: Final = 130.0
KEY_ROOM: Final = 26.0
SMALL: Final = TEXT_SIZE - 1.0


@dataclass(frozen=True, slots=True)
class TileStyle:
    """How the tiles of one verdict look, in colour and in grey.

    Attributes
    ----------
    fill, text, edge : str
        Colours.
    dashed : bool
        Whether the border is dashed.
    mark : str
        Put before the printed figure.
    """

    fill: str
    text: str
    edge: str
    dashed: bool
    mark: str


STYLES: Final[Mapping[str, TileStyle]] = {
    "possible": TileStyle("#12436D", "#FFFFFF", "#12436D", False, ""),
    "ambiguous": TileStyle("#FBD5BD", INK, "#F46A25", False, "? "),
    "impossible": TileStyle("#FFFFFF", "#801650", "#801650", False, "\N{MULTIPLICATION SIGN} "),
    "unverifiable": TileStyle("#FFFFFF", QUIET, QUIET, True, ""),
}
"""From the best to the worst, and what can't be told."""


@dataclass(frozen=True, slots=True)
class _Tile:
    label: str
    style: TileStyle
    left: float
    top: float
    width: float


def verdict_tiles(
    frame: pd.DataFrame,
    *,
    by: str = "council",
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Figure":
    """Draw one tile a printed figure, filled by its verdict, in rows by council.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns printed, verdict, and the one given as `by`.
    by : str
        Column that makes the rows.
    names : mapping of str to str, optional
        Words for the rows.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        As wide as the text column, and as high as it takes.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, (by, PRINTED, VERDICT), chart="verdict_tiles")
    words = dict(names or {})
    with paper_style():
        rows = list(dict.fromkeys(texts(frame, by)))
        heads = {row: wrap(words.get(row, plain_words(row)), WIDEST_NAME) for row in rows}
        left = EDGE + max(text_width(head, weight="semibold") for head in heads.values()) + 12.0
        tiles, tops, depth = _lay_out(frame, by, heads, left)
        figure = new_figure(depth + EDGE)
        height = depth + EDGE
        ax = place_axes(figure, left=0.0, bottom=0.0, width=COLUMN_WIDTH, height=height)
        ax.set_xlim(0.0, COLUMN_WIDTH)
        ax.set_ylim(height, 0.0)
        ax.axis("off")
        _draw_key(ax, frame)
        for row in rows:
            for i, line in enumerate(heads[row].split("\n")):
                middle = tops[row] + TILE_HEIGHT / 2 + i * LINE_HEIGHT
                _write(ax, EDGE, middle, line, INK, bold=True)
        for tile in tiles:
            _draw_tile(ax, tile)
        if watermark:
            stamp(figure, watermark)
    return figure


def _lay_out(
    frame: pd.DataFrame, by: str, heads: Mapping[str, str], left: float
) -> tuple[list[_Tile], dict[str, float], float]:
    """Place tiles from left to right and down; give them, each row's top, and the depth."""
    order = {verdict: i for i, verdict in enumerate(STYLES)}
    given = pd.DataFrame(
        {"row": texts(frame, by), "printed": texts(frame, PRINTED), "v": texts(frame, VERDICT)}
    )
    tiles: list[_Tile] = []
    tops: dict[str, float] = {}
    top = EDGE + KEY_ROOM
    for row, head in heads.items():
        tops[row] = start = top
        part = given[given["row"] == row]
        across = left
        for label, verdict in sorted(
            zip(part["printed"], part["v"], strict=True), key=lambda tile: order[tile[1]]
        ):
            style = STYLES[verdict]
            text = _shortened(f"{style.mark}{label}", COLUMN_WIDTH - EDGE - left - 2 * PADDING)
            width = text_width(text, size=SMALL) + 2 * PADDING
            if across + width > COLUMN_WIDTH - EDGE and across > left:
                across, top = left, top + TILE_HEIGHT + TILE_GAP
            tiles.append(_Tile(text, style, across, top, width))
            across += width + TILE_GAP
        lines = head.count("\n")
        top = max(top, start + lines * LINE_HEIGHT) + TILE_HEIGHT + ROW_GAP
    return tiles, tops, top


def _shortened(text: str, room: float) -> str:
    """Cut a text that is wider than its room, and say so with an ellipsis."""
    if text_width(text, size=SMALL) <= room:
        return text
    kept = len(text)
    while kept > 1 and text_width(f"{text[:kept]}\N{HORIZONTAL ELLIPSIS}", size=SMALL) > room:
        kept -= 1
    return f"{text[:kept].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _draw_key(ax: "Axes", frame: pd.DataFrame) -> None:
    counts = pd.Series(texts(frame, VERDICT)).value_counts()
    across = EDGE
    for verdict, style in STYLES.items():
        text = f"{style.mark}{int(counts.get(verdict, 0))} {verdict}"
        width = text_width(text, size=SMALL) + 2 * PADDING
        _draw_tile(ax, _Tile(text, style, across, EDGE, width))
        across += width + 3 * TILE_GAP


def _draw_tile(ax: "Axes", tile: _Tile) -> None:
    from matplotlib.patches import Rectangle

    style = tile.style
    ax.add_patch(
        Rectangle(
            (tile.left, tile.top), tile.width, TILE_HEIGHT, facecolor=style.fill,
            edgecolor=style.edge, linewidth=1.0, linestyle=(0, (2.5, 2.0)) if style.dashed else "-",
        )
    )  # fmt: skip
    across = tile.left + tile.width / 2
    _write(ax, across, tile.top + TILE_HEIGHT / 2, tile.label, style.text, centred=True)


def _write(
    ax: "Axes", x: float, y: float, text: str, colour: str, *, bold: bool = False,
    centred: bool = False,
) -> None:  # fmt: skip
    ax.text(
        x, y, text, color=colour, family=FONT,
        size=TEXT_SIZE if bold else SMALL, weight="semibold" if bold else "normal",
        ha="center" if centred else "left", va="center_baseline",
    )  # fmt: skip
