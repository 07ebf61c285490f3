"""Answers to questions of agreement: shares of those who answered, and bounds for all asked."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    ANSWER,
    BASE,
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    ITEM,
    TOLD_HIGH,
    TOLD_LOW,
    N,
)
from rpcstats._wording import MISSING, WITHHELD, interval, percent
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts, withheld_rows
from rpcstats.figures.layout import LINE_HEIGHT, stamp, wrap
from rpcstats.figures.row_panel import row_panel, withheld_reasons, write_legend
from rpcstats.figures.rows import Row, row_centres
from rpcstats.figures.style import INK, PALETTE, QUIET, UNKNOWN, paper_style
from rpcstats.figures.wording import count_words, share_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANSWERED: Final = "answered"
AGREE: Final = "agree"
COLOURS: Final = {AGREE: PALETTE[0], "neither": "#BFC6CA", "disagree": PALETTE[3]}
WIDEST_LABEL: Final = 120.0
BAR: Final = 13.0
BOUND: Final = 4.0
SHIFT: Final = 12.0
OPEN: Final = 0.45
"""Opacity of the part of a bar that a withheld count leaves open."""

OPEN_NOTE: Final = "Or more, and paler: so few did not agree that their number may not be told."
RANGE_NOTE: Final = "Line on a bar: every share agreeing that fits the rounded counts."
BOUNDS_NOTE: Final = (
    "Thin line: share agreeing of all asked, if none or all of those who gave no answer agreed."
)


def answer_bars(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    names: Mapping[str, str] | None = None,
    value_label: str = "Agree (95% interval)",
    count_label: str = "Answered",
    note: str = "",
    watermark: str | None = None,
) -> "Axes":
    """Draw the answers to each question as one stacked bar, with bounds for those who gave none.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns item, answer ("answered", "agree", "neither", "disagree"), n, base, estimate,
        conf_low, conf_high. The base of "answered" is those asked, that of the others those who
        answered. With columns told_low and told_high, as `disclose` gives them, shares of rounded
        counts are ranges, and an answer that nearly all gave has a least share.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    names : mapping of str to str, optional
        Words for the questions and the answers.
    value_label, count_label : str
        Heads of the columns.
    note : str
        More words under the axis.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; ``.figure`` is the picture.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    wanted = (ITEM, ANSWER, N, BASE, ESTIMATE, CONF_LOW, CONF_HIGH)
    require(frame, wanted, chart="answer_bars")
    given = dict(names or {})
    cells = _cells(frame)
    with paper_style():
        rows = [_row(item, part, given) for item, part in cells.items()]
        counts = [_answered_words(part) for part in cells.values()]
        bounds = [_bounds(part) for part in cells.values()]
        grey = BOUNDS_NOTE if any(high > low for low, high in bounds) else ""
        gone = _not_drawn(cells, given)
        nothing = any(np.isnan(row.estimate) and not row.is_range for row in rows)
        why = withheld_reasons(frame) if nothing or gone else ""
        said = (_range_notes(rows), grey, why, gone, note)
        words = " ".join(filter(None, said))
        columns = ((value_label, [row.text for row in rows]), (count_label, counts))
        ax = row_panel(rows, columns, ax=ax, note=words, above=LINE_HEIGHT + 6.0)
        for row, part, y, bound in zip(
            rows, cells.values(), row_centres(rows), bounds, strict=True
        ):
            _draw_item(ax, row, part, float(y), bound)
        legend = [(COLOURS[name], given.get(name, plain_words(name))) for name in COLOURS]
        write_legend(ax, legend, up=LINE_HEIGHT + 14.0)
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


_Cell = dict[str, float]


def _cells(frame: pd.DataFrame) -> dict[str, dict[str, _Cell]]:
    """Give the numbers by item and answer, with whether the row was withheld."""
    names = (ESTIMATE, CONF_LOW, CONF_HIGH, TOLD_LOW, TOLD_HIGH, N, BASE)
    numbers = {name: floats(frame, name) for name in names}
    withheld = withheld_rows(frame)
    found: dict[str, dict[str, _Cell]] = {}
    for i, (item, answer) in enumerate(zip(texts(frame, ITEM), texts(frame, ANSWER), strict=True)):
        cell = {name: float(values[i]) for name, values in numbers.items()}
        found.setdefault(item, {})[answer] = cell | {WITHHELD: float(withheld[i])}
    return found


