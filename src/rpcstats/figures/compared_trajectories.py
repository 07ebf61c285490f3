"""Mean trajectories of ratings under several models, each with its band."""

from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, STAGE
from rpcstats._wording import sentence_case
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.panels import finish_panel, panel_grid
from rpcstats.figures.style import paper_style, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 215.0
SERIES: Final = "series"
NOTE: Final = "Lines: the mean over all starters, had all of them stayed. Bands: their intervals."


def compared_trajectories(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Share of the course",
    ylabel: str = "Mean rating",
    watermark: str | None = None,
) -> "Axes":
    """Draw a mean trajectory for each model.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns series, stage, estimate and, for the bands, conf_low and conf_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column of a paper.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
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
    require(frame, (SERIES, STAGE, ESTIMATE), chart="compared_trajectories")
    names = list(dict.fromkeys(texts(frame, SERIES)))
    with paper_style():
        if ax is None:
            ax = panel_grid([ylabel], height=HEIGHT, columns=1, note=NOTE)[1][0]
        for name, style in zip(names, series_styles(len(names)), strict=True):
            part = frame[frame[SERIES].astype(str) == name].sort_values(STAGE)
            at = floats(part, STAGE)
            if CONF_LOW in part.columns and CONF_HIGH in part.columns:
                low, high = floats(part, CONF_LOW), floats(part, CONF_HIGH)
                ax.fill_between(at, low, high, color=style.colour, alpha=0.15, linewidth=0.0)
            ax.plot(
                at,
                floats(part, ESTIMATE),
                color=style.colour,
                dashes=style.dashes or (None, None),
                label=sentence_case(name),
            )
        ax.set_xlim(0.0, 1.02)
        finish_panel(ax, xlabel=xlabel, ylabel=ylabel, watermark=watermark)
    return ax
