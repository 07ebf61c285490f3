"""A funnel and the curves beside it as one system of unknown whole numbers."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from rpcstats._vocabulary import STAGE
from rpcstats.disclosure._feasible import FloatArray
from rpcstats.disclosure.beside import CurveBeside
from rpcstats.disclosure.cells import NO_BASE, Cells
from rpcstats.disclosure.policy import DisclosurePolicy
from rpcstats.disclosure.reader import Linked

STARTED: Final = "started"
KEPT: Final = ("retained", "completed")
"""Stages of those who stayed to the end, the first that is there; their base was due to end."""


def link_curves(
    frame: pd.DataFrame, cells: Cells, curves: Sequence[CurveBeside], policy: DisclosurePolicy
) -> tuple[Linked, ...]:
    """Tie curves to the funnel they are printed beside.

    Parameters
    ----------
    frame : DataFrame
        The funnel, with its stages.
    cells : Cells
        Its cells.
    curves : sequence of CurveBeside
        The curves.
    policy : DisclosurePolicy
        The rules.

    Returns
    -------
    tuple of Linked
        Systems of unknowns, none without curves. In the first starters are those at the start of a
        curve; those who stayed to the end, and those with an event, are different starters; those
        who stayed are at risk at the last time shown. In the second the reader also guesses that
        those due to end who did not stay had an event, and so have all starters who did not
        stay, if all were due. Each is taken for known if the true counts allow it.
    """
    if not curves:
        return ()
    return tuple(_system(frame, cells, curves, policy, guess) for guess in (False, True))


def _system(
    frame: pd.DataFrame,
    cells: Cells,
    curves: Sequence[CurveBeside],
    policy: DisclosurePolicy,
    guess: bool,
) -> Linked:
    size = cells.value.size
    total = size + sum(curve.known.low.size for curve in curves)
    rows: list[tuple[FloatArray, float, float]] = []
    groups: list[tuple[FloatArray, int]] = []
    ends = _ends(frame, cells)
    first = size
    for curve in curves:
        after = first + curve.known.low.size
        for weights, low, high in zip(
            curve.known.A, curve.known.A_low, curve.known.A_high, strict=True
        ):
            rows.append((_placed(weights, first, total), float(low), float(high)))
        groups += [(_placed(w, first, total), policy.survival_threshold) for w in curve.groups]
        for weights, most in _ties(curve, cells, ends, first, total, guess):
            rows.append((weights, 0.0, most))
            if most:
                groups.append((weights, policy.threshold))
        first = after
    A, A_low, A_high = (np.array(column) for column in zip(*rows, strict=True))
    return Linked(
        low=np.concatenate([curve.known.low for curve in curves]),
        high=np.concatenate([curve.known.high for curve in curves]),
        A=A,
        A_low=A_low,
        A_high=A_high,
        groups=tuple(groups),
        cells=tuple(dict.fromkeys(ends.values())),
    )


def _placed(weights: FloatArray, first: int, total: int) -> FloatArray:
    return np.pad(weights, (first, total - first - weights.size))


def _ends(frame: pd.DataFrame, cells: Cells) -> dict[str, int]:
    """Find the cells of those who started, were due to end, and stayed."""
    stages = frame[STAGE].astype(str).tolist()
    found = {}
    if STARTED in stages:
        found["started"] = int(cells.n_cell[stages.index(STARTED)])
    stayed = next((stages.index(stage) for stage in KEPT if stage in stages), None)
    if stayed is not None:
        found["kept"] = int(cells.n_cell[stayed])
        if cells.base_cell[stayed] != NO_BASE:
            found["due"] = int(cells.base_cell[stayed])
    return found


def _ties(
    curve: CurveBeside, cells: Cells, ends: dict[str, int], first: int, total: int, guess: bool
) -> Iterator[tuple[FloatArray, float]]:
    """Give sums of both that are not negative, and their upper bound."""
    one = {name: _placed(np.ones(1), cell, total) for name, cell in ends.items()}
    true = {name: int(cells.value[cell]) for name, cell in ends.items()}
    start, events = (_placed(w, first, total) for w in (curve.start, curve.events))
    found: list[tuple[FloatArray, int, bool]] = []
    if "started" in ends:
        found.append((one["started"] - start, true["started"] - curve.n_start, True))
    if "kept" in ends:
        rest = curve.n_start - true["kept"] - curve.n_event
        is_over = guess and true.get("due") == curve.n_start
        found.append((start - one["kept"] - events, rest, is_over))
        if curve.stayed is not None:
            stayed = _placed(curve.stayed, first, total)
            found.append((stayed - one["kept"], curve.n_stayed - true["kept"], False))
    if "due" in ends and guess:
        surplus = true["kept"] + curve.n_event - true["due"]
        found.append((one["kept"] + events - one["due"], surplus, False))
    for weights, count, may_be_none in found:
        if count >= 0:
            yield weights, 0.0 if may_be_none and count == 0 else np.inf
