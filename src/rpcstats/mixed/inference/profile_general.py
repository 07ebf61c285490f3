"""Profiles of the parameters of a generalised or cumulative link mixed model."""

from typing import TYPE_CHECKING, Final

import numpy as np

from rpcstats.mixed.general.choose import general_problem
from rpcstats.mixed.general.ordinal_rows import OrdinalRows
from rpcstats.mixed.inference.profile_constraints import HeldElement, HeldThreshold
from rpcstats.mixed.inference.profile_deviance import GeneralDeviance
from rpcstats.mixed.inference.profile_parameters import Parameter
from rpcstats.mixed.inference.profile_reorder import (
    lead_order,
    lead_places,
    order_jacobian,
    reorder_one,
)
from rpcstats.mixed.inference.profile_walk import (
    SPREAD,
    Model,
    Profiled,
    exponential,
    same,
    walk_along,
    walk_correlation,
)

if TYPE_CHECKING:
    from rpcstats.mixed.general_fit import GeneralMixedFit

# First steps on the scale of the link are at most this: a fit without an optimum has standard
# errors beyond all bounds.
_WIDEST: Final = 10.0


class GeneralProfiles:
    """Profiles of a generalised or cumulative link mixed model.

    Parameters
    ----------
    fit : GeneralMixedFit
        The fit.
    """

    def __init__(self, fit: "GeneralMixedFit") -> None:
        self._fit, self._frame, self._problem = fit, fit.frame, fit.problem
        self._ordered: OrdinalRows | None = fit.response.ordered
        deviance = GeneralDeviance(fit.problem)
        free = fit.is_free
        hessian = np.diag(deviance.scale**2)
        inner = fit.parameter_cov[np.ix_(free, free)]
        if np.isfinite(inner).all():
            hessian[np.ix_(free, free)] = 2.0 * np.linalg.inv(inner)
        variance = np.diag(fit.parameter_cov)
        self._spread = np.sqrt(np.where(np.isfinite(variance), variance, 1.0))
        p, size = fit.problem.p, np.sqrt((fit.frame.X**2).mean(axis=0))
        self._spread[:p] = np.minimum(self._spread[:p], _WIDEST / size)
        self._model = Model(deviance, fit.evaluation.parameters.copy(), fit.deviance, hessian)
        self._reordered: dict[tuple[int, ...], Model] = {}

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
        psi, p, d = self._model.psi, self._problem.p, len(self._model.psi)
        extra = p + self._frame.n_theta
        if parameter.kind == "threshold":
            assert self._ordered is not None
            held = HeldThreshold(extra, d, self._ordered, parameter.index)
            estimate = float(self._ordered.alpha(psi[extra:])[parameter.index])
            J = self._ordered.alpha_jacobian(psi[extra:])[parameter.index]
            step = float(np.linalg.norm(J * self._spread[extra:]))
            return walk_along(parameter, self._model, held, estimate, step, same)
        if parameter.kind in ("fixed", "extra"):
            place = parameter.index + (0 if parameter.kind == "fixed" else extra)
            value = same if parameter.kind == "fixed" else exponential
            element = HeldElement(place, d)
            step = float(self._spread[place])
            return walk_along(parameter, self._model, element, float(psi[place]), step, value)
        model, places = self._lead(parameter)
        places = [p + place for place in places]
        if parameter.kind == "correlation":
            return walk_correlation(parameter, model, places)
        estimate = max(float(model.psi[places[0]]), 0.0)
        step = SPREAD * max(estimate, 1.0 / float(model.deviance.scale[places[0]]))
        alone = HeldElement(places[0], d)
        return walk_along(parameter, model, alone, estimate, step, same, (0.0, np.inf))

    def _lead(self, parameter: Parameter) -> tuple[Model, list[int]]:
        blocks, number = self._problem.blocks, parameter.index
        order = lead_order(blocks[number], parameter.effects)
        places, reordered = lead_places(blocks, number, parameter.effects, order)
        if order == list(range(blocks[number].n_effect)):
            return self._model, places
        key = (number, *order)
        if key not in self._reordered:
            self._reordered[key] = self._reorder(number, order)
        return self._reordered[key], reordered

    def _reorder(self, number: int, order: list[int]) -> Model:
        fit, frame, p = self._fit, self._frame, self._problem.p
        blocks, psi, k = self._problem.blocks, self._model.psi.copy(), frame.n_theta
        theta, moved = reorder_one(blocks, psi[p : p + k], number, order)
        problem = general_problem(
            frame.X,
            frame.y,
            moved,
            fit.response.likelihood,
            weights=frame.weights,
            offset=frame.offset,
            nagq=fit.nagq,
            grid=fit.quadrature,
        )
        psi[p : p + k] = theta
        assert self._model.hessian is not None
        change = np.eye(len(psi))
        change[p : p + k, p : p + k] = order_jacobian(
            moved, theta, number, np.argsort(order).tolist()
        )
        hessian = change.T @ self._model.hessian @ change
        return Model(GeneralDeviance(problem), psi, self._model.lowest, hessian)
