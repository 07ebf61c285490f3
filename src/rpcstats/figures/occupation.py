"""Shares of people in each state over time, stacked, with names in the bands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, N_RISK, STATE, STRATA, TIME
from rpcstats._wording import words as plain_words
from rpcstats.errors import DataError
from rpcstats.figures.at_risk import draw_at_risk, name_room, row_heights
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.curve_labels import in_points
from rpcstats.figures.curves import clock_ticks
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    axes_size,
    dress,
    new_figure,
    place_axes,
    points_from,
    stamp,
    text_width,
)
from rpcstats.figures.placement import FloatArray, spread
from rpcstats.figures.series import Curve, read_curves
from rpcstats.figures.style import (
    COLUMN_WIDTH,
    FONT,
    INK,
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
FILL: Final = 0.42
MARGIN: Final = 3.0
PLACES: Final = 60
WHITE: Final = SeriesStyle("white", INK, ())


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    label: str
    style: SeriesStyle
    low: FloatArray
    high: FloatArray


def state_occupation(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Time",
    ylabel: str = "Share in each state",
    at_risk: bool = True,
    start: float = 0.0,
    names: Mapping[str, str] | None = None,
    risk_label: str = "Number followed in each state",
    blank: str | None = None,
    last: float | None = None,
    watermark: str | None = None,
) -> "Axes":
    """Draw the probabilities of states as bands on top of each other.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns state, time, estimate, and n_risk where known; one group, each state at the
        same times. The first state lies at the bottom. Where estimates are missing in between,
        because leavers were pooled, the bands run straight from one to the next.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column of a paper.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    at_risk : bool
        Whether to print the numbers followed in each state.
    start : float
        Where the time axis begins. Before its first time the first row's state mix is not
        known but for those who have not moved: the bands begin with the state of all.
    names : mapping of str to str, optional
        Words for the states.
    risk_label : str
        Heading of the numbers.
    blank : str, optional
        A state whose band is left white.
    last : float, optional
        Where the time axis ends, after which nobody is followed; at the last time if not given.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    DataError
        If a column is missing, there is no row, or states have different times.
    """
    require(frame, (STATE, TIME, ESTIMATE), chart="state_occupation")
    words = dict(names or {})
    known = frame[frame[ESTIMATE].notna()]
    with paper_style():
        time, bands = _bands(known, words, blank)
        after = np.nan if last is None else 0.0
        told = at_risk and N_RISK in frame.columns
        rows = _risk_rows(frame, words, bands, after) if told else []
        left = max(TICK_ROOM, name_room([curve for curve, _ in rows]) if rows else 0.0)
        depth = _depth(rows)
        right = 12.0 + max(text_width(band.label, weight="semibold") for band in bands)
        ax = _own_axes(left, right, depth) if ax is None else ax
        end = float(time[-1]) if last is None else last
        ticks = _ticks(time, start, end)
        _dress(ax, ticks, (start, end), xlabel, ylabel)
        _fill(ax, time, bands, sloped=len(known) < len(frame))
        _name(ax, time, bands)
        if rows:
            draw_at_risk(ax, rows, ticks, heading=risk_label, drop=RISK_DROP, left=left, named=True)
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def _bands(
    frame: pd.DataFrame, words: Mapping[str, str], blank: str | None
) -> tuple[FloatArray, list[_Band]]:
    labels = texts(frame, STATE)
    distinct = list(dict.fromkeys(labels))
    codes = pd.Categorical(labels, categories=distinct).codes
    times = [floats(frame[codes == k], TIME) for k in range(len(distinct))]
    if any(not np.array_equal(time, times[0]) for time in times):
        raise DataError(
            "state_occupation takes one group, with every state at the same times: choose the "
            "rows of one group first."
        )
    levels = np.cumsum([floats(frame[codes == k], ESTIMATE) for k in range(len(distinct))], axis=0)
    edges = np.vstack([np.zeros(levels.shape[1]), np.minimum(levels, 1.0)])
    coloured = [name for name in distinct if name != blank]
    styles = dict(zip(coloured, series_styles(len(coloured)), strict=True))
    return times[0], [
        _Band(words.get(name, plain_words(name)), styles.get(name, WHITE), edges[k], edges[k + 1])
        for k, name in enumerate(distinct)
    ]


def _risk_rows(
    frame: pd.DataFrame, words: Mapping[str, str], bands: Sequence[_Band], after: float
) -> list[tuple[Curve, SeriesStyle]]:
    """Give the states in which somebody is followed, as rows of numbers."""
    columns = {STRATA: texts(frame, STATE), TIME: frame[TIME], N_RISK: frame[N_RISK]}
    table = pd.DataFrame({**columns, ESTIMATE: frame[ESTIMATE], "n_event": 0, "n_censor": 0})
    curves = [replace(c, after_last=after) for c in read_curves(table, words)]
    shown = zip(curves, bands, strict=True)
    return [
        (replace(curve, label=band.label), band.style) for curve, band in shown if curve.risk.any()
    ]


def _ticks(time: FloatArray, start: float, end: float) -> FloatArray:
    path = np.concatenate([[start], time])
    curve = Curve("", path, path, path, path, path, path, 0.0, True, False, "")
    ticks = clock_ticks([curve], end)
    return ticks[ticks >= start]


def _depth(rows: Sequence[tuple[Curve, SeriesStyle]]) -> float:
    if not rows:
        return RISK_DROP - 8.0
    return RISK_DROP + LINE_HEIGHT + 3.0 + sum(row_heights([curve for curve, _ in rows]))


def _own_axes(left: float, right: float, depth: float) -> "Axes":
    figure = new_figure(TOP + PLOT_HEIGHT + depth + EDGE)
    ax = place_axes(
        figure,
        left=left + EDGE,
        bottom=depth + EDGE,
        width=COLUMN_WIDTH - left - right - 2 * EDGE,
        height=PLOT_HEIGHT,
    )
    show_in_notebooks(ax, figure)
    return ax


def _dress(
    ax: "Axes", ticks: FloatArray, span: tuple[float, float], xlabel: str, ylabel: str
) -> None:
    dress(ax, grid="y")
    levels = np.linspace(0.0, 1.0, 6)
    ax.set_yticks(levels, [share(y, percent=True) for y in levels])
    ax.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    ax.set_xlim(span[0], span[1] if span[1] > span[0] else span[0] + 1.0)
    ax.set_ylim(0.0, 1.0)
    look: dict[str, Any] = {"fontfamily": FONT, "fontsize": TEXT_SIZE, "color": INK}
    ax.set_xlabel(xlabel, labelpad=4.0, **look)
    ax.set_ylabel(ylabel).set_visible(False)
    place: dict[str, Any] = {"transform": points_from(ax, 0, 1), "ha": "left", "va": "bottom"}
    ax.text(-TICK_ROOM, 10.0, ylabel, gid="ylabel", **place, **look)


def _fill(ax: "Axes", time: FloatArray, bands: Sequence[_Band], *, sloped: bool) -> None:
    start = float(ax.get_xlim()[0])
    path = np.concatenate([[start], time]) if time[0] > start else time
    for band in bands:
        if band.style is WHITE:
            continue
        low, high = (_from_start(edge, len(path)) for edge in (band.low, band.high))
        ax.fill_between(
            path,
            low,
            high,
            step=None if sloped else "post",
            facecolor=band.style.colour,
            alpha=FILL,
            linewidth=0.0,
            zorder=1.5,
            label=band.label,
        )
        if band is not bands[-1]:
            ax.plot(
                path,
                high,
                drawstyle="default" if sloped else "steps-post",
                color=band.style.colour,
                linewidth=1.4,
                solid_capstyle="butt",
                zorder=2.0,
                label=f"_{band.label}",
            )


def _from_start(edge: FloatArray, n: int) -> FloatArray:
    """Begin a band at the start, at its first height rounded to nobody or everybody."""
    return edge if len(edge) == n else np.concatenate([[np.round(edge[0])], edge])


def _name(ax: "Axes", time: FloatArray, bands: Sequence[_Band]) -> None:
    """Write each name inside its band where it fits best, else beside its end."""
    outside = []
    for band in bands:
        if (band.high <= band.low).all():
            continue
        spot = _inside(ax, time, band)
        if spot is None:
            outside.append(band)
            continue
        place: dict[str, Any] = {"transform": points_from(ax, 0, 0), "ha": "center"}
        ax.text(spot[0], spot[1], band.label, va="center", **place, **_label_look(INK))
    if not outside:
        return
    ends = np.array([(band.low[-1] + band.high[-1]) / 2 for band in outside])
    heights = in_points(ax, np.full(len(ends), time[-1]), ends)[1]
    top = axes_size(ax)[1]
    centres = spread(heights, LINE_HEIGHT, low=LINE_HEIGHT / 2, high=top)
    for band, y in zip(outside, centres, strict=True):
        place = {"transform": points_from(ax, 1, 0), "ha": "left", "va": "center"}
        ax.text(8.0, float(y), band.label, **place, **_label_look(band.style.text_colour))


def _label_look(colour: str) -> dict[str, Any]:
    return {
        "fontfamily": FONT,
        "fontsize": TEXT_SIZE,
        "fontweight": "semibold",
        "color": colour,
        "zorder": 4,
        "gid": "band-label",
    }


def _inside(ax: "Axes", time: FloatArray, band: _Band) -> tuple[float, float] | None:
    width, height = axes_size(ax)
    half = text_width(band.label, weight="semibold") / 2 + MARGIN
    across = in_points(ax, time, np.zeros(len(time)))[0]
    width = min(width, float(across[-1]))
    if 2 * half >= width:
        return None
    best, spot = LINE_HEIGHT + 2 * MARGIN, None
    for x in np.linspace(half, width - half, PLACES):
        a, b = np.searchsorted(across, [x - half, x + half])
        inside = slice(max(int(a) - 1, 0), max(int(b), 1))
        low, high = float(band.low[inside].max()), float(band.high[inside].min())
        if (high - low) * height > best:
            best, spot = (high - low) * height, (float(x), (low + high) / 2 * height)
    return spot
