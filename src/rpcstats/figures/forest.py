"""Estimates with intervals, one under the other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, MEASURE, STAGE, STRATA, TERM
from rpcstats._wording import MISSING, WITHHELD, sentence_case
from rpcstats._wording import words as plain_words
from rpcstats.errors import DataError
from rpcstats.figures.columns import floats, require, texts, withheld_rows
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    dress,
    line_count,
    make_room,
    new_figure,
    place_axes,
    points_from,
    stamp,
    text_width,
    wrap,
)
from rpcstats.figures.rows import Row, draw_dots, write_column, write_head
from rpcstats.figures.style import COLUMN_WIDTH, FONT, QUIET, TEXT_SIZE, paper_style
from rpcstats.figures.value_scale import draw_scale, name_reference
from rpcstats.figures.wording import estimate_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST_LABEL: Final = 150.0
GAP: Final = 14.0
INDENT: Final = 8.0
NOTE_GAP: Final = 8.0
NO_BASE: Final = "published without the number of people it is a share of, so without an interval"
NO_INTERVAL: Final = "no interval could be worked out"


def forest_dots(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
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
    ax : matplotlib.axes.Axes, optional
        Where to draw, narrowed so that the words have room; by default a new figure as wide as
        the text column.
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
        left, right = _widths(rows, head)
        if ax is None:
            above = LINE_HEIGHT * line_count(head) + 12.0
            ax = _own_axes(rows, note, (left, right, above), under=bool(xlabel))
        else:
            make_room(ax, left=left, right=right + GAP)
        _dress(ax, rows)
        draw_dots(ax, rows)
        draw_scale(ax, rows, percent=percent, ratio=ratio, reference=reference)
        if xlabel:
            ax.set_xlabel(xlabel, fontfamily=FONT, fontsize=TEXT_SIZE, labelpad=4.0)
        name_reference(ax, reference, reference_label)
        for row_set, x in ((True, -left), (False, -left + (INDENT if group else 0.0))):
            words = [row.label if row.heading is row_set else "" for row in rows]
            write_column(ax, rows, words, x=x, side=0, gid="label")
        write_column(ax, rows, [row.text for row in rows], x=GAP, side=1, gid="value")
        write_head(ax, head, x=GAP, side=1)
        _write_note(ax, note, left=left, under=bool(xlabel))
        figure = ax.figure.figure
        if watermark:
            stamp(figure, watermark)
    return figure


def forest_axes(frame: pd.DataFrame, *, ax: "Axes | None" = None, **options: Any) -> "Axes":
    """Draw as `forest_dots` does, and give the axes.

    Parameters
    ----------
    frame : pandas.DataFrame
        As in `forest_dots`.
    ax : matplotlib.axes.Axes, optional
        As in `forest_dots`.
    **options : object
        As in `forest_dots`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.
    """
    figure = forest_dots(frame, ax=ax, **options)
    return figure.axes[0] if ax is None else ax


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


def _widths(rows: list[Row], head: str) -> tuple[float, float]:
    """Measure the labels and the printed values, in points."""
    values = max([text_width(row.text) for row in rows] + [text_width(head, weight="semibold")])
    return max(text_width(row.label) for row in rows) + INDENT + GAP, values


def _depth(note: str, *, under: bool) -> float:
    """Measure what stands under the axis, in points."""
    words = NOTE_GAP + LINE_HEIGHT * line_count(note) if note else 0.0
    return 20.0 + (18.0 if under else 0.0) + words


def _own_axes(
    rows: list[Row], note: str, room: tuple[float, float, float], *, under: bool
) -> "Axes":
    left, right, above = room
    total = sum(row.height for row in rows)
    bottom = EDGE + _depth(note, under=under)
    figure = new_figure(above + total + bottom)
    ax = place_axes(
        figure,
        left=EDGE + left,
        bottom=bottom,
        width=COLUMN_WIDTH - 2 * EDGE - left - right - GAP,
        height=total,
    )
    show_in_notebooks(ax, figure)
    return ax


def _dress(ax: "Axes", rows: list[Row]) -> None:
    dress(ax, grid="x")
    ax.set_ylim(sum(row.height for row in rows), 0.0)
    ax.set_yticks([])


def _write_note(ax: "Axes", note: str, *, left: float, under: bool) -> None:
    ax.text(
        -left,
        -_depth(note, under=under),
        note,
        transform=points_from(ax, 0, 0),
        ha="left",
        va="bottom",
        fontsize=TEXT_SIZE,
        fontfamily=FONT,
        color=QUIET,
        gid="note",
    )
