"""Protection of effects: ratios and differences between groups, from any model."""

from collections.abc import Hashable
from typing import Any, Final

import numpy as np
import pandas as pd

from rpcstats._numerics.intervals import normal_quantile
from rpcstats._vocabulary import (
    CONF_HIGH,
    CONF_LOW,
    ESTIMATE,
    N_EVENT,
    NOTE,
    SCALE,
    STATUS,
    TERM,
)
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure._two_groups import TwoGroups, rounded_groups, true_groups
from rpcstats.disclosure.clustering import next_step
from rpcstats.disclosure.glances import N_OBS
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.protected import (
    RELEASED,
    WITHHELD,
    Protected,
    label_columns,
    unchanged,
    whole_counts,
    withheld_note,
)
from rpcstats.disclosure.reader import BoolArray
from rpcstats.disclosure.summaries import withheld_groups
from rpcstats.errors import DisclosureError

SCALES: Final = ("ratio", "difference")
STEPS: Final = {"ratio": (0.2, 0.5, 1.0, 2.0), "difference": (0.1, 0.2, 0.4, 1.0)}
"""How coarsely the part of an effect that the two groups' counts don't explain may be told."""

CLASSES: Final = 2
"""A step is what so many rounding classes of the smallest group would move an effect by."""

COARSE: Final = {"ratio": 0.5, "difference": 0.2}
"""Beyond this step an estimate would mislead: only the interval is told."""

NUMBERS: Final = (ESTIMATE, CONF_LOW, CONF_HIGH)
DROPPED: Final = ("std_error", "statistic", "df", "p_value")
GROUP_LABELS: Final = ("variable", "level")
ONLY_INTERVAL: Final = "too few behind it for more than an interval"


def protect_effects(
    frame: pd.DataFrame,
    cells: pd.DataFrame,
    policy: DisclosurePolicy,
    *,
    conf_level: float = 0.95,
) -> Protected:
    """Protect ratios or differences with their limits.

    Parameters
    ----------
    frame : DataFrame
        Columns term, scale ("ratio" or "difference"), estimate, conf_low, conf_high, labels, and
        a note where there is no estimate.
    cells : DataFrame
        Columns term, n_obs, n_event: the people and events of the two groups that the effect of
        a term compares, the reference first, a row a group; columns variable and level tell
        which groups of several terms are the same.
    policy : DisclosurePolicy
        The rules.
    conf_level : float, default 0.95
        Level of the limits.

    Returns
    -------
    Protected
        Effects made of rounded counts, with their limits; where few are behind one, only the
        limits. An effect is withheld if a count of a group behind it is.

    Raises
    ------
    DisclosureError
        If a term has not the cells of two groups, a scale is unknown, or a column is protected
        by no rule.

    Notes
    -----
    What is told is the crude effect in the rounded table of the two groups, moved by how much
    the model's effect differs from the crude one of the true table. That difference is rounded
    as coarsely as a change by two rounding classes in the smallest group would move an effect.
    The variance is that of the rounded table, times the ratio of the model's to the true
    table's, rounded up to a coarse ladder, plus that of both roundings. So every table that
    rounds alike is told alike, but for a difference that changes with one person far less than
    the effect does, and other levels of confidence tell nothing new.

    What is left: an attacker who knows everything of everybody, save how many of one kind of
    people in the smallest group had the event, can fit the model to each number that rounds
    alike. Where the difference lies at the edge of a step, or the ratio of variances at a rung,
    some drop out: in about 3 of 100 simulated studies of two groups and one covariate.
    """
    if not policy.protects:
        return unchanged(frame)
    _check(frame, cells)
    labels = label_columns(frame, (*NUMBERS, *DROPPED))
    out = frame.loc[:, [c for c in frame.columns if c in {*labels, *NUMBERS}]]
    out = out.reset_index(drop=True)
    shut = _shut_terms(cells, policy)
    found = [
        _effect(row, cells[cells[TERM].astype(str) == str(row[TERM])], shut, policy, conf_level)
        for row in frame.to_dict("records")
    ]
    for place, column in enumerate((*NUMBERS, STATUS, NOTE)):
        out[column] = [one[place] for one in found]
    hidden = (out[STATUS] == WITHHELD).to_numpy()
    return Protected(
        frame=out,
        actions=_actions(hidden, policy),
        n_cells=len(out),
        n_withheld=int(hidden.sum()),
        n_rounded=int((~hidden).sum()),
    )


Told = tuple[float, float, float, str, str]
_NOTHING: Final = (float("nan"),) * 3


def _check(frame: pd.DataFrame, cells: pd.DataFrame) -> None:
    lacking = sorted({TERM, SCALE, *NUMBERS} - set(frame.columns))
    lacking += sorted({TERM, N_OBS, N_EVENT} - set(cells.columns))
    if lacking:
        raise DisclosureError(f"Effects need column(s) {', '.join(lacking)} to be checked.")
    if not frame[SCALE].isin(SCALES).all():
        raise DisclosureError("The scale of an effect is 'ratio' or 'difference'.")
    size = frame[TERM].astype(str).map(cells[TERM].astype(str).value_counts()).fillna(0)
    known = frame[list(NUMBERS)].notna().any(axis=1)
    if not ((size == 2) | ((size == 0) & ~known)).all():
        raise DisclosureError(
            "An effect without counts can't be checked: cells() must list the two groups of every"
            " term, the reference first."
        )


