"""A mixed model without the rows of one group, and what is estimated then."""

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.general.choose import general_problem
from rpcstats.mixed.general.evaluation import GeneralProblem
from rpcstats.mixed.general.search import fit_general
from rpcstats.mixed.linear.choose import linear_problem
from rpcstats.mixed.linear.evaluation import LinearProblem
from rpcstats.mixed.linear.residual_search import Columns, fit_structured
from rpcstats.mixed.linear.residual_structure import ResidualRows
from rpcstats.mixed.linear.residual_whitening import whitened_problem
from rpcstats.mixed.linear.search import fit_linear
from rpcstats.mixed.linear_estimates import LinearEstimates
from rpcstats.mixed.structure.model_frame import Block, FloatArray, ModelFrame
from rpcstats.mixed.structure.rank import find_rank

if TYPE_CHECKING:
    from rpcstats.mixed.general_estimates import GeneralEstimates

BoolArray = NDArray[np.bool_]

# What an engine raises where the rows left have no fit.
_NO_FIT = (DataError, ParameterError, np.linalg.LinAlgError)


class Deleted(NamedTuple):
    """Estimates without one group.

    Attributes
    ----------
    beta, theta, extra : ndarray
        Fixed effects, covariance parameters, extra parameters (those of a residual structure
        in a linear model).
    sigma : float
        Residual standard deviation; NaN where there is none.
    """

    beta: FloatArray
    theta: FloatArray
    extra: FloatArray
    sigma: float


def frame_without(frame: ModelFrame, left: BoolArray) -> ModelFrame | None:
    """Take rows out of a model frame.

    Parameters
    ----------
    frame : ModelFrame
        The model frame.
    left : ndarray of shape (n,), bool
        Rows that stay.

    Returns
    -------
    ModelFrame or None
        Those rows; None if they can't bear the model: the fixed effects are no longer told
        apart, a factor has one level, or a category of the response is gone.
    """
    X = np.ascontiguousarray(frame.X[left])
    if len(X) <= X.shape[1] or len(find_rank(X).kept) < X.shape[1]:
        return None
    y = frame.y[left]
    if frame.categories and len(np.unique(y)) < len(frame.categories):
        return None
    blocks = tuple(_block_without(block, left) for block in frame.blocks)
    if any(block.n_level < 2 for block in blocks):
        return None
    return replace(
        frame,
        X=X,
        y=y,
        weights=None if frame.weights is None else frame.weights[left],
        offset=None if frame.offset is None else frame.offset[left],
        blocks=blocks,
        kept=frame.kept[left],
    )


def _block_without(block: Block, left: BoolArray) -> Block:
    present, codes = np.unique(block.codes[left], return_inverse=True)
    return replace(
        block,
        levels=tuple(block.levels[level] for level in present),
        codes=codes.astype(np.int64, copy=False),
        Z=np.ascontiguousarray(block.Z[left]),
    )


def residual_without(rows: ResidualRows, left: BoolArray) -> ResidualRows | None:
    """Take rows out of a residual structure.

    Parameters
    ----------
    rows : ResidualRows
        The structure.
    left : ndarray of shape (n,), bool
        Rows that stay; whole series.

    Returns
    -------
    ResidualRows or None
        Those rows; None if a level with a standard deviation of its own is gone.
    """
    codes = rows.codes[left]
    if rows.levels and np.bincount(codes, minlength=len(rows.levels)).min() < 2:
        return None
    number = np.cumsum(left) - 1
    ordered = left[rows.order]
    order = number[rows.order[ordered]].astype(np.int64, copy=False)
    return replace(rows, codes=codes, order=order, gap=rows.gap[ordered])


