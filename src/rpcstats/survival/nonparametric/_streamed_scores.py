"""Log-rank scores of rows sorted or counted with their groups: arrays in, arrays out."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._counted_times import CountedTimes
from rpcstats.survival._packed_times import PackedTimes
from rpcstats.survival._risk_sets import still_in
from rpcstats.survival.nonparametric._scores import Scores, with_zero_sums

FloatArray = NDArray[np.float64]

_ROWS: Final = 1 << 15
"""Rows looked at together."""


def streamed_scores(rows: PackedTimes, n_group: int) -> Scores:
    """Compare observed with expected events where every time weighs the same.

    Parameters
    ----------
    rows : PackedTimes
        Rows with twice their group as code, one more for an event.
    n_group : int
        Number of groups.

    Returns
    -------
    Scores
        As `GroupRisk.scores`; nothing as long as the distinct times is made.
    """
    n_code = 2 * n_group
    observed, expected = np.zeros(n_group), np.zeros(n_group)
    V = np.zeros((n_group, n_group))
    for begin, end in pairwise(_stratum_rows(rows)):
        code = rows.code[begin:end]
        left = np.bincount(code, minlength=n_code).reshape(n_group, 2)
        observed += left[:, 1]
        ahead = left.sum(axis=1, dtype=np.float64)
        for part in _portions(rows.is_first[begin:end]):
            more = _compared(*_counts(code[part], rows.is_first[begin:end][part], ahead))
            expected += more[0]
            V += more[1]
    return Scores(observed, expected, with_zero_sums(V))


def table_scores(rows: CountedTimes, n_group: int) -> Scores:
    """Compare observed with expected events where every time weighs the same.

    Parameters
    ----------
    rows : CountedTimes
        Rows with twice their group as code, one more for an event.
    n_group : int
        Number of groups.

    Returns
    -------
    Scores
        As `GroupRisk.scores`.
    """
    ends = rows.table.reshape(-1, n_group, 2)
    at_risk = still_in(ends.sum(axis=2).T, rows.start)
    d = ends[:, :, 1].sum(axis=1, dtype=np.float64)
    expected, V = _compared(at_risk, at_risk.sum(axis=0), d)
    observed = ends[:, :, 1].sum(axis=0, dtype=np.float64)
    return Scores(observed, expected, with_zero_sums(V))


def _compared(at_risk: FloatArray, n: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give what times add to the events expected, and to the covariance but for its diagonal."""
    share = d / n
    spread = share * (n - d)
    spread /= np.maximum(n - 1, 1) * n
    return at_risk @ share, -(at_risk * spread) @ at_risk.T


def _stratum_rows(rows: PackedTimes) -> list[int]:
    """Give where the rows of each stratum begin, and where the last end."""
    n = len(rows.code)
    return [0, n] if len(rows.start) == 2 else [*rows.begin[rows.start[:-1]].tolist(), n]


def _portions(is_first: NDArray[np.bool_]) -> Iterator[slice]:
    """Cut rows into portions that begin with the first row of a time."""
    begin, n = 0, len(is_first)
    while begin < n:
        end = begin + _ROWS
        if end < n:
            following = is_first[end:]
            end = end + int(following.argmax()) if following.any() else n
        yield slice(begin, end)
        begin = end


def _counts(
    code: NDArray[Any], is_first: NDArray[np.bool_], ahead: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count each group at risk, all at risk and all events at the times of a portion.

    `ahead` is how many of each group are in before the first of them; it is brought forward.
    """
    has_event, is_untied = code & 1, bool(is_first.all())
    begin = np.arange(len(code)) if is_untied else np.flatnonzero(is_first)
    d = has_event if is_untied else np.add.reduceat(has_event, begin, dtype=np.int64)
    at_risk = np.empty((len(ahead), len(begin)))
    n = np.subtract(ahead.sum(), begin, dtype=np.float64)
    at_risk[-1] = n
    for g in range(len(ahead) - 1):
        gone = np.cumsum(code >> 1 == g)
        at_risk[g, 0] = ahead[g]
        np.subtract(ahead[g], gone[:-1] if is_untied else gone[begin[1:] - 1], out=at_risk[g, 1:])
        at_risk[-1] -= at_risk[g]
        ahead[g] -= gone[-1]
    ahead[-1] = n[0] - len(code) - ahead[:-1].sum()
    return at_risk, n, d.astype(np.float64)
