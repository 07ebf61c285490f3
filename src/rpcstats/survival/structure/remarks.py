"""What a regression on censored times says of itself in plain words, with what to do."""

import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import ConvergenceWarning
from rpcstats.tables.summary import counted

EVENTS_PER_COEFFICIENT: Final = 10
"""Fewer events for each coefficient make estimates unsteady (Peduzzi and others 1995)."""

FEW_AT_RISK: Final = 10
"""A curve that rests on fewer people at risk should not be read."""

FEW_CLUSTERS: Final = 40
"""Fewer clusters make cluster-robust errors too small (Cameron and Miller 2015)."""

_NAMED: Final = 4
"""Curves that a remark names; it counts the others."""


def missing_remark(n_missing: int) -> tuple[str, ...]:
    """Say how many rows were left out, if any were.

    Parameters
    ----------
    n_missing : int
        Rows with a missing value.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    return (f"{counted(n_missing, 'row')} with missing values left out.",) if n_missing else ()


def dropped_remark(dropped: Sequence[str]) -> tuple[str, ...]:
    """Say which columns have no coefficient.

    Parameters
    ----------
    dropped : sequence of str
        Columns that the others determine.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    if not dropped:
        return ()
    return (
        f"Left out, because constant or determined by the other covariates: {', '.join(dropped)}.",
    )


def few_events_remark(n_event: int, n_coefficient: int) -> tuple[str, ...]:
    """Say that there are few events for so many coefficients, if so.

    Parameters
    ----------
    n_event : int
        Events.
    n_coefficient : int
        Coefficients estimated.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    if n_coefficient == 0 or n_event >= EVENTS_PER_COEFFICIENT * n_coefficient:
        return ()
    return (
        f"{counted(n_event, 'event')} for {counted(n_coefficient, 'coefficient')}: under"
        f" {EVENTS_PER_COEFFICIENT} events a coefficient, estimates are unsteady and intervals"
        " may mislead. Leave covariates out, or pool councils.",
    )


def empty_strata_remark(
    events: NDArray[np.int64], about: str = "the coefficients"
) -> tuple[str, ...]:
    """Say how many strata had no event, if any had none.

    Parameters
    ----------
    events : ndarray of shape (s,), int
        Events of each stratum.
    about : str
        What they tell nothing about.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    n_empty = int((events == 0).sum())
    if not n_empty or len(events) < 2:
        return ()
    return (f"{n_empty:,} of {len(events):,} strata had no event and tell nothing about {about}.",)


def few_clusters_remark(n_cluster: int, name: str) -> tuple[str, ...]:
    """Say that cluster-robust errors rest on few clusters, if so.

    Parameters
    ----------
    n_cluster : int
        Number of clusters.
    name : str
        The column that holds them.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    if n_cluster >= FEW_CLUSTERS:
        return ()
    return (
        f"Robust errors rest on {counted(n_cluster, 'cluster')} of {name}: under {FEW_CLUSTERS},"
        " they tend to be too small.",
    )


def lone_groups_remark(labels: Sequence[str], is_lone: NDArray[np.bool_]) -> tuple[str, ...]:
    """Say which groups lie in one cluster, if any do.

    Parameters
    ----------
    labels : sequence of str
        One label a group.
    is_lone : ndarray of shape (k,), bool
        Whether all its rows are in one cluster.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    named = [label for label, lone in zip(labels, is_lone, strict=True) if lone]
    if not named:
        return ()
    more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return (
        "All rows in one cluster, which tells nothing of variation, so no robust error: "
        f"{'; '.join(named[:_NAMED])}{more}.",
    )


