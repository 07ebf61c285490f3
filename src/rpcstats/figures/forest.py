"""Estimates with intervals, one under the other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, MEASURE, STAGE, STRATA, TERM
from rpcstats._wording import MISSING, WITHHELD, sentence_case
from rpcstats._wording import words as plain_words
from rpcstats.errors import DataError
from rpcstats.figures.columns import floats, require, texts, withheld_rows
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    POINTS_PER_INCH,
    dress,
    line_count,
    new_figure,
    place_axes,
    points_from,
    stamp,
    text_width,
    wrap,
)
from rpcstats.figures.panels import tick_words
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.rows import Row, draw_dots, write_column, write_head
from rpcstats.figures.style import COLUMN_WIDTH, FONT, QUIET, TEXT_SIZE, paper_style
from rpcstats.figures.wording import estimate_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST_LABEL: Final = 150.0
GAP: Final = 14.0
INDENT: Final = 8.0
NOTE_GAP: Final = 8.0
MOST_RATIO_TICKS: Final = 6
NO_BASE: Final = "published without the number of people it is a share of, so without an interval"
NO_INTERVAL: Final = "no interval could be worked out"


def forest_dots(
    frame: pd.DataFrame,
    *,
    label: str | None = None,
    group: str | None = None,
    reference: float | None = None,
    reference_label: str = "",
    percent: bool = True,
    ratio: bool = False,
    names: Mapping[str, str] | None = None,
    value_label: str | None = None,
    xlabel: str = "",
    no_interval: str | None = None,
    watermark: str | None = None,
) -> "Figure":
    """Draw estimates as dots with their intervals and print the values beside them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns estimate, conf_low, conf_high and `label`, a row an estimate. A row
        without bounds gets a hollow dot, which a note under the axis explains.
    label : str, optional
        Column that names the rows; by default measure, stage, strata or term.
    group : str, optional
        Column whose values become headings, in the order in which they appear.
    reference : float, optional
        Value marked by a dotted line.
    reference_label : str
        Words for that line.
    percent : bool
        Whether the estimates are proportions to be shown as percentages.
    ratio : bool
        Whether the estimates are ratios, which belong on a logarithmic scale.
    names : mapping of str to str, optional
        Words for rows and groups.
    value_label : str, optional
        Head of the printed values.
    xlabel : str
        Name of the horizontal axis.
    no_interval : str, optional
        What a hollow dot means; by default, for percentages, that the number of people
        was not published.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    label = label or _label_column(frame)
    wanted = (label, ESTIMATE, CONF_LOW, CONF_HIGH, *([group] if group else []))
    require(frame, wanted, chart="forest_dots")
    head = value_label or ("Percentage" if percent else "Estimate") + " (95% interval)"
    with paper_style():
        rows = _rows(frame, label, group, dict(names or {}), percent=percent)
        note = _hollow_note(rows, no_interval or (NO_BASE if percent else NO_INTERVAL))
        figure, ax = _panel(rows, head, note, under=bool(xlabel))
        draw_dots(ax, rows)
        _draw_scale(ax, rows, percent=percent, ratio=ratio, reference=reference)
        if xlabel:
            ax.set_xlabel(xlabel, fontfamily=FONT, fontsize=TEXT_SIZE, labelpad=4.0)
        _name_reference(ax, reference, reference_label)
        left = float(ax.get_position().x0) * COLUMN_WIDTH - EDGE
        for row_set, x in ((True, -left), (False, -left + (INDENT if group else 0.0))):
            words = [row.label if row.heading is row_set else "" for row in rows]
            write_column(ax, rows, words, x=x, side=0, gid="label")
        write_column(ax, rows, [row.text for row in rows], x=GAP, side=1, gid="value")
        write_head(ax, head, x=GAP, side=1)
        _write_note(ax, note, left=left)
        if watermark:
            stamp(figure, watermark)
    return figure


def _label_column(frame: pd.DataFrame) -> str:
    for name in (MEASURE, STAGE, STRATA, TERM):
        if name in frame.columns:
            return name
    raise DataError("forest_dots can't tell what names the rows; say it with label=.")


def _rows(
    frame: pd.DataFrame,
    label: str,
    group: str | None,
    names: dict[str, str],
    *,
    percent: bool,
) -> list[Row]:
    groups = texts(frame, group) if group else [""] * len(frame)
    order = sorted(range(len(frame)), key=lambda i: groups.index(groups[i]))
    labels, withheld = texts(frame, label), withheld_rows(frame)
    columns = [floats(frame, name) for name in (ESTIMATE, CONF_LOW, CONF_HIGH)]
    rows: list[Row] = []
    heading = ""
    for i in order:
        if groups[i] != heading:
            heading = groups[i]
            rows.append(Row(names.get(heading, plain_words(heading)), heading=True))
        estimate, low, high = (float(column[i]) for column in columns)
        words = wrap(names.get(labels[i], sentence_case(plain_words(labels[i]))), WIDEST_LABEL)
        if np.isnan(estimate):
            text = WITHHELD if withheld[i] else MISSING
        else:
            text = estimate_words(estimate, low, high, percent=percent)
        rows.append(Row(words, text, estimate, low, high))
    return rows


