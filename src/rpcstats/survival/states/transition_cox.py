"""Cox models of the transitions between states: a long frame of states to hazard ratios."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rpcstats._numerics.arguments import as_names, check_flags
from rpcstats.errors import DataError, ParameterError
from rpcstats.formula import Formula, Surv, parse_formula
from rpcstats.formula.design import fixed_columns
from rpcstats.mixed.structure.arithmetic import columns_used
from rpcstats.survival.states.history import StateHistory, state_history
from rpcstats.survival.states.plain_cox import SmoothTies, check_cox_options, plain_cox
from rpcstats.survival.states.transition_design import (
    ENTRY,
    EVENT,
    TIME,
    RiskRows,
    StackedDesign,
    risk_rows,
    separate_frame,
    stacked_design,
)
from rpcstats.survival.states.transition_fit import Transition, TransitionCox
from rpcstats.survival.structure.remarks import missing_remark, warn_of

if TYPE_CHECKING:
    from rpcstats.survival.cox_fit import CoxFit


def transition_cox(
    formula: str | Formula,
    data: Any,
    *,
    id: str | None = "id",
    start: str | None = None,
    state_from: str | None = None,
    censored: Sequence[str] | None = None,
    common: bool | Sequence[str] = False,
    ties: SmoothTies = "efron",
    robust: bool = True,
    weights: str | None = None,
    conf_level: float = 0.95,
) -> TransitionCox:
    """Estimate hazard ratios of every transition between states.

    Parameters
    ----------
    formula : str
        ``"Surv(entry, time, state) ~ mode + age"``; strata() and offset() as in `cox`,
        cluster() for errors robust to clustering.
    data : frame
        As for `multistate`; covariates may change from row to row.
    id : str or None
        Column that tells the persons; None if each row is one.
    start : str, optional
        State in which everybody begins, "start" if not given.
    state_from : str, optional
        Column with the state in which each row begins.
    censored : sequence of str, optional
        Values of the state column that mean no transition; the first category if not given.
    common : bool or sequence of str
        Terms with one coefficient for all transitions, as written in the formula, or whether
        all terms have. By default each transition has coefficients of its own. Baseline
        hazards are always each transition's own.
    ties : {"efron", "breslow"}
        How events at the same time are treated.
    robust : bool
        Whether errors are robust by person where the formula has no cluster().
    weights : str, optional
        Column of case weights above 0.
    conf_level : float
        Level of the intervals.

    Returns
    -------
    TransitionCox
        Coefficients by transition; `predict` gives occupation of the states for new rows.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, states or weights break their conditions, rows of one person overlap, or a
        model can't be fitted.
    ParameterError
        If an option is out of range.

    Warns
    -----
    ConvergenceWarning
        If the likelihood of a transition has no maximum.

    Notes
    -----
    Andersen and Keiding (2002); Putter, Fiocco and Geskus (2007). The clock runs on from the
    start and is not set back at a transition, and the hazard of a transition does not depend
    on how a state was reached but through covariates: a Markov model.
    """
    check_cox_options(ties, conf_level)
    check_flags(robust=robust)
    if isinstance(common, str):
        raise ParameterError("common= is one text", ['give a list of terms, as in ["age"]'])
    common = common if isinstance(common, bool) else as_names("common", common)
    parsed = formula if isinstance(formula, Formula) else parse_formula(formula)
    covariates = _covariates(parsed)
    history = state_history(
        parsed,
        data,
        id=id,
        start=start,
        state_from=state_from,
        censored=censored,
        weights=weights,
        covariates=covariates,
    )
    person = "row" if id is None else id
    rows = risk_rows(history, covariates, person)
    cluster = parsed.cluster or ((person,) if robust else ())
    options = {"ties": ties, "weights": weights, "conf_level": conf_level}
    stacked, transitions, fits = _fitted(parsed, rows, history, cluster, common, options)
    warn_of([trouble for fit in fits for trouble in fit.trouble])
    return TransitionCox(
        formula=parsed,
        states=history.states,
        graph=history.graph,
        transitions=transitions,
        fits=fits,
        stacked=stacked,
        start=history.start,
        cluster=cluster,
        conf_level=conf_level,
        n_obs=len(rows.frame),
        n_person=int(rows.frame[person].nunique()),
        n_missing=history.n_missing + rows.n_missing,
        remarks=_remarks(history, rows, transitions, fits),
    )


def _covariates(parsed: Formula) -> tuple[str, ...]:
    offsets = [name for text in parsed.offset for name in columns_used(text)]
    return tuple(dict.fromkeys((*fixed_columns(parsed), *parsed.strata, *offsets)))


def _label(history: StateHistory, move: int) -> str:
    origin, target = history.graph.origin[move], history.graph.target[move]
    return f"{history.states[origin]} to {history.states[target]}"


def _fitted(
    parsed: Formula,
    rows: RiskRows,
    history: StateHistory,
    cluster: tuple[str, ...],
    common: bool | Sequence[str],
    options: dict[str, Any],
) -> tuple[StackedDesign | None, tuple[Transition, ...], "tuple[CoxFit, ...]"]:
    if common is False or (not isinstance(common, bool) and not len(common)):
        return None, *_separate(parsed, rows, history, cluster, options)
    labels = tuple(_label(history, k) for k in range(len(history.graph.origin)))
    stacked = stacked_design(parsed, rows.frame, common, labels)
    return stacked, *_together(parsed, rows, history, cluster, stacked, options)


def _separate(
    parsed: Formula,
    rows: RiskRows,
    history: StateHistory,
    cluster: tuple[str, ...],
    options: dict[str, Any],
) -> tuple[tuple[Transition, ...], "tuple[CoxFit, ...]"]:
    """Fit each transition by itself."""
    wanted = replace(parsed, response=Surv(TIME, EVENT, ENTRY), cluster=cluster)
    transitions, fits = [], []
    for move, (h, j) in enumerate(zip(history.graph.origin, history.graph.target, strict=True)):
        table = separate_frame(rows, int(h), move)
        label, n_event = _label(history, move), int(table[EVENT].sum())
        fits.append(_cox(wanted, table, label, options))
        transitions.append(Transition(label, history.states[h], history.states[j], move, n_event))
    return tuple(transitions), tuple(fits)


def _together(
    parsed: Formula,
    rows: RiskRows,
    history: StateHistory,
    cluster: tuple[str, ...],
    stacked: StackedDesign,
    options: dict[str, Any],
) -> tuple[tuple[Transition, ...], "tuple[CoxFit, ...]"]:
    """Fit all transitions in one model, a stratum each."""
    graph, parts, transitions = history.graph, [], []
    for move, (h, j) in enumerate(zip(graph.origin, graph.target, strict=True)):
        at_risk = rows.origin == h
        table = separate_frame(rows, int(h), move)
        encoded = stacked.laid_out(stacked.base.X[at_risk], move)
        parts.append(pd.concat([table, encoded], axis=1))
        n_event = int(table[EVENT].sum())
        label = stacked.labels[move]
        transitions.append(Transition(label, history.states[h], history.states[j], 0, n_event))
    whole = pd.concat(parts, ignore_index=True)
    fit = _cox(stacked.formula(parsed, cluster), whole, "all transitions", options)
    return tuple(transitions), (fit,)


def _cox(formula: Formula, table: pd.DataFrame, label: str, options: dict[str, Any]) -> "CoxFit":
    try:
        return plain_cox(formula, table, **options)
    except DataError as fault:
        raise DataError(f"The model of {label} can't be fitted. {fault}") from None


def _remarks(
    history: StateHistory,
    rows: RiskRows,
    transitions: tuple[Transition, ...],
    fits: "tuple[CoxFit, ...]",
) -> tuple[str, ...]:
    remarks = [*history.remarks, *missing_remark(rows.n_missing)]
    for place, fit in enumerate(fits):
        label = transitions[place].label if len(fits) > 1 else "All transitions"
        remarks += [f"{label}: {remark}" for remark in fit.remarks]
    lone = np.bincount(rows.origin, minlength=len(history.states))
    if (lone[np.unique(history.graph.origin)] == 0).any():
        remarks.append("A state was left by nobody with complete covariates.")
    return tuple(dict.fromkeys(remarks))
