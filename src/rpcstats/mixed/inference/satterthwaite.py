"""Satterthwaite degrees of freedom from the Hessian of the deviance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats.mixed.inference.hypothesis_rows import as_rows, rank_of
from rpcstats.mixed.inference.tails import NOTHING_TESTED, FTest, f_test_of
from rpcstats.mixed.linear.evaluation import Evaluation

FloatArray = NDArray[np.float64]

# Curvature below this, with every parameter in units of its own, is rounding: a direction in
# which the model does not change, as a rotation at a zero variance. The covariance does not change
# there either, so what is above by rounding does no harm; uncentred covariates need the digits.
_CURVATURE_TOLERANCE = 1e-13

# Beyond this the deviance really falls in a direction; differenced Hessians are noisy below it.
_DOWNHILL = 1e-5

# Denominators this close, relatively, are one: in a balanced design only rounding parts them.
_SAME_DF = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Satterthwaite:
    """Degrees of freedom of linear functions of the fixed effects.

    Attributes
    ----------
    beta : ndarray of shape (p,)
        Fixed effects.
    cov : ndarray of shape (p, p)
        Their covariance, the covariance parameters taken as known.
    parameter_cov : ndarray of shape (k + 1, k + 1)
        Asymptotic covariance of θ and the log of sigma.
    d_cov : ndarray of shape (k + 1, p, p)
        Derivative of `cov` by θ and the log of sigma.
    n_downhill : int
        Directions in which the deviance still falls: 0 at a minimum. They are left out of
        `parameter_cov`, and the degrees of freedom are too large then.
    """

    beta: FloatArray
    cov: FloatArray
    parameter_cov: FloatArray
    d_cov: FloatArray
    n_downhill: int

    def df_of(self, L: ArrayLike) -> FloatArray:
        """Give the degrees of freedom of linear functions.

        Parameters
        ----------
        L : array_like of shape (p,) or (r, p)
            Coefficients of each function, one row a function.

        Returns
        -------
        ndarray of shape (r,)
            Degrees of freedom; infinite where the covariance parameters play no part.
        """
        rows = as_rows(L, len(self.beta))
        variance = np.einsum("rp,pq,rq->r", rows, self.cov, rows)
        slope = np.einsum("rp,kpq,rq->rk", rows, self.d_cov, rows)
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
            The test; nothing tested if every row is zero.

        Notes
        -----
        Fai and Cornelius (1996): the statistic is a mean of independent squared t statistics,
        along the principal axes of the covariance of the rows as in Kuznetsova, Brockhoff and
        Christensen (2017).
        """
        rows = as_rows(L, len(self.beta))
        covariance = rows @ self.cov @ rows.T
        rank = rank_of(covariance)
        if rank == 0:
            return NOTHING_TESTED
        values, vectors = np.linalg.eigh(covariance)
        axes = vectors[:, -rank:].T @ rows
        statistic = float(np.mean((axes @ self.beta) ** 2 / values[-rank:]))
        return f_test_of(statistic, rank, pooled_df(self.df_of(axes)))


def satterthwaite(evaluation: Evaluation) -> Satterthwaite:
    """Prepare the degrees of freedom of a fitted linear mixed model.

    Parameters
    ----------
    evaluation : Evaluation
        The deviance at its minimum, with second derivatives.

    Returns
    -------
    Satterthwaite
        Gives degrees of freedom and F tests.

    Raises
    ------
    ValueError
        If the evaluation has no second derivatives.

    Notes
    -----
    Satterthwaite (1946), Giesbrecht and Burns (1985). The covariance of θ and the log of
    sigma is twice the inverse Hessian of -2 log-likelihood. At a zero variance the deviance is
    even in θ, so its slope and that of the covariance vanish and θ drops out; where the Hessian
    is singular, the Moore-Penrose inverse over its positive eigenvalues is taken (Kuznetsova
    et al. 2017).
    """
    if evaluation.d_r2 is None or evaluation.d2_criterion is None or evaluation.d_XtVX is None:
        raise ValueError("evaluated without second derivatives")
    cov = evaluation.cov
    d_cov = -cov @ (evaluation.d_XtVX / evaluation.sigma2) @ cov
    parameter_cov, n_downhill = _invert_curvature(_deviance_hessian(evaluation))
    return Satterthwaite(
        beta=evaluation.beta,
        cov=cov,
        parameter_cov=2.0 * parameter_cov,
        d_cov=np.concatenate([d_cov, 2.0 * cov[None]]),
        n_downhill=n_downhill,
    )


def satterthwaite_df(evaluation: Evaluation, L: ArrayLike) -> FloatArray:
    """Give the degrees of freedom of linear functions of the fixed effects.

    Parameters
    ----------
    evaluation : Evaluation
        The deviance at its minimum, with second derivatives.
    L : array_like of shape (p,) or (r, p)
        Coefficients of each function, one row a function.

    Returns
    -------
    ndarray of shape (r,)
        Degrees of freedom.
    """
    return satterthwaite(evaluation).df_of(L)


def pooled_df(df: FloatArray) -> float:
    """Give one denominator for a mean of squared t statistics.

    Parameters
    ----------
    df : ndarray of shape (q,)
        Degrees of freedom of each t statistic.

    Returns
    -------
    float
        The denominator of the F distribution with the same mean; 2 where a t statistic has too
        few degrees of freedom for its square to have one.

    Notes
    -----
    Fai and Cornelius (1996).
    """
    finite = df[np.isfinite(df)]
    q = len(df)
    if not len(finite):
        return np.inf
    if len(finite) == q and np.ptp(df) <= _SAME_DF * df.mean():
        return float(df.mean())
    if np.any(finite <= 2.0):
        return 2.0
    excess = float(np.sum(2.0 / (finite - 2.0)))
    return 2.0 * (q + excess) / excess


def _deviance_hessian(evaluation: Evaluation) -> FloatArray:
    """Give the Hessian of the deviance by θ and the log of sigma, at its profiled optimum."""
    assert evaluation.d_r2 is not None
    assert evaluation.d2_criterion is not None
    assert evaluation.d2_r2 is not None
    k = len(evaluation.theta)
    hessian = np.empty((k + 1, k + 1))
    hessian[:k, :k] = evaluation.d2_criterion + evaluation.d2_r2 / evaluation.sigma2
    hessian[:k, k] = hessian[k, :k] = -2.0 * evaluation.d_r2 / evaluation.sigma2
    hessian[k, k] = 4.0 * evaluation.df
    return hessian


def _invert_curvature(hessian: FloatArray) -> tuple[FloatArray, int]:
    """Invert over the positive eigenvalues; count the negative ones."""
    diagonal = np.diag(hessian)
    scale = np.zeros(len(hessian))
    np.divide(1.0, np.sqrt(np.maximum(diagonal, 0.0)), out=scale, where=diagonal > 0.0)
    values, vectors = np.linalg.eigh(hessian * np.outer(scale, scale))
    positive = values > _CURVATURE_TOLERANCE
    axes = scale[:, None] * vectors[:, positive]
    n_downhill = int(np.sum(values < -_DOWNHILL) + np.sum(diagonal < 0.0))
    return (axes / values[positive]) @ axes.T, n_downhill
