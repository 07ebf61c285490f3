"""Profiles of the parameters of a linear mixed model."""

import numpy as np

from rpcstats.mixed.inference.profile_constraints import HeldElement, HeldStdDev
from rpcstats.mixed.inference.profile_deviance import LinearDeviance
from rpcstats.mixed.inference.profile_limits import Curve, Height
from rpcstats.mixed.inference.profile_parameters import Estimates, Parameter
from rpcstats.mixed.inference.profile_reorder import lead_order, lead_places, reorder_one
from rpcstats.mixed.inference.profile_walk import (
    SPREAD,
    Model,
    Profiled,
    exponential,
    same,
    walk_along,
    walk_correlation,
)
from rpcstats.mixed.linear.choose import linear_problem
from rpcstats.mixed.linear.evaluation import LinearProblem
from rpcstats.mixed.linear.search import fit_linear
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame


class LinearProfiles:
    """Profiles of a linear mixed model.

    Parameters
    ----------
    frame : ModelFrame
        Checked arrays.
    problem : LinearProblem
        Their engine.
    theta : ndarray of shape (k,)
        Where the search for the optimum of the likelihood starts.
    """

    def __init__(self, frame: ModelFrame, problem: LinearProblem, theta: FloatArray) -> None:
        self._frame, self._problem = frame, problem
        self._y = frame.y if frame.offset is None else frame.y - frame.offset
        self.evaluation, self.optimum = fit_linear(problem, False, theta)
        psi = np.append(self.evaluation.theta, 0.5 * np.log(self.evaluation.sigma2))
        self._model = Model(LinearDeviance(problem), psi, self.evaluation.deviance)
        self._reordered: dict[tuple[int, ...], Model] = {}

    @property
    def estimates(self) -> Estimates:
        """Estimates by maximum likelihood."""
        found = self.evaluation
        sigma, none = float(np.sqrt(found.sigma2)), np.zeros(0)
        return Estimates(found.beta, found.theta, sigma, none, self._problem.theta_scale)

    def curve(self, parameter: Parameter) -> Profiled:
        """Give the profile of a parameter.

        Parameters
        ----------
        parameter : Parameter
            Which.

        Returns
        -------
        Profiled
            Its profile.
        """
        if parameter.kind == "fixed":
            return self._fixed(parameter)
        size = len(self._model.psi)
        if parameter.kind == "sigma":
            step = 1.0 / np.sqrt(2.0 * self._problem.n)
            held = HeldElement(size - 1, size)
            return walk_along(parameter, self._model, held, self._model.psi[-1], step, exponential)
        model, places = self._lead(parameter)
        if parameter.kind == "correlation":
            return walk_correlation(parameter, model, places)
        sigma = np.exp(model.psi[-1])
        estimate = max(float(model.psi[places[0]] * sigma), 0.0)
        unit = float(sigma / self._problem.theta_scale[places[0]])
        step = SPREAD * max(estimate, unit)
        held_sd = HeldStdDev(places[0], size)
        return walk_along(parameter, model, held_sd, estimate, step, same, (0.0, np.inf))

    def _lead(self, parameter: Parameter) -> tuple[Model, list[int]]:
        blocks, number = self._problem.blocks, parameter.index
        block, order = blocks[number], lead_order(blocks[number], parameter.effects)
        places, reordered = lead_places(blocks, number, parameter.effects, order)
        if order == list(range(block.n_effect)):
            return self._model, places
        key = (number, *order)
        if key not in self._reordered:
            theta, moved = reorder_one(blocks, self._model.psi[:-1], number, order)
            problem = linear_problem(self._frame.X, self._y, moved, self._frame.weights)
            psi = np.append(theta, self._model.psi[-1])
            self._reordered[key] = Model(LinearDeviance(problem), psi, self._model.lowest)
        return self._reordered[key], reordered

    def _fixed(self, parameter: Parameter) -> Profiled:
        j, frame, lost = parameter.index, self._frame, list[float]()
        column = frame.X[:, j]
        rest = np.delete(frame.X, j, axis=1)
        reduced = linear_problem(rest, self._y, self._problem.blocks, frame.weights)
        starts = [(float(self.evaluation.beta[j]), self.evaluation.theta)]

        def at(u: float) -> Height:
            start = min(starts, key=lambda seen: abs(seen[0] - u))[1]
            found, summary = fit_linear(reduced.with_response(self._y - u * column), False, start)
            starts.append((u, found.theta))
            if not summary.converged:
                lost.append(u)
            whole = self._problem.evaluate(found.theta, reml=False, order=0)
            spread = float(np.linalg.inv(whole.XtVX)[j, j])
            slope = 2.0 * (u - float(whole.beta[j])) / (spread * found.sigma2)
            return Height(found.deviance, slope)

        step = float(np.sqrt(self.evaluation.cov[j, j]))
        curve = Curve(at, float(self.evaluation.beta[j]), self._model.lowest, step)
        return Profiled(parameter, curve, same, lost)
