"""Which state people are in over time: a long frame of states to occupation probabilities."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from rpcstats._numerics.arguments import as_word
from rpcstats._numerics.intervals import CONF_TYPES, ConfType, check_conf_level
from rpcstats.errors import ParameterError
from rpcstats.formula import Formula
from rpcstats.survival._multiway import lone_groups
from rpcstats.survival.states._followed_clusters import digits_left
from rpcstats.survival.states.history import StateHistory, state_history
from rpcstats.survival.states.state_curves import StateCurve, estimate_curve, thin_states
from rpcstats.survival.states.state_occupation import MultiState
from rpcstats.survival.structure.remarks import (
    FEW_AT_RISK,
    few_clusters_remark,
    lone_groups_remark,
)


def multistate(
    data: Any,
    formula: str | Formula = "Surv(entry, time, state) ~ 1",
    *,
    id: str | None = "id",
    start: str | None = None,
    state_from: str | None = None,
    censored: Sequence[str] | None = None,
    weights: str | None = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
) -> MultiState:
    """Estimate the probability of being in each state over time, for any graph of transitions.

    Parameters
    ----------
    data : frame
        pandas, or any frame narwhals reads. A row is a stretch (entry, time] of one person with
        the state entered at its end. States may be left and entered again.
    formula : str
        ``"Surv(entry, time, state) ~ sex"``: one set of curves for each combination of columns;
        ``cluster(g)`` makes the variance robust to dependence within g, two columns to two-way
        dependence.
    id : str or None
        Column that tells the persons; None if each row is one.
    start : str, optional
        State in which everybody begins, "start" if not given.
    state_from : str, optional
        Column with the state in which each row begins, for those who are first seen later, in
        other states. The curves then begin in `start` if it is given, else with the shares of
        the states among those at risk at the first transition.
    censored : sequence of str, optional
        Values of the state column that mean the stretch ended without a transition; if not
        given, the first declared category, or 0 in a column of numbers.
    weights : str, optional
        Column of case weights above 0.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale on which the limits are symmetric.
    conf_level : float
        Level of the pointwise intervals.

    Returns
    -------
    MultiState
        Counts, probabilities with standard errors, and what is derived from them.

    Raises
    ------
    FormulaError
        If the formula can't be read, or names a column that is not there.
    DataError
        If times, states or weights break their conditions, or rows of one person overlap.
    ParameterError
        If an option is out of range.

    Notes
    -----
    Aalen and Johansen (1978): p(t) = p(0) prod (I + dA). Variance by the infinitesimal
    jackknife over persons, or clusters; the sums over persons are carried forward in time, so
    that cost is near-linear in rows and times. The estimate is right whether or not the process
    is Markov (Datta and Satten 2001), if censoring and late entry are independent of it.
    """
    check_options(conf_type, conf_level)
    history = state_history(
        formula,
        data,
        id=id,
        start=start,
        state_from=state_from,
        censored=censored,
        weights=weights,
    )
    curves = []
    for group in range(len(history.groups.labels)):
        member = history.groups.codes == group
        stays = history.stays if member.all() else history.stays.taken(member)
        curves.append(estimate_curve(stays, history.graph, history.start))
    return MultiState(
        states=history.states,
        strata=history.groups.labels,
        curves=tuple(curves),
        history=history,
        start=history.start,
        conf_type=conf_type,
        conf_level=conf_level,
        n_missing=history.n_missing,
        remarks=_remarks(history, tuple(curves)),
    )


def check_options(conf_type: str, conf_level: float) -> None:
    """Refuse a scale or a level that is none.

    Parameters
    ----------
    conf_type : str
        Name of the scale.
    conf_level : float
        The level.

    Raises
    ------
    ParameterError
        If either is out of range.
    """
    check_conf_level(conf_level)
    if as_word(conf_type) not in CONF_TYPES:
        raise ParameterError("conf_type is unknown", [f"choose one of {', '.join(CONF_TYPES)}"])


def _remarks(history: StateHistory, curves: tuple[StateCurve, ...]) -> tuple[str, ...]:
    remarks = list(history.remarks)
    thin = []
    for label, curve in zip(history.groups.labels, curves, strict=True):
        who = "" if len(curves) == 1 else f"{label}: "
        thin += [who + phrase for phrase in thin_states(curve, history.states)]
    if thin:
        remarks.append(
            f"Fewer than {FEW_AT_RISK} are followed in a state that has people in it, so that "
            f"what follows from there is hardly known: {'; '.join(thin)}."
        )
    if not all(digits_left(history.stays, len(curve.occupied)) for curve in curves):
        remarks.append(
            "Case weights differ by so many powers of ten that sums of them hardly keep the "
            "lightest: standard errors, and probabilities where only light rows are followed, may "
            "be wrong. Trim the weights, or look at the heaviest rows."
        )
    remarks += lone_groups_remark(
        history.groups.labels,
        lone_groups(history.groups.codes, len(history.groups.labels), history.stays.clusters),
    )
    if history.cluster_names:
        for name, codes in zip(history.cluster_names, history.stays.clusters, strict=True):
            remarks += few_clusters_remark(len(np.unique(codes)), name)
    return tuple(remarks)
