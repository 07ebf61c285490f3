"""Choose the chart of a kind of result."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from rpcstats._vocabulary import ReleaseKind
from rpcstats.errors import ParameterError
from rpcstats.figures.curves import step_curve
from rpcstats.figures.forest import forest_dots
from rpcstats.figures.funnel import funnel_chart
from rpcstats.figures.incidence import stacked_incidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHARTS: Final[dict[str, Callable[..., Any]]] = {
    "curve": step_curve,
    "counts": funnel_chart,
    "effects": forest_dots,
    "incidence": stacked_incidence,
    "published": forest_dots,
    "mean": forest_dots,
}
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "effects": {"percent": False, "ratio": True, "reference": 1.0},
    "mean": {"percent": False},
}
_ON_AXES: Final = ("curve", "incidence")


def draw(kind: ReleaseKind, frame: pd.DataFrame, **options: Any) -> "Figure":
    """Draw a frame with the chart that fits its kind.

    Parameters
    ----------
    kind : {"counts", "curve", "effects", "incidence", "mean", "published"}
        What the frame holds; a "test" has a table and no picture.
    frame : pandas.DataFrame
        The frame, protected or not.
    **options
        Keyword options of `step_curve`, `stacked_incidence`, `funnel_chart` or `forest_dots`.

    Returns
    -------
    matplotlib.figure.Figure
        A figure that pyplot does not know.

    Raises
    ------
    ParameterError
        If there is no chart for the kind, or an option is unknown.
    DataError
        If a column is missing or there is no row.
    """
    if kind not in _CHARTS:
        raise ParameterError(
            f"There is no chart for {kind!r}",
            [f"use a table, or one of the kinds {', '.join(_CHARTS)}"],
        )
    chart = _CHARTS[kind]
    known = [name for name in inspect.signature(chart).parameters if name not in ("frame", "ax")]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise ParameterError(
            f"{chart.__name__} does not know an option",
            [f"{name}: use one of {', '.join(known)}" for name in unknown],
        )
    drawn = chart(frame, **(_DEFAULTS.get(kind, {}) | options))
    figure: Figure = drawn.figure if kind in _ON_AXES else drawn
    return figure
