"""How an estimate moves when two assumptions are bent: contours, and where a conclusion ends."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE
from rpcstats._wording import number
from rpcstats.errors import DataError
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.panels import finish_panel, panel_grid
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.style import FONT, INK, PALETTE, QUIET, TEXT_SIZE, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 300.0
SHADED: Final = "#E4E7E9"
BEYOND: Final = "#BFC5C9"
MARKERS: Final = ("o", "s", "^", "D", "v")
LABEL_SHIFT: Final = 7.0
LABEL_STEP: Final = 17.0
LABEL_MARGIN: Final = 0.06
ABOVE_LINES: Final = 4


def tipping_contours(
    frame: pd.DataFrame,
    *,
    null: float,
    marks: pd.DataFrame | None = None,
    ax: "Axes | None" = None,
    xlabel: str = "Points added for those who left",
    ylabel: str = "Points added for those who stayed and did not answer",
    percent: bool = False,
    watermark: str | None = None,
) -> "Axes":
    """Draw an estimate over a grid of two departures from an assumption.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns delta_leavers, delta_unanswered, estimate, conf_low, conf_high: a row for every
        pair of at least two values of each.
    null : float
        Value the conclusion is about: where the interval includes it, the picture is shaded;
        where the interval lies wholly beyond it, seen from the estimate without departures,
        darker and hatched.
    marks : pandas.DataFrame, optional
        Columns label, delta_leavers, delta_unanswered: assumptions to mark.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    percent : bool
        Whether estimates are shares.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the picture.

    Raises
    ------
    DataError
        If a column is missing or the rows are no grid.
    """
    wanted = ("delta_leavers", "delta_unanswered", ESTIMATE, CONF_LOW, CONF_HIGH)
    require(frame, wanted, chart="tipping_contours")
    x, y, estimate, low, high = _grid(frame)
    named = f"{100 * null:g}%" if percent else f"{null:g}"
    note = f"Lines: the estimate. Shaded: its interval includes {named}."
    with paper_style():
        if ax is None:
            _, (ax,) = panel_grid([ylabel], height=HEIGHT, columns=1, note=_note(note, x, y, marks))
        _shade(ax, x, y, low, high, null)
        _draw_lines(ax, x, y, estimate, percent=percent)
        if marks is not None:
            _draw_marks(ax, marks, x)
        ax.set_xlim(x[0], x[-1])
        ax.set_ylim(y[0], y[-1])
        finish_panel(ax, xlabel=xlabel, ylabel=ylabel, watermark=watermark)
        ax.grid(visible=False)
        for at, line in ((0.0, ax.axvline), (0.0, ax.axhline)):
            line(at, color=QUIET, linewidth=0.8, linestyle=(0, (1.2, 2.0)), zorder=2.5)
    return ax


def _grid(frame: pd.DataFrame) -> tuple[FloatArray, ...]:
    x, y = (np.unique(floats(frame, f"delta_{name}")) for name in ("leavers", "unanswered"))
    ordered = frame.sort_values(["delta_unanswered", "delta_leavers"])
    if len(frame) != len(x) * len(y) or min(len(x), len(y)) < 2:
        raise DataError(
            "tipping_contours needs a row for every pair of at least two deltas of each kind."
        )
    shape = (len(y), len(x))
    return x, y, *(floats(ordered, c).reshape(shape) for c in (ESTIMATE, CONF_LOW, CONF_HIGH))


def _note(note: str, x: FloatArray, y: FloatArray, marks: pd.DataFrame | None) -> str:
    """Say under the axis which marks lie outside the picture."""
    if marks is None:
        return note
    outside = [
        label
        for label, a, b in zip(
            texts(marks, "label"),
            floats(marks, "delta_leavers"),
            floats(marks, "delta_unanswered"),
            strict=True,
        )
        if not (x[0] <= a <= x[-1] and y[0] <= b <= y[-1])
    ]
    return note + (f" Outside the picture: {', '.join(outside)}." if outside else "")


def _shade(
    ax: "Axes", x: FloatArray, y: FloatArray, low: FloatArray, high: FloatArray, null: float
) -> None:
    """Shade where the interval includes the null, and darker where it lies beyond."""
    is_above = bool(low[np.abs(y).argmin(), np.abs(x).argmin()] >= null) or bool(low.max() > null)
    near, far = (low - null, high - null) if is_above else (null - high, null - low)
    least = min(float(far.min()), float(near.min()), 0.0) - 1.0
    if near.min() < 0.0:
        ax.contourf(x, y, near, levels=[least, 0.0], colors=[SHADED], zorder=1)
    if far.min() < 0.0:
        ax.contourf(x, y, far, levels=[least, 0.0], colors=[BEYOND], hatches=["///"], zorder=1)
    if near.min() < 0.0 < near.max():
        ax.contour(x, y, near, levels=[0.0], colors=[PALETTE[0]], linewidths=2.4, zorder=3)


def _draw_lines(
    ax: "Axes", x: FloatArray, y: FloatArray, estimate: FloatArray, *, percent: bool
) -> None:
    from matplotlib.ticker import MaxNLocator

    if np.ptp(estimate) == 0.0:
        return
    levels = MaxNLocator(nbins=9, steps=[1, 2, 2.5, 5, 10]).tick_values(
        float(estimate.min()), float(estimate.max())
    )
    lines = ax.contour(x, y, estimate, levels=levels, colors=[INK], linewidths=0.9, zorder=2)
    step = float(levels[1] - levels[0])
    decimals = 1 if step >= 0.1 and np.isclose(step * 10, round(step * 10)) else 2

    def words(value: float) -> str:
        return f"{100 * value:.0f}%" if percent else number(value, decimals=decimals)

    places = _inmost_points(lines.allsegs, x, y)
    labels = ax.clabel(lines, fmt=words, fontsize=TEXT_SIZE, inline=False, manual=places)
    for label in labels:
        label.set_fontfamily(FONT)
        label.set_zorder(ABOVE_LINES)
        label.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})


def _inmost_points(
    segments: Sequence[Sequence[FloatArray]], x: FloatArray, y: FloatArray
) -> list[tuple[float, float]]:
    """Give the point of each contour farthest from the frame, where a label has room."""
    low, width = np.array([x.min(), y.min()]), np.array([np.ptp(x), np.ptp(y)])
    found = []
    for level in segments:
        points = np.concatenate([np.empty((0, 2)), *level])
        inside = (points - low) / width
        margin = np.minimum(inside, 1.0 - inside).min(axis=1, initial=1.0)
        if len(points) and margin.max() >= LABEL_MARGIN:
            a, b = points[margin.argmax()]
            found.append((float(a), float(b)))
    return found


def _draw_marks(ax: "Axes", marks: pd.DataFrame, x: FloatArray) -> None:
    """Mark assumptions; labels stand one above the other, so that near ones do not meet."""
    places = zip(
        texts(marks, "label"),
        floats(marks, "delta_leavers"),
        floats(marks, "delta_unanswered"),
        strict=True,
    )
    for place, (label, a, b) in enumerate(places):
        ax.plot(
            a,
            b,
            MARKERS[place % len(MARKERS)],
            markersize=8.0,
            markerfacecolor="white" if place else PALETTE[0],
            markeredgecolor=PALETTE[0],
            markeredgewidth=1.6,
            clip_on=False,
            zorder=5,
        )
        share = (a - x[0]) / (x[-1] - x[0])
        ax.annotate(
            label,
            (a, b),
            xytext=(0.0, LABEL_SHIFT + LABEL_STEP * place),
            textcoords="offset points",
            ha="left" if share < 0.2 else "right" if share > 0.8 else "center",
            va="bottom",
            fontsize=TEXT_SIZE,
            fontfamily=FONT,
            color=INK,
            zorder=6 - 0.1 * place,
            annotation_clip=True,
            arrowprops={"arrowstyle": "-", "color": QUIET, "linewidth": 0.8} if place else None,
            bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
        )
