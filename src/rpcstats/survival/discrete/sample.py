"""A formula and a frame to the cells a hazard by session is estimated from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import Design, Formula, Groups, design, make_groups
from rpcstats.formula.design import fixed_columns
from rpcstats.formula.design_columns import DesignColumns
from rpcstats.formula.responses import read_weights
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._independent import independent_columns
from rpcstats.survival.discrete._units import Units, count_cells, find_units, order_units
from rpcstats.survival.discrete.read_rows import PersonSessions, read_rows
from rpcstats.survival.discrete.session_design import (
    Parts,
    SessionDesign,
    keep_columns,
    split_plain,
)
from rpcstats.survival.structure.hazard_frame import total_offset
from rpcstats.survival.structure.remarks import dropped_remark, missing_remark
from rpcstats.tables.summary import counted

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DiscreteSample:
    """What a hazard by session is estimated from.

    Attributes
    ----------
    formula : Formula
        Taken apart.
    encoding : SessionDesign
        Encoding of covariates and clock.
    cells : Cells
        Person-sessions counted by unit and session.
    rows : PersonSessions
        The rows read.
    unit : ndarray of shape (m,), int
        Unit of each person-session.
    covariates : pandas.DataFrame
        Covariates of each unit, (U, ...).
    clusters : tuple of Groups
        Cluster of each unit, one for each column inside cluster().
    cluster_names : tuple of str
        Those columns.
    n_event : int
        Events of any cause.
    remarks : tuple of str
        What a reader should know of the data.
    """

    formula: Formula
    encoding: SessionDesign
    cells: Cells
    rows: PersonSessions
    unit: IntArray
    covariates: pd.DataFrame
    clusters: tuple[Groups, ...]
    cluster_names: tuple[str, ...]
    n_event: int
    remarks: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.encoding.names

    @property
    def n_obs(self) -> int:
        """Person-sessions."""
        return self.rows.n_obs

    def life_table(self) -> tuple[FloatArray, FloatArray]:
        """Count by session, without weights.

        Returns
        -------
        n_risk : ndarray of shape (K,)
            Persons at risk at each session.
        n_event : ndarray of shape (R, K)
            Events of each cause.
        """
        K = len(self.rows.sessions)
        n_risk = np.bincount(self.rows.session, minlength=K).astype(np.float64)
        n_event = np.empty((len(self.rows.causes), K))
        for r in range(len(n_event)):
            of_cause = self.rows.session[self.rows.cause == r + 1]
            n_event[r] = np.bincount(of_cause, minlength=K)
        return n_risk, n_event


def discrete_sample(
    formula: Formula,
    data: Any,
    *,
    clock: str,
    weights: str | None = None,
    id: str | None = None,
    by_cause: bool = False,
    censored: Sequence[str] | None = None,
) -> DiscreteSample:
    """Read and check what a hazard by session needs.

    Parameters
    ----------
    formula : Formula
        Taken apart; without random terms.
    data : frame
        Person-sessions, or persons where the left side is `Surv()`.
    clock : str
        Column that counts sessions.
    weights, id : str, optional
        Columns of case weights, and of persons.
    by_cause : bool
        Whether the event column tells causes.
    censored : sequence of str, optional
        Causes that count as censored.

    Returns
    -------
    DiscreteSample
        Cells and encodings.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data break the conditions of the model.
    """
    rows = read_rows(
        formula, data, clock=clock, weights=weights, id=id, by_cause=by_cause, censored=censored
    )
    n_event = int((rows.cause > 0).sum())
    _refuse_nothing(rows, n_event)
    encoded = _encoded(formula, rows, _unit_columns(formula, clock, weights))
    built, units, covariates = encoded.built, encoded.units, encoded.covariates
    table = count_cells(
        units.code,
        encoded.place,
        rows.cause,
        n_unit=len(encoded.parts.Z),
        n_session=len(encoded.parts.S),
        n_cause=len(rows.causes),
    )
    columns = independent_columns(encoded.parts, table)
    parts = keep_columns(encoded.parts, columns)
    names = tuple(built.names[j] for j in columns)
    dropped = tuple(name for name in built.names if name not in names)
    clusters = dict.fromkeys(formula.cluster)
    return DiscreteSample(
        formula=formula,
        encoding=SessionDesign(built, columns, names, dropped, clock),
        cells=Cells(
            Z=parts.Z,
            S=parts.S,
            part=parts.part,
            **table._asdict(),
            weight=None if weights is None else read_weights(covariates[weights]),
            offset=total_offset(formula.offset, covariates) if formula.offset else None,
        ),
        rows=rows,
        unit=units.code,
        covariates=covariates,
        clusters=tuple(make_groups(covariates, (name,)) for name in clusters),
        cluster_names=tuple(clusters),
        n_event=n_event,
        remarks=(*missing_remark(rows.n_missing), *dropped_remark(dropped)),
    )


class _Encoded(NamedTuple):
    """Units, their covariates and the parts of the design."""

    units: Units
    covariates: pd.DataFrame
    built: Design
    parts: Parts
    place: IntArray


def _encoded(formula: Formula, rows: PersonSessions, names: list[str]) -> _Encoded:
    """Encode units and sessions apart where all terms are plain, else every person-session."""
    clock = str(rows.sessions.name)
    if not any(clock in columns_used(text) for text in formula.offset):
        units = _units(rows, names, with_session=False)
        covariates = rows.frame[names].iloc[_frame_rows(rows, units.first)].reset_index(drop=True)
        split = split_plain(formula, covariates, rows.sessions)
        if split is not None:
            return _Encoded(units, covariates, *split, rows.session)
    return _Encoded(*_row_by_row(formula, rows, names), np.zeros(rows.n_obs, dtype=np.int64))


def _refuse_nothing(rows: PersonSessions, n_event: int) -> None:
    if rows.n_obs < 2:
        raise DataError("One row can't be compared with itself: give two rows or more.")
    if n_event == 0:
        raise DataError(
            f"None of the {counted(rows.n_obs, 'person-session')} ends with an event: nothing can "
            "be estimated. Check the event column, or follow up longer."
        )


def _unit_columns(formula: Formula, clock: str, weights: str | None) -> list[str]:
    offsets = [name for text in formula.offset for name in columns_used(text)]
    used = (*fixed_columns(formula), *formula.cluster, *offsets, weights)
    return [name for name in dict.fromkeys(used) if name is not None and name != clock]


def _frame_rows(rows: PersonSessions, at: IntArray) -> IntArray:
    """Give rows of the frame for places among the person-sessions."""
    return at if rows.row is None else rows.row[at]


def _units(rows: PersonSessions, names: list[str], *, with_session: bool) -> Units:
    columns = [rows.frame[name] for name in names]
    if with_session:
        if rows.row is not None:
            columns = [column.iloc[rows.row] for column in columns]
        columns.append(pd.Series(rows.session))
        return find_units(columns, rows.n_obs)
    units = find_units(columns, len(rows.frame))
    if rows.row is not None:
        first = np.searchsorted(rows.row, units.first).astype(np.int64)
        units = Units(units.code.astype(np.int32)[rows.row], first)
    last = np.zeros(len(units.first), dtype=np.int64)
    np.maximum.at(last, units.code, rows.session)
    return order_units(units, last)


def _row_by_row(
    formula: Formula, rows: PersonSessions, names: list[str]
) -> tuple[Units, pd.DataFrame, Design, Parts]:
    """Encode every person-session; those that are equal in every column are one unit."""
    clock = str(rows.sessions.name)
    taken = np.arange(rows.n_obs) if rows.row is None else rows.row
    used = [name for name in fixed_columns(formula) if name != clock]
    frame = rows.frame[used].iloc[taken].reset_index(drop=True)
    values = rows.sessions.iloc[rows.session].reset_index(drop=True)
    built = design(formula, frame.assign(**{clock: values}))
    units = _units(rows, names, with_session=True)
    covariates = rows.frame[names].iloc[taken[units.first]].reset_index(drop=True)
    covariates = covariates.assign(**{clock: values.iloc[units.first].reset_index(drop=True)})
    Z = np.ascontiguousarray(built.X[units.first])
    n_column = Z.shape[1]
    parts = Parts(Z, np.ones((1, n_column)), np.arange(n_column))
    empty = np.empty((0, n_column))
    return units, covariates, replace(built, columns=DesignColumns(empty)), parts
