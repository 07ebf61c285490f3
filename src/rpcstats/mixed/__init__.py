"""Mixed models: linear, generalised and cumulative link."""

from rpcstats.mixed.checks import (
    conditional_aic,
    influence,
    proportional_odds,
    quantile_residuals,
)
from rpcstats.mixed.clmm import clmm
from rpcstats.mixed.conditional_modes import ConditionalModes
from rpcstats.mixed.general_fit import GeneralMixedFit
from rpcstats.mixed.glmm import glmm
from rpcstats.mixed.inference.bootstrap import parametric_bootstrap
from rpcstats.mixed.inference.bootstrap_ratio import bootstrap_likelihood_ratio
from rpcstats.mixed.inference.likelihood_ratio import likelihood_ratio
from rpcstats.mixed.inference.profile import profile_likelihood
from rpcstats.mixed.linear_fit import LinearMixedFit
from rpcstats.mixed.lmm import lmm
from rpcstats.mixed.means import Contrasts, MarginalMeans, marginal_means, slopes
from rpcstats.mixed.measures import design_effect, icc, r_squared, variance_partition
from rpcstats.mixed.varcorr import VarCorr

__all__ = [
    "ConditionalModes",
    "Contrasts",
    "GeneralMixedFit",
    "LinearMixedFit",
    "MarginalMeans",
    "VarCorr",
    "bootstrap_likelihood_ratio",
    "clmm",
    "conditional_aic",
    "design_effect",
    "glmm",
    "icc",
    "influence",
    "likelihood_ratio",
    "lmm",
    "marginal_means",
    "parametric_bootstrap",
    "profile_likelihood",
    "proportional_odds",
    "quantile_residuals",
    "r_squared",
    "slopes",
    "variance_partition",
]
