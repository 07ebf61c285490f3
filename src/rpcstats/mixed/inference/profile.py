"""Intervals by the profile likelihood."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rpcstats._numerics.intervals import normal_quantile
from rpcstats.errors import ConvergenceWarning, DataError, ParameterError
from rpcstats.mixed.inference.profile_limits import find_limit
from rpcstats.mixed.inference.profile_parameters import (
    Parameter,
    choose_parameters,
    estimates_of,
    likelihood_of,
    parameter_values,
    parameters_of,
)
from rpcstats.mixed.inference.profile_result import LikelihoodProfile
from rpcstats.mixed.inference.profile_walk import Profiled
from rpcstats.mixed.structure.model_frame import FloatArray

if TYPE_CHECKING:
    from rpcstats.mixed.mixed_fit import MixedFit

# A deviance lower than the fit's by more than this was not found by rounding.
_LOWER: Final = 1e-5

# The points of a profile reach this much farther from the estimate than the limits.
_BEYOND: Final = 1.15

_REFITTED: Final = (
    "Profiles are those of the likelihood, so the model was fitted again by ML: the estimates "
    "shown are ML's, not REML's."
)


def profile_likelihood(
    fit: "MixedFit",
    parm: str | Sequence[str] | None = None,
    *,
    conf_level: float = 0.95,
    n_point: int = 8,
) -> LikelihoodProfile:
    """Profile the likelihood of a mixed model over its parameters.

    Parameters
    ----------
    fit : MixedFit
        The fit; one by REML is fitted again by ML.
    parm : str or sequence of str, optional
        Names of parameters, as `confint` shows them; "beta_" for all fixed effects and
        thresholds, "theta_" for all standard deviations, correlations and parameters of the
        distribution. All if not given.
    conf_level : float
        Level of the limits.
    n_point : int
        Points of the profile on each side of the estimate, besides it; 0 for limits alone.

    Returns
    -------
    LikelihoodProfile
        Limits, points and a figure.

    Raises
    ------
    ParameterError
        If a name is unknown, the level is outside (0, 1), or the model has a structure of the
        residuals, which is not profiled.
    DataError
        If a lower deviance is found than that of the fit, which then was not the optimum.

    Warns
    -----
    ConvergenceWarning
        If a search with a parameter held did not end well.

    Notes
    -----
    With D(v) the lowest deviance with the parameter held at v, ζ(v) is the root of D(v) - D(v̂)
    with the sign of v - v̂, and the limits are where |ζ| is the normal's quantile. Standard
    deviations and correlations are profiled as such. Each point is a search of its own with
    exact gradients, and each limit a root found to 1e-8 of its distance from the estimate, not
    read off an interpolation. Bates, Mächler, Bolker and Walker (2015); Venzon and Moolgavkar
    (1988).
    """
    z = float(normal_quantile(conf_level))
    if n_point < 0 or n_point != int(n_point):
        raise ParameterError("n_point is out of range", ["ask for 0 points or more"])
    if getattr(fit, "residual", None) is not None:
        raise ParameterError(
            "Models with a structure of the residuals have no profile here",
            ['choose method="wald" or method="bootstrap"'],
        )
    chosen = choose_parameters(parameters_of(fit), parm)
    maker, estimate, deviance = _profiles_of(fit, chosen)
    found = [
        _profile_one(maker, parameter, value, z, int(n_point))
        for parameter, value in zip(chosen, estimate, strict=True)
    ]
    _refuse_false_optimum(max(one.lower for one in found), deviance)
    _warn_of_lost([p.name for p, one in zip(chosen, found, strict=True) if one.is_lost])
    low, high = np.array([one.ends for one in found], dtype=np.float64).T.copy()
    for array in (estimate, low, high, *(a for one in found for a in (one.values, one.zeta))):
        array.setflags(write=False)
    return LikelihoodProfile(
        terms=tuple(parameter.name for parameter in chosen),
        estimate=estimate,
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        values=tuple(one.values for one in found),
        zeta=tuple(one.zeta for one in found),
        deviance=deviance,
        remarks=_remarks(fit, estimate),
    )


class _One(NamedTuple):
    """The profile of one parameter: limits, points, and what went wrong."""

    ends: tuple[float, float]
    values: FloatArray
    zeta: FloatArray
    lower: float
    is_lost: bool


def _profile_one(maker: Any, parameter: Parameter, value: float, z: float, n_point: int) -> _One:
    if np.isnan(value):
        none = (np.zeros(0), np.zeros(0))
        return _One((parameter.least, parameter.largest), *none, 0.0, False)
    profiled: Profiled = maker.curve(parameter)
    ends = [find_limit(profiled.curve, side, z) for side in (-1, 1)]
    points = _points(profiled, [end for end, _ in ends], n_point)
    is_lost = bool(profiled.lost) or not all(found for _, found in ends)
    limits = (profiled.value(ends[0][0]), profiled.value(ends[1][0]))
    return _One(limits, *points, profiled.curve.worst[0], is_lost)


def _profiles_of(fit: "MixedFit", chosen: tuple[Parameter, ...]) -> tuple[Any, FloatArray, float]:
    """Give what makes the curves, the ML estimates and the lowest deviance."""
    estimates, likelihood = estimates_of(fit), likelihood_of(fit)
    maker: Any
    if likelihood is None:
        from rpcstats.mixed.inference.profile_linear import LinearProfiles

        maker = LinearProfiles(fit.frame, fit.problem, fit.theta)  # type: ignore[attr-defined]
        estimates, deviance = maker.estimates, maker.evaluation.deviance
    else:
        from rpcstats.mixed.inference.profile_general import GeneralProfiles

        maker, deviance = GeneralProfiles(fit), fit.deviance  # type: ignore[arg-type]
    values = parameter_values(chosen, fit.frame.blocks, estimates, likelihood)
    return maker, values, deviance


def _points(profiled: Profiled, ends: list[float], n_point: int) -> tuple[FloatArray, FloatArray]:
    """Give values and signed roots on both sides of the estimate."""
    if not n_point:
        return np.zeros(0), np.zeros(0)
    curve = profiled.curve
    places = [curve.estimate]
    for end in ends:
        if np.isfinite(end) and end != curve.estimate:
            reach = _BEYOND * (end - curve.estimate)
            far = np.clip(curve.estimate + reach, *curve.bounds)
            places += np.linspace(curve.estimate, far, n_point + 1)[1:].tolist()
    places.sort()
    zeta = [np.sign(u - curve.estimate) * curve.root(u)[0] for u in places if u != curve.estimate]
    zeta.insert(places.index(curve.estimate), 0.0)
    return np.array([profiled.value(u) for u in places]), np.array(zeta, dtype=np.float64)


def _refuse_false_optimum(worst: float, deviance: float) -> None:
    if worst > _LOWER * max(1.0, 1e-3 * abs(deviance)):
        raise DataError(
            f"The profile found a deviance lower by {worst:.3g} than that of the fit, so the"
            " search for the fit stopped short of the optimum: fit the model again from another"
            " start."
        )


def _warn_of_lost(names: list[str]) -> None:
    if names:
        warnings.warn(
            f"The search with a parameter held did not end well for {', '.join(names)}: these"
            " limits may be wrong. Bring the predictors to similar sizes, or simplify the random"
            " effects.",
            ConvergenceWarning,
            stacklevel=3,
        )


def _remarks(fit: "MixedFit", estimate: FloatArray) -> tuple[str, ...]:
    remarks = [_REFITTED] if fit.criterion == "reml" else []
    if any(np.isnan(value) for value in estimate):
        remarks.append(
            "A correlation with an effect whose estimated variance is zero is not determined:"
            " its interval is the whole range."
        )
    return tuple(remarks)
