"""Parents, or couples, by how far their goals moved: one bar a class."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    BASE_LABEL,
    CHANGE,
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    TOLD_HIGH,
    TOLD_LOW,
    N,
)
from rpcstats._wording import MISSING, WITHHELD, sentence_case
from rpcstats.figures.columns import floats, require, texts, withheld_rows
from rpcstats.figures.layout import stamp, wrap
from rpcstats.figures.row_panel import row_panel, withheld_reasons
from rpcstats.figures.rows import Row, row_centres
from rpcstats.figures.style import INK, PALETTE, UNKNOWN, paper_style
from rpcstats.figures.wording import count_words, share_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDEST_LABEL: Final = 104.0
WIDEST_HEAD: Final = 76.0
BAR: Final = 14.0
OPEN: Final = 0.45
"""Opacity of the part of a bar that rounding leaves open."""

OPEN_NOTE: Final = "Paler: as far as the share may reach, since counts are rounded."
NOT_RATED_WORDS: Final = ("not rated", "not both rated")


def change_bars(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    names: Mapping[str, str] | None = None,
    value_label: str = "Share (95% interval)",
    count_label: str | None = None,
    note: str = "",
    watermark: str | None = None,
) -> "Axes":
    """Draw classes of change as bars with intervals, those not rated in grey.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns change, base_label, n, base, estimate, conf_low, conf_high, a row a class. A
        withheld class is written, never drawn as zero.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    names : mapping of str to str, optional
        Words for the classes.
    value_label, count_label : str, optional
        Heads of the columns; the second by default names the base.
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
    wanted = (CHANGE, BASE_LABEL, N, BASE, ESTIMATE, CONF_LOW, CONF_HIGH)
    require(frame, wanted, chart="change_bars")
    with paper_style():
        rows, counts = _rows(frame, dict(names or {}))
        head = wrap(count_label or sentence_case(texts(frame, BASE_LABEL)[0]), WIDEST_HEAD)
        paler = OPEN_NOTE if any(row.is_range for row in rows) else ""
        words = " ".join(filter(None, (paler, withheld_reasons(frame), note)))
        columns = ((value_label, [row.text for row in rows]), (head, counts))
        ax = row_panel(rows, columns, ax=ax, note=words)
        _draw_bars(ax, rows, texts(frame, CHANGE))
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def _rows(frame: pd.DataFrame, names: dict[str, str]) -> tuple[list[Row], list[str]]:
    labels, withheld = texts(frame, CHANGE), withheld_rows(frame)
    read = (ESTIMATE, CONF_LOW, CONF_HIGH, TOLD_LOW, TOLD_HIGH, N, BASE)
    numbers = [floats(frame, name) for name in read]
    rows, counts = [], []
    for i, label in enumerate(labels):
        *told, n, base = (float(column[i]) for column in numbers)
        estimate, low, high = told[:3]
        value = share_words(*told)
        if np.isnan(estimate):
            value = WITHHELD if withheld[i] else MISSING
        text = wrap(names.get(label, label), WIDEST_LABEL)
        rows.append(Row(text, value, estimate, low, high, n, least=told[3], most=told[4]))
        counts.append(count_words(n, base))
    return rows, counts


def _draw_bars(ax: "Axes", rows: list[Row], labels: list[str]) -> None:
    for row, label, y in zip(rows, labels, row_centres(rows), strict=True):
        if not np.isfinite(row.estimate):
            continue
        is_rated = not label.lower().startswith(NOT_RATED_WORDS)
        colour = PALETTE[0] if is_rated else UNKNOWN
        sure = row.least if row.is_range else row.estimate
        ax.barh(y, sure, height=BAR, color=colour, zorder=2.5)
        if row.is_range:
            ax.barh(
                y, row.most - sure, left=sure, height=BAR, color=colour, alpha=OPEN, zorder=2.5,
                label="rounding",
            )  # fmt: skip
        if np.isfinite([row.low, row.high]).all():
            ax.hlines(y, row.low, row.high, colors="white", linewidth=3.6, zorder=3)
            ax.hlines(y, row.low, row.high, colors=INK, linewidth=1.6, zorder=3.5)
