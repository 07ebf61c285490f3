"""Curves of occupation as tidy frames."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.intervals import ConfType, survival_interval
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_CENSOR,
    N_EVENT,
    N_RISK,
    STATE,
    STD_ERROR,
    TIME,
)
from rpcstats.survival.states.state_curves import StateCurve

FloatArray = NDArray[np.float64]


def curve_frame(
    curve: StateCurve,
    states: tuple[str, ...],
    *,
    conf_type: ConfType,
    conf_level: float,
    is_weighted: bool,
    shown: tuple[int, ...] | None = None,
) -> pd.DataFrame:
    """Lay out a curve, state after state.

    Parameters
    ----------
    curve : StateCurve
        The curve.
    states : tuple of str
        Names of the states.
    conf_type, conf_level : str, float
        Scale and level of the limits.
    is_weighted : bool
        Whether counts are sums of weights.
    shown : tuple of int, optional
        States wanted; all if not given.

    Returns
    -------
    pandas.DataFrame
        Columns state, time, n_risk, n_event, n_censor, estimate, std_error, conf_low, conf_high.
    """
    places = list(range(len(states)) if shown is None else shown)
    names = np.repeat(np.array([states[place] for place in places], dtype=object), len(curve.time))
    kind = np.float64 if is_weighted else np.int64
    stacked = [
        values[:, places].T.ravel()
        for values in (
            curve.n_risk,
            curve.n_event,
            curve.n_censor,
            curve.estimate,
            curve.std_error,
        )
    ]
    low, high = limits(stacked[3], stacked[4], conf_type, conf_level)
    return pd.DataFrame(
        {
            STATE: names,
            TIME: np.tile(curve.time, len(places)),
            N_RISK: stacked[0].astype(kind),
            N_EVENT: stacked[1].astype(kind),
            N_CENSOR: stacked[2].astype(kind),
            ESTIMATE: stacked[3],
            STD_ERROR: stacked[4],
            CONF_LOW: low,
            CONF_HIGH: high,
        }
    )


def reading_frame(
    curve: StateCurve,
    states: tuple[str, ...],
    wanted: FloatArray,
    *,
    conf_type: ConfType,
    conf_level: float,
) -> pd.DataFrame:
    """Lay out a curve at given times, time within state.

    Parameters
    ----------
    curve : StateCurve
        The curve.
    states : tuple of str
        Names of the states.
    wanted : ndarray of shape (k,)
        Times.
    conf_type, conf_level : str, float
        Scale and level of the limits.

    Returns
    -------
    pandas.DataFrame
        Columns state, time, n_risk, estimate, std_error, conf_low, conf_high.
    """
    n_risk, estimate, error = (values.T.ravel() for values in curve.read(wanted))
    low, high = limits(estimate, error, conf_type, conf_level)
    return pd.DataFrame(
        {
            STATE: np.repeat(np.array(states, dtype=object), len(wanted)),
            TIME: np.tile(wanted, len(states)),
            N_RISK: n_risk,
            ESTIMATE: estimate,
            STD_ERROR: error,
            CONF_LOW: low,
            CONF_HIGH: high,
        }
    )


def limits(
    estimate: FloatArray, std_error: FloatArray, conf_type: ConfType, conf_level: float
) -> tuple[FloatArray, FloatArray]:
    """Give pointwise limits of probabilities.

    Parameters
    ----------
    estimate, std_error : ndarray
        Probabilities and their standard errors.
    conf_type, conf_level : str, float
        Scale and level.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits; NaN where the scale has none.
    """
    relative = np.divide(
        std_error,
        estimate,
        out=np.zeros_like(std_error),
        where=(estimate > 0) | (estimate != estimate),
    )
    return survival_interval(estimate, relative, conf_type, conf_level)
