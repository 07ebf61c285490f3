"""Choose the chart of a kind of result."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from rpcstats._vocabulary import ANSWER, BASE_LABEL, CHANGE, DEFINITION, STAGE, TERM, ReleaseKind
from rpcstats.errors import ParameterError
from rpcstats.figures.answer_bars import answer_bars
from rpcstats.figures.change_bars import change_bars
from rpcstats.figures.curves import step_curve
from rpcstats.figures.estimand_forest import estimand_forest
from rpcstats.figures.forest import forest_dots
from rpcstats.figures.funnel import funnel_chart
from rpcstats.figures.incidence import stacked_incidence
from rpcstats.figures.rating_curves import rating_curves
from rpcstats.figures.readings import progress_readings
from rpcstats.figures.tipping import tipping_contours
from rpcstats.figures.verdicts import VERDICT, verdict_tiles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHARTS: Final[dict[str, Callable[..., Any]]] = {
    "curve": step_curve,
    "counts": funnel_chart,
    "effects": forest_dots,
    "estimates": estimand_forest,
    "incidence": stacked_incidence,
    "published": forest_dots,
    "mean": forest_dots,
}
_DEFAULTS: Final[dict[str, dict[str, Any]]] = {
    "effects": {"percent": False, "ratio": True, "reference": 1.0},
    "mean": {"percent": False},
}
_COEFFICIENTS: Final[dict[str, Any]] = {"percent": False, "reference": 0.0, "label": TERM}
_ON_AXES: Final = ("curve", "incidence")
_OTHERS_ON_AXES: Final = (answer_bars, change_bars, progress_readings, tipping_contours)


def draw(kind: ReleaseKind, frame: pd.DataFrame, **options: Any) -> "Figure":
    """Draw a frame with the chart that fits its kind.

    Parameters
    ----------
    kind : {"counts", "curve", "effects", "estimates", "incidence", "mean", "published"}
        What the frame holds; a "test" has a table and no picture.
    frame : pandas.DataFrame
        The frame, protected or not.
    **options
        Keyword options of `step_curve`, `stacked_incidence` or `forest_dots`; of counts, by their
        columns, of `funnel_chart`, `progress_readings`, `answer_bars` or `change_bars`; of
        estimates, of `estimand_forest`, `rating_curves`, `tipping_contours` or `forest_dots`.

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
    chart = _counts_chart(frame) if kind == "counts" else _CHARTS[kind]
    defaults = _DEFAULTS.get(kind, {})
    if kind == "estimates":
        chart = _estimates_chart(frame)
        defaults = _COEFFICIENTS if chart is forest_dots else {}
    if kind == "published" and VERDICT in frame:
        chart = verdict_tiles
    known = [name for name in inspect.signature(chart).parameters if name not in ("frame", "ax")]
    unknown = [name for name in options if name not in known]
    if unknown:
        raise ParameterError(
            f"{chart.__name__} does not know an option",
            [f"{name}: use one of {', '.join(known)}" for name in unknown],
        )
    drawn = chart(frame, **(defaults | options))
    on_axes = kind in _ON_AXES or chart in _OTHERS_ON_AXES
    figure: Figure = drawn.figure if on_axes else drawn
    return figure


def _estimates_chart(frame: pd.DataFrame) -> Callable[..., Any]:
    """Choose the chart of estimates by the columns that label them."""
    if "series" in frame:
        return rating_curves
    if "delta_leavers" in frame:
        return tipping_contours
    return forest_dots if "n_couple" in frame else estimand_forest


def _counts_chart(frame: pd.DataFrame) -> Callable[..., Any]:
    """Choose the chart of counts by the columns that label them."""
    labels = set(frame.columns)
    if STAGE in labels:
        return funnel_chart
    if ANSWER in labels:
        return answer_bars
    if CHANGE in labels:
        return change_bars
    return progress_readings if {DEFINITION, BASE_LABEL} <= labels else funnel_chart
