"""Maximum likelihood of a Royston-Parmar model on arrays already read."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.parametric._censored_rows import RIGHT
from rpcstats.survival.parametric._covariance import covariances
from rpcstats.survival.parametric._newton import climb
from rpcstats.survival.parametric._spline_model import SplineLayout, SplineModel, column_scales
from rpcstats.survival.parametric.families import FAMILIES
from rpcstats.survival.parametric.spline_fit import ERRORS, RoystonParmarFit, SplineScale
from rpcstats.survival.parametric.timed_rows import TimedRows, censoring_kinds, timed_rows
from rpcstats.survival.parametric.wording import fit_remarks, trouble_of
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]

_GRID: Final = 200
_ROWS_CHECKED: Final = 500

_MEASURES: Final[dict[SplineScale, str]] = {
    "hazard": "log hazard ratio",
    "odds": "log odds ratio",
    "normal": "difference in probits",
}


def estimate_spline(
    frame: HazardFrame,
    layout: SplineLayout,
    scale: SplineScale,
    *,
    robust: bool,
    conf_level: float,
) -> RoystonParmarFit:
    """Fit a Royston-Parmar model to arrays already read.

    Parameters
    ----------
    frame : HazardFrame
        The sample, without an intercept.
    layout : SplineLayout
        Knots, and what the predictor is made of.
    scale : {"hazard", "odds", "normal"}
        What the spline is of.
    robust : bool
        Whether to take the sandwich covariance with each row a cluster.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    RoystonParmarFit
        The fit; nothing is warned of.
    """
    kind = censoring_kinds(frame)
    timed = timed_rows(frame, FAMILIES["weibull"].family, kind)
    model = _model(frame, layout, scale, timed)
    optimum = climb(model, _start(model))
    back = model.restore()
    clusters = [groups.codes for groups in frame.clusters] if frame.clusters or robust else None
    cov = covariances(model, optimum.theta, optimum.evaluation.information, clusters)
    names, measures = _named(frame, layout, scale)
    coef, used = back @ optimum.theta, back @ cov.used @ back.T
    trouble = trouble_of(optimum, names)
    rising = _rising(frame, layout, coef)
    n_event = int((kind != RIGHT).sum())
    return RoystonParmarFit(
        frame=frame,
        names=names,
        measures=measures,
        coef=_frozen(coef),
        cov=_frozen(used),
        cov_model=_frozen(back @ cov.model @ back.T),
        log_lik=optimum.evaluation.value + timed.constant,
        n_event=n_event,
        optimum=optimum.summary,
        remarks=(*fit_remarks(frame, n_event, used, robust=robust), *rising, *trouble),
        trouble=trouble,
        conf_level=conf_level,
        is_robust=clusters is not None,
        scale=scale,
        layout=layout,
        kind=_frozen(kind),
        rising=rising,
    )


def _model(
    frame: HazardFrame, layout: SplineLayout, scale: SplineScale, timed: TimedRows
) -> SplineModel:
    rows = timed.rows
    y = rows.y
    if rows.upper is not None:
        y = np.where(np.isfinite(rows.upper), rows.upper, rows.y)
    scales = column_scales(layout, y, frame.X)
    return SplineModel(ERRORS[scale], layout, rows, frame.X, *scales, frame.offset, frame.weights)


def _start(model: SplineModel) -> FloatArray:
    """Start with a slope of one and the share of events at the mean of log time."""
    theta = np.zeros(model.n_parameter)
    weights = np.ones(model.n_obs) if model.weights is None else model.weights
    share = float(np.average(model.rows.kind != RIGHT, weights=weights))
    share = min(max(share, 0.05), 0.6)
    if model.error == "extreme":
        theta[0] = np.log(-np.log1p(-share))
    else:
        theta[0] = np.log(share / (1.0 - share))
    theta[1] = model.spread[1]
    if model.offset is not None:
        theta[0] -= float(np.average(model.offset, weights=weights))
    return theta


def _named(
    frame: HazardFrame, layout: SplineLayout, scale: SplineScale
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    spline = [f"gamma{j}" for j in range(len(layout.knots))]
    changing = [
        f"{frame.names[column]}:gamma{j}"
        for column in layout.changing
        for j in range(1, len(layout.own_knots))
    ]
    measures = ["spline"] * len(spline) + [_MEASURES[scale]] * len(frame.names)
    return (*spline, *frame.names, *changing), (
        *measures,
        *["change with log time"] * len(changing),
    )


def _rising(frame: HazardFrame, layout: SplineLayout, coef: FloatArray) -> tuple[str, ...]:
    """Say where fitted survival rises within the follow-up."""
    first = frame.time[frame.time > 0.0] if frame.upper is None else frame.upper
    low, high = float(np.log(first.min())), _last_log_time(frame)
    grid = np.linspace(low, max(high, low + 1e-9), _GRID)
    X = np.zeros((1, layout.n_covariate))
    if layout.changing:
        step = max(1, frame.n_obs // _ROWS_CHECKED)
        X = frame.X[::step]
    lowest = np.full(_GRID, np.inf)
    for row in X:
        slope = coef @ layout.columns(grid, np.broadcast_to(row, (_GRID, len(row))))[1]
        lowest = np.minimum(lowest, slope)
    wrong = np.exp(grid[lowest <= 0.0])
    if not len(wrong):
        return ()
    return (
        f"Fitted survival rises somewhere between times {wrong.min():,.4g} and {wrong.max():,.4g},"
        " which no survival does: take fewer knots, or place them where events are.",
    )


def _last_log_time(frame: HazardFrame) -> float:
    last = float(frame.time.max())
    if frame.upper is not None:
        last = max(last, float(frame.upper[np.isfinite(frame.upper)].max(initial=0.0)))
    return float(np.log(last))


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
