"""Ratings that are missing: imputation, departures, response weights, a joint model."""

from rpcstats.designs.missing.compare import EstimandComparison, compare_estimands
from rpcstats.designs.missing.departures import Departure
from rpcstats.designs.missing.estimands import (
    completers_change,
    hypothetical_change,
    treatment_policy_change,
)
from rpcstats.designs.missing.imputation_estimands import estimands_by_imputation
from rpcstats.designs.missing.imputations import Imputations
from rpcstats.designs.missing.impute import impute_goals
from rpcstats.designs.missing.joint_estimands import joint_estimands
from rpcstats.designs.missing.joint_fit import JointModelFit
from rpcstats.designs.missing.joint_model import joint_model
from rpcstats.designs.missing.response_weights import ResponseWeights, response_weights
from rpcstats.designs.missing.rubin import Pooled, pool
from rpcstats.designs.missing.tipping import TippingPoint, tipping_point

__all__ = [
    "Departure",
    "EstimandComparison",
    "Imputations",
    "JointModelFit",
    "Pooled",
    "ResponseWeights",
    "TippingPoint",
    "compare_estimands",
    "completers_change",
    "estimands_by_imputation",
    "hypothetical_change",
    "impute_goals",
    "joint_estimands",
    "joint_model",
    "pool",
    "response_weights",
    "tipping_point",
    "treatment_policy_change",
]
