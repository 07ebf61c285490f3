"""Factorisation, solution and selected inverse by elimination level by level."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dpotrs

from rpcstats.mixed.general.elimination_plan import EliminationPlan, Front
from rpcstats.mixed.structure.model_frame import FloatArray

SWEPT_EFFECTS = 8
"""Blocks up to this size are inverted all at once, larger ones one by one by LAPACK."""


class NotPositiveDefiniteError(ArithmeticError):
    """A matrix to be factorised has no Cholesky factor."""


@dataclass(frozen=True, slots=True, eq=False)
class _SmallPivots:
    """Inverses of many small blocks."""

    inverses: FloatArray
    logdet: float

    def apply(self, right: FloatArray) -> FloatArray:
        result: FloatArray = (
            self.inverses * right if self.inverses.shape[1] == 1 else self.inverses @ right
        )
        return result

    def inverse(self) -> FloatArray:
        return self.inverses


@dataclass(frozen=True, slots=True, eq=False)
class _LargePivots:
    """Cholesky factors of a few large blocks."""

    factors: tuple[FloatArray, ...]
    logdet: float

    def apply(self, right: FloatArray) -> FloatArray:
        return np.stack(
            [dpotrs(U, part, lower=0)[0] for U, part in zip(self.factors, right, strict=True)]
        )

    def inverse(self) -> FloatArray:
        return np.stack([_invert_factor(U) for U in self.factors])


def _invert_factor(U: FloatArray) -> FloatArray:
    upper = dpotri(U, lower=0)[0]
    result: FloatArray = np.triu(upper) + np.triu(upper, 1).T
    return result


@dataclass(frozen=True, slots=True, eq=False)
class Factorised:
    """A factorised matrix.

    Attributes
    ----------
    plan : EliminationPlan
        Order of elimination.
    logdet : float
        Log-determinant.
    pivots : tuple
        Of each front, its blocks when they were eliminated.
    ratios : tuple of ndarray of shape (L, s, k)
        Of each front, the inverse pivots times the couplings.
    """

    plan: EliminationPlan
    logdet: float
    pivots: tuple[_SmallPivots | _LargePivots, ...]
    ratios: tuple[FloatArray, ...]

    def solve(self, right: FloatArray) -> FloatArray:
        """Solve for one right-hand side.

        Parameters
        ----------
        right : ndarray of shape (Q,)
            Right-hand side, in order of elimination.

        Returns
        -------
        ndarray of shape (Q,)
            Solution.
        """
        x = right.copy()
        for front, ratio in zip(self.plan.fronts, self.ratios, strict=True):
            if front.later.size:
                update = np.einsum("ls,lsk->lk", x[front.nodes], ratio)
                np.subtract.at(x, front.later.ravel(), update.ravel())
        steps = zip(self.plan.fronts, self.pivots, self.ratios, strict=True)
        for front, pivots, ratio in reversed(list(steps)):
            part = pivots.apply(x[front.nodes][:, :, None])[:, :, 0]
            if front.later.size:
                part = part - np.einsum("lsk,lk->ls", ratio, x[front.later])
            x[front.nodes] = part
        return x

    def inverse(self) -> FloatArray:
        """Give the entries of the inverse at the places the plan keeps.

        Returns
        -------
        ndarray of shape (E,)
            Entries of the inverse; the blocks of supernodes with both triangles.

        Notes
        -----
        From the last front to the first: the recursion of Takahashi, Fagan and Chin (1973).
        """
        result = np.empty(self.plan.n_entry)
        steps = zip(self.plan.fronts, self.pivots, self.ratios, strict=True)
        for front, pivots, ratio in reversed(list(steps)):
            own = pivots.inverse()
            if front.later.size:
                cross = -(ratio @ _gather_symmetric(result, front))
                own = own - cross @ ratio.transpose(0, 2, 1)
                result[front.coupling] = cross.ravel()
            result[front.own] = own.ravel()
        return result


def factorise(plan: EliminationPlan, entries: FloatArray) -> Factorised:
    """Eliminate the random effects front by front.

    Parameters
    ----------
    plan : EliminationPlan
        Order of elimination.
    entries : ndarray of shape (E,)
        Entries of a symmetric matrix, lower triangles; overwritten.

    Returns
    -------
    Factorised
        The factor.

    Raises
    ------
    NotPositiveDefiniteError
        If the matrix is not positive definite.
    """
    logdet = 0.0
    all_pivots: list[_SmallPivots | _LargePivots] = []
    ratios: list[FloatArray] = []
    for front in plan.fronts:
        n_super, s = front.nodes.shape
        k = front.later.shape[1]
        pivots = _factorise_blocks(entries[front.own].reshape(n_super, s, s))
        coupling = entries[front.coupling].reshape(n_super, s, k)
        ratio = pivots.apply(coupling) if k else coupling
        if k:
            row, column = front.triangle
            fill = coupling[:, 0, row] * ratio[:, 0, column]
            for effect in range(1, s):
                fill += coupling[:, effect, row] * ratio[:, effect, column]
            np.subtract.at(entries, front.fill.ravel(), fill.ravel())
        logdet += pivots.logdet
        all_pivots.append(pivots)
        ratios.append(ratio)
    return Factorised(plan, logdet, tuple(all_pivots), tuple(ratios))


def _factorise_blocks(blocks: FloatArray) -> _SmallPivots | _LargePivots:
    if blocks.shape[1] <= SWEPT_EFFECTS:
        return _sweep_blocks(blocks)
    factors = []
    logdet = 0.0
    for block in blocks:
        U, info = dpotrf(block.T, lower=0)
        if info or not np.all(np.isfinite(diagonal := np.diagonal(U))):
            raise NotPositiveDefiniteError
        logdet += 2.0 * float(np.sum(np.log(diagonal)))
        factors.append(U)
    return _LargePivots(tuple(factors), logdet)


def _sweep_blocks(blocks: FloatArray) -> _SmallPivots:
    s = blocks.shape[1]
    work = blocks.copy() if s == 1 else np.tril(blocks) + np.tril(blocks, -1).transpose(0, 2, 1)
    logdet = 0.0
    for j in range(s):
        pivot = work[:, j, j].copy()
        if not np.all(pivot > 0.0) or not np.all(np.isfinite(pivot)):
            raise NotPositiveDefiniteError
        logdet += float(np.sum(np.log(pivot)))
        column = work[:, :, j].copy()
        column[:, j] = 0.0
        work[:, j, j] = 1.0
        work[:, j, :] /= pivot[:, None]
        work[:, np.arange(s) != j, j] = 0.0
        work -= column[:, :, None] * work[:, None, j, :]
    return _SmallPivots(work, logdet)


def _gather_symmetric(entries: FloatArray, front: Front) -> FloatArray:
    n_super, k = front.later.shape
    values: FloatArray = np.take(entries[front.fill], front.square.ravel(), axis=1)
    return values.reshape(n_super, k, k)
