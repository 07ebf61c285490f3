"""Censored times of a sample on the scale on which a distribution works."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.survival.parametric._censored_rows import (
    EXACT,
    INTERVAL,
    LEFT,
    RIGHT,
    CensoredRows,
)
from rpcstats.survival.parametric._location_scale import LocationScale
from rpcstats.survival.parametric.families import TimesFamily
from rpcstats.survival.structure.hazard_frame import HazardFrame
from rpcstats.tables.summary import counted

FloatArray = NDArray[np.float64]

_NARROW: Final = 1e-6
"""Width on the scale y below which the density of an interval is that at its middle: the
difference of two probabilities would have no digits left."""


_SMALLEST: Final = 1e-100
"""Squares of smaller times leave the range of floating point."""


class TimedRows(NamedTuple):
    """Times on the scale y, in a unit in which they are of order one.

    Attributes
    ----------
    rows : CensoredRows
        What is known of each time.
    unit : float
        y is time over this; 1 where y is the logarithm of time.
    constant : float
        What the log-likelihood of times has beyond that of y.
    """

    rows: CensoredRows
    unit: float
    constant: float


def censoring_kinds(frame: HazardFrame, below: NDArray[np.bool_] | None = None) -> NDArray[np.int8]:
    """Tell how each row is censored.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    below : ndarray of shape (n,), bool, optional
        Rows without a lower limit; if not given those whose lower limit is 0.

    Returns
    -------
    ndarray of shape (n,), int8
        0 right-censored, 1 exact, 2 left-censored (from 0 up to a limit), 3 an interval.
    """
    kind = np.where(frame.event, EXACT, RIGHT).astype(np.int8)
    if frame.upper is not None:
        bounded = ~frame.event & np.isfinite(frame.upper)
        is_left = frame.time <= 0.0 if below is None else below
        kind[bounded] = np.where(is_left[bounded], LEFT, INTERVAL)
    return kind


def refuse_uninformative(frame: HazardFrame, kind: NDArray[np.int8]) -> None:
    """Refuse a sample from which no distribution can be learnt.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    kind : ndarray of shape (n,), int8
        How each row is censored.

    Raises
    ------
    DataError
        If it has one row, or every row is right-censored, or every row is left-censored.
    """
    n = counted(frame.n_obs, "row")
    if frame.n_obs < 2:
        raise DataError("One row can't be compared with itself: give two rows or more.")
    if (kind == RIGHT).all():
        raise DataError(
            f"None of the {n} is an event: nothing can be estimated. "
            "Check the event column, or follow up longer."
        )
    if (kind == LEFT).all():
        raise DataError(
            f"All of the {n} are left-censored: any shorter time would fit as well. "
            "Check the column of lower limits."
        )


def timed_rows(
    frame: HazardFrame,
    family: TimesFamily,
    kind: NDArray[np.int8],
) -> TimedRows:
    """Put the times of a sample on the scale of a distribution.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    family : TimesFamily
        The distribution.
    kind : ndarray of shape (n,), int8
        How each row is censored.

    Returns
    -------
    TimedRows
        The rows.

    Raises
    ------
    DataError
        If a time is 0 and the distribution is one of log time; under the others, if every time
        is 0 or too small to square.
    """
    if family.on_log:
        _refuse_zero(frame, kind)
    else:
        _refuse_tiny(frame)
    unit = _unit(frame, family)
    y = _scaled(frame.time, family.on_log, unit)
    upper = None if frame.upper is None else _scaled(frame.upper, family.on_log, unit)
    entry = None
    if frame.entry is not None:
        entry = np.where(frame.entry > 0.0, _scaled(frame.entry, family.on_log, unit), -np.inf)
    exact = kind == EXACT
    # The density of time is that of y times dy/dt, which is 1/t or 1/unit.
    jacobian = y if family.on_log else np.full(1, np.log(unit))
    constant = -_total(np.broadcast_to(jacobian, y.shape), exact, frame.weights)
    if upper is not None:
        width = np.where(kind == INTERVAL, upper - y, np.inf)
        narrow = width <= _NARROW
        if narrow.any():
            constant += _total(np.log(width), narrow, frame.weights)
            y = np.where(narrow, y + width / 2.0, y)
            kind = np.where(narrow, np.int8(EXACT), kind).astype(np.int8)
    return TimedRows(CensoredRows(kind, y, upper, entry), unit, constant)


def natural_rows(frame: HazardFrame, family: TimesFamily, kind: NDArray[np.int8]) -> CensoredRows:
    """Put the times of a sample on the scale y in the units of the data.

    Parameters
    ----------
    frame : HazardFrame
        The sample.
    family : TimesFamily
        The distribution.
    kind : ndarray of shape (n,), int8
        How each row is censored.

    Returns
    -------
    CensoredRows
        The rows, intervals as they came.
    """
    entry = None
    if frame.entry is not None:
        entry = np.where(frame.entry > 0.0, _scaled(frame.entry, family.on_log, 1.0), -np.inf)
    upper = None if frame.upper is None else _scaled(frame.upper, family.on_log, 1.0)
    return CensoredRows(kind, _scaled(frame.time, family.on_log, 1.0), upper, entry)


def _refuse_zero(frame: HazardFrame, kind: NDArray[np.int8]) -> None:
    n = int(((frame.time <= 0.0) & ((kind == EXACT) | (kind == RIGHT))).sum())
    if n:
        raise DataError(
            f"{counted(n, 'row')} {'has' if n == 1 else 'have'} a time of 0, which a distribution"
            " of log time can't have: leave out those never at risk, count half a unit for those"
            " who left on the first day, or take dist='gompertz'."
        )


def _refuse_tiny(frame: HazardFrame) -> None:
    latest = frame.time if frame.upper is None else np.maximum(frame.time, frame.upper)
    largest = float(latest[np.isfinite(latest)].max(initial=0.0))
    if largest == 0.0:
        raise DataError("Every time is 0: nobody was at risk. Check the time column.")
    if largest < _SMALLEST:
        raise DataError("The times are too small to square: use another unit.")


def _unit(frame: HazardFrame, family: TimesFamily) -> float:
    if family.on_log:
        return 1.0
    known = (
        frame.time
        if frame.upper is None
        else np.where(np.isfinite(frame.upper), frame.upper, frame.time)
    )
    if not isinstance(family, LocationScale):
        return float(known.max()) or 1.0
    return float(known.std()) or float(np.abs(known).max()) or 1.0


def _scaled(time: FloatArray, on_log: bool, unit: float) -> FloatArray:
    if not on_log:
        return time / unit
    with np.errstate(divide="ignore"):
        return np.log(time)


def _total(values: FloatArray, chosen: NDArray[np.bool_], weights: FloatArray | None) -> float:
    picked = values[chosen]
    return float(picked.sum() if weights is None else picked @ weights[chosen])
