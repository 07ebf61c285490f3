"""New rows in the columns and levels of a fit."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rpcstats.errors import DataError
from rpcstats.formula import read_columns
from rpcstats.formula.design import Design, fixed_columns
from rpcstats.mixed.structure.arithmetic import columns_used, evaluate
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray, ModelFrame
from rpcstats.mixed.structure.response import read_numbers


class NewRows(NamedTuple):
    """New rows as a fit sees them.

    Attributes
    ----------
    X : ndarray of shape (m, p)
        Fixed-effects columns, those left out of the fit left out.
    offset : ndarray of shape (m,) or None
        Known part of the linear predictor.
    Z : tuple of ndarray of shape (m, q)
        Covariates of the effects, block by block.
    codes : tuple of ndarray of shape (m,), int
        Level of each row, block by block; -1 where the fit has not seen it or it is missing.
    """

    X: FloatArray
    offset: FloatArray | None
    Z: tuple[FloatArray, ...]
    codes: tuple[IntArray, ...]


def encode_new(frame: ModelFrame, newdata: Any) -> NewRows:
    """Encode new rows as those of a fit.

    Parameters
    ----------
    frame : ModelFrame
        What was fitted.
    newdata : frame
        pandas, or any frame narwhals reads. Grouping columns may be absent or have gaps.

    Returns
    -------
    NewRows
        Arrays of the new rows.

    Raises
    ------
    DataError
        If a column of the fixed effects, of a random slope or of the offset is not there or has
        gaps, or a category was not among those of the fit.
    """
    present = _column_names(newdata)
    given = frame.offset_terms
    if given is None:
        raise DataError(
            "The offset of the fit was given as an array, so new rows have none: fit with the "
            "offset as a column."
        )
    X = _encoded(frame.design, newdata, present)
    places = [frame.design.names.index(name) for name in frame.names]
    return NewRows(
        X=X if len(places) == X.shape[1] else np.ascontiguousarray(X[:, places]),
        offset=_offset(given, newdata, present),
        Z=tuple(_covariates(block, newdata, present) for block in frame.blocks),
        codes=tuple(_codes(block, newdata, present) for block in frame.blocks),
    )


def _column_names(newdata: Any) -> list[str]:
    if isinstance(newdata, pd.DataFrame):
        return [str(name) for name in newdata.columns]
    import narwhals.stable.v1 as nw

    try:
        return list(nw.from_native(newdata, eager_or_interchange_only=True).columns)
    except TypeError:
        raise DataError("The new rows must be a pandas, polars or Arrow frame.") from None


def _require(columns: tuple[str, ...], present: list[str]) -> None:
    absent = sorted(set(columns) - set(present))
    if absent:
        are = "are" if len(absent) > 1 else "is"
        raise DataError(
            f"The new rows need the columns of the fit; {', '.join(absent)} {are} not there."
        )


def _encoded(design: Design, newdata: Any, present: list[str]) -> FloatArray:
    _require(fixed_columns(design.formula), present)
    return design.encode(newdata)


def _offset(terms: tuple[str, ...], newdata: Any, present: list[str]) -> FloatArray | None:
    if not terms:
        return None
    columns = tuple(name for text in terms for name in columns_used(text))
    _require(columns, present)
    values = read_columns(newdata, columns)
    parts = [read_numbers(evaluate(text, values), "offset") for text in terms]
    total: FloatArray = np.sum(parts, axis=0)
    return total


def _covariates(block: Block, newdata: Any, present: list[str]) -> FloatArray:
    if block.encoding is None:
        raise DataError(f'"{block.group}" was made by hand, so new rows can\'t be encoded.')
    found = [_encoded(design, newdata, present) for design in block.encoding.designs]
    return found[0] if len(found) == 1 else np.hstack(found)


def _codes(block: Block, newdata: Any, present: list[str]) -> IntArray:
    if block.encoding is None:
        raise DataError(f'"{block.group}" was made by hand, so new rows can\'t be encoded.')
    factor = block.encoding.factor
    columns = [name for name in factor.columns if name in present]
    values = read_columns(newdata, columns) if columns else pd.DataFrame(index=range(len(newdata)))
    return factor.encode(values)
