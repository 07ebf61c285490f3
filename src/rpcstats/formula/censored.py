"""A formula with `Surv()` and a frame to checked arrays."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula.columns import read_columns
from rpcstats.formula.groups import Groups, group_columns, make_groups
from rpcstats.formula.parse import Formula, Surv, parse_formula
from rpcstats.formula.responses import read_event, read_times, read_weights

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
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    response = censored_response(parsed)
    refuse_specials(parsed, allow)
    by = group_columns(parsed)
    extra = () if weights is None else (weights,)
    frame = read_columns(data, (*response.columns, *by, *parsed.strata, *parsed.cluster, *extra))
    complete = frame.notna().all(axis=1).to_numpy()
    n_missing = int(len(frame) - complete.sum())
    if n_missing:
        frame = frame[complete]
    if len(frame) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    time, entry = read_times(frame, response)
    cluster_names = tuple(dict.fromkeys(parsed.cluster))
    return CensoredSample(
        time=time,
        event=read_event(frame[response.event]),
        entry=entry,
        weights=None if weights is None else read_weights(frame[weights]),
        groups=make_groups(frame, by),
        strata=make_groups(frame, parsed.strata),
        clusters=tuple(make_groups(frame, (name,)).codes for name in cluster_names),
        cluster_names=cluster_names,
        n_missing=n_missing,
    )


def censored_response(formula: Formula, *, is_interval: bool = False) -> Surv:
    """Give the left side of a formula, which must be `Surv()`.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.
    is_interval : bool
        Whether the estimator takes interval-censored times, and only those.

    Returns
    -------
    Surv
        The columns of the response.

    Raises
    ------
    FormulaError
        If the left side is something else.
    """
    if isinstance(formula.response, Surv):
        if formula.response.is_interval and not is_interval:
            raise FormulaError(
                "This estimator takes Surv(time, event) or Surv(entry, time, event); for "
                "type='interval2' use survreg or turnbull."
            )
        return formula.response
    raise FormulaError(
        "The left side must be Surv(time, event) or Surv(entry, time, event), "
        f"as in Surv(time, event) ~ mode; found: {formula.text}"
    )


def refuse_specials(formula: Formula, allow: Collection[str]) -> None:
    """Refuse the special terms an estimator does not understand.

    Parameters
    ----------
    formula : Formula
        A formula taken apart.
    allow : collection of {"strata", "cluster", "offset", "frailty", "random"}
        Those it does.

    Raises
    ------
    FormulaError
        If another is there.
    """
    given = {
        "strata": bool(formula.strata),
        "cluster": bool(formula.cluster),
        "offset": bool(formula.offset),
        "frailty": bool(formula.frailty),
        "random": bool(formula.random),
    }
    for name, is_given in given.items():
        if is_given and name not in allow:
            what = "a random term (… | g)" if name == "random" else f"{name}()"
            raise FormulaError(f"This estimator takes no {what}: leave it out of {formula.text}")
