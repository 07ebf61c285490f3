"""From a model frame to a linear fit: the engine for the structure, the search, the remarks."""

from dataclasses import replace

from rpcstats.mixed.linear.choose import linear_problem
from rpcstats.mixed.linear.evaluation import Evaluation
from rpcstats.mixed.linear.residual_structure import ResidualRows
from rpcstats.mixed.linear.search import fit_linear
from rpcstats.mixed.linear_estimates import Method
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.mixed.structure.model_frame import FloatArray, ModelFrame
from rpcstats.mixed.wording import convergence_remarks, singular_remarks


def estimate_linear(
    frame: ModelFrame,
    method: Method,
    start: FloatArray | None = None,
    residual_rows: ResidualRows | None = None,
) -> LinearMixedFit:
    """Fit a linear mixed model to a model frame.

    Parameters
    ----------
    frame : ModelFrame
        Checked arrays.
    method : {"reml", "ml"}
        The criterion.
    start : ndarray of shape (k,), optional
        Covariance parameters at which the search starts.
    residual_rows : ResidualRows, optional
        Structure of the residuals, with parameters of its own.

    Returns
    -------
    LinearMixedFit
        The fit, converged or not.
    """
    if residual_rows is not None:
        return _estimate_structured(frame, method, start, residual_rows)
    y = frame.y if frame.offset is None else frame.y - frame.offset
    problem = linear_problem(frame.X, y, frame.blocks, frame.weights)
    found, optimum = fit_linear(problem, method == "reml", start)
    evaluation = _locked(found)
    singular = singular_remarks(frame.blocks, evaluation.theta, problem.theta_scale)
    trouble = convergence_remarks(optimum)
    return LinearMixedFit(
        frame=frame,
        problem=problem,
        evaluation=evaluation,
        optimum=optimum,
        method=method,
        remarks=(*frame.remarks, *trouble, *singular),
        trouble=trouble,
    )


def _estimate_structured(
    frame: ModelFrame, method: Method, start: FloatArray | None, rows: ResidualRows
) -> LinearMixedFit:
    from rpcstats.mixed.linear.residual_estimates import estimate_structured

    found, residual = estimate_structured(frame, rows, method == "reml", start)
    evaluation, trouble = _locked(found.evaluation), convergence_remarks(found.optimum)
    singular = singular_remarks(frame.blocks, evaluation.theta, found.problem.theta_scale)
    return LinearMixedFit(
        frame=frame,
        problem=found.problem,
        evaluation=evaluation,
        optimum=found.optimum,
        method=method,
        remarks=(*frame.remarks, *trouble, *singular, *residual.remarks),
        trouble=trouble,
        residual=residual,
    )


def _locked(evaluation: Evaluation) -> Evaluation:
    """Make the arrays that a fit hands out read-only."""
    theta, beta = evaluation.theta.copy(), evaluation.beta.copy()
    for values in (theta, beta):
        values.setflags(write=False)
    return replace(evaluation, theta=theta, beta=beta)
