"""Linear mixed models with many levels: block elimination of nested and crossed factors."""

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from rpcstats.mixed.linear.blocks_differences import second_derivatives
from rpcstats.mixed.linear.blocks_gradient import dense_levels, differentiate
from rpcstats.mixed.linear.blocks_moments import block_moments
from rpcstats.mixed.linear.blocks_pass import Pass
from rpcstats.mixed.linear.blocks_system import System, make_system, replace_response
from rpcstats.mixed.linear.cross_products import cross_products
from rpcstats.mixed.linear.dense_profile import Products, profile
from rpcstats.mixed.linear.evaluation import CrossProducts, Evaluation, Modes
from rpcstats.mixed.linear.moment_start import moment_start
from rpcstats.mixed.linear.on_rows import OnRows
from rpcstats.mixed.linear.rows import make_rows
from rpcstats.mixed.structure.model_frame import Block, FloatArray, split_theta


@dataclass(frozen=True, slots=True, eq=False)
class _Workspace:
    """Arrays of the dense stage, reused by every pass; no result refers to them."""

    S: FloatArray
    A: FloatArray


def _make_workspace(size: int) -> _Workspace:
    return _Workspace(np.empty(size), np.empty(size))


@dataclass(frozen=True, slots=True, eq=False)
class BlockProblem(OnRows):
    """A linear mixed model with nested and crossed grouping factors of many levels.

    Attributes
    ----------
    rows : Rows
        Columns in working coordinates.
    system : System
        Products in the order of elimination.

    Notes
    -----
    The factor with most columns, and a chain of factors it is nested in, are eliminated level
    by level; LAPACK factorises what is left, component by component. Traces for the exact
    gradient come from the blocks of the inverse on the pattern of the factor (Takahashi, Fagan
    and Chin, 1973). One evaluation at a time: evaluations share their work arrays.
    """

    system: System
    _workspace: _Workspace = field(repr=False)

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
        BlockProblem
            Ready to be evaluated.

        Raises
        ------
        DataError
            If the fixed effects explain the response exactly, or crossed factors leave more
            levels dense than memory holds.
        """
        rows = make_rows(X, y, blocks, weights)
        system = make_system(rows)
        return cls(rows, system, _make_workspace(system.rest.n_entry))

    @property
    def start(self) -> FloatArray:
        """Start of a search for θ, guessed from moments."""
        return moment_start(self.rows, block_moments(self.rows, self.system))

    @property
    def cheap_hessian(self) -> bool:
        """Whether the Hessian costs little more than the gradient: it takes 2k gradients."""
        return False

    def evaluate(self, theta: FloatArray, *, reml: bool, order: int = 1) -> Evaluation:
        """Evaluate the deviance and its derivatives.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.
        reml : bool
            Whether to evaluate the restricted deviance.
        order : int
            0 for the value; 1 with the exact gradient and the average information; 2 with
            second derivatives by central differences of exact first ones.

        Returns
        -------
        Evaluation
            The deviance at θ.
        """
        theta = np.asarray(theta, dtype=np.float64)
        done = self._eliminated(theta, inverse=order > 0)
        products = Products(done.log_det, done.fixed)
        if not order:
            return profile(self.rows, theta, reml, products)
        result = differentiate(self.rows, theta, reml, done, information=True)
        if order == 1:
            return result
        return second_derivatives(result, self.theta_scale, lambda at: self._first(at, reml))

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
        done = self._eliminated(np.asarray(theta, dtype=np.float64), inverse=True)
        done.substitute()
        beta = np.linalg.solve(done.fixed[:-1, :-1], done.fixed[:-1, -1])
        v = np.append(-beta, 1.0)
        plan = self.system.plan
        found: dict[int, Modes] = {}
        _, conditional = done.traces(covariances=True)
        for k, b in enumerate(plan.chain):
            q = self.blocks[b].n_effect
            number = plan.labels[k]
            estimate = done.stages[k].modes[:, :q] @ v
            found[b] = self._in_formula(b, estimate[number], conditional[k][number])
        dense = dense_levels(self.rows, done, done.dense.modes)
        for f, b in enumerate(plan.rest):
            first = self.system.rest.first[f].astype(np.int64)
            found[b] = self._in_formula(b, dense[f] @ v, self._dense_covariance(done, b, first))
        return tuple(found[b] for b in range(len(found)))

    def with_response(self, y: FloatArray) -> Self:
        """Give the same problem with another response.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The response, not weighted.

        Returns
        -------
        BlockProblem
            Shares every product without the response, but not the work arrays.
        """
        rows = self.rows.with_response(y)
        workspace = _make_workspace(self.system.rest.n_entry)
        system = replace_response(self.system, rows)
        return replace(self, rows=rows, system=system, _workspace=workspace)

    def cross_products(self) -> CrossProducts:
        """Give the products of the columns in the coordinates of the formula.

        Returns
        -------
        CrossProducts
            Products of the weighted columns.
        """
        return cross_products(self.rows)

    def _eliminated(self, theta: FloatArray, *, inverse: bool) -> Pass:
        parts = split_theta(self.blocks, self.rows.basis @ theta)
        factors = [block.factor(part) for block, part in zip(self.blocks, parts, strict=True)]
        done = Pass(self.system, factors, self._workspace.S, self._workspace.A)
        done.eliminate(inverse=inverse)
        return done

    def _first(self, theta: FloatArray, reml: bool) -> Evaluation:
        done = self._eliminated(theta, inverse=True)
        return differentiate(self.rows, theta, reml, done, information=False)

    def _dense_covariance(self, done: Pass, b: int, first: NDArray[np.int64]) -> FloatArray:
        q, corner = self.blocks[b].n_effect, self.system.rest.corner
        result = np.empty((len(first), q, q))
        for a in range(q):
            for c in range(a + 1):
                result[:, a, c] = result[:, c, a] = done.A[corner[first + a] + first + c]
        return result

    def _in_formula(self, b: int, estimate: FloatArray, covariance: FloatArray) -> Modes:
        C = self.rows.to_working[b]
        back = linalg.solve_triangular(C, np.eye(len(C)), lower=True)
        return Modes(estimate @ back.T, back @ covariance @ back.T)
