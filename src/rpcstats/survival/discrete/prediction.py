"""Predicted hazards, survival by session and completion, with limits."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import HAZARD_PREDICTION
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import read_columns
from rpcstats.formula.columns import column_names
from rpcstats.survival.discrete._limits import hazard_limits, survival_limits
from rpcstats.survival.discrete._links import moments_of
from rpcstats.survival.discrete._paths import Curves, Paths
from rpcstats.survival.discrete.prediction_paths import (
    covariate_columns,
    curves_of,
    given_sessions,
    new_rows,
    parameter_cov,
    paths_of,
)

if TYPE_CHECKING:
    from rpcstats.survival.discrete.hazard_fit import DiscreteHazardFit

FloatArray = NDArray[np.float64]

KINDS: Final = ("hazard", "survival", "completion")
AVERAGES: Final = ("conditional", "population")


class _Given(NamedTuple):
    """Persons to predict: covariates with the clock, one row a person and session."""

    rows: pd.DataFrame
    sessions: NDArray[Any]
    n_person: int


def predict_discrete(
    fit: "DiscreteHazardFit",
    newdata: Any,
    *,
    kind: str,
    sessions: Sequence[float] | None,
    average: str,
    conf_level: float,
) -> pd.DataFrame:
    """Predict hazards, survival or completion.

    Parameters
    ----------
    fit : DiscreteHazardFit
        The fit.
    newdata : frame or None
        Persons, or person-sessions.
    kind : {"hazard", "survival", "completion"}
        What to predict.
    sessions : sequence of float or None
        Sessions; those of the fit if None.
    average : {"conditional", "population"}
        Whether random effects are 0 or averaged over.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns row, session, estimate, std_error, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If an option is unknown or out of range.
    DataError
        If a covariate is missing.
    """
    _check(kind, average)
    z = normal_quantile(conf_level)
    is_apart = kind == "hazard" and (average == "conditional" or fit.mixed is None)
    given = _given(fit, newdata, sessions, kind=kind, from_first=not is_apart)
    paths = paths_of(fit, given.rows, given.n_person)
    if is_apart:
        table = _conditional_hazard(fit, paths, z)
    else:
        curves = curves_of(fit, paths, average=average)
        table = (
            _population_hazard(fit, curves, z)
            if kind == "hazard"
            else survival_limits(curves.S, _errors(fit, curves), z)
        )
    row = np.repeat(np.arange(given.n_person), len(given.rows) // given.n_person)
    columns = [row, given.sessions, *(part.ravel() for part in table)]
    frame = pd.DataFrame(dict(zip(HAZARD_PREDICTION, columns, strict=True)))
    if kind == "completion":
        frame = frame.groupby("row", as_index=False).last()
    return frame


def _check(kind: str, average: str) -> None:
    faults = []
    if as_word(kind) not in KINDS:
        faults.append(f"kind: choose one of {', '.join(KINDS)}")
    if average not in AVERAGES:
        faults.append(f"average: choose one of {', '.join(AVERAGES)}")
    if faults:
        raise ParameterError("An option is unknown", faults)


def _given(
    fit: "DiscreteHazardFit",
    newdata: Any,
    sessions: Sequence[float] | None,
    *,
    kind: str,
    from_first: bool,
) -> _Given:
    columns, clock = covariate_columns(fit), fit.sample.encoding.clock
    if newdata is not None and clock in column_names(newdata):
        return _given_rows(fit, newdata, columns, sessions, one_each=kind == "hazard")
    wanted = given_sessions(fit, sessions, from_first=from_first)
    if newdata is None:
        if columns:
            raise DataError(f"Give newdata with the covariates of the fit: {', '.join(columns)}.")
        persons = pd.DataFrame(index=pd.RangeIndex(1))
    elif columns:
        persons = read_columns(newdata, columns)
    else:
        persons = pd.DataFrame(index=pd.RangeIndex(len(newdata)))
    n = len(persons)
    return _Given(new_rows(columns, clock, persons, wanted), np.tile(wanted, n), n)


def _given_rows(
    fit: "DiscreteHazardFit",
    newdata: Any,
    columns: list[str],
    sessions: Sequence[float] | None,
    *,
    one_each: bool,
) -> _Given:
    """Take person-sessions as they are; for survival the same sessions for each person."""
    clock, id = fit.sample.encoding.clock, fit.sample.rows.id
    if sessions is not None:
        raise ParameterError("newdata has its own sessions", ["leave sessions= out"])
    if one_each or id is None:
        if not one_each:
            raise ParameterError(
                "newdata has a row for each session but nobody knows whose",
                [f"leave {clock} out of newdata, or fit with id= a column of persons"],
            )
        rows = read_columns(newdata, [*columns, clock])
        return _Given(rows, rows[clock].to_numpy(), len(rows))
    rows = read_columns(newdata, [*columns, clock, str(id.name)])
    person = pd.factorize(rows[str(id.name)])[0]
    order = np.lexsort((rows[clock].to_numpy(), person))
    rows, n = rows.iloc[order].reset_index(drop=True), int(person.max()) + 1
    times = rows[clock].to_numpy()
    same = len(rows) % n == 0 and bool((times.reshape(n, -1) == times[: len(rows) // n]).all())
    if not same or (np.bincount(person) != len(rows) // n).any():
        raise DataError("Survival of new rows needs the same sessions for each person.")
    return _Given(rows, times, n)


def _errors(fit: "DiscreteHazardFit", curves: Curves) -> FloatArray:
    V = parameter_cov(fit, curves.gradient.shape[2])
    variance = np.einsum("mkp,pq,mkq->mk", curves.gradient, V, curves.gradient, optimize=True)
    found: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return found


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # rows far from those of the fit
def _conditional_hazard(
    fit: "DiscreteHazardFit", paths: Paths, z: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    V = parameter_cov(fit, paths.X.shape[2])
    variance = np.einsum("mkp,pq,mkq->mk", paths.X, V, paths.X, optimize=True)
    se = np.sqrt(np.maximum(variance, 0.0))
    found = moments_of(paths.eta, fit.link)
    low = moments_of(paths.eta - z * se, fit.link).mu
    high = moments_of(paths.eta + z * se, fit.link).mu
    return found.mu, found.slope * se, low, high


def _population_hazard(
    fit: "DiscreteHazardFit", curves: Curves, z: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Give 1 - S(k) / S(k - 1), the hazard of those still there."""
    S, gradient = curves.S, curves.gradient
    before = np.concatenate([np.ones_like(S[:, :1]), S[:, :-1]], axis=1)
    d_before = np.concatenate([np.zeros_like(gradient[:, :1]), gradient[:, :-1]], axis=1)
    stay = S / before
    slope = (gradient - stay[:, :, None] * d_before) / before[:, :, None]
    se = _errors(fit, Curves(S, slope))
    return hazard_limits(1.0 - stay, se, z, fit.link)
