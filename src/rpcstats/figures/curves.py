"""Step curves with intervals, direct labels and numbers at risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._wording import WITHHELD
from rpcstats.figures.at_risk import (
    HIDDEN,
    HIDDEN_NOTE,
    draw_at_risk,
    name_room,
    risk_cells,
    row_heights,
)
from rpcstats.figures.curve_labels import OFFSET, label_lines, label_markers
from rpcstats.figures.curve_lines import draw_curves
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    axes_size,
    dress,
    line_count,
    new_figure,
    place_axes,
    points_from,
    stamp,
    text_width,
    wrap,
)
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.series import Curve, read_curves
from rpcstats.figures.style import (
    COLUMN_WIDTH,
    FONT,
    INK,
    QUIET,
    TEXT_SIZE,
    SeriesStyle,
    paper_style,
    series_styles,
)
from rpcstats.figures.wording import share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOT_HEIGHT: Final = 215.0
TOP: Final = 30.0
TICK_ROOM: Final = 38.0
RISK_DROP: Final = 46.0
LABEL_ROOM: Final = 110.0
MOST_SESSIONS: Final = 16
POOLED_NOTE: Final = (
    "Leavers are pooled to protect them. Between two dots the line is straight: how many left "
    "after each of those sessions is not shown."
)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    shown: list[tuple[Curve, SeriesStyle]]
    named: bool
    ticks: FloatArray
    last: float
    left: float
    right: float
    at_risk: bool
    notes: str

    @property
    def depth(self) -> float:
        """Points between the time axis and the lower edge of the picture."""
        depth = RISK_DROP - 8.0
        if self.at_risk:
            rows = row_heights([curve for curve, _ in self.shown])
            depth = RISK_DROP + LINE_HEIGHT + 3.0 + sum(rows)
        return depth + (LINE_HEIGHT * line_count(self.notes) + 6.0 if self.notes else 0.0)


def step_curve(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Session",
    ylabel: str = "Still attending",
    at_risk: bool = True,
    percent: bool = True,
    markers: Mapping[float, str] | None = None,
    risk_label: str = "Number still followed",
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Axes":
    """Draw step curves with their intervals and the numbers at risk.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns strata, time, estimate, conf_low, conf_high; n_risk, n_event and n_censor
        where known. A stratum whose estimates are all missing is named under the axis
        and not drawn.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column of a paper.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    at_risk : bool
        Whether to print the risk set just before each tick. Where a protected frame
        does not tell it, nothing is printed.
    percent : bool
        Whether the vertical axis shows percentages.
    markers : mapping of float to str, optional
        Times to mark with a dotted line, and their words.
    risk_label : str
        Heading of the numbers at risk.
    names : mapping of str to str, optional
        Words for the strata.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes of the curves; ``.figure`` is the picture.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    curves = read_curves(frame, names)
    with paper_style():
        plan = _plan(curves, risk=at_risk)
        room = plan.right if ax is None else 0.0
        ax = _own_axes(plan) if ax is None else ax
        _draw_axes(ax, plan, xlabel=xlabel, ylabel=ylabel, percent=percent)
        _set_limits(ax, plan, room=room)
        draw_curves(ax, plan.shown)
        _draw_below(ax, plan, heading=risk_label)
        if room == 0.0:
            _settle(ax)
            _set_limits(ax, plan, room=room)
        if plan.named:
            label_lines(ax, plan.shown, last=plan.last, room=room)
        label_markers(ax, plan.shown, markers or {})
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def _own_axes(plan: _Plan) -> "Axes":
    figure = new_figure(TOP + PLOT_HEIGHT + plan.depth + EDGE)
    ax = place_axes(
        figure,
        left=plan.left + EDGE,
        bottom=plan.depth + EDGE,
        width=COLUMN_WIDTH - plan.left - plan.right - 2 * EDGE,
        height=PLOT_HEIGHT,
    )
    show_in_notebooks(ax, figure)
    return ax


def _settle(ax: "Axes") -> None:
    """Let the layout of a user's figure make room before labels are placed."""
    engine = ax.figure.figure.get_layout_engine()
    if engine is not None:
        engine.execute(ax.figure.figure)


