"""Named assumptions about those who left, as points on the axes of a tipping point."""

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from rpcstats.designs.missing.departures import Departure, Leavers
from rpcstats.designs.missing.imputations import Imputations

_MARKED: Final[dict[Leavers, str]] = {
    "frozen": "level kept",
    "missing_at_random": "gone on as the others",
    "jump_to_reference": "back to the start",
}


def assumption_marks(imputations: Imputations, base: Departure) -> pd.DataFrame:
    """Place named assumptions by what they add on average to those who left.

    Parameters
    ----------
    imputations : Imputations
        Completed data.
    base : Departure
        What holds at 0.

    Returns
    -------
    DataFrame
        Columns label, delta_leavers, delta_unanswered, in points.
    """
    ratings = imputations.ratings
    left = ratings.left & ratings.is_due
    rows = [("level kept" if base.leavers == "frozen" else "as assumed", 0.0, 0.0)]
    if not (left[ratings.parent] & np.isnan(ratings.after)).any():
        return pd.DataFrame(rows, columns=["label", "delta_leavers", "delta_unanswered"])
    at_zero = _unseen_mean(imputations, base)
    for name, label in _MARKED.items():
        if name != base.leavers:
            other = replace(base, leavers=name, reference={})
            rows.append((label, _unseen_mean(imputations, other) - at_zero, 0.0))
    return pd.DataFrame(rows, columns=["label", "delta_leavers", "delta_unanswered"])


def _unseen_mean(imputations: Imputations, departure: Departure) -> float:
    """Average what is drawn for the ends of those who left, better positive."""
    ratings = imputations.ratings
    taken = (ratings.left & ratings.is_due)[ratings.parent] & np.isnan(ratings.after)
    return float(ratings.sign * imputations.ends("E5a", departure)[:, taken].mean())
