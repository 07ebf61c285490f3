"""One dot with its interval a session: hazards, or what adds up from them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STRATA, TIME
from rpcstats._wording import percent as as_percentage
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts
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
from rpcstats.figures.placement import FloatArray, spread
from rpcstats.figures.style import (
    COLUMN_WIDTH,
    FONT,
    INK,
    TEXT_SIZE,
    SeriesStyle,
    paper_style,
    series_styles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 215.0
TOP: Final = 30.0
DEPTH: Final = 38.0
TICK_ROOM: Final = 38.0
LABEL_ROOM: Final = 110.0
LABEL_GAP: Final = 10.0
MOST_SESSIONS: Final = 16
SIDE_BY_SIDE: Final = 0.3
HEAD_ROOM: Final = 1.05


class _Dots(NamedTuple):
    label: str
    time: FloatArray
    estimate: FloatArray
    low: FloatArray
    high: FloatArray
    style: SeriesStyle


def session_dots(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Session",
    ylabel: str = "Chance to leave, of those still there",
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Axes":
    """Draw a probability at each session as a dot with its interval.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns strata (optional), time, estimate, conf_low, conf_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column of a paper.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    names : mapping of str to str, optional
        Words for the strata.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; thin lines join the dots of a stratum, whose name stands at their end.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, (TIME, ESTIMATE, CONF_LOW, CONF_HIGH), chart="session_dots")
    with paper_style():
        series = _series(frame, dict(names or {}))
        named = len(series) > 1
        room = max(text_width(dots.label, weight="semibold") for dots in series) if named else 0.0
        room = room + LABEL_GAP if named else 12.0
        ax = _own_axes(room) if ax is None else ax
        times = np.unique(np.concatenate([dots.time for dots in series]))
        _draw_axes(ax, series, times, xlabel=xlabel, ylabel=ylabel)
        _draw_dots(ax, series, times)
        if named:
            _label(ax, series)
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def _series(frame: pd.DataFrame, words: dict[str, str]) -> list[_Dots]:
    labels = texts(frame, STRATA) if STRATA in frame.columns else [""] * len(frame)
    distinct = list(dict.fromkeys(labels))
    found = []
    for label, style in zip(distinct, series_styles(len(distinct)), strict=True):
        part = frame[[one == label for one in labels]].sort_values(TIME, kind="stable")
        time, estimate = floats(part, TIME), floats(part, ESTIMATE)
        low, high = floats(part, CONF_LOW), floats(part, CONF_HIGH)
        name = wrap(words.get(label, plain_words(label)), LABEL_ROOM)
        found.append(_Dots(name, time, estimate, low, high, style))
    return found


def _own_axes(room: float) -> "Axes":
    figure = new_figure(TOP + HEIGHT + DEPTH + EDGE)
    ax = place_axes(
        figure,
        left=TICK_ROOM + EDGE,
        bottom=DEPTH + EDGE,
        width=COLUMN_WIDTH - TICK_ROOM - room - 2 * EDGE,
        height=HEIGHT,
    )
    show_in_notebooks(ax, figure)
    return ax


def _draw_axes(
    ax: "Axes", series: list[_Dots], times: FloatArray, *, xlabel: str, ylabel: str
) -> None:
    from matplotlib.ticker import MaxNLocator

    dress(ax, grid="y")
    tops = np.concatenate([np.where(np.isnan(d.high), d.estimate, d.high) for d in series])
    top = min(1.0, HEAD_ROOM * float(np.nanmax(tops, initial=0.01)))
    found = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]).tick_values(0.0, top)
    levels = np.array([level for level in found if 0.0 <= level <= top])
    decimals = next(
        (d for d in range(5) if np.allclose(np.round(levels, d + 2), levels, rtol=0, atol=1e-12)), 5
    )
    ax.set_yticks(levels, [as_percentage(level, decimals=decimals) for level in levels])
    ax.set_ylim(0.0, top)
    ticks = times
    if len(times) > MOST_SESSIONS or (times != np.floor(times)).any():
        ticks = np.asarray(MaxNLocator(nbins=8, integer=True).tick_values(times[0], times[-1]))
        ticks = ticks[(ticks >= times[0]) & (ticks <= times[-1])]
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    gap = float(np.diff(times).min(initial=1.0))
    ax.set_xlim(times[0] - gap / 2.0, times[-1] + gap / 2.0)
    ax.set_xlabel(xlabel, fontfamily=FONT, fontsize=TEXT_SIZE, color=INK, labelpad=4.0)
    ax.set_ylabel(ylabel).set_visible(False)
    place = {"transform": points_from(ax, 0, 1), "ha": "left", "va": "bottom"}
    font = {"fontfamily": FONT, "fontsize": TEXT_SIZE, "color": INK}
    ax.text(-TICK_ROOM, 10.0, ylabel, gid="ylabel", **place, **font)  # type: ignore[arg-type]


def _draw_dots(ax: "Axes", series: list[_Dots], times: FloatArray) -> None:
    room = SIDE_BY_SIDE * float(np.diff(times).min(initial=1.0))
    shifts = np.linspace(-room / 2.0, room / 2.0, len(series)) if len(series) > 1 else [0.0]
    for dots, shift in zip(series, shifts, strict=True):
        colour, dashes = dots.style.colour, dots.style.dashes
        at = dots.time + shift
        ax.vlines(at, dots.low, dots.high, colors=colour, linewidth=1.6, zorder=2.5)
        ax.plot(
            at,
            dots.estimate,
            marker="o",
            markersize=5.0,
            color=colour,
            linewidth=1.0,
            linestyle=(0, dashes) if dashes else "-",
            label=dots.label,
            clip_on=False,
            zorder=3,
        )


def _label(ax: "Axes", series: list[_Dots]) -> None:
    """Name each stratum beside its last dot."""
    height, (_, top) = axes_size(ax)[1], ax.get_ylim()
    last = [float(dots.estimate[np.isfinite(dots.estimate)][-1:].sum()) for dots in series]
    lines = max(line_count(dots.label) for dots in series)
    wanted = np.array([value / top * height for value in last])
    places = spread(wanted, LINE_HEIGHT * lines, low=0.0, high=height)
    for dots, place in zip(series, places, strict=True):
        ax.text(
            LABEL_GAP - 4.0,
            float(place),
            dots.label,
            transform=points_from(ax, 1, 0),
            ha="left",
            va="center",
            fontfamily=FONT,
            fontsize=TEXT_SIZE,
            fontweight="semibold",
            color=dots.style.text_colour,
            linespacing=1.1,
            gid="label",
        )