def _set_limits(ax: "Axes", plan: _Plan, *, room: float) -> None:
    width = axes_size(ax)[0]
    taken = min(plan.right, width / 2) if plan.named and not room else 0.0
    ax.set_xlim(0.0, plan.last * width / (width - taken))
    ax.set_ylim(0.0, 1.0)
    ax.spines["bottom"].set_bounds(0.0, plan.last)
    ax.xaxis.label.set_x((width - taken) / width / 2)


def _plan(curves: list[Curve], *, risk: bool) -> _Plan:
    named = len(curves) > 1
    curves = [replace(curve, label=wrap(curve.label, LABEL_ROOM)) for curve in curves]
    shown = [curve for curve in curves if len(curve.time)]
    risk = risk and bool(shown)
    last = max((float(curve.risk_time[-1]) for curve in shown), default=0.0) or 1.0
    ticks = clock_ticks(shown, last)
    hidden = risk and any(HIDDEN in risk_cells(curve, ticks) for curve in shown)
    pooled = any(curve.pooled for curve in shown)
    notes = [curve.note for curve in curves if curve.note]
    notes += [POOLED_NOTE] * pooled + [HIDDEN_NOTE] * hidden
    widths = [text_width(curve.label, weight="semibold") for curve in shown]
    return _Plan(
        shown=list(zip(shown, series_styles(len(shown)), strict=True)),
        named=named,
        ticks=ticks,
        last=last,
        left=max(TICK_ROOM, name_room(shown) if named and risk else 0.0),
        right=max(widths, default=0.0) + OFFSET + 2.0 if named else 12.0,
        at_risk=risk,
        notes=wrap(" ".join(notes), COLUMN_WIDTH - 4 * EDGE),
    )


def clock_ticks(curves: Sequence[Curve], last: float) -> FloatArray:
    """Choose the ticks of the time axis: every session, or round numbers of a longer clock.

    Parameters
    ----------
    curves : sequence of Curve
        The curves.
    last : float
        The last time drawn.

    Returns
    -------
    ndarray of shape (k,)
        From 0 to at most `last`.
    """
    from matplotlib.ticker import MaxNLocator

    whole = all(bool((curve.time == np.floor(curve.time)).all()) for curve in curves)
    if whole and last <= MOST_SESSIONS:
        return np.arange(last + 1.0)
    ticks = MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=whole).tick_values(0.0, last)
    return np.asarray([tick for tick in ticks if 0.0 <= tick <= last])


def _draw_axes(ax: "Axes", plan: _Plan, *, xlabel: str, ylabel: str, percent: bool) -> None:
    dress(ax, grid="y")
    levels = np.linspace(0.0, 1.0, 6)
    ax.set_yticks(levels, [share(y, percent=True) if percent else f"{y:.1f}" for y in levels])
    ax.set_xticks(plan.ticks, [f"{tick:,g}" for tick in plan.ticks])
    ax.set_xlabel(xlabel, fontfamily=FONT, fontsize=TEXT_SIZE, color=INK, labelpad=4.0)
    ax.set_ylabel(ylabel).set_visible(False)
    ax.text(
        -TICK_ROOM,
        10.0,
        ylabel,
        transform=points_from(ax, 0, 1),
        ha="left",
        va="bottom",
        fontfamily=FONT,
        fontsize=TEXT_SIZE,
        color=INK,
        gid="ylabel",
    )


def _draw_below(ax: "Axes", plan: _Plan, *, heading: str) -> None:
    depth = RISK_DROP - 8.0
    if not plan.shown:
        place: dict[str, Any] = {"transform": ax.transAxes, "ha": "center", "va": "center"}
        ax.text(0.5, 0.5, WITHHELD, fontfamily=FONT, fontsize=TEXT_SIZE, color=QUIET, **place)
    if plan.at_risk:
        depth = draw_at_risk(
            ax,
            plan.shown,
            plan.ticks,
            heading=heading,
            drop=RISK_DROP,
            left=plan.left,
            named=plan.named,
        )
    if plan.notes:
        ax.text(
            -plan.left,
            -depth - 6.0,
            plan.notes,
            transform=points_from(ax, 0, 0),
            ha="left",
            va="top",
            fontfamily=FONT,
            fontsize=TEXT_SIZE,
            color=QUIET,
            gid="note",
        )
