"""What a Cox regression with random effects says of groups and of rows."""

from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import pandas as pd
from scipy import special

from rpcstats._numerics.arguments import as_word, check_flags
from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    GROUP,
    LEVEL,
    MODES,
    STD_ERROR,
    STRATA,
    TERM,
    TIME,
)
from rpcstats.errors import ParameterError
from rpcstats.formula import make_groups
from rpcstats.formula.columns import read_columns
from rpcstats.mixed.linear_predictor import PredictionRows, fitted_rows, random_part
from rpcstats.mixed.structure.encode import encode_new
from rpcstats.mixed.structure.model_frame import FloatArray, IntArray, ModelFrame

if TYPE_CHECKING:
    from rpcstats.survival.frailties.cox_mixed_fit import CoxMixedFit


def group_frailties(fit: "CoxMixedFit", conf_level: float) -> pd.DataFrame:
    """Give what multiplies the hazard of every group.

    Parameters
    ----------
    fit : CoxMixedFit
        The model.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns group, level, term, estimate, std_error, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If the level is outside (0, 1).

    Notes
    -----
    Given the data, the coefficients and the baseline hazard, the gamma frailty of a group with d
    events and expected events A is gamma with shape 1/θ + d and rate 1/θ + A.
    """
    z = normal_quantile(conf_level)
    if fit.distribution == "gaussian":
        table = fit.conditional_modes().tidy(conf_level=conf_level)
        for name in (ESTIMATE, CONF_LOW, CONF_HIGH):
            table[name] = np.exp(table[name])
        return table
    mean, sd, low, high = _gamma_quantiles(fit, (1.0 - conf_level) / 2.0)
    if fit.theta[0] == 0.0:
        low, high = np.exp(-z * sd), np.exp(z * sd)
    block = fit.blocks[0]
    return pd.DataFrame(
        {
            GROUP: block.group,
            LEVEL: np.array(block.levels, dtype=object),
            TERM: block.effects[0],
            ESTIMATE: mean,
            STD_ERROR: sd,
            CONF_LOW: low,
            CONF_HIGH: high,
        }
    )[list(MODES)]


def _gamma_quantiles(
    fit: "CoxMixedFit", tail: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    columns, modes = fit.estimation.columns, fit.estimation.modes
    part = columns.levels[0]
    if fit.theta[0] == 0.0:
        one, none = np.ones(part.n_level), np.zeros(part.n_level)
        return one, none, one, one
    nu = 1.0 / fit.theta[0]
    shape = nu + part.sums(columns.order.event_weights)[:, 0]
    expected = part.sums(modes.point.expected)[:, 0] / np.exp(modes.u)
    rate = nu + expected
    low = special.gammaincinv(shape, tail) / rate
    high = special.gammainccinv(shape, tail) / rate
    return shape / rate, np.sqrt(shape) / rate, low, high


def predict(
    fit: "CoxMixedFit", newdata: Any, *, level: str, exponentiate: bool, conf_level: float
) -> pd.DataFrame:
    """Predict the linear predictor.

    Parameters
    ----------
    fit : CoxMixedFit
        The model.
    newdata : frame or None
        New rows; those of the fit if None.
    level : {"conditional", "population"}
        With the modes of each row's groups, or with effects 0.
    exponentiate : bool
        Whether to give hazard ratios against covariates 0.
    conf_level : float
        Level of the intervals at level="population".

    Returns
    -------
    pandas.DataFrame
        Column estimate; at level="population" also std_error, conf_low, conf_high.

    Raises
    ------
    ParameterError
        If the level is unknown.
    """
    from rpcstats.survival.frailties.cox_mixed_fit import Level

    if as_word(level) not in get_args(Level):
        raise ParameterError("level is unknown", [f"choose {', '.join(get_args(Level))}"])
    check_flags(exponentiate=exponentiate)
    z = normal_quantile(conf_level)
    rows = _rows(fit, newdata)
    eta = rows.X @ fit.beta + (0.0 if rows.offset is None else rows.offset)
    if level == "conditional":
        eta = eta + random_part(rows, [np.asarray(part) for part in fit.conditional_estimates()])
        return pd.DataFrame({ESTIMATE: np.exp(eta) if exponentiate else eta})
    std_error = np.sqrt(((rows.X @ fit.cov) * rows.X).sum(axis=1))
    low, high = eta - z * std_error, eta + z * std_error
    if exponentiate:
        with np.errstate(over="ignore"):
            eta, low, high = np.exp(eta), np.exp(low), np.exp(high)
    return pd.DataFrame({ESTIMATE: eta, STD_ERROR: std_error, CONF_LOW: low, CONF_HIGH: high})


def _rows(fit: "CoxMixedFit", newdata: Any) -> PredictionRows:
    frame = fit.frame
    is_gamma = frame.frailty is not None
    model = ModelFrame(
        design=frame.design,
        X=frame.X,
        names=frame.names,
        dropped=frame.dropped,
        y=frame.time,
        weights=frame.weights,
        offset=frame.offset,
        blocks=() if is_gamma and newdata is not None else fit.blocks,
        categories=(),
        kept=frame.kept,
        n_missing=frame.n_missing,
        offset_terms=frame.design.formula.offset,
    )
    if newdata is None:
        return fitted_rows(model)
    new = encode_new(model, newdata)
    if not is_gamma:
        return PredictionRows(new.X, new.offset, new.Z, new.codes)
    codes = _frailty_codes(fit, newdata, len(new.X))
    return PredictionRows(new.X, new.offset, (np.ones((len(codes), 1)),), (codes,))


def _frailty_codes(fit: "CoxMixedFit", newdata: Any, n_row: int) -> IntArray:
    """Find the group of new rows; -1 for one the fit has not seen, or without a group."""
    codes = np.full(n_row, -1, dtype=np.int64)
    columns = fit.frame.design.formula.frailty
    known = [str(name) for name in newdata.columns]
    if not set(columns) <= set(known):
        return codes
    values = read_columns(newdata, columns)
    present = values.notna().all(axis=1).to_numpy()
    groups = make_groups(values[present].reset_index(drop=True), tuple(columns))
    places = {level: code for code, level in enumerate(fit.blocks[0].levels)}
    found = np.array([places.get(":".join(level), -1) for level in groups.levels], dtype=np.int64)
    if present.any():
        codes[present] = found[groups.codes]
    return codes


def baseline_hazard(fit: "CoxMixedFit") -> pd.DataFrame:
    """Give the cumulative baseline hazard, of covariates 0 and effects 0.

    Parameters
    ----------
    fit : CoxMixedFit
        The model.

    Returns
    -------
    pandas.DataFrame
        Columns strata, time, n_event, hazard, estimate, a row an event time.

    Notes
    -----
    Breslow's or Efron's steps, as the fit's ties are, at the modes of the effects.
    """
    modes, columns = fit.estimation.modes, fit.estimation.columns
    order, terms = columns.order, modes.point.terms
    shift = np.zeros(len(order.start) - 1) if terms.shift is None else terms.shift
    centre = order.take(fit.frame.X).mean(axis=0) @ fit.beta if columns.p else 0.0
    steps = terms.e0 * np.exp(-shift[order.stratum] - centre)
    return pd.DataFrame(
        {
            STRATA: np.array(fit.frame.strata.labels, dtype=object)[order.stratum],
            TIME: order.time.copy(),
            "n_event": order.n_tied.copy(),
            "hazard": steps,
            ESTIMATE: order.segments.forward(steps),
        }
    )
