"""Hazards of all causes put together at one covariate pattern: arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.prediction._hazard_steps import HazardSteps

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What happens to one covariate pattern at the event times of its stratum.

    Attributes
    ----------
    time : ndarray of shape (q,)
        Distinct times of events of any cause.
    places : tuple of ndarray of int
        For each cause, its event times (in its own arrangement) and where they are in `time`.
    risk : ndarray of shape (k,)
        Factor of each cause's baseline hazard, units of its terms included.
    F : ndarray of shape (k, q)
        Cumulative incidence of each cause.
    by_hazard : ndarray of shape (k, k, q)
        Derivative of the limit of F_k by the hazard of cause l at each time, up to F_k itself:
        the derivative of F_k(t) is this less F_k(t).
    """

    time: FloatArray
    places: tuple[tuple[IntArray, IntArray], ...]
    risk: FloatArray
    F: FloatArray
    by_hazard: FloatArray


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def course_of(steps: Sequence[HazardSteps], stratum: int, risk: Sequence[float]) -> Course:
    """Put the hazards of all causes together.

    Parameters
    ----------
    steps : sequence of HazardSteps
        One a cause.
    stratum : int
        The stratum.
    risk : sequence of float
        Factor of each cause's baseline hazard.

    Returns
    -------
    Course
        Incidences and their derivatives.
    """
    own = [np.arange(step.order.start[stratum], step.order.start[stratum + 1]) for step in steps]
    times = [step.order.time[at] for step, at in zip(steps, own, strict=True)]
    time = np.unique(np.concatenate(times))
    where = [np.searchsorted(time, t) for t in times]
    hazards = np.zeros((len(steps), len(time)))
    factors = np.array(
        [
            factor * (1.0 if step.terms.shift is None else np.exp(-step.terms.shift[stratum]))
            for step, factor in zip(steps, risk, strict=True)
        ]
    )
    for k, step in enumerate(steps):
        hazards[k, where[k]] = factors[k] * step.terms.e0[own[k]]
    total = hazards.sum(axis=0)
    S = np.exp(-np.cumsum(total))
    S_before = np.concatenate([[1.0], S[:-1]])
    # What leaves, shared as the hazards are: (1 - exp(-h)) / h times each.
    share = np.where(total > 0, -np.expm1(-total) / np.where(total > 0, total, 1.0), 1.0)
    F = np.cumsum(S_before * share * hazards, axis=1)
    bend = np.where(total > 0, (np.exp(-total) - share) / np.where(total > 0, total, 1.0), -0.5)
    by_hazard = F[:, None, :] + (S_before * bend * hazards)[:, None, :]
    by_hazard = np.repeat(by_hazard, len(steps), axis=1)
    for k in range(len(steps)):
        by_hazard[k, k] += S_before * share
    return Course(time, tuple(zip(own, where, strict=True)), factors, F, by_hazard)


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def spread(
    course: Course, k: int, cause: int, steps: HazardSteps, x: FloatArray, cov: FloatArray
) -> FloatArray:
    """Give what one cause's estimates add to the variance of an incidence curve.

    Parameters
    ----------
    course : Course
        The curves.
    k : int
        Cause of the curve.
    cause : int
        Cause whose estimates vary.
    steps : HazardSteps
        That cause's.
    x : ndarray of shape (p,)
        Covariates, centred.
    cov : ndarray of shape (p, p)
        Covariance of that cause's coefficients.

    Returns
    -------
    ndarray of shape (q,)
        Part of the variance, at each time of the course.
    """
    at, where = course.places[cause]
    factor, terms = course.risk[cause], steps.terms
    u, F = course.by_hazard[k, cause], course.F[k]

    def summed(values: FloatArray) -> FloatArray:
        grid = np.zeros((*values.shape[:-1], len(course.time)))
        grid[..., where] = values
        return np.cumsum(grid, axis=-1)

    A = factor**2 * terms.A[at]
    own = summed(u[where] ** 2 * A) - 2 * F * summed(u[where] * A) + F**2 * summed(A)
    by_beta = factor * (x[:, None] * terms.e0[at] - steps.single[:, at])
    slope = summed(u[where] * by_beta) - F * summed(by_beta)
    found: FloatArray = own + np.einsum("pq,pr,rq->q", slope, cov, slope)
    return found


def row_spread(
    course: Course,
    k: int,
    steps: Sequence[HazardSteps],
    x: Sequence[FloatArray],
    pulls: Sequence[FloatArray],
    times: FloatArray,
    clusters: Sequence[IntArray],
) -> FloatArray:
    """Give the robust variance of an incidence curve at some times.

    Parameters
    ----------
    course : Course
        The curves.
    k : int
        Cause of the curve.
    steps : sequence of HazardSteps
        One a cause.
    x : sequence of ndarray of shape (p,)
        Covariates, centred as each cause's fit.
    pulls : sequence of ndarray of shape (p, r)
        Influence of each arranged row on each cause's coefficients.
    times : ndarray of shape (t,)
        Times.
    clusters : sequence of ndarray of shape (n,), int
        Rows that belong together, one array a dimension; none if every row stands alone.

    Returns
    -------
    ndarray of shape (t,)
        Sum over clusters of squared influences.
    """
    n = steps[0].order.n
    own = np.zeros((n, len(times)))
    ends = np.searchsorted(course.time, times, side="right")
    for cause, step in enumerate(steps):
        at, where = course.places[cause]
        factor, terms = course.risk[cause], step.terms
        by_beta = factor * (x[cause][:, None] * terms.e0[at] - step.single[:, at])
        for q, end in enumerate(ends):
            if not end:
                continue
            derivative = course.by_hazard[k, cause, where] - course.F[k, end - 1]
            derivative = np.where(where < end, derivative, 0.0)
            gain = np.zeros(step.order.n_time)
            gain[at] = factor * derivative
            own[:, q] += step.order.put(
                step.step_influence(gain) + (by_beta @ derivative) @ pulls[cause]
            )
    return np.array([clustered_covariance(own[:, [q]], clusters)[0, 0] for q in range(len(times))])
