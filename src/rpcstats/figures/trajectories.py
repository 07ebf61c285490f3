"""Predicted lines: one of each group in grey, the population's in front with its band."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE
from rpcstats._wording import sentence_case
from rpcstats._wording import words as plain_words
from rpcstats.figures.columns import floats, require, texts
from rpcstats.figures.layout import stamp
from rpcstats.figures.panels import dress_panel, panel_grid
from rpcstats.figures.style import PALETTE, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT: Final = 215.0
ONE_GROUP: Final = "#8A9399"


def trajectories(
    population: pd.DataFrame,
    groups: pd.DataFrame | None = None,
    *,
    x: str,
    group: str | None = None,
    by: str | None = None,
    xlabel: str = "",
    ylabel: str = "Predicted",
    names: Mapping[str, str] | None = None,
    watermark: str | None = None,
) -> "Figure":
    """Draw predicted trajectories, a panel a value of `by`.

    Parameters
    ----------
    population : pandas.DataFrame
        Columns `x`, estimate and, for the band, conf_low and conf_high; `by` if given.
    groups : pandas.DataFrame, optional
        Columns `x`, `group`, estimate: the line of each group, never named. They may tell of
        single people, so a picture that leaves the office goes without.
    x : str
        Column of the horizontal axis.
    group : str, optional
        Column that says which line a row of `groups` belongs to.
    by : str, optional
        Column whose values get a panel each.
    xlabel, ylabel : str
        Names of the axes; the second stands above its axis.
    names : mapping of str to str, optional
        Words for the values of `by`.
    watermark : str, optional
        Written across the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture; the panels share both scales.

    Raises
    ------
    DataError
        If a column is missing or there is no row.
    """
    extra = (by,) if by else ()
    require(population, (x, ESTIMATE, *extra), chart="trajectories")
    if groups is not None:
        require(groups, (x, ESTIMATE, *((group,) if group else ()), *extra), chart="trajectories")
    values = list(dict.fromkeys(texts(population, by))) if by else [""]
    heads = [_head(value, ylabel, by, dict(names or {})) for value in values]
    note = "Line and band: the population and its interval."
    note += " Grey: one line a group." if groups is not None else ""
    with paper_style():
        figure, panels = panel_grid(heads, height=HEIGHT, columns=2, note=note)
        for ax, value in zip(panels, values, strict=True):
            if groups is not None:
                _draw_groups(ax, _part(groups, by, value), x, group)
            _draw_population(ax, _part(population, by, value), x)
        _share_scales(panels)
        for ax in panels:
            dress_panel(ax, xlabel=xlabel or sentence_case(plain_words(x)))
        if watermark:
            stamp(figure, watermark)
    return figure


def _head(value: str, ylabel: str, by: str | None, names: dict[str, str]) -> str:
    if not by:
        return ylabel
    return f"{ylabel}: {names.get(value, plain_words(value))}"


def _part(frame: pd.DataFrame, by: str | None, value: str) -> pd.DataFrame:
    return frame if by is None else frame[frame[by].astype(str) == value]


def _draw_groups(ax: "Axes", frame: pd.DataFrame, x: str, group: str | None) -> None:
    parts = [frame] if group is None else [part for _, part in frame.groupby(group, sort=False)]
    alpha = 0.7 if len(parts) <= 40 else 0.25
    for part in parts:
        ordered = part.sort_values(x)
        ax.plot(
            floats(ordered, x),
            floats(ordered, ESTIMATE),
            color=ONE_GROUP,
            linewidth=0.9,
            alpha=alpha,
            zorder=2,
            label="group",
        )


def _draw_population(ax: "Axes", frame: pd.DataFrame, x: str) -> None:
    ordered = frame.sort_values(x)
    at = floats(ordered, x)
    if CONF_LOW in ordered.columns and CONF_HIGH in ordered.columns:
        ax.fill_between(
            at,
            floats(ordered, CONF_LOW),
            floats(ordered, CONF_HIGH),
            color=PALETTE[0],
            alpha=0.2,
            linewidth=0.0,
            zorder=3,
        )
    ax.plot(at, floats(ordered, ESTIMATE), color=PALETTE[0], zorder=4, label="population")


def _share_scales(panels: "list[Axes]") -> None:
    for read, write in (("get_xlim", "set_xlim"), ("get_ylim", "set_ylim")):
        limits = [getattr(ax, read)() for ax in panels]
        low, high = min(pair[0] for pair in limits), max(pair[1] for pair in limits)
        for ax in panels:
            getattr(ax, write)(low, high)
