"""The one-row account, the summary, the picture and the baseline of a Cox model."""

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import check_flags
from rpcstats._numerics.intervals import chi_square_p
from rpcstats._vocabulary import (
    CONVERGED,
    COX_GLANCE,
    DF,
    ESTIMATE,
    N_EVENT,
    P_VALUE,
    STATISTIC,
    STD_ERROR,
    STRATA,
    TERM,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.tables.summary import Summary

_FARTHEST: Final = 300.0
"""exp() of more leaves the range of numbers once it is squared."""

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.cox_account import CoxAccount
    from rpcstats.survival.cox_prediction import CoxPrediction


def glance_of(fit: "CoxAccount") -> pd.DataFrame:
    """Give one row on a whole fit.

    Parameters
    ----------
    fit : CoxAccount
        The fit.

    Returns
    -------
    pandas.DataFrame
        Columns of `COX_GLANCE`.
    """
    ratio = 2.0 * (fit.log_lik - fit.log_lik_null)
    row = {
        "n_obs": fit.n_obs,
        N_EVENT: fit.n_event,
        "n_strata": len(fit.frame.strata.labels),
        "n_cluster": min(fit.n_cluster, default=pd.NA),
        "log_lik": fit.log_lik,
        "log_lik_null": fit.log_lik_null,
        STATISTIC: ratio,
        DF: fit.df,
        P_VALUE: float(chi_square_p(ratio, fit.df)) if fit.df else np.nan,
        "aic": fit.aic,
        "bic": fit.bic,
        "ties": fit.ties,
        CONVERGED: fit.converged,
        "n_missing": fit.n_missing,
    }
    return pd.DataFrame([row], columns=list(COX_GLANCE)).astype({"n_cluster": "Int64"})


def summary_of(fit: "CoxAccount", *, exponentiate: bool) -> Summary:
    """Give a readable account of a fit.

    Parameters
    ----------
    fit : CoxAccount
        The fit.
    exponentiate : bool
        Whether to show hazard ratios.

    Returns
    -------
    Summary
        Coefficients, the fit in a line, remarks.
    """
    shown = fit.glance().drop(columns=["ties", "n_missing"]).dropna(axis="columns")
    table = fit.tidy(exponentiate=exponentiate).drop(columns=DF)
    scale = (
        "Hazard ratios; standard errors are those of their logarithms"
        if exponentiate
        else ("Logarithms of hazard ratios")
    )
    errors = f"robust {_clustering(fit)}" if fit.is_robust else "model-based"
    words = f"{scale}, {errors}. {fit.conf_level:.0%} intervals."
    return Summary(fit.heading, (table, shown), " ".join([words, *fit.remarks]))


def _clustering(fit: "CoxAccount") -> str:
    if not fit.frame.clusters:
        return "by row"
    return "to clustering by " + " and by ".join(fit.frame.cluster_names)


def draw_coefficients(fit: "CoxAccount", ax: "Axes | None", *, exponentiate: bool) -> "Axes":
    """Draw the coefficients with their intervals.

    Parameters
    ----------
    fit : CoxAccount
        The model.
    ax : matplotlib Axes or None
        Where to draw; a new figure if None.
    exponentiate : bool
        Whether to show ratios, on a logarithmic scale.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Raises
    ------
    ParameterError
        If there is no coefficient.
    """
    from rpcstats.figures.forest import forest_axes
    from rpcstats.mixed.plots import plain_term

    table = fit.tidy(exponentiate=exponentiate)
    what = "Hazard ratio" if exponentiate else "Log hazard ratio"
    if table.empty:
        raise ParameterError("There is no coefficient to draw", ["add a covariate to the formula"])
    return forest_axes(
        table.assign(**{TERM: table[TERM].map(plain_term)}),
        ax=ax,
        label=TERM,
        percent=False,
        ratio=exponentiate,
        reference=1.0 if exponentiate else 0.0,
        value_label=f"{what} ({fit.conf_level:.0%} interval)",
    )


def baseline_of(fit: "CoxPrediction", *, centred: bool) -> pd.DataFrame:
    """Give the cumulative baseline hazard of each stratum.

    Parameters
    ----------
    fit : CoxPrediction
        The model.
    centred : bool
        Whether covariates are at their means (indicators at 0) rather than at 0.

    Returns
    -------
    pandas.DataFrame
        Columns strata, time, n_event, hazard, estimate, std_error.

    Raises
    ------
    ParameterError
        If the fit has exact ties, or covariates of 0 lie too far from the data.

    Notes
    -----
    The steps are Breslow's or Efron's as the fit's ties are; the variance is that of Tsiatis
    (1981), with the fit's covariance of the coefficients.
    """
    from rpcstats.survival.prediction.curves import hazard_steps
    from rpcstats.survival.prediction.reference_row import reference_row

    check_flags(centred=centred)
    steps = hazard_steps(fit)
    order = steps.order
    at = reference_row(fit.frame) if centred else np.zeros_like(steps.centre)
    risk = _baseline_risk(float((at - steps.centre) @ fit.beta))
    first = np.zeros(order.n_time, dtype=bool)
    first[order.start[:-1][np.diff(order.start) > 0]] = True
    sums = risk * steps.cumulative
    before = np.where(first, 0.0, np.concatenate([[0.0], sums[:-1]]))
    variance = steps.variance(np.arange(order.n_time), at, fit.cov)
    return pd.DataFrame(
        {
            STRATA: np.array(fit.frame.strata.labels, dtype=object)[order.stratum],
            TIME: order.time.copy(),
            N_EVENT: order.n_tied.copy(),
            "hazard": sums - before,
            ESTIMATE: sums,
            STD_ERROR: risk * np.sqrt(variance),
        }
    )


def _baseline_risk(eta: float) -> float:
    if abs(eta) > _FARTHEST:
        raise ParameterError(
            "The hazard at covariates of 0 is beyond the range of numbers",
            ["ask for centred=True, the hazard at their means, or centre the covariates"],
        )
    return float(np.exp(eta))
