"""Linear mixed models with one grouping factor, exact to the second derivative."""

from dataclasses import dataclass, replace

import numpy as np

from rpcstats.mixed.linear._level_sums import GroupSums, LevelSums, pattern_sums
from rpcstats.mixed.linear._profile import Profile, profile
from rpcstats.mixed.linear._small_matrices import level_terms
from rpcstats.mixed.linear.cross_products import cross_products
from rpcstats.mixed.linear.evaluation import CrossProducts, Evaluation, Modes
from rpcstats.mixed.linear.group_products import GroupProducts, equal_levels, group_products
from rpcstats.mixed.linear.on_rows import OnRows
from rpcstats.mixed.linear.rows import Rows, make_rows
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class OneFactorProblem(OnRows):
    """A linear mixed model whose random effects all share one grouping factor.

    Attributes
    ----------
    rows : Rows
        Rows in working coordinates.
    products : GroupProducts
        Cross-products of each level.
    pattern : ndarray of shape (G,), int, or None
        Which levels share one Z'WZ, if so many do that they are pooled.
    levels : LevelSums
        Sums over levels, or over patterns of them.
    """

    products: GroupProducts
    pattern: IntArray | None
    levels: LevelSums

    @classmethod
    def from_columns(
        cls,
        X: FloatArray,
        y: FloatArray,
        blocks: tuple[Block, ...],
        weights: FloatArray | None = None,
        *,
        pool: bool | None = None,
    ) -> "OneFactorProblem":
        """Set up a linear mixed model with one grouping factor.

        Parameters
        ----------
        X : ndarray of shape (n, p)
            Fixed-effects columns of full rank; p may be 0.
        y : ndarray of shape (n,)
            Response, the offset taken off.
        blocks : tuple of Block
            Random effects, one block.
        weights : ndarray of shape (n,), optional
            Prior weights, all positive.
        pool : bool, optional
            Whether levels with equal Z'WZ are pooled; by default where it saves work.

        Returns
        -------
        OneFactorProblem
            Ready to be evaluated.

        Raises
        ------
        DataError
            If the fixed effects explain the response exactly.
        """
        rows = make_rows(X, y, blocks, weights, form=False)
        products = group_products(rows)
        pattern, n_pattern = equal_levels(products.A)
        if pool is None:
            m, q, n_level = products.B.shape
            # A pattern costs about as much as 2 + q m / 2 levels.
            pool = n_pattern * (2 + q * m // 2) <= n_level
        kept = pattern if pool else None
        return cls(rows, products, kept, _sums(products, kept))

    @property
    def cheap_hessian(self) -> bool:
        """Whether the Hessian costs little more than the gradient; it does."""
        return True

    def evaluate(self, theta: FloatArray, *, reml: bool, order: int = 1) -> Evaluation:
        """Evaluate the profiled deviance.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters; a diagonal one may be 0 or negative.
        reml : bool
            Whether the criterion is the restricted one.
        order : int
            Highest derivative wanted: 0, 1 or 2.

        Returns
        -------
        Evaluation
            The deviance and what follows from it.
        """
        rows = self.rows
        parts = profile(self.levels, self.blocks[0], rows.basis @ theta, reml=reml, order=order)
        return to_evaluation(parts, rows, theta, reml=reml)

    def modes(self, theta: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes at θ.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.

        Returns
        -------
        tuple of Modes
            One element.
        """
        block = self.blocks[0]
        working = self.rows.basis @ theta
        beta = profile(self.levels, block, working, reml=False, order=0).beta
        Lambda = block.factor(working)[..., None]
        M = level_terms(self.products.A, Lambda, derivatives=False).M
        m, q, n_level = self.products.B.shape
        v = np.append(-beta, 1.0)
        residual = (v @ self.products.B.reshape(m, -1)).reshape(q, n_level)
        back = np.linalg.inv(self.rows.to_working[0])
        estimate = np.einsum("abg,bg->ga", M, residual) @ back.T
        covariance = back @ M.transpose(2, 0, 1) @ back.T
        return (Modes(estimate, covariance),)

    def with_response(self, y: FloatArray) -> "OneFactorProblem":
        """Give the same problem with another response.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The response, the offset taken off.

        Returns
        -------
        OneFactorProblem
            Shares everything that does not depend on the response.
        """
        rows = self.rows.with_response(y)
        products = self.products.with_response(rows)
        return replace(self, rows=rows, products=products, levels=_sums(products, self.pattern))

    def cross_products(self) -> CrossProducts:
        """Give the products of the columns.

        Returns
        -------
        CrossProducts
            In the coordinates of the formula.
        """
        return cross_products(self.rows)


def _sums(products: GroupProducts, pattern: IntArray | None) -> LevelSums:
    if pattern is None:
        return GroupSums(products)
    return pattern_sums(products, pattern, int(pattern.max()) + 1)


def to_evaluation(parts: Profile, rows: Rows, theta: FloatArray, *, reml: bool) -> Evaluation:
    """Turn a profile in working coordinates into an evaluation in those of the formula.

    Parameters
    ----------
    parts : Profile
        Deviance and derivatives by the elements of Λ̃.
    rows : Rows
        Knows the way back.
    theta : ndarray of shape (k,)
        Covariance parameters in the coordinates of the formula.
    reml : bool
        Whether the criterion is the restricted one.

    Returns
    -------
    Evaluation
        Derivatives by θ.
    """
    J = rows.basis
    d_XtVX = None
    if parts.d_S_XX is not None:
        turned = np.tensordot(J.T, parts.d_S_XX, axes=1)
        d_XtVX = rows.fixed_products(turned)
    return Evaluation(
        theta=np.array(theta, dtype=np.float64),
        reml=reml,
        df=rows.n - rows.p if reml else rows.n,
        criterion=float(parts.criterion)
        - rows.log_weights
        + (2.0 * rows.log_det_triangle if reml else 0.0),
        r2=float(parts.r2),
        beta=rows.coefficients(parts.beta),
        XtVX=rows.fixed_products(parts.S_XX),
        d_criterion=_turn_gradient(J, parts.d_criterion),
        d_r2=_turn_gradient(J, parts.d_r2),
        d2_criterion=_turn_hessian(J, parts.d2_criterion),
        d2_r2=_turn_hessian(J, parts.d2_r2),
        d_XtVX=d_XtVX,
    )


def _turn_gradient(basis: FloatArray, gradient: FloatArray | None) -> FloatArray | None:
    return None if gradient is None else basis.T @ gradient


def _turn_hessian(basis: FloatArray, hessian: FloatArray | None) -> FloatArray | None:
    return None if hessian is None else basis.T @ hessian @ basis
