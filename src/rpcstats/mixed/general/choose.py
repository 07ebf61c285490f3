"""Which engine a generalised or cumulative link mixed model is given to."""

from numbers import Integral

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.general.crossed import CrossedGeneral
from rpcstats.mixed.general.one_factor import OneFactorGeneral
from rpcstats.mixed.general.response_rows import ResponseLikelihood
from rpcstats.mixed.structure.model_frame import Block, FloatArray


def general_problem(
    X: FloatArray,
    y: FloatArray,
    blocks: tuple[Block, ...],
    likelihood: ResponseLikelihood,
    *,
    weights: FloatArray | None = None,
    offset: FloatArray | None = None,
    nagq: int = 1,
    grid: str = "product",
) -> OneFactorGeneral | CrossedGeneral:
    """Give a model to the engine for its structure.

    One grouping factor goes to the engine that works group by group, with Laplace's approximation
    or adaptive quadrature; several factors, nested or crossed, to the engine that
    eliminates level by level, with Laplace's approximation.

    Parameters
    ----------
    X : ndarray of shape (n, p)
        Fixed-effects columns of full rank.
    y : ndarray of shape (n,)
        Response; successes as a proportion of the trials; category codes from 0.
    blocks : tuple of Block
        Random effects, one block a grouping factor.
    likelihood : ResponseLikelihood
        Distribution and link.
    weights : ndarray of shape (n,), optional
        Trials or prior weights. Default: 1.
    offset : ndarray of shape (n,), optional
        Known part of the linear predictor.
    nagq : int
        Nodes of the adaptive quadrature an axis; 1 is Laplace's approximation.
    grid : str
        "product" or "sparse".

    Returns
    -------
    OneFactorGeneral or CrossedGeneral
        The problem.

    Raises
    ------
    DataError
        If there are no random effects.
    ParameterError
        If quadrature is asked for with several factors, or `nagq` is no number of nodes.
    """
    if not blocks:
        raise DataError("the model has no random effects; use a model without them")
    given: object = nagq
    if not isinstance(given, Integral) or nagq < 1:
        raise ParameterError(f"nagq = {nagq} is no number of nodes; give 1 for Laplace or more")
    if not isinstance(grid, str):
        raise ParameterError("quadrature is unknown; choose product or sparse")
    if len(blocks) == 1:
        return OneFactorGeneral(
            X, y, blocks[0], likelihood, weights=weights, offset=offset, nagq=nagq, grid=grid
        )
    if nagq > 1:
        raise ParameterError(
            f"nagq = {nagq} needs one grouping factor, and the model has {len(blocks)}: "
            "the integral does not fall into one a group; give nagq=1 (Laplace)"
        )
    return CrossedGeneral(X, y, blocks, likelihood, weights=weights, offset=offset)
