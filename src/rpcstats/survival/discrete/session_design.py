"""Designs of person-sessions, split into parts of units and parts of sessions where terms allow."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.formula import Design, Formula, design
from rpcstats.formula.column_kinds import plain_kinds
from rpcstats.formula.plain_columns import PlainSpec, code_levels
from rpcstats.formula.plain_terms import PlainTerms, ScopedTerm, read_plain_terms

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]


class Parts(NamedTuple):
    """Column j of a design is ``S[k, j] * Z[u, part[j]]`` at session k of unit u.

    Attributes
    ----------
    Z : ndarray of shape (U, q)
        Parts of units.
    S : ndarray of shape (K, p)
        Parts of sessions.
    part : ndarray of shape (p,), int
        Column of Z.
    """

    Z: FloatArray
    S: FloatArray
    part: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class SessionDesign:
    """The encoding of covariates and clock.

    Attributes
    ----------
    design : Design
        Encoding of rows that hold the covariates and the clock.
    columns : ndarray of shape (p,), int
        Columns kept; the others are determined by them.
    names : tuple of str
        Their names.
    dropped : tuple of str
        Columns left out.
    clock : str
        Column that counts sessions.
    """

    design: Design
    columns: IntArray
    names: tuple[str, ...]
    dropped: tuple[str, ...]
    clock: str

    def encode(self, rows: pd.DataFrame) -> FloatArray:
        """Encode rows of one unit and session each.

        Parameters
        ----------
        rows : pandas.DataFrame
            Covariates and clock.

        Returns
        -------
        ndarray of shape (m, p)
            The design.

        Raises
        ------
        DataError
            If a value is missing, or a category was not among those of the fit.
        """
        X: FloatArray = self.design.encode(rows)[:, self.columns]
        return X


def split_plain(
    formula: Formula, units: pd.DataFrame, sessions: pd.Series
) -> tuple[Design, Parts] | None:
    """Encode plain terms unit by unit and session by session.

    Parameters
    ----------
    formula : Formula
        Its fixed terms are encoded.
    units : pandas.DataFrame
        Covariates of the units, without gaps.
    sessions : pandas.Series
        The distinct sessions, named as the clock.

    Returns
    -------
    tuple or None
        The encoding and the parts of all its columns; None if a term is not plain.

    Raises
    ------
    DataError
        If a column holds neither numbers nor categories, or there would be too many columns.
    """
    terms = read_plain_terms(formula)
    if terms is None:
        return None
    clock = str(sessions.name)
    columns = set(terms.columns.values())
    forced = {terms.columns[factor] for factor in terms.forced}
    coded = forced - {column for factor, column in terms.columns.items() if factor == column}
    values: dict[str, pd.Series] = {}
    for name in sorted(columns):
        one = sessions if name == clock else units[name]
        values[name] = plain_kinds(one.reset_index(drop=True).to_frame(), coded)[name]
    built = design(formula, _one_of_each_level(values, terms, len(sessions)))
    spec = built._spec
    if not isinstance(spec, PlainSpec):
        return None
    return built, _parts(spec, values, clock, len(units), len(sessions))


def keep_columns(parts: Parts, columns: IntArray) -> Parts:
    """Leave columns of a design out.

    Parameters
    ----------
    parts : Parts
        The parts of all columns.
    columns : ndarray of int
        Those to keep.

    Returns
    -------
    Parts
        Of those only.
    """
    used, part = np.unique(parts.part[columns], return_inverse=True)
    Z = parts.Z if len(used) == parts.Z.shape[1] else np.ascontiguousarray(parts.Z[:, used])
    return Parts(Z, parts.S[:, columns], part.reshape(-1).astype(np.int64))


def _one_of_each_level(
    values: dict[str, pd.Series], terms: PlainTerms, n_session: int
) -> pd.DataFrame:
    """Give a small frame in which every level of every factor occurs."""
    first = {name: np.zeros(1, dtype=np.int64) for name in values}
    for factor, name in terms.columns.items():
        column = values[name]
        if factor in terms.forced or not pd.api.types.is_numeric_dtype(column.dtype):
            codes, _ = code_levels(column)
            first[name] = np.unique(codes, return_index=True)[1].astype(np.int64)
    size = max([n_session, *(len(places) for places in first.values())])
    taken: dict[Any, Any] = {
        name: values[name].iloc[np.resize(places, size)].reset_index(drop=True)
        for name, places in first.items()
    }
    return pd.DataFrame(taken, index=pd.RangeIndex(size))


def _parts(
    spec: PlainSpec, values: dict[str, pd.Series], clock: str, n_unit: int, n_session: int
) -> Parts:
    timed = {factor for factor, name in spec.terms.columns.items() if name == clock}
    ours = [tuple(pick for pick in term if pick[0] not in timed) for term in spec.scoped]
    theirs = [tuple(pick for pick in term if pick[0] in timed) for term in spec.scoped]
    Z, of_units = _encoded(spec, ours, values, set(spec.terms.columns) - timed, n_unit)
    S, of_sessions = _encoded(spec, theirs, values, timed, n_session)
    part, columns = [], []
    for term, unit_term, session_term in zip(spec.scoped, ours, theirs, strict=True):
        part.append(of_units[unit_term] + _places(spec, term, unit_term))
        columns.append(of_sessions[session_term] + _places(spec, term, session_term))
    return Parts(Z, S[:, np.concatenate(columns)], np.concatenate(part))


def _encoded(
    spec: PlainSpec,
    terms: list[ScopedTerm],
    values: dict[str, pd.Series],
    factors: set[str],
    n_row: int,
) -> tuple[FloatArray, dict[ScopedTerm, int]]:
    """Encode the distinct terms, and tell where the columns of each begin."""
    distinct = tuple(dict.fromkeys(terms))
    sizes = [int(np.prod(_sizes(spec, term), dtype=np.int64)) for term in distinct]
    used = {name for term in distinct for name, _ in term} & factors
    columns = {factor: spec.terms.columns[factor] for factor in used}
    own = replace(spec.terms, columns=columns)
    frame = pd.DataFrame({name: values[name] for name in set(columns.values())})
    frame = frame if columns else pd.DataFrame(index=pd.RangeIndex(n_row))
    encoded = PlainSpec(own, distinct, spec.levels, ("",) * sum(sizes)).encode(frame)
    starts = np.cumsum([0, *sizes[:-1]])
    return encoded, dict(zip(distinct, starts.tolist(), strict=True))


def _sizes(spec: PlainSpec, term: ScopedTerm) -> list[int]:
    return [len(spec.levels.get(name, (0,))) - int(reduced) for name, reduced in term]


def _places(spec: PlainSpec, term: ScopedTerm, inside: ScopedTerm) -> IntArray:
    """Tell, for each column of a term, which column of a term inside it belongs to it."""
    sizes = _sizes(spec, term)
    picks = np.indices(sizes[::-1]).reshape(len(term), int(np.prod(sizes, dtype=np.int64)))[::-1]
    place = np.zeros(picks.shape[1], dtype=np.int64)
    stride = 1
    for pick, size in zip(inside, _sizes(spec, inside), strict=True):
        place += stride * picks[term.index(pick)]
        stride *= size
    return place
