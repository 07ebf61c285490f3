"""Test of proportional hazards: the score test for coefficients that drift over time."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.mixed.inference.term_columns import term_columns
from rpcstats.survival.cox_checks._clock import TRANSFORMS, clock
from rpcstats.survival.cox_checks._fitted_arrays import FittedArrays, fitted_arrays, refuse_exact
from rpcstats.survival.cox_checks._time_scores import (
    TimeScores,
    robust_statistic,
    score_statistic,
    time_scores,
)
from rpcstats.survival.cox_checks.proportional_hazards_test import ProportionalHazardsTest
from rpcstats.survival.cox_checks.residuals import schoenfeld_residuals
from rpcstats.survival.structure.hazard_frame import HazardFrame

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
TimeTransform = Literal["km", "rank", "identity", "log"] | Callable[[FloatArray], FloatArray]


def proportional_hazards(
    fit: "CoxFit",
    *,
    transform: TimeTransform = "km",
    terms: bool = True,
    robust: bool = False,
    conf_level: float | None = None,
) -> ProportionalHazardsTest:
    """Test whether the hazard ratios of a Cox model stay the same over time.

    Parameters
    ----------
    fit : CoxFit
        The model.
    transform : {"km", "rank", "identity", "log"} or callable
        Function of time along which a coefficient may drift: 1 less the Kaplan-Meier curve of
        all rows just before, ranks of the times, time, its logarithm, or a function that takes
        the times of all rows and gives one number each.
    terms : bool
        Whether the columns of a term, such as the levels of a factor, are tested together.
    robust : bool
        Whether the tests are robust to clustering, by the clusters of the formula or, without
        them, row by row. The default is the test of R, whatever the errors of the fit.
    conf_level : float, optional
        Level of the bands of the smooth; that of the fit if not given.

    Returns
    -------
    ProportionalHazardsTest
        Chi-square tests of each term and of all, with the residuals to look at.

    Raises
    ------
    ParameterError
        If an option is unknown, the fit is penalised or has exact ties, the model has no
        covariate, or the function gives values that are not finite at an event.

    Notes
    -----
    Grambsch and Therneau (1994), as the score test that R has made of it since survival 3.0,
    where the covariance of the covariates may differ between event times. A small p-value says
    that the ratio is an average over the follow-up; look at the curve before acting on it.
    """
    _refuse(fit)
    level = fit.conf_level if conf_level is None else conf_level
    check_conf_level(level)
    frame = fit.frame
    arrays = fitted_arrays(fit)
    order = arrays.order
    g_row = _clock_of(transform, frame)
    g = g_row[order.rows[order.events[order.events_start[:-1]]]]
    scores = time_scores(arrays, g - float(g_row[frame.event].mean()))
    names, chosen = _chosen(frame, terms=terms)
    everything = [*chosen, np.arange(len(fit.beta))]
    clusters = [groups.codes for groups in frame.clusters]
    if robust:
        centred = g - float(g_row[frame.event].mean())
        found = [robust_statistic(arrays, centred, scores, each, clusters) for each in everything]
    else:
        found = [score_statistic(scores, each) for each in everything]
    events, residual, V = _scaled(fit, arrays, scores, chosen)
    return ProportionalHazardsTest(
        names=names,
        statistic=_frozen(np.array(found)),
        df=_frozen(np.array([len(each) for each in everything])),
        transform=transform if isinstance(transform, str) else "user",
        is_robust=robust,
        strata=np.array(frame.strata.labels, dtype=object)[order.stratum[order.last[events]]],
        time=_frozen(order.time[order.last[events]]),
        g=_frozen(g[order.last[events]]),
        residual=_frozen(residual),
        V=_frozen(V),
        average=_frozen(np.array([fit.beta[j[0]] if len(j) == 1 else 1.0 for j in chosen])),
        n_obs=frame.n_obs,
        n_event=frame.n_event,
        n_missing=frame.n_missing,
        conf_level=level,
        remarks=_remarks(fit, np.array(found), robust=robust),
    )


def _refuse(fit: "CoxFit") -> None:
    refuse_exact(fit, "A test of proportional hazards")
    if len(fit.beta) == 0:
        raise ParameterError("There is no hazard ratio to test", ["the model has no covariate"])
    if fit.penalty or fit.is_firth:
        raise ParameterError(
            "Proportional hazards can't be tested in a penalised fit",
            ["refit without the penalty"],
        )


def _clock_of(transform: TimeTransform, frame: HazardFrame) -> FloatArray:
    if callable(transform):
        with np.errstate(all="ignore"):
            g = np.asarray(transform(frame.time.copy()), dtype=np.float64)
        if g.shape != frame.time.shape:
            raise ParameterError(
                "transform must give one number a row", ["give a function such as numpy.sqrt"]
            )
    elif as_word(transform) in TRANSFORMS:
        g = clock(transform, frame.time, frame.event, frame.entry)
    else:
        raise ParameterError(
            "transform is unknown", [f"choose {', '.join(TRANSFORMS)}, or give a function"]
        )
    if not np.isfinite(g[frame.event]).all():
        raise ParameterError(
            "transform is not finite at an event",
            ["choose a function that is, such as km: log is not where an event is at time 0"],
        )
    return g


def _chosen(frame: HazardFrame, *, terms: bool) -> tuple[tuple[str, ...], list[IntArray]]:
    if not terms:
        return frame.names, [np.array([place]) for place in range(len(frame.names))]
    names, chosen = [], []
    for term in term_columns(frame.design):
        columns = np.flatnonzero(np.isin(frame.columns, term.columns))
        if len(columns):
            names.append(frame.names[columns[0]] if len(columns) == 1 else term.term)
            chosen.append(columns)
    return tuple(names), chosen


def _scaled(
    fit: "CoxFit", arrays: FittedArrays, scores: TimeScores, chosen: list[IntArray]
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Scale the residuals by the mean covariance at the events where a term varies."""
    order = arrays.order
    events, residual = schoenfeld_residuals(arrays)
    stratum = order.stratum[order.last[events]]
    varies = _varies(fit.frame)
    loading = np.zeros((len(fit.beta), len(chosen)))
    for place, columns in enumerate(chosen):
        loading[columns, place] = 1.0 if len(columns) == 1 else fit.beta[columns]
        varies[:, columns] = varies[:, columns].any(axis=1, keepdims=True)
    used = varies * np.bincount(stratum, minlength=len(varies))[:, None]
    shared = used.T @ varies
    mean = loading.T @ (scores.I00 / np.where(shared > 0, shared, 1)) @ loading
    average = np.array([fit.beta[j[0]] if len(j) == 1 else 1.0 for j in chosen])
    first = varies[:, [columns[0] for columns in chosen]]
    residual = residual @ loading
    if first.all():
        return events, residual @ _inverse(mean) + average, _inverse(mean)
    scaled = np.full(residual.shape, np.nan)
    for pattern in np.unique(first, axis=0):
        rows = (first == pattern).all(axis=1)[stratum]
        at = np.flatnonzero(pattern)
        if len(at) and rows.any():
            part = residual[np.ix_(rows, at)]
            scaled[np.ix_(rows, at)] = part @ _inverse(mean[np.ix_(at, at)])
    return events, scaled + average, _inverse(mean)


