"""Change of all who started, under each estimand by each method."""

from collections.abc import Callable
from typing import Any, Literal

from rpcstats.errors import ParameterError
from rpcstats.goals.completers import completers_change
from rpcstats.goals.estimand import EstimandResult
from rpcstats.goals.goal_trajectory import Errors
from rpcstats.goals.trajectories import goal_trajectory

__all__ = ["completers_change", "hypothetical_change", "treatment_policy_change"]

PolicyMethod = Literal["linear", "imputation", "joint", "weighting"]
HypotheticalMethod = Literal["linear", "ordinal", "imputation", "joint"]


def treatment_policy_change(
    goals: Any, *, method: PolicyMethod = "linear", **options: Any
) -> EstimandResult:
    """Estimate E5a: the change of all who started, at the level reached on leaving or finishing.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them.
    method : {"linear", "imputation", "joint", "weighting"}
        Each starter's change expected by a linear mixed model given the starter's own ratings;
        multiple imputation; a joint model of ratings and dropout; those who answered, weighted
        to stand for all.
    **options
        Of `linear`: adjust, threshold, conf_level. Of `imputation`: those of
        `estimands_by_imputation`, a seed at least. Of `joint`: threshold, and those of
        `joint_model`. Of `weighting`: threshold, conf_level, and those of `response_weights`.

    Returns
    -------
    EstimandResult
        Rows ``mean change`` (points, better positive) and ``progress`` (share of starters).

    Raises
    ------
    DataError
        If the frame can't be used.
    ParameterError
        If the method or an option is unknown.

    Notes
    -----
    Population: starters whose course is over. Dropout is handled by treatment policy: what
    counts is the level a parent left with (ICH E9(R1) 2019).
    """
    methods: dict[str, Callable[..., EstimandResult]] = {
        "linear": _linear_policy,
        "imputation": _imputed_policy,
        "joint": _joint_policy,
        "weighting": _weighted,
    }
    return _choose(method, methods)(goals, **options)


def hypothetical_change(
    goals: Any, *, method: HypotheticalMethod = "ordinal", **options: Any
) -> EstimandResult:
    """Estimate E5b: the change of all who started, had all of them finished.

    Parameters
    ----------
    goals : DataFrame
        Columns `GOAL_SCORES`, as `goal_scores` gives them.
    method : {"ordinal", "linear", "imputation", "joint"}
        Cumulative probit or linear mixed model of all ratings; multiple imputation; a joint
        model of ratings and dropout.
    **options
        Of `ordinal` and `linear`: threshold, errors, and those of `goal_trajectory`. Of
        `imputation`: those of `estimands_by_imputation`, a seed at least. Of `joint`: threshold,
        and those of `joint_model`.

    Returns
    -------
    EstimandResult
        Rows ``mean change`` (points, better positive) and ``progress`` (share of starters).

    Raises
    ------
    DataError
        If the frame can't be used.
    ParameterError
        If the method or an option is unknown.

    Notes
    -----
    Population: starters whose course is over. Dropout is handled by a hypothetical strategy: the
    change is what it would have been without (ICH E9(R1) 2019).
    """
    methods: dict[str, Callable[..., EstimandResult]] = {
        "ordinal": _ordinal,
        "linear": _linear,
        "imputation": _imputed_hypothetical,
        "joint": _joint_hypothetical,
    }
    return _choose(method, methods)(goals, **options)


def _choose(
    method: object, methods: dict[str, Callable[..., EstimandResult]]
) -> Callable[..., EstimandResult]:
    if not isinstance(method, str) or method not in methods:
        raise ParameterError("method is unknown", [f"choose one of {', '.join(methods)}"])
    return methods[method]


def _ordinal(
    goals: Any, *, threshold: float = 1.0, errors: Errors = "model", **options: Any
) -> EstimandResult:
    fitted = goal_trajectory(goals, model="ordinal", **options)
    return fitted.hypothetical(threshold=threshold, errors=errors)


def _linear(
    goals: Any, *, threshold: float = 1.0, errors: Errors = "model", **options: Any
) -> EstimandResult:
    fitted = goal_trajectory(goals, model="linear", **options)
    return fitted.hypothetical(threshold=threshold, errors=errors)


def _linear_policy(goals: Any, **options: Any) -> EstimandResult:
    from rpcstats.designs.missing.linear_change import linear_policy_change

    return linear_policy_change(goals, **options)


def _imputed_policy(goals: Any, **options: Any) -> EstimandResult:
    from rpcstats.designs.missing.imputation_estimands import estimands_by_imputation

    return estimands_by_imputation(goals, estimand="E5a", **options)


def _imputed_hypothetical(goals: Any, **options: Any) -> EstimandResult:
    from rpcstats.designs.missing.imputation_estimands import estimands_by_imputation

    return estimands_by_imputation(goals, estimand="E5b", **options)


def _weighted(
    goals: Any, *, threshold: float = 1.0, conf_level: float = 0.95, **options: Any
) -> EstimandResult:
    from rpcstats.designs.missing.response_weights import response_weights

    weights = response_weights(goals, **options)
    return weights.estimates(threshold=threshold, conf_level=conf_level)


def _joint_policy(goals: Any, *, threshold: float = 1.0, **options: Any) -> EstimandResult:
    return _joint(goals, threshold, options)[0]


def _joint_hypothetical(goals: Any, *, threshold: float = 1.0, **options: Any) -> EstimandResult:
    return _joint(goals, threshold, options)[1]


def _joint(
    goals: Any, threshold: float, options: dict[str, Any]
) -> tuple[EstimandResult, EstimandResult]:
    from rpcstats.designs.missing.joint_estimands import joint_estimands
    from rpcstats.designs.missing.joint_model import joint_model

    return joint_estimands(joint_model(goals, **options), threshold=threshold)
