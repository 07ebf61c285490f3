"""The range of a share: all that fits the protected counts, and nothing they don't tell."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rpcstats._numerics.intervals import wilson
from rpcstats.disclosure import disclose, disclosure_policy
from rpcstats.disclosure._rounding import round_counts
from rpcstats.disclosure.counts import protect_proportions
from rpcstats.disclosure.reader import is_small
from rpcstats.disclosure.shares import possible_pairs, protected_shares

PRESETS = ("council", "tre", "opensafely")
RANGE = ["told_low", "told_high"]
HALF_A_PERCENT = 0.005 + 1e-9


def table(n, base):
    frame = pd.DataFrame({"n": n, "base": base})
    return frame.assign(estimate=np.nan, conf_low=np.nan, conf_high=np.nan)


def released(n, base, policy):
    """One table a row, so that nothing of one is worked out from another."""
    return protect_proportions(table([n], [base]), policy).frame.iloc[0]


def test_by_hand_what_a_share_of_25_in_30_may_be():
    """23 to 27 of 28 to 32, and 5 or more left out: from 23 of 32 to 27 of 32."""
    policy = disclosure_policy("council")
    k, m, fits = possible_pairs(np.array([25.0]), np.array([30.0]), policy)
    pairs = set(zip(k[fits].astype(int), m[fits].astype(int), strict=True))
    assert pairs == {(a, b) for a in range(23, 28) for b in range(28, 33) if b - a >= 5}
    row = released(24, 30, policy)
    assert row[["n", "base", *RANGE]].tolist() == [25, 30, 0.72, 0.84]


def test_all_of_a_base_is_told_exactly_where_all_is_not_disclosive():
    row = released(30, 30, disclosure_policy("council"))
    assert row[RANGE].tolist() == [1.0, 1.0]
    assert released(0, 30, disclosure_policy("council"))[RANGE].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_range_is_a_function_of_the_released_counts_and_holds_the_truth(preset):
    """Every count on every base up to 90: who sees the same counts sees the same range, and it
    reaches from the least to the greatest share among all of them."""
    policy = disclosure_policy(preset)
    base, n = (part.ravel() for part in np.meshgrid(np.arange(10, 91), np.arange(91)))
    small = [is_small(x, policy) for x in (n, base, base - n)]
    shown = (n <= base) & ~np.logical_or.reduce(small)
    n, base = n[shown], base[shown]
    seen = [round_counts(x, policy.round_to, policy.rounding) for x in (n, base)]
    found = protected_shares(*seen, policy, conf_level=0.95, design_effect=1.0)
    frame = pd.DataFrame({"share": n / base, "n": seen[0], "base": seen[1], **vars_of(found)})
    frame = frame[np.isfinite(frame["estimate"])]
    classes = frame.groupby(["n", "base"])
    told = classes[["least", "most", "low", "high"]]
    assert (told.max() == told.min()).all(axis=None)
    whole = classes.agg({"share": ["min", "max"], "least": "first", "most": "first"})
    whole = whole[whole.index.get_level_values("base") <= 80]
    assert len(whole) > 20
    np.testing.assert_allclose(whole["share", "min"], whole["least", "first"], atol=HALF_A_PERCENT)
    np.testing.assert_allclose(whole["share", "max"], whole["most", "first"], atol=HALF_A_PERCENT)
    assert (frame["low"] <= frame["least"]).all()
    assert (frame["most"] <= frame["high"]).all()


def vars_of(shares):
    return {name: getattr(shares, name) for name in ("estimate", "low", "high", "least", "most")}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("n", "base"), [(33, 61), (24, 53), (45, 45)])
def test_disclose_prints_what_follows_from_the_counts_it_prints(preset, n, base):
    policy = disclosure_policy(preset)
    row = released(n, base, policy)
    again = protected_shares(
        row[["n"]].to_numpy(float), row[["base"]].to_numpy(float), policy, conf_level=0.95,
        design_effect=1.0,
    )  # fmt: skip
    told = [again.estimate[0], again.low[0], again.high[0], again.least[0], again.most[0]]
    printed = row[["estimate", "conf_low", "conf_high", *RANGE]].to_numpy(float)
    np.testing.assert_array_equal(printed, told)


@pytest.mark.parametrize("effect", [1.0, 2.0])
def test_limits_are_the_widest_over_the_pairs(effect):
    policy = disclosure_policy("council")
    found = protected_shares(
        np.array([25.0]), np.array([40.0]), policy, conf_level=0.9, design_effect=effect
    )
    pairs = [(k, m) for k, m in product(range(23, 28), range(38, 43)) if m - k >= 5]
    limits = [wilson(k / effect, m / effect, conf_level=0.9) for k, m in pairs]
    assert found.low[0] == np.round(min(low for low, _ in limits), 2)
    assert found.high[0] == np.round(max(high for _, high in limits), 2)


def test_unprotected_shares_have_no_range():
    frame = disclose(table([24], [30]), "internal").frame
    assert not set(RANGE) & set(frame.columns)


def test_no_share_no_range():
    row = released(6, 12, disclosure_policy("council"))
    assert np.isnan(row[["estimate", *RANGE]].astype(float)).all()


@settings(max_examples=25, deadline=None)
@given(
    chain=st.lists(st.integers(0, 70), min_size=2, max_size=5).map(
        lambda x: tuple(sorted(x, reverse=True))
    ),
    preset=st.sampled_from(PRESETS),
)
def test_of_a_funnel_every_share_lies_in_its_range(make_funnel, chain, preset):
    frame = make_funnel({"all": chain})
    out = protect_proportions(frame, disclosure_policy(preset)).frame
    shown = out["estimate"].notna()
    true = (frame["n"] / frame["base"])[shown]
    assert (out["told_low"][shown] <= true + HALF_A_PERCENT).all()
    assert (true <= out["told_high"][shown] + HALF_A_PERCENT).all()
