"""Deviances of one model for many responses at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.linear._batch_newton import Batch
from rpcstats.mixed.linear._level_sums import PatternSums
from rpcstats.mixed.linear._profile import Profile, profile
from rpcstats.mixed.linear._search_objective import LARGEST
from rpcstats.mixed.linear.group_products import response_products
from rpcstats.mixed.linear.one_factor import OneFactorProblem
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class BatchObjective:
    """Profiled deviances of many responses in working coordinates, constants left out.

    Attributes
    ----------
    sums : PatternSums
        Sums over patterns of levels, one batch element a response.
    block : Block
        Random effects.
    reml : bool
        Whether the deviance is the restricted one.
    df : int
        n - p under REML, else n.
    """

    sums: PatternSums
    block: Block
    reml: bool
    df: int

    def profiles(self, x: FloatArray, members: NDArray[np.intp], order: int) -> Profile:
        """Profile the deviance of some responses.

        Parameters
        ----------
        x : ndarray of shape (c, k)
            Elements of Λ̃, one row a response.
        members : ndarray of shape (c,), int
            Numbers of the responses.
        order : int
            Highest derivative wanted.

        Returns
        -------
        Profile
            The parts of the deviances.
        """
        part = self.sums
        if len(members) < len(part.T):
            part = PatternSums(part.A, part.counts, part.T[members], part.S[members])
        return profile(part, self.block, x, reml=self.reml, order=order)

    def evaluate(self, x: FloatArray, members: NDArray[np.intp]) -> Batch:
        """Evaluate deviance, gradient and Hessian of some responses.

        Parameters
        ----------
        x : ndarray of shape (c, k)
            Elements of Λ̃.
        members : ndarray of shape (c,), int
            Numbers of the responses.

        Returns
        -------
        Batch
            Infinite values where a model is singular.
        """
        try:
            return self._evaluate_regular(x, members)
        except np.linalg.LinAlgError:
            if len(members) == 1:
                k = x.shape[1]
                return Batch(x, np.array([np.inf]), np.zeros((1, k)), np.eye(k)[None])
        single = [self.evaluate(x[i : i + 1], members[i : i + 1]) for i in range(len(members))]
        return Batch(*(np.concatenate(parts) for parts in zip(*single, strict=True)))

    def _evaluate_regular(self, x: FloatArray, members: NDArray[np.intp]) -> Batch:
        if not np.abs(x).max() < LARGEST:
            raise np.linalg.LinAlgError("random effects swamp the residuals")
        parts = self.profiles(x, members, 2)
        if parts.d_criterion is None or parts.d_r2 is None:
            raise ValueError("evaluated without derivatives")
        if parts.d2_criterion is None or parts.d2_r2 is None:
            raise ValueError("evaluated without second derivatives")
        if np.any(parts.r2 <= 0.0):
            raise np.linalg.LinAlgError("nothing is left of a response")
        sigma2 = parts.r2 / self.df
        value = parts.criterion + self.df * np.log(parts.r2)
        slope = parts.d_r2 / sigma2[:, None]
        outer = slope[:, :, None] * slope[:, None, :] / self.df
        hessian = parts.d2_criterion + parts.d2_r2 / sigma2[:, None, None] - outer
        return Batch(x, value, parts.d_criterion + slope, hessian)


def batch_sums(
    problem: OneFactorProblem, Y: FloatArray, pattern: IntArray, n_pattern: int
) -> PatternSums:
    """Pool the products of many responses.

    Parameters
    ----------
    problem : OneFactorProblem
        The model.
    Y : ndarray of shape (n, b)
        Weighted responses, orthogonal to the fixed effects.
    pattern : ndarray of shape (G,), int
        Pattern of each level.
    n_pattern : int
        Number of patterns, P.

    Returns
    -------
    PatternSums
        One batch element a response.
    """
    m, q, _ = problem.products.B.shape
    n_response = Y.shape[1]
    responses = response_products(problem.products.members, problem.rows, Y)
    T = np.empty((n_response, q, q, n_pattern, m, m))
    counts = np.bincount(pattern, minlength=n_pattern)
    order = np.argsort(pattern, kind="stable")
    A = np.empty((q, q, n_pattern))
    for number, end in enumerate(np.cumsum(counts)):
        levels = order[end - counts[number] : end]
        A[..., number] = problem.products.A[..., levels[0]]
        B = problem.products.B[:-1, :, levels].reshape((m - 1) * q, len(levels))
        own = responses[:, levels]
        place = T[..., number, :, :]
        place[..., :-1, :-1] = (B @ B.T).reshape(m - 1, q, m - 1, q).transpose(1, 3, 0, 2)
        mixed = np.tensordot(B, own, axes=(1, 1)).reshape(m - 1, q, q, n_response)
        place[..., :-1, -1] = mixed.transpose(3, 1, 2, 0)
        place[..., -1, :-1] = mixed.transpose(3, 2, 1, 0)
        place[..., -1, -1] = np.einsum("agb,cgb->bac", own, own)
    S = np.zeros((n_response, m, m))
    S[:] = np.eye(m)
    S[:, -1, -1] = np.einsum("ib,ib->b", Y, Y)
    return PatternSums(A, counts.astype(np.float64), T.reshape(n_response, -1, m * m), S)
