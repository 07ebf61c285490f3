"""A generalised mixed model in coordinates fit for a search."""

from dataclasses import replace

import numpy as np

from rpcstats.mixed.general.evaluation import GeneralEvaluation, GeneralProblem
from rpcstats.mixed.structure.model_frame import FloatArray

DIFFERENCE = 2e-4
"""Step of central differences of the gradient; with exact gradients the error is about 1e-8."""

NOISE = 1e-13
"""Part of a deviance that rounding can make."""


class ScaledProblem:
    """A problem in coordinates v in which parameters are of order one and about orthogonal.

    Parameters
    ----------
    problem : GeneralProblem
        The model; an attribute `scaling` of shape (d, d) gives v of the parameters. Without it
        only θ is scaled.

    Attributes
    ----------
    T, inverse_T : ndarray of shape (d, d)
        Parameters are T v.
    diagonal : ndarray of shape (d,), bool
        Which parameters are diagonals of Λ.
    n_evaluation : int
        Evaluations so far.
    """

    def __init__(self, problem: GeneralProblem) -> None:
        p, k = problem.p, len(problem.theta_scale)
        e = len(problem.likelihood.extra_names)
        d = p + k + e
        self._problem = problem
        scaling: FloatArray | None = getattr(problem, "scaling", None)
        if scaling is None:
            scaling = np.diag(np.concatenate([np.ones(p), problem.theta_scale, np.ones(e)]))
        self.inverse_T = scaling
        self.T = np.linalg.inv(self.inverse_T)
        self.diagonal = np.zeros(d, dtype=np.bool_)
        self._columns: list[list[int]] = []
        position = p
        for block in problem.blocks:
            self.diagonal[position : position + block.n_theta] = block.on_diagonal
            for column in np.unique(block.cols):
                members = np.flatnonzero(block.cols == column)
                self._columns.append([position + int(j) for j in members])
            position += block.n_theta
        self.n_evaluation = 0

    def describe(self, position: int) -> str:
        """Say what kind of parameter stands at a position.

        Parameters
        ----------
        position : int
            Position among all parameters.

        Returns
        -------
        str
            The name of an extra parameter, or the kind of another.
        """
        p, k = self._problem.p, len(self._problem.theta_scale)
        if position < p:
            return "a fixed effect"
        if position < p + k:
            return "the size of a random effect"
        return self._problem.likelihood.extra_names[position - p - k]

    def inward(self, parameters: FloatArray) -> FloatArray:
        """Give v of parameters.

        Parameters
        ----------
        parameters : ndarray of shape (d,)
            β, θ and φ.

        Returns
        -------
        ndarray of shape (d,)
            v.
        """
        return np.asarray(self.inverse_T @ parameters)

    def outward(self, v: FloatArray) -> FloatArray:
        """Give the parameters of v.

        Parameters
        ----------
        v : ndarray of shape (d,)
            Coordinates.

        Returns
        -------
        ndarray of shape (d,)
            β, θ and φ.
        """
        return np.asarray(self.T @ v)

    def evaluate(self, v: FloatArray, *, order: int = 1) -> GeneralEvaluation:
        """Evaluate the deviance, its gradient and scores in these coordinates.

        Parameters
        ----------
        v : ndarray of shape (d,)
            Coordinates.
        order : int
            As in `GeneralProblem.evaluate`.

        Returns
        -------
        GeneralEvaluation
            Derivatives by v.
        """
        self.n_evaluation += 1
        at = self._problem.evaluate(self.outward(v), order=order)
        # derivatives can overflow where the deviance does not quite
        with np.errstate(over="ignore", invalid="ignore"):
            gradient = None if at.gradient is None else self.T.T @ at.gradient
            scores = None if at.scores is None else self.T.T @ at.scores @ self.T
        possible = np.isfinite(at.deviance) and all(
            part is None or bool(np.isfinite(part).all()) for part in (gradient, scores)
        )
        return replace(
            at,
            parameters=v,
            deviance=at.deviance if possible else np.inf,
            gradient=gradient,
            scores=scores,
        )

    def noise(self, deviance: float) -> float:
        """Give the difference of deviances that rounding can make.

        Parameters
        ----------
        deviance : float
            Their size.

        Returns
        -------
        float
            Largest difference without meaning.
        """
        return NOISE * (1.0 + abs(deviance)) + float(getattr(self._problem, "rounding", 0.0))

    def outer(self, at: GeneralEvaluation, parameters: FloatArray) -> GeneralEvaluation:
        """Give an evaluation in the parameters again.

        Parameters
        ----------
        at : GeneralEvaluation
            Evaluation by v.
        parameters : ndarray of shape (d,)
            β, θ and φ of that v.

        Returns
        -------
        GeneralEvaluation
            Derivatives by the parameters.
        """
        back = self.inverse_T
        return replace(
            at,
            parameters=parameters,
            gradient=None if at.gradient is None else back.T @ at.gradient,
            scores=None if at.scores is None else back.T @ at.scores @ back,
        )

    def hessian(self, v: FloatArray) -> FloatArray:
        """Give the Hessian of the deviance by central differences of the exact gradient.

        Parameters
        ----------
        v : ndarray of shape (d,)
            Coordinates.

        Returns
        -------
        ndarray of shape (d, d)
            Hessian by v; NaN where the deviance next to v can't be evaluated.
        """
        d = len(v)
        H = np.zeros((d, d))
        for j in range(d):
            step = np.zeros(d)
            step[j] = DIFFERENCE
            up, down = self.evaluate(v + step), self.evaluate(v - step)
            if not (np.isfinite(up.deviance) and np.isfinite(down.deviance)):
                return np.full((d, d), np.nan)
            assert up.gradient is not None
            assert down.gradient is not None
            H[j] = (up.gradient - down.gradient) / (2.0 * DIFFERENCE)
        return (H + H.T) / 2.0

    def normalise_signs(self, v: FloatArray) -> FloatArray:
        """Flip columns of Λ so that their diagonals are 0 or more.

        Parameters
        ----------
        v : ndarray of shape (d,)
            Coordinates.

        Returns
        -------
        ndarray of shape (d,)
            The same model.
        """
        result = v.copy()
        for column in self._columns:
            heads = [j for j in column if self.diagonal[j]]
            if heads and result[heads[0]] < 0.0:
                result[column] = -result[column]
        return result
