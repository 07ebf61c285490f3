"""How values are spread: the share at or below each, a line a series."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.layout import stamp
from rpcstats.figures.panels import dress_panel, name_vertical, panel_grid
from rpcstats.figures.style import paper_style, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 200.0
MARGIN: Final = 0.03
SHARE: Final = "Share of values at or below"


def cumulative_shares(
    frame: pd.DataFrame,
    *,
    series: str,
    value: str,
    ax: "Axes | None" = None,
    xlabel: str = "Value",
    ylabel: str = SHARE,
    names: Mapping[str, str] | None = None,
    note: str = "",
    watermark: str | None = None,
) -> "Axes":
    """Draw the empirical distribution of every series of values.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns `series` and `value`, a row a value; missing values are left out.
    series, value : str
        Columns that name the series, and hold the values.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column.
    xlabel, ylabel : str
        Names of the axes; on a new figure the second stands above its axis.
    names : mapping of str to str, optional
        Words for the series.
    note : str
        Words under the picture, on a new figure.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, (series, value), chart="cumulative_shares")
    labels, values = np.array(texts(frame, series)), floats(frame, value)
    distinct, words = list(dict.fromkeys(labels)), dict(names or {})
    with paper_style():
        if ax is None:
            ax = panel_grid([ylabel], height=HEIGHT, columns=1, note=note)[1][0]
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        margin = MARGIN * (high - low) or 0.5
        for label, style in zip(distinct, series_styles(len(distinct)), strict=True):
            each = np.sort(values[(labels == label) & np.isfinite(values)])
            share = np.arange(len(each) + 2) / max(len(each), 1)
            ax.plot(
                np.concatenate([[low - margin], each, [high + margin]]),
                np.minimum(share, 1.0),
                drawstyle="steps-post",
                color=style.colour,
                linestyle=(0, style.dashes) if style.dashes else "-",
                label=words.get(label, label),
            )
        ax.set_xlim(low - margin, high + margin)
        ax.set_ylim(0.0, 1.0)
        dress_panel(ax, xlabel=xlabel)
        ax.set_yticks(np.linspace(0.0, 1.0, 5), [f"{place}%" for place in range(0, 101, 25)])
        name_vertical(ax, ylabel)
        if len(distinct) > 1:
            ax.legend(frameon=False, loc="best")
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax
