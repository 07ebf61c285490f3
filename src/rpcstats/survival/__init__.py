"""Survival analysis: curves, restricted means and the tests that compare them."""

from rpcstats.survival.compare_groups import GroupComparisons, compare_groups
from rpcstats.survival.curves import KaplanMeier
from rpcstats.survival.kaplan_meier import kaplan_meier
from rpcstats.survival.logrank import LogrankTest, logrank
from rpcstats.survival.restricted_mean import RestrictedMean, RestrictedMeanDifference
from rpcstats.survival.rmst import rmst, rmst_difference

__all__ = [
    "GroupComparisons",
    "KaplanMeier",
    "LogrankTest",
    "RestrictedMean",
    "RestrictedMeanDifference",
    "compare_groups",
    "kaplan_meier",
    "logrank",
    "rmst",
    "rmst_difference",
]
