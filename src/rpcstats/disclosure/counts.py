"""Protection of tables of proportions: funnels, shares, groups side by side."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import (
    BASE,
    BASE_LABEL,
    DEFINITION,
    MEASURE,
    NOTE,
    PROPORTION,
    STAGE,
    STATUS,
    TOLD_HIGH,
    TOLD_LOW,
    N,
)
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.answers import bound_actions, holds_answers, nearly_all, with_bounds
from rpcstats.disclosure.beside import CurveBeside
from rpcstats.disclosure.cells import NO_BASE, Cells, Labels, read_cells, total_rows
from rpcstats.disclosure.linked import link_curves
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
from rpcstats.disclosure.reader import BoolArray, Given, released_range
from rpcstats.disclosure.shares import protected_shares
from rpcstats.disclosure.suppression import withheld_cells
from rpcstats.errors import DisclosureError

N_EXCLUDED: Final = "n_excluded"
MOST_GROUPS: Final = 40
KNOWN_LABELS: Final = frozenset({STAGE, BASE_LABEL, DEFINITION, MEASURE})


def protect_proportions(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    *,
    by: str | None = None,
    conf_level: float = 0.95,
    design_effect: float = 1.0,
    curves: Sequence[CurveBeside] = (),
) -> Protected:
    """Protect a frame of counts, bases and proportions.

    Parameters
    ----------
    frame : DataFrame
        Columns n, base, estimate, conf_low, conf_high and labels.
    policy : DisclosurePolicy
        The rules.
    by : str, optional
        Column of groups shown side by side; by default an unknown label column in front
        of a funnel.
    conf_level : float, default 0.95
        Level of the recomputed intervals.
    design_effect : float, default 1.0
        How much clustering inflates the variances.
    curves : sequence of CurveBeside, optional
        Curves of the same people, printed beside a funnel without groups.

    Returns
    -------
    Protected
        Counts rounded or withheld; proportions of the rounded counts, the widest Wilson (1927)
        interval of counts that fit them, divided by the design effect, and the least and
        greatest proportion that fits (told_low, told_high), all to whole percent. Of answers to
        questions that nearly all have in common the least proportion is told in place of the
        count.

    Raises
    ------
    DisclosureError
        If a count is not whole, exceeds its base, a column is protected by no rule, or curves
        stand beside a table that is no single funnel.
    """
    if not policy.protects:
        return unchanged(frame)
    labels = label_columns(frame, PROPORTION, by)
    by = by or _front_group(labels)
    _check_by(frame, by)
    if curves and (by is not None or STAGE not in labels):
        raise DisclosureError("beside= goes with one funnel of all people, not with groups.")
    n, base, hide_n, hide_base = protect_pairs(frame, policy, labels=labels, by=by, curves=curves)
    common = np.zeros(len(frame), dtype=np.bool_)
    if holds_answers(frame):
        common, hide_n = nearly_all(frame, base, hide_n, policy)
        n = np.where(hide_n, np.nan, n)
    out = frame.loc[:, [c for c in frame.columns if c in {*PROPORTION, *labels}]]
    out = out.reset_index(drop=True)
    told = protected_shares(n, base, policy, conf_level=conf_level, design_effect=design_effect)
    told = with_bounds(told, base, common, policy)
    numbers = (n, base, told.estimate, told.low, told.high, told.least, told.most)
    for column, values in zip((*PROPORTION, TOLD_LOW, TOLD_HIGH), numbers, strict=True):
        out[column] = values
    out[STATUS] = np.where(hide_n | hide_base, WITHHELD, RELEASED)
    out[NOTE] = _notes(hide_n | hide_base, told.estimate, base, policy)
    n_withheld = int(hide_n.sum() + hide_base.sum())
    has_base = int(frame[BASE].notna().sum())
    n_cells = len(frame) + has_base
    return Protected(
        frame=out,
        actions=(
            *_actions(n_withheld, n_cells, told.estimate, policy),
            *bound_actions(common, policy),
        ),
        n_cells=n_cells,
        n_withheld=n_withheld,
        n_rounded=n_cells - n_withheld,
    )


def protect_flow(frame: pd.DataFrame, policy: DisclosurePolicy) -> Protected:
    """Protect a frame of those left, and left out, stage by stage.

    Parameters
    ----------
    frame : DataFrame
        Columns stage, n, n_excluded and labels; n + n_excluded is the base of a stage.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    Protected
        n rounded or withheld; n_excluded is the difference of the rounded counts, missing
        where one of them is withheld.

    Raises
    ------
    DisclosureError
        If a count is not whole, or a column is protected by no rule.
    """
    labels = label_columns(frame, (N, N_EXCLUDED))
    left, out_of = whole_counts(frame[N], N), whole_counts(frame[N_EXCLUDED], N_EXCLUDED)
    counted = frame.assign(**{N: left, BASE: left + out_of})
    n, base, hide_n, hide_base = protect_pairs(counted, policy, labels=labels, by=None)
    hidden = hide_n | hide_base
    out = frame.loc[:, [c for c in frame.columns if c in {N, N_EXCLUDED, *labels}]]
    out = out.reset_index(drop=True).assign(**{N: n, N_EXCLUDED: base - n})
    out[STATUS] = np.where(hidden, WITHHELD, RELEASED)
    out[NOTE] = np.where(hidden, withheld_note(policy), "")
    n_withheld = int(hide_n.sum() + hidden.sum())
    rounding, *rest = _actions(n_withheld, 2 * len(frame), np.zeros(0), policy)
    return Protected(
        frame=out,
        actions=(f"{rounding.split(';')[0]}; exclusions are their differences.", *rest),
        n_cells=2 * len(frame),
        n_withheld=n_withheld,
        n_rounded=2 * len(frame) - n_withheld,
    )


def protect_pairs(
    frame: pd.DataFrame,
    policy: DisclosurePolicy,
    *,
    labels: Labels,
    by: str | None,
    curves: Sequence[CurveBeside] = (),
) -> tuple[FloatArray, FloatArray, BoolArray, BoolArray]:
    """Round and withhold counts and their bases.

    Parameters
    ----------
    frame : DataFrame
        Columns n and base, and the labels.
    policy : DisclosurePolicy
        The rules.
    labels : tuple of str
        Label columns.
    by : str or None
        Column of groups shown side by side.
    curves : sequence of CurveBeside, optional
        Curves of the same people.

    Returns
    -------
    tuple of ndarray
        Rounded n and base (NaN where withheld or absent), and where each was withheld.

    Raises
    ------
    DisclosureError
        If a count is not whole or exceeds its base.
    """
    _check_counts(frame)
    cells = read_cells(frame, labels, by, zeros_disclosive=policy.zeros_disclosive)
    linked = link_curves(frame, cells, curves, policy)
    hidden = withheld_cells(cells, policy, _overall(frame, labels, by, cells, policy), linked)
    rounded = round_counts(cells.value, policy.round_to, policy.rounding)
    shown = np.append(np.where(hidden, np.nan, rounded), np.nan)
    hidden = np.append(hidden, False)
    return (
        shown[cells.n_cell],
        shown[cells.base_cell],
        hidden[cells.n_cell],
        hidden[cells.base_cell],
    )


def _check_counts(frame: pd.DataFrame) -> None:
    n = whole_counts(frame[N], N)
    has_base = frame[BASE].notna().to_numpy()
    base = whole_counts(frame.loc[has_base, BASE], BASE)
    if (n[has_base] > base).any():
        raise DisclosureError("A count exceeds its base: check columns n and base.")


def _check_by(frame: pd.DataFrame, by: str | None) -> None:
    if by is not None and (
        pd.api.types.is_float_dtype(frame[by].dtype) or frame[by].nunique() > MOST_GROUPS
    ):
        raise DisclosureError(
            f"by= names groups, {MOST_GROUPS} at the most, not measurements: cut the column."
        )


def _front_group(labels: Labels) -> str | None:
    if STAGE in labels and labels[0] not in KNOWN_LABELS:
        return labels[0]
    return None


def _overall(
    frame: pd.DataFrame, labels: Labels, by: str | None, cells: Cells, policy: DisclosurePolicy
) -> tuple[Given, ...]:
    """Take it that the same table without the grouping is published under the same rules."""
    apart = np.setdiff1d(np.arange(len(frame)), total_rows(frame, labels, by))
    if by is None or frame[by].iloc[apart].nunique() < 2:
        return ()
    keys = [c for c in labels if c not in (by, BASE_LABEL, DEFINITION)]
    counted = frame.assign(**{N: cells.value[cells.n_cell], BASE: _base_values(cells)})
    text = counted[keys].astype(str).agg("\x1f".join, axis=1) if keys else counted[by].eq("")
    places = [apart[text.iloc[apart] == key] for key in dict.fromkeys(text.iloc[apart])]
    total = counted.iloc[[p[0] for p in places]].reset_index(drop=True)
    total[N] = [counted[N].iloc[p].sum() for p in places]
    total[BASE] = [counted[BASE].iloc[p].sum(min_count=len(p)) for p in places]
    outer = read_cells(total, tuple(c for c in labels if c != by), None)
    hidden = withheld_cells(outer, policy)
    low, high = released_range(outer.value, policy)
    given = []
    for place, n, base in zip(places, outer.n_cell, outer.base_cell, strict=True):
        parts = {n: tuple(cells.n_cell[place].tolist())}
        if base != NO_BASE:
            parts.setdefault(base, tuple(cells.base_cell[place].tolist()))
            if base != n and not hidden[n]:
                left = outer.value[base] - outer.value[n]
                bounds = (0.0, 0.0) if left == 0 else (float(policy.threshold), np.inf)
                given.append(Given(parts[base], *bounds, less=parts[n]))
        shown = [cell for cell in parts if not hidden[cell]]
        given += [Given(parts[cell], float(low[cell]), float(high[cell])) for cell in shown]
    return tuple({(g.parts, g.less): g for g in given}.values())


def _base_values(cells: Cells) -> FloatArray:
    values = np.append(cells.value.astype(np.float64), np.nan)
    return values[cells.base_cell]


def _notes(
    withheld: BoolArray, share: FloatArray, base: FloatArray, policy: DisclosurePolicy
) -> list[str]:
    few = f"percentage not given: the base may be under {policy.percent_base}"
    return [
        withheld_note(policy) if gone else few if np.isnan(p) and not np.isnan(b) else ""
        for gone, p, b in zip(withheld, share, base, strict=True)
    ]


def _actions(
    n_withheld: int, n_cells: int, share: FloatArray, policy: DisclosurePolicy
) -> tuple[str, ...]:
    actions = [
        f"Counts were rounded to {policy.rounded_how}; percentages were worked out"
        " from the rounded counts, and intervals allow for the rounding."
    ]
    if n_withheld:
        actions.append(
            f"{n_withheld} of {n_cells} counts were withheld, because they or a difference"
            f" show a group of under {policy.threshold}, or to guard such a group."
        )
    if np.isnan(share).any():
        actions.append(f"Percentages need a base that is surely {policy.percent_base} or more.")
    return tuple(actions)
