"""Newton's method for the log partial likelihood."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.partial.likelihood import PartialLikelihood, Point
from rpcstats.survival.partial.monotone import any_recession, recession

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

GRADIENT_TOLERANCE: Final = 1e-10
"""The next Newton step, in standard errors over the root of the number of events, must be less
than this; its own square is what is left after it."""

MOST_STEPS: Final = 60
MOST_HALVINGS: Final = 30
_FIRTH_STEPS: Final = 500
"""Firth's steps use the information alone, so that they converge linearly."""

_ROUGHLY: Final = 0.1
"""Length of the next step, in standard errors, at which a rough search ends."""

_SAME: Final = 1e-12
"""Values that differ by less, relatively, differ by rounding."""

_LOOK_FOR_MONOTONE: Final = 6
"""A regular likelihood is at its maximum after fewer steps, as a rule."""
_LOOK_EVERYWHERE: Final = (12, 24)
"""Steps after which to look for any such direction, not only that of the step."""
_ENDLESS: Final = "the likelihood rises without end"

_KEEP_CURVATURE: Final = 0.1
"""A step that shrinks the next one so far shows that the curvature of before will do again."""


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the search ended.

    Attributes
    ----------
    beta : ndarray of shape (p,)
        Coefficients.
    value, log_lik : float
        Log partial likelihood there, with and without the penalty.
    start_value, start_log_lik : float
        The same at the start.
    point : Point
        The last point evaluated, within a Newton step of `beta`.
    information : ndarray of shape (p, p)
        Minus the second derivatives of the log partial likelihood.
    gradient_norm : float
        Length of the last Newton step in standard errors.
    converged : bool
        Whether the gradient vanished.
    monotone : ndarray of shape (p,) or None
        Direction in which the likelihood rises without end, if it has no maximum.
    n_evaluation : int
        Evaluations.
    status : str
        Why the search stopped.
    log : tuple of float
        Value after each step.
    """

    beta: FloatArray
    value: float
    log_lik: float
    start_value: float
    start_log_lik: float
    point: Point
    information: FloatArray
    gradient_norm: float
    converged: bool
    monotone: FloatArray | None
    n_evaluation: int
    status: str
    log: tuple[float, ...]


class _Search:
    """The state of a search: the point, the curvature in use and the account of it."""

    def __init__(
        self,
        likelihood: PartialLikelihood,
        start: FloatArray | Point,
        free: BoolArray | None,
        curvature: FloatArray | None,
    ) -> None:
        self.likelihood = likelihood
        self.free = free
        self.n_evaluation = 1
        self.point = start if isinstance(start, Point) else likelihood.at(start)
        self.log = [self.point.value]
        self.start_log_lik = self.point.log_lik
        self.at_curvature: Point | None = None
        if curvature is None:
            self.turn()
        else:
            self.inverse = self.inverted(curvature)
            self.aim()

    def turn(self) -> None:
        """Take the curvature of the present point."""
        self.inverse = self.inverted(self.point.curvature)
        self.at_curvature = self.point
        self.aim()

    def inverted(self, curvature: FloatArray) -> FloatArray:
        """Invert the curvature of the coefficients that may move, others 0."""
        if self.free is None:
            return inverse_of(curvature)
        found = np.zeros_like(curvature)
        inside = np.ix_(self.free, self.free)
        found[inside] = inverse_of(curvature[inside])
        return found

    def aim(self) -> None:
        """Find the next step and its length in standard errors."""
        self.step = self.inverse @ self.point.gradient
        self.length = float(np.sqrt(np.maximum(self.step @ self.point.gradient, 0.0)))

    def move(self) -> bool:
        """Step, halving the step until the value does not fall; False if it always does."""
        step, beta, value, gradient = self.step, self.point.beta, self.log[-1], self.point.gradient
        for _ in range(MOST_HALVINGS):
            # The point left behind goes first, for each holds vectors as long as the data.
            del self.point
            self.at_curvature = None
            self.point = self.likelihood.at(beta + step)
            self.n_evaluation += 1
            if self.point.value >= value - _SAME * abs(value):
                self.log.append(self.point.value)
                self.learn(step, gradient - self.point.gradient)
                return True
            step = step / 2.0
        self.point = self.likelihood.at(beta)
        return False

    def learn(self, step: FloatArray, fall: FloatArray) -> None:
        """Let the inverse curvature turn the fall of the gradient into the step that made it."""
        along = float(step @ fall)
        if self.free is None and along > 0.0:
            back = np.outer(step, self.inverse @ fall) / along
            more = (1.0 + float(fall @ self.inverse @ fall) / along) / along
            self.inverse = self.inverse + more * np.outer(step, step) - back - back.T


def maximise(
    likelihood: PartialLikelihood,
    start: FloatArray | Point,
    *,
    n_event: int,
    roughly: bool = False,
    free: BoolArray | None = None,
    curvature: FloatArray | None = None,
) -> Maximum:
    """Maximise the log partial likelihood.

    Parameters
    ----------
    likelihood : PartialLikelihood
        The function.
    start : ndarray of shape (p,) or Point
        Where to begin; a point evaluated there saves an evaluation.
    n_event : int
        Number of events, the measure of information.
    roughly : bool
        Whether a tenth of a standard error is near enough.
    free : ndarray of shape (p,), bool, optional
        Coefficients that may move; the others stay where they begin.
    curvature : ndarray of shape (p, p), optional
        A guess of minus the second derivatives at the start.

    Returns
    -------
    Maximum
        Coefficients, information and how the search ended.

    Notes
    -----
    Newton's method with step halving. As long as each step shrinks the next one tenfold, the
    curvature is not computed anew but made to fit the gradients seen (Broyden, Fletcher, Goldfarb
    and Shanno), which saves passes over large data; at the end it is. Convergence is judged by
    the length of the next step, which is then taken.
    """
    search = _Search(likelihood, start, free, curvature)
    tolerance = _ROUGHLY if roughly else GRADIENT_TOLERANCE * np.sqrt(max(n_event, 1))
    most = _FIRTH_STEPS if likelihood.is_firth else MOST_STEPS
    for n_step in range(most):
        if not np.isfinite(search.length):
            return _in_trouble(search, "the information is singular")
        if search.length <= tolerance:
            if search.at_curvature is search.point:
                return _ended(search, "", take_step=True)
            search.turn()
            continue
        before = search.length
        if not search.move():
            return _stuck(search, tolerance)
        search.aim()
        if search.length <= max(_KEEP_CURVATURE * before, tolerance):
            continue
        search.turn()
        if n_step >= _LOOK_FOR_MONOTONE and (direction := _rising(search, n_step)) is not None:
            return _ended(search, _ENDLESS, monotone=direction)
    return _in_trouble(search, f"no maximum after {most} steps")


def _rising(search: _Search, n_step: int) -> FloatArray | None:
    """Look whether the present step leads to no maximum; at times, whether any does."""
    given = search.likelihood
    if not _may_rise(search):
        return None
    is_exact = given.ties == "exact"
    if n_step in _LOOK_EVERYWHERE:
        return any_recession(given.order, given.X, is_exact=is_exact)
    return recession(given.order, given.X, search.step, is_exact=is_exact)


def _may_rise(search: _Search) -> bool:
    given = search.likelihood
    return not given.is_firth and given.ridge is None and search.free is None


def _in_trouble(search: _Search, status: str) -> Maximum:
    given, direction = search.likelihood, None
    if _may_rise(search):
        direction = any_recession(given.order, given.X, is_exact=given.ties == "exact")
    return _ended(search, status if direction is None else _ENDLESS, monotone=direction)


def _stuck(search: _Search, tolerance: float) -> Maximum:
    """End where no step raises the value: at the precision of the sums, or in trouble."""
    if search.at_curvature is not search.point:
        search.turn()
    if search.length <= max(tolerance, np.sqrt(_SAME * abs(search.point.value))):
        return _ended(search, "")
    return _in_trouble(search, "no step raised the likelihood")


def _ended(
    search: _Search, status: str, *, take_step: bool = False, monotone: FloatArray | None = None
) -> Maximum:
    point = search.point
    beta = point.beta + search.step if take_step else point.beta
    gained = search.length**2 / 2.0 if take_step else 0.0
    return Maximum(
        beta=beta,
        value=point.value + gained,
        log_lik=point.log_lik + (gained if point.value == point.log_lik else 0.0),
        start_value=search.log[0],
        start_log_lik=search.start_log_lik,
        point=point,
        information=point.information,
        gradient_norm=search.length,
        converged=not status,
        monotone=monotone,
        n_evaluation=search.n_evaluation,
        status=status or "the gradient vanished",
        log=tuple(search.log),
    )


def inverse_of(curvature: FloatArray) -> FloatArray:
    """Invert a positive definite matrix.

    Parameters
    ----------
    curvature : ndarray of shape (p, p)
        Minus second derivatives.

    Returns
    -------
    ndarray of shape (p, p)
        The inverse; NaN if the matrix is not positive definite, whatever the units of its rows.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.sqrt(np.diag(curvature))
        scale = np.outer(size, size)
        scaled = curvature / scale
    try:
        np.linalg.cholesky(scaled)
        inverse = np.linalg.inv(scaled)
    except np.linalg.LinAlgError:
        return np.full_like(curvature, np.nan)
    found: FloatArray = (inverse + inverse.T) / (2.0 * scale)
    return found
