"""The search for the minimum of the profiled deviance of a linear mixed model."""

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.errors import ParameterError
from rpcstats.mixed.linear._search_objective import Objective
from rpcstats.mixed.linear._trust_region import (
    NOISE,
    Path,
    Point,
    descend,
    trust_region_step,
)
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem
from rpcstats.mixed.structure.model_frame import Block, FloatArray

# Newton decrement at which a search ends: θ is then within this part of its standard error.
_TARGET = 1e-8
_TARGET_BY_INFORMATION = 1e-6

# Newton decrement up to which the end of a search passes for a minimum: rounding alone leaves
# this much where random-effects columns are nearly dependent.
_CONVERGED = 1e-4

# Negative curvature up to this part of the largest is rounding, and up to this part of 0.01
# where the deviance is flat all over.
_NEGATIVE = 1e-6

_MAX_STEP = 200

# A diagonal element of Λ̃ this near zero is an edge: the deviance is even in it, so zero is
# stationary whether it is the minimum or not. Each search is repeated from clearly inside.
_EDGE = 1e-3
_INSIDE = (0.3, 1.0)

# A repeated search that comes back this near has found the edge again.
_RETURNED = 1e-2

# Starting values: Λ̃ as these multiples of the identity, the best is taken.
_STARTS = (1.0, 0.3)

# With few levels and several effects a level the deviance can have several minima: these are
# also searched from small effects, a tenth of the residuals.
FEW_LEVELS = 200
SMALL_START = 0.1


def fit_linear(
    problem: LinearProblem, reml: bool, start: FloatArray | None = None
) -> tuple[Evaluation, OptSummary]:
    """Minimise the profiled deviance.

    Parameters
    ----------
    problem : LinearProblem
        The model.
    reml : bool
        Whether the restricted deviance is minimised.
    start : ndarray of shape (k,), optional
        θ to start from; by default multiples of the identity are tried.

    Returns
    -------
    evaluation : Evaluation
        The deviance at the minimum, with second derivatives where they are cheap.
    summary : OptSummary
        Record of the search; `gradient_norm` is the Newton decrement (g'H⁻¹g)^(1/2), the
        distance from the minimum in units of standard errors.

    Raises
    ------
    ParameterError
        If the model is singular to working precision at the starting values.

    Notes
    -----
    Newton steps in a trust region (Moré and Sorensen, 1983) with the exact Hessian, or with
    the average information (Gilmour, Thompson and Cullis, 1995) mended by the latest
    gradients. No bounds are set: the deviance is even in each column of Λ. A search that ends
    where a diagonal element of Λ is zero is repeated from inside, and the better end is kept.
    """
    objective = Objective(problem, reml)
    diagonal = np.concatenate([block.on_diagonal for block in problem.blocks])
    x = _start(objective, diagonal) if start is None else objective.basis @ np.asarray(start, float)
    first = objective.point(x)
    if not np.isfinite(first.value):
        raise ParameterError(
            "the model is singular at the starting values; give smaller ones, or none"
        )
    path = _descend(objective, first)
    if has_several_minima(problem):
        path = _search_from_small(objective, path, diagonal)
    path = _leave_edges(objective, path, diagonal)
    if problem.cheap_hessian:
        path = _try_edges(objective, path, diagonal)
    end = _settle(objective, path.end, diagonal)
    end = _orient(end, problem.blocks, diagonal)
    final = objective.final(end)
    return final, _summarise(objective, final, x, end, path, diagonal)


def has_several_minima(problem: LinearProblem) -> bool:
    """Say whether a model is of the kind whose deviance can have several minima.

    Parameters
    ----------
    problem : LinearProblem
        The model.

    Returns
    -------
    bool
        True for few levels with two effects or more each, where another search costs little.
    """
    few = sum(block.n_level for block in problem.blocks) <= FEW_LEVELS
    return problem.cheap_hessian and few and problem.blocks[0].n_effect > 1


def _search_from_small(objective: Objective, path: Path, diagonal: NDArray[np.bool_]) -> Path:
    """Search again from small random effects, unless that leads to the same end."""

    def arrived(x: FloatArray) -> bool:
        distance = np.abs(x) - np.abs(path.end.x)
        return float(np.abs(distance).max()) < _RETURNED

    start = objective.point(np.where(diagonal, SMALL_START, 0.0))
    again = descend(objective.point, start, target=_TARGET, max_step=_MAX_STEP, abandon=arrived)
    noise = NOISE * max(1.0, abs(path.end.value))
    lower = again.end.value < path.end.value - 100.0 * noise
    return Path(again.end, path.log + again.log, again.reason) if lower else path


