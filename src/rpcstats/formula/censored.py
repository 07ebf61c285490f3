"""A formula with `Surv()` and a frame to checked arrays."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula.groups import Groups
from rpcstats.formula.parse import Formula
from rpcstats.formula.responses import own_times, read_event, read_times
from rpcstats.formula.sample_rows import sample_rows
from rpcstats.formula.tied_times import same_times

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
    is_tied : bool
        Whether times that differ by rounding only have been made equal.
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
    is_tied: bool = True

    def with_ties(self) -> "CensoredSample":
        """Make times equal that differ by rounding only.

        Returns
        -------
        CensoredSample
            The sample, if that was done before.
        """
        if self.is_tied:
            return self
        return replace(self, time=own_times(same_times(self.time, None)[0]), is_tied=True)


def censored_sample(
    formula: str | Formula,
    data: Any,
    *,
    weights: str | None = None,
    allow: Collection[str] = (),
    tied: bool = True,
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
    tied : bool
        Whether to make times equal that differ by rounding only. If not, an estimator that sorts
        them has to do so; and times without entries are those of the frame, only to be read
        before control goes back to whoever gave the data.

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
    response = rows.response
    is_tied = tied or response.entry is not None
    (time, entry), event, members = told_together(
        lambda: read_times(rows.columns, response, tied=is_tied),
        lambda: read_event(rows.columns[response.event]),
        rows.members,
    )
    return CensoredSample(time=time, event=event, entry=entry, is_tied=is_tied, **members)


def told_together(*steps: Callable[[], Any]) -> tuple[Any, ...]:
    """Take steps of reading a sample, and tell the faults of all of them in one error.

    Parameters
    ----------
    *steps : callable
        Each gives a result, or raises a DataError; none needs the result of another.

    Returns
    -------
    tuple
        Their results.

    Raises
    ------
    DataError
        If one of them did.
    """
    results, faults = [], []
    for step in steps:
        try:
            results.append(step())
        except DataError as fault:
            faults += str(fault).split("\n  - ")[1:] or [str(fault)]
    if len(faults) == 1:
        raise DataError(faults[0])
    if faults:
        raise DataError("\n".join(["The data can't be used:", *(f"  - {one}" for one in faults)]))
    return tuple(results)
