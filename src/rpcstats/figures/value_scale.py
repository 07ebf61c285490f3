"""Horizontal scales of rows of estimates, and the line of a reference."""

from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats.figures.layout import points_from
from rpcstats.figures.panels import tick_words
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.rows import Row
from rpcstats.figures.style import FONT, QUIET, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_RATIO_TICKS: Final = 6


def draw_scale(
    ax: "Axes", rows: list[Row], *, percent: bool, ratio: bool, reference: float | None
) -> None:
    """Set the horizontal scale of rows of estimates.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    rows : list of Row
        What is drawn.
    percent : bool
        Whether values are proportions, from 0 to 100%.
    ratio : bool
        Whether the scale is logarithmic.
    reference : float or None
        A value that is to be seen too.
    """
    if ratio:
        ticks = _ratio_ticks(rows, reference)
        ax.set_xscale("log")
        ax.minorticks_off()
        ax.set_xlim(ticks[0], ticks[-1])
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    elif percent:
        ticks = np.linspace(0.0, 1.0, 5)
        ax.set_xlim(0.0, 1.0)
        ax.set_xticks(ticks, [f"{100 * tick:.0f}%" for tick in ticks])
    else:
        ticks = _round_ticks(rows, reference)
        ax.set_xlim(ticks[0], ticks[-1])
        ax.set_xticks(ticks, tick_words(ticks))


def _shown_values(rows: list[Row], reference: float | None) -> list[float]:
    values = [value for row in rows for value in (row.estimate, row.low, row.high)]
    values += [] if reference is None else [reference]
    return [value for value in values if np.isfinite(value)]


def _ratio_ticks(rows: list[Row], reference: float | None) -> FloatArray:
    values = [value for value in _shown_values(rows, reference) if value > 0.0] or [0.5, 2.0]
    steps = np.array([m * 10.0**e for e in range(-6, 7) for m in (1, 2, 5)])
    first = max(int(np.searchsorted(steps, min(values), side="right")) - 1, 0)
    last = min(int(np.searchsorted(steps, max(values), side="left")), len(steps) - 1)
    ticks = steps[min(first, last - 1) : max(last, first + 1) + 1]
    thin = -(-(len(ticks) - 1) // MOST_RATIO_TICKS)
    return np.asarray(np.unique(np.r_[ticks[::thin], ticks[-1]]) if thin > 1 else ticks)


def _round_ticks(rows: list[Row], reference: float | None) -> FloatArray:
    from matplotlib.ticker import MaxNLocator

    finite = _shown_values(rows, reference) or [0.0, 1.0]
    locator = MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)
    return np.asarray(locator.tick_values(min(finite), max(finite)), dtype=np.float64)


def name_reference(ax: "Axes", reference: float | None, words: str) -> None:
    """Mark a value by a dotted line.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        The axes.
    reference : float or None
        The value; none, no line.
    words : str
        What stands over the line.
    """
    if reference is None:
        return
    from matplotlib.transforms import blended_transform_factory

    ax.axvline(reference, color=QUIET, linewidth=1.2, linestyle=(0, (1.2, 2.0)), zorder=2)
    if words:
        place = blended_transform_factory(ax.transData, points_from(ax, 0, 1))
        ax.text(
            reference,
            8.0,
            words,
            transform=place,
            ha="center",
            va="bottom",
            fontsize=TEXT_SIZE,
            fontfamily=FONT,
            color=QUIET,
            gid="reference-label",
        )
