"""Marginal means: what a model predicts for each level, the others averaged over."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from rpcstats._vocabulary import (
    CATEGORY,
)
from rpcstats.errors import ParameterError
from rpcstats.mixed.general_estimates import GeneralEstimates
from rpcstats.mixed.means.basis import fixed_basis
from rpcstats.mixed.means.category_means import category_means, category_probabilities
from rpcstats.mixed.means.linear_functions import Basis, LinearFunctions, MeansDf
from rpcstats.mixed.means.mean_table import MarginalMeans, Names, as_names
from rpcstats.mixed.means.reference_grid import ReferenceGrid, Weights, grid_values, reference_grid
from rpcstats.mixed.means.wording import means_remarks
from rpcstats.mixed.mixed_fit import MixedFit

if TYPE_CHECKING:
    pass

Scale = Literal["link", "response", "mean_class"]

_SCALES: Final = ("link", "response", "mean_class")
_RATIOS: Final = {"log": "ratio", "logit": "odds ratio", "cloglog": "hazard ratio"}


def marginal_means(
    fit: MixedFit,
    specs: Names = (),
    *,
    by: Names | None = None,
    at: Mapping[str, Any] | None = None,
    weights: Weights = "equal",
    df: MeansDf | None = None,
    conf_level: float = 0.95,
    type: Scale = "link",
    offset: float | None = None,
) -> MarginalMeans:
    """Estimate the mean at each level of factors, averaged over the others.

    Parameters
    ----------
    fit : MixedFit
        What `lmm`, `glmm` or `clmm` gave.
    specs : str or sequence of str
        Variables at whose values means are wanted; the mean of all if none.
    by : str or sequence of str, optional
        More such variables, within whose values `contrasts` compares.
    at : mapping, optional
        Values of variables, such as ``{"session": [0, 3, 6]}``. If not given, factors take all
        their levels, a column of two numbers both, other numbers their mean.
    weights : {"equal", "proportional"}
        Whether levels averaged over count alike, or as often as they occur.
    df : {"satterthwaite", "kenward-roger", "residual", "normal"}, optional
        Degrees of freedom, Satterthwaite's for a linear model if not given; Kenward and Roger's
        come with their standard errors and need a REML fit.
    conf_level : float
        Level of the intervals.
    type : {"link", "response", "mean_class"}
        Means on the scale of the linear predictor; carried over to that of the response after
        averaging; or, for an ordered response, the mean category number. For an ordered
        response "response" gives the probability of each category, averaged as such, and
        "link" the latent scale with the thresholds' mean at 0.
    offset : float, optional
        Offset of every mean, such as 0 for rates; if not given that of the grid's values.

    Returns
    -------
    MarginalMeans
        The means; random effects are 0 in all of them.

    Raises
    ------
    ParameterError
        If a variable or an option is unknown, or options don't go together.

    Notes
    -----
    Searle, Speed and Milliken (1980); the grid and its defaults are those of Lenth's emmeans. A
    mean that leans on a combination of levels without data, or on a column left out of the fit,
    is missing.
    """
    wanted, within = as_names(specs), as_names(by)
    _check(wanted, within, type)
    basis = fixed_basis(fit, df)
    ordered = isinstance(fit, GeneralEstimates) and fit.response.ordered is not None
    if type == "mean_class" and not ordered:
        raise ParameterError("There are no categories", ['give type="response"'])
    values = grid_values(fit.frame, (*wanted, *within), at)
    grid = reference_grid(fit.frame, values, (*wanted, *within), weights=weights, offset=offset)
    cells, link = grid.cells, None
    if ordered and type == "response":
        assert isinstance(fit, GeneralEstimates)
        cells, functions = category_probabilities(fit, grid)
        within = (*within, CATEGORY)
    elif ordered and type == "mean_class":
        assert isinstance(fit, GeneralEstimates)
        functions = category_means(fit, grid)
    else:
        functions = _averaged(basis, grid, latent=ordered)
        if type == "response" and isinstance(fit, GeneralEstimates):
            link = fit.response.link
    return MarginalMeans(
        cells=cells,
        by=within,
        functions=functions,
        link=link,
        ratio="" if ordered and type != "link" else ratio_name(fit),
        is_probability=ordered and type == "response",
        conf_level=conf_level,
        heading="Marginal means",
        remarks=means_remarks(fit, grid, functions, weights=weights, scale=type),
    )


def ratio_name(fit: MixedFit) -> str:
    """Name what e to the power of a difference of linear predictors is.

    Parameters
    ----------
    fit : MixedFit
        The fit.

    Returns
    -------
    str
        "odds ratio" and the like; empty where it is nothing known.
    """
    if isinstance(fit, GeneralEstimates):
        return _RATIOS.get(fit.response.link.name, "")
    return "ratio"


def _averaged(basis: Basis, grid: ReferenceGrid, *, latent: bool) -> LinearFunctions:
    rows = np.einsum("a,maf->mf", grid.weights, grid.X)
    if latent:
        rows = np.hstack([rows, np.full((len(rows), 1), -1.0)])
    return LinearFunctions(basis, rows, grid.offset @ grid.weights)


def _check(wanted: tuple[str, ...], within: tuple[str, ...], scale: str) -> None:
    if len({*wanted, *within}) < len(wanted) + len(within):
        raise ParameterError("A variable is named twice", ["name it in specs or in by"])
    if scale not in _SCALES:
        raise ParameterError("type is unknown", [f"choose one of {', '.join(_SCALES)}"])
