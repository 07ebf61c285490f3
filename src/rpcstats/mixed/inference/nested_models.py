"""Whether one mixed model is a special case of another, and what the other adds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError
from rpcstats.mixed.structure.model_frame import Block, ModelFrame

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# Part of a column, relative to its length, that the larger model's columns may leave over.
_LEFT_OVER = 1e-7


class AddedEffects(NamedTuple):
    """What the larger model adds to the random effects of the smaller.

    Attributes
    ----------
    n_fixed : int
        Fixed effects added.
    new : ndarray of shape (k,), bool
        Whether each covariance parameter of the larger model is the variance of an effect
        that the smaller does not have.
    n_entangled : int
        Covariances added between two effects that are both new.
    places : tuple of ndarray
        For each block of the larger model, the block of the smaller and the effect in it that
        each of its effects is, of shape (q, 2); -1 for a new one.
    """

    n_fixed: int
    new: NDArray[np.bool_]
    n_entangled: int
    places: tuple[IntArray, ...]

    @property
    def n_new(self) -> int:
        """Number of variances that are zero in the smaller model."""
        return int(self.new.sum())


def added_effects(small: ModelFrame, large: ModelFrame) -> AddedEffects:
    """Compare two models of the same data.

    Parameters
    ----------
    small : ModelFrame
        The model with fewer parameters.
    large : ModelFrame
        The model with more.

    Returns
    -------
    AddedEffects
        What the larger one adds.

    Raises
    ------
    DataError
        If the data differ, or the smaller model is no special case of the larger.
    """
    _check_same_data(small, large)
    if not _spans(large.X, small.X):
        raise DataError(
            "The fixed effects of the smaller model are not among those of the larger: a "
            "likelihood ratio compares nested models; compare these by AIC."
        )
    places = _match_blocks(small.blocks, large.blocks)
    new, n_entangled = [], 0
    for block, place in zip(large.blocks, places, strict=True):
        is_new = place[:, 0] < 0
        new.append(block.on_diagonal & is_new[block.rows])
        n_entangled += int(np.sum(~block.on_diagonal & is_new[block.rows] & is_new[block.cols]))
    n_fixed = large.X.shape[1] - small.X.shape[1]
    added = np.concatenate(new) if new else np.zeros(0, dtype=np.bool_)
    return AddedEffects(n_fixed, added, n_entangled, places)


def _check_same_data(small: ModelFrame, large: ModelFrame) -> None:
    if len(small.y) != len(large.y) or not np.array_equal(small.kept, large.kept):
        raise DataError(
            "The models were fitted to different rows, perhaps because of missing values: fit "
            "all of them to the rows that are complete in every column used."
        )
    if small.categories != large.categories or not np.array_equal(small.y, large.y):
        raise DataError("The models have different responses: compare models of one response.")
    for name in ("weights", "offset"):
        one, other = getattr(small, name), getattr(large, name)
        if (one is None) != (other is None) or (one is not None and not np.array_equal(one, other)):
            raise DataError(f"The models have different {name}: fit them with the same.")


def _spans(columns: FloatArray, others: FloatArray) -> bool:
    """Whether columns span others."""
    length = np.linalg.norm(others, axis=0)
    scale = np.linalg.norm(columns, axis=0)
    basis = np.linalg.qr(columns / np.where(scale > 0.0, scale, 1.0))[0]
    unit = others / np.where(length > 0.0, length, 1.0)
    left = unit - basis @ (basis.T @ unit)
    return bool(np.all(np.linalg.norm(left, axis=0) < _LEFT_OVER))


def _match_blocks(small: tuple[Block, ...], large: tuple[Block, ...]) -> tuple[IntArray, ...]:
    """Find the effects of the smaller model in the larger."""
    places = tuple(np.full((block.n_effect, 2), -1, dtype=np.int64) for block in large)
    for number, block in enumerate(small):
        for other, place in zip(large, places, strict=True):
            if not _same_factor(block, other):
                continue
            found = _match_effects(block, other)
            if found is not None:
                place[found, 0] = number
                place[found, 1] = np.arange(block.n_effect)
                break
        else:
            raise DataError(
                f'The random effects of "{block.group}" in the smaller model are not among '
                "those of the larger: a likelihood ratio compares nested models; compare "
                "these by AIC."
            )
    return places


def _same_factor(block: Block, other: Block) -> bool:
    """Whether two factors put the same rows together."""
    if block.n_level != other.n_level:
        return False
    pairs = np.unique(block.codes * np.int64(other.n_level) + other.codes)
    return len(pairs) == block.n_level


def _match_effects(block: Block, other: Block) -> IntArray | None:
    """Give the place of each effect in another block; None unless all are there."""
    found = []
    for column in block.Z.T:
        same = np.flatnonzero(np.all(column[:, None] == other.Z, axis=0))
        if not len(same):
            return None
        found.append(int(same[0]))
    place = np.array(found, dtype=np.int64)
    needed = {frozenset(pair) for pair in zip(place[block.rows], place[block.cols], strict=True)}
    held = {frozenset(pair) for pair in zip(other.rows, other.cols, strict=True)}
    return place if needed <= held and len(set(found)) == len(found) else None
