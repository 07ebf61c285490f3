"""What a hazard by session says of itself in plain words."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.mixed.general.separation import MOST_ROWS, find_separation
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._robust import Influence, cluster_counts
from rpcstats.survival.discrete.sample import DiscreteSample
from rpcstats.survival.structure.remarks import (
    FEW_AT_RISK,
    convergence_remark,
    few_clusters_remark,
    few_events_remark,
)
from rpcstats.tables.summary import counted

FloatArray = NDArray[np.float64]

FAR: Final = 12.0
"""A linear predictor this far from 0 is worth a look for separation: a hazard of 6 in a million."""

UNBOUNDED: Final = 30.0
"""Where a column of typical size has a standard error this large, the data do not bound it."""

_NAMED: Final = 6


def event_remarks(sample: DiscreteSample, left_out: NDArray[np.integer[Any]]) -> tuple[str, ...]:
    """Say that there are few events, or sessions with few people.

    Parameters
    ----------
    sample : DiscreteSample
        The data.
    left_out : ndarray of int
        Sessions without an event that have a coefficient of their own.

    Returns
    -------
    tuple of str
        Plain sentences.
    """
    _, n_event = sample.life_table()
    few = few_events_remark(int(n_event.sum()), len(sample.names) - len(left_out))
    return (*few, *session_remarks(sample, left_out))


def session_remarks(sample: DiscreteSample, left_out: NDArray[np.integer[Any]]) -> tuple[str, ...]:
    """Say which sessions have no event, or few people.

    Parameters
    ----------
    sample : DiscreteSample
        The data.
    left_out : ndarray of int
        Sessions without an event that have a coefficient of their own.

    Returns
    -------
    tuple of str
        Plain sentences.
    """
    n_risk, n_event = sample.life_table()
    sessions = sample.rows.sessions.to_numpy()
    is_empty = n_event.sum(axis=0) == 0
    is_out = np.isin(np.arange(len(sessions)), left_out)
    remarks = []
    for empty, what in (
        (sessions[is_empty & is_out], "is estimated as 0, without an interval"),
        (sessions[is_empty & ~is_out], "rests on the shape of the model"),
    ):
        if len(empty):
            where = f"session{'s' * (len(empty) > 1)} {listed(empty)}"
            remarks.append(f"No event at {where}: the hazard there {what}.")
    thin = sessions[n_risk < FEW_AT_RISK]
    if len(thin):
        remarks.append(
            f"Fewer than {FEW_AT_RISK} people at risk at session{'s' * (len(thin) > 1)} "
            f"{listed(thin)}."
        )
    return tuple(remarks)


def listed(sessions: Sequence[float] | NDArray[np.generic]) -> str:
    """List session numbers, the first few of many.

    Parameters
    ----------
    sessions : sequence of float
        The sessions.

    Returns
    -------
    str
        Such as "3, 5 and 4 more".
    """
    shown = ", ".join(f"{float(value):g}" for value in sessions[:_NAMED])
    more = len(sessions) - _NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def cluster_remarks(
    parts: tuple[Influence, ...], names: tuple[str, ...], kind: str
) -> tuple[str, ...]:
    """Say that robust errors rest on few clusters, if no correction was made.

    Parameters
    ----------
    parts : tuple of Influence
        Influences of the clusters.
    names : tuple of str
        Their columns.
    kind : str
        The correction.

    Returns
    -------
    tuple of str
        Plain sentences; none for CR2, which is made for few clusters.
    """
    if kind == "CR2":
        return ()
    pairs = zip(names, cluster_counts(parts), strict=True)
    return tuple(remark for name, n in pairs for remark in few_clusters_remark(n, name))


def trouble_of(
    cells: Cells,
    sample: DiscreteSample,
    columns: NDArray[np.integer[Any]],
    eta: FloatArray,
    M: FloatArray,
    optimum: OptSummary,
    *,
    firth: bool,
) -> tuple[str, ...]:
    """Say why the estimates are not to be relied on, if so.

    Parameters
    ----------
    cells : Cells
        The cells that tell something.
    sample : DiscreteSample
        The data.
    columns : ndarray of int
        Columns of the cells.
    eta : ndarray of shape (C,)
        Linear predictor at the end.
    M : ndarray of shape (p, p)
        Covariance of the coefficients of the columns.
    optimum : OptSummary
        How the optimum was searched for.
    firth : bool
        Whether the score was adjusted, so that estimates are finite.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    is_far = float(np.abs(eta).max(initial=0.0)) > FAR or not np.isfinite(eta).all()
    if optimum.converged and (firth or not is_far):
        return ()
    told = () if firth else _separated(cells, M, tuple(sample.names[j] for j in columns))
    if told:
        return (
            "The model has no finite estimate: the covariates tell some outcomes apart without "
            f"error (separation): {', '.join(told)}. Merge sessions or levels without events, put a"
            " spline or a number in place of C(session), or ask for firth=True.",
        )
    return convergence_remark(optimum)


def _separated(cells: Cells, M: FloatArray, names: tuple[str, ...]) -> tuple[str, ...]:
    """Name the columns without a finite estimate."""
    told = _without_events(cells, names)
    if told:
        return told
    n = np.ones(cells.n_cell) if cells.copies is None else cells.copies
    if cells.n_cell <= MOST_ROWS:
        X = np.concatenate([part for _, _, part in cells.rows()])
        found = find_separation(X, cells.events[0] / n, names)
        return () if found is None else found.columns
    size = np.sqrt(np.diag(cells.information(n)) / n.sum())
    wide = ~(np.sqrt(np.abs(np.diag(M))) * size < UNBOUNDED)
    return tuple(name for name, one in zip(names, wide, strict=True) if one)


def _without_events(cells: Cells, names: tuple[str, ...], cause: int = 0) -> tuple[str, ...]:
    """Name the indicator columns whose person-sessions all end alike."""
    ones = np.ones(cells.n_cell)
    n = ones if cells.copies is None else cells.copies
    total, events = cells.score(n), cells.score(cells.events[cause])
    is_level = np.array(["[" in name for name in names])
    alike = is_level & (total > 0) & ((events == 0) | (events == total))
    return tuple(name for name, one in zip(names, alike, strict=True) if one)


def boundary_remark(n_group: int, n_obs: int, group: str) -> tuple[str, ...]:
    """Say that groups are too small for a variance between them, if so.

    Parameters
    ----------
    n_group : int
        Levels of the factor.
    n_obs : int
        Persons in them.
    group : str
        Its name.

    Returns
    -------
    tuple of str
        One sentence, or none.
    """
    if n_obs >= 3 * n_group:
        return ()
    return (
        f"{counted(n_obs, 'person')} in {counted(n_group, 'level')} of {group}: with fewer than 3 "
        "a level the variance between them can hardly be told; cluster-robust errors, "
        f"cluster({group}), need no such variance.",
    )


def causes_without_events(
    cells: Cells, names: tuple[str, ...], causes: tuple[str, ...]
) -> tuple[str, ...]:
    """Name the indicator columns at which a cause never happens.

    Parameters
    ----------
    cells : Cells
        The cells.
    names, causes : tuple of str
        Names of the columns and of the causes.

    Returns
    -------
    tuple of str
        Cause and column, such as "practical at C(session)[T.5]".
    """
    return tuple(
        f"{cause} at {name}"
        for r, cause in enumerate(causes)
        for name in _without_events(cells, names, r)
    )
