"""Survival and mixed-effects models for retention and goal progress, wrapped in papers.

Every public name is loaded when first used, so that importing the package, and the
command line's help, cost almost nothing.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rpcstats import paper as paper
    from rpcstats.data import check_extract as check_extract
    from rpcstats.data import flow as flow
    from rpcstats.data import followup as followup
    from rpcstats.data import funnel as funnel
    from rpcstats.data import goal_scores as goal_scores
    from rpcstats.data import person_period as person_period
    from rpcstats.data import rating_flow as rating_flow
    from rpcstats.data import read_extract as read_extract
    from rpcstats.data import response_flow as response_flow
    from rpcstats.designs import precision_and_power as precision_and_power
    from rpcstats.designs.goal_paper import goal_answers as goal_answers
    from rpcstats.designs.goal_paper import goal_couples as goal_couples
    from rpcstats.designs.goal_paper import goal_course as goal_course
    from rpcstats.designs.goal_paper import goal_estimands as goal_estimands
    from rpcstats.designs.goal_paper import goal_readings as goal_readings
    from rpcstats.designs.goal_paper import goal_tipping as goal_tipping
    from rpcstats.designs.missing import compare_estimands as compare_estimands
    from rpcstats.designs.missing import estimands_by_imputation as estimands_by_imputation
    from rpcstats.designs.missing import hypothetical_change as hypothetical_change
    from rpcstats.designs.missing import impute_goals as impute_goals
    from rpcstats.designs.missing import joint_estimands as joint_estimands
    from rpcstats.designs.missing import joint_model as joint_model
    from rpcstats.designs.missing import response_weights as response_weights
    from rpcstats.designs.missing import tipping_point as tipping_point
    from rpcstats.designs.missing import treatment_policy_change as treatment_policy_change
    from rpcstats.disclosure import disclose as disclose
    from rpcstats.disclosure import disclosure_policy as disclosure_policy
    from rpcstats.disclosure import order_of_shares as order_of_shares
    from rpcstats.goals import actor_partner as actor_partner
    from rpcstats.goals import clinical_change as clinical_change
    from rpcstats.goals import completers_change as completers_change
    from rpcstats.goals import couple_change as couple_change
    from rpcstats.goals import cut_off_between as cut_off_between
    from rpcstats.goals import gas_t_score as gas_t_score
    from rpcstats.goals import goal_change as goal_change
    from rpcstats.goals import goal_trajectory as goal_trajectory
    from rpcstats.goals import progress as progress
    from rpcstats.goals import reliable_change as reliable_change
    from rpcstats.goals import satisfaction as satisfaction
    from rpcstats.goals import total_scores as total_scores
    from rpcstats.mixed import bootstrap_likelihood_ratio as bootstrap_likelihood_ratio
    from rpcstats.mixed import clmm as clmm
    from rpcstats.mixed import conditional_aic as conditional_aic
    from rpcstats.mixed import design_effect as design_effect
    from rpcstats.mixed import glmm as glmm
    from rpcstats.mixed import icc as icc
    from rpcstats.mixed import influence as influence
    from rpcstats.mixed import likelihood_ratio as likelihood_ratio
    from rpcstats.mixed import lmm as lmm
    from rpcstats.mixed import marginal_means as marginal_means
    from rpcstats.mixed import parametric_bootstrap as parametric_bootstrap
    from rpcstats.mixed import profile_likelihood as profile_likelihood
    from rpcstats.mixed import proportional_odds as proportional_odds
    from rpcstats.mixed import quantile_residuals as quantile_residuals
    from rpcstats.mixed import r_squared as r_squared
    from rpcstats.mixed import slopes as slopes
    from rpcstats.mixed import variance_partition as variance_partition
    from rpcstats.published import audit as audit
    from rpcstats.published import audit_sensitivity as audit_sensitivity
    from rpcstats.published import cited_documents as cited_documents
    from rpcstats.published import exact_tests as exact_tests
    from rpcstats.published import published_figures as published_figures
    from rpcstats.published import read_facts as read_facts
    from rpcstats.simulate import simulate_extract as simulate_extract
    from rpcstats.simulate import write_simulation as write_simulation
    from rpcstats.survival import adjusted_comparisons as adjusted_comparisons
    from rpcstats.survival import assumption_checks as assumption_checks
    from rpcstats.survival import cause_specific as cause_specific
    from rpcstats.survival import check_spells as check_spells
    from rpcstats.survival import compare_distributions as compare_distributions
    from rpcstats.survival import compare_groups as compare_groups
    from rpcstats.survival import concordance_index as concordance_index
    from rpcstats.survival import cox as cox
    from rpcstats.survival import cumulative_incidence as cumulative_incidence
    from rpcstats.survival import cure_model as cure_model
    from rpcstats.survival import discrete_competing as discrete_competing
    from rpcstats.survival import discrete_hazard as discrete_hazard
    from rpcstats.survival import expand_sessions as expand_sessions
    from rpcstats.survival import fine_gray as fine_gray
    from rpcstats.survival import gray_test as gray_test
    from rpcstats.survival import kaplan_meier as kaplan_meier
    from rpcstats.survival import life_table as life_table
    from rpcstats.survival import logrank as logrank
    from rpcstats.survival import logrank_trend as logrank_trend
    from rpcstats.survival import max_combo as max_combo
    from rpcstats.survival import mean_cumulative as mean_cumulative
    from rpcstats.survival import merge_covariates as merge_covariates
    from rpcstats.survival import multistate as multistate
    from rpcstats.survival import nelson_aalen as nelson_aalen
    from rpcstats.survival import pairwise_logrank as pairwise_logrank
    from rpcstats.survival import pseudo_regression as pseudo_regression
    from rpcstats.survival import pseudo_values as pseudo_values
    from rpcstats.survival import recurrent_cox as recurrent_cox
    from rpcstats.survival import rmst as rmst
    from rpcstats.survival import rmst_adjusted as rmst_adjusted
    from rpcstats.survival import rmst_bootstrap as rmst_bootstrap
    from rpcstats.survival import rmst_difference as rmst_difference
    from rpcstats.survival import royston_parmar as royston_parmar
    from rpcstats.survival import split_episodes as split_episodes
    from rpcstats.survival import survreg as survreg
    from rpcstats.survival import transition_cox as transition_cox
    from rpcstats.survival import turnbull as turnbull
    from rpcstats.tables import tabulate as tabulate

_ROOMS: Final = {
    "data": (
        "check_extract",
        "flow",
        "followup",
        "funnel",
        "goal_scores",
        "person_period",
        "rating_flow",
        "read_extract",
        "response_flow",
    ),
    "designs": ("precision_and_power",),
    "designs.goal_paper": (
        "goal_answers",
        "goal_couples",
        "goal_course",
        "goal_estimands",
        "goal_readings",
        "goal_tipping",
    ),
    "designs.missing": (
        "compare_estimands",
        "estimands_by_imputation",
        "hypothetical_change",
        "impute_goals",
        "joint_estimands",
        "joint_model",
        "response_weights",
        "tipping_point",
        "treatment_policy_change",
    ),
    "disclosure": ("disclose", "disclosure_policy", "order_of_shares"),
    "goals": (
        "actor_partner",
        "clinical_change",
        "completers_change",
        "couple_change",
        "cut_off_between",
        "gas_t_score",
        "goal_change",
        "goal_trajectory",
        "progress",
        "reliable_change",
        "satisfaction",
        "total_scores",
    ),
    "mixed": (
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
    ),
    "published": (
        "audit",
        "audit_sensitivity",
        "cited_documents",
        "exact_tests",
        "published_figures",
        "read_facts",
    ),
    "simulate": ("simulate_extract", "write_simulation"),
    "survival": (
        "adjusted_comparisons",
        "assumption_checks",
        "cause_specific",
        "check_spells",
        "compare_distributions",
        "compare_groups",
        "concordance_index",
        "cox",
        "cumulative_incidence",
        "cure_model",
        "discrete_competing",
        "discrete_hazard",
        "expand_sessions",
        "fine_gray",
        "gray_test",
        "kaplan_meier",
        "life_table",
        "logrank",
        "logrank_trend",
        "max_combo",
        "mean_cumulative",
        "merge_covariates",
        "multistate",
        "nelson_aalen",
        "pairwise_logrank",
        "pseudo_regression",
        "pseudo_values",
        "recurrent_cox",
        "rmst",
        "rmst_adjusted",
        "rmst_bootstrap",
        "rmst_difference",
        "royston_parmar",
        "split_episodes",
        "survreg",
        "transition_cox",
        "turnbull",
    ),
    "tables": ("tabulate",),
}
_ROOM_OF: Final = {name: room for room, names in _ROOMS.items() for name in names}

__version__ = version("rpcstats")
__all__ = sorted([*_ROOM_OF, "paper"])


def __getattr__(name: str) -> object:
    if name == "paper":
        return import_module("rpcstats.paper")
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'rpcstats' has no attribute '{name}'")
    return getattr(import_module(f"rpcstats.{_ROOM_OF[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
