"""Rows with correlated residuals of unequal variance, made independent of equal variance."""

from dataclasses import dataclass, replace

import numpy as np

from rpcstats.mixed.linear.choose import linear_problem
from rpcstats.mixed.linear.evaluation import CrossProducts, Evaluation, LinearProblem, Modes
from rpcstats.mixed.linear.residual_structure import ResidualRows
from rpcstats.mixed.structure.model_frame import Block, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """The linear map that makes residuals independent with one variance.

    Residual i has standard deviation σ `spread`_i, and within a series the correlation of
    neighbours is `rho`. The map takes ρ times the row before off each row of a series
    and divides by (1 - ρ²)^(1/2); the first row of a series stays as it is.

    Attributes
    ----------
    spread : ndarray of shape (n,)
        Relative standard deviation of each row: the ratio of its level over the root of its
        prior weight.
    order : ndarray of shape (n,), int
        Rows series by series, in order of position.
    rho : ndarray of shape (n,)
        Of the rows in that order, correlation with the row before; 0 for the first of a series.
    shrink : ndarray of shape (n,)
        (1 - ρ²)^(1/2), of the rows in that order.
    """

    spread: FloatArray
    order: IntArray
    rho: FloatArray
    shrink: FloatArray

    @property
    def log_det(self) -> float:
        """Log-determinant of the covariance of the residuals over σ²."""
        return 2.0 * float(np.log(self.spread).sum() + np.log(self.shrink).sum())

    def whiten(self, values: FloatArray) -> FloatArray:
        """Take the structure out of columns.

        Parameters
        ----------
        values : ndarray of shape (n,) or (n, k)
            A column or several.

        Returns
        -------
        ndarray of the shape of `values`
            The columns of independent rows.
        """
        tall = values.reshape(len(values), -1) / self.spread[:, None]
        result = tall[self.order]
        result[1:] -= self.rho[1:, None] * tall[self.order[:-1]]
        result /= self.shrink[:, None]
        tall[self.order] = result
        return tall.reshape(values.shape)

    def colour(self, noise: FloatArray) -> FloatArray:
        """Put the structure into independent noise; undoes `whiten`.

        Parameters
        ----------
        noise : ndarray of shape (n,)
            Independent numbers with one variance.

        Returns
        -------
        ndarray of shape (n,)
            Numbers with the structure.
        """
        result = noise[self.order] * self.shrink
        step = self._steps()
        for place in np.split(np.argsort(step, kind="stable"), np.cumsum(np.bincount(step))[:-1]):
            if step[place[0]]:
                result[place] += self.rho[place] * result[place - 1]
        coloured = np.empty_like(result)
        coloured[self.order] = result
        return coloured * self.spread

    def _steps(self) -> IntArray:
        """Count the rows before each one to which a chain of correlations leads."""
        place = np.arange(len(self.rho))
        start = np.maximum.accumulate(np.where(self.rho == 0.0, place, 0))
        steps: IntArray = place - start
        return steps


def make_whitening(
    rows: ResidualRows, ratios: FloatArray, phi: float, weights: FloatArray | None
) -> Whitening:
    """Make the map for one set of parameters.

    Parameters
    ----------
    rows : ResidualRows
        Levels, series and gaps.
    ratios : ndarray of shape (L,)
        Standard deviation of each level over that of the first; [1] if there are no levels.
    phi : float
        Correlation at distance 1; 0 if there is none.
    weights : ndarray of shape (n,) or None
        Prior weights.

    Returns
    -------
    Whitening
        The map.
    """
    spread = ratios[rows.codes]
    if weights is not None:
        spread = spread / np.sqrt(weights)
    linked = rows.gap > 0.0
    rho, shrink = np.zeros(len(spread)), np.ones(len(spread))
    if phi != 0.0:
        power = rows.gap[linked] * np.log(abs(phi))
        sign = np.where((rows.gap[linked] % 2.0 == 1.0) & (phi < 0.0), -1.0, 1.0)
        rho[linked] = sign * np.exp(power)
        # 1 - ρ² without the loss of digits near ρ = 1.
        shrink[linked] = np.sqrt(-np.expm1(2.0 * power))
    return Whitening(spread, rows.order, rho, shrink)


@dataclass(frozen=True, slots=True, eq=False)
class WhitenedProblem:
    """A linear mixed model with a residual structure held at given parameters.

    Attributes
    ----------
    inner : LinearProblem
        The engine for the whitened rows.
    whitening : Whitening
        The map that made them.
    """

    inner: LinearProblem
    whitening: Whitening

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.inner.n

    @property
    def p(self) -> int:
        """Number of fixed effects."""
        return self.inner.p

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects; their covariates are those of the whitened rows."""
        return self.inner.blocks

    @property
    def theta_scale(self) -> FloatArray:
        """Units of θ: θ times this is free of those of the covariates."""
        return self.inner.theta_scale

    @property
    def cheap_hessian(self) -> bool:
        """Whether the Hessian costs little more than the gradient."""
        return self.inner.cheap_hessian

    def evaluate(self, theta: FloatArray, *, reml: bool, order: int = 1) -> Evaluation:
        """Evaluate the profiled deviance.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.
        reml : bool
            Whether the criterion is the restricted one.
        order : int
            Highest derivative wanted: 0, 1 or 2.

        Returns
        -------
        Evaluation
            The deviance of the rows as they are, with every constant.
        """
        return self.restored(self.inner.evaluate(theta, reml=reml, order=order))

    def restored(self, evaluation: Evaluation) -> Evaluation:
        """Add the log-determinant to an evaluation of the whitened rows.

        Parameters
        ----------
        evaluation : Evaluation
            What the inner engine found.

        Returns
        -------
        Evaluation
            That of the rows as they are.
        """
        return replace(evaluation, criterion=evaluation.criterion + self.whitening.log_det)

    def modes(self, theta: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes at θ.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.

        Returns
        -------
        tuple of Modes
            One a block.
        """
        return self.inner.modes(theta)

    def with_response(self, y: FloatArray) -> "WhitenedProblem":
        """Give the same problem with another response, the structure staying as it is.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The response, the offset taken off, not whitened.

        Returns
        -------
        WhitenedProblem
            Shares everything that does not depend on the response.
        """
        return replace(self, inner=self.inner.with_response(self.whitening.whiten(y)))

    def cross_products(self) -> CrossProducts:
        """Give the products of the whitened columns.

        Returns
        -------
        CrossProducts
            In the coordinates of the formula.
        """
        return self.inner.cross_products()


def whitened_blocks(blocks: tuple[Block, ...], whitening: Whitening) -> tuple[Block, ...]:
    """Whiten the covariates of random effects.

    Parameters
    ----------
    blocks : tuple of Block
        Random effects; every series lies inside one level of each.
    whitening : Whitening
        The map.

    Returns
    -------
    tuple of Block
        The same effects of the whitened rows.
    """
    return tuple(replace(block, Z=whitening.whiten(block.Z)) for block in blocks)


def whitened_problem(
    X: FloatArray, y: FloatArray, blocks: tuple[Block, ...], whitening: Whitening
) -> WhitenedProblem:
    """Set up a model for one set of parameters of its residual structure.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns.
    y : ndarray of shape (n,)
        Response, the offset taken off.
    blocks : tuple of Block
        Random effects.
    whitening : Whitening
        The map.

    Returns
    -------
    WhitenedProblem
        Ready to be evaluated.
    """
    inner = linear_problem(
        whitening.whiten(X), whitening.whiten(y), whitened_blocks(blocks, whitening)
    )
    return WhitenedProblem(inner, whitening)
