"""Pseudo-values: what each row would have to be for estimates to be plain means."""

from collections.abc import Sequence
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.arguments import as_numbers, as_word
from rpcstats.errors import FormulaError, ParameterError
from rpcstats.survival._risk_sets import risk_sets
from rpcstats.survival.competing.cause_sample import find_cause
from rpcstats.survival.nonparametric._pseudo import (
    PseudoKind,
    PseudoRows,
    is_known,
    pseudo_values_at,
)
from rpcstats.survival.nonparametric.pseudo_result import Jackknife, PseudoValues
from rpcstats.survival.structure.build import ResponseKind, Special, hazard_frame
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]

_ALLOWED: Final[tuple[Special, ...]] = ("strata",)


def pseudo_values(
    formula: str,
    data: Any,
    *,
    at: ArrayLike,
    of: PseudoKind = "survival",
    cause: str | int | None = None,
    censored: Sequence[str] | None = None,
    jackknife: Jackknife = "infinitesimal",
) -> PseudoValues:
    """Give each row its pseudo-value of an estimate.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ 1"``; with ``strata(g)`` within each stratum, which is right where
        censoring differs between strata.
    data : frame
        pandas, or any frame narwhals reads.
    at : array_like
        Times; horizons of the restricted mean.
    of : {"survival", "rmst", "cumulative_incidence"}
        What is estimated: S(t), the restricted mean up to t, or the incidence of one cause.
    cause : str or int, optional
        The cause, for "cumulative_incidence", where the second column of Surv() holds causes.
    censored : sequence of str, optional
        Causes that count as censored, as in `cumulative_incidence`.
    jackknife : {"infinitesimal", "leave-one-out"}
        How each row's part is found: the estimate's derivative, as in R's survival, or the
        estimate without the row.

    Returns
    -------
    PseudoValues
        One value a row and time.

    Raises
    ------
    FormulaError
        If the formula can't be read, names a column that is not there, or has covariates.
    DataError
        If times, events or entries break their conditions.
    ParameterError
        If a time is none, or beyond follow-up; if an option is unknown.

    Notes
    -----
    Andersen, Klein and Rosthøj (2003); for the derivative Parner, Andersen and Overgaard (2023).
    Both take one sweep over sorted rows. Without censoring a pseudo-value of the survival is 1 or
    0.
    """
    frame = hazard_frame(formula, data, response=response_of(of), allow=_ALLOWED, censored=censored)
    if frame.names or frame.dropped:
        raise FormulaError(
            "pseudo_values() takes no covariates: write ~ 1, or ~ strata(g) to work within groups"
        )
    times = checked_times(at)
    values = pseudo_of(frame, times, of=of, cause=cause, jackknife=jackknife)
    for array in (values, times):
        array.setflags(write=False)
    return PseudoValues(
        values=values,
        times=times,
        of=of,
        jackknife=jackknife,
        kept=frame.kept,
        n_missing=frame.n_missing,
        remarks=frame.remarks,
    )


def pseudo_of(
    frame: HazardFrame,
    times: FloatArray,
    *,
    of: PseudoKind,
    cause: str | int | None = None,
    jackknife: Jackknife = "infinitesimal",
) -> FloatArray:
    """Give the pseudo-values of rows that have been read and checked.

    Parameters
    ----------
    frame : HazardFrame
        The rows; within strata if it has any.
    times : ndarray of shape (q,)
        Times.
    of : str
        As in `pseudo_values`.
    cause : str or int, optional
        As in `pseudo_values`.
    jackknife : str
        As in `pseudo_values`.

    Returns
    -------
    ndarray of shape (n, q)
        One column a time.

    Raises
    ------
    ParameterError
        If a time is beyond follow-up, or an option is unknown.
    """
    _check(frame, of, cause, jackknife)
    n_stratum = len(frame.strata.labels)
    counts = risk_sets(
        frame.time,
        frame.event,
        stratum=frame.strata.codes if n_stratum > 1 else None,
        n_stratum=n_stratum,
        entry=frame.entry,
    )
    of_cause = frame.event
    if frame.cause is not None:
        of_cause = frame.cause == find_cause(cause, frame.causes) + 1
    rows = PseudoRows(counts, frame.event, of_cause)
    beyond = [f"{t:g} is beyond the end of follow-up" for t in times if not is_known(rows, t)]
    if beyond:
        raise ParameterError(
            "An estimate is not known at each time", [*beyond, "give times reached"]
        )
    exact = jackknife == "leave-one-out"
    return np.column_stack([pseudo_values_at(rows, of, t, exact=exact) for t in times.tolist()])


def response_of(of: str) -> ResponseKind:
    """Tell what the second column of Surv() holds.

    Parameters
    ----------
    of : str
        What is estimated.

    Returns
    -------
    {"cause", "event"}
        Causes for an incidence, 0 and 1 otherwise.
    """
    return "cause" if as_word(of) == "cumulative_incidence" else "event"


def checked_times(at: ArrayLike) -> FloatArray:
    """Read the times of pseudo-values.

    Parameters
    ----------
    at : array_like
        Times.

    Returns
    -------
    ndarray of shape (q,)
        The times.

    Raises
    ------
    ParameterError
        If one is no finite number above 0.
    """
    times = np.atleast_1d(as_numbers(at))
    if times.ndim != 1 or not len(times) or not (np.isfinite(times) & (times > 0)).all():
        raise ParameterError("at holds a time that is none", ["give finite numbers above 0"])
    return times


def _check(frame: HazardFrame, of: str, cause: object, jackknife: str) -> None:
    faults = []
    if as_word(of) not in get_args(PseudoKind):
        faults.append(f"of is unknown: choose one of {', '.join(get_args(PseudoKind))}")
    if as_word(jackknife) not in get_args(Jackknife):
        faults.append(f"jackknife is unknown: choose one of {', '.join(get_args(Jackknife))}")
    if (cause is not None) != (as_word(of) == "cumulative_incidence"):
        faults.append('cause= goes with of="cumulative_incidence", and that needs it')
    if frame.entry is not None and jackknife == "leave-one-out" and as_word(of) != "survival":
        faults.append(
            'with late entry only survival can be left one out: give jackknife="infinitesimal"'
        )
    if faults:
        raise ParameterError("Pseudo-values can't be made", faults)
