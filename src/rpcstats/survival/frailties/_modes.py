"""Coefficients and effects that maximise the penalised partial likelihood at given variances."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival.frailties._columns import MixedColumns
from rpcstats.survival.frailties._conjugate import Preconditioner, precondition, solve_newton
from rpcstats.survival.frailties._penalties import Penalty
from rpcstats.survival.frailties._point import Point, point_at

FloatArray = NDArray[np.float64]

MAX_STEPS: Final = 60
"""Newton steps; four to eight are usual."""

ENOUGH: Final = 1e-13
"""Newton decrement (twice the gain left) after which one more step is exact to rounding."""

NEAR: Final = 1e-2
"""Decrement below which the steps are solved to many digits."""

_HALVINGS: Final = 30
_COARSE: Final = 1e-2
_FINE: Final = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Modes:
    """Maximum of the penalised partial likelihood.

    Attributes
    ----------
    z : ndarray of shape (p + Q,)
        β of the scaled covariates, then the effects u.
    point : Point
        The partial likelihood there.
    factors : list of ndarray of shape (q, q)
        Λ of each grouping factor.
    curvature : ndarray of shape (Q,)
        Second derivative of the penalty there.
    preconditioner : Preconditioner
        Of the Hessian there, or next to it.
    penalised : float
        Log partial likelihood less the penalty.
    decrement : float
        Twice what the last step but one left to gain.
    found : bool
        Whether the search ended at a maximum.
    """

    z: FloatArray
    point: Point
    factors: list[FloatArray]
    curvature: FloatArray
    preconditioner: Preconditioner
    penalised: float
    decrement: float
    found: bool

    @property
    def beta(self) -> FloatArray:
        """Coefficients of the scaled covariates."""
        return self.z[: self.point.columns.p]

    @property
    def u(self) -> FloatArray:
        """Effects."""
        return self.z[self.point.columns.p :]

    def solve(self, g: FloatArray) -> FloatArray:
        """Solve with the Hessian, to rounding.

        Parameters
        ----------
        g : ndarray of shape (p + Q,)
            Right side.

        Returns
        -------
        ndarray of shape (p + Q,)
            Solution.
        """
        return solve_newton(
            self.point, self.factors, self.curvature, g, self.preconditioner, 1e-12
        )[0]


def find_modes(
    columns: MixedColumns,
    factors: list[FloatArray],
    penalty: Penalty,
    start: FloatArray,
) -> Modes:
    """Maximise the penalised partial likelihood.

    Parameters
    ----------
    columns : MixedColumns
        The data.
    factors : list of ndarray of shape (q, q)
        Λ of each grouping factor.
    penalty : Penalty
        Of the effects u.
    start : ndarray of shape (p + Q,)
        β and u to start from.

    Returns
    -------
    Modes
        The maximum.

    Notes
    -----
    Newton's method, halving steps that lead down. The Hessian of the effects is never formed:
    a step is found by conjugate gradients in a number of passes over the rows that hardly
    grows with the number of groups (Nocedal and Wright 2006, chapters 5 and 7).
    """
    p = columns.p
    z = start
    point = point_at(columns, columns.base + columns.linear(z, factors))
    value = point.log_lik - penalty.value(z[p:])
    if not np.isfinite(value):
        z = np.zeros_like(z)
        point = point_at(columns, columns.base)
        value = point.log_lik - penalty.value(z[p:])
    decrement, found = np.inf, False
    for _ in range(MAX_STEPS):
        curvature = penalty.curvature(z[p:])
        g = columns.adjoint(point.slope, factors)
        g[p:] -= penalty.gradient(z[p:])
        preconditioner = precondition(columns, point, factors, curvature)
        rough = float(g @ preconditioner.solve(g))
        tolerance = _FINE if rough < NEAR else _COARSE
        step, _ = solve_newton(point, factors, curvature, g, preconditioner, tolerance)
        decrement = float(g @ step)
        trial = _line_search(columns, factors, penalty, z, step, value)
        if trial is None:
            found = decrement < 1e-8 * (1.0 + abs(value))
            break
        z, point, value = trial
        if decrement < ENOUGH * (1.0 + abs(value)):
            found = True
            break
    curvature = penalty.curvature(z[p:])
    preconditioner = precondition(columns, point, factors, curvature)
    return Modes(z, point, factors, curvature, preconditioner, value, decrement, found)


def _line_search(
    columns: MixedColumns,
    factors: list[FloatArray],
    penalty: Penalty,
    z: FloatArray,
    step: FloatArray,
    value: float,
) -> tuple[FloatArray, Point, float] | None:
    """Take the step, halved until it does not lead down by more than rounding."""
    slack = 1e-12 * (1.0 + abs(value))
    length = 1.0
    for _ in range(_HALVINGS):
        trial = z + length * step
        with np.errstate(over="ignore", invalid="ignore"):
            point = point_at(columns, columns.base + columns.linear(trial, factors))
            reached = point.log_lik - penalty.value(trial[columns.p :])
        if np.isfinite(reached) and reached >= value - slack:
            return trial, point, reached
        length /= 2.0
    return None
