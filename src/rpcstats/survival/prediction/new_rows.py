"""New rows as the fit saw its own: covariates, offset and stratum."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.formula import make_groups, read_columns
from rpcstats.formula.columns import column_names, complete_rows
from rpcstats.formula.design import fixed_columns
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival.structure.hazard_frame import HazardFrame

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class NewRows:
    """New rows encoded.

    Attributes
    ----------
    X : ndarray of shape (m, p)
        Covariates.
    offset : ndarray of shape (m,)
        Known part of the linear predictor; 0 without one.
    stratum : ndarray of shape (m,), int
        Stratum of each row.
    row : ndarray of shape (m,), int
        Row of the data given; a row stands once for every stratum if it names none.
    """

    X: FloatArray
    offset: FloatArray
    stratum: IntArray
    row: IntArray


def encode_rows(frame: HazardFrame, data: Any, *, every_stratum: bool = True) -> NewRows:
    """Encode new rows.

    Parameters
    ----------
    frame : HazardFrame
        What was fitted.
    data : frame
        pandas, or any frame narwhals reads, with the columns of the covariates.
    every_stratum : bool
        Whether rows without the columns of strata() stand for each stratum.

    Returns
    -------
    NewRows
        Arrays.

    Raises
    ------
    FormulaError
        If a column is not there.
    DataError
        If a value is missing, or a category or a stratum was not among those of the fit.
    """
    formula = frame.design.formula
    strata = formula.strata
    present = column_names(data)
    if every_stratum and strata and not set(strata) & set(present):
        strata = ()
    offsets = [name for term in formula.offset for name in columns_used(term)]
    wanted = [*fixed_columns(formula), *offsets, *strata]
    # Without covariates any column tells how many rows there are.
    read = read_columns(data, wanted or present[:1])[wanted]
    if not complete_rows(read).all():
        raise DataError("New rows must have every column of the formula filled in.")
    X = frame.encode(read)
    offset = frame.encode_offset(read)
    row = np.arange(len(read))
    stratum = _strata(frame, read, strata)
    n_stratum = len(frame.strata.labels)
    if formula.strata and not strata:
        row, stratum = np.repeat(row, n_stratum), np.tile(np.arange(n_stratum), len(read))
    return NewRows(
        X=X[row],
        offset=np.zeros(len(row)) if offset is None else offset[row],
        stratum=stratum,
        row=row,
    )


def _strata(frame: HazardFrame, read: pd.DataFrame, strata: tuple[str, ...]) -> IntArray:
    if not strata:
        return np.zeros(len(read), dtype=np.int64)
    found = make_groups(read, strata)
    known = {label: place for place, label in enumerate(frame.strata.labels)}
    strange = sum(label not in known for label in found.labels)
    if strange:
        raise DataError(
            f"{strange} strata of the new rows were not among those of the fit: no baseline"
            " hazard was estimated for them."
        )
    places = np.array([known[label] for label in found.labels], dtype=np.int64)
    return places[found.codes]