def silent_groups_remark(labels: Sequence[str], n_event: ArrayLike) -> tuple[str, ...]:
    """Say in which groups nothing happened, if there are any.

    Parameters
    ----------
    labels : sequence of str
        One label a group.
    n_event : array_like of shape (k,)
        Its events.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    named = [label for label, n in zip(labels, np.asarray(n_event), strict=True) if not n]
    if not named:
        return ()
    if len(named) == len(labels):
        return ("No event happened: limits and tests can't be had.",)
    more = f"; and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    listed = "; ".join(named[:_NAMED])
    return (f"No event happened in: {listed}{more}. There limits can't be had.",)


def few_at_risk_remark(
    labels: Sequence[str],
    start: NDArray[np.int64],
    time: NDArray[np.float64],
    n_risk: NDArray[np.float64],
) -> tuple[str, ...]:
    """Say where curves rest on few people, if they do anywhere.

    Parameters
    ----------
    labels : sequence of str
        One label a curve.
    start : ndarray of shape (k + 1,), int
        Where each curve's times begin.
    time, n_risk : ndarray of shape (m,)
        Distinct times of each curve, and the rows at risk.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    places = []
    for label, a, b in zip(labels, start[:-1], start[1:], strict=True):
        enough = n_risk[a:b] >= FEW_AT_RISK
        spans = _spans(enough, time[a:b])
        if spans:
            places.append(("" if len(labels) == 1 else f"{label}: ") + " and ".join(spans))
    if not places:
        return ()
    more = f"; and {len(places) - _NAMED} more curves" if len(places) > _NAMED else ""
    return (
        f"Fewer than {FEW_AT_RISK} at risk, where a curve should not be read: "
        f"{'; '.join(places[:_NAMED])}{more}.",
    )


def few_before_remark(
    labels: Sequence[str],
    start: NDArray[np.int64],
    time: NDArray[np.float64],
    n_risk: NDArray[np.float64],
    tau: float,
) -> tuple[str, ...]:
    """Say where curves rest on few rows at risk up to a horizon.

    Parameters
    ----------
    labels : sequence of str
        One label a curve.
    start : ndarray of shape (k + 1,), int
        Where each curve's times begin.
    time, n_risk : ndarray of shape (m,)
        Distinct times of each curve, and the rows at risk.
    tau : float
        Horizon.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    within = time <= tau
    sizes = np.add.reduceat(within, start[:-1], dtype=np.int64)
    seen = sizes > 0
    ends = np.concatenate([[0], np.cumsum(sizes[seen])])
    shown = [label for label, any_seen in zip(labels, seen, strict=True) if any_seen]
    return few_at_risk_remark(shown, ends, time[within], n_risk[within])


def _spans(enough: NDArray[np.bool_], time: NDArray[np.float64]) -> list[str]:
    """Say in words where there are not enough."""
    last = len(enough) - 1 - int(np.argmax(enough[::-1]))
    if not enough[last]:
        return ["throughout"]
    spans = []
    if not enough[:last].all():
        before = last - 1 - int(np.argmin(enough[:last][::-1]))
        spans.append(f"at times up to {time[before]:g}")
    if last < len(enough) - 1:
        spans.append(f"from {time[last + 1]:g} on")
    return spans


def convergence_remark(optimum: OptSummary) -> tuple[str, ...]:
    """Say that the search for the optimum did not end well, if so.

    Parameters
    ----------
    optimum : OptSummary
        Record of the search.

    Returns
    -------
    tuple of str
        One remark, or none.
    """
    if optimum.converged:
        return ()
    return (
        "The search for the optimum stopped before its conditions held"
        f" ({optimum.status.rstrip('.')}): estimates and standard errors may be wrong.",
    )


def warn_of(remarks: Sequence[str], *, stacklevel: int = 3) -> None:
    """Warn of what makes a fit unfit for use; points at the caller of the public function.

    Parameters
    ----------
    remarks : sequence of str
        One warning each.
    stacklevel : int
        Frames between this function and the user's line; 3 if the public function calls this.
    """
    for remark in remarks:
        warnings.warn(remark, ConvergenceWarning, stacklevel=stacklevel)
