"""A formula with `Surv()` and a frame to checked arrays."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula.groups import Groups
from rpcstats.formula.parse import Formula
from rpcstats.formula.responses import read_event, read_times
from rpcstats.formula.sample_rows import sample_rows

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CensoredSample:
    """Checked arrays of a censored response in groups.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Time of exit.
    event : ndarray of shape (n,), bool
        Whether the exit was the event.
    entry : ndarray of shape (n,) or None
        Time of entry; None if everybody is seen from time 0.
    weights : ndarray of shape (n,) or None
        Case weights.
    groups, strata : Groups
        Groups to describe or compare; strata to compare within.
    clusters : tuple of ndarray of shape (n,), int
        Cluster of each row, once for every column inside cluster(); empty without it.
    cluster_names : tuple of str
        Those columns.
    n_missing : int
        Rows left out because a value used was missing.
    """

    time: FloatArray
    event: NDArray[np.bool_]
    entry: FloatArray | None
    weights: FloatArray | None
    groups: Groups
    strata: Groups
    clusters: tuple[NDArray[np.int64], ...]
    cluster_names: tuple[str, ...]
    n_missing: int


def censored_sample(
    formula: str | Formula,
    data: Any,
    *,
    weights: str | None = None,
    allow: Collection[str] = (),
) -> CensoredSample:
    """Read and check what an estimator of censored times needs.

    Parameters
    ----------
    formula : str or Formula
        ``Surv(time, event) ~ columns`` or ``Surv(entry, time, event) ~ columns``.
    data : frame
        pandas, or any frame narwhals reads.
    weights : str, optional
        Column of case weights.
    allow : collection of {"strata", "cluster"}
        Special terms the estimator understands; the others are refused.

    Returns
    -------
    CensoredSample
        Read-only arrays, rows with missing values left out and counted.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, events, entries or weights break their conditions.
    """
    rows = sample_rows(formula, data, weights=weights, allow=allow)
    time, entry = read_times(rows.frame, rows.response)
    return CensoredSample(
        time=time,
        event=read_event(rows.frame[rows.response.event]),
        entry=entry,
        **rows.members(),
    )
