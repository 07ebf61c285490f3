"""Means of pseudo-values as functions of covariates: arrays in, arrays out."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
MeanLink = Literal["identity", "log", "logit", "cloglog"]

_MOST_STEPS: Final = 100
_MOST_HALVINGS: Final = 30
_SMALL: Final = 1e-10
"""A step this small beside the coefficients (and one) ends the search."""

_SPENT: Final = 1e-12
"""A mean this near to the end of its range has run away."""

_EDGE: Final = 1e-3
"""Means are held this far inside the range of a link at the start."""


class LinkFunctions(NamedTuple):
    """A link with its inverse and the slope of that.

    Attributes
    ----------
    link, mean, slope : callable
        g(μ), its inverse μ(η), and dμ/dη.
    low, high : float
        Range of the means.
    """

    link: Callable[[FloatArray], FloatArray]
    mean: Callable[[FloatArray], FloatArray]
    slope: Callable[[FloatArray], FloatArray]
    low: float
    high: float


def _expit(eta: FloatArray) -> FloatArray:
    result: FloatArray = 0.5 * (1 + np.tanh(0.5 * eta))
    return result


def _bounded_exp(eta: FloatArray) -> FloatArray:
    result: FloatArray = np.exp(np.minimum(eta, 500.0))
    return result


LINKS: Final[dict[str, LinkFunctions]] = {
    "identity": LinkFunctions(
        lambda mu: mu, lambda eta: eta, lambda eta: np.ones_like(eta), -np.inf, np.inf
    ),
    "log": LinkFunctions(np.log, _bounded_exp, _bounded_exp, 0.0, np.inf),
    "logit": LinkFunctions(
        lambda mu: np.log(mu / (1 - mu)),
        _expit,
        lambda eta: _expit(eta) * _expit(-eta),
        0.0,
        1.0,
    ),
    "cloglog": LinkFunctions(
        lambda mu: np.log(-np.log1p(-mu)),
        lambda eta: -np.expm1(-_bounded_exp(eta)),
        lambda eta: _bounded_exp(eta) * np.exp(-_bounded_exp(eta)),
        0.0,
        1.0,
    ),
}


class MeanFit(NamedTuple):
    """Coefficients of a model of means, and how each row moves them.

    Attributes
    ----------
    beta : ndarray of shape (p,)
        Coefficients.
    influence : ndarray of shape (n, p)
        Influence of each row.
    converged : bool
        Whether the search ended at a solution.
    n_step : int
        Steps taken.
    """

    beta: FloatArray
    influence: FloatArray
    converged: bool
    n_step: int


def fit_means(Y: FloatArray, X: FloatArray, link: MeanLink, n_time: int) -> MeanFit:
    """Solve the estimating equations of the means with independence as working correlation.

    Parameters
    ----------
    Y : ndarray of shape (n, q)
        Pseudo-values, one column a time.
    X : ndarray of shape (n, p)
        Covariates without a column of ones.
    link : {"identity", "log", "logit", "cloglog"}
        Scale on which covariates add up.
    n_time : int
        Number of times q, each with an intercept of its own; 0 for none.

    Returns
    -------
    MeanFit
        Intercepts first.

    Notes
    -----
    Generalised estimating equations with constant variance (Liang and Zeger 1986; Andersen,
    Klein and Rosthøj 2003), solved by scoring with step halving; the influence is the sandwich's.
    """
    functions = LINKS[link]
    columns = [_at(X, n_time, j) for j in range(Y.shape[1])]
    beta = _start(Y, columns, functions, n_time)
    loss = _loss(Y, columns, beta, functions)
    converged, n_step = False, 0
    for n_step in range(1, _MOST_STEPS + 1):  # noqa: B007
        B, u = _equations(Y, columns, beta, functions)
        step = np.linalg.lstsq(B, u.sum(axis=0), rcond=None)[0]
        beta, loss = _moved(Y, columns, beta, step, loss, functions)
        if np.abs(step).max() <= _SMALL * (1 + np.abs(beta).max()):
            converged = True
            break
    B, u = _equations(Y, columns, beta, functions)
    influence = np.linalg.lstsq(B, u.T, rcond=None)[0].T
    solved = converged and not _at_edge(columns, beta, functions)
    return MeanFit(beta, np.asarray(influence, dtype=np.float64), solved, n_step)


def _at_edge(columns: list[FloatArray], beta: FloatArray, functions: LinkFunctions) -> bool:
    """Tell whether a mean ran to the end of its range, where the equations hold of themselves."""
    means = [functions.mean(X @ beta) for X in columns]
    low, high = functions.low + _SPENT, functions.high - _SPENT
    return any(bool((mean < low).any() or (mean > high).any()) for mean in means)


def _at(X: FloatArray, n_time: int, j: int) -> FloatArray:
    intercepts = np.zeros((len(X), n_time))
    if n_time:
        intercepts[:, j] = 1.0
    return np.hstack([intercepts, X])


def _start(
    Y: FloatArray, columns: list[FloatArray], functions: LinkFunctions, n_time: int
) -> FloatArray:
    beta = np.zeros(columns[0].shape[1])
    if not n_time:
        return beta
    low, high = functions.low, functions.high
    mean = Y.mean(axis=0)
    if np.isfinite(low):
        spread = _EDGE * (high - low if np.isfinite(high) else np.abs(mean).max() + 1)
        mean = np.clip(mean, low + spread, high - spread)
    beta[:n_time] = functions.link(mean)
    return beta


def _equations(
    Y: FloatArray, columns: list[FloatArray], beta: FloatArray, functions: LinkFunctions
) -> tuple[FloatArray, FloatArray]:
    p = len(beta)
    B, u = np.zeros((p, p)), np.zeros((len(Y), p))
    for y, X in zip(Y.T, columns, strict=True):
        eta = X @ beta
        D = functions.slope(eta)[:, None] * X
        B += D.T @ D
        u += D * (y - functions.mean(eta))[:, None]
    return B, u


def _loss(
    Y: FloatArray, columns: list[FloatArray], beta: FloatArray, functions: LinkFunctions
) -> float:
    pairs = zip(Y.T, columns, strict=True)
    return float(sum(((y - functions.mean(X @ beta)) ** 2).sum() for y, X in pairs))


def _moved(
    Y: FloatArray,
    columns: list[FloatArray],
    beta: FloatArray,
    step: FloatArray,
    loss: float,
    functions: LinkFunctions,
) -> tuple[FloatArray, float]:
    for halving in range(_MOST_HALVINGS):
        trial = beta + step * 0.5**halving
        found = _loss(Y, columns, trial, functions)
        if found <= loss * (1 + 1e-12):
            return trial, found
    return beta, loss
