"""Joint second derivatives of the deviance by the residual structure and θ."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem
from rpcstats.mixed.structure.model_frame import FloatArray

# Step of differences of fourth order: their error is step⁴ of a fifth derivative, 1e-9, and
# rounding of the deviance, 1e-13 of it, adds 1e-7 of the curvature.
_STEP = 5e-3
_OFFSETS = (-2.0, -1.0, 1.0, 2.0)
_FIRST = np.array([1.0, -8.0, 8.0, -1.0]) / (12.0 * _STEP)
_SECOND = np.array([-1.0, 16.0, 16.0, -1.0]) / (12.0 * _STEP**2)
_MIDDLE = -30.0 / (12.0 * _STEP**2)

# Step of the mixed differences, which are of second order.
_MIXED_STEP = 2e-3

# Directions with less curvature than this, every parameter having curvature one, are flat.
_FLAT = 1e-5

# Parts of the curvature by θ below this are rounding: an effect of no variance has none.
_RANK = 1e-10

Value = Callable[[FloatArray, FloatArray, int], Evaluation]


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """Derivatives of the profiled deviance by the m parameters of a structure and the k of θ.

    Attributes
    ----------
    gradient : ndarray of shape (m,)
        By the structure's parameters.
    hessian : ndarray of shape (m + k, m + k)
        By those and θ times its scale.
    d_log_r2 : ndarray of shape (m + k,)
        Derivatives of the logarithm of the residual sum of squares.
    scale : ndarray of shape (k,)
        Scale of θ.
    """

    gradient: FloatArray
    hessian: FloatArray
    d_log_r2: FloatArray
    scale: FloatArray

    def followed(self) -> FloatArray:
        """Give the Hessian by the structure's parameters when θ follows them.

        Returns
        -------
        ndarray of shape (m, m)
            Schur complement of the part of θ.
        """
        m, H = len(self.gradient), self.hessian
        inverse = np.linalg.pinv(H[m:, m:], rcond=_RANK, hermitian=True)
        result: FloatArray = H[:m, :m] - H[:m, m:] @ inverse @ H[m:, :m]
        return (result + result.T) / 2.0

    def cov(self, free: NDArray[np.bool_], df: int) -> FloatArray:
        """Give the covariance of the structure's parameters and log σ.

        Parameters
        ----------
        free : ndarray of shape (m + k,), bool
            Which parameters could move.
        df : int
            Degrees of freedom of σ².

        Returns
        -------
        ndarray of shape (m + 1, m + 1)
            Twice the inverse of the Hessian of the deviance, θ left out; NaN for parameters
            that could not move.
        """
        m = len(self.gradient)
        C = np.zeros_like(self.hessian)
        C[np.ix_(free, free)] = 2.0 * np.linalg.inv(self.hessian[np.ix_(free, free)])
        J = self.d_log_r2
        result = np.empty((m + 1, m + 1))
        result[:m, :m] = C[:m, :m]
        result[:m, m] = result[m, :m] = C[:m] @ J / 2.0
        result[m, m] = (2.0 / df + J @ C @ J) / 4.0
        held = np.append(~free[:m], False)
        result[held] = np.nan
        result[:, held] = np.nan
        return result


def curvature_at(value: Value, u: FloatArray, at: Evaluation, scale: FloatArray) -> Curvature:
    """Take the derivatives at one place.

    Parameters
    ----------
    value : callable
        Evaluates the deviance at parameters of the structure and θ, to an order.
    u : ndarray of shape (m,)
        Parameters of the structure.
    at : Evaluation
        The deviance there, at its lowest over θ.
    scale : ndarray of shape (k,)
        What frees θ of units.

    Returns
    -------
    Curvature
        By differences over the structure, exact by θ where the engine is.
    """
    m, k, theta = len(u), len(at.theta), at.theta
    curved = value(u, theta, 2)
    gradient, H = np.empty(m), np.empty((m + k, m + k))
    d_r2 = np.empty(m + k)
    H[m:, m:] = curved.hessian / np.outer(scale, scale)
    assert curved.d_r2 is not None
    d_r2[m:] = curved.d_r2 / scale
    for j in range(m):
        near = [value(u + _unit(m, j, offset * _STEP), theta, 1) for offset in _OFFSETS]
        deviances = np.array([one.deviance for one in near])
        gradient[j] = _FIRST @ deviances
        d_r2[j] = _FIRST @ np.array([one.r2 for one in near])
        H[j, j] = _SECOND @ deviances + _MIDDLE * curved.deviance
        H[j, m:] = H[m:, j] = _FIRST @ np.array([one.gradient for one in near]) / scale
        for i in range(j):
            H[i, j] = H[j, i] = _mixed(value, u, theta, i, j)
    return Curvature(gradient, H, d_r2 / curved.r2, scale)


def _unit(m: int, j: int, size: float) -> FloatArray:
    step = np.zeros(m)
    step[j] = size
    return step


def _mixed(value: Value, u: FloatArray, theta: FloatArray, i: int, j: int) -> float:
    m, total = len(u), 0.0
    for sign in (1.0, -1.0):
        for other in (1.0, -1.0):
            moved = u + _unit(m, i, sign * _MIXED_STEP) + _unit(m, j, other * _MIXED_STEP)
            total += sign * other * value(moved, theta, 0).deviance
    return total / (4.0 * _MIXED_STEP**2)


def free_theta(problem: LinearProblem, theta: FloatArray) -> NDArray[np.bool_]:
    """Tell which elements of θ could move: not a zero diagonal, nor what is below one.

    Parameters
    ----------
    problem : LinearProblem
        The model.
    theta : ndarray of shape (k,)
        Covariance parameters.

    Returns
    -------
    ndarray of shape (k,), bool
        True where an element has curvature of its own.
    """
    free, start = np.ones(len(theta), dtype=np.bool_), 0
    for block in problem.blocks:
        part = theta[start : start + block.n_theta]
        zero = set(block.cols[block.on_diagonal & (part == 0.0)].tolist())
        here = [
            not (col in zero and (row == col or value == 0.0))
            for row, col, value in zip(block.rows, block.cols, part, strict=True)
        ]
        free[start : start + block.n_theta] = here
        start += block.n_theta
    return free


def definite_on(
    curvature: Curvature, free: NDArray[np.bool_], at: Evaluation, problem: LinearProblem
) -> bool:
    """Tell whether the deviance curves upwards in every direction.

    Parameters
    ----------
    curvature : Curvature
        Derivatives at the end of a search.
    free : ndarray of shape (m,), bool
        Which parameters of the structure could move.
    at : Evaluation
        The deviance there.
    problem : LinearProblem
        The model.

    Returns
    -------
    bool
        False where some combination of parameters is flat.
    """
    moving = np.append(free, free_theta(problem, at.theta))
    H = curvature.hessian[np.ix_(moving, moving)]
    size = np.diag(H)
    if (size <= 0.0).any():
        return False
    scaled = H / np.sqrt(np.outer(size, size))
    return bool(np.linalg.eigvalsh(scaled).min(initial=1.0) > _FLAT)
