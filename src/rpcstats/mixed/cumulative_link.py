"""Cumulative link mixed models: a formula and a frame to a fit."""

from typing import Any, Literal

from numpy.typing import ArrayLike

from rpcstats.mixed.estimate_general import estimate_general
from rpcstats.mixed.general.ordinal import make_ordinal
from rpcstats.mixed.general_estimates import Quadrature
from rpcstats.mixed.general_fit import GeneralMixedFit
from rpcstats.mixed.response_model import ResponseModel
from rpcstats.mixed.structure.build import model_frame
from rpcstats.mixed.wording import warn_of


def clmm(
    formula: str,
    data: Any,
    *,
    link: Literal["logit", "probit", "cloglog", "loglog"] = "logit",
    thresholds: Literal["flexible", "equidistant", "symmetric"] = "flexible",
    nagq: int = 1,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    quadrature: Quadrature = "product",
) -> GeneralMixedFit:
    """Estimate a cumulative link mixed model of an ordered response.

    Parameters
    ----------
    formula : str
        ``"rating ~ session + (1 | episode_id)"``; the response is an ordered category, or whole
        numbers in order.
    data : frame
        pandas, or any frame narwhals reads. Rows with a missing value are left out and
        counted in `glance`.
    link : {"logit", "probit", "cloglog", "loglog"}
        The logit gives proportional odds, "cloglog" proportional hazards: P(Y ≤ j) is
        1 - exp(-exp(θ_j - η)). R's `clmm` swaps "cloglog" and "loglog"; its `clm` does not.
    thresholds : {"flexible", "equidistant", "symmetric"}
        Free thresholds between the categories, equal steps, or steps symmetric about a centre.
    nagq : int
        Nodes of adaptive Gauss-Hermite quadrature for each effect of the one grouping factor; 1
        is the Laplace approximation, which any structure can have.
    weights : str or array_like, optional
        Numbers of equal rows each row stands for; a column or one number a row.
    offset : str or array_like, optional
        Known part of the linear predictor.
    quadrature : {"product", "sparse"}
        Grid of the nodes where a level has several effects.

    Returns
    -------
    GeneralMixedFit
        The fit; its `tidy` begins with the thresholds.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data break the conditions of the model.
    ParameterError
        If an option is unknown or out of range, or options don't go together.

    Warns
    -----
    ConvergenceWarning
        If the search ended before the conditions of an optimum held.

    Notes
    -----
    P(Y <= j) = F(threshold_j - η) with η = x'β + z'b, so that a positive coefficient goes with
    higher categories (McCullagh 1980; Hedeker and Gibbons 1994; Christensen 2018).
    """
    frame = model_frame(formula, data, response="ordinal", weights=weights, offset=offset)
    response = ResponseModel(None, make_ordinal(len(frame.categories), link, thresholds))
    fit = estimate_general(frame, response, nagq=nagq, quadrature=quadrature)
    warn_of(fit.trouble)
    return fit
