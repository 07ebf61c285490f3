"""Variances of a linear mixed model that the data can't tell."""

from collections.abc import Iterator

import numpy as np

from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray
from rpcstats.mixed.structure.remarks import plain_effect, varies_within

# A column counts as spanned when less than this share of it is left; rounding leaves 1e-13.
_SPANNED = 1e-8
_HEAD = 2_000


def residual_faults(y: FloatArray, blocks: tuple[Block, ...]) -> list[str]:
    """Find groups that leave nothing for the residual.

    Parameters
    ----------
    y : ndarray of shape (n,)
        The response less its offset.
    blocks : tuple of Block
        The random effects.

    Returns
    -------
    list of str
        One sentence a fault.
    """
    if y.min() == y.max():
        return []
    return [
        f'The response has one value within every level of "{block.group}", so that nothing is '
        "left for the residual: keep one row a level and leave its random terms out, or check "
        "the response."
        for block in blocks
        if "Intercept" in block.effects
        and 1 < block.n_level < len(y)
        and not varies_within(y, block.codes, block.n_level)
    ]


def spanned_faults(X: FloatArray, blocks: tuple[Block, ...]) -> list[str]:
    """Find random effects that the fixed effects leave nothing of.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns, none determined by others.
    blocks : tuple of Block
        The random effects.

    Returns
    -------
    list of str
        One sentence a fault.

    Notes
    -----
    The restricted likelihood sees only what the fixed effects leave of the data. Where their
    columns span an effect of every level, it doesn't depend on the variance of that effect.
    """
    return [fault for block in blocks for fault in _spanned(X, block)]


def _spanned(X: FloatArray, block: Block) -> Iterator[str]:
    n, p = X.shape
    if not 1 < block.n_level <= p:
        return
    stride = max(1, n // _HEAD)
    size = np.sqrt(np.einsum("ij,ij->j", X, X))
    for effect, values in zip(block.effects, block.Z.T, strict=True):
        # What is spanned in all rows is spanned in some, so most effects are cleared by those.
        if all(
            _is_spanned(X[::step] / size, values[::step], block.codes[::step], block.n_level)
            for step in dict.fromkeys((stride, 1))
        ):
            yield (
                f'The fixed effects tell the levels of "{block.group}" apart already, so that '
                f'the variance of "{plain_effect(effect)}" between them can\'t be told: leave '
                f'that random effect out, or the fixed effects of "{block.group}".'
            )


def _is_spanned(X: FloatArray, values: FloatArray, codes: IntArray, n_level: int) -> bool:
    columns = np.zeros((len(values), n_level))
    columns[np.arange(len(values)), codes] = values
    fitted = X @ np.linalg.lstsq(X, columns, rcond=None)[0]
    left = np.sqrt(((columns - fitted) ** 2).sum(axis=0))
    return bool((left <= _SPANNED * np.sqrt((columns**2).sum(axis=0))).all())
