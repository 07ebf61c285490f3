"""Search for the maximum of the likelihood of a generalised mixed model."""

from dataclasses import dataclass, replace

import numpy as np

from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import DataError
from rpcstats.mixed.general.evaluation import BoolArray, GeneralEvaluation, GeneralProblem
from rpcstats.mixed.general.scaled_problem import ScaledProblem
from rpcstats.mixed.general.search_end import (
    DECREMENT,
    FLAT,
    SearchEnd,
    describe_state,
    find_flattest,
)
from rpcstats.mixed.general.trust_region import descend
from rpcstats.mixed.structure.model_frame import FloatArray

EXACT_HESSIAN = 1e-9
"""Newton decrement below which the Hessian is that of the optimum to about six digits."""

NEAR = 1e-11
"""Decrease of the deviance at which the search hands over to Newton steps."""

FINAL = 1e-15
"""Newton decrement below which a step would change no digit that counts."""

EDGE = 1e-3
"""A scaled diagonal of Λ below this may be the false optimum at zero: try again from inside."""

INSIDE = 0.5
"""Scaled diagonal of Λ from which the search is started again."""

AGAIN = 3
"""Searches from places whose curvature leads on downwards, each with the Hessian of the place."""

MAX_POLISH = 8
"""Newton steps at the end; two are enough where there is an optimum."""

METHOD = "quasi-Newton in a trust region, then Newton"


@dataclass(frozen=True, slots=True, eq=False)
class GeneralOptimum:
    """The maximum of the likelihood of a generalised mixed model.

    Attributes
    ----------
    parameters : ndarray of shape (d,)
        β, θ with diagonals of 0 or more, and φ.
    evaluation : GeneralEvaluation
        The deviance there and its gradient.
    hessian : ndarray of shape (d, d)
        Hessian of the deviance, by central differences of the exact gradient.
    cov : ndarray of shape (d, d)
        Twice the inverse of the Hessian; NaN for parameters held at zero, and everywhere if the
        Hessian of the others is not positive definite.
    free : ndarray of shape (d,), bool
        Whether each parameter was free to move; a diagonal θ at zero is not.
    optimum : OptSummary
        How the search went.
    """

    parameters: FloatArray
    evaluation: GeneralEvaluation
    hessian: FloatArray
    cov: FloatArray
    free: BoolArray
    optimum: OptSummary


def fit_general(
    problem: GeneralProblem, start: FloatArray, *, information: FloatArray | None = None
) -> GeneralOptimum:
    """Maximise the likelihood.

    Parameters
    ----------
    problem : GeneralProblem
        The model; its `scaling`, if it has one, gives the coordinates of the search.
    start : ndarray of shape (d,)
        β, θ and φ.
    information : ndarray of shape (d, d), optional
        A guess of the Hessian of the deviance at the start. Default: from the groups' scores,
        or by differences where the engine has none.

    Returns
    -------
    GeneralOptimum
        The optimum found and whether it is one.

    Raises
    ------
    DataError
        If the likelihood can't be evaluated at the start.

    Notes
    -----
    The search starts with the outer product of the groups' gradients as Hessian
    (Berndt et al. 1974), updates it by BFGS in a trust region and ends with Newton steps on the
    Hessian by differences of the exact gradient. As the deviance is an even function of each
    column of Λ, zero is always a stationary point; a search that ends there is started again
    from inside and the better end is kept.
    """
    scaled = ScaledProblem(problem)
    v = scaled.inward(start)
    log: list[float] = []
    end = _search(scaled, v, information, log)
    if not np.isfinite(end.at.deviance):
        raise DataError(
            "the likelihood can't be evaluated where the search starts: numbers grow too large; "
            "check the offset and the sizes of the predictors"
        )
    for _ in range(2):
        edge = scaled.diagonal & (np.abs(end.v) < EDGE)
        if not edge.any():
            break
        other = _search(scaled, np.where(edge, INSIDE, end.v), None, log)
        if not other.at.deviance < end.at.deviance - DECREMENT:
            break
        end = other
    end = _polish(scaled, _settle(scaled, end))
    for _ in range(AGAIN):
        if end.definite or find_flattest(end)[1] > -FLAT:
            break
        v, at = descend(scaled, end.v, end.at, _made_positive(end.H), log, NEAR)
        end = _polish(scaled, _settle(scaled, SearchEnd(at, v, np.ones(len(v), dtype=np.bool_))))
    return _report(scaled, end, start, log)


def _search(
    scaled: ScaledProblem, v: FloatArray, information: FloatArray | None, log: list[float]
) -> SearchEnd:
    at = scaled.evaluate(v, order=2)
    if not np.isfinite(at.deviance):
        return SearchEnd(at, v, np.ones(len(v), dtype=np.bool_))
    if information is not None:
        B = scaled.T.T @ information @ scaled.T
    elif at.scores is not None:
        B = at.scores / 2.0
    else:
        B = _made_positive(scaled.hessian(v))
    v, at = descend(scaled, v, at, B, log, NEAR)
    return SearchEnd(at, v, np.ones(len(v), dtype=np.bool_))


