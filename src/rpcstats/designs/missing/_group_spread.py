"""Draws of the variance between groups with the groups themselves integrated out: arrays only.

With few parents a group, a group's effect and the variance of the effects hold each other back when
each is drawn given the other. Given the information and the score of each group, the likelihood of
the variance is known, so it is drawn from that.
"""

from math import log, log1p

import numpy as np
from numpy.typing import NDArray

from rpcstats.designs.missing._slice import slice_draw
from rpcstats.designs.missing._variances import FREEDOM

Floats = NDArray[np.float64]


def draw_group_variance(
    rng: np.random.Generator, variance: float, h: Floats, k: Floats, scale: float
) -> float:
    """Draw the variance of one effect between groups.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    variance : float
        Last draw.
    h, k : ndarray of shape (G,)
        Information about each group's effect, and its score at 0.
    scale : float
        Scale of the half-t prior of the standard deviation.

    Returns
    -------
    float
        A draw given all but the groups' effects.
    """
    x = slice_draw(rng, 0.5 * log(variance), lambda x: _log_density(x, h, k, scale))
    return float(np.exp(2.0 * x))


def _log_density(x: float, h: Floats, k: Floats, scale: float) -> float:
    """Log density of x, the logarithm of the standard deviation."""
    variance = float(np.exp(2.0 * x))
    spread = 1.0 + variance * h
    fit = 0.5 * variance * float((k * k / spread).sum()) - 0.5 * float(np.log(spread).sum())
    prior = -0.5 * (FREEDOM + 1.0) * log1p(variance / (FREEDOM * scale**2))
    return fit + prior + x
