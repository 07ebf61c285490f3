"""Cut-offs and thresholds of an instrument: given, from the registry, or worked out."""

from typing import Final, Literal

import numpy as np

from rpcstats._numerics.arguments import as_number
from rpcstats.data.registries import instruments
from rpcstats.errors import ParameterError
from rpcstats.goals.goal_ratings import GoalRatings
from rpcstats.goals.reliable import reliable_threshold

NORMS: Final = 2.0
"""Standard deviations of criteria a and b."""


def cut_off_between(
    clinical: tuple[float, float],
    general: tuple[float, float],
    *,
    criterion: Literal["a", "b", "c"] = "c",
) -> float:
    """Work out a cut-off from the norms of two populations.

    Parameters
    ----------
    clinical, general : tuple of float
        Mean and standard deviation of the score in the clinical and in the general population.
    criterion : {"a", "b", "c"}
        Two standard deviations from the clinical mean; within two of the general mean; or where
        the score is as likely in either, which takes both to be normal.

    Returns
    -------
    float
        The cut-off.

    Raises
    ------
    ParameterError
        If a standard deviation is not above 0, the means are equal, or the criterion is unknown.

    Notes
    -----
    Jacobson and Truax (1991).
    """
    (m1, s1), (m0, s0) = ((as_number(m), as_number(s)) for m, s in (clinical, general))
    faults = [] if min(s0, s1) > 0 else ["give standard deviations above 0"]
    if not abs(m0 - m1) > 0:
        faults.append("give means that differ: else no score tells the populations apart")
    if criterion not in ("a", "b", "c"):
        faults.append('choose criterion="a", "b" or "c"')
    if faults:
        raise ParameterError("a cut-off can't be worked out", faults)
    towards = np.sign(m0 - m1)
    found = {
        "a": m1 + towards * NORMS * s1,
        "b": m0 - towards * NORMS * s0,
        "c": (s0 * m1 + s1 * m0) / (s0 + s1),
    }
    return float(found[criterion])


def cut_off_of(ratings: GoalRatings, given: float | None) -> float:
    """Give the score from which on, on the worse side, parents are clinical.

    Parameters
    ----------
    ratings : GoalRatings
        Checked ratings, which name the instrument.
    given : float or None
        What the caller gave.

    Returns
    -------
    float
        The cut-off, as given, else the edge of the registry's clinical bands.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if given is not None:
        if not np.isfinite(as_number(given)):
            raise ParameterError("cut_off is no number", ["give a score of the instrument"])
        return float(given)
    entry = instruments().get(ratings.instrument)
    bands = [] if entry is None else [band for band in entry.cut_offs if band.clinical]
    if not bands:
        raise ParameterError(
            "no cut-off is known for this instrument",
            ["give cut_off=, from its manual or from cut_off_between"],
        )
    lower_is_better = ratings.sign < 0
    return min(b.lowest for b in bands) if lower_is_better else max(b.highest for b in bands)


def threshold_of(
    ratings: GoalRatings, sd0: float, reliability: float | None, threshold: float | None
) -> tuple[float, float, bool]:
    """Give the least change that is more than noise.

    Parameters
    ----------
    ratings : GoalRatings
        Checked ratings, which name the instrument.
    sd0 : float
        Standard deviation at the start.
    reliability, threshold : float or None
        What the caller gave.

    Returns
    -------
    tuple of float, float and bool
        Least change, reliability (NaN if not known), and whether the change was given.

    Raises
    ------
    ParameterError
        If neither caller nor registry gives what is needed, or it is out of range.
    """
    entry = instruments().get(ratings.instrument)
    known = None if entry is None else entry.reliability
    r = as_number(known) if reliability is None else as_number(reliability)
    if threshold is None and reliability is None and entry is not None:
        threshold = entry.reliable_change
    if threshold is not None:
        if not as_number(threshold) > 0:
            raise ParameterError("threshold is out of range", ["give points above 0"])
        return float(threshold), r, True
    if reliability is None and known is None:
        raise ParameterError(
            "no reliability is known for this instrument",
            ["give reliability= or threshold= from a published study"],
        )
    return reliable_threshold(sd0, r), r, False
