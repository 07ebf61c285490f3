"""Survival analysis: curves and tests, regressions, competing reasons, discrete time.

Names are loaded when first used, so that a curve does not wait for a regression.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rpcstats.survival.competing.cause_specific_fit import CauseSpecificFit as CauseSpecificFit
    from rpcstats.survival.competing.cause_specific_regression import (
        cause_specific as cause_specific,
    )
    from rpcstats.survival.competing.cumulative_incidence import (
        cumulative_incidence as cumulative_incidence,
    )
    from rpcstats.survival.competing.fine_gray_fit import FineGrayFit as FineGrayFit
    from rpcstats.survival.competing.fine_gray_regression import fine_gray as fine_gray
    from rpcstats.survival.competing.gray import gray_test as gray_test
    from rpcstats.survival.competing.incidence_curves import (
        CumulativeIncidence as CumulativeIncidence,
    )
    from rpcstats.survival.cox_checks.concordance import concordance_index as concordance_index
    from rpcstats.survival.cox_fit import CoxFit as CoxFit
    from rpcstats.survival.cox_regression import cox as cox
    from rpcstats.survival.discrete.discrete_competing import (
        discrete_competing as discrete_competing,
    )
    from rpcstats.survival.discrete.discrete_hazard import discrete_hazard as discrete_hazard
    from rpcstats.survival.discrete.expand_sessions import expand_sessions as expand_sessions
    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit as DiscreteHazardFit
    from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit as CoxMixedFit
    from rpcstats.survival.nonparametric.compare_groups import GroupComparisons as GroupComparisons
    from rpcstats.survival.nonparametric.compare_groups import compare_groups as compare_groups
    from rpcstats.survival.nonparametric.cumulative_hazard import NelsonAalen as NelsonAalen
    from rpcstats.survival.nonparametric.curves import KaplanMeier as KaplanMeier
    from rpcstats.survival.nonparametric.kaplan_meier import kaplan_meier as kaplan_meier
    from rpcstats.survival.nonparametric.life_table import life_table as life_table
    from rpcstats.survival.nonparametric.logrank import logrank as logrank
    from rpcstats.survival.nonparametric.logrank_result import LogrankTest as LogrankTest
    from rpcstats.survival.nonparametric.logrank_trend import logrank_trend as logrank_trend
    from rpcstats.survival.nonparametric.max_combo import max_combo as max_combo
    from rpcstats.survival.nonparametric.nelson_aalen import nelson_aalen as nelson_aalen
    from rpcstats.survival.nonparametric.pairwise_logrank import (
        pairwise_logrank as pairwise_logrank,
    )
    from rpcstats.survival.nonparametric.pseudo_regression import (
        pseudo_regression as pseudo_regression,
    )
    from rpcstats.survival.nonparametric.pseudo_values import pseudo_values as pseudo_values
    from rpcstats.survival.nonparametric.restricted_mean import RestrictedMean as RestrictedMean
    from rpcstats.survival.nonparametric.restricted_mean_difference import (
        RestrictedMeanDifference as RestrictedMeanDifference,
    )
    from rpcstats.survival.nonparametric.rmst import rmst as rmst
    from rpcstats.survival.nonparametric.rmst import rmst_difference as rmst_difference
    from rpcstats.survival.nonparametric.rmst_adjusted import rmst_adjusted as rmst_adjusted
    from rpcstats.survival.nonparametric.rmst_bootstrap import rmst_bootstrap as rmst_bootstrap
    from rpcstats.survival.parametric.compare_distributions import (
        compare_distributions as compare_distributions,
    )
    from rpcstats.survival.parametric.cure_model import cure_model as cure_model
    from rpcstats.survival.parametric.royston_parmar import royston_parmar as royston_parmar
    from rpcstats.survival.parametric.survreg import survreg as survreg
    from rpcstats.survival.parametric.turnbull import turnbull as turnbull
    from rpcstats.survival.retention.adjusted_comparisons import (
        adjusted_comparisons as adjusted_comparisons,
    )
    from rpcstats.survival.retention.assumption_checks import assumption_checks as assumption_checks
    from rpcstats.survival.states.check_spells import check_spells as check_spells
    from rpcstats.survival.states.mean_cumulative import mean_cumulative as mean_cumulative
    from rpcstats.survival.states.merge_covariates import merge_covariates as merge_covariates
    from rpcstats.survival.states.multistate import multistate as multistate
    from rpcstats.survival.states.recurrent_cox import recurrent_cox as recurrent_cox
    from rpcstats.survival.states.split_episodes import split_episodes as split_episodes
    from rpcstats.survival.states.state_occupation import MultiState as MultiState
    from rpcstats.survival.states.transition_cox import transition_cox as transition_cox

_HOMES: Final = {
    "CauseSpecificFit": "competing.cause_specific_fit",
    "CoxFit": "cox_fit",
    "CoxMixedFit": "frailties.cox_mixed_fit",
    "CumulativeIncidence": "competing.incidence_curves",
    "DiscreteHazardFit": "discrete.hazard_fit",
    "FineGrayFit": "competing.fine_gray_fit",
    "GroupComparisons": "nonparametric.compare_groups",
    "KaplanMeier": "nonparametric.curves",
    "LogrankTest": "nonparametric.logrank_result",
    "MultiState": "states.state_occupation",
    "NelsonAalen": "nonparametric.cumulative_hazard",
    "RestrictedMean": "nonparametric.restricted_mean",
    "RestrictedMeanDifference": "nonparametric.restricted_mean_difference",
    "adjusted_comparisons": "retention.adjusted_comparisons",
    "assumption_checks": "retention.assumption_checks",
    "cause_specific": "competing.cause_specific_regression",
    "check_spells": "states.check_spells",
    "compare_distributions": "parametric.compare_distributions",
    "compare_groups": "nonparametric.compare_groups",
    "concordance_index": "cox_checks.concordance",
    "cox": "cox_regression",
    "cumulative_incidence": "competing.cumulative_incidence",
    "cure_model": "parametric.cure_model",
    "discrete_competing": "discrete.discrete_competing",
    "discrete_hazard": "discrete.discrete_hazard",
    "expand_sessions": "discrete.expand_sessions",
    "fine_gray": "competing.fine_gray_regression",
    "gray_test": "competing.gray",
    "kaplan_meier": "nonparametric.kaplan_meier",
    "life_table": "nonparametric.life_table",
    "logrank": "nonparametric.logrank",
    "logrank_trend": "nonparametric.logrank_trend",
    "max_combo": "nonparametric.max_combo",
    "mean_cumulative": "states.mean_cumulative",
    "merge_covariates": "states.merge_covariates",
    "multistate": "states.multistate",
    "nelson_aalen": "nonparametric.nelson_aalen",
    "pairwise_logrank": "nonparametric.pairwise_logrank",
    "pseudo_regression": "nonparametric.pseudo_regression",
    "pseudo_values": "nonparametric.pseudo_values",
    "recurrent_cox": "states.recurrent_cox",
    "rmst": "nonparametric.rmst",
    "rmst_adjusted": "nonparametric.rmst_adjusted",
    "rmst_bootstrap": "nonparametric.rmst_bootstrap",
    "rmst_difference": "nonparametric.rmst",
    "royston_parmar": "parametric.royston_parmar",
    "split_episodes": "states.split_episodes",
    "survreg": "parametric.survreg",
    "transition_cox": "states.transition_cox",
    "turnbull": "parametric.turnbull",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'rpcstats.survival' has no attribute '{name}'")
    return getattr(import_module(f"rpcstats.survival.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
