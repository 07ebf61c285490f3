"""The people of a sample, each counted once."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.mixed.structure.model_frame import Block

if TYPE_CHECKING:
    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]


class People(NamedTuple):
    """The persons averaged over, equal ones counted.

    Attributes
    ----------
    unit : ndarray of shape (V,), int
        Unit whose covariates they have.
    size : ndarray of shape (V,)
        How many, or their weight.
    cluster : ndarray of shape (V,), int, or None
        Group of each where random effects are averaged over.
    """

    unit: IntArray
    size: FloatArray
    cluster: IntArray | None


def people_of(fit: "DiscreteHazardFit") -> People:
    """Count the persons of a sample by their first row.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.

    Returns
    -------
    People
        Distinct kinds of persons.

    Raises
    ------
    DataError
        If rows are person-sessions and nobody says whose.
    """
    rows, unit = fit.sample.rows, fit.sample.unit
    n_row = len(rows.frame)
    first = np.arange(n_row) if rows.row is None else np.searchsorted(rows.row, np.arange(n_row))
    if rows.id is not None:
        first = first[~rows.id.duplicated().to_numpy()]
    elif rows.row is None:
        raise DataError(
            "To average over people it must be known which rows are the same person's: fit with "
            'id= a column, such as id="episode_id".'
        )
    weight = fit.sample.cells.weight
    group = None
    if fit.mixed is not None:
        block = min(fit.mixed.frame.blocks, key=lambda one: one.n_level)
        group = groups_of_rows(fit, block)[first]
    key = unit[first] if group is None else unit[first] * (int(group.max()) + 1) + group
    _, places, count = np.unique(key, return_index=True, return_counts=True)
    units = unit[first[places]]
    counted = count.astype(np.float64)
    return People(
        units,
        counted if weight is None else counted * weight[units],
        None if group is None else group[places],
    )


def groups_of_rows(fit: "DiscreteHazardFit", block: Block) -> IntArray:
    """Give the level of a grouping factor for every person-session, those left out included.

    Parameters
    ----------
    fit : DiscreteHazardFit
        A fit with random effects.
    block : Block
        The factor.

    Returns
    -------
    ndarray of shape (m,), int
        Levels; those the fit has not seen are one more.
    """
    assert block.encoding is not None
    rows = fit.sample.rows
    codes = block.encoding.factor.encode(rows.frame[list(block.encoding.factor.columns)])
    codes = np.where(codes < 0, block.n_level, codes)
    return codes if rows.row is None else codes[rows.row]
