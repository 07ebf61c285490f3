"""Where the log-likelihood of the joint model is highest: start, search, curvature."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from rpcstats._numerics.optimise import OptSummary
from rpcstats.designs.missing.joint_data import JointData
from rpcstats.designs.missing.joint_engines import engine_of
from rpcstats.designs.missing.joint_parameters import Model

FloatArray = NDArray[np.float64]

TARGET: Final = 1e-12
"""Twice the rise still to be had at which the search ends: estimates then stand within a millionth
of their standard errors."""

STALLED: Final = 1e-8
"""The same at which an end because no step rises any more is rounding, not failure."""

MOST_STEPS: Final = 200
ROUGH: Final = 1e-8
"""Twice the rise to be had at which secants give way to Newton steps."""

NEAR: Final = 1e-3
"""The same within which second derivatives no longer change to speak of: a thirtieth of a standard
error."""

IDLE: Final = 1e-2
MOST_IDLE: Final = 2
"""A step that gives this part of what it promised, or less, is idle; so many in a row, and value
and gradient no longer agree to their last digits."""

STEP: Final = 1e-2
"""Steps of differences of the score, in standard errors: their error is then about 1e-4 of the
change of the curvature over one standard error, and rounding is far below."""

FLATTEST: Final = 1e-10
"""Least curvature, as a share of the same direction's variance of the scores, that is not 0."""

LONGEST: Final = 2.0
"""Longest step of a parameter, where its own scale is 1."""

HALVINGS: Final = 30
ARMIJO: Final = 1e-4


class Optimum(NamedTuple):
    """Where a search ended.

    Attributes
    ----------
    theta : ndarray of shape (P,)
        Parameters.
    log_lik : float
        Log-likelihood.
    scores : ndarray of shape (P, n)
        Scores of the parents.
    information : ndarray of shape (P, P)
        Minus the second derivatives of the log-likelihood.
    summary : OptSummary
        How the search went; its values are those of minus the log-likelihood.
    """

    theta: FloatArray
    log_lik: float
    scores: FloatArray
    information: FloatArray
    summary: OptSummary


class _Point(NamedTuple):
    theta: FloatArray
    value: float
    scores: FloatArray

    @property
    def gradient(self) -> FloatArray:
        return np.asarray(-self.scores.sum(axis=1))


def start(data: JointData, n_shared: int) -> FloatArray:
    """Guess the parameters.

    Parameters
    ----------
    data : JointData
        The arrays.
    n_shared : int
        Coefficients of association.

    Returns
    -------
    ndarray of shape (P,)
        Least squares for the mean, its residual variance in four equal parts, crude hazards, no
        association.
    """
    N, s, ss, y, sy, yy = data.sums.within
    Z, p = data.Z, data.Z.shape[1]
    blocks = [Z.T @ (Z * weight[:, None]) for weight in (N, s, ss)]
    D = np.block([blocks[:2], blocks[1:]])
    c = np.concatenate([Z.T @ y, Z.T @ sy])
    beta = np.linalg.lstsq(D, c, rcond=None)[0]
    variance = max(float(yy.sum() - c @ beta) / float(N.sum()), np.finfo(float).tiny)
    part = np.sqrt(variance / 4.0)
    spread = [part, 0.0, part, *([part] if data.has_goals else []), np.log(part)]
    k = np.arange(len(data.sessions))
    at_risk = (data.courses.n_risk > k[:, None]).sum(axis=1)
    left = (data.courses.event == k[:, None]).sum(axis=1)
    rest = np.zeros(data.X.shape[1] + n_shared)
    return np.concatenate([beta[:p], beta[p:], spread, logit(left / at_risk), rest])


def maximise(model: Model, theta: FloatArray, *, target: float = TARGET) -> Optimum:
    """Climb to the top of the log-likelihood.

    Parameters
    ----------
    model : Model
        The model.
    theta : ndarray of shape (P,)
        Where to start.
    target : float
        Twice the rise still to be had at which the search ends.

    Returns
    -------
    Optimum
        The end, and whether the conditions of a maximum hold there.

    Notes
    -----
    Newton steps where the engine gives second derivatives. Elsewhere secant steps (BFGS) that
    start from the summed squares of the scores, which estimate the information (Berndt, Hall,
    Hall and Hausman 1974), until the end is near; then Newton steps with second derivatives by
    central differences of the exact score.
    """
    at = _point(model, theta)
    log, n_evaluation = [at.value], 1
    is_exact = engine_of(model).information is not None
    if not is_exact:
        at, n_evaluation = _approach(model, at, log)
    at, information, decrement, n, status = _finish(model, at, log, target)
    n_evaluation += n
    is_peak = bool(_scaled_curvature(information)[0] > FLATTEST)
    converged = is_peak and decrement <= STALLED
    summary = OptSummary(
        method="Newton" if is_exact else "BFGS from the scores' squares, then Newton",
        start=theta,
        end=at.theta,
        value=at.value,
        gradient_norm=float(np.sqrt(max(decrement, 0.0))),
        n_evaluation=n_evaluation,
        converged=converged,
        status=status if is_peak else "the log-likelihood is flat in some direction",
        log=tuple(log),
    )
    return Optimum(at.theta, -at.value, at.scores, information, summary)


