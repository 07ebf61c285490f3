"""Newton's method for counts of causes in cells under the multinomial logit.

Coefficients of R causes stand one cause after the other in a vector of R p.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._cluster_sums import sums_by_cluster
from rpcstats.survival.discrete._definite import inverse, solve

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]

_MOST_STEPS: Final = 60
_HALVINGS: Final = 30
NEAR: Final = 1e-12
"""Squared distance to the optimum, in standard errors, after which one step more ends it."""


class CauseTerms(NamedTuple):
    """What the coefficients make of the cells.

    Attributes
    ----------
    log_lik : float
        Log-likelihood of the person-sessions.
    P : ndarray of shape (R, C)
        Chance of each cause.
    e : ndarray of shape (R, C)
        Derivative of the log-likelihood by each linear predictor.
    """

    log_lik: float
    P: FloatArray
    e: FloatArray


class MultinomialOptimum(NamedTuple):
    """The optimum.

    Attributes
    ----------
    beta : ndarray of shape (R, p)
        Coefficients.
    M : ndarray of shape (R p, R p)
        Inverse of the information.
    terms : CauseTerms
        The cells at the optimum.
    optimum : OptSummary
        How it was searched for.
    """

    beta: FloatArray
    M: FloatArray
    terms: CauseTerms
    optimum: OptSummary


def chances(eta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give the chance of each cause, and the log of the chance of none.

    Parameters
    ----------
    eta : ndarray of shape (R, ...)
        Linear predictors.

    Returns
    -------
    P : ndarray of shape (R, ...)
        Chances.
    log_none : ndarray of shape (...)
        Log of one minus their sum.
    """
    top = np.maximum(eta.max(axis=0), 0.0)
    parts = np.exp(eta - top)
    log_total = top + np.log(np.exp(-top) + parts.sum(axis=0))
    return np.exp(eta - log_total), -log_total


def evaluate(cells: Cells, beta: FloatArray, n: FloatArray, d: FloatArray) -> CauseTerms:
    """Evaluate the likelihood.

    Parameters
    ----------
    cells : Cells
        The cells.
    beta : ndarray of shape (R, p)
        Coefficients.
    n : ndarray of shape (C,)
        Person-sessions of each cell.
    d : ndarray of shape (R, C)
        Events of each cause.

    Returns
    -------
    CauseTerms
        Log-likelihood, chances and derivatives.
    """
    eta = np.stack([cells.predictor(row) for row in beta])
    P, log_none = chances(eta)
    log_lik = float((d * (eta + log_none)).sum() + ((n - d.sum(axis=0)) * log_none).sum())
    return CauseTerms(log_lik, P, d - n * P)


def fit_multinomial(cells: Cells) -> MultinomialOptimum:
    """Maximise the likelihood of R causes against none.

    Parameters
    ----------
    cells : Cells
        Events of R causes; columns of full rank.

    Returns
    -------
    MultinomialOptimum
        Coefficients and what belongs to them.
    """
    d = cells.weighted_events()
    trials = cells.trials()
    n = np.ones(cells.n_cell) if trials is None else trials
    R, p = len(d), cells.n_column
    beta = _first_guess(cells, n, d)
    terms = evaluate(cells, beta, n, d)
    log, status, near = [terms.log_lik], "too many steps", np.inf
    for _ in range(_MOST_STEPS):
        score = scores(cells, terms.e)
        step = solve(information(cells, terms.P, n), score)
        near = float(score @ step)
        if not np.isfinite(near):
            status = "the information is singular"
            break
        is_last = near <= NEAR
        moved, found = beta, terms
        for halving in range(_HALVINGS):
            moved = beta + step.reshape(R, p) / 2.0**halving
            found = evaluate(cells, moved, n, d)
            if is_last or found.log_lik >= terms.log_lik - 1e-9 * abs(terms.log_lik):
                break
        beta, terms = moved, found
        log.append(terms.log_lik)
        if is_last:
            status = "converged"
            break
    optimum = OptSummary(
        method="Newton",
        start=np.zeros(R * p),
        end=beta.ravel(),
        value=-terms.log_lik,
        gradient_norm=float(np.sqrt(max(near, 0.0))),
        n_evaluation=len(log),
        converged=status == "converged",
        status=status,
        log=tuple(-value for value in log),
    )
    return MultinomialOptimum(beta, inverse(information(cells, terms.P, n)), terms, optimum)


def scores(cells: Cells, e: FloatArray) -> FloatArray:
    """Sum the columns times a value of each cell and cause.

    Parameters
    ----------
    cells : Cells
        The cells.
    e : ndarray of shape (R, C)
        What multiplies the columns.

    Returns
    -------
    ndarray of shape (R p,)
        X'e, cause by cause.
    """
    return np.concatenate([cells.score(row) for row in e])


def information(cells: Cells, P: FloatArray, n: FloatArray) -> FloatArray:
    """Give the information on all coefficients.

    Parameters
    ----------
    cells : Cells
        The cells.
    P : ndarray of shape (R, C)
        Chances.
    n : ndarray of shape (C,)
        Person-sessions of each cell.

    Returns
    -------
    ndarray of shape (R p, R p)
        The expected information, which is the observed one.
    """
    R, p = len(P), cells.n_column
    found = np.empty((R * p, R * p))
    for r in range(R):
        for s in range(r + 1):
            w = n * P[r] * ((r == s) - P[s])
            block = cells.information(w)
            found[r * p : (r + 1) * p, s * p : (s + 1) * p] = block
            found[s * p : (s + 1) * p, r * p : (r + 1) * p] = block.T
    return found


def sums_by(cells: Cells, e: FloatArray, code: IntArray, n: int) -> FloatArray:
    """Sum the scores of each cluster.

    Parameters
    ----------
    cells : Cells
        The cells.
    e : ndarray of shape (R, C)
        What multiplies the columns.
    code : ndarray of shape (U,), int
        Cluster of each unit.
    n : int
        Number of clusters.

    Returns
    -------
    ndarray of shape (n, R p)
        The sums.
    """
    return np.hstack([sums_by_cluster(cells, row, code, n) for row in e])


def _first_guess(cells: Cells, n: FloatArray, d: FloatArray) -> FloatArray:
    """Take a weighted least-squares step for each cause from its share at each session."""
    found = np.zeros((len(d), cells.n_column))
    known = 0.0 if cells.offset is None else cells.spread(cells.offset)
    shares = np.empty(d.shape)
    for _, at, _ in cells.blocks():
        shares[:, at] = ((d[:, at].sum(axis=1) + 0.5) / (n[at].sum() + 1.0))[:, None]
    none = np.maximum(1.0 - shares.sum(axis=0), 1e-3)
    for r in range(len(d)):
        w = n * shares[r] * (1.0 - shares[r])
        eta = np.log(shares[r] / none)
        guess = solve(cells.information(w), cells.score(w * (eta - known) + d[r] - n * shares[r]))
        if np.isfinite(guess).all():
            found[r] = guess
    return found
