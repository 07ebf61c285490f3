"""Linear mixed models of few levels: every product of the random-effects columns held dense."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy import linalg

from rpcstats.mixed.linear.cross_products import cross_products
from rpcstats.mixed.linear.dense_derivatives import first_products, second_products
from rpcstats.mixed.linear.dense_profile import Products, profile
from rpcstats.mixed.linear.evaluation import CrossProducts, Evaluation, Modes
from rpcstats.mixed.linear.moment_start import Moments, moment_start
from rpcstats.mixed.linear.on_rows import OnRows
from rpcstats.mixed.linear.rows import make_rows
from rpcstats.mixed.linear.sparse_products import all_columns
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta


@dataclass(frozen=True, eq=False)
class DenseProblem(OnRows):
    """A linear mixed model with any blocks whose Q levels and effects fit a dense matrix.

    Attributes
    ----------
    rows : Rows
        Columns in working coordinates.
    ZtZ : ndarray of shape (Q, Q)
        Z̃'Z̃.
    ZtW : ndarray of shape (Q, p + 1)
        Z̃'[X̃ ỹ].

    Notes
    -----
    With A = Λ'Z'ZΛ + I the identities of Bates et al. (2015, section 3) give the deviance, and
    Z'V₀⁻¹Z = Z'Z - Z'ZΛA⁻¹Λ'Z'Z every derivative, also where Λ is singular.
    """

    ZtZ: FloatArray
    ZtW: FloatArray

    @classmethod
    def from_columns(
        cls,
        X: FloatArray,
        y: FloatArray,
        blocks: tuple[Block, ...],
        weights: FloatArray | None = None,
    ) -> Self:
        """Form the products once.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Fixed-effects columns of full rank.
        y : ndarray of shape (n,)
            Response, the offset taken off.
        blocks : tuple of Block
            Random effects.
        weights : ndarray of shape (n,), optional
            Prior weights.

        Returns
        -------
        DenseProblem
            Ready to be evaluated.
        """
        rows = make_rows(X, y, blocks, weights)
        Z = all_columns(blocks, rows.Z)
        ZtW = np.asarray(Z.T @ np.column_stack([rows.X, rows.y]))
        return cls(rows, (Z.T @ Z).toarray(), ZtW)

    @property
    def start(self) -> FloatArray:
        """Start of a search for θ, guessed from moments."""
        counts = [(block.n_level, block.n_effect) for block in self.blocks]
        which = linalg.block_diag(*(np.tile(np.eye(q), (L, 1)) for L, q in counts))
        ZtX = self.ZtW[:, :-1]
        left = self.ZtZ - ZtX @ ZtX.T
        moments = Moments(
            products=which.T @ left**2 @ which,
            observed=which.T @ self.ZtW[:, -1] ** 2,
            sizes=which.T @ np.diag(left),
            n=float(self.n - self.p),
        )
        return moment_start(self.rows, moments)

    @property
    def cheap_hessian(self) -> bool:
        """Whether second derivatives cost little more than first ones: always."""
        return True

    @cached_property
    def _fixed(self) -> FloatArray:
        """Give [X̃ ỹ]'[X̃ ỹ]; X̃ is orthonormal and ỹ orthogonal to it."""
        result = np.eye(self.p + 1)
        result[-1, -1] = self.rows.y @ self.rows.y
        return result

    def evaluate(self, theta: FloatArray, *, reml: bool, order: int = 1) -> Evaluation:
        """Evaluate the deviance and its derivatives.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.
        reml : bool
            Whether to evaluate the restricted deviance.
        order : int
            0 for the value, 1 with the gradient, 2 with the Hessian.

        Returns
        -------
        Evaluation
            The deviance at θ.
        """
        theta = np.asarray(theta, dtype=np.float64)
        factors = self._factors(theta)
        lower, right = self._factorise(factors)
        reduced = _solve(lower, times_factor(factors, self.blocks, self.ZtW.T).T)
        products = Products(
            2.0 * float(np.log(np.diag(lower)).sum()), self._fixed - reduced.T @ reduced
        )
        if order:
            half = _solve(lower, right.T)
            ZtVW = self.ZtW - half.T @ reduced
            basis = self.rows.basis
            if order == 1:
                diagonal = self._diagonal_blocks(half)
                products = first_products(products, self.blocks, factors, diagonal, ZtVW, basis)
            else:
                ZtVZ = self.ZtZ - half.T @ half
                products = second_products(products, self.blocks, factors, ZtVZ, ZtVW, basis)
        return profile(self.rows, theta, reml, products)

    def modes(self, theta: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.

        Returns
        -------
        tuple of Modes
            One a block, in the coordinates of the formula.
        """
        factors = self._factors(np.asarray(theta, dtype=np.float64))
        lower, _ = self._factorise(factors)
        reduced = _solve(lower, times_factor(factors, self.blocks, self.ZtW.T).T)
        S = self._fixed - reduced.T @ reduced
        beta = np.linalg.solve(S[:-1, :-1], S[:-1, -1])
        u = linalg.solve_triangular(lower, reduced @ np.append(-beta, 1.0), lower=True, trans=1)
        inverse = _solve(lower, np.eye(len(lower)))
        result, start = [], 0
        for block, Lambda, C in zip(self.blocks, factors, self.rows.to_working, strict=True):
            q, end = block.n_effect, start + block.n_level * block.n_effect
            back = linalg.solve_triangular(C, Lambda, lower=True)
            columns = inverse[:, start:end].reshape(-1, block.n_level, q)
            inner = np.einsum("ria,rib->iab", columns, columns)
            result.append(Modes(u[start:end].reshape(-1, q) @ back.T, back @ inner @ back.T))
            start = end
        return tuple(result)

    def with_response(self, y: FloatArray) -> Self:
        """Give the same problem with another response.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The response, not weighted.

        Returns
        -------
        DenseProblem
            Shares everything else.
        """
        rows = self.rows.with_response(y)
        ZtW = self.ZtW.copy()
        Zty = all_columns(self.blocks, rows.Z).T @ rows.y
        ZtW[:, -1] = Zty
        return replace(self, rows=rows, ZtW=ZtW)

    def cross_products(self) -> CrossProducts:
        """Give the products of the columns in the coordinates of the formula.

        Returns
        -------
        CrossProducts
            Products of the weighted columns.
        """
        return cross_products(self.rows)

    def _factors(self, theta: FloatArray) -> list[FloatArray]:
        parts = split_theta(self.blocks, self.rows.basis @ theta)
        return [block.factor(part) for block, part in zip(self.blocks, parts, strict=True)]

    def _factorise(self, factors: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
        """Give the Cholesky factor of A and Z'ZΛ."""
        right = times_factor(factors, self.blocks, self.ZtZ)
        A = times_factor(factors, self.blocks, right.T)
        A[np.diag_indices_from(A)] += 1.0
        lower: FloatArray = linalg.cholesky(A, lower=True, overwrite_a=True, check_finite=False)
        return lower, right

    def _diagonal_blocks(self, half: FloatArray) -> list[FloatArray]:
        """Give the q × q diagonal blocks of Z'V₀⁻¹Z, summed over the levels of each block."""
        result, start = [], 0
        for block in self.blocks:
            q, end = block.n_effect, start + block.n_level * block.n_effect
            inner = self.ZtZ[start:end, start:end].reshape(block.n_level, q, block.n_level, q)
            columns = half[:, start:end].reshape(-1, q)
            result.append(np.einsum("iaib->ab", inner) - columns.T @ columns)
            start = end
        return result


def times_factor(
    factors: list[FloatArray], blocks: tuple[Block, ...], matrix: FloatArray
) -> FloatArray:
    """Multiply a matrix from the right by Λ.

    Parameters
    ----------
    factors : list of ndarray of shape (q, q)
        Λ of one level of each block.
    blocks : tuple of Block
        Random effects.
    matrix : ndarray of shape (m, Q)
        The matrix.

    Returns
    -------
    ndarray of shape (m, Q)
        The product.
    """
    result, start = np.empty(matrix.shape), 0
    for block, Lambda in zip(blocks, factors, strict=True):
        end = start + block.n_level * block.n_effect
        part = matrix[:, start:end].reshape(len(matrix), block.n_level, block.n_effect)
        result[:, start:end] = (part @ Lambda).reshape(len(matrix), -1)
        start = end
    return result


def _solve(lower: FloatArray, right: FloatArray) -> FloatArray:
    result: FloatArray = linalg.solve_triangular(lower, right, lower=True, check_finite=False)
    return result
