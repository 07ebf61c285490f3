"""Nine readings of the same parents: no difference among them shows a small group."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.disclosure._feasible import Knowledge, feasible_range, spans
from rpcstats.disclosure._rounding import possible_counts
from rpcstats.disclosure.lattice import Entry, nested_counts

BASES = ("completers who answered", "completers", "starters")
LEVELS = ("rated", "any_goal", "goal_mean", "reliable_change")
N_ATOM = 15


def readings(atoms):
    """Frame of the readings of parents in 3 shells of bases by 5 shells of definitions.

    Shell 0 of the bases are those who answered, shell 4 of the definitions is reliable change.
    """
    counts = np.cumsum(np.cumsum(np.asarray(atoms).reshape(3, 5)[:, ::-1], axis=1)[:, ::-1], axis=0)
    rows = [
        {"measure": measure, "definition": measure, "base_label": base, "n": int(counts[b, d + 1]),
         "base": int(counts[b, 0]), "estimate": 0.0, "conf_low": 0.0, "conf_high": 0.0}
        for b, base in enumerate(BASES)
        for d, measure in enumerate(LEVELS)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def cells():
    """Every cell, and every difference of cells, as a sum of atoms: (weights over the atoms)."""
    grid = np.arange(N_ATOM).reshape(3, 5)
    for b_out, d_out in product(range(3), range(5)):
        for b_in, d_in in product(range(-1, b_out + 1), range(d_out + 1, 6)):
            own = np.zeros(N_ATOM)
            own[grid[b_in + 1 : b_out + 1, d_out:d_in].ravel()] = 1.0
            if own.any():
                yield own


def known_of(out, policy, counts):
    """What the shown numbers tell of the atoms, written apart from the package's own audit."""
    A, low, high = [], [], []
    grid = np.arange(N_ATOM).reshape(3, 5)
    for i, (b, d) in enumerate(product(range(3), range(4))):
        inside, base = np.zeros(N_ATOM), np.zeros(N_ATOM)
        inside[grid[: b + 1, d + 1 :].ravel()] = 1.0
        base[grid[: b + 1].ravel()] = 1.0
        for weights, shown in ((inside, out["n"].iloc[i]), (base, out["base"].iloc[i])):
            if not np.isnan(shown):
                least, most = possible_counts(shown, policy.round_to, policy.rounding)
                A.append(weights)
                low.append(0.0 if shown == 0 else max(float(least), policy.threshold))
                high.append(0.0 if shown == 0 else float(most))
        if not np.isnan(out["n"].iloc[i]):
            # A shown count tells that its remainder is none or not small.
            remainder = (base - inside) @ np.array(counts)
            A.append(base - inside)
            low.append(0.0 if remainder == 0 else policy.threshold)
            high.append(0.0 if remainder == 0 else np.inf)
    ceiling = np.full(N_ATOM, 999.0)
    return Knowledge(np.zeros(N_ATOM), ceiling, np.array(A), np.array(low), np.array(high))


atoms = st.lists(st.integers(0, 9), min_size=N_ATOM, max_size=N_ATOM)


@settings(max_examples=8, deadline=None)
@given(atoms, st.sampled_from(["council", "tre", "opensafely"]))
def test_no_difference_among_the_readings_shows_a_small_group(counts, preset):
    policy = disclosure_policy(preset)
    out = disclose(readings(counts), policy).frame
    if out["n"].isna().all() and out["base"].isna().all():
        return
    known = known_of(out, policy, counts)
    smallest = 0 if policy.zeros_disclosive else 1
    # Two counts of one class of 6 differ by 0 to 5: rounding tells that much of a group under a
    # threshold of 8 by itself.
    width = min(policy.threshold, policy.round_to)
    for weights in cells():
        if smallest <= weights @ np.array(counts) < policy.threshold:
            low, high = feasible_range(weights, known)
            # A group that nothing shown narrows is given away by the nesting itself.
            assert spans(low, high, width), (counts, weights, low, high)


def test_four_cells_that_tell_a_small_group_by_rounding_alone():
    """Non-completers without progress: (62 - 38) - (38 - 17) = 3, and no more than that fits the
    rounded counts, so one of the four has to go."""
    shown = pd.DataFrame(
        {"measure": "goal_mean", "definition": "up", "base_label": ["completers", "starters"],
         "n": [17, 38], "base": [38, 62], "estimate": 0.0, "conf_low": 0.0, "conf_high": 0.0}
    )  # fmt: skip
    out = disclose(shown, "council").frame
    assert out[["n", "base"]].isna().to_numpy().any()
    apart = shown.drop(columns="definition")
    assert not disclose(apart, "council").frame[["n", "base"]].isna().to_numpy().any()


def test_tables_that_are_not_nested_are_left_alone():
    entries = [
        Entry("men", ("a",), 1, 0), Entry("men", ("b",), 2, 0),
        Entry("women", ("a",), 4, 3), Entry("women", ("b",), 5, 3),
    ]  # fmt: skip
    order, corners = nested_counts(entries, np.array([50, 20, 30, 60, 10, 40]))
    assert (3, 0) not in order
    assert (0, 3) not in order
    assert corners == ()
    assert set(order) == {(0, 1), (0, 2), (3, 4), (3, 5)}


def test_corners_of_nested_bases():
    entries = [Entry("part", ("a",), 1, 0), Entry("all", ("a",), 3, 2)]
    order, corners = nested_counts(entries, np.array([20, 10, 40, 25]))
    assert set(order) == {(2, 0), (3, 1), (0, 1), (2, 3)}
    assert [(c.parts, c.less) for c in corners] == [((2, 1), (3, 0))]


def test_nobody_between_two_bases_is_not_told_where_none_is_disclosive():
    """Twelve of completers and twelve of starters changed reliably: both would round to 10, which
    10 to 14 fit, so that at most four of those who left could have."""
    counts = [27, 21, 0, 8, 9, 0, 1, 8, 6, 3, 9, 0, 3, 3, 0]
    out = disclose(readings(counts), "tre").frame.set_index(["measure", "base_label"])["n"]
    assert out["reliable_change", "completers"] == 10
    assert np.isnan(out["reliable_change", "starters"])
    known = known_of(disclose(readings(counts), "tre").frame, disclosure_policy("tre"), counts)
    last = np.zeros(N_ATOM)
    last[-1] = 1.0
    assert spans(*feasible_range(last, known), 10)


@pytest.mark.parametrize("preset", ["council", "tre", "opensafely"])
def test_a_large_programme_is_released_in_full(preset):
    atoms = [300, 200, 150, 180, 220] * 3
    assert disclose(readings(atoms), preset).status == "released"
