"""The profiled deviance at one θ, and what every linear engine offers."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

import numpy as np
from scipy import sparse

from rpcstats.mixed.structure.model_frame import Block, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The profiled deviance of a linear mixed model at one θ and its derivatives.

    With V = σ² V₀(θ), V₀ = W⁻¹ + ZΛΛ'Z', the deviance before σ is profiled out is
    D(θ, σ) = criterion(θ) + df log(2π σ²) + r2(θ) / σ², where
    criterion = log|V₀| (+ log|X'V₀⁻¹X| under REML) and df = n (n - p under REML).

    Attributes
    ----------
    theta : ndarray of shape (k,)
        Covariance parameters.
    reml : bool
        Whether the criterion is the restricted one.
    df : int
        n - p under REML, else n.
    criterion : float
        Log-determinants, those of the weights included.
    r2 : float
        Weighted residual sum of squares of generalised least squares, y'(V₀⁻¹ - ...)y.
    beta : ndarray of shape (p,)
        Generalised least squares coefficients.
    XtVX : ndarray of shape (p, p)
        X'V₀⁻¹X; the covariance of `beta` is σ² times its inverse.
    d_criterion, d_r2 : ndarray of shape (k,) or None
        First derivatives by θ; None if not asked for.
    d2_criterion, d2_r2 : ndarray of shape (k, k) or None
        Second derivatives; None if not asked for.
    d_XtVX : ndarray of shape (k, p, p) or None
        Derivative of X'V₀⁻¹X; given with the second derivatives.
    information : ndarray of shape (k, k) or None
        Average information, an approximate Hessian of the profiled deviance, where the engine
        has no cheap exact one.
    """

    theta: FloatArray
    reml: bool
    df: int
    criterion: float
    r2: float
    beta: FloatArray
    XtVX: FloatArray
    d_criterion: FloatArray | None = None
    d_r2: FloatArray | None = None
    d2_criterion: FloatArray | None = None
    d2_r2: FloatArray | None = None
    d_XtVX: FloatArray | None = None
    information: FloatArray | None = None

    @property
    def sigma2(self) -> float:
        """Residual variance at its profiled optimum."""
        return self.r2 / self.df

    @property
    def deviance(self) -> float:
        """Profiled -2 log-likelihood, restricted under REML, with every constant."""
        return float(self.criterion + self.df * (1.0 + np.log(2.0 * np.pi * self.sigma2)))

    @property
    def cov(self) -> FloatArray:
        """Covariance of `beta` with the covariance parameters taken as known."""
        inverse = np.asarray(np.linalg.inv(self.XtVX), dtype=np.float64)
        return self.sigma2 * (inverse + inverse.T) / 2.0

    @property
    def gradient(self) -> FloatArray:
        """Gradient of the profiled deviance."""
        if self.d_criterion is None or self.d_r2 is None:
            raise ValueError("evaluated without derivatives")
        return self.d_criterion + self.d_r2 / self.sigma2

    @property
    def hessian(self) -> FloatArray:
        """Hessian of the profiled deviance."""
        if self.d_r2 is None or self.d2_criterion is None or self.d2_r2 is None:
            raise ValueError("evaluated without second derivatives")
        outer = np.outer(self.d_r2, self.d_r2) / self.df
        result: FloatArray = self.d2_criterion + (self.d2_r2 - outer / self.sigma2) / self.sigma2
        return result


class Modes(NamedTuple):
    """Conditional modes of one block.

    Attributes
    ----------
    estimate : ndarray of shape (L, q)
        b̂, the mode of the random effects of each level given the data.
    covariance : ndarray of shape (L, q, q)
        Its conditional covariance given the data and the fixed effects; in a linear model
        divided by σ².
    """

    estimate: FloatArray
    covariance: FloatArray


class CrossProducts(NamedTuple):
    """Products of the weighted columns in the coordinates of the formula.

    Attributes
    ----------
    ZtZ : scipy.sparse.csc_array of shape (Q, Q)
        Z'WZ, levels of a block together (level i of a block with q effects has columns
        i q to i q + q - 1), one block after the other.
    ZtX : ndarray of shape (Q, p)
        Z'WX.
    Zty : ndarray of shape (Q,)
        Z'Wy.
    XtX : ndarray of shape (p, p)
        X'WX.
    Xty : ndarray of shape (p,)
        X'Wy.
    yty : float
        y'Wy.
    """

    ZtZ: sparse.csc_array
    ZtX: FloatArray
    Zty: FloatArray
    XtX: FloatArray
    Xty: FloatArray
    yty: float


class LinearProblem(Protocol):
    """What every engine for a linear mixed model offers.

    Attributes
    ----------
    n, p : int
        Rows and fixed effects.
    blocks : tuple of Block
        Random effects.
    theta_scale : ndarray of shape (k,)
        θ times this is free of the units of the covariates; a search starts where it is
        the identity and takes its steps in it.
    cheap_hessian : bool
        Whether `order=2` costs little more than `order=1`.
    """

    @property
    def n(self) -> int:
        """Rows."""
        ...

    @property
    def p(self) -> int:
        """Fixed effects."""
        ...

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Random effects."""
        ...

    @property
    def theta_scale(self) -> FloatArray:
        """What frees θ of the units of the covariates."""
        ...

    @property
    def cheap_hessian(self) -> bool:
        """Whether `order=2` costs little more than `order=1`."""
        ...

    def evaluate(self, theta: FloatArray, *, reml: bool, order: int = 1) -> Evaluation:
        """Evaluate the deviance and its derivatives.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.
        reml : bool
            Whether to evaluate the restricted deviance.
        order : int
            0 for the value; 1 with its gradient; 2 with its Hessian too.

        Returns
        -------
        Evaluation
            The deviance at θ; derivatives not asked for are None.
        """
        ...

    def modes(self, theta: FloatArray) -> tuple[Modes, ...]:
        """Give the conditional modes of each block at θ.

        Parameters
        ----------
        theta : ndarray of shape (k,)
            Covariance parameters.

        Returns
        -------
        tuple of Modes
            One a block, in the coordinates of the formula.
        """
        ...

    def with_response(self, y: FloatArray) -> Self:
        """Give the same problem with another response.

        Parameters
        ----------
        y : ndarray of shape (n,)
            The response, not weighted, the offset taken off.

        Returns
        -------
        LinearProblem
            Shares everything else.
        """
        ...

    def cross_products(self) -> CrossProducts:
        """Give the products of the columns, for methods that need them all."""
        ...
