"""Newton steps of all coefficients and effects at once by preconditioned conjugate gradients."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._point import Point

FloatArray = NDArray[np.float64]

MAX_PRODUCTS: Final = 500
"""Products with the Hessian in one solution; ten to thirty are usual."""


@dataclass(frozen=True, slots=True, eq=False)
class Preconditioner:
    """A Hessian without the curvature that levels share, which is easily inverted.

    Attributes
    ----------
    inverses : list of ndarray of shape (L, q, q)
        Inverses of the diagonal blocks of each grouping factor.
    C : ndarray of shape (Q, p)
        Block of the effects and the coefficients.
    solved : ndarray of shape (Q, p)
        The inverse blocks times `C`.
    schur : ndarray of shape (p, p)
        What the effects leave of the coefficients' block.
    """

    inverses: list[FloatArray]
    C: FloatArray
    solved: FloatArray
    schur: FloatArray

    def solve(self, g: FloatArray) -> FloatArray:
        """Multiply by the inverse.

        Parameters
        ----------
        g : ndarray of shape (p + Q,)
            Right side.

        Returns
        -------
        ndarray of shape (p + Q,)
            Solution.
        """
        p = len(self.schur)
        by_level = self._solve_levels(g[p:])
        if p == 0:
            return by_level
        beta = np.linalg.solve(self.schur, g[:p] - self.C.T @ by_level)
        return np.concatenate([beta, by_level - self.solved @ beta])

    def _solve_levels(self, g: FloatArray) -> FloatArray:
        return _apply_blocks(self.inverses, g[:, None])[:, 0]


def precondition(
    columns: MixedColumns, point: Point, factors: list[FloatArray], curvature: FloatArray
) -> Preconditioner:
    """Prepare a preconditioner.

    Parameters
    ----------
    columns : MixedColumns
        The data.
    point : Point
        The partial likelihood.
    factors : list of ndarray of shape (q, q)
        Λ of each grouping factor.
    curvature : ndarray of shape (Q,)
        Second derivative of the penalty.

    Returns
    -------
    Preconditioner
        Exact but for the curvature shared between levels.
    """
    inverses: list[FloatArray] = []
    for part, penalty, Lambda in zip(
        columns.levels, columns.split(curvature), factors, strict=True
    ):
        blocks = Lambda.T @ part.squares(point.expected) @ Lambda
        blocks[:, range(part.n_effect), range(part.n_effect)] += penalty
        one = part.n_effect == 1
        inverses.append(np.asarray(1.0 / blocks if one else np.linalg.inv(blocks)))
    if columns.p == 0:
        empty = np.zeros((columns.n_effect, 0))
        return Preconditioner(inverses, empty, empty, np.zeros((0, 0)))
    WX = point.times(columns.X)
    C = np.array([columns.adjoint(line, factors)[columns.p :] for line in WX]).T
    solved = _apply_blocks(inverses, C)
    schur = columns.X @ WX.T
    return Preconditioner(inverses, C, solved, _kept_positive(schur, schur - C.T @ solved))


def _kept_positive(whole: FloatArray, schur: FloatArray) -> FloatArray:
    """Fall back on the block itself where leaving out shared curvature took too much off."""
    if np.linalg.eigvalsh(schur)[0] > 1e-6 * np.linalg.eigvalsh(whole)[-1]:
        return schur
    return whole + 1e-12 * np.eye(len(whole)) * float(np.trace(whole))


def _apply_blocks(inverses: list[FloatArray], g: FloatArray) -> FloatArray:
    parts, first = [], 0
    for inverse in inverses:
        n_level, n_effect = inverse.shape[:2]
        rows = g[first : first + n_level * n_effect].reshape(n_level, n_effect, -1)
        product = inverse * rows if n_effect == 1 else inverse @ rows
        parts.append(product.reshape(n_level * n_effect, -1))
        first += n_level * n_effect
    return np.concatenate(parts) if parts else np.zeros_like(g)


def solve_newton(
    point: Point,
    factors: list[FloatArray],
    curvature: FloatArray,
    g: FloatArray,
    preconditioner: Preconditioner,
    tolerance: float,
) -> tuple[FloatArray, int]:
    """Solve with the Hessian of the penalised partial likelihood.

    Parameters
    ----------
    point : Point
        The partial likelihood.
    factors : list of ndarray of shape (q, q)
        Λ of each grouping factor.
    curvature : ndarray of shape (Q,)
        Second derivative of the penalty.
    g : ndarray of shape (p + Q,)
        Right side.
    preconditioner : Preconditioner
        Of a Hessian near this one.
    tolerance : float
        Size of the residual, in the preconditioner's norm, over that of the right side.

    Returns
    -------
    solution : ndarray of shape (p + Q,)
        Solution.
    n_product : int
        Products with the Hessian.
    """
    columns = point.columns
    p = columns.p
    z = np.zeros_like(g)
    residual = g.copy()
    searched = preconditioner.solve(residual)
    direction = searched
    size = float(residual @ searched)
    target = tolerance**2 * size
    for count in range(MAX_PRODUCTS):
        if not size > target:
            return z, count
        product = columns.adjoint(point.times(columns.linear(direction, factors)), factors)
        product[p:] += curvature * direction[p:]
        curve = float(direction @ product)
        if not curve > 0.0:
            return z, count
        step = size / curve
        z = z + step * direction
        residual = residual - step * product
        searched = preconditioner.solve(residual)
        before, size = size, float(residual @ searched)
        direction = searched + (size / before) * direction
    return z, MAX_PRODUCTS