def _approach(model: Model, at: _Point, log: list[float]) -> tuple[_Point, int]:
    """Take secant steps until the end is near."""
    H, n_idle, n_evaluation = _squares(at), 0, 1
    for _ in range(MOST_STEPS):
        step, decrement = _step(H, at.gradient)
        if decrement <= ROUGH:
            break
        moved, n = _descend(model, at, step)
        n_evaluation += n
        if moved is None or n_idle >= MOST_IDLE:
            break
        n_idle = n_idle + 1 if at.value - moved.value < IDLE * decrement else 0
        H = _secant(H, moved.theta - at.theta, moved.gradient - at.gradient, moved)
        at = moved
        log.append(at.value)
    return at, n_evaluation


def _finish(
    model: Model, at: _Point, log: list[float], target: float
) -> tuple[_Point, FloatArray, float, int, str]:
    """Take Newton steps to the end."""
    information, n_evaluation = _information(model, at)
    n_idle = 0
    status = "the largest number of steps was taken"
    for _ in range(MOST_STEPS):
        step, decrement = _step(information, at.gradient)
        if decrement <= target:
            status = "the gradient is zero"
            break
        moved, n = _descend(model, at, step)
        n_evaluation += n
        if moved is None or n_idle >= MOST_IDLE:
            status = "no step raises the log-likelihood any further"
            break
        n_idle = n_idle + 1 if at.value - moved.value < IDLE * decrement else 0
        at = moved
        log.append(at.value)
        if decrement > (NEAR if engine_of(model).information is None else STALLED):
            information, n = _information(model, at)
            n_evaluation += n
    return at, information, decrement, n_evaluation, status


def _point(model: Model, theta: FloatArray) -> _Point:
    with np.errstate(all="ignore"):  # a step too far gives no finite value, and is shortened
        log_lik, scores = engine_of(model).with_scores(model, theta)
        return _Point(theta, -float(log_lik.sum()), scores)


def _squares(at: _Point) -> FloatArray:
    H = at.scores @ at.scores.T
    return np.asarray(H + 1e-8 * np.diag(np.maximum(np.diag(H), 1e-8)))


def _step(H: FloatArray, gradient: FloatArray) -> tuple[FloatArray, float]:
    """Give the step downhill, curvatures taken without their sign, and twice its promise."""
    scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(H)), 1e-300))
    values, vectors = np.linalg.eigh(H * np.outer(scale, scale))
    values = np.maximum(np.abs(values), 1e-10)
    g = vectors.T @ (scale * gradient)
    step = -scale * (vectors @ (g / values))
    return step, float((g**2 / values).sum())


def _descend(model: Model, at: _Point, step: FloatArray) -> tuple[_Point | None, int]:
    """Shorten a step until the value falls."""
    length = min(1.0, LONGEST / max(float(np.abs(step).max()), 1e-300))
    slope = float(at.gradient @ step)
    noise = 1e-13 * abs(at.value) + engine_of(model).slack
    for k in range(HALVINGS):
        moved = _point(model, at.theta + length * step)
        usable = np.isfinite(moved.value) and bool(np.isfinite(moved.scores).all())
        if usable and moved.value <= at.value + ARMIJO * length * slope + noise:
            return moved, k + 1
        length *= 0.5
    return None, HALVINGS


def _secant(H: FloatArray, s: FloatArray, y: FloatArray, at: _Point) -> FloatArray:
    """Update the curvature by a step and the change of the gradient over it."""
    Hs, sy = H @ s, float(s @ y)
    sHs = float(s @ Hs)
    if sy <= 1e-8 * sHs:
        return _squares(at)
    return np.asarray(H + np.outer(y, y) / sy - np.outer(Hs, Hs) / sHs)


def _information(model: Model, at: _Point) -> tuple[FloatArray, int]:
    """Take second derivatives, by differences of the score where there is nothing better."""
    exact = engine_of(model).information
    if exact is not None:
        return exact(model, at.theta), 1
    size = np.sqrt((at.scores**2).sum(axis=1))
    steps = STEP / np.maximum(size, 1.0)
    rows = []
    for j, h in enumerate(steps):
        move = np.zeros(len(steps))
        move[j] = h
        up, down = (_point(model, at.theta + sign * move).gradient for sign in (1.0, -1.0))
        rows.append((up - down) / (2.0 * h))
    found = np.array(rows)
    return np.asarray((found + found.T) / 2.0), 2 * len(steps)


def _scaled_curvature(information: FloatArray) -> FloatArray:
    scale = 1.0 / np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    return np.asarray(np.linalg.eigvalsh(information * np.outer(scale, scale)))
