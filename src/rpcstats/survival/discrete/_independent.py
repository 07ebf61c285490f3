"""Columns of person-sessions that earlier ones do not determine."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.mixed.structure.rank import find_rank
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._units import CellTable
from rpcstats.survival.discrete.session_design import Parts

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]

_LARGEST: Final = 1e100
"""Squares and products of larger numbers leave the range of floating point."""

_VARIES: Final = 1e-7
"""Below this range, relative to size, squared differences drown in rounding."""

_CLEAR: Final = 1e-4
"""Above this share of the variance cross-products, which have half the digits, can be trusted."""


def independent_columns(parts: Parts, table: CellTable) -> IntArray:
    """Find the columns that earlier ones do not determine.

    Parameters
    ----------
    parts : Parts
        The columns.
    table : CellTable
        Which units are at risk at which session part.

    Returns
    -------
    ndarray of int
        Columns to keep.

    Raises
    ------
    DataError
        If a column holds numbers whose squares overflow.
    """
    largest = np.abs(parts.Z).max(initial=0.0) * np.abs(parts.S).max(initial=0.0)
    if largest > _LARGEST:
        raise DataError("A covariate holds numbers too large to square: give it in another unit.")
    _refuse_poor_units(parts.Z)
    cells = Cells(
        Z=parts.Z,
        S=parts.S,
        part=parts.part,
        units=table.units,
        start=table.start,
        copies=None,
        events=table.events,
    )
    if _clearly_independent(cells):
        return np.arange(len(parts.part), dtype=np.int64)
    return find_rank(np.concatenate([X for _, _, X in cells.rows()])).kept


def _refuse_poor_units(Z: FloatArray) -> None:
    """Refuse columns whose squares, or differences of squares, have no digits left."""
    size = np.abs(Z).max(axis=0, initial=0.0)
    spread = np.ptp(Z, axis=0) if len(Z) else size
    faults = []
    if ((size > 0.0) & (size < 1.0 / _LARGEST)).any():
        faults.append("a covariate holds numbers too small to square: give it in another unit")
    if ((spread > 0.0) & (spread < _VARIES * size)).any():
        faults.append(
            "a covariate varies too little for its size, as times counted in seconds from long "
            "ago do: subtract a round number from it"
        )
    if faults:
        raise DataError(f"The hazard can't be estimated: {'; '.join(faults)}.")


def _clearly_independent(cells: Cells) -> bool:
    """Tell from cross-products, where they can be trusted, that no column is determined."""
    ones = np.ones(cells.n_cell)
    products, sums = cells.information(ones), cells.score(ones)
    n = cells.n_cell
    centred = products - np.outer(sums, sums) / n
    size = np.diag(products)
    flat = np.diag(centred) <= _CLEAR * size
    if not (size > 0).all() or flat.sum() > 1:
        return False
    if flat.any():
        # Centred columns next to one constant: the constant adds nothing to what they span.
        products = centred[np.ix_(~flat, ~flat)]
    scale = np.sqrt(np.diag(products))
    try:
        pivots = np.diag(np.linalg.cholesky(products / np.outer(scale, scale)))
    except np.linalg.LinAlgError:
        return False
    return bool((pivots**2 > _CLEAR).all())
