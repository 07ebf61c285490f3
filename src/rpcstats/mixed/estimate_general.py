"""From a model frame to a general fit: the engine for the structure, the search, the remarks."""

from dataclasses import replace
from typing import Final

from rpcstats.mixed.general.choose import general_problem
from rpcstats.mixed.general.crossed import CrossedGeneral
from rpcstats.mixed.general.search import fit_general, mark_failed
from rpcstats.mixed.general.separation import Separation, find_separation
from rpcstats.mixed.general.starts import find_start
from rpcstats.mixed.general_estimates import Quadrature
from rpcstats.mixed.general_fit import GeneralMixedFit
from rpcstats.mixed.response_model import ResponseModel
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame
from rpcstats.mixed.wording import convergence_remarks, separation_remark, singular_remarks

# Families whose outcomes fixed effects may tell apart, and what their response is.
_SEPARABLE: Final = {"binomial": "binomial", "poisson": "count", "negative binomial": "count"}


def estimate_general(
    frame: ModelFrame,
    response: ResponseModel,
    *,
    nagq: int = 1,
    quadrature: Quadrature = "product",
    start: FloatArray | None = None,
) -> GeneralMixedFit:
    """Fit a generalised or cumulative link mixed model to a model frame.

    Parameters
    ----------
    frame : ModelFrame
        Checked arrays.
    response : ResponseModel
        Distribution and link.
    nagq : int
        Quadrature nodes an effect; 1 for the Laplace approximation.
    quadrature : {"product", "sparse"}
        Grid of the nodes of several effects.
    start : ndarray of shape (d,), optional
        Parameters at which the search starts.

    Returns
    -------
    GeneralMixedFit
        The fit, converged or not.
    """
    problem = general_problem(
        frame.X,
        frame.y,
        frame.blocks,
        response.likelihood,
        weights=frame.weights,
        offset=frame.offset,
        nagq=nagq,
        grid=quadrature,
    )
    if start is None:
        start = find_start(
            frame.X, frame.y, frame.blocks, response.likelihood, frame.weights, frame.offset
        )
    guess = problem.information(start) if isinstance(problem, CrossedGeneral) else None
    found = fit_general(problem, start, information=guess)
    separation = None if found.optimum.converged else _find_separation(frame, response)
    if separation is None:
        trouble = convergence_remarks(found.optimum)
    else:
        found = mark_failed(found, separation.message)
        trouble = (separation_remark(separation.message),)
    parameters = found.parameters.copy()
    for values in (parameters, found.cov, found.free):
        values.setflags(write=False)
    theta = parameters[len(frame.names) :][: frame.n_theta]
    singular = singular_remarks(frame.blocks, theta, problem.theta_scale)
    return GeneralMixedFit(
        frame=frame,
        problem=problem,
        evaluation=replace(found.evaluation, parameters=parameters),
        optimum=found.optimum,
        parameter_cov=found.cov,
        is_free=found.free,
        response=response,
        nagq=nagq,
        quadrature=quadrature,
        remarks=(*frame.remarks, *trouble, *singular),
        trouble=trouble,
    )


def _find_separation(frame: ModelFrame, response: ResponseModel) -> Separation | None:
    kind = "ordinal" if response.family is None else _SEPARABLE.get(response.family.name)
    if kind is None:
        return None
    return find_separation(frame.X, frame.y, frame.names, response=kind, weights=frame.weights)
