"""Survival analysis: curves and tests, regressions, competing reasons, discrete time.

Names are loaded when first used, so that a curve does not wait for a regression.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rpcstats.survival.nonparametric.compare_groups import GroupComparisons as GroupComparisons
    from rpcstats.survival.nonparametric.compare_groups import compare_groups as compare_groups
    from rpcstats.survival.nonparametric.curves import KaplanMeier as KaplanMeier
    from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier as kaplan_meier
    from rpcstats.survival.nonparametric.logrank import LogrankTest as LogrankTest
    from rpcstats.survival.nonparametric.logrank import logrank as logrank
    from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean as RestrictedMean
    from rpcstats.survival.nonparametric.restricted_mean import (
        RestrictedMeanDifference as RestrictedMeanDifference,
    )
    from rpcstats.survival.nonparametric.rmst import rmst as rmst
    from rpcstats.survival.nonparametric.rmst import rmst_difference as rmst_difference

_HOMES: Final = {
    "GroupComparisons": "nonparametric.compare_groups",
    "KaplanMeier": "nonparametric.curves",
    "LogrankTest": "nonparametric.logrank",
    "RestrictedMean": "nonparametric.restricted_mean",
    "RestrictedMeanDifference": "nonparametric.restricted_mean",
    "compare_groups": "nonparametric.compare_groups",
    "kaplan_meier": "nonparametric.kaplan_meier",
    "logrank": "nonparametric.logrank",
    "rmst": "nonparametric.rmst",
    "rmst_difference": "nonparametric.rmst",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'rpcstats.survival' has no attribute '{name}'")
    return getattr(import_module(f"rpcstats.survival.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