def _row(item: str, part: dict[str, _Cell], names: dict[str, str]) -> Row:
    label = wrap(names.get(item, plain_words(item)), WIDEST_LABEL)
    agree = part.get(AGREE, {})
    estimate, low, high = (agree.get(k, np.nan) for k in (ESTIMATE, CONF_LOW, CONF_HIGH))
    least, most = (agree.get(k, np.nan) for k in (TOLD_LOW, TOLD_HIGH))
    if np.isnan(estimate) and np.isnan(least):
        value = WITHHELD if agree.get(WITHHELD) else MISSING
    elif estimate == 1.0 and np.isfinite(low):
        value = f"{percent(1.0)} (at least {percent(low)})"
    else:
        value = share_words(estimate, low, high, least, most)
    low, high = _bounds(part)
    under = f"\n{interval(low, high)} of all" if high > low else "\n"
    return Row(label, value + under, estimate, least=least, most=most)


def _range_notes(rows: list[Row]) -> str:
    """Say what the marks of rounding mean, of those that are drawn."""
    nearly_all = any(row.is_range and np.isnan(row.estimate) for row in rows)
    rounded = any(row.is_range and np.isfinite(row.estimate) for row in rows)
    return " ".join([RANGE_NOTE] * rounded + [OPEN_NOTE] * nearly_all)


def _answered_words(part: dict[str, _Cell]) -> str:
    answered = part.get(ANSWERED, {})
    return count_words(answered.get(N, np.nan), answered.get(BASE, np.nan))


def _bounds(part: dict[str, _Cell]) -> tuple[float, float]:
    """Give the share of all asked who agree, at least and at most; NaN where not told.

    Shares of all asked are products of the share that answered and the share agreeing of these.
    """
    agree = _told_range(part.get(AGREE, {}))
    response, _ = _told_range(part.get(ANSWERED, {}))
    return agree[0] * response, 1.0 - (1.0 - agree[1]) * response


def _told_range(cell: _Cell) -> tuple[float, float]:
    """Give the least and the greatest share that was told; the share itself where it is exact."""
    least, most = cell.get(TOLD_LOW, np.nan), cell.get(TOLD_HIGH, np.nan)
    estimate = cell.get(ESTIMATE, np.nan)
    return (estimate, estimate) if np.isnan(least) else (least, most)


def _not_drawn(cells: dict[str, dict[str, _Cell]], names: dict[str, str]) -> str:
    """Name the withheld parts of bars that are drawn, which would look like nobody."""
    missing = [
        f"{names.get(item, plain_words(item))}, {names.get(answer, answer)}"
        for item, part in cells.items()
        for answer, cell in part.items()
        if answer in COLOURS and cell[WITHHELD] and np.isfinite(part[AGREE][ESTIMATE])
    ]
    return f"Withheld and so not drawn: {'; '.join(missing)}." if missing else ""


def _draw_item(
    ax: "Axes", row: Row, part: dict[str, _Cell], y: float, bound: tuple[float, float]
) -> None:
    left = 0.0
    for answer, colour in COLOURS.items():
        share = part.get(answer, {}).get(ESTIMATE, np.nan)
        if np.isfinite(share) and np.isfinite(row.estimate):
            ax.barh(y - 5.0, share, left=left, height=BAR, color=colour, zorder=2.5)
            left += share
    if row.is_range and np.isfinite(row.estimate):
        ax.hlines(y - 5.0, row.least, row.most, colors="white", linewidth=3.6, zorder=3)
        ax.hlines(y - 5.0, row.least, row.most, colors=INK, linewidth=1.6, zorder=3.5)
    elif row.is_range:
        for low, width, opacity in ((0.0, row.least, 1.0), (row.least, 1.0 - row.least, OPEN)):
            ax.barh(
                y - 5.0, width, left=low, height=BAR, color=COLOURS[AGREE], alpha=opacity,
                zorder=2.5, label="nearly all",
            )  # fmt: skip
    if np.isnan(row.estimate) and not row.is_range:
        ax.text(0.01, y, WITHHELD, va="center", ha="left", color=QUIET, gid="withheld")
    elif bound[1] > bound[0]:
        ax.barh(
            y - 5.0 + SHIFT, bound[1] - bound[0], left=bound[0], height=BOUND,
            color=UNKNOWN, zorder=2.5, label="unknown",
        )  # fmt: skip
        ax.vlines(bound, y + 3.5, y + 10.5, colors=INK, linewidth=1.0, zorder=3)
