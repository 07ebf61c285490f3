"""Generalised linear mixed models: a formula and a frame to a fit."""

from typing import Any, Final, Literal

from numpy.typing import ArrayLike

from rpcstats.errors import ParameterError
from rpcstats.mixed.estimate_general import estimate_general
from rpcstats.mixed.general.families import make_family
from rpcstats.mixed.general_estimates import Quadrature
from rpcstats.mixed.general_fit import GeneralMixedFit
from rpcstats.mixed.response_model import ResponseModel
from rpcstats.mixed.structure.build import model_frame
from rpcstats.mixed.structure.response import ResponseKind
from rpcstats.mixed.wording import warn_of

FamilyName = Literal["binomial", "poisson", "negative_binomial", "gamma", "beta"]

_RESPONSES: Final[dict[str, ResponseKind]] = {
    "binomial": "binomial",
    "poisson": "count",
    "negative_binomial": "count",
    "gamma": "positive",
    "beta": "unit",
}


def glmm(
    formula: str,
    data: Any,
    *,
    family: FamilyName = "binomial",
    link: Literal["logit", "probit", "cloglog", "log"] | None = None,
    nagq: int = 1,
    weights: str | ArrayLike | None = None,
    offset: str | ArrayLike | None = None,
    quadrature: Quadrature = "product",
) -> GeneralMixedFit:
    """Estimate a generalised linear mixed model by maximum likelihood.

    Parameters
    ----------
    formula : str
        ``"met ~ mode + (1 | council/group_id)"``; binomial counts as
        ``"cbind(k, n - k) ~ mode + (1 | group_id)"``.
    data : frame
        pandas, or any frame narwhals reads. Rows with a missing value are left out and
        counted in `glance`.
    family : {"binomial", "poisson", "negative_binomial", "gamma", "beta"}
        Distribution of the response. The negative binomial has variance μ + μ² / size, the
        gamma μ² / shape, the beta μ(1 - μ) / (1 + precision).
    link : {"logit", "probit", "cloglog", "log"}, optional
        Link; by default logit for the binomial and the beta, log for others.
    nagq : int
        Nodes of adaptive Gauss-Hermite quadrature for each effect of the one grouping factor; 1
        is the Laplace approximation, which any structure can have.
    weights : str or array_like, optional
        Trials of a proportion, or prior weights; a column or one number a row.
    offset : str or array_like, optional
        Known part of the linear predictor, such as the log of an exposure.
    quadrature : {"product", "sparse"}
        Grid of the nodes where a level has several effects.

    Returns
    -------
    GeneralMixedFit
        The fit.

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
        If the search ended before the conditions of an optimum held, as when a predictor tells
        the outcomes apart completely.

    Notes
    -----
    Breslow and Clayton (1993) for the model; the Laplace approximation takes the observed
    curvature at the joint mode (Tierney and Kadane 1986), the quadrature is that of Pinheiro and
    Chao (2006). Standard errors come from the joint Hessian of all parameters.
    """
    if not isinstance(family, str) or family not in _RESPONSES:
        raise ParameterError("family is unknown", [f"choose one of {', '.join(_RESPONSES)}"])
    response = ResponseModel(make_family(family.replace("_", " "), link))
    kind = _RESPONSES[family]
    frame = model_frame(formula, data, response=kind, weights=weights, offset=offset)
    fit = estimate_general(frame, response, nagq=nagq, quadrature=quadrature)
    warn_of(fit.trouble)
    return fit
