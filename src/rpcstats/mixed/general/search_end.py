"""The end of a search, and what is wrong with it."""

import numpy as np

from rpcstats.mixed.general.evaluation import BoolArray, GeneralEvaluation
from rpcstats.mixed.general.scaled_problem import ScaledProblem
from rpcstats.mixed.structure.model_frame import FloatArray

DECREMENT = 1e-8
"""A fit has converged when a Newton step could still change the deviance by less than this."""

RUNAWAY = 50.0
"""Scaled estimate or standard error that nothing with a finite optimum comes near."""

FLAT = 2.0 / RUNAWAY**2
"""Curvature of the deviance at which a standard error is as large as that."""


class SearchEnd:
    """State of the polishing Newton steps.

    Parameters
    ----------
    value : GeneralEvaluation
        Deviance and gradient.
    v : ndarray of shape (d,)
        Where.
    free : ndarray of shape (d,), bool
        Which parameters are not held.

    Attributes
    ----------
    at, v, free
        As given.
    H : ndarray of shape (d, d)
        Hessian of the deviance.
    decrement : float
        What a Newton step would still gain, twice.
    definite : bool
        Whether the Hessian of the free parameters is positive definite.
    """

    def __init__(self, value: GeneralEvaluation, v: FloatArray, free: BoolArray) -> None:
        self.at = value
        self.v = v
        self.free = free
        self.H = np.zeros((len(v), len(v)))
        self.decrement = np.inf
        self.definite = False


def describe_state(
    scaled: ScaledProblem, end: SearchEnd, at: GeneralEvaluation, errors: FloatArray
) -> str:
    """Say what is wrong with the end of a search, or nothing.

    Parameters
    ----------
    scaled : ScaledProblem
        The deviance.
    end : SearchEnd
        The end.
    at : GeneralEvaluation
        Deviance and gradient there.
    errors : ndarray
        Scaled standard errors of the free parameters.

    Returns
    -------
    str
        Why the end is no optimum; empty if it is one.
    """
    if not np.isfinite(at.deviance):
        return "the likelihood can't be evaluated at the end of the search"
    if not at.found_modes:
        return "the conditional modes of some groups were not found"
    if not end.definite:
        return _name_flattest(scaled, end)
    if np.any(errors > RUNAWAY):
        worst = int(np.flatnonzero(end.free)[np.argmax(errors)])
        return f"the likelihood goes on rising while {scaled.describe(worst)} grows without end"
    if end.decrement > DECREMENT:
        return "the gradient is not zero at the end of the search"
    return ""


def find_flattest(end: SearchEnd) -> tuple[int, float]:
    """Give the parameter along which the deviance curves least, and that least curvature.

    Parameters
    ----------
    end : SearchEnd
        The end of a search.

    Returns
    -------
    place : int
        Position of the parameter.
    curvature : float
        Least eigenvalue of the Hessian; infinite where the Hessian can't be evaluated.
    """
    places = np.flatnonzero(end.free)
    inner = end.H[np.ix_(places, places)]
    if not np.isfinite(inner).all() or not len(places):
        return 0, np.inf
    values, vectors = np.linalg.eigh(inner)
    return int(places[np.argmax(np.abs(vectors[:, 0]))]), float(values[0])


def _name_flattest(scaled: ScaledProblem, end: SearchEnd) -> str:
    """Say which way a Hessian that is not positive definite has no curvature, or the wrong one."""
    far = int(np.argmax(np.abs(end.v)))
    place, curvature = find_flattest(end)
    # rounding decides of the sign of a curvature that is about zero
    flat = -FLAT < curvature < np.inf
    if flat:
        far = place
    if flat or abs(end.v[far]) > RUNAWAY:
        return f"the likelihood goes on rising while {scaled.describe(far)} grows without end"
    return "the curvature at the end of the search is not positive in every direction"
