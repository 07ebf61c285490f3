"""Kenward-Roger covariance, degrees of freedom and scaled F tests, without an n × n matrix."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular

from rpcstats.errors import ParameterError
from rpcstats.mixed.inference.hypothesis_rows import as_rows, independent_rows
from rpcstats.mixed.inference.kenward_roger_dense import dense_traces
from rpcstats.mixed.inference.kenward_roger_groups import group_traces
from rpcstats.mixed.inference.kenward_roger_traces import Traces
from rpcstats.mixed.inference.tails import NOTHING_TESTED, FTest, f_test_of
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem

FloatArray = NDArray[np.float64]

# Eigenvalues of the expected information below this share of the largest, each parameter in
# units of its own, are parameters that the design does not tell apart.
_INFORMATION_TOLERANCE = 1e-10

# Below this a moment of the F approximation is zero but for rounding.
_ZERO_MOMENT = 1e-10

# The mean of the F distribution has df - 2 below it; so close to 2 the scaling is left at 1.
_NEAR_TWO = 1e-2


@dataclass(frozen=True, slots=True, eq=False)
class KenwardRoger:
    """Small-sample inference of a restricted maximum likelihood fit.

    Attributes
    ----------
    beta : ndarray of shape (p,)
        Fixed effects.
    cov : ndarray of shape (p, p)
        Their adjusted covariance.
    root : ndarray of shape (p, p)
        Upper triangular R with R'R the inverse of the unadjusted covariance.
    parameter_cov : ndarray of shape (m, m)
        Asymptotic covariance of the covariance parameters, from the expected information.
    slopes : ndarray of shape (m, p, p)
        Minus the derivative of the inverse covariance of `beta` by each parameter, in the
        coordinates in which that covariance is the identity.
    """

    beta: FloatArray
    cov: FloatArray
    root: FloatArray
    parameter_cov: FloatArray
    slopes: FloatArray

    def df_of(self, L: ArrayLike) -> FloatArray:
        """Give the degrees of freedom of linear functions.

        Parameters
        ----------
        L : array_like of shape (p,) or (r, p)
            Coefficients of each function, one row a function.

        Returns
        -------
        ndarray of shape (r,)
            Degrees of freedom.

        Notes
        -----
        With one row the approximation of Kenward and Roger (1997) comes to Satterthwaite's
        formula with the expected information, and the statistic is not scaled.
        """
        rows = self._whiten(as_rows(L, len(self.beta)))
        variance = np.sum(rows**2, axis=1)
        slope = np.einsum("rp,kpq,rq->rk", rows, self.slopes, rows)
        spread = np.einsum("rk,kl,rl->r", slope, self.parameter_cov, slope)
        df = np.full(len(rows), np.inf)
        np.divide(2.0 * variance**2, spread, out=df, where=spread > 0.0)
        df[variance <= 0.0] = np.nan
        return df

    def f_test(self, L: ArrayLike) -> FTest:
        """Test that linear functions are all zero.

        Parameters
        ----------
        L : array_like of shape (p,) or (r, p)
            Coefficients of each function; rows the others determine are counted once.

        Returns
        -------
        FTest
            The scaled test; nothing tested if every row is zero.
        """
        axes = independent_rows(self._whiten(as_rows(L, len(self.beta))))
        rank = len(axes)
        if rank == 0:
            return NOTHING_TESTED
        rows = axes @ self.root
        estimate = rows @ self.beta
        wald = float(estimate @ np.linalg.solve(rows @ self.cov @ rows.T, estimate)) / rank
        if rank == 1:
            return f_test_of(wald, 1, float(self.df_of(rows)[0]))
        along = np.einsum("rp,kpq,sq->krs", axes, self.slopes, axes)
        traces = np.trace(along, axis1=1, axis2=2)
        A1 = float(traces @ self.parameter_cov @ traces)
        A2 = float(np.einsum("kl,krs,lrs->", self.parameter_cov, along, along))
        df, scaling = _match_moments(A1, A2, rank)
        return f_test_of(scaling * wald, rank, df, scaling)

    def _whiten(self, rows: FloatArray) -> FloatArray:
        whitened: FloatArray = solve_triangular(self.root, rows.T, trans="T").T
        return whitened


def kenward_roger(problem: LinearProblem, evaluation: Evaluation) -> KenwardRoger:
    """Prepare Kenward-Roger inference of a fitted linear mixed model.

    Parameters
    ----------
    problem : LinearProblem
        The model; its cross-products are used.
    evaluation : Evaluation
        The restricted deviance at its minimum.

    Returns
    -------
    KenwardRoger
        Adjusted covariance, degrees of freedom and scaled F tests.

    Raises
    ------
    ParameterError
        If the fit is not a restricted maximum likelihood fit.
    DataError
        If several grouping factors have too many levels for dense algebra.

    Notes
    -----
    Kenward and Roger (1997), computed as in Halekoh and Højsgaard (2014): the parameters are
    the variances and covariances of the random effects and the residual variance, in which V
    is linear. Instead of the residual variance the multiple of V itself is moved, which spans
    the same directions and leaves every result unchanged. Where the expected information is
    singular its Moore-Penrose inverse is taken.
    """
    if not evaluation.reml:
        raise ParameterError(
            "Kenward-Roger needs a restricted maximum likelihood fit",
            ["fit with reml=True (pbkrtest does so silently), or take Satterthwaite's df"],
        )
    traces = _traces(problem, evaluation)
    upper = np.asarray(np.linalg.cholesky(evaluation.XtVX).T, dtype=np.float64)
    slopes = _whiten_both(upper, traces.slopes)
    curved = _whiten_both(upper, traces.curvatures)
    parameter_cov = _invert_information(_restricted(traces.products, slopes, curved))
    excess = np.einsum("kl,klpq->pq", parameter_cov, curved)
    excess -= np.einsum("kl,kpr,lrq->pq", parameter_cov, slopes, slopes)
    p = len(evaluation.beta)
    inverse = solve_triangular(upper, np.eye(p))
    cov = evaluation.sigma2 * inverse @ (np.eye(p) + excess + excess.T) @ inverse.T
    return KenwardRoger(
        beta=evaluation.beta,
        cov=(cov + cov.T) / 2.0,
        root=upper / np.sqrt(evaluation.sigma2),
        parameter_cov=parameter_cov,
        slopes=slopes,
    )


def expected_parameter_cov(problem: LinearProblem, evaluation: Evaluation) -> FloatArray:
    """Give the asymptotic covariance of the covariance parameters.

    Parameters
    ----------
    problem : LinearProblem
        The model; its cross-products are used.
    evaluation : Evaluation
        The deviance at the parameters wanted, restricted or not.

    Returns
    -------
    ndarray of shape (k + 1, k + 1)
        Twice the inverse of the expected information, over σ⁴: of the elements of the random
        effects' covariances, block by block in the order of θ, and of the multiple of V.

    Raises
    ------
    DataError
        If several grouping factors have too many levels for dense algebra.
    """
    traces = _traces(problem, evaluation)
    back = traces.to_formula
    if not evaluation.reml:
        return back @ _invert_information(traces.products) @ back.T
    upper = np.asarray(np.linalg.cholesky(evaluation.XtVX).T, dtype=np.float64)
    slopes = _whiten_both(upper, traces.slopes)
    curved = _whiten_both(upper, traces.curvatures)
    return back @ _invert_information(_restricted(traces.products, slopes, curved)) @ back.T


def _traces(problem: LinearProblem, evaluation: Evaluation) -> Traces:
    if len(problem.blocks) == 1:
        return group_traces(problem, evaluation)
    return dense_traces(problem, evaluation)


def _whiten_both(upper: FloatArray, matrices: FloatArray) -> FloatArray:
    """Give R⁻ᵀ M R⁻¹ of a stack of symmetric or square matrices M."""
    inverse = solve_triangular(upper, np.eye(len(upper)))
    whitened: FloatArray = inverse.T @ matrices @ inverse
    return whitened


def _restricted(products: FloatArray, slopes: FloatArray, curved: FloatArray) -> FloatArray:
    """Take what the fixed effects use up off twice the information, everything whitened."""
    used: FloatArray = 2.0 * np.trace(curved, axis1=2, axis2=3)
    regained: FloatArray = np.einsum("kpq,lpq->kl", slopes, slopes)
    return products - used + regained


def _invert_information(information: FloatArray) -> FloatArray:
    diagonal = np.diag(information)
    scale = np.zeros(len(information))
    np.divide(1.0, np.sqrt(np.maximum(diagonal, 0.0)), out=scale, where=diagonal > 0.0)
    values, vectors = np.linalg.eigh(information * np.outer(scale, scale))
    told_apart = values > _INFORMATION_TOLERANCE * values[-1]
    axes = scale[:, None] * vectors[:, told_apart]
    inverse: FloatArray = 2.0 * (axes / values[told_apart]) @ axes.T
    return inverse


def _match_moments(A1: float, A2: float, rank: int) -> tuple[float, float]:
    """Match mean and variance of the Wald statistic with those of a scaled F.

    NaN where the design is so small that no F distribution has them.
    """
    if A2 <= 0.0:
        return np.inf, 1.0
    B = (A1 + 6.0 * A2) / (2.0 * rank)
    g = ((rank + 1.0) * A1 - (rank + 4.0) * A2) / ((rank + 2.0) * A2)
    below = 3.0 * rank + 2.0 * (1.0 - g)
    top, middle, bottom = (
        _flush(value)
        for value in (
            1.0 + g / below * B,
            1.0 - (rank - g) / below * B,
            1.0 - (rank + 2.0 - g) / below * B,
        )
    )
    mean = _flush(1.0 - A2 / rank)
    squared = 1.0 if mean == middle == 0.0 else _ratio(middle, mean) ** 2
    inverse = squared * (1.0 if top == bottom == 0.0 else _ratio(bottom, top))
    if inverse == 1.0:
        return np.inf, 1.0
    df = 4.0 + (rank + 2.0) * inverse / (1.0 - inverse)
    if not df > 0.0:
        return np.nan, np.nan
    return df, 1.0 if abs(df - 2.0) < _NEAR_TWO else df * (1.0 - A2 / rank) / (df - 2.0)


def _ratio(one: float, other: float) -> float:
    """Divide, by zero too: no F distribution has such moments."""
    return one / other if other else np.nan


def _flush(moment: float) -> float:
    return 0.0 if abs(moment) < _ZERO_MOMENT else moment
