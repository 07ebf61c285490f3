"""Newton's method for binomial counts in cells, and Firth's adjusted score."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rpcstats._numerics.optimise import OptSummary
from rpcstats.survival.discrete._cells import Cells
from rpcstats.survival.discrete._definite import inverse, solve
from rpcstats.survival.discrete._links import LARGEST_RATE, LinkName, Terms, evaluate

FloatArray = NDArray[np.float64]

_MOST_STEPS: Final = 60
_MOST_STEPS_FIRTH: Final = 300
_HALVINGS: Final = 30
_LONGEST: Final = 2.0
"""Farthest a step to Firth's estimate moves a linear predictor; longer ones overshoot."""

NEAR: Final = 1e-12
"""Squared distance to the optimum, in standard errors, after which one step more ends it."""

NEAR_FIRTH: Final = 1e-22
"""The same for Firth's score, which scoring approaches by a constant factor a step."""


class BinomialOptimum(NamedTuple):
    """The optimum.

    Attributes
    ----------
    beta : ndarray of shape (p,)
        Coefficients.
    M : ndarray of shape (p, p)
        Inverse of the expected information.
    terms : Terms
        The cells at the optimum.
    optimum : OptSummary
        How it was searched for.
    """

    beta: FloatArray
    M: FloatArray
    terms: Terms
    optimum: OptSummary


def fit_binomial(
    cells: Cells, link: LinkName, *, firth: bool = False, start: FloatArray | None = None
) -> BinomialOptimum:
    """Maximise the likelihood, or solve Firth's adjusted score equations.

    Parameters
    ----------
    cells : Cells
        Events of one cause; columns of full rank.
    link : {"logit", "cloglog"}
        Link.
    firth : bool
        Whether to take the first-order bias off the score.
    start : ndarray of shape (p,), optional
        Where to start.

    Returns
    -------
    BinomialOptimum
        Coefficients and what belongs to them.

    Notes
    -----
    Firth (1993); for links other than the logit the adjusted score of Kosmidis and Firth (2009),
    ½ h μ''/μ' for each cell with h its leverage. Under the logit it is the likelihood penalised
    by Jeffreys' prior.
    """
    n, d = cells.trials(), cells.weighted_events()[0]

    def at(beta: FloatArray) -> tuple[FloatArray | None, Terms]:
        eta = cells.predictor(beta)
        if firth:
            return eta, evaluate(link, eta, n, d)
        return None, evaluate(link, eta, n, d, may_overwrite=True)

    beta = _first_guess(cells, link, n, d) if start is None else start
    first = beta
    found = at(beta)
    log, status, before = [found[1].log_lik], "too many steps", np.inf
    for _ in range(_MOST_STEPS_FIRTH if firth else _MOST_STEPS):
        step, near = _step(cells, link, *found)
        if found[0] is not None:
            step = _held_back(cells, found[0], beta, step)
        if not np.isfinite(near):
            status = "the information is singular"
            break
        is_last = near <= (NEAR_FIRTH if firth else NEAR) or (near < NEAR and near >= 0.25 * before)
        before = near
        lowest = -np.inf if firth or is_last else log[-1] - 1e-9 * abs(log[-1])
        del found  # as large as the data
        beta, found = _moved(at, beta, step, lowest)
        log.append(found[1].log_lik)
        if is_last:
            status = "converged"
            break
    return _optimum(cells, first, beta, found[1], status, before, log)


def _moved(
    at: Callable[[FloatArray], tuple[FloatArray | None, Terms]],
    beta: FloatArray,
    step: FloatArray,
    lowest: float,
) -> tuple[FloatArray, tuple[FloatArray | None, Terms]]:
    """Take a step, halved until the log-likelihood is no lower than asked."""
    for halving in range(_HALVINGS):
        moved = beta + step / 2.0**halving
        found = at(moved)
        if found[1].log_lik >= lowest:
            break
    return moved, found


def _optimum(
    cells: Cells,
    first: FloatArray,
    beta: FloatArray,
    terms: Terms,
    status: str,
    near: float,
    log: list[float],
) -> BinomialOptimum:
    information = cells.information(terms.expected)
    optimum = OptSummary(
        method="Newton",
        start=first,
        end=beta,
        value=-terms.log_lik,
        gradient_norm=float(np.sqrt(max(near, 0.0))),
        n_evaluation=len(log),
        converged=status == "converged",
        status=status,
        log=tuple(-value for value in log),
    )
    return BinomialOptimum(beta, inverse(information), terms, optimum)


def _step(
    cells: Cells, link: LinkName, eta: FloatArray | None, terms: Terms
) -> tuple[FloatArray, float]:
    """Give the next step, Firth's if η is given, and its squared length in standard errors."""
    if eta is None:
        score, information = cells.score(terms.e), cells.information(terms.observed)
    else:
        information = cells.information(terms.expected)
        h = terms.expected * cells.leverage(inverse(information))
        score = cells.score(terms.e + 0.5 * h * _curvature(link, eta))
        # The adjustment counts as h more person-sessions; without them steps overshoot.
        size = cells.trials()
        information = cells.information(
            terms.expected * (1.0 + h / (1.0 if size is None else size))
        )
    step = solve(information, score)
    return step, float(score @ step)


def _held_back(cells: Cells, eta: FloatArray, beta: FloatArray, step: FloatArray) -> FloatArray:
    """Shorten a step that moves a linear predictor far."""
    if not np.isfinite(step).all():
        return step
    moved = float(np.abs(cells.predictor(beta + step) - eta).max(initial=0.0))
    return step if moved <= _LONGEST else step * (_LONGEST / moved)


def _curvature(link: LinkName, eta: FloatArray) -> FloatArray:
    """Give μ''/μ'."""
    if link == "logit":
        return 1.0 - 2.0 * np.asarray(special.expit(eta))
    return 1.0 - np.exp(np.minimum(eta, np.log(LARGEST_RATE)))


def _first_guess(cells: Cells, link: LinkName, n: FloatArray | None, d: FloatArray) -> FloatArray:
    """Take one weighted least-squares step from the share of events of each session."""
    eta = np.empty(cells.n_cell)
    for _, at, _ in cells.blocks():
        size = float(at.stop - at.start if n is None else n[at].sum())
        share = (float(d[at].sum()) + 0.5) / (size + 1.0)
        eta[at] = special.logit(share) if link == "logit" else np.log(-np.log1p(-share))
    terms = evaluate(link, eta, n, d)
    known = eta if cells.offset is None else eta - cells.spread(cells.offset)
    known *= terms.expected
    known += terms.e
    guess = solve(cells.information(terms.expected), cells.score(known))
    return guess if np.isfinite(guess).all() else np.zeros(cells.n_column)
