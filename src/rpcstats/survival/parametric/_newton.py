"""Newton's search for the largest value of a log-likelihood."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.optimise import OptSummary
from rpcstats.survival.parametric._row_model import Evaluation, RowModel, evaluate

FloatArray = NDArray[np.float64]

DECREMENT: Final = 1e-18
"""Twice the rise still to be had at which the search ends: estimates then stand within a billionth
of their standard errors."""

STALLED: Final = 1e-9
"""The same at which an end because no step rises any more is rounding, not failure."""

MOST_STEPS: Final = 200
LONGEST_STEP: Final = 4.0
"""Root mean square change of a parameter of the rows: optima lie within a few units."""

_HALVINGS: Final = 40
_ARMIJO: Final = 1e-4
_FLATTEST: Final = 1e-14
_ROUNDING: Final = 1e-14

_DRIFT_FROM: Final = 1e-6
_DRIFT_RATIO: Final = 0.03
_DRIFT_COUNT: Final = 4
"""Once the rise to be had is this small, steps towards an optimum make it the square of itself.
Where so many in a row leave more than this share of it, the log-likelihood flattens along a ridge
without an end."""

_NEGLIGIBLE: Final = 1e-12
_NEGLIGIBLE_COUNT: Final = 8
"""Steps towards an optimum that have so little to gain are the last but one. Where so many in a row
have no more, rounding leads them about on a plateau."""

_RUNAWAY_COUNT: Final = 8
"""So many longest steps in a row leave the region where an optimum can be."""


class Optimum(NamedTuple):
    """Where a search ended.

    Attributes
    ----------
    theta : ndarray of shape (P,)
        Coefficients.
    evaluation : Evaluation
        Log-likelihood there.
    summary : OptSummary
        How it was found; its values are those of minus the log-likelihood.
    drift : ndarray of shape (P,) or None
        Direction in which the log-likelihood rises without end, if so.
    """

    theta: FloatArray
    evaluation: Evaluation
    summary: OptSummary
    drift: FloatArray | None


class _Step(NamedTuple):
    direction: FloatArray
    decrement: float
    peaked: bool


@dataclass(slots=True)
class _Search:
    log: list[float] = field(default_factory=list)
    n_evaluation: int = 1
    n_drift: int = 0
    n_capped: int = 0
    n_negligible: int = 0

    def is_on_plateau(self, step: _Step) -> bool:
        """Count steps with nothing to gain."""
        self.n_negligible = self.n_negligible + 1 if step.decrement <= _NEGLIGIBLE else 0
        return self.n_negligible > _NEGLIGIBLE_COUNT


def climb(model: RowModel, start: FloatArray) -> Optimum:
    """Climb to the top of the log-likelihood of a model of rows.

    Parameters
    ----------
    model : RowModel
        The rows.
    start : ndarray of shape (P,)
        Where it has a finite value.

    Returns
    -------
    Optimum
        The end, and whether the conditions of a maximum hold there.
    """
    return maximise(lambda theta: evaluate(model, theta), start, model.length)


def maximise(
    function: Callable[[FloatArray], Evaluation],
    start: FloatArray,
    length: Callable[[FloatArray], float],
) -> Optimum:
    """Climb to the top of a log-likelihood.

    Parameters
    ----------
    function : callable
        Coefficients to the log-likelihood with its derivatives.
    start : ndarray of shape (P,)
        Where it has a finite value.
    length : callable
        A step to the largest root mean square change of a parameter of the rows.

    Returns
    -------
    Optimum
        The end, and whether the conditions of a maximum hold there.

    Notes
    -----
    Newton steps with the observed information, its eigenvalues taken without their sign, and
    halved until the log-likelihood rises (Nocedal and Wright 2006, chapter 3).
    """
    theta, at = start, function(start)
    search = _Search([-at.value])
    drift = None
    step = _newton_step(at)
    status = "the largest number of steps was taken"
    for _ in range(MOST_STEPS):
        if step.peaked and step.decrement <= DECREMENT:
            status = "the gradient is zero and the log-likelihood is curved downwards"
            break
        if search.is_on_plateau(step):
            status = "the log-likelihood is flat in some direction"
            break
        moved = _rise(function, theta, at, step, length(step.direction), search)
        if moved is None:
            status = "no step raises the log-likelihood any further"
            break
        direction, (theta, at) = moved[0] - theta, moved
        search.log.append(-at.value)
        before, step = step, _newton_step(at)
        search.n_drift = search.n_drift + 1 if _drifts(before, step) else 0
        is_longest = length(direction) >= LONGEST_STEP * (1.0 - 1e-9)
        search.n_capped = search.n_capped + 1 if is_longest else 0
        if search.n_drift >= _DRIFT_COUNT or search.n_capped >= _RUNAWAY_COUNT:
            status, drift = "the log-likelihood rises without end", direction
            break
    converged = drift is None and step.peaked and step.decrement <= STALLED
    summary = OptSummary(
        method="Newton",
        start=start,
        end=theta,
        value=-at.value,
        gradient_norm=float(np.sqrt(step.decrement)),
        n_evaluation=search.n_evaluation,
        converged=converged,
        status=status,
        log=tuple(search.log),
    )
    return Optimum(theta, at, summary, drift)


def _drifts(before: _Step, after: _Step) -> bool:
    return before.decrement < _DRIFT_FROM and after.decrement > _DRIFT_RATIO * before.decrement


def _newton_step(at: Evaluation) -> _Step:
    """Solve for the Newton step in coefficients scaled to curvature one."""
    size = np.sqrt(np.abs(np.diag(at.information)))
    size[~(size > 0.0)] = 1.0
    if not np.isfinite(at.value):
        return _Step(np.zeros_like(at.gradient), np.inf, False)
    values, vectors = np.linalg.eigh(at.information / size[:, None] / size)
    slope = vectors.T @ (at.gradient / size)
    floor = _FLATTEST * max(float(np.abs(values).max()), 1.0)
    curvature = np.maximum(np.abs(values), floor)
    along = slope / curvature
    return _Step(vectors @ along / size, float(slope @ along), bool(values.min() > floor))


def _rise(
    function: Callable[[FloatArray], Evaluation],
    theta: FloatArray,
    at: Evaluation,
    step: _Step,
    longest: float,
    search: _Search,
) -> tuple[FloatArray, Evaluation] | None:
    """Halve the step until the log-likelihood rises as the slope promises."""
    share = min(1.0, LONGEST_STEP / longest) if longest > 0.0 else 0.0
    noise = _ROUNDING * (1.0 + abs(at.value))
    for _ in range(_HALVINGS):
        if share * step.decrement < noise and step.decrement > STALLED:
            return None
        trial = function(theta + share * step.direction)
        search.n_evaluation += 1
        if trial.value >= at.value + _ARMIJO * share * step.decrement - noise:
            return theta + share * step.direction, trial
        share /= 2.0
    return None
