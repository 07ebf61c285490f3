"""Two partners' change against each other: one dot a couple, for those who may see the records."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats.figures.columns import floats, require
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    dress,
    new_figure,
    place_axes,
    points_from,
    stamp,
)
from rpcstats.figures.panels import settle_ticks
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.style import FONT, GRID, INK, PALETTE, QUIET, TEXT_SIZE, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE: Final = 250.0
LEFT: Final = 40.0
DOT: Final = 36.0
MARGIN: Final = 0.5


def couple_dots(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    first_label: str = "First partner: change in points",
    second_label: str = "Second partner: change in points",
    threshold: float = 1.0,
    watermark: str | None = None,
) -> "Axes":
    """Draw the change of one partner against that of the other.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns first and second, a row a couple of whom both have a change. A dot stands for
        couples, not counts: such a picture is for the people who may see the records.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    first_label, second_label : str
        Names of the axes.
    threshold : float
        Change that counts as progress, marked on both axes.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the picture. Couples at one place make one larger dot, with
        their number in it.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, ("first", "second"), chart="couple_dots")
    places, number_of = np.unique(
        np.column_stack([floats(frame, "first"), floats(frame, "second")]),
        axis=0,
        return_counts=True,
    )
    with paper_style():
        ax = ax if ax is not None else _new_axes()
        low, high = float(places.min()) - MARGIN, float(places.max()) + MARGIN
        low, high = min(low, -1.0), max(high, threshold + 1.0)
        dress(ax, grid="y")
        ax.grid(visible=True, axis="x", color=GRID, linewidth=0.8)
        ax.set_xlim(low, high)
        ax.set_ylim(low, high)
        ax.axline((0.0, 0.0), slope=1.0, color=QUIET, linewidth=1.0, zorder=2)
        for draw in (ax.axhline, ax.axvline):
            draw(threshold, color=QUIET, linewidth=1.2, linestyle=(0, (1.2, 2.0)), zorder=2)
        _draw_dots(ax, places, number_of)
        _name_axes(ax, first_label, second_label)
        _name_quarters(ax, places, number_of, threshold)
        settle_ticks(ax)
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def _new_axes() -> "Axes":
    depth = EDGE + 3 * LINE_HEIGHT
    figure = new_figure(depth + SIDE + 2 * LINE_HEIGHT + EDGE)
    ax = place_axes(figure, left=EDGE + LEFT, bottom=depth, width=SIDE, height=SIDE)
    show_in_notebooks(ax, figure)
    return ax


def _draw_dots(ax: "Axes", places: FloatArray, number_of: np.ndarray) -> None:
    ax.scatter(
        places[:, 0],
        places[:, 1],
        s=DOT * (1.0 + 3.0 * (number_of > 1)),
        color=PALETTE[0],
        edgecolors="white",
        linewidths=0.8,
        zorder=3,
        label="couples",
    )
    for (x, y), n in zip(places[number_of > 1], number_of[number_of > 1], strict=True):
        ax.text(
            x, y, f"{n}", ha="center", va="center_baseline", color="white", fontsize=TEXT_SIZE,
            fontfamily=FONT, zorder=4, gid="number",
        )  # fmt: skip


def _name_axes(ax: "Axes", first_label: str, second_label: str) -> None:
    ax.set_xlabel(first_label, fontfamily=FONT, fontsize=TEXT_SIZE, labelpad=4.0)
    ax.set_ylabel(second_label).set_visible(False)
    ax.text(
        -LEFT + 8.0, 8.0, second_label, transform=points_from(ax, 0, 1), ha="left", va="bottom",
        fontsize=TEXT_SIZE, fontfamily=FONT, color=INK, gid="ylabel",
    )  # fmt: skip


def _name_quarters(ax: "Axes", places: FloatArray, number_of: np.ndarray, threshold: float) -> None:
    """Say beside the axes how many couples lie in each quarter."""
    up = places >= threshold - 1e-9
    both, one, neither = (
        int(number_of[hit].sum()) for hit in (up.all(axis=1), up[:, 0] != up[:, 1], ~up.any(axis=1))
    )
    words = [
        f"{int(number_of.sum())} couples",
        f"{both} both up {threshold:g} or more",
        f"{one} one of the two",
        f"{neither} neither",
        "",
        "Dotted: progress",
        "Line: both alike",
    ]
    ax.text(
        16.0, 0.0, "\n".join(words), transform=points_from(ax, 1, 1), ha="left", va="top",
        fontsize=TEXT_SIZE, fontfamily=FONT, color=INK, linespacing=1.3, gid="counts",
    )  # fmt: skip
