"""The one-row account, the summary and the picture of a Cox regression with random effects."""

from typing import TYPE_CHECKING

import pandas as pd

from rpcstats._vocabulary import CONVERGED, COX_MIXED_GLANCE, DF, N_EVENT, TERM
from rpcstats.errors import ParameterError
from rpcstats.mixed.wording import group_sizes
from rpcstats.tables.summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit


def glance_of(fit: "CoxMixedFit") -> pd.DataFrame:
    """Give one row on a whole fit.

    Parameters
    ----------
    fit : CoxMixedFit
        The fit.

    Returns
    -------
    pandas.DataFrame
        Columns of `COX_MIXED_GLANCE`.
    """
    fixed, random = fit.degrees_of_freedom
    row = {
        "n_obs": fit.n_obs,
        N_EVENT: fit.n_event,
        "n_group": fit.n_group,
        "groups": group_sizes(fit.blocks),
        "log_lik": fit.log_lik,
        "log_lik_null": fit.log_lik_null,
        "log_lik_penalised": fit.log_lik_penalised,
        DF: fit.n_parameter,
        "df_penalised": fixed + random,
        "aic": fit.aic,
        "bic": fit.bic,
        "distribution": fit.distribution,
        "ties": fit.ties,
        CONVERGED: fit.converged,
        "is_singular": fit.is_singular,
        "n_missing": fit.n_missing,
    }
    return pd.DataFrame([row], columns=list(COX_MIXED_GLANCE))


def summary_of(fit: "CoxMixedFit", *, exponentiate: bool) -> Summary:
    """Give a readable account of a fit.

    Parameters
    ----------
    fit : CoxMixedFit
        The fit.
    exponentiate : bool
        Whether to show hazard ratios.

    Returns
    -------
    Summary
        Coefficients, variance components, the test of these, the fit in a line, remarks.
    """
    hidden = ["groups", "distribution", "ties", "n_missing"]
    frames = [fit.tidy(exponentiate=exponentiate).drop(columns=DF), fit.varcorr().tidy()]
    if not fit.is_theta_given:
        frames.append(fit.random_effects_test().tidy())
    frames.append(fit.glance().drop(columns=hidden))
    scale = (
        "Hazard ratios within groups; standard errors are those of their logarithms."
        if exponentiate
        else "Logarithms of hazard ratios within groups."
    )
    words = f"{scale} {fit.conf_level:.0%} intervals; {group_sizes(fit.blocks)} groups."
    shown = [frame for frame in frames if not frame.empty]
    return Summary(fit.heading, tuple(shown), " ".join([words, *fit.remarks]))


def draw_coefficients(fit: "CoxMixedFit", ax: "Axes | None", *, exponentiate: bool) -> "Axes":
    """Draw the coefficients with their intervals.

    Parameters
    ----------
    fit : CoxMixedFit
        The model.
    ax : matplotlib Axes or None
        Where to draw; a new figure if None.
    exponentiate : bool
        Whether to show ratios, on a logarithmic scale.

    Returns
    -------
    matplotlib.axes.Axes
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
