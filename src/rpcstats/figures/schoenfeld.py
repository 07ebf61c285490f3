"""Scaled Schoenfeld residuals over time, which show whether a coefficient stays the same."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, P_VALUE, TERM, TIME
from rpcstats._wording import number
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.layout import stamp
from rpcstats.figures.panels import dress_panel, panel_grid
from rpcstats.figures.placement import FloatArray
from rpcstats.figures.style import INK, PALETTE, QUIET, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT: Final = 165.0
MOST_POINTS: Final = 5000
MOST_TICKS: Final = 5
NOTE: Final = (
    "Dots: residuals of the events (the farthest 2% may lie outside). Orange: how the coefficient "
    "seems to run over time, with its band. Dotted: the coefficient of the model. Proportional "
    "hazards: the orange line is level."
)


def schoenfeld_smooth(
    residuals: pd.DataFrame,
    smooth: pd.DataFrame,
    tests: pd.DataFrame | None = None,
    *,
    ax: "Axes | None" = None,
    names: Mapping[str, str] | None = None,
    xlabel: str = "Time",
    watermark: str | None = None,
) -> "Axes":
    """Draw scaled Schoenfeld residuals with their smooth, a panel a term.

    Parameters
    ----------
    residuals : pandas.DataFrame
        Columns term, time, g (place along the axis) and residual, a row a term and event. Above
        5,000 events every k-th one is drawn.
    smooth : pandas.DataFrame
        Columns term, g, estimate, conf_low, conf_high; terms without rows get no line.
    tests : pandas.DataFrame, optional
        Columns term, p_value and average (the coefficient of the model), a row a term.
    ax : matplotlib.axes.Axes, optional
        Where to draw the one term; by default a new figure with a panel a term.
    names : mapping of str to str, optional
        Words for the terms.
    xlabel : str
        Name of the horizontal axes. Ticks tell the time, whatever function of it is drawn.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.axes.Axes
        The first panel; ``.figure`` is the picture.

    Raises
    ------
    DataError
        If a column is missing or there is no residual.
    """
    require(residuals, (TERM, TIME, "g", "residual"), chart="schoenfeld_smooth")
    terms = list(dict.fromkeys(texts(residuals, TERM)))
    heads = [_head(term, tests, dict(names or {})) for term in terms]
    with paper_style():
        if ax is None:
            panels = panel_grid(heads, height=HEIGHT, columns=2, note=NOTE)[1]
        else:
            panels = [ax]
            ax.set_title(heads[0], loc="left")
        for panel, term in zip(panels, terms, strict=True):
            part = residuals[residuals[TERM] == term]
            _draw_term(panel, part, smooth[smooth[TERM] == term], _average(term, tests))
            dress_panel(panel, xlabel=xlabel)
            _write_times(panel, floats(part, "g"), floats(part, TIME))
        if watermark:
            stamp(panels[0].figure.figure, watermark)
    return panels[0]


def _head(term: str, tests: pd.DataFrame | None, names: dict[str, str]) -> str:
    words = names.get(term, term)
    if tests is None or not (tests[TERM] == term).any():
        return words
    p = float(tests.loc[tests[TERM] == term, P_VALUE].iloc[0])
    if np.isnan(p):
        return words
    return f"{words}: p < 0.001" if p < 0.001 else f"{words}: p = {number(p, decimals=3)}"


def _average(term: str, tests: pd.DataFrame | None) -> float:
    if tests is None or "average" not in tests.columns:
        return np.nan
    found = floats(tests[tests[TERM] == term], "average")
    return float(found[0]) if len(found) else np.nan


def _draw_term(ax: "Axes", part: pd.DataFrame, line: pd.DataFrame, average: float) -> None:
    g, residual = floats(part, "g"), floats(part, "residual")
    kept = slice(None, None, max(1, len(g) // MOST_POINTS))
    ax.plot(
        g[kept],
        residual[kept],
        linestyle="none",
        marker="o",
        markersize=float(np.clip(40.0 / np.sqrt(len(g)), 1.4, 3.6)),
        color=PALETTE[0],
        alpha=float(np.clip(8.0 / np.sqrt(len(g)), 0.15, 0.6)),
        markeredgewidth=0.0,
        zorder=2,
        label="residuals",
    )
    low, high, middle = (floats(line, name) for name in (CONF_LOW, CONF_HIGH, ESTIMATE))
    if len(line):
        at = floats(line, "g")
        ax.fill_between(at, low, high, color=PALETTE[3], alpha=0.25, linewidth=0.0, zorder=3)
        ax.plot(at, middle, color=PALETTE[3], zorder=5, label="smooth")
    ax.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    if np.isfinite(average):
        ax.axhline(average, color=QUIET, linewidth=1.4, linestyle=(0, (1.2, 2.0)), zorder=4)
    # A few residuals of rare levels would squeeze the line to nothing.
    spread = np.quantile(residual, [0.01, 0.99])
    seen = np.concatenate([spread, low, high, [0.0], [average] if np.isfinite(average) else []])
    room = 0.05 * float(np.ptp(seen))
    ax.set_ylim(float(seen.min()) - room, float(seen.max()) + room)


def _write_times(ax: "Axes", g: FloatArray, time: FloatArray) -> None:
    """Put ticks at round times, wherever the function of time takes them."""
    from matplotlib.ticker import MaxNLocator

    first, at = np.unique(time, return_index=True)
    places = np.asarray(g[at], dtype=np.float64)
    low, high = float(first[0]), float(first[-1])
    even = np.asarray(MaxNLocator(MOST_TICKS, steps=[1, 2, 5, 10]).tick_values(low, high))
    steps = np.array([m * 10.0**e for e in range(-6, 10) for m in (1, 2, 5)])
    is_plain = np.allclose(places - places[0], first - low)
    wanted = even if is_plain else np.union1d(even, steps)
    wanted = wanted[(wanted >= low) & (wanted <= high)]
    along = np.interp(wanted, first, places)
    gap = float(np.ptp(places)) / (MOST_TICKS + 1)
    shown: list[int] = []
    for k, place in enumerate(along):
        if not shown or abs(place - along[shown[-1]]) >= gap:
            shown.append(k)
    ax.set_xticks(along[shown], [f"{wanted[k]:g}" for k in shown])