def _start(objective: Objective, diagonal: NDArray[np.bool_]) -> FloatArray:
    guess = getattr(objective.problem, "start", None)
    if guess is not None and not objective.problem.cheap_hessian:
        x = objective.basis @ guess
        return np.where(diagonal & (np.abs(x) < SMALL_START), SMALL_START, x)
    candidates = [np.where(diagonal, size, 0.0) for size in _STARTS]
    values = [objective.value(x) for x in candidates]
    return candidates[int(np.argmin(values))]


def _descend(objective: Objective, start: Point, edge: int | None = None) -> Path:
    objective.secants = []
    target = _TARGET if objective.problem.cheap_hessian else _TARGET_BY_INFORMATION
    abandon = None if edge is None else (lambda x: bool(abs(x[edge]) < _RETURNED))
    return descend(objective.point, start, target=target, max_step=_MAX_STEP, abandon=abandon)


def _leave_edges(objective: Objective, path: Path, diagonal: NDArray[np.bool_]) -> Path:
    """Search again from inside for every standard deviation that came out as zero."""
    tried: set[int] = set()
    while True:
        edges = set(np.flatnonzero(diagonal & (np.abs(path.end.x) < _EDGE)).tolist()) - tried
        if not edges:
            return path
        edge = min(edges)
        tried.add(edge)
        for inside in _INSIDE:
            x = path.end.x.copy()
            x[edge] = inside
            again = _descend(objective, objective.point(x), edge)
            noise = NOISE * max(1.0, abs(path.end.value))
            if again.end.value < path.end.value - 100.0 * noise:
                path = Path(again.end, path.log + again.log, again.reason)
                tried = set()
                break


def _try_edges(objective: Objective, path: Path, diagonal: NDArray[np.bool_]) -> Path:
    """Search again from every edge that lies lower than the end of the search."""
    for edge in np.flatnonzero(diagonal & (path.end.x != 0.0)):
        x = path.end.x.copy()
        x[_column(objective.problem.blocks, int(edge))] = 0.0
        noise = NOISE * max(1.0, abs(path.end.value))
        if objective.value(x) < path.end.value - 100.0 * noise:
            again = _descend(objective, objective.point(x))
            path = Path(again.end, path.log + again.log, again.reason)
    return path


def _column(blocks: tuple[Block, ...], element: int) -> NDArray[np.intp]:
    """Find the elements of θ in the column of Λ that one of them stands in."""
    owner = np.repeat(np.arange(len(blocks)), [block.n_theta for block in blocks])
    columns = np.concatenate([block.cols for block in blocks])
    return np.flatnonzero((owner == owner[element]) & (columns == columns[element]))


def _settle(objective: Objective, end: Point, diagonal: NDArray[np.bool_]) -> FloatArray:
    """Put standard deviations that are zero but for rounding to zero."""
    x, best = end.x, end.value
    for edge in np.flatnonzero(diagonal & (np.abs(x) < _EDGE) & (x != 0.0)):
        trial = x.copy()
        trial[edge] = 0.0
        value = objective.value(trial)
        if value <= best + 10.0 * NOISE * max(1.0, abs(best)):
            x, best = trial, min(best, value)
    return x


def _orient(x: FloatArray, blocks: tuple[Block, ...], diagonal: NDArray[np.bool_]) -> FloatArray:
    """Turn each column of Λ so that its diagonal element is not negative."""
    result = x.copy()
    for element in np.flatnonzero(diagonal & (x < 0.0)):
        result[_column(blocks, int(element))] *= -1.0
    return result


def _summarise(
    objective: Objective,
    final: Evaluation,
    start: FloatArray,
    x: FloatArray,
    path: Path,
    diagonal: NDArray[np.bool_],
) -> OptSummary:
    exact = objective.problem.cheap_hessian
    model = objective.hessian(final.hessian) if exact else path.end.hessian
    curvature = np.linalg.eigvalsh(model)
    convex = bool(curvature[0] >= -_NEGATIVE * max(0.01, abs(curvature[-1])))
    norm = trust_region_step(objective.inverse.T @ final.gradient, model, np.inf).decrement
    converged = convex and norm <= _CONVERGED
    return OptSummary(
        method="trust-region Newton, exact Hessian"
        if exact
        else "trust-region quasi-Newton, average information",
        start=objective.inverse @ start,
        end=final.theta,
        value=final.deviance,
        gradient_norm=norm,
        n_evaluation=objective.n_evaluation,
        converged=converged,
        status=_status(converged, convex, int((diagonal & (x == 0.0)).sum()), path.reason),
        log=path.log,
    )


def _status(converged: bool, convex: bool, n_zero: int, reason: str) -> str:
    if converged and n_zero:
        count = "one standard deviation is" if n_zero == 1 else f"{n_zero} standard deviations are"
        return f"converged at the edge: {count} zero, and searches from inside led back; {reason}"
    if converged:
        return f"converged: {reason}"
    if not convex:
        return f"not converged: the deviance curves downwards at the end; {reason}"
    return f"not converged: {reason}, but the gradient is not zero"
