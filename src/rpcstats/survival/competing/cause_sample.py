"""A formula with `Surv(time, cause)` and a frame to the checked arrays of a group comparison."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError, ParameterError
from rpcstats.formula.censored import censored_response, refuse_specials
from rpcstats.formula.columns import complete_rows, read_columns
from rpcstats.formula.groups import Groups, group_columns, make_groups
from rpcstats.formula.parse import Formula, parse_formula
from rpcstats.formula.responses import declared_ends, read_causes, read_times, read_weights

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
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    response = censored_response(parsed)
    refuse_specials(parsed, allow)
    by = group_columns(parsed)
    extra = () if weights is None else (weights,)
    frame = read_columns(data, (*response.columns, *by, *parsed.strata, *parsed.cluster, *extra))
    complete = complete_rows(frame)
    n_missing = int(len(frame) - complete.sum())
    ends = declared_ends(censored, frame, response)
    if n_missing:
        frame = frame[complete]
    if len(frame) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    time, entry = read_times(frame, response)
    codes, labels = read_causes(frame[response.event], ends)
    cluster_names = tuple(dict.fromkeys(parsed.cluster))
    return CauseSample(
        time=time,
        cause=codes,
        causes=labels,
        entry=entry,
        weights=None if weights is None else read_weights(frame[weights]),
        groups=make_groups(frame, by),
        strata=make_groups(frame, parsed.strata),
        clusters=tuple(make_groups(frame, (name,)).codes for name in cluster_names),
        cluster_names=cluster_names,
        n_missing=n_missing,
    )


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
