"""Pictures of how good predictions are: error over time, and risk seen against predicted."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, TIME
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.layout import stamp
from rpcstats.figures.panels import dress_panel, name_vertical, panel_grid
from rpcstats.figures.style import INK, PALETTE, QUIET, paper_style, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 215.0
SQUARE: Final = 300.0
CALIBRATION_NOTE: Final = (
    "Dots: groups of similar predictions, with their intervals. Orange: a smooth of all rows. On "
    "the dotted line predictions are right; above it more happened than was predicted."
)


def prediction_error(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Time",
    ylabel: str = "Brier score",
    watermark: str | None = None,
) -> "Axes":
    """Draw prediction error over time, a line a model.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns model, time, estimate; steps hold until the next time.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure as wide as the text column of a paper.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
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
    require(frame, ("model", TIME, ESTIMATE), chart="prediction_error")
    labels = texts(frame, "model")
    models = list(dict.fromkeys(labels))
    with paper_style():
        ax = panel_grid([ylabel], height=HEIGHT, columns=1)[1][0] if ax is None else ax
        for model, style in zip(models, series_styles(len(models)), strict=True):
            part = frame[[label == model for label in labels]]
            ax.plot(
                floats(part, TIME),
                floats(part, ESTIMATE),
                drawstyle="steps-post",
                color=style.colour,
                linestyle=(0, style.dashes) if style.dashes else "-",
                label=model,
            )
        ax.set_xlim(left=0.0)
        ax.set_ylim(bottom=0.0)
        dress_panel(ax, xlabel=xlabel)
        name_vertical(ax, ylabel)
        ax.legend(frameon=False, loc="best")
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax


def calibration_curve(
    groups: pd.DataFrame,
    curve: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Predicted risk",
    ylabel: str = "Risk seen",
    watermark: str | None = None,
) -> "Axes":
    """Draw the risk seen against the risk predicted.

    Parameters
    ----------
    groups : pandas.DataFrame
        Columns predicted, estimate, conf_low, conf_high, a row a group.
    curve : pandas.DataFrame
        Columns predicted and estimate, rising in the first.
    ax : matplotlib.axes.Axes, optional
        Where to draw; by default a new figure.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes; both run to the same largest risk.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(groups, ("predicted", ESTIMATE, CONF_LOW, CONF_HIGH), chart="calibration_curve")
    require(curve, ("predicted", ESTIMATE), chart="calibration_curve")
    predicted, seen = floats(groups, "predicted"), floats(groups, ESTIMATE)
    low, high = floats(groups, CONF_LOW), floats(groups, CONF_HIGH)
    top = min(1.0, float(np.nanmax([*predicted, *seen, *high, *floats(curve, ESTIMATE)]))) or 1.0
    with paper_style():
        if ax is None:
            ax = panel_grid([ylabel], height=SQUARE, columns=1, note=CALIBRATION_NOTE)[1][0]
        ax.plot([0.0, top], [0.0, top], color=QUIET, linewidth=1.4, linestyle=(0, (1.2, 2.0)))
        ax.vlines(predicted, low, high, colors=PALETTE[0], linewidth=1.6, zorder=3)
        ax.plot(
            predicted,
            seen,
            linestyle="none",
            marker="o",
            markersize=6.0,
            color=PALETTE[0],
            markeredgecolor="white",
            markeredgewidth=0.8,
            zorder=4,
            label="groups",
        )
        at, smooth = floats(curve, "predicted"), floats(curve, ESTIMATE)
        ax.plot(at, smooth, color=PALETTE[3], zorder=2.5, label="smooth")
        ax.set_xlim(-0.02 * top, 1.03 * top)
        ax.set_ylim(-0.02 * top, 1.03 * top)
        ax.spines["bottom"].set_color(INK)
        dress_panel(ax, xlabel=xlabel)
        name_vertical(ax, ylabel)
        if watermark:
            stamp(ax.figure.figure, watermark)
    return ax