def _inverse(matrix: FloatArray) -> FloatArray:
    """Invert a covariance; NaN if it has no inverse."""
    try:
        return np.asarray(np.linalg.inv(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full(matrix.shape, np.nan)


def _varies(frame: HazardFrame) -> NDArray[np.bool_]:
    """Tell, by stratum, which columns are not constant."""
    n_stratum = len(frame.strata.labels)
    if n_stratum == 1:
        return np.asarray(frame.X.max(axis=0) > frame.X.min(axis=0))[None, :]
    order = np.argsort(frame.strata.codes, kind="stable")
    start = np.searchsorted(frame.strata.codes[order], np.arange(n_stratum))
    X = frame.X[order]
    low, high = np.minimum.reduceat(X, start, axis=0), np.maximum.reduceat(X, start, axis=0)
    varies: NDArray[np.bool_] = high > low
    return varies


def _remarks(fit: "CoxFit", statistic: FloatArray, *, robust: bool) -> tuple[str, ...]:
    remarks = []
    if fit.is_robust and not robust:
        remarks.append(
            "The tests take rows as independent, as those of R do; with clusters they reject too"
            " often. robust=True allows for it."
        )
    if np.isnan(statistic).any():
        remarks.append("A term can't be tested: too few event times tell of it.")
    return tuple(remarks)


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
