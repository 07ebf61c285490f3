"""The deviance of a linear mixed model as a search sees it."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol, runtime_checkable

import numpy as np

from rpcstats.mixed.linear._trust_region import Point
from rpcstats.mixed.linear.evaluation import Evaluation, LinearProblem
from rpcstats.mixed.structure.model_frame import FloatArray

# Pairs of steps and changes of the gradient that mend an approximate Hessian.
_N_SECANT = 6

# Random effects so many times as large as the residuals leave no digit of these.
LARGEST = 1e7


@runtime_checkable
class _HasBasis(Protocol):
    @property
    def theta_basis(self) -> FloatArray: ...


@dataclass(slots=True, eq=False)
class Objective:
    """The deviance in the coordinates of a search, x = basis θ.

    Attributes
    ----------
    problem : LinearProblem
        The model.
    reml : bool
        Whether the deviance is the restricted one.
    n_evaluation : int
        Evaluations so far.
    secants : list of Point
        The latest points, which mend an approximate Hessian.
    recent : list of tuple
        The latest places and evaluations.
    basis, inverse : ndarray of shape (k, k)
        The matrix that leads to the coordinates of the search, and back.
    """

    problem: LinearProblem
    reml: bool
    n_evaluation: int = 0
    secants: list[Point] = field(default_factory=list)
    recent: list[tuple[FloatArray, Evaluation]] = field(default_factory=list)
    basis: FloatArray = field(init=False)
    inverse: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        problem = self.problem
        if isinstance(problem, _HasBasis):
            self.basis = problem.theta_basis
        else:
            self.basis = np.diag(problem.theta_scale)
        self.inverse = np.asarray(np.linalg.inv(self.basis), dtype=np.float64)

    @property
    def order(self) -> int:
        """Highest derivative the search asks for."""
        return 2 if self.problem.cheap_hessian else 1

    def evaluation(self, x: FloatArray, order: int) -> Evaluation:
        """Evaluate the model.

        Parameters
        ----------
        x : ndarray of shape (k,)
            Where, in the coordinates of the search.
        order : int
            Highest derivative wanted.

        Returns
        -------
        Evaluation
            In the coordinates of the formula.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the model is singular to working precision.
        """
        if not np.abs(x).max() < LARGEST:
            raise np.linalg.LinAlgError("random effects swamp the residuals")
        self.n_evaluation += 1
        found = self.problem.evaluate(self.inverse @ x, reml=self.reml, order=order)
        if order:
            self.recent = [*self.recent[-2:], (x, found)]
        return found

    def final(self, x: FloatArray) -> Evaluation:
        """Give the evaluation at the end of a search, which is one of the latest.

        Parameters
        ----------
        x : ndarray of shape (k,)
            The end.

        Returns
        -------
        Evaluation
            With the derivatives the search asks for.
        """
        for place, found in self.recent:
            if np.array_equal(place, x):
                return found
        return self.evaluation(x, self.order)

    def hessian(self, by_theta: FloatArray) -> FloatArray:
        """Turn a Hessian by θ into one by x.

        Parameters
        ----------
        by_theta : ndarray of shape (k, k)
            Hessian by θ.

        Returns
        -------
        ndarray of shape (k, k)
            Hessian by x.
        """
        by_x: FloatArray = self.inverse.T @ by_theta @ self.inverse
        return (by_x + by_x.T) / 2.0

    def value(self, x: FloatArray) -> float:
        """Evaluate the deviance alone.

        Parameters
        ----------
        x : ndarray of shape (k,)
            Where.

        Returns
        -------
        float
            Infinite where the model is singular.
        """
        try:
            found = self.evaluation(x, 0)
        except np.linalg.LinAlgError:
            return np.inf
        return found.deviance if found.r2 > 0.0 else np.inf

    def point(self, x: FloatArray) -> Point:
        """Evaluate with derivatives.

        Parameters
        ----------
        x : ndarray of shape (k,)
            Where.

        Returns
        -------
        Point
            An infinite value where the model is singular.

        Raises
        ------
        ValueError
            If the engine gives neither a Hessian nor an average information.
        """
        exact = self.problem.cheap_hessian
        try:
            found = self.evaluation(x, self.order)
        except np.linalg.LinAlgError:
            found = None
        if found is None or not found.r2 > 0.0:
            return Point(x, np.inf, np.zeros(len(x)), np.eye(len(x)))
        gradient = self.inverse.T @ found.gradient
        model = found.hessian if exact else found.information
        if model is None:
            raise ValueError("the engine gives neither a Hessian nor an average information")
        hessian = self.hessian(model)
        if exact:
            return Point(x, found.deviance, gradient, hessian)
        point = Point(x, found.deviance, gradient, _mend(hessian, self.secants, x, gradient))
        self.secants = [*self.secants, point][-_N_SECANT:]
        return point


def _mend(model: FloatArray, past: list[Point], x: FloatArray, gradient: FloatArray) -> FloatArray:
    """Make the model agree with the latest changes of the gradient, by the rule of BFGS."""
    places = [(point.x, point.gradient) for point in past] + [(x, gradient)]
    for (before, slope_before), (after, slope_after) in pairwise(places):
        move, change = after - before, slope_after - slope_before
        if not np.isfinite(change).all() or not move @ change > 1e-8 * (move @ model @ move):
            continue
        pushed = model @ move
        model = (
            model
            - np.outer(pushed, pushed) / (move @ pushed)
            + np.outer(change, change) / (move @ change)
        )
    return model
