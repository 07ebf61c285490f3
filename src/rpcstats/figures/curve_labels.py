"""Names beside the ends of curves, and words beside marked times."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats.figures.layout import (
    LINE_HEIGHT,
    POINTS_PER_INCH,
    axes_size,
    line_count,
    text_width,
    wrap,
)
from rpcstats.figures.placement import Box, FloatArray, freest, spread, step_boxes
from rpcstats.figures.series import Curve
from rpcstats.figures.style import FONT, QUIET, TEXT_SIZE, SeriesStyle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OFFSET: Final = 6.0
MARKER_WIDTH: Final = 100.0
Pair = tuple[Curve, SeriesStyle]


def in_points(ax: "Axes", x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Turn data coordinates into points from the lower left corner of the axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    x, y : ndarray of shape (n,)
        Data coordinates.

    Returns
    -------
    tuple of ndarray
        x and y in points.
    """
    pixels = ax.transData.transform(np.column_stack([x, y])) - ax.transAxes.transform((0.0, 0.0))
    points = pixels * POINTS_PER_INCH / ax.figure.dpi
    return points[:, 0], points[:, 1]


def label_lines(ax: "Axes", shown: Sequence[Pair], *, last: float, room: float) -> None:
    """Write the name of each curve beside its end.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes, with limits set.
    shown : sequence of (Curve, SeriesStyle)
        What is drawn.
    last : float
        Where the time axis ends.
    room : float
        Points free right of the axes.
    """
    width, height = axes_size(ax)
    full = [pair for pair in shown if pair[0].time[-1] == last]
    early = [pair for pair in shown if pair[0].time[-1] < last]
    obstacles = path_boxes(ax, shown)
    obstacles += _label_full(ax, full, height)
    for curve, style in early:
        box = _early_box(ax, curve, obstacles, Box(0.0, 0.0, width + room, height))
        obstacles.append(box)
        _write(ax, curve, style, box)


def path_boxes(ax: "Axes", shown: Sequence[Pair]) -> list[Box]:
    """Give the pieces of all drawn curves.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes, with limits set.
    shown : sequence of (Curve, SeriesStyle)
        What is drawn.

    Returns
    -------
    list of Box
        In points from the lower left corner of the axes.
    """
    return [
        box for curve, _ in shown for box in step_boxes(*in_points(ax, curve.time, curve.estimate))
    ]


def label_markers(ax: "Axes", shown: Sequence[Pair], markers: Mapping[float, str]) -> None:
    """Mark times with a dotted line and words that keep clear of the curves.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes, with limits set.
    shown : sequence of (Curve, SeriesStyle)
        What is drawn.
    markers : mapping of float to str
        Times and words.
    """
    width, height = axes_size(ax)
    times = np.array(sorted(markers), dtype=np.float64)
    across = in_points(ax, times, np.zeros(len(times)))[0]
    obstacles = path_boxes(ax, shown) + [Box(x, 0.0, x, height) for x in across]
    for time, x in zip(times, across, strict=True):
        ax.axvline(time, color=QUIET, linewidth=1.1, linestyle=(0, (1.2, 2.0)), zorder=1.2)
        free = min((abs(x - other) for other in across if other != x), default=MARKER_WIDTH)
        words = wrap(markers[time], min(MARKER_WIDTH, float(free) - 2 * OFFSET))
        spots = _marker_spots(float(x), words, width, height)
        box = spots[freest(spots, obstacles)]
        obstacles.append(box)
        ax.annotate(
            words,
            (time, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(box.x0 - float(x), box.y0),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=TEXT_SIZE,
            fontfamily=FONT,
            color=QUIET,
            linespacing=1.05,
            annotation_clip=False,
            gid="marker-label",
        )


def _marker_spots(x: float, words: str, width: float, height: float) -> list[Box]:
    size, tall = text_width(words), LINE_HEIGHT * line_count(words)
    levels = np.arange(OFFSET, height - tall, LINE_HEIGHT)
    spots = [
        Box(x0, float(y0), x0 + size, float(y0) + tall)
        for y0 in levels
        for x0 in (x + OFFSET, x - OFFSET - size)
        if x0 >= 0.0 and x0 + size <= width
    ]
    return spots or [Box(x + OFFSET, OFFSET, x + OFFSET + size, OFFSET + tall)]


def _label_full(ax: "Axes", full: Sequence[Pair], height: float) -> list[Box]:
    if not full:
        return []
    ends = [in_points(ax, curve.time[-1:], curve.estimate[-1:]) for curve, _ in full]
    tall = LINE_HEIGHT * max(line_count(curve.label) for curve, _ in full)
    wanted = np.array([float(y[0]) for _, y in ends])
    centres = spread(wanted, tall, low=tall / 2, high=height)
    boxes = []
    for (curve, style), (x, _), centre in zip(full, ends, centres, strict=True):
        x0 = float(x[0]) + OFFSET
        half = LINE_HEIGHT * line_count(curve.label) / 2
        box = Box(x0, float(centre) - half, x0 + _wide(curve), float(centre) + half)
        boxes.append(box)
        _write(ax, curve, style, box)
    return boxes


def _early_box(ax: "Axes", curve: Curve, obstacles: Sequence[Box], frame: Box) -> Box:
    ends = in_points(ax, curve.time[-1:], curve.estimate[-1:])
    x, y = float(ends[0][0]), float(ends[1][0])
    wide, tall = _wide(curve), LINE_HEIGHT * line_count(curve.label)
    rises = [0.0, *(sign * step * tall for step in (0.8, 1.3, 2.0, 3.0) for sign in (1, -1))]
    spots = [
        Box(x0, y + rise - tall / 2, x0 + wide, y + rise + tall / 2)
        for x0 in (x + OFFSET, x - wide)
        for rise in rises
    ]
    inside = [
        spot
        for spot in spots
        if spot.x0 >= frame.x0 and spot.x1 <= frame.x1 and spot.y0 >= 0.0 and spot.y1 <= frame.y1
    ]
    spots = inside or spots
    # Between a name and the end of its own curve no other curve may pass.
    reach = [
        Box(spot.x0, min(y, spot.y0), spot.x1, max(y, spot.y1)) if spot.x0 > x else spot
        for spot in spots
    ]
    return spots[freest(reach, obstacles)]


def _wide(curve: Curve) -> float:
    return text_width(curve.label, weight="semibold")


def _write(ax: "Axes", curve: Curve, style: SeriesStyle, box: Box) -> None:
    x, y = in_points(ax, curve.time[-1:], curve.estimate[-1:])
    ax.annotate(
        curve.label,
        (float(curve.time[-1]), float(curve.estimate[-1])),
        xytext=(box.x0 - float(x[0]), (box.y0 + box.y1) / 2 - float(y[0])),
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize=TEXT_SIZE,
        fontweight="semibold",
        fontfamily=FONT,
        color=style.text_colour,
        linespacing=1.05,
        annotation_clip=False,
        gid="line-label",
    )
