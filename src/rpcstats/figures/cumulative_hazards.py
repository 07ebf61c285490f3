"""Cumulative hazards as rising steps."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STRATA, TIME
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.panels import finish_panel, panel_grid
from rpcstats.figures.style import SeriesStyle, paper_style, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 215.0
BAND_ALPHA: Final = 0.15


def cumulative_hazards(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Session",
    ylabel: str = "Cumulative hazard",
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Axes":
    """Draw cumulative hazards as rising steps with their intervals.

    An upper limit without end goes to the top of the picture.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns strata (optional), time, estimate, conf_low, conf_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column of a paper.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    names : mapping of str to str, optional
        Words for the strata.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, (TIME, ESTIMATE, CONF_LOW, CONF_HIGH), chart="cumulative_hazards")
    top = _highest(frame)
    with paper_style():
        ax = _axes(ylabel) if ax is None else ax
        for label, part, style in _series(frame, names):
            ordered = part.sort_values(TIME, kind="stable")
            columns = (TIME, ESTIMATE, CONF_LOW, CONF_HIGH)
            path = [np.concatenate([[0.0], floats(ordered, name)]) for name in columns]
            time, estimate, low, high = path
            ax.fill_between(
                time,
                np.where(np.isnan(low), estimate, low),
                np.minimum(np.where(np.isnan(high), estimate, high), top),
                step="post",
                color=style.colour,
                alpha=BAND_ALPHA,
                linewidth=0.0,
            )
            ax.plot(time, estimate, drawstyle="steps-post", label=label, **_line(style))
        last = float(ax.dataLim.x1)
        ax.set_xlim(0.0, last if last > 0.0 else 1.0)
        ax.set_ylim(0.0, top if np.isinf(floats(frame, CONF_HIGH)).any() else None)
        finish_panel(ax, xlabel=xlabel, ylabel=ylabel, watermark=watermark)
    return ax


def _highest(frame: pd.DataFrame) -> float:
    """Give a height above all that is finite."""
    heights = np.concatenate([floats(frame, name) for name in (ESTIMATE, CONF_HIGH)])
    finite = heights[np.isfinite(heights)]
    return 1.05 * float(finite.max(initial=0.0)) or 1.0


def _axes(ylabel: str) -> "Axes":
    return panel_grid([ylabel], height=HEIGHT, columns=1)[1][0]


def _series(
    frame: pd.DataFrame, names: Mapping[str, str] | None
) -> list[tuple[str, pd.DataFrame, SeriesStyle]]:
    labels = texts(frame, STRATA) if STRATA in frame.columns else [""] * len(frame)
    distinct = list(dict.fromkeys(labels))
    codes = pd.Categorical(labels, categories=distinct).codes
    words = dict(names or {})
    return [
        (words.get(label, plain_words(label)), frame[codes == k], style)
        for k, (label, style) in enumerate(zip(distinct, series_styles(len(distinct)), strict=True))
    ]


def _line(style: SeriesStyle) -> dict[str, Any]:
    return {
        "color": style.colour,
        "linestyle": (0, style.dashes) if style.dashes else "-",
        "solid_capstyle": "butt",
    }
