"""From a frame of incidences to the panels of a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import CONF_HIGH, CONF_LOW, ESTIMATE, N_RISK, STATE, STRATA, TIME
from rpcstats._wording import words as plain_words
from rpcstats.errors import ParameterError
from rpcstats.figures.columns import floats, texts
from rpcstats.figures.layout import wrap
from rpcstats.figures.series import Curve
from rpcstats.figures.style import SeriesStyle, series_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABEL_ROOM: Final = 110.0

Pair = tuple[Curve, SeriesStyle]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Curves that share axes.

    Attributes
    ----------
    head : str
        What stands above the vertical axis.
    shown : list of (Curve, SeriesStyle)
        The curves.
    rows : list of (Curve, SeriesStyle)
        Those whose numbers at risk are printed.
    """

    head: str
    shown: list[Pair]
    rows: list[Pair]


def incidence_groups(
    frame: pd.DataFrame, words: Mapping[str, str]
) -> list[tuple[str, pd.DataFrame]]:
    """Take a frame apart by group.

    Parameters
    ----------
    frame : pandas.DataFrame
        With a column strata if there are groups.
    words : mapping of str to str
        Words for the groups.

    Returns
    -------
    list of (str, pandas.DataFrame)
        Name and rows of each group; an empty name if there is one.
    """
    if STRATA not in frame.columns or frame[STRATA].nunique() < 2:
        return [("", frame)]
    parts = frame.groupby(STRATA, sort=False, observed=True)
    return [(words.get(str(key), plain_words(key)), part) for key, part in parts]


def panel_title(head: str, ylabel: str) -> str:
    """Put the name of a group before that of the vertical axis.

    Parameters
    ----------
    head : str
        Name of the group; empty if there is one.
    ylabel : str
        Name of the axis.

    Returns
    -------
    str
        What stands above the panel.
    """
    return f"{head}: {ylabel[:1].lower()}{ylabel[1:]}" if head else ylabel


def refuse_shared(ax: "Axes | None", n_panel: int) -> None:
    """Refuse to draw several panels on one axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        The axes given.
    n_panel : int
        Number of panels.

    Raises
    ------
    ParameterError
        If axes are given and there are several.
    """
    if ax is not None and n_panel > 1:
        raise ParameterError(
            f"{n_panel} panels can't share one axes", ["leave ax out, or choose one group first"]
        )


def as_states(part: pd.DataFrame, event_free: str) -> pd.DataFrame:
    """Add what is left above the causes, which alone has people still followed.

    Parameters
    ----------
    part : pandas.DataFrame
        Columns state, time, estimate, and n_risk where known, of one group.
    event_free : str
        Name of what is left.

    Returns
    -------
    pandas.DataFrame
        The same columns with one state more.
    """
    columns = [name for name in (STATE, TIME, ESTIMATE, N_RISK) if name in part.columns]
    causes = part[columns].copy()
    causes[STATE] = causes[STATE].astype(object)
    first = causes[causes[STATE] == causes[STATE].iloc[0]].copy()
    total = causes.groupby(TIME, sort=False)[ESTIMATE].sum(min_count=1)
    left = first.assign(**{STATE: event_free, ESTIMATE: 1.0 - total.to_numpy()})
    if N_RISK in columns:
        causes[N_RISK] = 0
    states: pd.DataFrame = pd.concat([causes, left], ignore_index=True)
    return states


def incidence_panels(frame: pd.DataFrame, words: Mapping[str, str], ylabel: str) -> list[Panel]:
    """Put curves into panels: causes of one group together, else the groups of each cause.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns state, time, estimate, and strata, conf_low, conf_high, n_risk where known.
    words : mapping of str to str
        Words for causes and groups.
    ylabel : str
        Head of a single panel.

    Returns
    -------
    list of Panel
        The panels.
    """
    groups = incidence_groups(frame, words)
    causes = list(dict.fromkeys(texts(frame, STATE)))
    name = {cause: words.get(cause, plain_words(cause)) for cause in causes}
    if len(groups) == 1:
        curves = [_curve(groups[0][1], cause, name[cause]) for cause in causes]
        shown = _styled(curves)
        return [Panel(ylabel, shown, shown[:1])]
    panels = []
    for cause in causes:
        shown = _styled([_curve(part, cause, label) for label, part in groups])
        head = name[cause] if len(causes) > 1 else ylabel
        panels.append(Panel(head, shown, shown))
    return panels


def _styled(curves: Sequence[Curve]) -> list[Pair]:
    drawn = [curve for curve in curves if len(curve.time)]
    return list(zip(drawn, series_styles(len(drawn)), strict=True))


def _curve(part: pd.DataFrame, cause: str, label: str) -> Curve:
    own = part[[text == cause for text in texts(part, STATE)]].sort_values(TIME, kind="stable")
    time, estimate = floats(own, TIME), floats(own, ESTIMATE)
    known = ~np.isnan(estimate)
    at_zero = estimate == 0
    low = np.where(at_zero, 0.0, floats(own, CONF_LOW))
    high = np.where(at_zero, 0.0, floats(own, CONF_HIGH))
    path = [values[known] for values in (time, estimate, low, high)]
    if len(path[0]) and path[0][0] > 0:
        path = [np.insert(values, 0, 0.0) for values in path]
    return Curve(
        label=wrap(label, LABEL_ROOM),
        time=path[0],
        estimate=path[1],
        low=path[2],
        high=path[3],
        risk_time=time,
        risk=floats(own, N_RISK),
        after_last=0.0,
        complete=True,
        pooled=False,
        note="",
    )
