"""Whose share a share is: completers who answered, completers, starters."""

from typing import Final, Literal

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import FloatArray, wilson
from rpcstats._vocabulary import BASE, CONF_HIGH, CONF_LOW, ESTIMATE, N
from rpcstats.errors import ParameterError
from rpcstats.goals.goal_ratings import BoolArray

Base = Literal["answered", "completers", "starters"]

BASE_LABELS: Final[dict[Base, str]] = {
    "answered": "completers who answered",
    "completers": "completers",
    "starters": "starters",
}
"""The bases, each part of the next; all of parents whose course was due to end."""


def in_base(people: pd.DataFrame, base: Base) -> BoolArray:
    """Tell who is in a base.

    Parameters
    ----------
    people : DataFrame
        Columns is_due, completed, answered, a row a parent.
    base : {"answered", "completers", "starters"}
        Completers who returned the end form; completers; all who started. A parent whose
        course was still open at the data cut is in none.

    Returns
    -------
    ndarray of bool
        One value a parent.

    Raises
    ------
    ParameterError
        If the base is unknown.
    """
    if base not in BASE_LABELS:
        raise ParameterError("base is unknown", [f"choose one of {', '.join(BASE_LABELS)}"])
    inside = people["is_due"].to_numpy(dtype=bool)
    if base != "starters":
        inside = inside & people["completed"].to_numpy(dtype=bool)
    if base == "answered":
        inside = inside & people["answered"].to_numpy(dtype=bool)
    return np.asarray(inside, dtype=np.bool_)


def design_effect(hit: BoolArray, cluster: pd.Series) -> float:
    """Estimate how much clustering inflates the variance of a share.

    Parameters
    ----------
    hit : ndarray of bool, shape (n,)
        Who is counted.
    cluster : Series of length n
        Cluster of each.

    Returns
    -------
    float
        Variance of the share with parents of one cluster taken together, over that of a share
        of independent parents; 1 where it is smaller or can't be estimated.

    Notes
    -----
    Kish (1965), with the variance between cluster totals and its factor m / (m - 1).
    """
    codes, _ = pd.factorize(cluster)
    m = int(codes.max(initial=-1)) + 1
    share = float(hit.mean()) if hit.size else 0.0
    if m < 2 or share in (0.0, 1.0):
        return 1.0
    totals = np.bincount(codes, weights=hit - share)
    clustered = m / (m - 1) * float(totals @ totals)
    return max(1.0, clustered / (hit.size * share * (1.0 - share)))


def with_shares(frame: pd.DataFrame, *, conf_level: float, effect: float = 1.0) -> pd.DataFrame:
    """Add shares and their limits to a frame of counts and bases.

    Parameters
    ----------
    frame : DataFrame
        Columns n and base.
    conf_level : float
        Level of the limits.
    effect : float
        Design effect.

    Returns
    -------
    DataFrame
        With estimate, conf_low and conf_high, missing where the base is empty.

    Notes
    -----
    Wilson (1927) with counts divided by the design effect, as Korn and Graubard (1998) do with
    the exact limits.
    """
    n, base = (frame[name].to_numpy(dtype=np.float64) for name in (N, BASE))
    share: FloatArray = np.divide(n, base, out=np.full(len(n), np.nan), where=base > 0)
    low, high = wilson(n / effect, base / effect, conf_level=conf_level)
    return frame.assign(**{ESTIMATE: share, CONF_LOW: low, CONF_HIGH: high})
