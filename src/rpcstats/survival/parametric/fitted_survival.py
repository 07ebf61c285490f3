"""Fitted survival of a sample beside survival estimated without a model."""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._vocabulary import ESTIMATE, STRATA, TIME
from rpcstats.survival._product_limit import product_limit
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.parametric._innermost import innermost
from rpcstats.survival.parametric._turnbull import estimate_mass
from rpcstats.survival.parametric.prediction_limits import last_time
from rpcstats.survival.structure.hazard_frame import HazardFrame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.parametric.estimates import TimeEstimates

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_STEPS: Final = 60
_MOST_CURVES: Final = 4


class Compared(NamedTuple):
    """Observed and fitted survival.

    Attributes
    ----------
    observed, fitted : pandas.DataFrame
        Columns strata, time, estimate.
    """

    observed: pd.DataFrame
    fitted: pd.DataFrame


def compare_survival(fit: Any, *, by_pattern: bool = True) -> Compared:
    """Estimate survival of a fit's sample without a model and average the fitted survival.

    Parameters
    ----------
    fit : TimeEstimates
        A fit that knows the mean survival of its rows.
    by_pattern : bool
        Whether to tell patterns of covariates apart, if there are few.

    Returns
    -------
    Compared
        By pattern of covariates if there are few, else over all rows.

    Notes
    -----
    Kaplan-Meier, or Turnbull's estimate of interval-censored times, drawn at the latest times.
    """
    frame: HazardFrame = fit.frame
    labels, codes = _patterns(frame) if by_pattern else _together(frame)
    grid = np.linspace(0.0, last_time(fit), _STEPS + 1)[1:]
    observed, fitted = [], []
    for code, label in enumerate(labels):
        rows = np.flatnonzero(codes == code)
        time, S = _observed(frame, rows)
        observed.append(pd.DataFrame({STRATA: label, TIME: time, ESTIMATE: S}))
        mean = fit.mean_survival(grid, rows)
        smooth = {TIME: np.append(0.0, grid), ESTIMATE: np.append(1.0, mean)}
        fitted.append(pd.DataFrame({STRATA: label, **smooth}))
    return Compared(pd.concat(observed, ignore_index=True), pd.concat(fitted, ignore_index=True))


def plot_fitted(fit: "TimeEstimates", ax: "Axes | None") -> "Axes":
    """Draw the fitted survival over the survival estimated without a model.

    Parameters
    ----------
    fit : TimeEstimates
        The fit.
    ax : matplotlib Axes or None
        Where to draw.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.
    """
    from rpcstats.figures.fitted_curves import fitted_curves

    compared = compare_survival(fit)
    return fitted_curves(compared.observed, compared.fitted, ax=ax)


def _patterns(frame: HazardFrame) -> tuple[list[str], IntArray]:
    """Give a number to the patterns of covariates and strata, if they are few."""
    table = np.column_stack([frame.X, frame.strata.codes])
    if len(np.unique(table[:1000], axis=0)) > _MOST_CURVES:
        return _together(frame)
    patterns, codes = np.unique(table, axis=0, return_inverse=True)
    if not 1 < len(patterns) <= _MOST_CURVES:
        return _together(frame)
    labels = []
    for pattern in patterns:
        parts = [
            f"{name}={value:g}"
            for name, value in zip(frame.names, pattern[:-1], strict=True)
            if name != "Intercept"
        ]
        if len(frame.strata.labels) > 1:
            parts.append(frame.strata.labels[int(pattern[-1])])
        labels.append(", ".join(parts))
    return labels, codes.reshape(-1).astype(np.int64)


def _together(frame: HazardFrame) -> tuple[list[str], IntArray]:
    return ["all"], np.zeros(frame.n_obs, dtype=np.int64)


def _observed(frame: HazardFrame, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    weights = None if frame.weights is None else frame.weights[rows]
    if frame.upper is None:
        entry = None if frame.entry is None else frame.entry[rows]
        counts = risk_sets(frame.time[rows], frame.event[rows], entry=entry, weights=weights)
        return counts.time, product_limit(counts)[0]
    cells = innermost(frame.time[rows], frame.upper[rows], weights)
    mass = estimate_mass(cells).mass
    bounded = np.isfinite(cells.upper)
    return cells.upper[bounded], (1.0 - np.cumsum(mass))[bounded]
