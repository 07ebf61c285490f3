"""The record every search for an optimum leaves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class OptSummary:
    """How a minimum was searched for.

    Attributes
    ----------
    method : str
        Name of the search.
    start, end : ndarray of shape (k,)
        Parameters at the start and at the end.
    value : float
        Objective at the end.
    gradient_norm : float
        Largest element of the gradient at the end, over parameters free to move, scaled so that
        it tells how far the objective could still fall.
    n_evaluation : int
        Evaluations of the objective.
    converged : bool
        Whether the conditions of a minimum hold at the end.
    status : str
        Why the search stopped, in words.
    log : tuple of float
        Objective after each step.
    """

    method: str
    start: NDArray[np.float64]
    end: NDArray[np.float64]
    value: float
    gradient_norm: float
    n_evaluation: int
    converged: bool
    status: str
    log: tuple[float, ...] = ()
