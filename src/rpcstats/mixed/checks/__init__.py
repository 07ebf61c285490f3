"""Checks of a fitted mixed model: residuals, influence, conditional AIC, proportional odds."""

from rpcstats.mixed.checks.conditional_aic import ConditionalAic, conditional_aic
from rpcstats.mixed.checks.influence import Influence, influence
from rpcstats.mixed.checks.proportional_odds import ProportionalOdds, proportional_odds
from rpcstats.mixed.checks.quantile_residuals import QuantileResiduals, quantile_residuals

__all__ = [
    "ConditionalAic",
    "Influence",
    "ProportionalOdds",
    "QuantileResiduals",
    "conditional_aic",
    "influence",
    "proportional_odds",
    "quantile_residuals",
]
