"""The row of numbers at risk under a curve."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rpcstats._wording import count
from rpcstats.figures.layout import (
    LINE_HEIGHT,
    POINTS_PER_INCH,
    line_count,
    points_from,
    text_width,
)
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.series import Curve
from rpcstats.figures.style import FONT, INK, TEXT_SIZE, SeriesStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HIDDEN: Final = "[c]"
HIDDEN_NOTE: Final = "[c] = number withheld."
ROW_GAP: Final = 3.0
NAME_GAP: Final = 22.0


def risk_cells(curve: Curve, ticks: FloatArray) -> list[str]:
    """Write the numbers at risk of one curve.

    Parameters
    ----------
    curve : Curve
        The curve.
    ticks : ndarray of shape (k,)
        Times under which a number stands.

    Returns
    -------
    list of str
        Empty where the frame does not tell the number, ``"[c]"`` where it is withheld.
    """
    numbers = [curve.at_risk(float(tick)) for tick in ticks]
    return [
        "" if number is None else HIDDEN if np.isnan(number) else count(number)
        for number in numbers
    ]


def row_heights(curves: Sequence[Curve]) -> list[float]:
    """Give each row the height its name needs.

    Parameters
    ----------
    curves : sequence of Curve
        One a row.

    Returns
    -------
    list of float
        In points.
    """
    return [LINE_HEIGHT * line_count(curve.label) + ROW_GAP for curve in curves]


def draw_at_risk(
    ax: "Axes",
    shown: Sequence[tuple[Curve, SeriesStyle]],
    ticks: FloatArray,
    *,
    heading: str,
    drop: float,
    left: float,
    named: bool,
) -> float:
    """Draw the numbers at risk on axes that share the curve's time axis.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes of the curve.
    shown : sequence of (Curve, SeriesStyle)
        One a row.
    ticks : ndarray of shape (k,)
        The ticks of the time axis.
    heading : str
        What is counted.
    drop : float
        Points between the axis and the heading.
    left : float
        Points between the left edge of the picture and the axis.
    named : bool
        Whether the rows carry the names of the curves.

    Returns
    -------
    float
        Points between the axis and the lower edge of the last row.
    """
    from matplotlib.transforms import blended_transform_factory

    heights = row_heights([curve for curve, _ in shown])
    below = points_from(ax, 0, 0)
    top = drop + LINE_HEIGHT + ROW_GAP
    depth = top + sum(heights)
    row_ax = ax.inset_axes(
        (0, -depth, 1, depth - top),
        transform=blended_transform_factory(ax.transAxes, below),
        sharex=ax,
        label="at risk",
    )
    row_ax.set_axis_off()
    row_ax.set_ylim(sum(heights), 0)
    look: dict[str, Any] = {
        "fontsize": TEXT_SIZE,
        "fontfamily": FONT,
        "fontweight": "semibold",
        "color": INK,
    }
    ax.text(-left, -drop, heading, transform=below, va="top", gid="risk-heading", **look)
    centres = np.cumsum(heights) - np.array(heights) / 2
    _write_numbers(row_ax, [risk_cells(curve, ticks) for curve, _ in shown], ticks, centres)
    if named:
        _write_names(row_ax, shown, centres, left)
    return depth


def _write_names(
    row_ax: "Axes",
    shown: Sequence[tuple[Curve, SeriesStyle]],
    centres: FloatArray,
    left: float,
) -> None:
    from matplotlib.transforms import blended_transform_factory

    place = blended_transform_factory(points_from(row_ax, 0, 0), row_ax.transData)
    for (curve, style), y in zip(shown, centres, strict=True):
        row_ax.text(
            -left,
            y,
            curve.label,
            transform=place,
            va="center",
            fontsize=TEXT_SIZE,
            fontfamily=FONT,
            color=style.text_colour,
            linespacing=1.05,
            gid="risk-name",
        )


def _write_numbers(
    row_ax: "Axes", cells: Sequence[Sequence[str]], ticks: FloatArray, centres: FloatArray
) -> None:
    every = _stride(cells, ticks, row_ax)
    look: dict[str, Any] = {
        "fontsize": TEXT_SIZE,
        "fontfamily": FONT,
        "color": INK,
        "gid": "risk-number",
    }
    for row, y in zip(cells, centres, strict=True):
        for tick, cell in list(zip(ticks, row, strict=True))[::every]:
            if cell:
                row_ax.text(tick, y, cell, ha="center", va="center", **look)


def name_room(curves: Sequence[Curve]) -> float:
    """Give the room that the names of the rows need left of the axis.

    Parameters
    ----------
    curves : sequence of Curve
        One a row.

    Returns
    -------
    float
        In points.
    """
    return max((text_width(curve.label) for curve in curves), default=0.0) + NAME_GAP


def _stride(cells: Sequence[Sequence[str]], ticks: FloatArray, ax: "Axes") -> int:
    if len(ticks) < 2:
        return 1
    pixels = ax.transData.transform(np.column_stack([ticks[:2], [0.0, 0.0]]))[:, 0]
    pitch = float(np.diff(pixels)[0]) * POINTS_PER_INCH / ax.figure.dpi
    widest = max(text_width(cell) for row in cells for cell in row)
    return max(1, int(np.ceil((widest + 5.0) / pitch)))
