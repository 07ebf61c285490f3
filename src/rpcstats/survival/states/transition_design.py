"""Rows at risk of transitions, as Cox models read them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import Design, Formula, Surv, design
from rpcstats.formula.columns import complete_rows
from rpcstats.survival.states.history import StateHistory

FloatArray = NDArray[np.float64]

ENTRY, TIME, EVENT, TRANSITION = "clock_entry", "clock_time", "clock_event", "transition"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskRows:
    """Rows of a history with complete covariates.

    Attributes
    ----------
    frame : pandas.DataFrame
        Covariates, with columns of the clock and of the person.
    origin, move : ndarray of shape (n,), int
        State held, and transition that ends it (-1 for none).
    n_missing : int
        Rows with a missing covariate.
    """

    frame: pd.DataFrame
    origin: NDArray[np.int64]
    move: NDArray[np.int64]
    n_missing: int


def risk_rows(history: StateHistory, covariates: Sequence[str], person: str) -> RiskRows:
    """Take the rows that can be fitted.

    Parameters
    ----------
    history : StateHistory
        Rows not joined.
    covariates : sequence of str
        Columns that must not be missing.
    person : str
        Name of the column that tells the persons.

    Returns
    -------
    RiskRows
        The rows by person and time.

    Raises
    ------
    DataError
        If no row is complete.
    ParameterError
        If a column of the data has a name that is needed.
    """
    taken = {ENTRY, TIME, EVENT, TRANSITION} & set(history.frame.columns)
    if taken:
        raise ParameterError(
            "A column is in the way", [f'rename "{name}"' for name in sorted(taken)]
        )
    frame = history.frame.iloc[history.row].reset_index(drop=True)
    stays = history.stays
    frame[ENTRY], frame[TIME] = np.maximum(stays.entry, 0.0), stays.time
    frame[person] = stays.person
    complete = complete_rows(frame[list(covariates)])
    if not complete.any():
        raise DataError("Every row has a missing value in a column of the formula.")
    return RiskRows(
        frame=frame[complete].reset_index(drop=True),
        origin=stays.origin[complete],
        move=stays.move[complete],
        n_missing=int((~complete).sum()),
    )


def separate_frame(rows: RiskRows, origin: int, move: int) -> pd.DataFrame:
    """Take the rows at risk of one transition.

    Parameters
    ----------
    rows : RiskRows
        All rows.
    origin, move : int
        State left, and number of the transition.

    Returns
    -------
    pandas.DataFrame
        With the event in a column of its own.
    """
    at_risk = rows.origin == origin
    frame: pd.DataFrame = rows.frame.loc[at_risk].reset_index(drop=True)
    frame[EVENT] = rows.move[at_risk] == move
    return frame


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StackedDesign:
    """Encoding of rows given once for each transition they are at risk of.

    Attributes
    ----------
    base : Design
        Encoding of the covariates.
    columns : tuple of int
        Columns of `base` used: all but the intercept.
    is_common : tuple of bool
        Which of those have one coefficient for all transitions.
    labels : tuple of str
        Names of the transitions.
    """

    base: Design
    columns: tuple[int, ...]
    is_common: tuple[bool, ...]
    labels: tuple[str, ...]

    @property
    def terms(self) -> list[tuple[str, int]]:
        """Name and transition (-1 for all) of each stacked column."""
        names = [self.base.names[place] for place in self.columns]
        shared = [(n, -1) for n, common in zip(names, self.is_common, strict=True) if common]
        own = [n for n, common in zip(names, self.is_common, strict=True) if not common]
        return shared + [(name, k) for k in range(len(self.labels)) for name in own]

    def laid_out(self, X: FloatArray, transition: int) -> pd.DataFrame:
        """Lay encoded rows out as rows at risk of one transition.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Rows as `base` encodes them.
        transition : int
            Number of the transition.

        Returns
        -------
        pandas.DataFrame
            Columns x0, x1, ... and the transition.
        """
        chosen: FloatArray = X[:, list(self.columns)]
        common = np.array(self.is_common, dtype=np.bool_)
        own = chosen[:, ~common]
        parts = [chosen[:, common]]
        parts += [own if k == transition else np.zeros_like(own) for k in range(len(self.labels))]
        stacked = np.concatenate(parts, axis=1)
        names = [f"x{i}" for i in range(stacked.shape[1])]
        frame = pd.DataFrame(stacked, columns=names)
        codes = np.full(len(frame), transition, dtype=np.int64)
        frame[TRANSITION] = pd.Categorical.from_codes(codes, pd.Index(self.labels))
        return frame

    def formula(self, parsed: Formula, cluster: tuple[str, ...]) -> Formula:
        """Write the formula of the stacked model.

        Parameters
        ----------
        parsed : Formula
            Formula of the covariates, as given.
        cluster : tuple of str
            Columns of the clusters.

        Returns
        -------
        Formula
            Time at risk and event, the columns x0, x1, ... that `laid_out` gives, and the
            transition among the strata.
        """
        return replace(
            parsed,
            response=Surv(TIME, EVENT, ENTRY),
            terms=tuple(f"+ x{i}" for i in range(len(self.terms))),
            strata=(*parsed.strata, TRANSITION),
            cluster=cluster,
        )


def stacked_design(
    parsed: Formula, frame: pd.DataFrame, common: bool | Sequence[str], labels: tuple[str, ...]
) -> StackedDesign:
    """Encode covariates and tell which are common to all transitions.

    Parameters
    ----------
    parsed : Formula
        The formula.
    frame : pandas.DataFrame
        Rows without missing values.
    common : bool or sequence of str
        Whether all terms are common, or those that are.
    labels : tuple of str
        Names of the transitions.

    Returns
    -------
    StackedDesign
        The encoding.

    Raises
    ------
    ParameterError
        If a term named is none of the formula's.
    """
    base = design(replace(parsed, terms=tuple(t for t in parsed.terms if t[2:] != "0")), frame)
    columns = tuple(i for i, name in enumerate(base.names) if name != "Intercept")
    written = [term[2:] for term in parsed.terms if term[2:] not in ("0", "1")]
    wanted = written if isinstance(common, bool) else list(common)
    strange = [term for term in wanted if term not in written]
    if strange:
        raise ParameterError(
            "common= names a term that the formula does not have",
            [f'"{term}" is none of: {", ".join(written)}' for term in strange],
        )
    is_common = tuple(
        any(base.names[i] == term or base.names[i].startswith(f"{term}[") for term in wanted)
        for i in columns
    )
    return StackedDesign(base=base, columns=columns, is_common=is_common, labels=labels)