def problem_without(fit: LinearEstimates, left: BoolArray) -> LinearProblem | None:
    """Set up a linear model without some rows, its residual structure as estimated.

    Parameters
    ----------
    fit : LinearEstimates
        The fit.
    left : ndarray of shape (n,), bool
        Rows that stay; whole series.

    Returns
    -------
    LinearProblem or None
        The problem; None if the rows can't bear the model.
    """
    frame = frame_without(fit.frame, left)
    if frame is None:
        return None
    y = frame.y if frame.offset is None else frame.y - frame.offset
    if fit.residual is None:
        return linear_problem(frame.X, y, frame.blocks, frame.weights)
    rows = residual_without(fit.residual.rows, left)
    if rows is None:
        return None
    white = fit.residual.whitening
    ordered = left[white.order]
    moved = replace(
        white,
        spread=white.spread[left],
        order=rows.order,
        rho=white.rho[ordered],
        shrink=white.shrink[ordered],
    )
    return whitened_problem(frame.X, y, frame.blocks, moved)


def refit_linear(fit: LinearEstimates, left: BoolArray) -> Deleted | None:
    """Fit a linear model again without some rows, from where the fit ended.

    Parameters
    ----------
    fit : LinearEstimates
        The fit.
    left : ndarray of shape (n,), bool
        Rows that stay; whole series.

    Returns
    -------
    Deleted or None
        Estimates; None if there is no fit.
    """
    try:
        return _refit_plain(fit, left) if fit.residual is None else _refit_structured(fit, left)
    except _NO_FIT:
        return None


def _refit_plain(fit: LinearEstimates, left: BoolArray) -> Deleted | None:
    problem = problem_without(fit, left)
    if problem is None:
        return None
    found, optimum = fit_linear(problem, fit.method == "reml", fit.theta)
    if not optimum.converged:
        return None
    return Deleted(found.beta, found.theta, np.zeros(0), float(np.sqrt(found.sigma2)))


def _refit_structured(fit: LinearEstimates, left: BoolArray) -> Deleted | None:
    assert fit.residual is not None
    frame, rows = frame_without(fit.frame, left), residual_without(fit.residual.rows, left)
    if frame is None or rows is None:
        return None
    y = frame.y if frame.offset is None else frame.y - frame.offset
    found = fit_structured(
        Columns(frame.X, y, frame.blocks, frame.weights),
        rows,
        fit.method == "reml",
        fit.theta,
        fit.residual.parameters,
    )
    if not found.optimum.converged:
        return None
    at = found.evaluation
    return Deleted(at.beta, at.theta, found.parameters, float(np.sqrt(at.sigma2)))


def general_without(fit: "GeneralEstimates", left: BoolArray) -> GeneralProblem | None:
    """Set up a generalised or cumulative link model without some rows.

    Parameters
    ----------
    fit : GeneralEstimates
        The fit.
    left : ndarray of shape (n,), bool
        Rows that stay.

    Returns
    -------
    GeneralProblem or None
        The problem; None if the rows can't bear the model.
    """
    frame = frame_without(fit.frame, left)
    if frame is None:
        return None
    return general_problem(
        frame.X,
        frame.y,
        frame.blocks,
        fit.response.likelihood,
        weights=frame.weights,
        offset=frame.offset,
        nagq=fit.nagq,
        grid=fit.quadrature,
    )


def refit_general(fit: "GeneralEstimates", left: BoolArray) -> Deleted | None:
    """Fit a generalised or cumulative link model again without some rows.

    Parameters
    ----------
    fit : GeneralEstimates
        The fit.
    left : ndarray of shape (n,), bool
        Rows that stay.

    Returns
    -------
    Deleted or None
        Estimates; None if there is no fit.
    """
    try:
        problem = general_without(fit, left)
        if problem is None:
            return None
        found = fit_general(problem, fit.evaluation.parameters)
    except _NO_FIT:
        return None
    if not found.optimum.converged:
        return None
    return cut_parameters(fit, found.parameters)


def cut_parameters(fit: "GeneralEstimates", parameters: FloatArray) -> Deleted:
    """Cut the parameters of a general model into their kinds.

    Parameters
    ----------
    fit : GeneralEstimates
        The fit.
    parameters : ndarray of shape (d,)
        β, θ and φ.

    Returns
    -------
    Deleted
        The parts.
    """
    p, k = len(fit.beta), len(fit.theta)
    return Deleted(parameters[:p], parameters[p : p + k], parameters[p + k :], float("nan"))
