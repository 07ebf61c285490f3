"""An attacker who has this package: runs it on every table they suspect and compares."""

from collections import defaultdict
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.disclosure import disclosure_policy
from rpcstats.disclosure._feasible import Knowledge, feasible_range, spans
from rpcstats.disclosure._rounding import possible_counts, round_counts
from rpcstats.disclosure.cells import read_cells
from rpcstats.disclosure.counts import protect_pairs
from rpcstats.disclosure.curves import protect_curve
from rpcstats.disclosure.suppression import withheld_cells


def pinned(classes, quantities, threshold):
    """Find small groups of which the attacker is left with fewer than threshold - 1 values."""
    return [
        (released, name, values)
        for released, tables in classes.items()
        for name, quantity in quantities.items()
        if any(1 <= quantity(t) < threshold for t in tables)
        and len(values := {quantity(t) for t in tables}) < threshold - 1
    ]


def key(*columns):
    return tuple(np.nan_to_num(np.concatenate(columns).astype(float), nan=-1).round(9))


def test_the_attack_itself_works():
    """Bare counts are pinned, so that an empty list below means something."""
    classes = {(a, b): [(a, b)] for a, b in product(range(6), range(6)) if b <= a}
    found = pinned(classes, {"left": lambda t: t[0] - t[1]}, 3)
    assert ((3, 2), "left", {1}) in found


def test_no_small_group_of_a_funnel_is_pinned(toy_policy):
    largest = 9
    classes = defaultdict(list)
    for a, b, c in product(range(largest + 1), repeat=3):
        if a >= b >= c:
            frame = pd.DataFrame({"stage": ["s", "r"], "n": [b, c], "base": [a, b]})
            n, base, *_ = protect_pairs(frame, toy_policy, labels=("stage",), by=None)
            classes[key(n, base)].append((a, b, c))
    inner = {k: v for k, v in classes.items() if max(t[0] for t in v) < largest}
    quantities = {
        "first": lambda t: t[0],
        "second": lambda t: t[1],
        "third": lambda t: t[2],
        "left first": lambda t: t[0] - t[1],
        "left second": lambda t: t[1] - t[2],
        "left": lambda t: t[0] - t[2],
    }
    assert len(inner) > 15
    assert not pinned(inner, quantities, toy_policy.threshold)


@pytest.mark.parametrize(
    ("smallest", "largest"), [(8, 10), pytest.param(11, 13, marks=pytest.mark.slow)]
)
def test_no_small_group_of_a_curve_is_pinned(toy_policy, smallest, largest):
    """Two sessions, every split into events and others leaving of starters that round alike."""
    classes = defaultdict(list)
    for d1, c1, d2 in product(range(largest + 1), repeat=3):
        for n in range(max(smallest, d1 + c1 + d2), largest + 1):
            at_risk = np.array([n, n - d1 - c1])
            events = np.array([d1, d2])
            S = np.cumprod(1 - events / np.maximum(at_risk, 1))
            frame = pd.DataFrame(
                {"time": [1.0, 2.0], "n_risk": at_risk, "n_event": events, "estimate": S}
            )
            out = protect_curve(frame, toy_policy, grid=[1, 2]).frame
            shown = [out[c].to_numpy() for c in ("time", "n_risk", "n_event", "estimate")]
            classes[key(*shown)].append((d1, c1, d2))
    quantities = {
        "events first": lambda t: t[0],
        "others first": lambda t: t[1],
        "left first": lambda t: t[0] + t[1],
        "events second": lambda t: t[2],
    }
    assert len(classes) >= 4
    assert not pinned(classes, quantities, toy_policy.survival_threshold)


counts = st.integers(0, 60)


@settings(max_examples=25, deadline=None)
@given(
    chain=st.lists(counts, min_size=3, max_size=5),
    preset=st.sampled_from(["council", "tre", "opensafely"]),
)
def test_linear_attacker_is_left_with_the_whole_interval(make_funnel, chain, preset):
    """Written apart from the package's own audit: intervals and nesting only."""
    policy = disclosure_policy(preset)
    value = np.array(sorted(chain, reverse=True))
    frame = make_funnel({"all": tuple(value)})
    n, base, *_ = protect_pairs(
        frame, policy, labels=("stage", "base_label", "definition"), by=None
    )
    shown = np.append(base[0], n)
    low, high = possible_counts(shown, policy.round_to, policy.rounding)
    low, high = np.where(np.isnan(shown), 0, low), np.where(np.isnan(shown), 999, high)
    nested = -np.diff(np.eye(value.size), axis=0)
    known = Knowledge(low, high, nested, np.zeros(len(nested)), np.full(len(nested), np.inf))
    smallest = 0 if policy.zeros_disclosive else 1
    for k, difference in enumerate(nested):
        if smallest <= value[k] - value[k + 1] < policy.threshold:
            assert spans(*feasible_range(difference, known), policy.threshold)
    for k, one in enumerate(np.eye(value.size)):
        if smallest <= value[k] < policy.threshold:
            assert spans(*feasible_range(one, known), policy.threshold)


@settings(max_examples=15, deadline=None)
@given(groups=st.lists(st.tuples(counts, counts), min_size=2, max_size=4))
@pytest.mark.parametrize("preset", ["council", "tre", "opensafely"])
def test_no_group_follows_from_a_total_in_the_same_frame(preset, groups):
    policy = disclosure_policy(preset)
    pairs = [(max(g), min(g)) for g in groups]
    pairs.append((sum(b for b, _ in pairs), sum(n for _, n in pairs)))
    frame = pd.DataFrame(pairs, columns=["base", "n"]).assign(
        stage="started", mode=[*(f"m{i}" for i in range(len(groups))), "all"]
    )
    if frame["base"].iloc[-1] < policy.threshold:
        return
    n, *_ = protect_pairs(frame, policy, labels=("mode", "stage"), by="mode")
    low, high = possible_counts(n, policy.round_to, policy.rounding)
    low, high = np.where(np.isnan(n), 0, low), np.where(np.isnan(n), 9999, high)
    closure = np.append(np.ones(len(groups)), -1.0)[None, :]
    known = Knowledge(low, high, closure, np.zeros(1), np.zeros(1))
    for i, one in enumerate(np.eye(n.size)[: len(groups)]):
        if 1 <= pairs[i][1] < policy.threshold:
            assert np.isnan(n[i])
            assert spans(*feasible_range(one, known), policy.threshold)


def test_cells_of_a_funnel_are_linked(northumberland):
    cells = read_cells(
        northumberland, ("programme", "stage", "base_label", "definition"), "programme"
    )
    assert cells.value.size == 12
    assert cells.n_cell[0] == cells.base_cell[1]
    assert not withheld_cells(cells, disclosure_policy("council"))[cells.n_cell[:3]].any()
    assert round_counts(cells.value[cells.base_cell[0]], 5, "nearest") == 40
