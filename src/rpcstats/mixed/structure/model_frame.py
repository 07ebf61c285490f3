"""What a mixed model is made of: fixed-effects columns, a response and blocks of random effects."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rpcstats.formula import Design
from rpcstats.mixed.structure.covariates import Covariate
from rpcstats.mixed.structure.grouping import Factor

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BlockEncoding:
    """How the rows of a block were encoded, so that new rows can be.

    Attributes
    ----------
    factor : Factor
        The grouping factor.
    designs : tuple of Design
        Encoding of the effects' covariates, term by term; without the rows of the fit.
    """

    factor: Factor
    designs: tuple[Design, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Random effects of one grouping factor, all its terms side by side.

    The effects of level i are b_i = Λ u_i with u_i ~ N(0, σ² I_q); the relative covariance
    factor Λ (lower triangular, q × q) is filled from θ at the positions `rows`, `cols`.

    Attributes
    ----------
    group : str
        Name of the factor, such as "episode_id" or "council:group_id".
    levels : tuple of str
        Names of the L levels that have rows, in the order of their codes.
    codes : ndarray of shape (n,), int
        Level of each row, 0 to L - 1.
    Z : ndarray of shape (n, q)
        Values of the effects' covariates in each row; a column of ones for an intercept.
    effects : tuple of str
        Names of the q effects; "Intercept" for an intercept.
    rows, cols : ndarray of shape (k,), int
        Where each element of θ stands in Λ; column by column, as in Bates et al. (2015).
    terms : tuple of str
        The terms as written, such as "1 + session | episode_id".
    encoding : BlockEncoding or None
        How to encode new rows; None for a block made by hand.
    """

    group: str
    levels: tuple[str, ...]
    codes: IntArray
    Z: FloatArray
    effects: tuple[str, ...]
    rows: IntArray
    cols: IntArray
    terms: tuple[str, ...]
    encoding: BlockEncoding | None = None

    @property
    def n_level(self) -> int:
        """Number of levels, L."""
        return len(self.levels)

    @property
    def n_effect(self) -> int:
        """Number of effects of a level, q."""
        return len(self.effects)

    @property
    def n_theta(self) -> int:
        """Number of covariance parameters, k."""
        return len(self.rows)

    @property
    def on_diagonal(self) -> NDArray[np.bool_]:
        """Whether each element of θ stands on the diagonal of Λ."""
        return np.asarray(self.rows == self.cols)

    def factor(self, theta: FloatArray) -> FloatArray:
        """Fill the relative covariance factor.

        Parameters
        ----------
        theta : ndarray of shape (..., k)
            Covariance parameters of this block.

        Returns
        -------
        ndarray of shape (..., q, q)
            Λ, lower triangular.
        """
        q = self.n_effect
        Lambda = np.zeros((*theta.shape[:-1], q, q))
        Lambda[..., self.rows, self.cols] = theta
        return Lambda


def split_theta(blocks: tuple[Block, ...], theta: FloatArray) -> tuple[FloatArray, ...]:
    """Cut θ of all blocks into the part of each.

    Parameters
    ----------
    blocks : tuple of Block
        The blocks, in formula order.
    theta : ndarray of shape (..., k)
        Parameters of all blocks, one block after the other.

    Returns
    -------
    tuple of ndarray
        One array of shape (..., k_b) a block.
    """
    ends = np.cumsum([block.n_theta for block in blocks])
    return tuple(np.split(theta, ends[:-1], axis=-1))


@dataclass(frozen=True, slots=True, eq=False)
class ModelFrame:
    """Checked arrays of a mixed model.

    Attributes
    ----------
    design : Design
        Encoding of the fixed effects, with the formula taken apart.
    X : ndarray of shape (n, p)
        Fixed-effects columns, aliased ones left out.
    names : tuple of str
        Names of the p columns.
    dropped : tuple of str
        Columns left out because the others determine them.
    y : ndarray of shape (n,)
        Response: measured values, successes as a proportion, counts, or category codes from 0.
    weights : ndarray of shape (n,) or None
        Prior weights; for a binomial response the numbers of trials.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    blocks : tuple of Block
        Random effects, one block a grouping factor, in formula order.
    categories : tuple of str
        Ordered categories of an ordinal response; empty otherwise.
    kept : ndarray of shape (n,), int
        Positions, in the data given, of the rows used.
    n_missing : int
        Rows left out for a missing value.
    remarks : tuple of str
        What a reader should know of the data, in plain sentences.
    offset_terms : tuple of str or None
        Columns or expressions whose sum is the offset; None if it was given as an array, so that
        new rows have none.
    covariates : dict
        Where each column of numbers of the fixed effects and of the offset lies.
    """

    design: Design
    X: FloatArray
    names: tuple[str, ...]
    dropped: tuple[str, ...]
    y: FloatArray
    weights: FloatArray | None
    offset: FloatArray | None
    blocks: tuple[Block, ...]
    categories: tuple[str, ...]
    kept: IntArray
    n_missing: int
    remarks: tuple[str, ...] = ()
    offset_terms: tuple[str, ...] | None = ()
    covariates: dict[str, Covariate] = field(default_factory=dict)

    @property
    def n_theta(self) -> int:
        """Number of covariance parameters of all blocks."""
        return sum(block.n_theta for block in self.blocks)
