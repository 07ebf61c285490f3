"""Flexible parametric survival models with a spline for the baseline."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_names, as_numbers, as_word, check_flags
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import Formula
from rpcstats.survival.parametric._spline import spread_knots
from rpcstats.survival.parametric._spline_model import SplineLayout
from rpcstats.survival.parametric.estimate_spline import estimate_spline
from rpcstats.survival.parametric.read_sample import read_sample
from rpcstats.survival.parametric.spline_fit import ERRORS, RoystonParmarFit, SplineScale
from rpcstats.survival.parametric.timed_rows import censoring_kinds, refuse_uninformative
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.survival.structure.remarks import warn_of

FloatArray = NDArray[np.float64]

_MOST_KNOTS: Final = 20


def royston_parmar(
    formula: str | Formula,
    data: Any,
    *,
    df: int | None = None,
    knots: ArrayLike | None = None,
    scale: SplineScale = "hazard",
    time_varying: Sequence[str] = (),
    time_varying_df: int = 1,
    weights: str | None = None,
    robust: bool = False,
    conf_level: float = 0.95,
) -> RoystonParmarFit:
    """Fit a flexible parametric survival model by maximum likelihood.

    Parameters
    ----------
    formula : str or Formula
        As in `survreg`: right, left and interval censoring, late entry, cluster(), offset().
    data : frame
        pandas, or any frame narwhals reads; it is not changed.
    df : int, optional
        Degrees of freedom of the baseline spline, one more than its inner knots, which stand at
        even quantiles of the times of events; 3 if neither this nor `knots` is given. 1 is the
        Weibull, log-logistic or log-normal.
    knots : array_like, optional
        Times of the inner knots, in place of `df`.
    scale : {"hazard", "odds", "normal"}
        What the spline is of: log(−log S), log(1/S − 1) or −Φ⁻¹(S).
    time_varying : sequence of str
        Covariates whose effect changes with time: a term with all its columns, or one column as
        in `names`.
    time_varying_df : int
        Degrees of freedom of that change; 1 is linear in log time.
    weights : str, optional
        Column of case weights above 0: a weight of 2 counts as two rows.
    robust : bool
        Whether to take the sandwich covariance with each row a cluster; cluster() does so anyway.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    RoystonParmarFit
        The fit.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events or weights break their conditions, a time is 0, no row is an event, or
        too few distinct times are left for the knots.
    ParameterError
        If an option is unknown or out of range.

    Warns
    -----
    ConvergenceWarning
        If the search did not end at a maximum, or fitted survival rises somewhere.

    Notes
    -----
    Royston and Parmar (2002), with the basis and the knots of R's flexsurvspline: boundary knots
    at the first and last event. Nothing keeps the spline from falling between events; where
    fitted survival rises the fit says so.
    """
    check_flags(robust=robust)
    time_varying = as_names("time_varying", time_varying)
    _check_options(df, knots, scale, time_varying_df, conf_level)
    sample = read_sample(
        formula, data, weights=weights, allow=("cluster", "offset"), intercept=False
    )
    frame = sample.frame
    refuse_uninformative(frame, censoring_kinds(frame))
    log_times = _event_times(frame)
    places = _knots(log_times, df, knots)
    layout = SplineLayout(
        places,
        _checked(spread_knots(log_times, time_varying_df - 1)) if time_varying else places[[0, -1]],
        _changing(frame, time_varying),
        frame.X.shape[1],
    )
    fit = estimate_spline(frame, layout, scale, robust=robust, conf_level=conf_level)
    warn_of((*fit.trouble, *fit.rising))
    return fit


def _check_options(
    df: int | None,
    knots: ArrayLike | None,
    scale: SplineScale,
    time_varying_df: int,
    conf_level: float,
) -> None:
    check_conf_level(conf_level)
    faults = []
    if as_word(scale) not in ERRORS:
        faults.append(f"scale: choose one of {', '.join(ERRORS)}")
    if df is not None and knots is not None:
        faults.append("give df or knots, not both")
    for name, value in (("df", 1 if df is None else df), ("time_varying_df", time_varying_df)):
        if not (isinstance(value, int | np.integer) and 1 <= value <= _MOST_KNOTS + 1):
            faults.append(f"{name}: give a whole number from 1 to {_MOST_KNOTS + 1}")
    if faults:
        raise ParameterError("The spline can't be made", faults)


def _event_times(frame: HazardFrame) -> FloatArray:
    """Give logarithms of the times of events, the middle of those known by limits."""
    if frame.upper is None:
        time = frame.time[frame.event]
    else:
        bounded = np.isfinite(frame.upper)
        time = (frame.time[bounded] + frame.upper[bounded]) / 2.0
        exact = frame.event[bounded]
        time = time[exact] if len(np.unique(time[exact])) > 1 else time
    if (time <= 0.0).any():
        raise DataError(
            "An event at time 0 has no logarithm: count half a unit for those who left on the"
            " first day."
        )
    return np.log(time)


def _knots(log_times: FloatArray, df: int | None, knots: ArrayLike | None) -> FloatArray:
    if knots is None:
        return _checked(spread_knots(log_times, 2 if df is None else df - 1))
    inner = np.sort(np.atleast_1d(as_numbers(knots)))
    low, high = float(log_times.min()), float(log_times.max())
    if not ((inner > np.exp(low)) & (inner < np.exp(high))).all() or len(inner) > _MOST_KNOTS:
        raise ParameterError(
            "knots are out of range",
            [f"give at most {_MOST_KNOTS} times between the first and the last event"],
        )
    return _checked(np.concatenate([[low], np.log(inner), [high]]))


def _checked(knots: FloatArray) -> FloatArray:
    if (np.diff(knots) <= 0.0).any():
        raise DataError(
            "Too few distinct times of events for so many knots: take a smaller df, or place"
            " the knots yourself."
        )
    knots.setflags(write=False)
    return knots


def _changing(frame: HazardFrame, time_varying: Sequence[str]) -> tuple[int, ...]:
    columns = {
        name: [k for k, own in enumerate(frame.names) if own == name or own.startswith(f"{name}[")]
        for name in time_varying
    }
    unknown = [name for name, places in columns.items() if not places]
    if unknown:
        raise ParameterError(
            "time_varying names a column that the model does not have",
            [f"{name}: choose among {', '.join(frame.names) or 'none'}" for name in unknown],
        )
    return tuple(dict.fromkeys(place for places in columns.values() for place in places))
