"""Whether people were followed long enough to tell who never has the event."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """What the end of the follow-up tells of a cured fraction.

    Attributes
    ----------
    last_event, last_time : float
        Largest time of an event, and of any row.
    n_late : int
        Events in the last stretch before the last event, as long as the plateau after it.
    alpha : float
        Chance of so few late events if the follow-up were too short; the follow-up counts as
        sufficient where it is small.
    n_plateau : int
        Rows followed past the last event.
    """

    last_event: float
    last_time: float
    n_late: int
    alpha: float
    n_plateau: int

    @property
    def is_sufficient(self) -> bool:
        """Whether alpha is below 0.05."""
        return self.alpha < SUFFICIENT


SUFFICIENT = 0.05


def follow_up(time: FloatArray, event: NDArray[np.bool_]) -> FollowUp:
    """Check whether the follow-up was long enough.

    Parameters
    ----------
    time : ndarray of shape (n,)
        Times of exit.
    event : ndarray of shape (n,), bool
        Whether each exit was an event; one at least.

    Returns
    -------
    FollowUp
        The check.

    Notes
    -----
    Maller and Zhou (1994): with t* the last event and t the last time, N events lie in
    (2t* − t, t*], and alpha = (1 − N/n)ⁿ.
    """
    last_event, last_time = float(time[event].max()), float(time.max())
    n_late = int((event & (time > 2.0 * last_event - last_time)).sum())
    n = len(time)
    return FollowUp(
        last_event,
        last_time,
        n_late,
        float(np.exp(n * np.log1p(-n_late / n))) if n_late < n else 0.0,
        int((time > last_event).sum()),
    )
