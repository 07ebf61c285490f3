"""Where the signed root of a profile deviance reaches a given size."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

# The signed root is met to this; the limit is then off by 1e-8 of its distance.
_MET: Final = 2e-8

# A bracket this narrow, as a part of its distance from the estimate, is a point.
_NARROW: Final = 1e-10

_MAX_EVALUATION: Final = 80

# A step beyond all points seen goes at most this many times as far from the estimate.
_REACH: Final = 4.0

# With the root still short at this many first guesses from the estimate there is no limit.
_FARTHEST: Final = 1e5

# Nor has it one where, this many first guesses out, the slope would have to hold for so many times
# the distance.
_OUTSIDE: Final = 10.0
_LEVEL: Final = 1e3


class Height(NamedTuple):
    """The profile at one value of its coordinate.

    Attributes
    ----------
    deviance : float
        Lowest deviance; infinite where the model is impossible.
    slope : float
        Its derivative.
    """

    deviance: float
    slope: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The lowest deviance as a function of one coordinate.

    Attributes
    ----------
    at : callable
        Gives the Height at a value of the coordinate.
    estimate : float
        Where the deviance is lowest.
    lowest : float
        The deviance there.
    step : float
        About the distance in which the signed root grows by one.
    bounds : tuple of float
        Smallest and largest value of the coordinate.
    worst : list of float
        Takes how far below the lowest the deviance was found to be.
    """

    at: Callable[[float], Height]
    estimate: float
    lowest: float
    step: float
    bounds: tuple[float, float] = (-np.inf, np.inf)
    worst: list[float] = field(default_factory=lambda: [0.0])

    def root(self, u: float) -> tuple[float, float]:
        """Give the size of the signed root and the rate at which it grows.

        Parameters
        ----------
        u : float
            Value of the coordinate.

        Returns
        -------
        tuple of float
            |ζ| and its derivative away from the estimate; 0 where that is not known.
        """
        height = self.at(u)
        rise = height.deviance - self.lowest
        self.worst[0] = max(self.worst[0], -rise)
        zeta = float(np.sqrt(max(rise, 0.0)))
        if not (zeta > 0.0 and np.isfinite(zeta)):
            return zeta, 0.0
        rate = height.slope * np.sign(u - self.estimate) / (2.0 * zeta)
        return zeta, float(rate)


class _Seen(NamedTuple):
    distance: float
    zeta: float


def find_limit(curve: Curve, side: int, z: float) -> tuple[float, bool]:
    """Find where the signed root reaches z on one side of the estimate.

    Parameters
    ----------
    curve : Curve
        The profile.
    side : int
        -1 for the lower limit, 1 for the upper.
    z : float
        Size of the root.

    Returns
    -------
    limit : float
        Coordinate of the limit; the end of its range where the root stays below z, infinite
        where there is no limit.
    found : bool
        Whether the search ended well.

    Notes
    -----
    Newton steps on ζ, which is nearly straight, kept within the bracket; its slope comes with
    the constrained minimum (the envelope theorem).
    """
    room = curve.bounds[0 if side < 0 else 1] * side - curve.estimate * side
    if room <= 0.0:
        return curve.estimate, True
    inner, outer = _Seen(0.0, 0.0), _Seen(np.inf, np.inf)
    distance = min(curve.step * z, room)
    for count in range(_MAX_EVALUATION):
        zeta, rate = curve.root(curve.estimate + side * distance)
        if abs(zeta - z) <= _MET:
            return curve.estimate + side * distance, True
        if zeta < z:
            if distance >= room:
                return curve.bounds[0 if side < 0 else 1], True
            if _levels_off(distance / curve.step, (z - zeta) / distance, rate):
                return side * np.inf, True
            inner = _Seen(distance, zeta)
        else:
            outer = _Seen(distance, zeta)
        if outer.distance - inner.distance <= _NARROW * distance:
            return curve.estimate + side * distance, True
        newton = distance + (z - zeta) / rate if rate > 0.0 else np.nan
        distance = min(_next_distance(newton, inner, outer, z, count), room)
    return np.nan, False


def _levels_off(steps: float, needed: float, rate: float) -> bool:
    """Tell whether the root will never reach z; `needed` is the slope to do so in one distance."""
    return steps > _FARTHEST or (steps > _OUTSIDE and 0.0 <= _LEVEL * rate < needed)


def _next_distance(newton: float, inner: _Seen, outer: _Seen, z: float, count: int) -> float:
    """Take Newton's step if it stays in the bracket, else cut the bracket."""
    if np.isinf(outer.distance):
        far = _REACH * inner.distance
        return min(newton, far) if newton > inner.distance else far
    if count % 5 < 4:
        if inner.distance < newton < outer.distance:
            return newton
        if np.isfinite(outer.zeta):
            share = (z - inner.zeta) / (outer.zeta - inner.zeta)
            return inner.distance + share * (outer.distance - inner.distance)
    return (inner.distance + outer.distance) / 2.0
