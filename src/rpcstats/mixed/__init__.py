"""Mixed models: linear, generalised and cumulative link.

Names are loaded when first used, so that a linear model does not wait for quadrature rules.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rpcstats.mixed.checks import conditional_aic as conditional_aic
    from rpcstats.mixed.checks import influence as influence
    from rpcstats.mixed.checks import proportional_odds as proportional_odds
    from rpcstats.mixed.checks import quantile_residuals as quantile_residuals
    from rpcstats.mixed.conditional_modes import ConditionalModes as ConditionalModes
    from rpcstats.mixed.cumulative_link import clmm as clmm
    from rpcstats.mixed.general_fit import GeneralMixedFit as GeneralMixedFit
    from rpcstats.mixed.generalised_mixed import glmm as glmm
    from rpcstats.mixed.inference.bootstrap import parametric_bootstrap as parametric_bootstrap
    from rpcstats.mixed.inference.bootstrap_ratio import (
        bootstrap_likelihood_ratio as bootstrap_likelihood_ratio,
    )
    from rpcstats.mixed.inference.likelihood_ratio import likelihood_ratio as likelihood_ratio
    from rpcstats.mixed.inference.profile import profile_likelihood as profile_likelihood
    from rpcstats.mixed.linear_fit import LinearMixedFit as LinearMixedFit
    from rpcstats.mixed.linear_mixed import lmm as lmm
    from rpcstats.mixed.means import Contrasts as Contrasts
    from rpcstats.mixed.means import MarginalMeans as MarginalMeans
    from rpcstats.mixed.means import marginal_means as marginal_means
    from rpcstats.mixed.means import slopes as slopes
    from rpcstats.mixed.measures import design_effect as design_effect
    from rpcstats.mixed.measures import icc as icc
    from rpcstats.mixed.measures import r_squared as r_squared
    from rpcstats.mixed.measures import variance_partition as variance_partition
    from rpcstats.mixed.varcorr import VarCorr as VarCorr

_HOMES: Final = {
    "ConditionalModes": "conditional_modes",
    "Contrasts": "means",
    "GeneralMixedFit": "general_fit",
    "LinearMixedFit": "linear_fit",
    "MarginalMeans": "means",
    "VarCorr": "varcorr",
    "bootstrap_likelihood_ratio": "inference.bootstrap_ratio",
    "clmm": "cumulative_link",
    "conditional_aic": "checks",
    "design_effect": "measures",
    "glmm": "generalised_mixed",
    "icc": "measures",
    "influence": "checks",
    "likelihood_ratio": "inference.likelihood_ratio",
    "lmm": "linear_mixed",
    "marginal_means": "means",
    "parametric_bootstrap": "inference.bootstrap",
    "profile_likelihood": "inference.profile",
    "proportional_odds": "checks",
    "quantile_residuals": "checks",
    "r_squared": "measures",
    "slopes": "means",
    "variance_partition": "measures",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'rpcstats.mixed' has no attribute '{name}'")
    return getattr(import_module(f"rpcstats.mixed.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
