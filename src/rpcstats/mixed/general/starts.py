"""Where a search starts: estimates without random effects and a guess of their size."""

from typing import Any

import numpy as np

from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.general.search_coordinates import (
    SAMPLE_ROWS,
    centre,
    scale_columns,
    working_effects,
)
from rpcstats.mixed.structure.model_frame import Block, FloatArray

LEAST_START = 0.3
LARGEST_START = 3.0
"""Scaled standard deviations a search starts between: away from the saddle at zero."""

_STEPS = 12
_RIDGE = 1e-8


def find_start(
    X: FloatArray,
    y: FloatArray,
    blocks: tuple[Block, ...],
    likelihood: ResponseLikelihood,
    weights: FloatArray | None = None,
    offset: FloatArray | None = None,
) -> FloatArray:
    """Give parameters to start a search from.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns.
    y : ndarray of shape (n,)
        Response.
    blocks : tuple of Block
        Random effects.
    likelihood : ResponseLikelihood
        Distribution and link.
    weights : ndarray of shape (n,), optional
        Trials or prior weights. Default: 1.
    offset : ndarray of shape (n,), optional
        Known part of the linear predictor.

    Returns
    -------
    ndarray of shape (d,)
        β, θ and φ.

    Notes
    -----
    β and φ are those of the model without random effects, by Newton's method on a systematic
    sample of the rows. The variance of an effect is the moment estimate from the groups' scores:
    E(Σ z d)² = Σ z² w + τ² (Σ z² w)² for a small variance τ², as in the score test of
    τ² = 0 (Lin 1997).
    """
    weight = np.ones_like(y) if weights is None else weights
    known = np.zeros_like(y) if offset is None else offset
    step = max(1, len(y) // SAMPLE_ROWS)
    rows = slice(None, None, step)
    means, known_mean = centre(X, likelihood), 0.0
    X = X - means if means.any() else X
    if likelihood.location is not None:
        known_mean = float(known.mean())
        known = known - known_mean
    extra = likelihood.start_extra(y[rows], weight[rows])
    R = scale_columns(X)
    columns = np.asarray(np.linalg.solve(R.T, X[rows].T).T)
    scaled = fit_fixed(columns, y[rows], likelihood, weight[rows], known[rows], extra)
    beta = np.asarray(np.linalg.solve(R, scaled))
    eta = X[rows] @ beta + known[rows]
    extra = likelihood.start_extra(y[rows], weight[rows], eta)
    theta = [_guess_sizes(X, y, b, likelihood, weight, known, beta, extra) for b in blocks]
    if likelihood.location is not None:
        extra[likelihood.location] += means @ beta + known_mean
    return np.concatenate([beta, *theta, extra])


def fit_fixed(
    columns: FloatArray,
    y: FloatArray,
    likelihood: ResponseLikelihood,
    weight: FloatArray,
    offset: FloatArray,
    extra: FloatArray,
) -> FloatArray:
    """Fit the model without random effects for given extra parameters.

    Parameters
    ----------
    columns : ndarray of shape (n, p)
        Fixed-effects columns, about orthonormal.
    y : ndarray of shape (n,)
        Response.
    likelihood : ResponseLikelihood
        Distribution and link.
    weight, offset : ndarray of shape (n,)
        Trials or prior weights, and known part of the linear predictor.
    extra : ndarray of shape (e,)
        Extra parameters φ, held.

    Returns
    -------
    ndarray of shape (p,)
        β; short of infinity where the data separate.
    """
    if columns.shape[1] == 0:
        return np.zeros(0)
    rows = likelihood.rows(y, weight, constant=False)
    # a place where densities overflow is left, or counts as infinitely bad
    with np.errstate(over="ignore", invalid="ignore"):
        beta, eta, value = _first_guess(columns, rows, likelihood, extra, offset)
        for _ in range(_STEPS):
            step = _newton_step(columns, likelihood.terms(eta, rows, extra, 2))
            if step is None:
                break
            beta, eta, gain = _halve_step(
                columns, rows, likelihood, extra, offset, beta, step, value
            )
            value += gain
            if gain < 1e-6 * (1.0 + abs(value)):
                break
    return beta


def _first_guess(
    columns: FloatArray,
    rows: Any,
    likelihood: ResponseLikelihood,
    extra: FloatArray,
    offset: FloatArray,
) -> tuple[FloatArray, FloatArray, float]:
    """Start at 0, or where the fixed effects cancel the offset, whichever is likelier."""
    zero = np.zeros(columns.shape[1])
    best = (zero, offset, -np.inf)
    cancels = -np.linalg.lstsq(columns, offset, rcond=None)[0] if offset.any() else zero
    for beta in (zero, np.asarray(cancels, dtype=np.float64)):
        eta = columns @ beta + offset
        value = float(likelihood.terms(eta, rows, extra, 0).l.sum())
        if value > best[2]:
            best = (beta, eta, value)
    return best


def _newton_step(columns: FloatArray, terms: Any) -> FloatArray | None:
    """Give the step of Newton's method; None where derivatives overflow."""
    curve = np.maximum(-terms.d2, 1e-6 * np.abs(terms.d2).max(initial=1e-6))
    H = columns.T @ (columns * curve[:, None])
    H += _RIDGE * np.trace(H) * np.eye(len(H))
    slope = columns.T @ terms.d1
    if not (np.isfinite(H).all() and np.isfinite(slope).all()):
        return None
    return np.asarray(np.linalg.solve(H, slope))


def _halve_step(
    columns: FloatArray,
    rows: Any,
    likelihood: ResponseLikelihood,
    extra: FloatArray,
    offset: FloatArray,
    beta: FloatArray,
    step: FloatArray,
    value: float,
) -> tuple[FloatArray, FloatArray, float]:
    for _ in range(30):
        trial = beta + step
        eta = columns @ trial + offset
        gain = float(likelihood.terms(eta, rows, extra, 0).l.sum()) - value
        if gain >= 0.0:
            return trial, eta, gain
        step = step / 2.0
    return beta, columns @ beta + offset, 0.0


def _guess_sizes(
    X: FloatArray,
    y: FloatArray,
    block: Block,
    likelihood: ResponseLikelihood,
    weight: FloatArray,
    offset: FloatArray,
    beta: FloatArray,
    extra: FloatArray,
) -> FloatArray:
    """Guess θ of a block from a sample of its groups, without correlations."""
    step = max(1, len(y) // SAMPLE_ROWS)
    rows = np.flatnonzero(block.codes % step == 0) if step > 1 else slice(None)
    factor, basis = working_effects(block)
    codes, Z = block.codes[rows], np.linalg.solve(factor.T, block.Z[rows].T)
    prepared = likelihood.rows(y[rows], weight[rows], constant=False)
    theta = np.zeros(block.n_theta)
    # a start where densities overflow tells nothing of sizes
    with np.errstate(over="ignore", invalid="ignore"):
        terms: Any = likelihood.terms(X[rows] @ beta + offset[rows], prepared, extra, 2)
        for j in np.flatnonzero(block.on_diagonal):
            z = Z[block.rows[j]]
            pull = np.bincount(codes, weights=z * terms.d1)
            curve = np.bincount(codes, weights=-z * z * terms.d2)
            variance = float((pull @ pull - curve.sum()) / max(float(curve @ curve), 1e-300))
            if np.isnan(variance):
                variance = 0.0
            theta[j] = np.clip(np.sqrt(max(variance, 0.0)), LEAST_START, LARGEST_START)
    return np.asarray(np.linalg.solve(basis, theta))
