"""Nodes for the scale by which a t statistic's standard error is off."""

from typing import Final

import numpy as np
from scipy import special

from rpcstats.mixed.structure.model_frame import FloatArray

# The density of log s is smooth in a strip of half-width π/4, so the trapezoid rule with this
# step is off by exp(-2π (π/4) / 0.1), below 1e-20; with a half of the standard deviation a step
# the error of a normal density is exp(-8π²).
_WIDEST_STEP: Final = 0.1
_STEP_IN_SD: Final = 0.5
# Where the density, or its product with a tail below 1, has fallen by exp(-40), it ends.
_FALL: Final = 40.0
_REACH_IN_SD: Final = 9.0


def scale_nodes(df: float, size: float) -> tuple[FloatArray, FloatArray]:
    """Give nodes and weights for an average over s, where df s² is a chi-square of df.

    Parameters
    ----------
    df : float
        Degrees of freedom; infinite for s = 1.
    size : float
        The statistic whose tail is averaged: the nodes reach down to where s times it is small.

    Returns
    -------
    nodes : ndarray
        Values of s.
    weights : ndarray
        Their weights, of sum 1.
    """
    if np.isinf(df):
        return np.ones(1), np.ones(1)
    spread = 1.0 / np.sqrt(2.0 * df)
    step = min(_WIDEST_STEP, _STEP_IN_SD * spread)
    high = min(_REACH_IN_SD * spread, 0.5 * np.log(2.0 * _FALL / df + 6.0))
    low = -_FALL / df - _REACH_IN_SD * spread - max(np.log(max(size, 1.0)), 0.0)
    u = np.arange(low, high + step, step)
    log_density = (
        np.log(2.0)
        + 0.5 * df * np.log(0.5 * df)
        - special.gammaln(0.5 * df)
        + df * u
        - 0.5 * df * np.exp(2.0 * u)
    )
    weights = step * np.exp(log_density)
    return np.exp(u), weights / weights.sum()
