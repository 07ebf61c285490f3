"""Pooling of event times into steps that hold enough events. Arrays only."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.disclosure._rounding import Rule, round_counts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """One Kaplan-Meier curve, a row per distinct time.

    Attributes
    ----------
    time : ndarray of shape (m,)
        Distinct times, ascending.
    n_risk, n_event : ndarray of shape (m,)
        At risk just before, and events at, each time.
    S : ndarray of shape (m,)
        Survival just after each time.
    """

    time: FloatArray
    n_risk: IntArray
    n_event: IntArray
    S: FloatArray

    @property
    def late_entry(self) -> bool:
        """Whether the number at risk ever rises."""
        left = self.n_risk - self.n_event
        return bool((self.n_risk[1:] > left[:-1]).any())

    def at_risk(self, times: FloatArray) -> IntArray:
        """Count those at risk just before given times.

        Parameters
        ----------
        times : ndarray
            Times.

        Returns
        -------
        ndarray of int
            Numbers at risk; 0 after the last time.
        """
        place = np.searchsorted(self.time, times, side="left")
        return np.append(self.n_risk, 0)[place]

    def events_before(self, times: FloatArray) -> IntArray:
        """Count the events strictly before given times.

        Parameters
        ----------
        times : ndarray
            Times.

        Returns
        -------
        ndarray of int
            Cumulative events.
        """
        place = np.searchsorted(self.time, times, side="left")
        return np.append(0, np.cumsum(self.n_event))[place]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Pooled steps of one curve.

    Attributes
    ----------
    end : ndarray of int, shape (s,)
        Row of the path at which each step ends.
    is_whole : bool
        Whether the steps hold every event of the curve.
    """

    end: IntArray
    is_whole: bool


def pool_steps(path: Path, fewest_events: int, fewest_at_risk: int) -> Steps:
    """Pool event times until every step holds enough events.

    Parameters
    ----------
    path : Path
        The curve.
    fewest_events : int
        Events a step needs.
    fewest_at_risk : int
        Fewest people who have to remain at risk after a step; the curve stops before.

    Returns
    -------
    Steps
        Ends of the steps; a last remainder with too few events joins the step before it.
    """
    events = np.flatnonzero(path.n_event)
    enough = (path.n_risk - path.n_event)[events] >= fewest_at_risk
    admitted = events[: int(np.argmin(enough)) if not enough.all() else events.size]
    ends: list[int] = []
    pending = 0
    for row in admitted:
        pending += int(path.n_event[row])
        if pending >= fewest_events:
            ends.append(int(row))
            pending = 0
    if pending and ends:
        ends[-1] = int(admitted[-1])
    return Steps(np.array(ends, dtype=np.int64), bool(enough.all()))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A curve made of protected counts only.

    Attributes
    ----------
    d, n : ndarray of shape (s,)
        Rounded events and rounded number exposed of each step.
    S, std_error_cumhaz : ndarray of shape (s,)
        Survival after each step and the standard error of its logarithm.
    """

    d: FloatArray
    n: FloatArray
    S: FloatArray
    std_error_cumhaz: FloatArray


def protected_curve(path: Path, end: IntArray, width: int, rule: Rule) -> Curve:
    """Work out a curve again from the rounded counts of its pooled steps.

    Parameters
    ----------
    path : Path
        The curve.
    end : ndarray of int
        Rows at which the steps end.
    width : int
        Width of the rounding classes.
    rule : {"nearest", "midpoint", "none"}
        Rounding.

    Returns
    -------
    Curve
        Cumulative events and the number exposed in each step are rounded;
        S = prod(1 - d / n) and Greenwood's (1926) variance sum d / (n (n - d)) use nothing
        else. The number exposed takes those who left otherwise within a step as there for
        half of it (the actuarial estimate; Cutler and Ederer 1958): it is linear in whole
        numbers, so what it tells can be worked out exactly. The curve ends before a step
        that would fall to 0.
    """
    D = np.cumsum(path.n_event)[end]
    first = np.append(0, end[:-1] + 1).astype(np.int64)
    inside = np.diff(D, prepend=0) - path.n_event[end]
    exposed = (path.n_risk[first] + path.n_risk[end] + inside) / 2
    d = np.diff(round_counts(D, width, rule), prepend=0.0)
    n = round_counts(exposed, width, rule)
    usable = int(np.argmin(np.append(n > d, False)))
    d, n = d[:usable], n[:usable]
    variance = np.asarray(np.cumsum(d / (n * (n - d))), dtype=np.float64)
    S = np.asarray(np.cumprod(1 - d / n), dtype=np.float64)
    return Curve(d, n, S, np.sqrt(variance))
