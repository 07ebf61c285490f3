"""Ways of holding the curvature of the random effects, with its determinant and inverse."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Solve = Callable[[FloatArray], FloatArray]
OwnBlocks = Callable[[], list[FloatArray]]


class CurvatureFactor(Protocol):
    """The curvature H of the effects u, factored.

    Attributes
    ----------
    log_det : float
        Log of its determinant; NaN where H is not positive definite.
    """

    @property
    def log_det(self) -> float:
        """Log of the determinant."""
        ...

    def solve(self, B: FloatArray) -> FloatArray:
        """Give H⁻¹ B."""
        ...

    def inverse_blocks(self, sizes: list[tuple[int, int]]) -> list[FloatArray]:
        """Give the diagonal blocks of H⁻¹, (L, q, q) a grouping factor."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class DiagonalFactor:
    """A diagonal curvature.

    Attributes
    ----------
    diagonal : ndarray of shape (Q,)
        H.
    """

    diagonal: FloatArray

    @property
    def log_det(self) -> float:
        """Log of the determinant."""
        if not (self.diagonal > 0.0).all():
            return np.nan
        return float(np.log(self.diagonal).sum())

    def solve(self, B: FloatArray) -> FloatArray:
        """Solve with the curvature.

        Parameters
        ----------
        B : ndarray of shape (Q, c)
            Right sides.

        Returns
        -------
        ndarray of shape (Q, c)
            H⁻¹ B.
        """
        # A mode at the edge has no curvature: its error is not known, which the fit tells.
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(B / self.diagonal[:, None])

    def inverse_blocks(self, sizes: list[tuple[int, int]]) -> list[FloatArray]:
        """Invert level by level.

        Parameters
        ----------
        sizes : list of tuple of int
            Levels and effects of each grouping factor.

        Returns
        -------
        list of ndarray of shape (L, q, q)
            Diagonal blocks of H⁻¹.
        """
        return _blocks_of_diagonal(1.0 / self.diagonal, sizes)


@dataclass(frozen=True, slots=True, eq=False)
class BorderedFactor:
    """A curvature with a diagonal part and a full border.

    Attributes
    ----------
    alone : ndarray of shape (s,), int
        Effects of the diagonal part.
    border : ndarray of shape (c,), int
        The other effects.
    diagonal : ndarray of shape (s,)
        The diagonal part.
    C : ndarray of shape (s, c)
        What links both parts.
    L : ndarray of shape (c, c)
        Lower Cholesky factor of the border less what the diagonal part explains.
    is_positive : bool
        Whether H is positive definite.
    """

    alone: IntArray
    border: IntArray
    diagonal: FloatArray
    C: FloatArray
    L: FloatArray
    is_positive: bool

    @property
    def log_det(self) -> float:
        """Log of the determinant."""
        if not self.is_positive:
            return np.nan
        return float(np.log(self.diagonal).sum() + 2.0 * np.log(np.diag(self.L)).sum())

    def solve(self, B: FloatArray) -> FloatArray:
        """Solve with the curvature.

        Parameters
        ----------
        B : ndarray of shape (Q, c)
            Right sides.

        Returns
        -------
        ndarray of shape (Q, c)
            H⁻¹ B.
        """
        first = B[self.alone] / self.diagonal[:, None]
        rest = linalg.cho_solve((self.L, True), B[self.border] - self.C.T @ first)
        result = np.empty_like(B)
        result[self.border] = rest
        result[self.alone] = first - (self.C @ rest) / self.diagonal[:, None]
        return result

    def inverse_blocks(self, sizes: list[tuple[int, int]]) -> list[FloatArray]:
        """Invert, and keep what belongs to one level.

        Parameters
        ----------
        sizes : list of tuple of int
            Levels and effects of each grouping factor.

        Returns
        -------
        list of ndarray of shape (L, q, q)
            Diagonal blocks of H⁻¹.
        """
        inverse = linalg.cho_solve((self.L, True), np.eye(len(self.L)))
        if not len(self.alone):
            return _blocks_of_matrix(inverse, sizes)
        scaled = self.C / self.diagonal[:, None]
        whole = np.zeros(len(self.alone) + len(self.border))
        whole[self.alone] = 1.0 / self.diagonal + ((scaled @ inverse) * scaled).sum(axis=1)
        whole[self.border] = np.diag(inverse)
        blocks = _blocks_of_diagonal(whole, sizes)
        place = np.full(len(whole), -1)
        place[self.border] = np.arange(len(self.border))
        first = 0
        for block, (n_level, q) in zip(blocks, sizes, strict=True):
            if q > 1:
                at = place[first : first + n_level * q].reshape(n_level, q)
                block[:] = inverse[at[:, :, None], at[:, None, :]]
            first += n_level * q
        return blocks


