"""Survival by session standardised over the people of a sample, and its contrasts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.survival.discrete._bootstrap import bootstrap_curves
from rpcstats.survival.discrete._paths import Curves, Paths
from rpcstats.survival.discrete.averaged_errors import Averages, covariance_of, degrees_of
from rpcstats.survival.discrete.people import People, people_of
from rpcstats.survival.discrete.prediction_paths import (
    covariate_columns,
    curves_of,
    given_sessions,
    new_rows,
    paths_of,
)
from rpcstats.survival.discrete.standardised_result import StandardisedBySession

if TYPE_CHECKING:
    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.integer[Any]]
Contrast = Literal["difference", "ratio"]
Method = Literal["influence", "bootstrap"]

_CHUNK: Final = 1_000_000


def standardised_survival(
    fit: "DiscreteHazardFit",
    *,
    exposure: str,
    at: Sequence[Any] | None = None,
    contrast: Contrast = "difference",
    sessions: Sequence[float] | None = None,
    method: Method = "influence",
    n_boot: int = 1000,
    seed: int = 1,
    conf_level: float | None = None,
) -> StandardisedBySession:
    """Average survival by session over the people of a sample at each level of a column.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    exposure : str
        Covariate of the model, set to each level for everybody.
    at : sequence, optional
        The levels, the first the reference; all levels of a factor if not given.
    contrast : {"difference", "ratio"}
        Each level against the first.
    sessions : sequence of float, optional
        Sessions, from the first on; those of the fit if not given. The last one's survival is
        completion.
    method : {"influence", "bootstrap"}
        Standard errors from the influence of each cluster, or intervals from refits to clusters
        drawn with replacement.
    n_boot, seed : int
        Refits, and the seed of the draws.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    StandardisedBySession
        Levels and contrasts by session.

    Raises
    ------
    ParameterError
        If an option is unknown, or the exposure is no covariate of the model.
    DataError
        If nobody can tell which rows are the same person's.

    Notes
    -----
    G-computation (Robins 1986): everybody in the sample, with the covariates of their first row,
    at each level. With random effects the survival of a person is averaged over groups. The
    variance adds, cluster by cluster, the influence through the coefficients and that through
    the covariates sampled; without clusters each person is one, and with random effects the
    groups of the factor with fewest levels.
    """
    _check_options(fit, exposure, contrast, method, n_boot)
    level = fit.conf_level if conf_level is None else conf_level
    check_conf_level(level)
    levels, wanted = _levels(fit, exposure, at), given_sessions(fit, sessions)
    people = people_of(fit)
    found = averages(fit, people, exposure, levels, wanted)
    A, K = found.S.shape
    draws = None
    if method == "bootstrap":
        draws = bootstrap_curves(
            fit,
            [paths_at(fit, people.unit, exposure, level, wanted) for level in levels],
            people.unit,
            people.size,
            n_boot=n_boot,
            seed=seed,
        )
        cov = np.cov(draws.reshape(len(draws), A * K), rowvar=False).reshape(A * K, A * K)
    else:
        cov = covariance_of(fit, people, found)
    return StandardisedBySession(
        exposure=exposure,
        levels=tuple(str(one) for one in levels),
        sessions=wanted,
        S=found.S,
        cov=cov,
        draws=draws,
        df=degrees_of(fit),
        contrast=contrast,
        n_person=float(people.size.sum()),
        errors=_errors(fit, method, n_boot),
        averaged=fit.mixed is not None,
        conf_level=level,
        n_missing=fit.n_missing,
        remarks=fit.remarks,
    )


def averages(
    fit: "DiscreteHazardFit",
    people: People,
    exposure: str,
    levels: Sequence[Any],
    sessions: NDArray[Any],
) -> Averages:
    """Average survival over people at each level.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    people : People
        Whom to average over.
    exposure : str
        Column that is set.
    levels : sequence
        What it is set to.
    sessions : ndarray of shape (K,)
        The sessions.

    Returns
    -------
    Averages
        Means with gradients, and the survival of each kind of person.
    """
    share = people.size / people.size.sum()
    A, K, V = len(levels), len(sessions), len(people.unit)
    S, each = np.zeros((A, K)), np.empty((V, A, K))
    gradient: FloatArray | None = None
    for a, level in enumerate(levels):
        for part, curves in _curves(fit, people, exposure, level, sessions):
            each[part, a] = curves.S
            S[a] += share[part] @ curves.S
            if gradient is None:
                gradient = np.zeros((A, K, curves.gradient.shape[2]))
            gradient[a] += np.einsum("v,vkd->kd", share[part], curves.gradient)
    assert gradient is not None
    return Averages(S, gradient, each)


def _curves(
    fit: "DiscreteHazardFit",
    people: People,
    exposure: str,
    level: Any,
    sessions: NDArray[Any],
) -> Iterator[tuple[slice, Curves]]:
    step = max(1, _CHUNK // (len(sessions) * len(fit.beta)))
    for start in range(0, len(people.unit), step):
        part = slice(start, min(start + step, len(people.unit)))
        paths = paths_at(fit, people.unit[part], exposure, level, sessions)
        yield part, curves_of(fit, paths, average="population")


def paths_at(
    fit: "DiscreteHazardFit",
    unit: IntArray,
    exposure: str,
    level: Any,
    sessions: NDArray[Any],
) -> Paths:
    """Give the linear predictors of persons had they been at a level.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    unit : ndarray of shape (m,), int
        Units whose covariates the persons have.
    exposure : str
        Column that is set.
    level : object
        What it is set to.
    sessions : ndarray of shape (K,)
        The sessions.

    Returns
    -------
    Paths
        Linear predictors by session.
    """
    columns, clock = covariate_columns(fit), fit.sample.encoding.clock
    persons = fit.sample.covariates[columns].iloc[unit]
    persons = persons.assign(**{exposure: _constant(persons[exposure], level)})
    return paths_of(fit, new_rows(columns, clock, persons, sessions), len(persons))


def _constant(values: "pd.Series[Any]", level: Any) -> Any:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return pd.Categorical([level] * len(values), dtype=values.dtype)
    return pd.Series([level] * len(values), index=values.index)


def _check_options(
    fit: "DiscreteHazardFit", exposure: str, contrast: object, method: object, n_boot: object
) -> None:
    faults = []
    if as_word(contrast) not in get_args(Contrast):
        faults.append(f"contrast: choose one of {', '.join(get_args(Contrast))}")
    if as_word(method) not in get_args(Method):
        faults.append(f"method: choose one of {', '.join(get_args(Method))}")
    if not isinstance(n_boot, int) or isinstance(n_boot, bool) or n_boot < 2:
        faults.append("n_boot: give a whole number of 2 or more")
    if exposure not in covariate_columns(fit):
        known = ", ".join(covariate_columns(fit))
        faults.append(f"exposure: choose a covariate of the model: {known}")
    if method == "bootstrap" and fit.mixed is not None:
        faults.append('method: with random effects take "influence"')
    if faults:
        raise ParameterError("Survival can't be standardised so", faults)


def _levels(fit: "DiscreteHazardFit", exposure: str, at: Sequence[Any] | None) -> tuple[Any, ...]:
    if at is not None:
        levels = tuple(at)
        if len(levels) < 1 or isinstance(at, str):
            raise ParameterError("at has no levels", ['give a list, such as at=["a", "b"]'])
        return levels
    values = fit.sample.covariates[exposure]
    found = fit.sample.encoding.design.levels
    known = found.get(exposure) or found.get(f"C({exposure})")
    if known is None:
        is_two = values.nunique() == 2
        if not is_two:
            raise ParameterError(
                "The exposure holds numbers", [f"say which of {exposure} to compare, at=[0, 1]"]
            )
        known = tuple(np.sort(values.unique()).tolist())
    return known


def _errors(fit: "DiscreteHazardFit", method: str, n_boot: int) -> str:
    if method == "bootstrap":
        return f"{n_boot:,} refits to clusters drawn with replacement"
    return "the model's covariance" if fit.errors == "model" else f"{fit.errors} influences"
