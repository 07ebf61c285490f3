"""Covariance of standardised survival over refits to resampled clusters."""

from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rpcstats._numerics.arguments import check_seed
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import Groups
from rpcstats.formula.design_columns import ChosenColumns
from rpcstats.survival.cox_estimation import estimate_cox
from rpcstats.survival.prediction._standardised import standardised
from rpcstats.survival.prediction.curves import hazard_steps
from rpcstats.survival.structure.hazard_frame import HazardFrame

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FEWEST = 50
"""Fewer resamples give a variance of less than one digit."""

LOST = 0.1
"""Beyond this share of resamples without a fit, the others no longer tell the variance."""


def bootstrap_covariance(
    fit: "CoxFit",
    encoded: list[FloatArray],
    times: FloatArray,
    unit: IntArray,
    *,
    n_boot: int,
    seed: int,
) -> FloatArray:
    """Refit to resampled clusters.

    Parameters
    ----------
    fit : CoxFit
        The fit; refits take its options.
    encoded : list of ndarray of shape (n, p)
        Covariates of the rows, the exposure set to each level in turn.
    times : ndarray of shape (t,)
        Times.
    unit : ndarray of shape (n,), int
        Cluster of each row; what is drawn, with replacement.
    n_boot, seed : int
        Number of resamples and what makes them come again.

    Returns
    -------
    ndarray of shape (a t, a t)
        Covariance of the standardised survival, level by level.

    Raises
    ------
    ParameterError
        If fewer than 50 resamples are asked for.
    DataError
        If more than a tenth of them can't be fitted.

    Notes
    -----
    Efron and Tibshirani (1993), clusters as the units (Davison and Hinkley 1997, section 3.8).
    """
    given: object = n_boot
    if not isinstance(given, Integral) or n_boot < FEWEST:
        raise ParameterError("n_boot is too small", [f"ask for {FEWEST} resamples or more"])
    check_seed(seed)
    rng = np.random.default_rng(seed)
    places = np.argsort(unit, kind="stable")
    size = np.bincount(unit)
    start = np.concatenate([[0], np.cumsum(size)])
    drawn = []
    for _ in range(n_boot):
        chosen = rng.integers(0, len(size), len(size))
        rows = np.concatenate([places[start[u] : start[u + 1]] for u in chosen])
        found = _refit(fit, encoded, times, rows)
        if found is not None:
            drawn.append(found)
    if len(drawn) < (1 - LOST) * n_boot:
        raise DataError(
            f"{n_boot - len(drawn)} of {n_boot} resamples could not be fitted, too many to trust"
            " the others: take variance='influence', or leave covariates out."
        )
    return np.atleast_2d(np.cov(np.array(drawn), rowvar=False))


def _refit(
    fit: "CoxFit", encoded: list[FloatArray], times: FloatArray, rows: IntArray
) -> FloatArray | None:
    try:
        again = estimate_cox(
            _resampled(fit.frame, rows),
            ties=fit.ties,
            penalty=fit.penalty,
            scale_penalty=fit.scale_penalty,
            firth=fit.is_firth,
            conf_level=fit.conf_level,
        )
    except DataError:
        return None
    if not again.optimum.converged or len(again.beta) != len(fit.beta):
        return None
    steps = hazard_steps(again)
    frame = again.frame
    return np.concatenate(
        [
            standardised(
                steps,
                X[rows],
                frame.offset,
                frame.strata.codes,
                frame.weights,
                again.beta,
                times,
            )
            for X in encoded
        ]
    )


def _resampled(frame: HazardFrame, rows: IntArray) -> HazardFrame:
    """Take rows, some of them several times; strata keep their numbers."""

    def taken(values: FloatArray | None) -> FloatArray | None:
        return None if values is None else values[rows]

    return replace(
        frame,
        covariates=ChosenColumns.of(frame.X[rows]),
        time=frame.time[rows],
        event=frame.event[rows],
        entry=taken(frame.entry),
        strata=Groups(frame.strata.codes[rows], frame.strata.labels, frame.strata.levels),
        clusters=(),
        cluster_names=(),
        weights=taken(frame.weights),
        offset=taken(frame.offset),
        kept=frame.kept[rows],
    )
