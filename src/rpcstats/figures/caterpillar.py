"""Conditional modes in order of size, each with its interval."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, GROUP, LEVEL, TERM
from rpcstats._wording import sentence_case
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.layout import EDGE, stamp, text_width
from rpcstats.figures.panels import dress_panel, panel_grid
from rpcstats.figures.style import COLUMN_WIDTH, INK, PALETTE, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELLED_ROW: Final = 15.0
LEAST: Final = 110.0
MOST: Final = 330.0
ROW: Final = 9.0
WIDEST_LABEL: Final = 120.0
SPARSE: Final = 60
HOLDS_ZERO: Final = "#8A9399"


def caterpillar(
    frame: pd.DataFrame,
    *,
    labels: bool = False,
    names: Mapping[str, str] | None = None,
    xlabel: str = "Departure from the average",
    watermark: str | None = None,
) -> "Figure":
    """Draw the conditional modes of one grouping factor, a panel an effect.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns group, level, term, estimate, conf_low, conf_high; a row a level and effect.
    labels : bool
        Whether to print the names of the levels. They may identify people or groups, so a
        picture that leaves the office goes without; each panel is then ordered by itself.
    names : mapping of str to str, optional
        Words for the effects.
    xlabel : str
        Name of the horizontal axes.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture. Intervals that hold 0 are drawn in grey.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, (GROUP, LEVEL, TERM, ESTIMATE, CONF_LOW, CONF_HIGH), chart="caterpillar")
    terms = list(dict.fromkeys(texts(frame, TERM)))
    words = [(names or {}).get(term, sentence_case(plain_words(term))) for term in terms]
    parts = [frame[frame[TERM] == term] for term in terms]
    order = np.argsort(floats(parts[0], ESTIMATE), kind="stable")
    with paper_style():
        figure, panels = _panels(words, parts[0], labels=labels)
        for ax, part in zip(panels, parts, strict=True):
            own = order if labels else np.argsort(floats(part, ESTIMATE), kind="stable")
            _draw_modes(ax, part.iloc[own])
            dress_panel(ax, xlabel=xlabel, grid="x")
            _name_levels(ax, texts(part.iloc[own], LEVEL) if labels else [])
        if watermark:
            stamp(figure, watermark)
    return figure


def _panels(heads: list[str], part: pd.DataFrame, *, labels: bool) -> "tuple[Figure, list[Axes]]":
    n = len(part)
    height = n * LABELLED_ROW if labels else float(np.clip(n * ROW, LEAST, MOST))
    widest = max(text_width(text) for text in texts(part, LEVEL)) if labels else 0.0
    room = min(widest, WIDEST_LABEL) + EDGE if labels else EDGE
    columns = 2 if COLUMN_WIDTH / 2 - room > WIDEST_LABEL else 1
    count = f"{n:,} level{'' if n == 1 else 's'}"
    order = f"in the order of {heads[0]}" if labels else "in order of size"
    note = (
        f"{count} of {plain_words(texts(part, GROUP)[0])}, {order}. Grey: the interval holds 0, "
        "the average."
    )
    return panel_grid(heads, height=height, columns=columns, tick_room=room, note=note)


def _draw_modes(ax: "Axes", part: pd.DataFrame) -> None:
    estimate, low, high = (floats(part, name) for name in (ESTIMATE, CONF_LOW, CONF_HIGH))
    place = np.arange(len(part), dtype=np.float64)
    apart = (low > 0.0) | (high < 0.0)
    thick = float(np.clip(160.0 / len(part), 0.6, 1.8))
    ax.axvline(0.0, color=INK, linewidth=1.0, zorder=1)
    for chosen, colour, label in ((~apart, HOLDS_ZERO, "holds 0"), (apart, PALETTE[0], "apart")):
        ax.hlines(
            place[chosen],
            low[chosen],
            high[chosen],
            colors=colour,
            linewidth=thick,
            alpha=1.0 if len(part) <= SPARSE else 0.45,
            zorder=2,
        )
        ax.plot(
            estimate[chosen],
            place[chosen],
            linestyle="none",
            marker="o",
            markersize=float(np.clip(300.0 / len(part), 1.6, 5.0)),
            color=colour,
            markeredgewidth=0.0,
            zorder=3,
            label=label,
        )
    ax.set_ylim(-0.8, len(part) - 0.2)
    ax.margins(x=0.04)


def _name_levels(ax: "Axes", levels: list[str]) -> None:
    ax.set_yticks(range(len(levels)), levels)
