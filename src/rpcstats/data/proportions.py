"""Counts and their bases as shares with limits."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import wilson


def with_limits(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], conf_level: float
) -> pd.DataFrame:
    """Give each count its share of its base, with limits.

    Parameters
    ----------
    rows : sequence of mapping
        Each with `n` and `base`; a base may be missing.
    columns : sequence of str
        Columns of the frame, in order.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    DataFrame
        With `estimate` (n / base), `conf_low` and `conf_high` (Wilson 1927), all missing where
        there is no base or nobody in it.
    """
    frame = pd.DataFrame(list(rows)).reindex(columns=list(columns))
    frame["n"] = frame["n"].astype("Int64")
    frame["base"] = frame["base"].astype("Int64")
    n, base = (frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in ("n", "base"))
    has_base = np.nan_to_num(base) > 0
    frame["estimate"] = np.divide(n, base, out=np.full(len(frame), np.nan), where=has_base)
    low, high = (np.full(len(frame), np.nan) for _ in range(2))
    low[has_base], high[has_base] = wilson(n[has_base], base[has_base], conf_level=conf_level)
    frame["conf_low"], frame["conf_high"] = low, high
    return frame
