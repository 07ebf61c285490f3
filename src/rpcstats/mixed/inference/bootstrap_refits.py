"""Data drawn from a fitted mixed model, and models fitted to them again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rpcstats.errors import DataError, ParameterError
from rpcstats.mixed.general.choose import general_problem
from rpcstats.mixed.general.search import fit_general
from rpcstats.mixed.linear.one_factor import OneFactorProblem
from rpcstats.mixed.linear.refit import refit_many
from rpcstats.mixed.linear.search import fit_linear
from rpcstats.mixed.simulate import simulate_general, simulate_linear
from rpcstats.mixed.structure.model_frame import FloatArray

if TYPE_CHECKING:
    from rpcstats.mixed.general_fit import GeneralMixedFit
    from rpcstats.mixed.linear_fit import LinearMixedFit
    from rpcstats.mixed.mixed_fit import MixedFit

Statistic = Callable[[Any], ArrayLike | Mapping[str, float]]

BATCH: Final = 250
"""Data sets fitted together where one grouping factor lets them advance side by side."""

FEW: Final = 10
"""Data sets handed to a worker at once elsewhere."""

# What an engine raises where a data set drawn has no optimum.
_NO_FIT: Final = (DataError, ParameterError, np.linalg.LinAlgError)


@dataclass(frozen=True, slots=True, eq=False)
class Refitted:
    """One model fitted to b data sets; NaN where there is no fit.

    Attributes
    ----------
    beta, theta, extra : ndarray of shape (b, ...)
        Fixed effects, covariance parameters and extra parameters.
    sigma, deviance : ndarray of shape (b,)
        Residual standard deviations (NaN where the family has none) and deviances.
    converged : ndarray of shape (b,), bool
        Whether the conditions of an optimum hold.
    statistic : ndarray of shape (b, s)
        The statistic asked for.
    """

    beta: FloatArray
    theta: FloatArray
    extra: FloatArray
    sigma: FloatArray
    deviance: FloatArray
    converged: NDArray[np.bool_]
    statistic: FloatArray


def is_batched(fit: "MixedFit", statistic: Statistic | None = None) -> bool:
    """Tell whether all refits of a model advance together.

    Parameters
    ----------
    fit : MixedFit
        The fit.
    statistic : callable, optional
        A statistic that needs each refit as a whole.

    Returns
    -------
    bool
        True for a linear model with one grouping factor and no statistic.
    """
    return statistic is None and isinstance(_problem(fit), OneFactorProblem)


def _problem(fit: "MixedFit") -> Any:
    return fit.problem  # type: ignore[attr-defined]


def draw_responses(fit: "MixedFit", seeds: Sequence[np.random.SeedSequence]) -> FloatArray:
    """Draw data sets from a fit.

    Parameters
    ----------
    fit : MixedFit
        The fit.
    seeds : sequence of numpy.random.SeedSequence
        One a data set.

    Returns
    -------
    ndarray of shape (n_obs, b)
        Responses.
    """
    drawn = np.empty((fit.n_obs, len(seeds)), order="F")
    simulate: Any = simulate_linear if fit.sigma is not None else simulate_general
    for column, seed in enumerate(seeds):
        rng = np.random.default_rng(seed)
        drawn[:, column] = simulate(fit, rng, 1, conditional=False)[:, 0]
    return drawn


def refit_to(fit: "MixedFit", y: FloatArray) -> "MixedFit":
    """Fit a model to another response.

    Parameters
    ----------
    fit : MixedFit
        The fit, from which the search starts.
    y : ndarray of shape (n_obs,)
        Response, as `simulate` draws it.

    Returns
    -------
    MixedFit
        The same model, converged or not.

    Raises
    ------
    DataError
        If the model can't be fitted to the response.
    """
    if fit.sigma is not None:
        return _refit_linear(fit, y)  # type: ignore[arg-type]
    return _refit_general(fit, y)  # type: ignore[arg-type]


def _refit_linear(fit: "LinearMixedFit", y: FloatArray) -> "LinearMixedFit":
    frame = replace(fit.frame, y=y)
    problem = fit.problem.with_response(y if frame.offset is None else y - frame.offset)
    evaluation, optimum = fit_linear(problem, fit.method == "reml", fit.theta)
    return replace(
        fit,
        frame=frame,
        problem=problem,
        evaluation=evaluation,
        optimum=optimum,
        remarks=frame.remarks,
        trouble=(),
        _worked_out={},
    )


def _refit_general(fit: "GeneralMixedFit", y: FloatArray) -> "GeneralMixedFit":
    frame = replace(fit.frame, y=y)
    problem = general_problem(
        frame.X,
        y,
        frame.blocks,
        fit.response.likelihood,
        weights=frame.weights,
        offset=frame.offset,
        nagq=fit.nagq,
        grid=fit.quadrature,
    )
    information: FloatArray | None = None
    if np.isfinite(fit.parameter_cov).all():
        information = np.asarray(2.0 * np.linalg.inv(fit.parameter_cov), dtype=np.float64)
    found = fit_general(problem, fit.evaluation.parameters, information=information)
    return replace(
        fit,
        frame=frame,
        problem=problem,
        evaluation=replace(found.evaluation, parameters=found.parameters),
        optimum=found.optimum,
        parameter_cov=found.cov,
        is_free=found.free,
        remarks=frame.remarks,
        trouble=(),
    )


def refit_all(
    fit: "MixedFit", Y: FloatArray, statistic: Statistic | None = None, n_statistic: int = 0
) -> Refitted:
    """Fit a model to many responses.

    Parameters
    ----------
    fit : MixedFit
        The fit, from which the searches start.
    Y : ndarray of shape (n_obs, b)
        Responses, as `simulate` draws them.
    statistic : callable, optional
        Numbers wanted of each refit.
    n_statistic : int
        How many they are.

    Returns
    -------
    Refitted
        The refits; those that can't be had are NaN and not converged.
    """
    if is_batched(fit, statistic):
        try:
            return _refit_batch(fit, Y)  # type: ignore[arg-type]
        except _NO_FIT:  # one response without a fit stops the batch: find it
            pass
    found = _empty(fit, Y.shape[1], n_statistic)
    for b, y in enumerate(Y.T):
        try:
            again = refit_to(fit, np.ascontiguousarray(y))
        except _NO_FIT:
            continue
        found.beta[b], found.theta[b], found.deviance[b] = again.beta, again.theta, again.deviance
        found.extra[b] = getattr(again, "extra", np.zeros(0))
        found.sigma[b] = np.nan if again.sigma is None else again.sigma
        found.converged[b] = again.converged
        if statistic is not None and again.converged:
            found.statistic[b] = statistic_values(statistic(again))[1]
    return found


def _refit_batch(fit: "LinearMixedFit", Y: FloatArray) -> Refitted:
    offset = fit.frame.offset
    plain = Y if offset is None else Y - offset[:, None]
    many = refit_many(fit.problem, plain, fit.method == "reml", fit.theta)
    none = np.zeros((Y.shape[1], 0))
    return Refitted(many.beta, many.theta, none, many.sigma, many.deviance, many.converged, none)


def _empty(fit: "MixedFit", b: int, n_statistic: int) -> Refitted:
    def lost(*shape: int) -> FloatArray:
        return np.full((b, *shape), np.nan)

    extra: FloatArray = getattr(fit, "extra", np.zeros(0))
    return Refitted(
        beta=lost(len(fit.beta)),
        theta=lost(len(fit.theta)),
        extra=lost(len(extra)),
        sigma=lost(),
        deviance=lost(),
        converged=np.zeros(b, dtype=np.bool_),
        statistic=lost(n_statistic),
    )


def join_refitted(parts: Sequence[Refitted]) -> Refitted:
    """Put refits one after the other.

    Parameters
    ----------
    parts : sequence of Refitted
        Refits of one model.

    Returns
    -------
    Refitted
        All of them.
    """
    names = Refitted.__dataclass_fields__
    return Refitted(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


def statistic_values(result: ArrayLike | Mapping[str, float]) -> tuple[list[str], FloatArray]:
    """Read what a statistic gave.

    Parameters
    ----------
    result : number, sequence of numbers or mapping of str to number
        What it gave.

    Returns
    -------
    names : list of str
        "statistic", "statistic_1" and on, or the keys.
    values : ndarray of shape (s,)
        The numbers.

    Raises
    ------
    ParameterError
        If it gave anything else.
    """
    try:
        if isinstance(result, Mapping):
            return [str(key) for key in result], np.array(list(result.values()), dtype=np.float64)
        values = np.asarray(result, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.zeros((0, 0))
    if values.ndim > 1 or not values.size:
        raise ParameterError(
            "statistic gives no numbers", ["let it return a number, a list or a dict of numbers"]
        )
    if values.ndim == 0:
        return ["statistic"], values[None]
    return [f"statistic_{i + 1}" for i in range(len(values))], values
