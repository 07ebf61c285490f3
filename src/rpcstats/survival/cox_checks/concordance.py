"""Concordance of scores with censored times: Harrell's C and Uno's, with standard errors."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rpcstats._numerics.arguments import as_number, as_word
from rpcstats._numerics.intervals import check_conf_level
from rpcstats.errors import DataError, FormulaError, ParameterError
from rpcstats.formula import group_columns, parse_formula
from rpcstats.formula.specials import refuse_specials
from rpcstats.mixed.structure.response import read_numbers
from rpcstats.survival._multiway import clustered_covariance
from rpcstats.survival.cox_checks._censoring_curve import CensoringCurve
from rpcstats.survival.cox_checks._concordance_estimate import discrimination, score_ranks
from rpcstats.survival.cox_checks.concordance_result import Concordance, PairWeights
from rpcstats.survival.cox_checks.evaluation_sample import EvaluationSample, read_sample
from rpcstats.survival.cox_checks.predictions import scored_rows
from rpcstats.survival.structure.remarks import few_clusters_remark, missing_remark

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit

FloatArray = NDArray[np.float64]
CensoringError = Literal["known", "estimated"]

# Linear predictors of equal rows differ by a few roundings of the largest.
_SAME_SCORE = 16 * np.finfo(np.float64).eps


def concordance_index(
    formula: str,
    data: Any,
    *,
    weights: str | None = None,
    high_score: Literal["early", "late"] = "early",
    pair_weights: PairWeights = "harrell",
    tau: float | None = None,
    censoring: CensoringError = "known",
    conf_level: float = 0.95,
) -> Concordance:
    """Estimate how well scores order censored times.

    Parameters
    ----------
    formula : str
        ``"Surv(time, event) ~ score"``, or several scores joined by + to compare them;
        ``strata()`` to compare only within strata, ``cluster()`` for standard errors robust to
        clustering (two columns: two-way), ``Surv(entry, time, event)`` for late entry.
    data : frame
        pandas, or any frame narwhals reads.
    weights : str, optional
        Column of case weights.
    high_score : {"early", "late"}
        What a high score foretells: an early event, or a late one.
    pair_weights : {"harrell", "uno"}
        All pairs alike, or by the inverse of the chance squared that nobody was censored
        before, so that the estimate does not depend on who was.
    tau : float, optional
        Only pairs whose first failure is no later count. Uno's estimate needs one where few
        are followed to the end.
    censoring : {"known", "estimated"}
        Whether the standard error of Uno's estimate takes the censoring curve as known, as R
        does, or as estimated.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    Concordance
        Estimates with their covariance.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If the data break their conditions, or there is no event.
    ParameterError
        If an option is unknown or out of range.

    Notes
    -----
    Harrell and others (1982), Uno and others (2011). A pair can be compared if one fails while
    the other is at risk and does not fail at the same time; ties in the score count a half.
    The covariance is the infinitesimal jackknife (Therneau and Watson 2017).
    """
    if as_word(high_score) not in ("early", "late"):
        raise ParameterError("high_score is unknown", ["choose early or late"])
    parsed = parse_formula(formula)
    refuse_specials(parsed, ("strata", "cluster"))
    names = group_columns(parsed)
    if not names:
        raise FormulaError(f"Name a score after the ~: {formula}")
    sample, frame = read_sample(parsed, data, columns=names, weights=weights)
    sign = 1.0 if high_score == "early" else -1.0
    scores = [sign * _read_score(frame[name]) for name in names]
    return concordance_of(
        sample,
        dict(zip(names, scores, strict=True)),
        pair_weights=pair_weights,
        tau=tau,
        censoring=censoring,
        conf_level=conf_level,
    )


def concordance(
    fit: "CoxFit",
    newdata: Any | None = None,
    *,
    pair_weights: PairWeights = "harrell",
    tau: float | None = None,
    censoring: CensoringError = "known",
    conf_level: float | None = None,
) -> Concordance:
    """Estimate how well a Cox model orders times, those it was fitted to or new ones.

    Parameters
    ----------
    fit : CoxFit
        The model.
    newdata : frame, optional
        New rows with every column of the formula, times and events included; by default the
        rows of the fit, on which a model looks better than it is.
    pair_weights : str
        As in `concordance_index`.
    tau : float, optional
        As in `concordance_index`.
    censoring : str
        As in `concordance_index`.
    conf_level : float, optional
        Level of the interval; that of the fit if not given.

    Returns
    -------
    Concordance
        One estimate, within strata, and robust to clustering if the fit is.

    Raises
    ------
    DataError
        If the new rows break their conditions.
    ParameterError
        If an option is unknown or out of range.
    """
    rows = scored_rows(fit, newdata)
    return concordance_of(
        rows.sample,
        {"concordance": rows.score},
        pair_weights=pair_weights,
        tau=tau,
        censoring=censoring,
        conf_level=fit.conf_level if conf_level is None else conf_level,
        tolerance=_SAME_SCORE * float(np.max(np.abs(rows.score), initial=0.0)),
    )


def concordance_of(
    sample: EvaluationSample,
    scores: dict[str, FloatArray],
    *,
    pair_weights: PairWeights = "harrell",
    tau: float | None = None,
    censoring: CensoringError = "known",
    conf_level: float = 0.95,
    tolerance: float = 0.0,
) -> Concordance:
    """Estimate the concordance of scores with a sample that has been read and checked.

    Parameters
    ----------
    sample : EvaluationSample
        The times.
    scores : dict of str to ndarray of shape (n,)
        Scores by name, the highest expected to fail first.
    pair_weights : str
        As in `concordance_index`.
    tau : float, optional
        As in `concordance_index`.
    censoring : str
        As in `concordance_index`.
    conf_level : float
        As in `concordance_index`.
    tolerance : float
        Scores no further apart are ties.

    Returns
    -------
    Concordance
        Estimates with their covariance.

    Raises
    ------
    DataError
        If there is no event, or Uno's weights are asked of late entries.
    ParameterError
        If an option is unknown or out of range.
    """
    _check_options(pair_weights, tau, censoring, conf_level)
    if not sample.event.any():
        raise DataError("None of the rows is an event: there is no pair to compare.")
    curve = _censoring_curve(sample) if pair_weights == "uno" else None
    found = [
        discrimination(
            sample,
            score_ranks(score, tolerance=tolerance),
            curve=curve,
            tau=tau,
            is_curve_known=censoring == "known",
        )
        for score in scores.values()
    ]
    clusters = [groups.codes for groups in sample.clusters]
    n_cluster = min((len(groups.labels) for groups in sample.clusters), default=None)
    cov = clustered_covariance(np.column_stack([each.influence for each in found]), clusters)
    estimate, counts = np.array([each.estimate for each in found]), [each.counts for each in found]
    arrays = (estimate, cov, np.array(counts))
    for array in arrays:
        array.setflags(write=False)
    return Concordance(
        names=tuple(scores),
        estimate=arrays[0],
        cov=arrays[1],
        counts=arrays[2],
        pair_weights=pair_weights,
        tau=tau,
        n_obs=len(sample.time),
        n_event=int(sample.event.sum()),
        n_cluster=n_cluster,
        n_missing=sample.n_missing,
        conf_level=conf_level,
        remarks=_remarks(sample, n_cluster, estimate),
    )


def _check_options(pair_weights: str, tau: float | None, censoring: str, conf_level: float) -> None:
    check_conf_level(conf_level)
    faults = []
    if as_word(pair_weights) not in ("harrell", "uno"):
        faults.append("choose pair_weights harrell or uno")
    if as_word(censoring) not in ("known", "estimated"):
        faults.append("choose censoring known or estimated")
    if tau is not None and not 0 < as_number(tau) < np.inf:
        faults.append("give a finite tau above 0, in the unit of time")
    if faults:
        raise ParameterError("An option of the concordance can't be used", faults)


def _censoring_curve(sample: EvaluationSample) -> CensoringCurve:
    if sample.entry is not None:
        raise DataError(
            "Uno's weights need everybody seen from the start: with late entry use"
            ' pair_weights="harrell".'
        )
    return CensoringCurve.of(
        sample.time,
        sample.event,
        weights=sample.weights,
        stratum=sample.stratum,
        n_stratum=len(sample.strata.labels),
    )


def _read_score(values: pd.Series) -> FloatArray:
    if isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered:
        return np.asarray(values.cat.codes, dtype=np.float64)
    return read_numbers(values, "score")


def _remarks(
    sample: EvaluationSample, n_cluster: int | None, estimate: FloatArray
) -> tuple[str, ...]:
    missing = missing_remark(sample.n_missing)
    few = (
        () if n_cluster is None else few_clusters_remark(n_cluster, ", ".join(sample.cluster_names))
    )
    none = ("No pair can be compared: nobody is at risk after an event.",)
    return (*missing, *few, *(none if np.isnan(estimate).any() else ()))
