"""The fixed effects of a fit as coefficients whose linear functions are wanted."""

import numpy as np

from rpcstats.errors import ParameterError
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.inference.hypothesis_rows import rank_of
from rpcstats.mixed.inference.kenward_roger import kenward_roger
from rpcstats.mixed.inference.satterthwaite import satterthwaite
from rpcstats.mixed.inference.tails import NOTHING_TESTED, FTest, f_test_of
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.means.linear_functions import Basis, MeansDf
from rpcstats.mixed.mixed_fit import MixedFit
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray, ModelFrame


def fixed_basis(fit: MixedFit, df: MeansDf | None) -> Basis:
    """Give the fixed effects of a fit as a basis.

    Parameters
    ----------
    fit : MixedFit
        The fit.
    df : {"satterthwaite", "kenward-roger", "residual", "normal"} or None
        How degrees of freedom are found; Satterthwaite's for a linear model if None.

    Returns
    -------
    Basis
        Over the columns of the design; for an ordered response with the mean of the thresholds
        after them.

    Raises
    ------
    ParameterError
        If `fit` is no mixed model, or has no degrees of freedom of that kind.
    """
    if isinstance(fit, LinearEstimates):
        return _linear_basis(fit, df)
    if not isinstance(fit, GeneralEstimates):
        raise ParameterError(
            "The fit is not a mixed model", ["hand over what lmm, glmm or clmm gave"]
        )
    if df not in (None, "normal"):
        raise ParameterError(
            "Degrees of freedom are known for linear mixed models only", ['give df="normal"']
        )
    kept, void = _columns_kept(fit.frame, extra=fit.response.ordered is not None)
    if fit.response.ordered is None:
        return normal_basis(fit.beta, fit.cov, kept, void)
    jacobian = fit.response.ordered.alpha_jacobian(fit.extra).mean(axis=0)
    p, k = len(fit.beta), fit.frame.n_theta
    moves = np.zeros((p + 1, fit.n_parameter))
    moves[:p, :p] = np.eye(p)
    moves[p, p + k :] = jacobian
    values = np.append(fit.beta, fit.thresholds.mean())
    return normal_basis(values, moves @ fit.delta_cov @ moves.T, kept, void)


def normal_basis(estimate: FloatArray, cov: FloatArray, kept: IntArray, void: FloatArray) -> Basis:
    """Give coefficients that count as normal.

    Parameters
    ----------
    estimate : ndarray of shape (r,)
        The coefficients.
    cov : ndarray of shape (r, r)
        Their covariance.
    kept : ndarray of shape (r,), int
        Where they stand among all coefficients.
    void : ndarray of shape (f, z)
        Directions of which the data tell nothing.

    Returns
    -------
    Basis
        With infinite degrees of freedom.
    """
    return _wald_basis(estimate, cov, kept, void, np.inf, "normal")


def _wald_basis(
    estimate: FloatArray,
    cov: FloatArray,
    kept: IntArray,
    void: FloatArray,
    df: float,
    kind: MeansDf,
) -> Basis:
    return Basis(
        estimate,
        cov,
        kept,
        void,
        lambda L: np.full(len(L), df),
        lambda L: _wald_test(L @ estimate, L @ cov @ L.T, df),
        kind,
    )


def _linear_basis(fit: LinearEstimates, df: MeansDf | None) -> Basis:
    if df is None:
        df = "satterthwaite" if fit.residual is None else "normal"
    kept, void = _columns_kept(fit.frame, extra=False)
    if df in ("satterthwaite", "kenward-roger") and fit.residual is not None:
        raise ParameterError(
            "These degrees of freedom are not known for a model with structured residuals",
            ['give df="normal"'],
        )
    if df == "satterthwaite":
        own = satterthwaite(fit.curved_evaluation())
        return Basis(fit.beta, fit.cov, kept, void, own.df_of, own.f_test, df)
    if df == "kenward-roger":
        adjusted = kenward_roger(fit.problem, fit.evaluation)
        df_of, f_test = adjusted.df_of, adjusted.f_test
        return Basis(fit.beta, adjusted.cov, kept, void, df_of, f_test, df)
    if df not in ("residual", "normal"):
        raise ParameterError(
            "df is unknown", ["choose satterthwaite, kenward-roger, residual or normal"]
        )
    degrees = np.inf if df == "normal" else float(fit.n_obs - len(fit.beta))
    return _wald_basis(fit.beta, fit.cov, kept, void, degrees, df)


def _columns_kept(frame: ModelFrame, *, extra: bool) -> tuple[IntArray, FloatArray]:
    """Give the places of the fixed effects among the design's columns, and the void directions.

    With `extra` one more coefficient, the thresholds' mean, comes after the columns.
    """
    names = frame.design.names
    kept = [names.index(name) for name in frame.names]
    dropped = [names.index(name) for name in frame.dropped]
    void = np.zeros((len(names) + extra, len(dropped)))
    if dropped:
        rest = [place for place in range(len(names)) if place not in set(dropped)]
        X = frame.design.X
        void[rest] = -np.linalg.lstsq(X[:, rest], X[:, dropped], rcond=None)[0]
        void[dropped, range(len(dropped))] = 1.0
        void /= np.linalg.norm(void, axis=0)
    return np.array([*kept, len(names)][: len(kept) + extra], dtype=np.int64), void


def _wald_test(estimate: FloatArray, cov: FloatArray, df: float) -> FTest:
    """Test along the axes of the covariance that have any spread."""
    if not np.isfinite(cov).all():
        return NOTHING_TESTED
    rank = rank_of(cov)
    if rank == 0:
        return NOTHING_TESTED
    scale = np.sqrt(np.maximum(np.diag(cov), 0.0))
    scale[scale == 0.0] = 1.0
    values, vectors = np.linalg.eigh(cov / np.outer(scale, scale))
    along = vectors[:, -rank:].T @ (estimate / scale)
    return f_test_of(float(np.sum(along**2 / values[-rank:])) / rank, rank, df)
