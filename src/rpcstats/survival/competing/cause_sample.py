"""A formula with `Surv(time, cause)` and a frame to the checked arrays of a group comparison."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import ParameterError
from rpcstats.formula.cause_codes import known_ends
from rpcstats.formula.censored import told_together
from rpcstats.formula.groups import Groups
from rpcstats.formula.parse import Formula
from rpcstats.formula.responses import own_times, read_causes, read_times
from rpcstats.formula.sample_rows import sample_rows
from rpcstats.formula.tied_times import same_times

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
    is_tied : bool
        Whether times that differ by rounding only have been made equal.
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
    is_tied: bool = True

    def with_ties(self) -> "CauseSample":
        """Make times equal that differ by rounding only.

        Returns
        -------
        CauseSample
            The sample, if that was done before.
        """
        if self.is_tied:
            return self
        return replace(self, time=own_times(same_times(self.time, None)[0]), is_tied=True)


def cause_sample(
    formula: str | Formula,
    data: Any,
    *,
    censored: Sequence[str] | None = None,
    weights: str | None = None,
    allow: Collection[str] = (),
    tied: bool = True,
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
    tied : bool
        Whether to make times equal that differ by rounding only; if not, an estimator that sorts
        them has to do so.

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
    name, declared = rows.response.event, getattr(data, "attrs", {}).get("censored")
    ends = known_ends(censored, declared, rows.whole[name])
    is_tied = tied or rows.response.entry is not None
    (time, entry), (codes, labels), members = told_together(
        lambda: read_times(rows.columns, rows.response, tied=is_tied),
        lambda: read_causes(rows.columns[name], ends),
        rows.members,
    )
    return CauseSample(
        time=own_times(time), cause=codes, causes=labels, entry=entry, is_tied=is_tied, **members
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