def _shut_terms(cells: pd.DataFrame, policy: DisclosurePolicy) -> frozenset[str]:
    """Name the terms of which a group's count would be withheld in a table of the groups."""
    if not len(cells):
        return frozenset()
    shared = all(label in cells for label in GROUP_LABELS)
    names = (
        cells[list(GROUP_LABELS)].astype(str)
        if shared
        else pd.DataFrame(
            {
                "variable": cells[TERM].astype(str),
                "level": cells.groupby(TERM, sort=False).cumcount().astype(str),
            }
        )
    )
    groups = names.assign(**{N_OBS: cells[N_OBS], N_EVENT: cells[N_EVENT]})
    once = groups.drop_duplicates(list(GROUP_LABELS)).reset_index(drop=True)
    few = _is_few(once, policy) | withheld_groups(once, policy)
    gone = {tuple(key) for key in once.loc[few, list(GROUP_LABELS)].to_numpy().tolist()}
    is_gone = [tuple(key) in gone for key in names.to_numpy().tolist()]
    return frozenset(cells.loc[is_gone, TERM].astype(str))


def _is_few(groups: pd.DataFrame, policy: DisclosurePolicy) -> BoolArray:
    """Tell which groups have too few people, with the event or without; none counts too."""
    people, events = whole_counts(groups[N_OBS], N_OBS), whole_counts(groups[N_EVENT], N_EVENT)
    fewest = policy.fewest_events
    surely, _ = possible_counts(
        round_counts(people, policy.round_to, policy.rounding), policy.round_to, policy.rounding
    )
    few: BoolArray = (surely < policy.percent_base) | (events < fewest) | (people - events < fewest)
    return few


def _effect(
    row: dict[Hashable, Any],
    pair: pd.DataFrame,
    shut: frozenset[str],
    policy: DisclosurePolicy,
    conf_level: float,
) -> Told:
    said = str(row.get(NOTE, ""))
    if not len(pair):
        return (*_NOTHING, RELEASED, said)
    is_ratio = row[SCALE] == "ratio"
    numbers = np.array([row[c] for c in NUMBERS], dtype=np.float64)
    if is_ratio:
        with np.errstate(invalid="ignore", divide="ignore"):
            numbers = np.log(numbers)
    # Why there is no estimate would tell of a group in which nobody, or everybody, had the event.
    if str(row[TERM]) in shut or not np.isfinite(numbers).all():
        return (*_NOTHING, WITHHELD, withheld_note(policy))
    people, events = (whole_counts(pair[c], c).astype(np.float64) for c in (N_OBS, N_EVENT))
    safe = rounded_groups(people, events, policy)
    steps, raw = STEPS[str(row[SCALE])], CLASSES * policy.round_to / safe.smallest(is_ratio)
    step = next((s for s in steps if raw <= s * (1 + 1e-9)), steps[-1])
    told = _moved(numbers, true_groups(people, events), safe, step, is_ratio, conf_level)
    if step > COARSE[str(row[SCALE])]:
        told[0], said = np.nan, ONLY_INTERVAL
    told = np.exp(told) if is_ratio else np.clip(told, -1.0, 1.0)
    return (float(told[0]), float(told[1]), float(told[2]), RELEASED, said)


def _moved(
    numbers: FloatArray,
    true: TwoGroups,
    safe: TwoGroups,
    step: float,
    is_ratio: bool,
    conf_level: float,
) -> FloatArray:
    """Move the crude effect of the rounded table as the model moves that of the true one."""
    z = normal_quantile(conf_level)
    move = np.round((numbers[0] - true.effect(is_ratio)) / step) * step
    half = max(numbers[0] - numbers[1], numbers[2] - numbers[0])
    inflation = next_step((half / z) ** 2 / true.variance(is_ratio))
    variance = inflation * safe.variance(is_ratio) + safe.of_rounding(is_ratio) + step**2 / 12
    middle = safe.effect(is_ratio) + move
    reach = z * np.sqrt(variance)
    return np.array([middle, middle - reach, middle + reach])


def _actions(hidden: np.ndarray, policy: DisclosurePolicy) -> tuple[str, ...]:
    said = (
        "Effects were worked out from rounded counts and moved, in coarse steps, as the model"
        " moves the crude effect; limits allow for the rounding; standard errors and test"
        " statistics were left out.",
    )
    if not hidden.any():
        return said
    return (
        *said,
        f"{int(hidden.sum())} of {len(hidden)} effects were withheld, because a group of under"
        f" {policy.fewest_events} with or without the event would show.",
    )
