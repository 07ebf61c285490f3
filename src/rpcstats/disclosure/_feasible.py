"""What an attacker can work out: the range of a whole number under linear knowledge."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DisclosureError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Knowledge:
    """Everything known of a vector x of whole numbers.

    Attributes
    ----------
    low, high : ndarray of shape (p,)
        Bounds of x.
    A : ndarray of shape (m, p)
        Sums and differences that are known too.
    A_low, A_high : ndarray of shape (m,)
        Bounds of A x; may be infinite.
    """

    low: FloatArray
    high: FloatArray
    A: FloatArray
    A_low: FloatArray
    A_high: FloatArray


def feasible_range(weights: FloatArray, known: Knowledge) -> tuple[int, int]:
    """Find the smallest and the largest value of a sum that fit what is known.

    Parameters
    ----------
    weights : ndarray of shape (p,)
        The sum is weights @ x.
    known : Knowledge
        Bounds and rows; every bound of x is finite.

    Returns
    -------
    tuple of int
        Smallest and largest value.

    Raises
    ------
    DisclosureError
        If the solver fails, so that nothing is known to be safe.

    Notes
    -----
    Two mixed-integer programmes, solved by HiGHS (Huangfu and Hall 2018). The audit of
    suppressed cells as a pair of programmes is in Fischetti and Salazar-González (2001).
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    ends = []
    for sign in (1.0, -1.0):
        found = milp(
            sign * weights,
            integrality=np.ones(weights.size, dtype=np.int64),
            bounds=Bounds(known.low, known.high),
            constraints=LinearConstraint(known.A, known.A_low, known.A_high)
            if known.A.size
            else (),
        )
        if found.x is None or not found.success:
            raise DisclosureError(
                "The safety of this output could not be shown: publish fewer cells of it."
            )
        ends.append(round(float(weights @ np.round(found.x))))
    return ends[0], ends[1]


def spans(low: int, high: int, threshold: int) -> bool:
    """Tell whether a range hides a count below the threshold.

    Parameters
    ----------
    low, high : int
        Smallest and largest value an attacker has to reckon with.
    threshold : int
        Smallest count that may be shown.

    Returns
    -------
    bool
        True if the range holds all of 1 to threshold - 1, or at least threshold values.
    """
    return (low <= 1 and high >= threshold - 1) or high - low + 1 >= threshold
