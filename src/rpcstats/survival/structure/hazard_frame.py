"""What a regression on censored times is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import Design, Groups
from rpcstats.formula.design_columns import ChosenColumns
from rpcstats.mixed.structure.arithmetic import evaluate
from rpcstats.mixed.structure.model_frame import Block
from rpcstats.mixed.structure.response import read_numbers

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class HazardFrame:
    """Checked, read-only arrays of a regression on censored times.

    Attributes
    ----------
    design : Design
        Encoding of the covariates, with the formula taken apart.
    covariates : ChosenColumns
        Covariates: the intercept only where the model has one, aliased columns left out.
    names : tuple of str
        Names of the p columns.
    columns : ndarray of shape (p,), int
        Where they stand in the columns of `design`.
    dropped : tuple of str
        Columns left out because the others (or the intercept) determine them.
    time : ndarray of shape (n,)
        Time of exit; of interval-censored times the lower limit.
    event : ndarray of shape (n,), bool
        Whether the exit was an event, of any cause; of intervals, whether the time is exact.
    entry : ndarray of shape (n,) or None
        Time of entry; None if everybody is seen from time 0.
    upper : ndarray of shape (n,) or None
        Upper limit of interval-censored times, infinite for right censoring.
    cause : ndarray of shape (n,), int, or None
        0 for censored, k for ``causes[k - 1]``; None where one kind of event is studied.
    causes : tuple of str
        Labels of the causes.
    strata : Groups
        Strata; one called "all" where there are none.
    clusters : tuple of Groups
        One for each column inside cluster(); two give two-way clustered errors.
    cluster_names : tuple of str
        Those columns.
    weights, offset : ndarray of shape (n,) or None
        Case weights above 0, and the known part of the linear predictor.
    blocks : tuple of Block
        Random effects ``(… | g)``, one block a grouping factor.
    frailty : Groups or None
        Groups of a gamma frailty, ``frailty(g)``.
    frailty_name : str
        Its column.
    kept : ndarray of shape (n,), int
        Positions, in the data given, of the rows used.
    n_missing : int
        Rows left out for a missing value.
    remarks : tuple of str
        What a reader should know of the data, in plain sentences.
    """

    design: Design
    covariates: ChosenColumns
    names: tuple[str, ...]
    columns: IntArray
    dropped: tuple[str, ...]
    time: FloatArray
    event: BoolArray
    entry: FloatArray | None
    upper: FloatArray | None
    cause: IntArray | None
    causes: tuple[str, ...]
    strata: Groups
    clusters: tuple[Groups, ...]
    cluster_names: tuple[str, ...]
    weights: FloatArray | None
    offset: FloatArray | None
    blocks: tuple[Block, ...]
    frailty: Groups | None
    frailty_name: str
    kept: IntArray
    n_missing: int
    remarks: tuple[str, ...]

    @property
    def X(self) -> FloatArray:  # noqa: N802
        """The covariates as a matrix of shape (n, p)."""
        return self.covariates.matrix()

    @property
    def n_obs(self) -> int:
        """Number of rows used."""
        return len(self.time)

    @property
    def n_event(self) -> int:
        """Number of events of any cause."""
        return int(self.event.sum())

    def encode(self, data: Any) -> FloatArray:
        """Encode the covariates of new rows as those of the fit.

        Parameters
        ----------
        data : frame
            pandas, or any frame narwhals reads.

        Returns
        -------
        ndarray of shape (m, p)
            Columns in the order of `names`.

        Raises
        ------
        DataError
            If a value is missing, or a category was not among those of the fit.
        """
        X: FloatArray = self.design.encode(data)[:, self.columns]
        return X

    def encode_offset(self, data: Any) -> FloatArray | None:
        """Compute the offset of new rows.

        Parameters
        ----------
        data : pandas.DataFrame
            New rows.

        Returns
        -------
        ndarray of shape (m,) or None
            The sum of the terms inside offset(); None if the formula has none.

        Raises
        ------
        DataError
            If a term is not finite.
        """
        terms = self.design.formula.offset
        if not terms:
            return None
        return total_offset(terms, data)


def total_offset(terms: tuple[str, ...], data: Any) -> FloatArray:
    """Sum the terms of an offset.

    Parameters
    ----------
    terms : tuple of str
        Columns or arithmetic on columns, one at least.
    data : pandas.DataFrame
        The rows.

    Returns
    -------
    ndarray of shape (n,)
        Finite numbers.

    Raises
    ------
    DataError
        If one is not finite, or no number.
    """
    try:
        parts = [read_numbers(evaluate(term, data), "offset") for term in terms]
    except KeyError as absent:
        raise DataError(f"The data lack a column of the offset: {absent.args[0]}") from None
    total: FloatArray = np.sum(parts, axis=0)
    total.setflags(write=False)
    return total
