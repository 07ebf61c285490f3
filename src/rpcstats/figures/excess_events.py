"""Events seen beyond those expected under one hazard, group by group."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE
from rpcstats._wording import MISSING, count, number, sentence_case
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.layout import stamp, wrap
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.row_panel import row_panel
from rpcstats.figures.rows import Row, draw_dots
from rpcstats.figures.style import paper_style
from rpcstats.figures.value_scale import draw_scale, name_reference
from rpcstats.figures.wording import estimate_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDEST_LABEL: Final = 130.0
OBSERVED: Final = "observed"
EXPECTED: Final = "expected"


def excess_events(
    frame: pd.DataFrame,
    *,
    label: str,
    ax: "Axes | None" = None,
    group: str | None = None,
    names: Mapping[str, str] | None = None,
    value_label: str = "Difference\n(95% interval)",
    note: str = "",
    watermark: str | None = None,
) -> "Axes":
    """Draw observed less expected events as dots with intervals, the counts beside them.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns `label`, observed, estimate, conf_low, conf_high and perhaps expected, a row a
        group; the estimate is observed less expected.
    label : str
        Column that names the rows.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    group : str, optional
        Column whose values become headings.
    names : mapping of str to str, optional
        Words for rows and headings.
    value_label : str
        Head of the differences.
    note : str
        Words under the axis.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; a dotted line stands where there are as many events as expected.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    wanted = (label, OBSERVED, ESTIMATE, CONF_LOW, CONF_HIGH, *([group] if group else []))
    require(frame, wanted, chart="excess_events")
    with paper_style():
        rows, places = _rows(frame, label, group, dict(names or {}))
        columns = [
            (sentence_case(name), _cells(floats(frame, name), places))
            for name in (OBSERVED, EXPECTED)
            if name in frame.columns
        ]
        columns.append((value_label, [row.text for row in rows]))
        ax = row_panel(rows, columns, ax=ax, note=wrap(note, 430.0))
        draw_scale(ax, rows, percent=False, ratio=False, reference=0.0)
        name_reference(ax, 0.0, "")
        draw_dots(ax, rows)
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def _rows(
    frame: pd.DataFrame, label: str, group: str | None, names: dict[str, str]
) -> tuple[list[Row], list[int]]:
    """Lay out rows under their headings; give each its place in the frame, -1 for a heading."""
    groups = texts(frame, group) if group else [""] * len(frame)
    labels = texts(frame, label)
    columns = [floats(frame, name) for name in (ESTIMATE, CONF_LOW, CONF_HIGH)]
    rows: list[Row] = []
    places: list[int] = []
    for heading in dict.fromkeys(groups):
        if heading:
            rows.append(Row(names.get(heading, sentence_case(plain_words(heading))), heading=True))
            places.append(-1)
        for i in [i for i, other in enumerate(groups) if other == heading]:
            words = names.get(labels[i], sentence_case(plain_words(labels[i])))
            estimate, low, high = (float(column[i]) for column in columns)
            text = estimate_words(estimate, low, high, percent=False)
            text = MISSING if np.isnan(estimate) else text
            rows.append(Row(wrap(words, WIDEST_LABEL), text, estimate, low, high))
            places.append(i)
    return rows, places


def _cells(values: FloatArray, places: list[int]) -> list[str]:
    known = values[np.isfinite(values)]
    whole = bool((known == np.round(known)).all())
    written = [
        MISSING if np.isnan(v) else count(v) if whole else number(v, decimals=1) for v in values
    ]
    return ["" if place < 0 else written[place] for place in places]
