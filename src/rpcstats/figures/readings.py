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
    TOLD_HIGH,
    TOLD_LOW,
    N,
)
from rpcstats._wording import MISSING, WITHHELD, sentence_case
from rpcstats.figures.columns import floats, require, texts, withheld_rows
from rpcstats.figures.layout import stamp, wrap
from rpcstats.figures.row_panel import row_panel, withheld_reasons
from rpcstats.figures.rows import BAND_NOTE, Row, draw_dots, row_centres
from rpcstats.figures.style import UNKNOWN, paper_style
from rpcstats.figures.wording import count_words, share_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RATED: Final = "rated"
"""Measure of the rows that count who was rated at all."""

WIDEST_LABEL: Final = 150.0
UNKNOWN_HEIGHT: Final = 8.0
GREY: Final = (
    "Grey: up to {bound} if everyone who was never rated since the start had made progress."
)
GREY_EXACT: Final = "the share"
GREY_ROUNDED: Final = "the most that rounding leaves open"
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
        bars and are not drawn themselves. With columns told_low and told_high, as `disclose`
        gives them, a band shows what rounding leaves open in place of a dot.
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
        band = BAND_NOTE if any(row.is_range for row in rows) else ""
        said = (band, _note(drawn, unrated, is_range=bool(band)), withheld_reasons(drawn), note)
        columns = ((value_label, [row.text for row in rows]), (count_label, counts))
        ax = row_panel(rows, columns, ax=ax, note=" ".join(filter(None, said)))
        for row, y, most in zip(rows, row_centres(rows), highest, strict=True):
            left = row.most if row.is_range else row.estimate
            if most > left:
                ax.barh(
                    y,
                    most - left,
                    left=left,
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
    """Give the largest share never rated by base; NaN where it is withheld."""
    share, least = floats(rated, ESTIMATE), floats(rated, TOLD_LOW)
    left = 1.0 - np.where(np.isfinite(least), least, share)
    return dict(zip(texts(rated, BASE_LABEL), map(float, left), strict=True))


def _rows(
    frame: pd.DataFrame, unrated: dict[str, float], names: dict[str, str]
) -> tuple[list[Row], list[str], list[float]]:
    definitions, bases = texts(frame, DEFINITION), texts(frame, BASE_LABEL)
    columns = (ESTIMATE, CONF_LOW, CONF_HIGH, TOLD_LOW, TOLD_HIGH, N, BASE)
    numbers = [floats(frame, name) for name in columns]
    withheld = withheld_rows(frame)
    rows: list[Row] = []
    counts: list[str] = []
    highest: list[float] = []
    for definition in dict.fromkeys(definitions):
        rows.append(Row(names.get(definition, definition), heading=True))
        counts.append("")
        highest.append(np.nan)
        for i in [i for i, other in enumerate(definitions) if other == definition]:
            *told, n, base = (float(column[i]) for column in numbers)
            estimate, low, high, least, most = told
            label = wrap(names.get(bases[i], sentence_case(bases[i])), WIDEST_LABEL)
            text = share_words(*told)
            if np.isnan(estimate):
                text = WITHHELD if withheld[i] else MISSING
            rows.append(Row(label, text, estimate, low, high, n, least=least, most=most))
            counts.append(count_words(n, base))
            reach = most if rows[-1].is_range else estimate
            highest.append(min(reach + unrated.get(bases[i], 0.0), 1.0))
    return rows, counts, highest


def _note(drawn: pd.DataFrame, unrated: dict[str, float], *, is_range: bool) -> str:
    shown = {
        base
        for base, estimate in zip(texts(drawn, BASE_LABEL), floats(drawn, ESTIMATE), strict=True)
        if np.isfinite(estimate)
    }
    hidden = [base for base, left in unrated.items() if np.isnan(left) and base in shown]
    grey = any(left > 0 and base in shown for base, left in unrated.items())
    said = [GREY.format(bound=GREY_ROUNDED if is_range else GREY_EXACT)] if grey else []
    return " ".join([*said, *([GREY_WITHHELD.format(bases=", ".join(hidden))] if hidden else [])])
