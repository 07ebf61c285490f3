"""A formula with `Surv()` and a frame to checked arrays."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, FormulaError
from rpcstats.formula.columns import read_columns
from rpcstats.formula.groups import Groups, group_columns, make_groups
from rpcstats.formula.parse import Formula, Surv, parse_formula

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
    cluster : ndarray of shape (n,), int, or None
        Cluster of each row.
    n_missing : int
        Rows left out because a value used was missing.
    """

    time: FloatArray
    event: NDArray[np.bool_]
    entry: FloatArray | None
    weights: FloatArray | None
    groups: Groups
    strata: Groups
    cluster: NDArray[np.int64] | None
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
    parsed = parse_formula(formula) if isinstance(formula, str) else formula
    response = _surv(parsed)
    _refuse_specials(parsed, allow)
    by = group_columns(parsed)
    extra = () if weights is None else (weights,)
    frame = read_columns(data, (*response.columns, *by, *parsed.strata, *parsed.cluster, *extra))
    complete = frame.notna().all(axis=1).to_numpy()
    n_missing = int(len(frame) - complete.sum())
    if n_missing:
        frame = frame[complete]
    if len(frame) == 0:
        raise DataError("Every row has a missing value in a column of the formula.")
    time, entry = _times(frame, response)
    return CensoredSample(
        time=time,
        event=_event(frame[response.event]),
        entry=entry,
        weights=None if weights is None else _weights(frame[weights]),
        groups=make_groups(frame, by),
        strata=make_groups(frame, parsed.strata),
        cluster=make_groups(frame, parsed.cluster).codes if parsed.cluster else None,
        n_missing=n_missing,
    )


def _surv(formula: Formula) -> Surv:
    if isinstance(formula.response, Surv):
        return formula.response
    raise FormulaError(
        "The left side must be Surv(time, event) or Surv(entry, time, event), "
        f"as in Surv(time, event) ~ mode; found: {formula.text}"
    )


def _refuse_specials(formula: Formula, allow: Collection[str]) -> None:
    given = {
        "strata": bool(formula.strata),
        "cluster": bool(formula.cluster),
        "offset": bool(formula.offset),
        "random": bool(formula.random),
    }
    for name, is_given in given.items():
        if is_given and name not in allow:
            what = "a random term (… | g)" if name == "random" else f"{name}()"
            raise FormulaError(f"This estimator takes no {what}: leave it out of {formula.text}")


def _times(frame: pd.DataFrame, response: Surv) -> tuple[FloatArray, FloatArray | None]:
    time = _numbers(frame[response.time], "time")
    if response.entry is None:
        return time, None
    entry = _numbers(frame[response.entry], "entry")
    late = int((entry >= time).sum())
    if late:
        raise DataError(
            f"Entry must come before exit; it does not in {late} row{'s' * (late > 1)}: "
            "leave out those never at risk, or mend the two columns."
        )
    return time, entry


def _numbers(values: pd.Series, role: str) -> FloatArray:
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        raise DataError(
            f"The {role} column must hold numbers: count days, weeks or sessions first."
        )
    numbers = values.to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise DataError(f"The {role} column holds infinite values: use a finite {role}.")
    if (numbers < 0).any():
        n = int((numbers < 0).sum())
        raise DataError(
            f"The {role} column is negative in {n} row{'s' * (n > 1)}: "
            "check the two dates it is counted between."
        )
    return _frozen(numbers)


def _event(values: pd.Series) -> NDArray[np.bool_]:
    if pd.api.types.is_bool_dtype(values.dtype):
        event = values.to_numpy(dtype=np.bool_)
    else:
        numeric = pd.api.types.is_numeric_dtype(values.dtype)
        numbers = values.to_numpy(dtype=np.float64) if numeric else np.array([np.nan])
        event = numbers == 1
        if not np.all(event | (numbers == 0)):
            raise DataError(
                "The event column must hold 1 (event) and 0 (censored), or True and False: "
                "recode it."
            )
    event = event.copy()
    event.setflags(write=False)
    return event


def _weights(values: pd.Series) -> FloatArray:
    if not pd.api.types.is_numeric_dtype(values.dtype):
        raise DataError("The weights column must hold numbers.")
    weights = values.to_numpy(dtype=np.float64)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise DataError("Weights must be finite and above 0: leave out rows of weight 0.")
    return _frozen(weights)


def _frozen(numbers: FloatArray) -> FloatArray:
    numbers = numbers.copy()
    numbers.setflags(write=False)
    return numbers
