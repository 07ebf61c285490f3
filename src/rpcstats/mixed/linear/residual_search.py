"""Search for the parameters of a residual structure, together with all the others."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.mixed.linear.evaluation import Evaluation
from rpcstats.mixed.linear.residual_curvature import Curvature, curvature_at, definite_on
from rpcstats.mixed.linear.residual_parameters import (
    autocorrelation,
    bounds_of,
    correlation_starts,
    is_edge,
    make_map,
)
from rpcstats.mixed.linear.residual_structure import ResidualRows
from rpcstats.mixed.linear.residual_whitening import WhitenedProblem, whitened_problem
from rpcstats.mixed.linear.search import fit_linear
from rpcstats.mixed.structure.model_frame import Block, FloatArray

# Distance from the optimum, in standard errors, at which the search ends: the deviance is then
# within 1e-10 of its lowest.
_TARGET = 1e-5

# Distance up to which an end passes for an optimum: the gradient is a difference of deviances
# that rounding moves by 1e-12 of themselves.
_CONVERGED = 1e-3

_MAX_STEP = 60
_LONGEST = 1.0
_MAX_HALVING = 12

# A deviance higher by this part may be rounding.
_NOISE = 1e-12

# Curvature below this part of the largest is taken as this part, so that no step is endless.
_LEAST_CURVATURE = 1e-4


class Columns(NamedTuple):
    """What a linear mixed model is made of.

    Attributes
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns.
    y : ndarray of shape (n,)
        Response, the offset taken off.
    blocks : tuple of Block
        Random effects.
    weights : ndarray of shape (n,) or None
        Prior weights.
    """

    X: FloatArray
    y: FloatArray
    blocks: tuple[Block, ...]
    weights: FloatArray | None


class StructuredOptimum(NamedTuple):
    """The optimum of a model with a residual structure.

    Attributes
    ----------
    problem : WhitenedProblem
        The engine at the optimum of the structure.
    evaluation : Evaluation
        The deviance there.
    parameters : ndarray of shape (m,)
        Parameters of the structure, unconstrained.
    curvature : Curvature
        Joint second derivatives there.
    free : ndarray of shape (m,), bool
        Whether each parameter of the structure could move.
    definite : bool
        Whether the curvature is positive in every direction free to move.
    optimum : OptSummary
        How the search went; it holds θ, then the parameters of the structure.
    """

    problem: WhitenedProblem
    evaluation: Evaluation
    parameters: FloatArray
    curvature: Curvature
    free: NDArray[np.bool_]
    definite: bool
    optimum: OptSummary


class _Place(NamedTuple):
    """One set of parameters of the structure with the best of all others."""

    u: FloatArray
    problem: WhitenedProblem
    evaluation: Evaluation
    inner: OptSummary

    @property
    def value(self) -> float:
        return self.evaluation.deviance


@dataclass(slots=True)
class _Search:
    columns: Columns
    rows: ResidualRows
    reml: bool
    n_evaluation: int = 0
    log: list[float] = field(default_factory=list)
    is_flat: bool = False

    def problem(self, u: FloatArray) -> WhitenedProblem:
        columns = self.columns
        whitening = make_map(self.rows, u, columns.weights)
        return whitened_problem(columns.X, columns.y, columns.blocks, whitening)

    def value(self, u: FloatArray, theta: FloatArray, order: int) -> Evaluation:
        self.n_evaluation += 1
        return self.problem(u).evaluate(theta, reml=self.reml, order=order)

    def place(self, u: FloatArray, theta: FloatArray | None) -> _Place:
        problem = self.problem(u)
        found, inner = fit_linear(problem.inner, self.reml, theta)
        self.n_evaluation += inner.n_evaluation
        return _Place(u, problem, problem.restored(found), inner)


def fit_structured(
    columns: Columns,
    rows: ResidualRows,
    reml: bool,
    start: FloatArray | None = None,
    parameters: FloatArray | None = None,
) -> StructuredOptimum:
    """Minimise the deviance over every parameter.

    Parameters
    ----------
    columns : Columns
        The model.
    rows : ResidualRows
        The residual structure.
    reml : bool
        Whether the restricted deviance is minimised.
    start : ndarray of shape (k,), optional
        θ to start from.
    parameters : ndarray of shape (m,), optional
        Parameters of the structure to start from, in place of a grid.

    Returns
    -------
    StructuredOptimum
        The optimum and whether it is one.

    Notes
    -----
    Newton steps over the parameters of the structure, the model being fitted exactly at each:
    by the envelope theorem the gradient is that at fixed θ, and the Hessian is what is left of
    the joint one when θ follows (Murphy and van der Vaart 2000). A coarse grid of
    autocorrelations comes first, because autocorrelation and random effects stand in for each
    other, so that the deviance may have two valleys; every valley of the grid is searched.
    """
    search = _Search(columns, rows, reml)
    if parameters is None:
        places = _valleys(search, start)
    else:
        places = [search.place(np.array(parameters, dtype=np.float64), start)]
    ends = [_descend(search, place) for place in places]
    # Deviances equal but for rounding: the first is that without correlation.
    lowest = min(found[0].value for found in ends)
    slack = 100.0 * _NOISE * max(1.0, abs(lowest))
    end = next(found for found in ends if found[0].value <= lowest + slack)
    return _report(search, *end)


def _valleys(search: _Search, start: FloatArray | None) -> list[_Place]:
    """Fit over the grid and keep what is lower than its neighbours."""
    u = np.zeros(search.rows.n_parameter)
    if search.rows.correlation is None:
        return [search.place(u, start)]
    places: list[_Place] = []
    for first in correlation_starts(search.rows):
        theta = places[-1].evaluation.theta if places else start
        places.append(search.place(np.append(first, u[1:]), theta))
    values = np.array([np.inf, *(place.value for place in places), np.inf])
    slack = 100.0 * _NOISE * max(1.0, abs(float(values[1:-1].min())))
    search.is_flat = not search.rows.may_be_negative and float(np.ptp(values[1:4])) <= slack
    low = (values[1:-1] <= values[:-2]) & (values[1:-1] <= values[2:])
    return [place for place, keep in zip(places, low, strict=True) if keep]


def _descend(search: _Search, place: _Place) -> tuple[_Place, Curvature, float]:
    """Take Newton steps until none is worth while."""
    search.log.append(place.value)
    curvature = curvature_at(search.value, place.u, place.evaluation, place.problem.theta_scale)
    step, decrement = _newton(search.rows, place.u, curvature)
    for _ in range(_MAX_STEP):
        if decrement < _TARGET:
            break
        moved = _try(search, place, step)
        if moved is None:
            break
        place = moved
        search.log.append(place.value)
        curvature = curvature_at(search.value, place.u, place.evaluation, place.problem.theta_scale)
        step, decrement = _newton(search.rows, place.u, curvature)
    return place, curvature, decrement


def _newton(rows: ResidualRows, u: FloatArray, curvature: Curvature) -> tuple[FloatArray, float]:
    """Give a step downhill and how far away the optimum is in standard errors."""
    gradient = curvature.gradient
    held = is_edge(rows, u) & (np.sign(gradient) == -np.sign(u))
    if rows.correlation is not None and autocorrelation(rows, u) == 0.0:
        # A correlation that can't be negative is set to none, not led there: it stays.
        held[0] = held[0] or not rows.may_be_negative
    step = np.zeros(len(u))
    if held.all():
        return step, 0.0
    H = curvature.followed()[np.ix_(~held, ~held)]
    sizes, axes = np.linalg.eigh(H)
    along = axes.T @ gradient[~held]
    floor = max(_LEAST_CURVATURE * float(np.abs(sizes).max()), np.finfo(float).tiny)
    sizes = np.maximum(np.abs(sizes), floor)
    step[~held] = -axes @ (along / sizes)
    longest = float(np.abs(step).max())
    if longest > _LONGEST:
        step *= _LONGEST / longest
    return step, float(np.sqrt(np.sum(along**2 / sizes)))


def _try(search: _Search, place: _Place, step: FloatArray) -> _Place | None:
    """Take a step, shortened until it does not lead up."""
    slack, bound = _NOISE * max(1.0, abs(place.value)), bounds_of(search.rows)
    for _ in range(_MAX_HALVING):
        u = np.clip(place.u + step, -bound, bound)
        moved = search.place(u, place.evaluation.theta)
        if moved.value <= place.value + slack:
            return moved
        step = step / 2.0
    return None


def _report(
    search: _Search, place: _Place, curvature: Curvature, decrement: float
) -> StructuredOptimum:
    free = ~is_edge(search.rows, place.u)
    definite = definite_on(curvature, free, place.evaluation, place.problem)
    definite = definite and not search.is_flat
    status = _status(search.rows, place, free, definite, decrement)
    converged = not status
    theta = place.evaluation.theta
    optimum = replace(
        place.inner,
        method=f"Newton over the residual structure; {place.inner.method}",
        start=np.append(place.inner.start, np.zeros(len(place.u))),
        end=np.append(theta, place.u),
        value=place.value,
        gradient_norm=max(decrement, place.inner.gradient_norm),
        n_evaluation=search.n_evaluation,
        converged=converged,
        status=status or "converged: the gradient is zero and the curvature positive",
        log=tuple(search.log),
    )
    return StructuredOptimum(
        place.problem, place.evaluation, place.u, curvature, free, definite, optimum
    )


def _status(
    rows: ResidualRows,
    place: _Place,
    free: NDArray[np.bool_],
    definite: bool,
    decrement: float,
) -> str:
    """Say what is wrong, or nothing."""
    first = rows.correlation is not None
    if first and not free[0] and place.u[0] > 0.0:
        return "the autocorrelation goes to one, where it can't be told from the random effects"
    if not free[first:].all():
        return "the residual standard deviation of a level goes to zero or grows without end"
    if not place.inner.converged:
        return place.inner.status
    if not definite:
        return "the data can't tell the residual structure from the random effects"
    if decrement > _CONVERGED:
        return "the gradient is not zero at the end of the search"
    return ""
