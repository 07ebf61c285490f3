"""Four checks of a fitted model: level, normality, spread, random effects."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE
from rpcstats.figures.columns import floats, require
from rpcstats.figures.layout import stamp
from rpcstats.figures.panels import dress_panel, panel_grid
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.style import INK, PALETTE, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT: Final = 150.0
SMOOTH: Final = 0.6
MOST_POINTS: Final = 5000
NOTE: Final = (
    "Orange: a smooth of the points (left), the line the points would follow (right). A bend, a "
    "slope or a fan on the left, or a bend on the right, speaks against the model."
)


def residual_checks(
    frame: pd.DataFrame, modes: pd.DataFrame | None = None, *, watermark: str | None = None
) -> "Figure":
    """Draw residuals and conditional modes so that a poor fit shows.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns fitted and std_residual, a row an observation; quantile residuals are put on
        the normal scale first. Above 5,000 rows every k-th one in the order of the fitted
        values is drawn; the smooth uses those drawn.
    modes : pandas.DataFrame, optional
        Column estimate: conditional modes of one effect.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        Residuals against fitted values, quantiles of the residuals, the root of the size of
        residuals against fitted values and, if given, quantiles of the modes.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    require(frame, ("fitted", "std_residual"), chart="residual_checks")
    order = np.argsort(floats(frame, "fitted"), kind="stable")
    order = order[:: max(1, len(order) // MOST_POINTS)]
    fitted, residual = floats(frame, "fitted")[order], floats(frame, "std_residual")[order]
    heads = ["Residuals", "Residuals, ordered", "Root of their size"]
    heads += ["Conditional modes, ordered"] if modes is not None else []
    with paper_style():
        figure, panels = panel_grid(heads, height=HEIGHT, columns=2, note=NOTE)
        _draw_scatter(panels[0], fitted, residual)
        panels[0].axhline(0.0, color=INK, linewidth=1.0, zorder=1)
        _draw_quantiles(panels[1], floats(frame, "std_residual"))
        _draw_scatter(panels[2], fitted, np.sqrt(np.abs(residual)))
        if modes is not None:
            require(modes, (ESTIMATE,), chart="residual_checks")
            _draw_quantiles(panels[3], floats(modes, ESTIMATE))
        if watermark:
            stamp(figure, watermark)
    return figure


def _draw_scatter(ax: "Axes", x: FloatArray, y: FloatArray) -> None:
    from statsmodels.nonparametric.smoothers_lowess import lowess

    _draw_points(ax, x, y)
    if len(np.unique(x)) > 3:
        delta = 0.01 * float(np.ptp(x))
        smooth = lowess(y, x, frac=SMOOTH, delta=delta, is_sorted=True, return_sorted=True)
        ax.plot(smooth[:, 0], smooth[:, 1], color=PALETTE[3], zorder=4, label="smooth")
    dress_panel(ax, xlabel="Fitted value")


def _draw_quantiles(ax: "Axes", values: FloatArray) -> None:
    from scipy.special import ndtri

    ordered = np.sort(values)
    n = len(ordered)
    expected = np.asarray(ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25)), dtype=np.float64)
    kept = slice(None, None, max(1, n // MOST_POINTS))
    _draw_points(ax, expected[kept], ordered[kept])
    lower, upper = np.quantile(ordered, [0.25, 0.75])
    slope = (upper - lower) / (2.0 * float(ndtri(0.75)))
    ends = expected[[0, -1]]
    middle = 0.5 * (lower + upper)
    ax.plot(ends, middle + slope * ends, color=PALETTE[3], zorder=4, label="normal")
    dress_panel(ax, xlabel="Normal quantile")


def _draw_points(ax: "Axes", x: FloatArray, y: FloatArray) -> None:
    ax.plot(
        x,
        y,
        linestyle="none",
        marker="o",
        markersize=float(np.clip(60.0 / np.sqrt(len(x)), 1.4, 4.0)),
        color=PALETTE[0],
        alpha=float(np.clip(30.0 / np.sqrt(len(x)), 0.25, 0.8)),
        markeredgewidth=0.0,
        zorder=2,
        label="points",
    )
