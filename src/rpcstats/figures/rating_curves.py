"""Mean ratings along a course: the model's curve, and what was seen of those who left."""

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STAGE
from rpcstats._wording import MISSING, WITHHELD_SYMBOL, count
from rpcstats.figures.columns import floats, require, withheld_rows
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    line_count,
    make_room,
    new_figure,
    place_axes,
    points_from,
    stamp,
    text_width,
    wrap,
)
from rpcstats.figures.panels import dress_panel
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.row_panel import withheld_reasons
from rpcstats.figures.style import (
    COLUMN_WIDTH,
    FONT,
    INK,
    PALETTE,
    QUIET,
    TEXT_PALETTE,
    TEXT_SIZE,
    paper_style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT: Final = 215.0
ROW_DROP: Final = 44.0
ROOM_FOR_TICKS: Final = 26.0
SEEN: Final = {"stayed": ("Stayed to the end", 1, "o"), "left": ("Left before the end", 3, "s")}
NOTE: Final = (
    "Line and band: all starters, had all been in at each stage, with the 95% interval. Dots: means"
    " of the ratings seen, of those who stayed and of those who left later; rows: parents who"
    " rated."
)


def rating_curves(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    ylabel: str = "Mean rating in points",
    xlabel: str = "Share of the course held",
    note: str = "",
    watermark: str | None = None,
) -> "Figure":
    """Draw the mean course of ratings with what was seen beside it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns `TRAJECTORY`, protected or not: series "model" with limits, "stayed" and "left"
        with numbers of parents.
    ax : matplotlib.axes.Axes, optional
        Where to draw, with room under it for the numbers of parents and the note; by default a
        new figure as wide as the text column.
    ylabel, xlabel : str
        Names of the axes; the first stands above its axis.
    note : str
        More words under the picture.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture. A mean withheld has no dot, and its number of parents is "[c]".

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, ("series", STAGE, "n_obs", ESTIMATE), chart="rating_curves")
    words = " ".join(text for text in (NOTE, withheld_reasons(frame), note) if text)
    with paper_style():
        words = wrap(words, COLUMN_WIDTH - 2 * EDGE)
        left = max(text_width(name) for name, _, _ in SEEN.values()) + 22.0
        if ax is None:
            ax = _own_axes(words, left)
        else:
            make_room(ax, left=left, right=10.0)
        _write_words(ax, words, ylabel, left)
        _draw_model(ax, frame[frame["series"] == "model"])
        for place, (series, (name, colour, marker)) in enumerate(SEEN.items()):
            part = frame[frame["series"] == series]
            _draw_seen(ax, part, name, PALETTE[colour], marker)
            _write_numbers(ax, part, name, TEXT_PALETTE[colour], place)
        ax.set_xlim(-0.03, 1.03)
        dress_panel(ax, xlabel=xlabel)
        stages = np.unique(floats(frame, STAGE))
        if len(stages) <= 8:
            ax.set_xticks(stages, [f"{100 * stage:.0f}%" for stage in stages])
        falls = _falls(frame[frame["series"] == "model"])
        ax.legend(frameon=False, loc="upper right" if falls else "upper left")
        figure = ax.figure.figure
        if watermark:
            stamp(figure, watermark)
    return figure


def _own_axes(words: str, left: float) -> "Axes":
    bottom = EDGE + LINE_HEIGHT * line_count(words) + 8.0
    bottom += ROW_DROP + LINE_HEIGHT * (len(SEEN) + 1)
    figure = new_figure(bottom + HEIGHT + LINE_HEIGHT + 14.0)
    ax = place_axes(
        figure,
        left=EDGE + left,
        bottom=bottom,
        width=COLUMN_WIDTH - 2 * EDGE - left - 10.0,
        height=HEIGHT,
    )
    show_in_notebooks(ax, figure)
    return ax


def _write_words(ax: "Axes", words: str, ylabel: str, left: float) -> None:
    look: dict[str, Any] = {"fontsize": TEXT_SIZE, "fontfamily": FONT}
    ax.text(
        -ROOM_FOR_TICKS, 8.0, ylabel, transform=points_from(ax, 0, 1), ha="left", va="bottom",
        fontweight="semibold", color=INK, gid="head", **look,
    )  # fmt: skip
    ax.text(
        -left, -ROW_DROP - LINE_HEIGHT * (len(SEEN) + 1) - 4.0, words,
        transform=points_from(ax, 0, 0), ha="left", va="top", color=QUIET, linespacing=1.1,
        gid="note", **look,
    )  # fmt: skip
    ax.text(
        -left, -ROW_DROP, "Parents", transform=points_from(ax, 0, 0), ha="left", va="center",
        fontweight="semibold", color=INK, gid="risk-heading", **look,
    )  # fmt: skip


def _draw_model(ax: "Axes", frame: pd.DataFrame) -> None:
    at, mean = floats(frame, STAGE), floats(frame, ESTIMATE)
    ax.fill_between(
        at,
        floats(frame, CONF_LOW),
        floats(frame, CONF_HIGH),
        color=PALETTE[0],
        alpha=0.18,
        linewidth=0.0,
        zorder=2,
        gid="band",
    )
    ax.plot(at, mean, color=PALETTE[0], zorder=4, label="All starters, had nobody left")


def _draw_seen(ax: "Axes", frame: pd.DataFrame, name: str, colour: str, marker: str) -> None:
    ax.plot(
        floats(frame, STAGE),
        floats(frame, ESTIMATE),
        color=colour,
        linewidth=1.0,
        linestyle=(0, (2.0, 2.0)),
        marker=marker,
        markersize=6.0,
        markerfacecolor="white",
        markeredgewidth=1.6,
        zorder=3,
        label=name,
        clip_on=False,
    )


def _write_numbers(ax: "Axes", frame: pd.DataFrame, name: str, colour: str, place: int) -> None:
    from matplotlib.transforms import blended_transform_factory

    y = -ROW_DROP - LINE_HEIGHT * (place + 1)
    below = points_from(ax, 0, 0)
    across = blended_transform_factory(ax.transData, below)
    look: dict[str, Any] = {"fontsize": TEXT_SIZE, "fontfamily": FONT, "va": "center"}
    left = -(float(ax.get_position().x0) * COLUMN_WIDTH - EDGE)
    ax.text(left, y, name, transform=below, ha="left", color=colour, gid="risk-name", **look)
    numbers: FloatArray = floats(frame, "n_obs")
    for stage, n, gone in zip(floats(frame, STAGE), numbers, withheld_rows(frame), strict=True):
        cell = count(n) if np.isfinite(n) else WITHHELD_SYMBOL if gone else MISSING
        ax.text(stage, y, cell, transform=across, ha="center", color=INK, gid="risk-number", **look)


def _falls(frame: pd.DataFrame) -> bool:
    mean = floats(frame, ESTIMATE)
    mean = mean[np.isfinite(mean)]
    return bool(len(mean) > 1 and mean[-1] < mean[0])
