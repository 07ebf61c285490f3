"""The way through a programme: how many reach each stage, and of whom."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    BASE_LABEL,
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    FUNNEL,
    NOTE,
    STAGE,
    STATUS,
    TOLD_HIGH,
    TOLD_LOW,
    N,
)
from rpcstats._wording import WITHHELD, count
from rpcstats._wording import words as plain_words
from rpcstats.errors import DataError
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.layout import (
    EDGE,
    LINE_HEIGHT,
    dress,
    line_count,
    new_figure,
    place_axes,
    points_from,
    stamp,
    text_width,
    wrap,
)
from rpcstats.figures.rows import BAND_NOTE, Row, draw_dots, row_centres, write_column, write_head
from rpcstats.figures.style import COLUMN_WIDTH, FONT, INK, PALETTE, QUIET, TEXT_SIZE, paper_style
from rpcstats.figures.wording import share_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABEL_WIDTH: Final = 104.0
BASE_WIDTH: Final = 96.0
GAP: Final = 16.0
BAR: Final = 15.0
AXIS_DEPTH: Final = 24.0


def funnel_chart(
    frame: pd.DataFrame,
    *,
    by: str | None = None,
    names: Mapping[str, str] | None = None,
    count_label: str = "Number",
    percent_label: str = "Percentage (95% interval)",
    watermark: str | None = None,
) -> "Figure":
    """Draw how many reach each stage, with the percentage of its named base.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns stage, n, base, base_label, estimate, conf_low, conf_high, a row a stage.
        A missing `n` is written as "withheld", never drawn as zero.
    by : str, optional
        Column whose values become headings; by default the first column, if it is
        none of the funnel's own.
    names : mapping of str to str, optional
        Words for stages and groups.
    count_label, percent_label : str
        Heads of the two columns.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        Bars on the left, dots with intervals on the right, the same rows.

    Raises
    ------
    DataError
        If a column is missing, there is no row, or stages repeat without groups.
    """
    require(frame, (STAGE, N, BASE, ESTIMATE, CONF_LOW, CONF_HIGH), chart="funnel_chart")
    with paper_style():
        bases, notes = _base_words(texts(frame, BASE_LABEL), _printed_bases(frame))
        rows = _rows(frame, _grouping(frame, by), bases, dict(names or {}))
        if any(row.is_range for row in rows):
            notes.append(wrap(BAND_NOTE, COLUMN_WIDTH - 2 * EDGE))
        figure, bars, dots = _panels(rows, "\n".join(notes))
        _draw_bars(bars, rows)
        write_column(bars, rows, [row.label for row in rows], x=-LABEL_WIDTH, side=0, gid="label")
        write_head(bars, count_label, x=0.0, side=0)
        dots.set_xlim(0.0, 1.0)
        dots.set_xticks([0.0, 0.5, 1.0], ["0%", "50%", "100%"])
        draw_dots(dots, rows)
        write_column(dots, rows, [row.text for row in rows], x=GAP, side=1, gid="value")
        write_head(dots, percent_label, x=0.0, side=0)
        if watermark:
            stamp(figure, watermark)
    return figure


def _grouping(frame: pd.DataFrame, by: str | None) -> str | None:
    if by is not None:
        require(frame, (by,), chart="funnel_chart(by=...)")
        return by
    first = str(frame.columns[0])
    if first not in (*FUNNEL, STATUS, NOTE):
        return first
    if frame[STAGE].duplicated().any():
        raise DataError(
            "funnel_chart was given stages that repeat; name the column that tells them apart "
            "with by=."
        )
    return None


def _rows(
    frame: pd.DataFrame, by: str | None, bases: list[str], names: dict[str, str]
) -> list[Row]:
    stages, groups = texts(frame, STAGE), texts(frame, by) if by else [""] * len(frame)
    read = (ESTIMATE, CONF_LOW, CONF_HIGH, TOLD_LOW, TOLD_HIGH, N, BASE)
    columns = [floats(frame, name) for name in read]
    rows: list[Row] = []
    heading = ""
    for i, label in enumerate(bases):
        if groups[i] != heading:
            heading = groups[i]
            rows.append(Row(names.get(heading, plain_words(heading)), heading=True))
        *told, n, base = (float(column[i]) for column in columns)
        words = wrap(names.get(stages[i], plain_words(stages[i])), LABEL_WIDTH - 8.0)
        text = _value(told, base, label)
        estimate, low, high, least, most = told
        rows.append(Row(words, text, estimate, low, high, n, least=least, most=most))
    return rows


def _value(told: list[float], base: float, label: str) -> str:
    if np.isnan(told[0]):
        nothing_to_share = np.isnan(base) and not label
        return "" if nothing_to_share else WITHHELD if base != 0 else "no one to count"
    text = share_words(*told)
    return text if np.isnan(base) else f"{text}\nof {count(base)} {label}".rstrip()


def _printed_bases(frame: pd.DataFrame) -> list[bool]:
    shown = np.isfinite(floats(frame, ESTIMATE)) & np.isfinite(floats(frame, BASE))
    return [bool(value) for value in shown]


def _base_words(labels: list[str], printed: list[bool]) -> tuple[list[str], list[str]]:
    """Move names of bases too long for their column into notes."""
    used = [label for label, shown in zip(labels, printed, strict=True) if shown]
    long = [label for label in dict.fromkeys(used) if text_width(label) > BASE_WIDTH]
    marks = {label: f"[note {place + 1}]" for place, label in enumerate(long)}
    notes = [wrap(f"{mark} Of {label}.", COLUMN_WIDTH - 2 * EDGE) for label, mark in marks.items()]
    return [marks.get(label, label) for label in labels], notes


def _panels(rows: list[Row], notes: str) -> "tuple[Figure, Axes, Axes]":
    values = max(text_width(row.text) for row in rows)
    total = sum(row.height for row in rows)
    top = LINE_HEIGHT + 12.0
    free = COLUMN_WIDTH - 2 * EDGE - LABEL_WIDTH - values - 2 * GAP
    bottom = AXIS_DEPTH + (LINE_HEIGHT * line_count(notes) + 8.0 if notes else 0.0)
    figure = new_figure(top + total + bottom + EDGE)
    left = EDGE + LABEL_WIDTH
    bars = place_axes(figure, left=left, bottom=bottom, width=free * 0.5, height=total)
    dots = place_axes(
        figure, left=left + free * 0.5 + GAP, bottom=bottom, width=free * 0.5, height=total
    )
    for ax in (bars, dots):
        dress(ax, grid="x")
        ax.set_ylim(total, 0.0)
        ax.set_yticks([])
    bars.text(
        -LABEL_WIDTH,
        EDGE - bottom,
        notes,
        transform=points_from(bars, 0, 0),
        ha="left",
        va="bottom",
        fontsize=TEXT_SIZE,
        fontfamily=FONT,
        color=QUIET,
        gid="note",
    )
    return figure, bars, dots


def _draw_bars(ax: "Axes", rows: list[Row]) -> None:
    from matplotlib.transforms import offset_copy

    known = [(row, y) for row, y in zip(rows, row_centres(rows), strict=True) if row.n >= 0]
    ax.barh([y for _, y in known], [row.n for row, _ in known], height=BAR, color=PALETTE[0])
    longest = max((row.n for row, _ in known), default=1.0) or 1.0
    width = float(ax.get_position().width) * COLUMN_WIDTH
    ax.set_xlim(0.0, longest * width / (width - text_width(count(longest)) - 5.0))
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    ax.axvline(0.0, color=PALETTE[0], linewidth=1.0)
    beside = offset_copy(ax.transData, ax.figure.figure, x=4.0, units="points")
    for row, y in zip(rows, row_centres(rows), strict=True):
        if row.heading:
            continue
        hidden = np.isnan(row.n)
        ax.text(
            0.0 if hidden else row.n,
            y,
            WITHHELD if hidden else count(row.n),
            transform=beside,
            ha="left",
            va="center",
            fontsize=TEXT_SIZE,
            fontfamily=FONT,
            color=QUIET if hidden else INK,
            gid="count",
        )
