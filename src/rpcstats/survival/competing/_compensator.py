"""Baseline hazards summed over event times: arrays in, arrays out."""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.competing._subdistribution_order import SubdistributionOrder

FloatArray = NDArray[np.float64]


class Compensator(NamedTuple):
    """Baseline hazard up to each event time, and what is left of it for the pool.

    Attributes
    ----------
    so_far : ndarray of shape (m,)
        Cumulative hazard.
    ahead : ndarray of shape (g, m)
        Hazard times the chance of being under observation, from each event time on.
    """

    so_far: FloatArray
    ahead: FloatArray


def compensator_of(order: SubdistributionOrder, hazard: FloatArray) -> Compensator:
    """Sum a baseline hazard over the event times.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    hazard : ndarray of shape (m,)
        Its increments, which become the sums.

    Returns
    -------
    Compensator
        The sums.
    """
    ahead = order.pool.level * hazard
    for line in ahead:
        run(order, line, -1)
    run(order, hazard, 1)
    return Compensator(hazard, ahead)


def run(order: SubdistributionOrder, line: FloatArray, step: Literal[1, -1]) -> None:
    """Sum a line stratum by stratum in place.

    Parameters
    ----------
    order : SubdistributionOrder
        The rows arranged.
    line : ndarray of shape (m,)
        One value an event time, which becomes the sums.
    step : {1, -1}
        Forwards or backwards.
    """
    if len(order.start) == 2:
        np.cumsum(line[::step], out=line[::step])
    else:
        segments = order.segments
        line[:] = segments.forward(line) if step == 1 else segments.backward(line)
