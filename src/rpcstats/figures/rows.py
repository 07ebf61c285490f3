"""Rows of dots with intervals, shared by charts that print one line an estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats.figures.layout import LINE_HEIGHT, line_count, points_from
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.style import FONT, INK, PALETTE, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW_GAP: Final = 9.0
DOT: Final = 7.5
BAND: Final = 8.0
BAND_NOTE: Final = (
    "Thick bar: every share that fits the rounded counts. Thin line: the widest of their intervals."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a chart.

    Attributes
    ----------
    label : str
        What the line is about; may hold line breaks.
    text : str
        The value in words; may hold line breaks.
    estimate, low, high : float
        NaN where there is nothing to draw.
    n : float
        Count of the line, if it has one.
    heading : bool
        Whether the line only names the group below it.
    least, most : float
        Range of the estimate that rounded counts leave open; NaN where they are exact.
    """

    label: str
    text: str = ""
    estimate: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    n: float = float("nan")
    heading: bool = False
    least: float = float("nan")
    most: float = float("nan")

    @property
    def is_range(self) -> bool:
        """Whether rounding leaves the estimate open within a range."""
        return self.least < self.most

    @property
    def height(self) -> float:
        """Height in points."""
        lines = max(line_count(self.label), line_count(self.text))
        return LINE_HEIGHT * lines + (ROW_GAP + 4.0 if self.heading else ROW_GAP)


def row_centres(rows: Sequence[Row]) -> FloatArray:
    """Place rows under each other.

    Parameters
    ----------
    rows : sequence of Row
        From top to bottom.

    Returns
    -------
    ndarray of shape (n,)
        Points between the upper edge and the middle of each row.
    """
    heights = np.array([row.height for row in rows])
    return np.asarray(np.cumsum(heights) - heights / 2, dtype=np.float64)


def draw_dots(ax: "Axes", rows: Sequence[Row]) -> None:
    """Draw a dot and its interval for every row that has one, or a band where it has a range.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes whose vertical unit is points from the upper edge.
    rows : sequence of Row
        From top to bottom; a row without interval gets a hollow dot. Where rounding leaves the
        estimate open a band shows its range, and no dot claims more.
    """
    centres = row_centres(rows)
    spans = [(row, y) for row, y in zip(rows, centres, strict=True) if np.isfinite(row.estimate)]
    known = [(row, y) for row, y in spans if np.isfinite([row.low, row.high]).all()]
    bare = [(row, y) for row, y in spans if not np.isfinite([row.low, row.high]).all()]
    ax.hlines(
        [y for _, y in known],
        [row.low for row, _ in known],
        [row.high for row, _ in known],
        colors=PALETTE[0],
        linewidth=2.0,
        zorder=3,
    )
    open_rows = [(row, y) for row, y in spans if row.is_range]
    for row, y in open_rows:
        ax.barh(
            y, row.most - row.least, left=row.least, height=BAND, color=PALETTE[0], zorder=4,
            label="rounding",
        )  # fmt: skip
    known, bare = ([(row, y) for row, y in pairs if not row.is_range] for pairs in (known, bare))
    for pairs, fill, name in ((known, PALETTE[0], "interval"), (bare, "white", "no interval")):
        ax.plot(
            [row.estimate for row, _ in pairs],
            [y for _, y in pairs],
            linestyle="none",
            marker="o",
            markersize=DOT,
            markerfacecolor=fill,
            markeredgecolor=PALETTE[0],
            markeredgewidth=1.6,
            clip_on=False,
            zorder=4,
            label=name,
        )


def write_column(
    ax: "Axes", rows: Sequence[Row], words: Sequence[str], *, x: float, side: float, gid: str
) -> None:
    """Write one column of words, a cell a row, left aligned.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes whose vertical unit is points from the upper edge.
    rows : sequence of Row
        From top to bottom; headings are written in semibold.
    words : sequence of str
        The cells; an empty one is left out.
    x : float
        Points from the side of the axes.
    side : float
        0 for the left side, 1 for the right.
    gid : str
        Name of the column inside the SVG.
    """
    from matplotlib.transforms import blended_transform_factory

    place = blended_transform_factory(points_from(ax, side, 0), ax.transData)
    for row, cell, y in zip(rows, words, row_centres(rows), strict=True):
        if cell:
            ax.text(
                x,
                y + (3.0 if row.heading else 0.0),
                cell,
                transform=place,
                ha="left",
                va="center",
                fontsize=TEXT_SIZE,
                fontfamily=FONT,
                color=INK,
                fontweight="semibold" if row.heading else "normal",
                linespacing=1.1,
                gid=gid,
            )


def write_head(ax: "Axes", words: str, *, x: float, side: float) -> None:
    """Write the head of a column above the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    words : str
        The head; may hold line breaks.
    x : float
        Points from the side of the axes.
    side : float
        0 for the left side, 1 for the right.
    """
    ax.text(
        x,
        8.0,
        words,
        transform=points_from(ax, side, 1),
        ha="left",
        va="bottom",
        fontsize=TEXT_SIZE,
        fontweight="semibold",
        fontfamily=FONT,
        color=INK,
        linespacing=1.1,
        gid="head",
    )
