"""Median times read off a released curve."""

import numpy as np
import pandas as pd

from rpcstats._vocabulary import ESTIMATE, STRATA, TIME
from rpcstats.disclosure.curves import by_stratum


def released_median(frame: pd.DataFrame, *, quantile: float = 0.5) -> pd.DataFrame:
    """Read the median time off a released curve.

    Parameters
    ----------
    frame : DataFrame
        Frame of a released curve.
    quantile : float, default 0.5
        Share that has had the event.

    Returns
    -------
    DataFrame
        A row per curve: strata (if any), and `time` at the end of the released step at
        which survival falls to 1 - quantile or less; NaN if no released step does.
    """
    labels = [c for c in frame.columns if c == STRATA]
    rows = []
    for name, part in by_stratum(frame, tuple(labels)):
        reached = part.loc[part[ESTIMATE] <= 1 - quantile, TIME]
        rows.append({**name, TIME: reached.min() if len(reached) else np.nan})
    return pd.DataFrame(rows, columns=[*labels, TIME])
