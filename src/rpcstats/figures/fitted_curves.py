"""Fitted survival over survival estimated without a model, and survival known by intervals."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, STRATA, TIME
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.panels import finish_panel, panel_grid
from rpcstats.figures.style import INK, SeriesStyle, paper_style, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 215.0
BOX_ALPHA: Final = 0.15
LOWER: Final = "lower"
UPPER: Final = "upper"
BEFORE: Final = "before"
AFTER: Final = "after"


def fitted_curves(
    observed: pd.DataFrame,
    fitted: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Time",
    ylabel: str = "Without the event",
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Axes":
    """Draw smooth fitted survival over the steps of survival estimated without a model.

    Parameters
    ----------
    observed : pandas.DataFrame
        Columns strata, time, estimate: a step curve that is 1 before its first time.
    fitted : pandas.DataFrame
        Columns strata, time, estimate: smooth curves; one of the same name as a step curve
        shares its colour.
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
    require(observed, (STRATA, TIME, ESTIMATE), chart="fitted_curves")
    require(fitted, (STRATA, TIME, ESTIMATE), chart="fitted_curves")
    with paper_style():
        ax = (
            _axes(ylabel, "Steps: estimated without a model. Dashed: fitted.") if ax is None else ax
        )
        styles = _styles(fitted)
        for label in dict.fromkeys(texts(observed, STRATA)):
            steps = _part(observed, label)
            ax.plot(
                np.concatenate([[0.0], floats(steps, TIME)]),
                np.concatenate([[1.0], floats(steps, ESTIMATE)]),
                drawstyle="steps-post",
                color=styles[label].colour if label in styles else INK,
                linewidth=0.9,
                label="_observed",
            )
        for label, style in styles.items():
            word = dict(names or {}).get(label, plain_words(label))
            smooth = _part(fitted, label)
            ax.plot(
                floats(smooth, TIME),
                floats(smooth, ESTIMATE),
                color=style.colour,
                linestyle=(0, (5.0, 2.0)),
                linewidth=1.8,
                label=word,
            )
        ax.set_xlim(left=0.0)
        ax.set_ylim(0.0, 1.0)
        finish_panel(ax, xlabel=xlabel, ylabel=ylabel, watermark=watermark)
    return ax


def interval_curves(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Time",
    ylabel: str = "Without the event",
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Axes":
    """Draw survival that is known only outside intervals, with a box where it falls unseen.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns strata, lower, upper, before, after: the limits of each interval and survival
        up to the one and from the other; an infinite upper limit leaves the rest open.
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
    require(frame, (STRATA, LOWER, UPPER, BEFORE, AFTER), chart="interval_curves")
    with paper_style():
        ax = _axes(ylabel, "Boxes: where the fall lies is not known.") if ax is None else ax
        for label, style in _styles(frame).items():
            word = dict(names or {}).get(label, plain_words(label))
            part = _part(frame, label).sort_values(LOWER, kind="stable")
            part = part[np.isfinite(floats(part, UPPER))]
            corners = {name: floats(part, name) for name in (LOWER, UPPER, BEFORE, AFTER)}
            _draw_boxes(ax, corners, style)
            x = np.column_stack([corners[LOWER], corners[UPPER]]).ravel()
            y = np.column_stack([corners[BEFORE], corners[AFTER]]).ravel()
            ax.plot(
                np.concatenate([[0.0], x]),
                np.concatenate([[1.0], y]),
                color=style.colour,
                linewidth=1.4,
                label=word,
            )
        ax.set_xlim(left=0.0)
        ax.set_ylim(0.0, 1.0)
        finish_panel(ax, xlabel=xlabel, ylabel=ylabel, watermark=watermark)
    return ax


def _draw_boxes(ax: "Axes", corners: dict[str, np.ndarray], style: SeriesStyle) -> None:
    for low, high, top, bottom in zip(*corners.values(), strict=True):
        if high > low:
            ax.fill_between(
                [low, high],
                [bottom, bottom],
                [top, top],
                color=style.colour,
                alpha=BOX_ALPHA,
                linewidth=0.0,
            )


def _axes(ylabel: str, note: str) -> "Axes":
    return panel_grid([ylabel], height=HEIGHT, columns=1, note=note)[1][0]


def _styles(frame: pd.DataFrame) -> dict[str, SeriesStyle]:
    labels = list(dict.fromkeys(texts(frame, STRATA)))
    return dict(zip(labels, series_styles(len(labels)), strict=True))


def _part(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    return frame[frame[STRATA].astype(str) == label]