@dataclass(frozen=True, slots=True, eq=False)
class LowRankFactor:
    """A curvature P - V V' with few columns V.

    Attributes
    ----------
    solve_own : callable
        Gives P⁻¹ B.
    log_det_own : float
        Log of the determinant of P.
    own_blocks : callable
        Gives the diagonal blocks of P⁻¹, (L, q, q) a grouping factor.
    V : ndarray of shape (Q, c)
        The columns.
    solved : ndarray of shape (Q, c)
        P⁻¹ V.
    L : ndarray of shape (c, c)
        Lower Cholesky factor of I - V' P⁻¹ V.
    is_positive : bool
        Whether H is positive definite.
    """

    solve_own: Solve
    log_det_own: float
    own_blocks: OwnBlocks
    V: FloatArray
    solved: FloatArray
    L: FloatArray
    is_positive: bool

    @property
    def log_det(self) -> float:
        """Log of the determinant (the matrix determinant lemma)."""
        if not self.is_positive:
            return np.nan
        return self.log_det_own + 2.0 * float(np.log(np.diag(self.L)).sum())

    def solve(self, B: FloatArray) -> FloatArray:
        """Solve with the curvature (Woodbury 1950).

        Parameters
        ----------
        B : ndarray of shape (Q, c)
            Right sides.

        Returns
        -------
        ndarray of shape (Q, c)
            H⁻¹ B.
        """
        core = linalg.cho_solve((self.L, True), self.solved.T @ B)
        return np.asarray(self.solve_own(B) + self.solved @ core)

    def inverse_blocks(self, sizes: list[tuple[int, int]]) -> list[FloatArray]:
        """Invert, and keep what belongs to one level.

        Parameters
        ----------
        sizes : list of tuple of int
            Levels and effects of each grouping factor.

        Returns
        -------
        list of ndarray of shape (L, q, q)
            Diagonal blocks of H⁻¹.
        """
        half = linalg.solve_triangular(self.L, self.solved.T, lower=True).T
        blocks, first = [], 0
        for own, (n_level, q) in zip(self.own_blocks(), sizes, strict=True):
            part = half[first : first + n_level * q].reshape(n_level, q, -1)
            blocks.append(own + part @ part.transpose(0, 2, 1))
            first += n_level * q
        return blocks


def _blocks_of_diagonal(diagonal: FloatArray, sizes: list[tuple[int, int]]) -> list[FloatArray]:
    blocks, first = [], 0
    for n_level, q in sizes:
        block = np.zeros((n_level, q, q))
        block[:, range(q), range(q)] = diagonal[first : first + n_level * q].reshape(n_level, q)
        blocks.append(block)
        first += n_level * q
    return blocks


def _blocks_of_matrix(inverse: FloatArray, sizes: list[tuple[int, int]]) -> list[FloatArray]:
    blocks, first = [], 0
    for n_level, q in sizes:
        at = first + np.arange(n_level * q).reshape(n_level, q)
        blocks.append(inverse[at[:, :, None], at[:, None, :]])
        first += n_level * q
    return blocks


def cholesky(H: FloatArray) -> tuple[FloatArray, bool]:
    """Factor a matrix that should be positive definite.

    Parameters
    ----------
    H : ndarray of shape (c, c)
        The matrix; it is overwritten.

    Returns
    -------
    L : ndarray of shape (c, c)
        Lower Cholesky factor; the identity where there is none.
    is_positive : bool
        Whether there is one.
    """
    if not len(H):
        return H, True
    try:
        L = linalg.cholesky(H, lower=True, overwrite_a=True, check_finite=False)
    except linalg.LinAlgError:
        return np.eye(len(H)), False
    return np.asarray(L), bool(np.isfinite(np.diag(L)).all())