def _hollow_note(rows: list[Row], why: str) -> str:
    hollow = any(
        np.isfinite(row.estimate) and not np.isfinite([row.low, row.high]).all() for row in rows
    )
    return wrap(f"Hollow dot: {why}.", COLUMN_WIDTH - 2 * EDGE) if hollow else ""


def _panel(rows: list[Row], head: str, note: str, *, under: bool) -> "tuple[Figure, Axes]":
    labels = max(text_width(row.label) for row in rows) + INDENT + GAP
    values = max([text_width(row.text) for row in rows] + [text_width(head, weight="semibold")])
    total = sum(row.height for row in rows)
    bottom = EDGE + 20.0 + (18.0 if under else 0.0)
    bottom += NOTE_GAP + LINE_HEIGHT * line_count(note) if note else 0.0
    figure = new_figure(LINE_HEIGHT + 12.0 + total + bottom)
    ax = place_axes(
        figure,
        left=EDGE + labels,
        bottom=bottom,
        width=COLUMN_WIDTH - 2 * EDGE - labels - values - GAP,
        height=total,
    )
    dress(ax, grid="x")
    ax.set_ylim(total, 0.0)
    ax.set_yticks([])
    return figure, ax


def _write_note(ax: "Axes", note: str, *, left: float) -> None:
    depth = float(ax.get_position().y0) * float(ax.figure.bbox.height) * POINTS_PER_INCH
    ax.text(
        -left,
        EDGE - depth / ax.figure.dpi,
        note,
        transform=points_from(ax, 0, 0),
        ha="left",
        va="bottom",
        fontsize=TEXT_SIZE,
        fontfamily=FONT,
        color=QUIET,
        gid="note",
    )


def _draw_scale(
    ax: "Axes", rows: list[Row], *, percent: bool, ratio: bool, reference: float | None
) -> None:
    if ratio:
        ticks = _ratio_ticks(rows, reference)
        ax.set_xscale("log")
        ax.minorticks_off()
        ax.set_xlim(ticks[0], ticks[-1])
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    elif percent:
        ticks = np.linspace(0.0, 1.0, 5)
        ax.set_xlim(0.0, 1.0)
        ax.set_xticks(ticks, [f"{100 * tick:.0f}%" for tick in ticks])
    else:
        ticks = _round_ticks(rows, reference)
        ax.set_xlim(ticks[0], ticks[-1])
        ax.set_xticks(ticks, tick_words(ticks))


def _shown_values(rows: list[Row], reference: float | None) -> list[float]:
    values = [value for row in rows for value in (row.estimate, row.low, row.high)]
    values += [] if reference is None else [reference]
    return [value for value in values if np.isfinite(value)]


def _ratio_ticks(rows: list[Row], reference: float | None) -> FloatArray:
    values = [value for value in _shown_values(rows, reference) if value > 0.0] or [0.5, 2.0]
    steps = np.array([m * 10.0**e for e in range(-6, 7) for m in (1, 2, 5)])
    first = max(int(np.searchsorted(steps, min(values), side="right")) - 1, 0)
    last = min(int(np.searchsorted(steps, max(values), side="left")), len(steps) - 1)
    ticks = steps[min(first, last - 1) : max(last, first + 1) + 1]
    thin = -(-(len(ticks) - 1) // MOST_RATIO_TICKS)
    return np.asarray(np.unique(np.r_[ticks[::thin], ticks[-1]]) if thin > 1 else ticks)


def _round_ticks(rows: list[Row], reference: float | None) -> FloatArray:
    from matplotlib.ticker import MaxNLocator

    finite = _shown_values(rows, reference) or [0.0, 1.0]
    locator = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)
    return np.asarray(locator.tick_values(min(finite), max(finite)), dtype=np.float64)


def _name_reference(ax: "Axes", reference: float | None, words: str) -> None:
    if reference is None:
        return
    from matplotlib.transforms import blended_transform_factory

    ax.axvline(reference, color=QUIET, linewidth=1.2, linestyle=(0, (1.2, 2.0)), zorder=2)
    if words:
        place = blended_transform_factory(ax.transData, points_from(ax, 0, 1))
        ax.text(
            reference,
            8.0,
            words,
            transform=place,
            ha="center",
            va="bottom",
            fontsize=TEXT_SIZE,
            fontfamily=FONT,
            color=QUIET,
            gid="reference-label",
        )
