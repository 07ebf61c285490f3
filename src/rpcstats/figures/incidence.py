"""Cumulative incidence: causes stacked on each other, or one curve each with its interval."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, N_RISK, STATE, TIME
from rpcstats._wording import words as plain_words
from rpcstats.figures.at_risk import draw_at_risk, name_room, row_heights
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.curve_labels import OFFSET, label_lines
from rpcstats.figures.curve_lines import draw_curves
from rpcstats.figures.curves import clock_ticks
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.incidence_panels import (
    Pair,
    as_states,
    incidence_groups,
    incidence_panels,
    panel_title,
    refuse_shared,
)
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    dress,
    new_figure,
    place_axes,
    points_from,
    stamp,
    text_width,
)
from rpcstats.figures.occupation import state_occupation
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.series import Curve
from rpcstats.figures.style import (
    COLUMN_WIDTH,
    FONT,
    INK,
    TEXT_SIZE,
    paper_style,
)
from rpcstats.figures.wording import share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 185.0
TOP: Final = 30.0
TICK_ROOM: Final = 38.0
RISK_DROP: Final = 46.0
GAP: Final = 14.0
EVENT_FREE: Final = "Still attending"
RISK_LABEL: Final = "Number still followed"
_LOWEST_TOP: Final = 0.1


def stacked_incidence(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Session",
    ylabel: str = "Share of starters",
    event_free: str = EVENT_FREE,
    at_risk: bool = True,
    names: Mapping[str, str] | None = None,
    risk_label: str = RISK_LABEL,
    watermark: str | None = None,
) -> "Axes":
    """Draw the cumulative incidences of all causes stacked on each other.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns state (the cause), time, estimate, and n_risk where known; strata if there are
        groups, which get a panel each. Every cause of a group at the same times.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single group; by default a new figure as wide as the text column.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    event_free : str
        Name of what is left above the causes.
    at_risk : bool
        Whether to print the numbers still followed.
    names : mapping of str to str, optional
        Words for the causes and the groups.
    risk_label : str
        Heading of the numbers.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on, the first of several; ``.figure`` is the picture.

    Raises
    ------
    DataError
        If a column is missing, there is no row, or causes have different times.
    ParameterError
        If axes are given and there are several groups.
    """
    require(frame, (STATE, TIME, ESTIMATE), chart="stacked_incidence")
    words = dict(names or {})
    groups = incidence_groups(frame, words)
    refuse_shared(ax, len(groups))
    options: dict[str, Any] = {
        "xlabel": xlabel,
        "risk_label": risk_label,
        "names": words,
        "blank": event_free,
        "last": float(np.nanmax(floats(frame, TIME))),
    }
    labels = [words.get(name, plain_words(name)) for name in texts(frame, STATE)]
    at_risk = at_risk and N_RISK in frame.columns
    with paper_style():
        widest = max(text_width(text, weight="semibold") for text in {*labels, event_free})
        left = max(TICK_ROOM, text_width(event_free) + 22.0) if at_risk else TICK_ROOM
        depth = RISK_DROP + 2 * LINE_HEIGHT + 6.0 if at_risk else RISK_DROP
        axes = [ax] if ax is not None else _stack(len(groups), left, widest + 14.0, depth)
        for own, (head, part) in zip(axes, groups, strict=True):
            states = as_states(part, event_free)
            title = panel_title(head, ylabel)
            state_occupation(states, ax=own, ylabel=title, at_risk=at_risk, **options)
        if watermark:
            stamp(axes[0].figure.figure, watermark)
    return axes[0]


def incidence_curves(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Session",
    ylabel: str = "Cumulative incidence",
    at_risk: bool = True,
    names: Mapping[str, str] | None = None,
    risk_label: str = RISK_LABEL,
    watermark: str | None = None,
) -> "Axes":
    """Draw cumulative incidence curves with their intervals.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns state (the cause), time, estimate, conf_low, conf_high, and n_risk where known;
        strata if there are groups. Causes of a single group share one panel; with groups each
        cause has a panel, whose curves are the groups.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single panel; by default a new figure as wide as the text column.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    at_risk : bool
        Whether to print the numbers still followed.
    names : mapping of str to str, optional
        Words for the causes and the groups.
    risk_label : str
        Heading of the numbers.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on, the first of several; ``.figure`` is the picture.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    ParameterError
        If axes are given and there are several panels.
    """
    require(frame, (STATE, TIME, ESTIMATE), chart="incidence_curves")
    words = dict(names or {})
    at_risk = at_risk and N_RISK in frame.columns
    with paper_style():
        panels = incidence_panels(frame, words, ylabel)
        refuse_shared(ax, len(panels))
        curves = [curve for panel in panels for curve, _ in panel.shown]
        last = max((float(curve.time[-1]) for curve in curves), default=1.0) or 1.0
        top = _top(curves)
        rows = panels[0].rows
        left = max(TICK_ROOM, name_room([c for c, _ in rows]) if at_risk and len(rows) > 1 else 0)
        right = max(text_width(c.label, weight="semibold") for c in curves) + OFFSET + 2.0
        depth = RISK_DROP + (_rows_depth(rows) if at_risk else 0.0)
        axes = [ax] if ax is not None else _stack(len(panels), left, right, depth)
        for own, panel in zip(axes, panels, strict=True):
            ticks = clock_ticks([curve for curve, _ in panel.shown], last)
            _dress(own, ticks, last, top, xlabel, panel.head)
            draw_curves(own, panel.shown)
            if at_risk:
                look: dict[str, Any] = {"heading": risk_label, "drop": RISK_DROP, "left": left}
                draw_at_risk(own, panel.rows, ticks, named=len(rows) > 1, **look)
            label_lines(own, panel.shown, last=last, room=right)
        if watermark:
            stamp(axes[0].figure.figure, watermark)
    return axes[0]


def _stack(n: int, left: float, right: float, depth: float) -> "list[Axes]":
    """Make a figure of panels under each other."""
    step = TOP + HEIGHT + depth
    figure = new_figure(n * step + (n - 1) * GAP + 2 * EDGE)
    axes = []
    for place in range(n):
        bottom = EDGE + (n - 1 - place) * (step + GAP) + depth
        width = COLUMN_WIDTH - left - right - 2 * EDGE
        ax = place_axes(figure, left=left + EDGE, bottom=bottom, width=width, height=HEIGHT)
        show_in_notebooks(ax, figure)
        axes.append(ax)
    return axes


def _top(curves: Sequence[Curve]) -> float:
    """Give the height of the axis: the highest limit, rounded up to a tenth."""
    highest = max((float(np.nanmax([c.high.max(), c.estimate.max()])) for c in curves), default=1.0)
    return float(min(1.0, max(_LOWEST_TOP, np.ceil(np.round(10 * highest, 6)) / 10)))


def _rows_depth(rows: Sequence[Pair]) -> float:
    return LINE_HEIGHT + 3.0 + sum(row_heights([curve for curve, _ in rows]))


def _dress(ax: "Axes", ticks: FloatArray, last: float, top: float, xlabel: str, head: str) -> None:
    dress(ax, grid="y")
    levels = np.linspace(0.0, top, 6 if top in (0.5, 1.0) else round(10 * top) + 1)
    levels = levels if len(levels) > 2 else np.linspace(0.0, top, 3)
    ax.set_yticks(levels, [share(y, percent=True) for y in levels])
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    ax.set_xlim(0.0, last)
    ax.set_ylim(0.0, top)
    look: dict[str, Any] = {"fontfamily": FONT, "fontsize": TEXT_SIZE, "color": INK}
    ax.set_xlabel(xlabel, labelpad=4.0, **look)
    ax.set_ylabel(head).set_visible(False)
    place: dict[str, Any] = {"transform": points_from(ax, 0, 1), "ha": "left", "va": "bottom"}
    ax.text(-TICK_ROOM, 10.0, head, gid="ylabel", **place, **look)
