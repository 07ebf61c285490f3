"""One panel of rows: words on the left, marks in the middle, columns of values on the right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._vocabulary import NOTE
from rpcstats._wording import WITHHELD, sentence_case
from rpcstats.figures.columns import texts, withheld_rows
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    axes_size,
    dress,
    line_count,
    make_room,
    new_figure,
    place_axes,
    points_from,
    text_width,
    wrap,
)
from rpcstats.figures.rows import Row, write_column, write_head
from rpcstats.figures.style import COLUMN_WIDTH, FONT, QUIET, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP: Final = 14.0
INDENT: Final = 8.0
AXIS_DEPTH: Final = 24.0
NOTE_GAP: Final = 8.0
LEAST_WIDTH: Final = 110.0

Column = tuple[str, Sequence[str]]
"""Head of a column and its cells, one a row."""


def row_panel(
    rows: Sequence[Row],
    columns: Sequence[Column],
    *,
    ax: "Axes | None",
    note: str = "",
    above: float = 0.0,
) -> "Axes":
    """Make axes whose vertical unit is points, with labels and columns of values beside them.

    Parameters
    ----------
    rows : sequence of Row
        From top to bottom; headings stand left of their rows.
    columns : sequence of tuple
        Columns of values, from left to right.
    ax : matplotlib.axes.Axes or None
        Axes that are narrowed, so that the words have room where they stood; None for a new
        figure as wide as the text column.
    note : str
        Words under the axis; wrapped.
    above : float
        Points kept free over the heads, for a legend.

    Returns
    -------
    matplotlib.axes.Axes
        From 0 to 1 across, in points from the top down.
    """
    indent = INDENT if any(row.heading for row in rows) else 0.0
    under_heads = [text_width(row.label) + indent for row in rows if not row.heading]
    labels = max(under_heads, default=0.0) + GAP
    widths = [max(map(text_width, (*cells, ""))) for _, cells in columns]
    widths = [
        max(width, text_width(head, weight="semibold"))
        for width, (head, _) in zip(widths, columns, strict=True)
    ]
    total = sum(row.height for row in rows)
    words = wrap(note, COLUMN_WIDTH - 2 * EDGE)
    values = sum(widths) + GAP * len(widths)
    if ax is not None:
        make_room(ax, left=labels, right=values)
    else:
        room = COLUMN_WIDTH - 2 * EDGE - labels - values
        heads = max((line_count(head) for head, _ in columns), default=1)
        ax = _new_axes(room, labels, total, words, above + LINE_HEIGHT * heads + 10.0)
    dress(ax, grid="x")
    ax.set_ylim(total, 0.0)
    ax.set_yticks([])
    ax.set_xlim(0.0, 1.0)
    step = 25 if axes_size(ax)[0] >= LEAST_WIDTH else 50
    ax.set_xticks([k / 100 for k in range(0, 101, step)], [f"{k}%" for k in range(0, 101, step)])
    for heading in (True, False):
        own = [row.label if row.heading is heading else "" for row in rows]
        x = -labels if heading else indent - labels
        write_column(ax, rows, own, x=x, side=0, gid="label")
    for text in ax.texts:
        # Headings are longer than the labels and would have gridlines run through them.
        if text.get_text() in {row.label for row in rows if row.heading}:
            text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})
    x = GAP
    for width, (head, cells) in zip(widths, columns, strict=True):
        write_column(ax, rows, cells, x=x, side=1, gid="value")
        write_head(ax, head, x=x, side=1)
        x += width + GAP
    if words:
        _write_note(ax, words, left=labels)
    return ax


def _new_axes(room: float, left: float, height: float, note: str, top: float) -> "Axes":
    bottom = EDGE + AXIS_DEPTH + (NOTE_GAP + LINE_HEIGHT * line_count(note) if note else 0.0)
    figure = new_figure(top + height + bottom)
    ax = place_axes(
        figure, left=EDGE + left, bottom=bottom, width=max(room, LEAST_WIDTH), height=height
    )
    show_in_notebooks(ax, figure)
    return ax


def _write_note(ax: "Axes", words: str, *, left: float) -> None:
    place = points_from(ax, 0, 0)
    ax.text(
        -left,
        -AXIS_DEPTH - NOTE_GAP,
        words,
        transform=place,
        ha="left",
        va="top",
        fontsize=TEXT_SIZE,
        fontfamily=FONT,
        color=QUIET,
        linespacing=1.1,
        gid="note",
    )


def withheld_reasons(frame: pd.DataFrame) -> str:
    """Say why rows are withheld.

    Parameters
    ----------
    frame : pandas.DataFrame
        With columns status and note where it was disclosed.

    Returns
    -------
    str
        One sentence; empty if nothing is withheld, or no reason is given.
    """
    pairs = zip(withheld_rows(frame), texts(frame, NOTE), strict=True)
    reasons = dict.fromkeys(text for gone, text in pairs if gone and text)
    return f"{sentence_case(WITHHELD)}: {'; '.join(reasons)}." if reasons else ""


def write_legend(ax: "Axes", entries: Sequence[tuple[str, str]], *, up: float) -> None:
    """Write names of colours in a line over the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    entries : sequence of (str, str)
        Colour and name.
    up : float
        Points over the upper edge of the axes.
    """
    from matplotlib.patches import Rectangle

    place = points_from(ax, 0, 1)
    x = 0.0
    for colour, name in entries:
        ax.add_patch(Rectangle((x, up), 10.0, 10.0, transform=place, color=colour, clip_on=False))
        ax.text(
            x + 14.0,
            up + 5.0,
            name,
            transform=place,
            ha="left",
            va="center_baseline",
            fontsize=TEXT_SIZE,
            fontfamily=FONT,
            gid="legend",
        )
        x += 14.0 + text_width(name) + 14.0
