"""Standardised survival: what would be seen if everybody had one level of an exposure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import read_columns
from rpcstats.formula.design import fixed_columns
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.prediction._standardised import influence, standardised
from rpcstats.survival.prediction.bootstrap import bootstrap_covariance
from rpcstats.survival.prediction.curves import checked_times, hazard_steps
from rpcstats.survival.prediction.exposure import Level, exposure_levels, set_level
from rpcstats.survival.prediction.standardised import StandardisedSurvival
from rpcstats.survival.structure.remarks import few_clusters_remark

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
StandardisedVariance = Literal["influence", "bootstrap"]


def standardise(
    fit: "CoxFit",
    data: Any,
    exposure: str,
    *,
    times: Sequence[float],
    levels: Sequence[object] | None = None,
    variance: StandardisedVariance = "influence",
    n_boot: int = 500,
    seed: int = 0,
    conf_level: float | None = None,
) -> StandardisedSurvival:
    """Estimate survival if the whole sample had one level of an exposure, and the contrasts.

    Parameters
    ----------
    fit : CoxFit
        A Cox model that holds the exposure; one row a person.
    data : frame
        The data of the fit.
    exposure : str
        A column of the formula: categories, or numbers with `levels` given.
    times : sequence of float
        Times at which survival is wanted.
    levels : sequence, optional
        Levels compared, the reference first; all categories if not given.
    variance : {"influence", "bootstrap"}
        Influence functions, or the variance over refits to resampled clusters; both take the
        column of cluster() as the unit, else the row.
    n_boot, seed : int
        Number of resamples, and what makes them come again.
    conf_level : float, optional
        Level of the intervals; that of the fit if not given.

    Returns
    -------
    StandardisedSurvival
        Survival under each level, with differences and ratios of risk and their limits.

    Raises
    ------
    ParameterError
        If an option is out of range, or a time lies after the last one seen.
    FormulaError
        If the exposure is no column of the formula.
    DataError
        If the data are not those of the fit, or a level is none of the exposure's.

    Notes
    -----
    The g-formula (Robins 1986) with a Cox model: a contrast is causal only if the covariates
    suffice to make the groups comparable and the model holds. The covariates are taken as a
    sample, not as fixed. With two columns in cluster(), the first is the unit resampled, and
    influence functions are summed both ways (Cameron, Gelbach and Miller 2011).
    """
    level = fit.conf_level if conf_level is None else conf_level
    check_conf_level(level)
    frame, wanted = fit.frame, _checked(fit, times, variance)
    rows = _rows_of_fit(fit, data)
    chosen = exposure_levels(rows, exposure, frame.design.formula, levels)
    encoded = [frame.encode(set_level(rows, exposure, level)) for level in chosen]
    units = tuple(groups.codes for groups in frame.clusters) or (np.arange(frame.n_obs),)
    steps = hazard_steps(fit)
    sample = (frame.offset, frame.strata.codes, frame.weights, fit.beta, wanted)
    if variance == "influence":
        pull = steps.coefficient_influence(frame.X, fit.cov_model)
        found = [influence(steps, pull, X, *sample) for X in encoded]
        estimate = np.array([S for S, _ in found])
        psi = np.concatenate([own for _, own in found])
        cov = clustered_covariance(psi.T, [groups.codes for groups in frame.clusters])
    else:
        estimate = np.array([standardised(steps, X, *sample) for X in encoded])
        cov = bootstrap_covariance(fit, encoded, wanted, units[0], n_boot=n_boot, seed=seed)
    return StandardisedSurvival(
        exposure=exposure,
        levels=tuple(level.label for level in chosen),
        times=wanted,
        estimate=estimate,
        cov=cov,
        counts=_counts(rows, exposure, chosen, frame.event),
        conf_level=level,
        variance=variance,
        unit=", ".join(frame.cluster_names) or "row",
        n_missing=frame.n_missing,
        remarks=_remarks(fit, units),
    )


def _checked(fit: "CoxFit", asked: Sequence[float], variance: str) -> FloatArray:
    """Refuse an unknown variance, and times that a stratum was not followed to."""
    if as_word(variance) not in get_args(StandardisedVariance):
        raise ParameterError("variance is unknown", ["choose 'influence' or 'bootstrap'"])
    times = checked_times(asked)
    codes = fit.frame.strata.codes
    last = np.zeros(len(fit.frame.strata.labels))
    np.maximum.at(last, codes, fit.frame.time)
    if times.max() > last.min():
        raise ParameterError(
            "times go beyond what was seen",
            ["give times up to the last one seen in the stratum that was followed the least"],
        )
    return times


def _rows_of_fit(fit: "CoxFit", data: Any) -> pd.DataFrame:
    formula = fit.frame.design.formula
    offsets = [name for term in formula.offset for name in columns_used(term)]
    rows = read_columns(data, [*fixed_columns(formula), *offsets])
    n_fit = fit.frame.n_obs + fit.frame.n_missing
    if len(rows) != n_fit:
        raise DataError(f"data has {len(rows):,} rows where the fit had {n_fit:,}: give the same.")
    rows = rows.iloc[fit.frame.kept].reset_index(drop=True)
    same = fit.frame.encode(rows)
    if not np.array_equal(same, fit.frame.X):
        raise DataError("data holds other covariates than the fit had: give the same frame.")
    return rows


def _counts(
    rows: pd.DataFrame, exposure: str, levels: Sequence[Level], event: NDArray[np.bool_]
) -> pd.DataFrame:
    of = [(rows[exposure] == level.value).to_numpy() for level in levels]
    return pd.DataFrame(
        {
            "level": [level.label for level in levels],
            "n_obs": [int(member.sum()) for member in of],
            "n_event": [int(event[member].sum()) for member in of],
        }
    )


def _remarks(fit: "CoxFit", units: tuple[IntArray, ...]) -> tuple[str, ...]:
    if not fit.frame.clusters:
        return ()
    return few_clusters_remark(int(units[0].max()) + 1, fit.frame.cluster_names[0])
