"""Panels side by side: small charts that share a height and a look."""

from collections.abc import Sequence
from math import ceil
from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats._wording import number
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    dress,
    line_count,
    new_figure,
    place_axes,
    points_from,
    stamp,
    wrap,
)
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.style import COLUMN_WIDTH, FONT, INK, QUIET, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TICK_ROOM: Final = 40.0
GUTTER: Final = 22.0
AXIS_DEPTH: Final = 40.0
NOTE_GAP: Final = 6.0
HEAD_GAP: Final = 8.0


def panel_grid(
    heads: Sequence[str],
    *,
    height: float,
    columns: int,
    tick_room: float = TICK_ROOM,
    note: str = "",
) -> "tuple[Figure, list[Axes]]":
    """Make a figure of equal panels, each with a head above it.

    Parameters
    ----------
    heads : sequence of str
        One head a panel, from left to right and top to bottom.
    height : float
        Height of a panel's axes, in points.
    columns : int
        Panels in a row.
    tick_room : float
        Points kept at the left of each panel for its tick labels.
    note : str
        Words under all panels.

    Returns
    -------
    tuple of matplotlib.figure.Figure and list of matplotlib.axes.Axes
        The figure and its panels, in the order of the heads.
    """
    columns = min(columns, len(heads))
    rows = ceil(len(heads) / columns)
    width = (COLUMN_WIDTH - 2 * EDGE - (columns - 1) * GUTTER) / columns - tick_room
    wrapped = [wrap(head, width + tick_room) for head in heads]
    above = HEAD_GAP + LINE_HEIGHT * max(line_count(head) for head in wrapped)
    words = wrap(note, COLUMN_WIDTH - 2 * EDGE)
    under = NOTE_GAP + LINE_HEIGHT * line_count(words) if note else 0.0
    step = above + height + AXIS_DEPTH
    figure = new_figure(rows * step + under + 2 * EDGE)
    panels = []
    for place, head in enumerate(wrapped):
        row, column = divmod(place, columns)
        left = EDGE + column * (width + tick_room + GUTTER) + tick_room
        bottom = EDGE + under + (rows - 1 - row) * step + AXIS_DEPTH
        ax = place_axes(figure, left=left, bottom=bottom, width=width, height=height)
        show_in_notebooks(ax, figure)
        _write_above(ax, head, left=tick_room)
        panels.append(ax)
    if note:
        _write_under(figure, words)
    return figure, panels


def dress_panel(ax: "Axes", *, xlabel: str, grid: str = "y") -> None:
    """Give a panel the look of the papers and name its horizontal axis.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel.
    xlabel : str
        Name of the horizontal axis.
    grid : {"x", "y"}
        The axis whose ticks carry gridlines.
    """
    dress(ax, grid=grid)
    ax.set_xlabel(xlabel, fontfamily=FONT, fontsize=TEXT_SIZE, labelpad=4.0)
    settle_ticks(ax)


def finish_panel(ax: "Axes", *, xlabel: str, ylabel: str, watermark: str | None) -> None:
    """Dress a panel of its own whose head names the vertical axis, with a legend of its lines.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel, its limits set.
    xlabel, ylabel : str
        Names of the axes; the second is shown on axes that were given, which have no head.
    watermark : str or None
        Written across the picture.
    """
    dress_panel(ax, xlabel=xlabel)
    name_vertical(ax, ylabel)
    if len(ax.get_legend_handles_labels()[1]) > 1:
        ax.legend(frameon=False, loc="best")
    if watermark:
        stamp(ax.figure.figure, watermark)


def name_vertical(ax: "Axes", ylabel: str) -> None:
    """Name the vertical axis where no head above it does.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel.
    ylabel : str
        Its name; kept for readers of the file, and not shown, where there is a head.
    """
    has_head = any(text.get_gid() == "head" for text in ax.texts)
    label = ax.set_ylabel(ylabel, fontfamily=FONT, fontsize=TEXT_SIZE)
    label.set_visible(not has_head)


def settle_ticks(ax: "Axes") -> None:
    """Fix round ticks inside the limits a panel has now.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The panel, everything drawn.
    """
    from matplotlib.ticker import MaxNLocator

    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        low, high = sorted(axis.get_view_interval())
        locator = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10])
        values = np.asarray(locator.tick_values(low, high), dtype=np.float64)
        inside = values[(values >= low) & (values <= high)]
        ax.set(**{f"{name}ticks": inside, f"{name}ticklabels": tick_words(inside)})


def tick_words(ticks: FloatArray) -> list[str]:
    """Write ticks with as many decimals as they need.

    Parameters
    ----------
    ticks : ndarray of shape (n,)
        The ticks.

    Returns
    -------
    list of str
        One text a tick.
    """
    decimals = next(
        (d for d in range(6) if np.allclose(np.round(ticks, d), ticks, rtol=0, atol=1e-9)), 6
    )
    return [number(float(np.round(tick, 9)), decimals=decimals) for tick in ticks]


def _write_above(ax: "Axes", head: str, *, left: float) -> None:
    ax.text(
        -left,
        HEAD_GAP,
        head,
        transform=points_from(ax, 0, 1),
        ha="left",
        va="bottom",
        fontsize=TEXT_SIZE,
        fontweight="semibold",
        fontfamily=FONT,
        color=INK,
        linespacing=1.1,
        gid="head",
    )


def _write_under(figure: "Figure", words: str) -> None:
    across, up = (float(inches) * 72.0 for inches in figure.get_size_inches())
    figure.text(
        EDGE / across,
        EDGE / up,
        words,
        ha="left",
        va="bottom",
        fontsize=TEXT_SIZE,
        fontfamily=FONT,
        color=QUIET,
        linespacing=1.1,
        gid="note",
    )
