"""Coordinates of a generalised mixed model that are free of the units of its columns."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.linear._working_columns import scale_block, theta_basis
from rpcstats.mixed.structure.model_frame import Block, FloatArray

SAMPLE_ROWS = 20_000
"""Rows from which the columns' coordinates are taken; they only need to be about orthogonal."""


WELL_APART = 0.1
"""Columns of which the others leave more than this part lose no more than two digits."""

DEPENDENT = 1e-12
"""Columns of which the others leave less than this part are rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchCoordinates:
    """Columns and parameters free of units and of where covariates have their zero.

    Attributes
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns, less their means for an ordered response.
    blocks : tuple of Block
        Random effects; orthogonal columns where those of the model lose digits.
    beta_scale : ndarray of shape (p, p)
        β times this belongs to columns that are about orthonormal.
    theta_scale : ndarray of shape (k,)
        Root mean square of the model's column whose loading each element of θ is.
    shift : ndarray of shape (d, d)
        The parameters of the model times this belong to `X` and `blocks`.
    scaling : ndarray of shape (d, d)
        The parameters of the model times this are of order one and about orthogonal.

    Notes
    -----
    P(Y <= j) = F(α_j - x'β) = F(α_j - m'β - (x - m)'β): every structure of thresholds moves as a
    whole with one parameter, which takes the means m up without error.
    """

    X: FloatArray
    blocks: tuple[Block, ...]
    beta_scale: FloatArray
    theta_scale: FloatArray
    shift: FloatArray
    scaling: FloatArray

    def orthogonal_columns(self) -> tuple[FloatArray, FloatArray]:
        """Make the columns orthonormal where products of them lose digits.

        Returns
        -------
        X : ndarray of shape (n, p)
            The columns, or orthonormal ones.
        shift : ndarray of shape (d, d)
            The parameters of the model times this belong to them.
        """
        R, shift = self.beta_scale, self.shift
        if np.all(np.abs(np.diag(R)) >= WELL_APART * np.sqrt((R**2).sum(axis=0))):
            return self.X, shift
        shift = shift.copy()
        shift[: len(R), : len(R)] = R
        return np.asarray(np.linalg.solve(R.T, self.X.T).T), shift


def search_coordinates(
    X: FloatArray, blocks: tuple[Block, ...], likelihood: ResponseLikelihood
) -> SearchCoordinates:
    """Centre columns where thresholds take up the means, and find orthogonal coordinates.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns of full rank.
    blocks : tuple of Block
        Random effects.
    likelihood : ResponseLikelihood
        Distribution and link.

    Returns
    -------
    SearchCoordinates
        Columns and coordinates.
    """
    p, e = X.shape[1], len(likelihood.extra_names)
    scaled = [scale_block(block, None, form=False) for block in blocks]
    factors = [C for _, C, _, _ in scaled]
    # the columns were replaced where no matrix is given that still would
    used = [C if unused is None else np.eye(len(C)) for _, C, _, unused in scaled]
    shift = np.asarray(linalg.block_diag(np.eye(p), theta_basis(blocks, used), np.eye(e)))
    if likelihood.location is not None:
        means = centre(X, likelihood)
        shift[len(shift) - e + likelihood.location, :p] = -means
        X = X - means
    beta_scale = scale_columns(X)
    scaling = shift.copy()
    scaling[:p, :p] = beta_scale
    inner = slice(p, len(shift) - e)
    scaling[inner, inner] = theta_basis(blocks, factors)
    return SearchCoordinates(
        X=X,
        blocks=tuple(
            replace(block, Z=Z) if unused is None else block
            for block, (Z, _, _, unused) in zip(blocks, scaled, strict=True)
        ),
        beta_scale=beta_scale,
        theta_scale=np.concatenate(
            [size[block.rows] for block, (_, _, size, _) in zip(blocks, scaled, strict=True)]
        ),
        shift=shift,
        scaling=scaling,
    )


def centre(X: FloatArray, likelihood: ResponseLikelihood) -> FloatArray:
    """Give what is taken off the columns, 0 unless thresholds take it up.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns.
    likelihood : ResponseLikelihood
        Distribution and link.

    Returns
    -------
    ndarray of shape (p,)
        The means, or zeros; zeros too for columns that with a constant are dependent.
    """
    if likelihood.location is None or not len(X):
        return np.zeros(X.shape[1])
    first = X[0]  # differences from a row are exact where a mean of large numbers is not
    means = np.asarray(first + (X - first).mean(axis=0))
    R = scale_columns(X - means)
    size = np.sqrt((X**2).mean(axis=0))
    independent = np.abs(np.diag(R)) > DEPENDENT * size
    return means if independent.all() else np.zeros(X.shape[1])


def working_effects(block: Block) -> tuple[FloatArray, FloatArray]:
    """Give coordinates of the random effects of a block in which they are about uncorrelated.

    Parameters
    ----------
    block : Block
        Random effects of one grouping factor.

    Returns
    -------
    factor : ndarray of shape (q, q)
        Lower triangular C; the columns Z C⁻¹ have mean square one, and those whose covariance
        is free are orthogonal.
    basis : ndarray of shape (k, k)
        θ times this holds the elements of C Λ.
    """
    _, factor, _, _ = scale_block(block, None, form=False)
    return factor, theta_basis((block,), [factor])


def scale_columns(X: FloatArray) -> FloatArray:
    """Give the coordinates in which the columns are about orthonormal.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Columns of full rank.

    Returns
    -------
    ndarray of shape (p, p)
        Upper triangular R such that the columns of X R⁻¹ have mean square 1 and are about
        orthogonal.
    """
    n, p = X.shape
    step = max(1, n // SAMPLE_ROWS)
    for rows in (X[::step], X):
        R = np.asarray(np.linalg.qr(rows, mode="r")) / np.sqrt(max(len(rows), 1))
        size = np.abs(np.diag(R)) if R.shape == (p, p) else np.zeros(1)
        lengths = np.sqrt((rows**2).mean(axis=0))
        if p == 0 or np.all(size > DEPENDENT * np.maximum(lengths, np.finfo(np.float64).tiny)):
            break
    signs = np.where(np.diag(R) < 0.0, -1.0, 1.0)
    return np.asarray(R * signs[:, None], dtype=np.float64)