def _made_positive(H: FloatArray) -> FloatArray:
    """Turn directions of negative curvature round: a quasi-Newton update keeps only these."""
    if not np.isfinite(H).all():
        return np.eye(len(H))
    values, vectors = np.linalg.eigh(H)
    return np.asarray((vectors * np.abs(values)) @ vectors.T)


def _settle(scaled: ScaledProblem, end: SearchEnd) -> SearchEnd:
    """Put diagonals of Λ that are zero but for rounding at zero, and flip signs."""
    v = scaled.normalise_signs(end.v)
    zero = scaled.diagonal & (np.abs(v) < EDGE)
    if zero.any():
        trial = np.where(zero, 0.0, v)
        at = scaled.evaluate(trial)
        if at.deviance <= end.at.deviance + DECREMENT * 10.0:
            return SearchEnd(at, trial, ~zero)
    if np.array_equal(v, end.v):
        return end
    return SearchEnd(scaled.evaluate(v), v, np.ones(len(v), dtype=np.bool_))


def _polish(scaled: ScaledProblem, end: SearchEnd) -> SearchEnd:
    """Take Newton steps until the Hessian is that of the optimum."""
    free = end.free
    for _ in range(MAX_POLISH):
        end.H = scaled.hessian(end.v)
        inner = end.H[np.ix_(free, free)]
        gradient = _gradient(end.at)[free]
        end.definite = bool(
            np.isfinite(inner).all() and np.linalg.eigvalsh(inner).min(initial=np.inf) > 0.0
        )
        if not end.definite:
            end.decrement = np.inf
            return end
        step = np.zeros(len(end.v))
        step[free] = -np.linalg.solve(inner, gradient)
        before = float(-gradient @ step[free])
        end.decrement = before
        if before < FINAL or not _take(scaled, end, step, inner):
            return end
        if before < EXACT_HESSIAN:
            return end
    return end


def _take(scaled: ScaledProblem, end: SearchEnd, step: FloatArray, inner: FloatArray) -> bool:
    """Take a Newton step, shortened until it does not lead up."""
    slack = scaled.noise(end.at.deviance)
    for shrink in (1.0, 0.5, 0.1, 0.01):
        trial = end.v + shrink * step
        at = scaled.evaluate(trial)
        if at.deviance <= end.at.deviance + slack:
            end.v, end.at = trial, at
            g = _gradient(at)[end.free]
            end.decrement = float(g @ np.linalg.solve(inner, g))
            return True
    return False


def _gradient(at: GeneralEvaluation) -> FloatArray:
    assert at.gradient is not None
    return at.gradient


def _report(
    scaled: ScaledProblem, end: SearchEnd, start: FloatArray, log: list[float]
) -> GeneralOptimum:
    v = scaled.normalise_signs(end.v)
    same = np.array_equal(v, end.v)
    at = end.at if same else scaled.evaluate(v)
    signs = np.where(v == end.v, 1.0, -1.0)
    H = end.H * signs[:, None] * signs
    inverse = _invert_free(H, end.free) if end.definite else np.full_like(H, np.nan)
    spread = np.sqrt(np.diag(inverse))[end.free]
    norm = np.abs(_gradient(at)[end.free]) * spread
    status = describe_state(scaled, end, at, np.sqrt(2.0) * spread)
    finish = scaled.outward(v)
    held = ~np.outer(end.free, end.free)
    cov = scaled.T @ (2.0 * inverse) @ scaled.T.T
    summary = OptSummary(
        method=METHOD,
        start=start.copy(),
        end=finish,
        value=at.deviance,
        gradient_norm=float(norm.max(initial=0.0)) if end.definite else np.inf,
        n_evaluation=scaled.n_evaluation,
        converged=not status,
        status=status or "the gradient is zero and the curvature positive",
        log=tuple(log),
    )
    return GeneralOptimum(
        parameters=finish,
        evaluation=scaled.outer(at, finish),
        hessian=scaled.inverse_T.T @ H @ scaled.inverse_T,
        cov=np.where(held, np.nan, cov),
        free=end.free,
        optimum=summary,
    )


def _invert_free(H: FloatArray, free: BoolArray) -> FloatArray:
    """Invert the part of the free parameters; zero elsewhere."""
    result = np.zeros_like(H)
    result[np.ix_(free, free)] = np.linalg.inv(H[np.ix_(free, free)])
    return result


def mark_failed(found: GeneralOptimum, status: str) -> GeneralOptimum:
    """Say that an end of a search is no estimate, such as under separation.

    Parameters
    ----------
    found : GeneralOptimum
        The end.
    status : str
        Why, in words.

    Returns
    -------
    GeneralOptimum
        The same, not converged.
    """
    return replace(found, optimum=replace(found.optimum, converged=False, status=status))
