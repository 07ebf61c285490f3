"""What Kenward-Roger needs of a model: traces and products with V⁻¹, free of n × n matrices."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from rpcstats.mixed.structure.model_frame import Block

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Traces(NamedTuple):
    """Products of V⁻¹ with the derivatives G of V, in units of σ² = 1.

    The last of the m derivatives is V itself.

    Attributes
    ----------
    products : ndarray of shape (m, m)
        tr(V⁻¹ G_r V⁻¹ G_s).
    slopes : ndarray of shape (m, p, p)
        X'V⁻¹ G_r V⁻¹ X.
    curvatures : ndarray of shape (m, m, p, p)
        X'V⁻¹ G_r V⁻¹ G_s V⁻¹ X.
    to_formula : ndarray of shape (m, m)
        Turns a change of these parameters into one of the elements of the covariances of the
        effects in the formula and of the multiple of V.
    """

    products: FloatArray
    slopes: FloatArray
    curvatures: FloatArray
    to_formula: FloatArray


class WorkingBlock(NamedTuple):
    """A block in coordinates Z C⁻¹, orthonormal over all rows within each term.

    Attributes
    ----------
    inverse : ndarray of shape (q, q)
        C⁻¹.
    Sigma : ndarray of shape (q, q)
        C Λ Λ'C', the covariance of the effects in these coordinates.
    elements : ndarray of shape (k, q, q)
        Derivative of it by each of its own free elements; they span what those of ΛΛ' span.
    to_formula : ndarray of shape (k, k)
        The free elements of ΛΛ' for each of these elements, one column an element.
    """

    inverse: FloatArray
    Sigma: FloatArray
    elements: FloatArray
    to_formula: FloatArray


def working_block(block: Block, theta: FloatArray, ZtZ: FloatArray) -> WorkingBlock:
    """Free a block of the origin and the units of its covariates.

    Parameters
    ----------
    block : Block
        Its template has the same free positions in Σ as in Λ: effects of one term are
        correlated, those of different terms are not.
    theta : ndarray of shape (k,)
        Its covariance parameters.
    ZtZ : ndarray of shape (q, q)
        Z'WZ over all rows.

    Returns
    -------
    WorkingBlock
        The block in coordinates in which its information is well conditioned.
    """
    q = block.n_effect
    C = np.zeros((q, q))
    for effects in _terms(block):
        C[np.ix_(effects, effects)] = _root(ZtZ[np.ix_(effects, effects)])
    inverse = np.asarray(np.linalg.inv(C), dtype=np.float64)
    half = C @ block.factor(theta)
    elements = _elements(block)
    to_formula = (inverse @ elements @ inverse.T)[:, block.rows, block.cols].T
    return WorkingBlock(inverse, half @ half.T, elements, to_formula)


def _terms(block: Block) -> list[IntArray]:
    """Give the effects that are correlated with each other."""
    owner = np.arange(block.n_effect)
    for row, col in zip(block.rows, block.cols, strict=True):
        owner[owner == owner[row]] = owner[col]
    return [np.flatnonzero(owner == each) for each in np.unique(owner)]


def _root(products: FloatArray) -> FloatArray:
    """Give upper triangular C with C'C the products; their scales alone if they are singular."""
    scale = np.sqrt(np.diag(products))
    scale = np.where(scale > 0.0, scale, 1.0)
    try:
        upper = np.linalg.cholesky(products / np.outer(scale, scale)).T
    except np.linalg.LinAlgError:
        return np.diag(scale)
    return np.asarray(upper * scale)


def _elements(block: Block) -> FloatArray:
    k, q = block.n_theta, block.n_effect
    elements = np.zeros((k, q, q))
    each = np.arange(k)
    elements[each, block.rows, block.cols] = 1.0
    elements[each, block.cols, block.rows] = 1.0
    return elements


def with_total(
    n: int,
    XtVX: FloatArray,
    firsts: FloatArray,
    products: FloatArray,
    slopes: FloatArray,
    curvatures: FloatArray,
    to_formula: Sequence[FloatArray],
) -> Traces:
    """Add V itself as the last derivative.

    Parameters
    ----------
    n : int
        Rows of the data.
    XtVX : ndarray of shape (p, p)
        X'V⁻¹X.
    firsts : ndarray of shape (k,)
        tr(V⁻¹ G_r) of the elements of the random effects' covariances.
    products : ndarray of shape (k, k)
        As in `Traces`, without V.
    slopes : ndarray of shape (k, p, p)
        As in `Traces`, without V.
    curvatures : ndarray of shape (k, k, p, p)
        As in `Traces`, without V.
    to_formula : sequence of ndarray
        As in `WorkingBlock`, one a block.

    Returns
    -------
    Traces
        All of them.
    """
    k, p = len(firsts), len(XtVX)
    every = np.empty((k + 1, k + 1))
    every[:k, :k] = products
    every[:k, k] = every[k, :k] = firsts
    every[k, k] = n
    sloped = np.concatenate([slopes, XtVX[None]])
    curved = np.empty((k + 1, k + 1, p, p))
    curved[:k, :k] = curvatures
    curved[:k, k] = curved[k, :k] = slopes
    curved[k, k] = XtVX
    return Traces(every, sloped, curved, block_diag(*to_formula, np.ones((1, 1))))
