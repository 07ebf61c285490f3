"""Occupation of states by group: a panel of stacked shares for each, on one clock."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, N_RISK, STATE, TIME
from rpcstats._wording import words as plain_words
from rpcstats.errors import ParameterError
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.export import show_in_notebooks
from rpcstats.figures.incidence_panels import incidence_groups, panel_title, refuse_shared
from rpcstats.figures.layout import EDGE, LINE_HEIGHT, new_figure, place_axes, stamp, text_width
from rpcstats.figures.occupation import RISK_DROP, TICK_ROOM, TOP, state_occupation
from rpcstats.figures.style import COLUMN_WIDTH, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 165.0
GAP: Final = 14.0
MOST: Final = 6
"""More panels do not fit on a page."""


def occupation_panels(
    frame: pd.DataFrame,
    *,
    ax: "Axes | None" = None,
    xlabel: str = "Time",
    ylabel: str = "Share in each state",
    at_risk: bool = True,
    start: float = 0.0,
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Axes":
    """Draw the probabilities of states stacked on each other, a panel a group.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns state, time, estimate, and n_risk where known; strata if there are groups. Each
        state of a group at the same times.
    ax : matplotlib.axes.Axes, optional
        Where to draw a single group; by default a new figure as wide as the text column.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis, after the name of the group.
    at_risk : bool
        Whether to print the numbers followed in each state.
    start : float
        Where the time axis begins.
    names : mapping of str to str, optional
        Words for the states and the groups.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on, the first of several; ``.figure`` is the picture.

    Raises
    ------
    DataError
        If a column is missing, there is no row, or states have different times.
    ParameterError
        If axes are given and there are several groups, or more than fit on a page.
    """
    require(frame, (STATE, TIME, ESTIMATE), chart="occupation_panels")
    words = dict(names or {})
    groups = incidence_groups(frame, words)
    if len(groups) == 1:
        return state_occupation(
            frame, ax=ax, xlabel=xlabel, ylabel=ylabel, at_risk=at_risk, start=start,
            names=words, watermark=watermark,
        )  # fmt: skip
    refuse_shared(ax, len(groups))
    if len(groups) > MOST:
        raise ParameterError(
            f"{len(groups)} panels are too many for a page",
            [f"choose one group, or {MOST} at most"],
        )
    last = float(np.nanmax(floats(frame[frame[ESTIMATE].notna()], TIME)))
    with paper_style():
        axes = _stack(frame, [part for _, part in groups], words, at_risk=at_risk)
        for own, (head, part) in zip(axes, groups, strict=True):
            state_occupation(
                part,
                ax=own,
                xlabel=xlabel,
                ylabel=panel_title(head, ylabel),
                at_risk=at_risk,
                start=start,
                names=words,
                last=last,
            )
        if watermark:
            stamp(axes[0].figure.figure, watermark)
    return axes[0]


def _stack(
    frame: pd.DataFrame, parts: list[pd.DataFrame], words: Mapping[str, str], *, at_risk: bool
) -> "list[Axes]":
    """Make a figure of panels under each other, as wide, each with room for its numbers."""
    labels = [words.get(name, plain_words(name)) for name in dict.fromkeys(texts(frame, STATE))]
    widest = max(text_width(label, weight="semibold") for label in labels)
    told = at_risk and N_RISK in frame.columns
    left = max(TICK_ROOM, widest + 22.0) if told else TICK_ROOM
    depths = [RISK_DROP - 8.0 if not told else _depth(part) for part in parts]
    width = COLUMN_WIDTH - left - widest - 12.0 - 2 * EDGE
    height = sum(TOP + HEIGHT + depth for depth in depths) + (len(parts) - 1) * GAP
    figure = new_figure(height + 2 * EDGE)
    axes, bottom = [], height + EDGE + GAP
    for depth in depths:
        bottom -= GAP + TOP + HEIGHT + depth
        ax = place_axes(figure, left=left + EDGE, bottom=bottom + depth, width=width, height=HEIGHT)
        show_in_notebooks(ax, figure)
        axes.append(ax)
    return axes


def _depth(part: pd.DataFrame) -> float:
    followed = part.loc[part[N_RISK] > 0, STATE].nunique()
    return RISK_DROP + (followed + 1) * LINE_HEIGHT + 6.0
