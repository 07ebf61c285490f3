"""A formula with `Surv(time, cause)` and a frame to the checked arrays of a group comparison."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import ParameterError
from rpcstats.formula.groups import Groups
from rpcstats.formula.parse import Formula
from rpcstats.formula.responses import declared_ends, read_causes, read_times
from rpcstats.formula.sample_rows import sample_rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CauseSample:
    """Checked arrays of censored times with a cause, in groups.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Time of exit.
    cause : ndarray of shape (n,), int
        0 for censored, k for ``causes[k - 1]``.
    causes : tuple of str
        Labels of the causes.
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
    cause: IntArray
    causes: tuple[str, ...]
    entry: FloatArray | None
    weights: FloatArray | None
    groups: Groups
    strata: Groups
    clusters: tuple[IntArray, ...]
    cluster_names: tuple[str, ...]
    n_missing: int


def cause_sample(
    formula: str | Formula,
    data: Any,
    *,
    censored: Sequence[str] | None = None,
    weights: str | None = None,
    allow: Collection[str] = (),
) -> CauseSample:
    """Read and check what an estimator of several causes needs.

    Parameters
    ----------
    formula : str or Formula
        ``Surv(time, cause) ~ columns`` or ``Surv(entry, time, cause) ~ columns``.
    data : frame
        pandas, or any frame narwhals reads.
    censored : sequence of str, optional
        Causes that count as censored; those the frame declares (``data.attrs["censored"]``) or
        the first category if not given.
    weights : str, optional
        Column of case weights.
    allow : collection of {"strata", "cluster"}
        Special terms the estimator understands; the others are refused.

    Returns
    -------
    CauseSample
        Read-only arrays, rows with missing values left out and counted.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, causes, entries or weights break their conditions.
    """
    rows = sample_rows(formula, data, weights=weights, allow=allow)
    ends = declared_ends(censored, rows.whole, rows.response)
    time, entry = read_times(rows.frame, rows.response)
    codes, labels = read_causes(rows.frame[rows.response.event], ends)
    return CauseSample(time=time, cause=codes, causes=labels, entry=entry, **rows.members())


def find_cause(cause: object, causes: Sequence[str]) -> int:
    """Give the place of a cause among those that happened.

    Parameters
    ----------
    cause : object
        Its label, or a number that reads like it.
    causes : sequence of str
        Labels of the causes that happened.

    Returns
    -------
    int
        Place in `causes`.

    Raises
    ------
    ParameterError
        If it is none of them.
    """
    if str(cause) in causes:
        return list(causes).index(str(cause))
    raise ParameterError(
        "cause names none of the causes that happened", [f"choose one of {', '.join(causes)}"]
    )
