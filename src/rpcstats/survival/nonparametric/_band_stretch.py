"""The stretch of time that a confidence band covers and how wide it is: arrays in, arrays out."""

from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.nonparametric._band_quantiles import (
    equal_precision_quantile,
    hall_wellner_quantile,
)

FloatArray = NDArray[np.float64]
BandKind = Literal["hall-wellner", "equal-precision"]


class AskedBand(NamedTuple):
    """What band is wanted.

    Attributes
    ----------
    kind : {"hall-wellner", "equal-precision"}
        Which band.
    conf_level : float
        Probability that it holds the whole curve.
    first, last : float or None
        Stretch of time, where one is given.
    """

    kind: BandKind
    conf_level: float
    first: float | None
    last: float | None


class Stretch(NamedTuple):
    """What one band covers.

    Attributes
    ----------
    first, last : float
        First and last time.
    low, high : float
        The same on the scale of the limiting process, n σ² / (1 + n σ²).
    critical : float
        Critical value.
    """

    first: float
    last: float
    low: float
    high: float
    critical: float


class BandWidth(NamedTuple):
    """A band of one curve.

    Attributes
    ----------
    inside : ndarray of shape (m,), bool
        Times that the band covers.
    half : ndarray of shape (m,)
        Half its width there, on the scale of the variance; NaN elsewhere.
    stretch : Stretch
        What it covers; NaN if nothing.
    """

    inside: NDArray[np.bool_]
    half: FloatArray
    stretch: Stretch


_NOTHING: Final = Stretch(np.nan, np.nan, np.nan, np.nan, np.nan)


def band_width(
    time: FloatArray,
    variance: FloatArray,
    n: float,
    *,
    has_event: NDArray[np.bool_],
    reach: int,
    asked: AskedBand,
) -> BandWidth:
    """Give the half-widths of a band of one curve.

    Parameters
    ----------
    time : ndarray of shape (m,)
        Distinct times, in order.
    variance : ndarray of shape (m,)
        Variance of the cumulative hazard, or of log S.
    n : float
        Rows, or their weights.
    has_event : ndarray of shape (m,), bool
        Whether there is an event at each time.
    reach : int
        How many of the times, from the first on, a band may cover.
    asked : AskedBand
        Which band.

    Returns
    -------
    BandWidth
        Half-widths with the stretch of time.
    """
    inside = _inside(time, np.flatnonzero(has_event[:reach]), reach, asked)
    half = np.full(len(time), np.nan)
    if not inside.any():
        return BandWidth(inside, half, _NOTHING)
    covered, spread = time[inside], n * variance[inside]
    low, high = (float(s / (1 + s)) for s in (spread[0], spread[-1]))
    quantile = hall_wellner_quantile if asked.kind == "hall-wellner" else equal_precision_quantile
    critical = quantile(low, high, asked.conf_level)
    half[inside] = band_half_width(variance[inside], n, critical, asked.kind)
    return BandWidth(
        inside, half, Stretch(float(covered[0]), float(covered[-1]), low, high, critical)
    )


def band_half_width(variance: FloatArray, n: float, critical: float, kind: BandKind) -> FloatArray:
    """Give the half-width of a band on the scale of the cumulative hazard, or of log S.

    Parameters
    ----------
    variance : ndarray of shape (m,)
        Variance on that scale.
    n : float
        Rows, or their weights.
    critical : float
        Critical value.
    kind : {"hall-wellner", "equal-precision"}
        Which band.

    Returns
    -------
    ndarray of shape (m,)
        Half-widths.
    """
    half: FloatArray = critical * (1 + n * variance) / np.sqrt(n)
    if kind == "equal-precision":
        half = critical * np.sqrt(variance)
    return half


def _inside(
    time: FloatArray, events: NDArray[np.intp], reach: int, asked: AskedBand
) -> NDArray[np.bool_]:
    """Tell the times from the first event to the last in reach, in the stretch asked for."""
    inside = np.zeros(len(time), dtype=np.bool_)
    if not len(events):
        return inside
    inside[events[0] : events[-1] + 1 if asked.last is None else reach] = True
    inside &= time >= (-np.inf if asked.first is None else asked.first)
    inside &= time <= (np.inf if asked.last is None else asked.last)
    return inside
