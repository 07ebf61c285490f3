"""Change under several estimands by several methods, each row saying whose change it is."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMAND_MEANINGS,
    ESTIMATE,
    MEASURE,
    TOLD_HIGH,
    TOLD_LOW,
)
from rpcstats._wording import WITHHELD, count, sentence_case
from rpcstats.errors import DataError
from rpcstats.figures.columns import floats, require, texts, withheld_rows
from rpcstats.figures.layout import stamp, wrap
from rpcstats.figures.panels import tick_words
from rpcstats.figures.row_panel import row_panel, withheld_reasons
from rpcstats.figures.rows import Row, draw_dots
from rpcstats.figures.style import QUIET, paper_style
from rpcstats.figures.wording import told_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST_LABEL: Final = 118.0
CHANGE_MEASURE: Final = "mean change"
STEP_NOTE: Final = "Thick bar: every value that fits the estimate told, which is rounded to a step."
_HEADS: Final = {
    CHANGE_MEASURE: "Mean change in points\n(95% interval)",
    "progress": "Share with progress\n(95% interval)",
}


def estimand_forest(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    measure: str = CHANGE_MEASURE,
    value_label: str | None = None,
    note: str = "",
    watermark: str | None = None,
) -> "Figure":
    """Draw one measure under every estimand, a heading an estimand and a row a method.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns estimand, method, measure, estimate, conf_low, conf_high, n_obs; protected or
        not. With columns told_low and told_high a band shows what rounding leaves open.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    measure : str
        "mean change" or "progress".
    value_label : str, optional
        Head of the printed values.
    note : str
        More words under the axis.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    DataError
        If a column is missing or the measure has no row.
    """
    wanted = ("estimand", "method", MEASURE, ESTIMATE, CONF_LOW, CONF_HIGH, "n_obs")
    require(frame, wanted, chart="estimand_forest")
    part = frame[frame[MEASURE] == measure]
    if part.empty:
        known = ", ".join(dict.fromkeys(texts(frame, MEASURE)))
        raise DataError(f"estimand_forest has no row of that measure; the frame has {known}.")
    percent = measure != CHANGE_MEASURE
    head = value_label or _HEADS.get(measure, "Estimate\n(95% interval)")
    with paper_style():
        rows = _rows(part, percent=percent)
        band = STEP_NOTE if any(row.is_range for row in rows) else ""
        said = (_reference_words(percent), band, withheld_reasons(part), note)
        words = " ".join(filter(None, said))
        cells = ["" if np.isnan(row.n) else count(row.n) for row in rows]
        columns = [(head, [row.text for row in rows]), ("Parents", cells)]
        ax = row_panel(rows, columns, ax=ax, note=words)
        _scale(ax, rows, percent=percent)
        draw_dots(ax, rows)
        figure = ax.figure.figure
        if watermark:
            stamp(figure, watermark)
    return figure


def _rows(frame: pd.DataFrame, *, percent: bool) -> list[Row]:
    estimands, methods = texts(frame, "estimand"), texts(frame, "method")
    withheld = withheld_rows(frame)
    short = _short(estimands, methods)
    read = (ESTIMATE, CONF_LOW, CONF_HIGH, TOLD_LOW, TOLD_HIGH)
    columns = [floats(frame, name) for name in read]
    counts = floats(frame, "n_obs")
    rows: list[Row] = []
    heading = ""
    for i in sorted(range(len(frame)), key=lambda i: estimands[i]):
        if estimands[i] != heading:
            heading = estimands[i]
            meaning = ESTIMAND_MEANINGS.get(heading, heading)
            rows.append(Row(sentence_case(meaning), heading=True))
        estimate, low, high, least, most = (float(column[i]) for column in columns)
        text = told_words((estimate, low, high, least, most), percent=percent)
        rows.append(
            Row(
                wrap(short[i], WIDEST_LABEL),
                WITHHELD if withheld[i] else text,
                estimate,
                low,
                high,
                float(counts[i]),
                least=least,
                most=most,
            )
        )
    return rows


def _short(estimands: list[str], methods: list[str]) -> list[str]:
    """Cut methods at their first comma, unless two of one estimand would read the same."""
    cut = [method.split(";")[0].split(",")[0] for method in methods]
    pairs = list(zip(estimands, cut, strict=True))
    return [
        text if pairs.count(pair) == 1 else method
        for text, pair, method in zip(cut, pairs, methods, strict=True)
    ]


def _reference_words(percent: bool) -> str:
    return "" if percent else "Dotted line: no change."


def _scale(ax: "Axes", rows: list[Row], *, percent: bool) -> None:
    if percent:
        return
    from matplotlib.ticker import MaxNLocator

    ends = np.array([[row.low, row.high, row.estimate] for row in rows]).ravel()
    ends = np.append(ends[np.isfinite(ends)], 0.0)
    locator = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])
    ticks = np.asarray(locator.tick_values(float(ends.min()), float(ends.max())), dtype=np.float64)
    ax.set_xlim(float(ticks[0]), float(ticks[-1]))
    ax.set_xticks(ticks, tick_words(ticks))
    ax.axvline(0.0, color=QUIET, linewidth=1.2, linestyle=":", zorder=1)
