"""Progress read several ways: definitions by bases, with what is not known, in one picture."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    BASE_LABEL,
    CONF_HIGH,
    CONF_LOW,
    DEFINITION,
    ESTIMATE,
    MEASURE,
    N,
)
from rpcstats._wording import MISSING, WITHHELD, sentence_case
from rpcstats.figures.columns import floats, require, texts, withheld_rows
from rpcstats.figures.layout import stamp, wrap
from rpcstats.figures.row_panel import row_panel, withheld_reasons
from rpcstats.figures.rows import Row, draw_dots, row_centres
from rpcstats.figures.style import paper_style
from rpcstats.figures.wording import count_words, estimate_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATED: Final = "rated"
"""Measure of the rows that count who was rated at all."""

WIDEST_LABEL: Final = 150.0
UNKNOWN: Final = "#9AA3A8"
UNKNOWN_HEIGHT: Final = 8.0
GREY: Final = (
    "Grey: up to the share if everyone who was never rated since the start had made progress."
)
GREY_WITHHELD: Final = (
    "Where the number never rated since the start is withheld there is no grey bar: {bases}."
)


def progress_readings(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    names: Mapping[str, str] | None = None,
    value_label: str = "Share (95% interval)",
    count_label: str = "Parents",
    note: str = "",
    watermark: str | None = None,
) -> "Axes":
    """Draw several readings of progress as dots with intervals, under their definitions.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns definition, base_label, n, base, estimate, conf_low, conf_high, and measure, whose
        value "rated" marks the rows that count those rated since the start: they give the grey
        bars and are not drawn themselves.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    names : mapping of str to str, optional
        Words for definitions and bases.
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
    wanted = (DEFINITION, BASE_LABEL, N, BASE, ESTIMATE, CONF_LOW, CONF_HIGH)
    require(frame, wanted, chart="progress_readings")
    measures = texts(frame, MEASURE)
    drawn = frame[[measure != RATED for measure in measures]]
    require(drawn, wanted, chart="progress_readings")
    unrated = _unrated(frame[[measure == RATED for measure in measures]])
    with paper_style():
        rows, counts, highest = _rows(drawn, unrated, dict(names or {}))
        words = " ".join(filter(None, (_note(drawn, unrated), withheld_reasons(drawn), note)))
        columns = ((value_label, [row.text for row in rows]), (count_label, counts))
        ax = row_panel(rows, columns, ax=ax, note=words)
        for row, y, most in zip(rows, row_centres(rows), highest, strict=True):
            if most > row.estimate:
                ax.barh(
                    y,
                    most - row.estimate,
                    left=row.estimate,
                    height=UNKNOWN_HEIGHT,
                    color=UNKNOWN,
                    zorder=2.5,
                    label="unknown",
                )
        draw_dots(ax, rows)
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def _unrated(rated: pd.DataFrame) -> dict[str, float]:
    """Give the number never rated by base; NaN where it is withheld."""
    left = floats(rated, BASE) - floats(rated, N)
    return dict(zip(texts(rated, BASE_LABEL), map(float, left), strict=True))


def _rows(
    frame: pd.DataFrame, unrated: dict[str, float], names: dict[str, str]
) -> tuple[list[Row], list[str], list[float]]:
    definitions, bases = texts(frame, DEFINITION), texts(frame, BASE_LABEL)
    numbers = [floats(frame, name) for name in (ESTIMATE, CONF_LOW, CONF_HIGH, N, BASE)]
    withheld = withheld_rows(frame)
    rows: list[Row] = []
    counts: list[str] = []
    highest: list[float] = []
    for definition in dict.fromkeys(definitions):
        rows.append(Row(names.get(definition, definition), heading=True))
        counts.append("")
        highest.append(np.nan)
        for i in [i for i, other in enumerate(definitions) if other == definition]:
            estimate, low, high, n, base = (float(column[i]) for column in numbers)
            label = wrap(names.get(bases[i], sentence_case(bases[i])), WIDEST_LABEL)
            shown = np.isfinite(estimate)
            value = estimate_words(estimate, low, high, percent=True)
            value = value if shown else WITHHELD if withheld[i] else MISSING
            rows.append(Row(label, value, estimate, low, high, n))
            counts.append(count_words(n, base))
            highest.append((n + unrated.get(bases[i], 0.0)) / base if shown else np.nan)
    return rows, counts, [min(most, 1.0) if np.isfinite(most) else np.nan for most in highest]


def _note(drawn: pd.DataFrame, unrated: dict[str, float]) -> str:
    shown = {
        base
        for base, estimate in zip(texts(drawn, BASE_LABEL), floats(drawn, ESTIMATE), strict=True)
        if np.isfinite(estimate)
    }
    hidden = [base for base, left in unrated.items() if np.isnan(left) and base in shown]
    grey = any(left > 0 and base in shown for base, left in unrated.items())
    said = [GREY] if grey else []
    return " ".join([*said, *([GREY_WITHHELD.format(bases=", ".join(hidden))] if hidden else [])])
